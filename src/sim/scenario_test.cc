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

/// Every story in the folder, word for word. After a wanted change write what came with
/// `vdc sim FILE` below the line, and let the review read the difference. Returns how many.
static int tell_all_of(const char* folder) {
    int told = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".story") continue;
        SCOPED_TRACE(entry.path());
        const std::string script = content(entry.path());
        const auto played = play(script);
        EXPECT_TRUE(played.ok()) << text(played.error());
        if (!played.ok()) continue;
        EXPECT_EQ(played->violation, "");
        if (!played->expected.empty()) {
            EXPECT_EQ(played->story, played->expected);
        }
        EXPECT_EQ(play(script)->hash, played->hash) << "another history the second time";
        ++told;
    }
    return told;
}

TEST(Stories, AreToldAsTheyStand) {
    EXPECT_GE(tell_all_of(VDC_SOURCE_DIR "/src/sim/stories"), 5);
}

TEST(Stories, ThatOnceFailedAreToldAsTheyStand) {
    EXPECT_GE(tell_all_of(VDC_SOURCE_DIR "/src/sim/regressions"), 1);
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
