#include "sim/shrink.h"

#include <gtest/gtest.h>

#include "sim/scenario.h"

namespace vdc::sim {

/// Rest is asked for while an image still comes: all else is in the way.
static const std::vector<std::string> too_early{
    R"(hosts 3 vcpus=4 memory=4000MiB)",
    "seed 12",
    "run 100ms",
    "create image one",
    "run 700ms",
    "faults h2 fail=3 lie=4",
    R"(update host h2 {"schedulable": false})",
    "crash nobody",
    R"(create app web {"replicas": 3, "template": {"image": "one", "flavor": "tiny"}})",
    "run 300ms",
    R"(create volume data {"size": "1GiB"})",
    "upload image one",
    "run 250ms",
    "heal",
    R"(update host h2 {"schedulable": true})",
    "rest",
};

TEST(Shrink, LeavesWhatFailsAlikeAndNothingElse) {
    const Shrunk shrunk = shrink(too_early);
    EXPECT_EQ(shrunk.violation.substr(0, 4), "I12:");
    EXPECT_LE(shrunk.script.size(), 5);
    EXPECT_EQ(shrunk.script.back(), "rest");
    EXPECT_EQ(play_lines(shrunk.script, Telling::nothing).violation.substr(0, 4), "I12:");
}

TEST(Shrink, LeavesAStoryThatFailsAlikeAlsoWhenItsTimeIsOver) {
    std::string story;
    for (const std::string& line : shrink(too_early, /*plays_max=*/1).script) story += line + "\n";
    const auto played = play(story);
    ASSERT_TRUE(played.ok()) << text(played.error());
    EXPECT_EQ(played->violation.substr(0, 4), "I12:");
}

TEST(Shrink, OfWhatHoldsIsNothing) {
    EXPECT_TRUE(shrink({"hosts 1", "run 1s", "rest"}).script.empty());
}

TEST(Shrink, EndsWhenItsPlaysAreOver) {
    EXPECT_LE(shrink(too_early, /*plays_max=*/5).plays, 8);
}

}  // namespace vdc::sim
