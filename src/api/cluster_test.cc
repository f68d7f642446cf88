#include "api/cluster.h"

#include <gtest/gtest.h>

namespace vdc::api {
namespace {

using namespace std::chrono_literals;

const base::Instant noon = base::parse_instant("2026-11-22T12:00:00Z").value();

ClusterState three() {
    ClusterState state;
    state.several = true;
    state.leader = "h1";
    state.revision = 5000;
    for (const char* name : {"h1", "h2", "h3"})
        state.controllers.push_back({name, "", true, true, 5000, noon});
    return state;
}

std::string all(const ClusterState& state) {
    std::string text;
    for (const std::string& each : findings(state, noon + 3s)) text += each + "\n";
    return text;
}

TEST(Findings, AreNoneWhereAllControllersAnswer) {
    EXPECT_EQ(all(three()), "");
}

TEST(Findings, SayWhoIsGoneAndHowManyMoreMayGo) {
    ClusterState state = three();
    state.controllers[2].answers = false;
    EXPECT_EQ(all(state), "the store of h3 does not answer\nno further controller may be lost\n");
    state.controllers[1].answers = false;
    state.leader.clear();
    EXPECT_NE(all(state).find("no controller leads\n"), std::string::npos);
    EXPECT_NE(
        all(state).find("1 of 3 controllers answer, and 2 are needed: nothing can be changed"),
        std::string::npos);
}

TEST(Findings, SayWhoIsBehindAndWhoIsSilent) {
    ClusterState state = three();
    state.controllers[1].revision = 2000;
    state.controllers[2].at = noon - 60s;
    EXPECT_EQ(all(state),
              "h2 is 3000 revisions behind\n"
              "h3 has said nothing of itself since 2026-11-22T11:59:00.000000Z\n");
}

TEST(Findings, SayThatTwoBearNoMoreThanOne) {
    ClusterState state = three();
    state.controllers.pop_back();
    EXPECT_EQ(all(state), "2 controllers bear the loss of no more than 1 would: make it 3\n");
    state.controllers.pop_back();
    EXPECT_NE(all(state).find("there is one controller"), std::string::npos);
}

TEST(Findings, ABeginnerHasNoVoteAndIsNotNeeded) {
    ClusterState state = three();
    state.controllers.push_back({"h4", "", false, true, 5000, noon});
    EXPECT_EQ(all(state), "h4 has begun, and has no vote yet\n");
    EXPECT_EQ(to_json(state, noon).at("controllers").items()[3].text_at("role"), "beginner");
}

}  // namespace
}  // namespace vdc::api
