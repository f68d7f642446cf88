#include "api/cluster.h"

#include <algorithm>

#include "base/text.h"

namespace vdc::api {

using base::Instant;
using base::Json;
using namespace std::chrono_literals;

static constexpr base::Duration silence_max = 30s;
static constexpr model::Revision behind_max = 1000;

static std::string role(const ClusterState& state, const ClusterState::Controller& controller) {
    if (controller.name == state.leader) return "leader";
    return controller.votes ? "follower" : "beginner";
}

static std::int64_t behind(const ClusterState& state, const ClusterState::Controller& controller) {
    if (controller.name == state.leader) return 0;
    return static_cast<std::int64_t>(state.revision -
                                     std::min(state.revision, controller.revision));
}

Json to_json(const ClusterState& state, Instant now) {
    Json controllers = Json::array();
    for (const auto& each : state.controllers)
        controllers.push(
            Json::object({{"name", each.name},
                          {"role", role(state, each)},
                          {"address", each.address},
                          {"answers", each.answers},
                          {"behind", behind(state, each)},
                          {"heard", each.at == Instant{} ? Json() : Json(base::text(each.at))}}));
    Json sentences = Json::array();
    for (std::string& each : findings(state, now)) sentences.push(std::move(each));
    return Json::object({{"several", state.several},
                         {"leader", state.leader},
                         {"term", static_cast<std::int64_t>(state.term)},
                         {"revision", static_cast<std::int64_t>(state.revision)},
                         {"controllers", std::move(controllers)},
                         {"findings", std::move(sentences)}});
}

/// How many more may be lost, said only where it is fewer than it could be.
static void look_at_majority(const ClusterState& state, std::vector<std::string>& found) {
    const auto votes = [](const auto& each) { return each.votes; };
    const auto all = static_cast<std::size_t>(std::ranges::count_if(state.controllers, votes));
    const auto answering = static_cast<std::size_t>(std::ranges::count_if(
        state.controllers, [](const auto& each) { return each.votes && each.answers; }));
    const std::size_t needed = all / 2 + 1;
    if (all == 1)
        found.emplace_back("there is one controller: if it is lost, nothing can be changed");
    if (all > 1 && all % 2 == 0)
        found.push_back(base::counted(all, "controller") + " bear the loss of no more than " +
                        std::to_string(all - 1) + " would: make it " + std::to_string(all + 1));
    if (answering < needed)
        found.push_back(std::to_string(answering) + " of " + base::counted(all, "controller") +
                        " answer, and " + std::to_string(needed) +
                        " are needed: nothing can be changed");
    else if (answering < all && answering == needed)
        found.emplace_back("no further controller may be lost");
}

std::vector<std::string> findings(const ClusterState& state, Instant now) {
    std::vector<std::string> found;
    if (!state.several)
        return {"there is one controller, with a store of its own: `vdc cluster init`"};
    if (state.leader.empty()) found.emplace_back("no controller leads");
    for (const auto& each : state.controllers) {
        if (!each.answers) found.push_back("the store of " + each.name + " does not answer");
        if (!each.votes) found.push_back(each.name + " has begun, and has no vote yet");
        if (each.at == Instant{})
            found.push_back(each.name + " has said nothing of itself");
        else if (now - each.at > silence_max)
            found.push_back(each.name + " has said nothing of itself since " + base::text(each.at));
        else if (behind(state, each) > static_cast<std::int64_t>(behind_max))
            found.push_back(each.name + " is " + std::to_string(behind(state, each)) +
                            " revisions behind");
    }
    look_at_majority(state, found);
    return found;
}

}  // namespace vdc::api
