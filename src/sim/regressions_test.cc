#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sim/seeds.h"

namespace vdc::sim {

/// Every seed in src/sim/regressions/seeds: "NUMBER  what it found".
TEST(Regressions, SeedsThatOnceFailedHold) {
    std::ifstream file(VDC_SOURCE_DIR "/src/sim/regressions/seeds");
    int lived = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') continue;
        std::istringstream words(line);
        std::uint64_t seed = 0;
        ASSERT_TRUE(words >> seed) << "no seed at the head of: " << line;
        EXPECT_EQ(live(seed).violation, "") << "vdc sim --seed " << line;
        ++lived;
    }
    EXPECT_GT(lived, 0);
}

}  // namespace vdc::sim
