#include "sim/seeds.h"

#include <gtest/gtest.h>

namespace vdc::sim {

TEST(Seeds, TheSameSeedLivesTheSameLife) {
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) EXPECT_EQ(live(seed).hash, live(seed).hash);
}

TEST(Seeds, HoldAllInvariants) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        const Lived lived = live(seed);
        EXPECT_EQ(lived.violation, "") << "vdc sim --seed " << seed;
    }
}

}  // namespace vdc::sim
