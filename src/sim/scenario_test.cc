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

static void expect_refused(const std::string& script, const std::string& sentence) {
    const auto played = play(script);
    ASSERT_FALSE(played.ok()) << script;
    EXPECT_EQ(played.error().message, sentence);
    EXPECT_NE(played.error().hint, "") << sentence;
}

TEST(Stories, ALineThatIsNoCommandIsNamedWithItsColumn) {
    expect_refused("hosts 1\nflurb web-1\nrun 1s\n", "line 2, column 1: 'flurb' is no command");
    expect_refused("hosts 1\n  crahs web-1\n",
                   "line 2, column 3: 'crahs' is no command; did you mean 'crash'?");
    expect_refused("hosts 1\ncreate instnace web\n",
                   "line 2, column 8: 'instnace' is no noun; did you mean 'instance'?");
    expect_refused("hosts 1\nkill agnet h1\n",
                   "line 2, column 6: 'agnet' is no process; did you mean 'agent'?");
    expect_refused("hosts 1\nheal now\n", "line 2, column 6: 'now' is a word too many");
    expect_refused("hosts 1\ncrash nobody\n", "line 2, column 7: 'nobody' does not run");
    expect_refused("hosts 2 moves\nuntil lunch 5s\n",
                   "line 2, column 7: 'lunch' is no phase of a move");
}

TEST(Stories, AFaultOnAHostThatDoesNotExistIsRefused) {
    expect_refused("hosts 3\nrun 1s\nlose h9\n",
                   "line 3, column 6: there is no host 'h9'; did you mean 'h1'?");
    expect_refused("hosts 3\nkill agent rack1\n", "line 2, column 12: there is no host 'rack1'");
    expect_refused("hosts 3 moves\nkill agent sender\n",
                   "line 2, column 12: there is no host 'sender'");
}

TEST(Stories, NumbersAndDocumentsThatAreNoneAreNamedWithTheirColumn) {
    expect_refused("hosts many\n", "line 1, column 7: 'many' is no number from 1 to 10000");
    expect_refused("hosts 2 vcpus=x\n", "line 1, column 9: 'x' is no number from 1 to 10000");
    expect_refused("hosts 2 colour=red\n",
                   "line 1, column 9: 'colour=red' says nothing about hosts");
    expect_refused("hosts 1\nfaults h1 fail=2000\n",
                   "line 2, column 11: '2000' is no number from 0 to 1000");
    const auto duration = play("hosts 1\nrun soon\n");
    ASSERT_FALSE(duration.ok());
    EXPECT_TRUE(duration.error().message.starts_with("line 2, column 5: "));
    const auto json = play("hosts 1\ncreate image tiny {\"a\": }\n");
    ASSERT_FALSE(json.ok());
    EXPECT_TRUE(json.error().message.starts_with("line 2, column 25: ")) << json.error().message;
}

}  // namespace vdc::sim
