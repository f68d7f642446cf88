#include "control/decisions_replay_test_util.h"

#include <gtest/gtest.h>

#include "base/chance.h"
#include "control/crowd_test_util.h"
#include "model/codec.h"

namespace vdc::control::testing {

using base::Chance;

namespace {

using PlacedClaim = model::Claim<model::Instance>;

/// The step's claim, if it gives a host to an instance that has none.
const PlacedClaim* decision_of(const model::Snapshot& before, const model::Step& step) {
    const auto* claim = std::get_if<PlacedClaim>(&step.change);
    if (claim == nullptr || !claim->claimed.host) return nullptr;
    const auto* instance = before.find<model::Instance>(claim->id);
    return instance != nullptr && !instance->claimed.host ? claim : nullptr;
}

bool may_decide(const model::Step& step) {
    const auto* claim = std::get_if<PlacedClaim>(&step.change);
    return claim != nullptr && claim->claimed.host.has_value();
}

/// A step as it comes back from the log.
model::Step from_log(const model::Step& step) {
    const auto text = base::dump(model::change_to_json(step.change));
    return {model::change_from_json(base::parse_json(text).value()).value(), step.reason};
}

/// Takes the commit apart at its first decision, and lets control decide again for those whom it
/// placed: how many were decided so, all to the same host for the same reasons.
int replayed(const Turns& turns, const std::vector<model::Step>& steps) {
    if (std::none_of(steps.begin(), steps.end(), may_decide)) return 0;
    model::Snapshot at = turns.snapshot;
    model::advance(at, at.revision + 1, turns.now);
    Agenda agenda;
    std::vector<PlacedClaim> decided;
    for (const model::Step& logged : steps) {
        const model::Step step = from_log(logged);
        if (const PlacedClaim* claim = decision_of(at, step)) {
            agenda.insert(model::Subject{model::Noun::instance, claim->id.value});
            decided.push_back(*claim);
        } else if (decided.empty() && !model::apply(at, step.change).ok()) {
            return 0;  // the commit is refused: no log will have it
        }
    }
    if (decided.empty()) return 0;
    const Plan again = reconcile(at, turns.now, agenda, turns.policy);
    for (const PlacedClaim& claim : decided) {
        const auto same = [&](const model::Step& step) {
            const auto* other = std::get_if<PlacedClaim>(&step.change);
            return other != nullptr && other->id == claim.id && other->claimed == claim.claimed;
        };
        EXPECT_TRUE(std::any_of(again.steps.begin(), again.steps.end(), same))
            << base::dump(model::change_to_json(claim));
    }
    return static_cast<int>(decided.size());
}

}  // namespace

void expect_decisions_to_replay(std::uint64_t seed, int decisions) {
    Chance chance(seed);
    for (int made = 0; made < decisions;) {
        Turns turns;
        turns.before_apply = [&](const std::vector<model::Step>& steps) {
            made += replayed(turns, steps);
        };
        Crowd crowd(turns);
        crowd.begin();
        for (int count = 0; count < 100; ++count) {
            const auto below = [&](int bound) {
                return static_cast<int>(chance.below(static_cast<std::uint64_t>(bound)));
            };
            crowd.act({below(Crowd::deeds), below(1000), below(1000)});
            turns.pass(std::chrono::seconds(3));
            turns.follow_up();
            ASSERT_FALSE(::testing::Test::HasFailure()) << "after " << made << " decisions";
        }
    }
}

}  // namespace vdc::control::testing
