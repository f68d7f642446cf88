#include "sim/scenario.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace vdc::sim {

static std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// Every story in src/sim/stories, word for word. After a wanted change write what came with
/// `vdc sim FILE` below the line, and let the review read the difference.
TEST(Stories, AreToldAsTheyStand) {
    int told = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(VDC_SOURCE_DIR "/src/sim/stories")) {
        const std::string script = content(entry.path());
        const auto played = play(script);
        ASSERT_TRUE(played.ok()) << entry.path() << ": " << text(played.error());
        EXPECT_EQ(played->violation, "") << entry.path();
        EXPECT_EQ(played->story, played->expected) << entry.path();
        EXPECT_EQ(play(script)->hash, played->hash)
            << entry.path() << " has another history the second time";
        ++told;
    }
    EXPECT_GE(told, 5);
}

TEST(Stories, ALineThatIsNoCommandIsNamed) {
    const auto played = play("hosts 1\nflurb web-1\nrun 1s\n");
    ASSERT_TRUE(played.ok()) << "an unknown verb is refused by the datacenter, in the story";
    EXPECT_NE(played->story.find("there is no noun"), std::string::npos) << played->story;
    const auto crashed = play("hosts 1\ncrash nobody\n");
    ASSERT_FALSE(crashed.ok());
    EXPECT_EQ(crashed.error().message, "line 2: 'nobody' does not run");
}

}  // namespace vdc::sim
