#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "control/crowd_test_util.h"
#include "model/codec.h"

/// Looking at what changed, and at nothing else, must find what a look at everything finds.
namespace vdc::control {

using namespace base;
using testing::Crowd;
using testing::Deed;
using testing::Turns;

namespace {

/// One line for each change of a plan. The sentence why an instance waits is that of the last look
/// at it: a look at everything may word it anew, which changes nothing.
std::vector<std::string> changes_of(const Plan& plan, const model::Snapshot& before) {
    std::vector<std::string> lines;
    for (const model::Step& step : plan.steps) {
        const auto* claim = std::get_if<model::Claim<model::Instance>>(&step.change);
        if (claim != nullptr && !claim->claimed.host) {
            const auto* instance = before.find<model::Instance>(claim->id);
            if (instance != nullptr && !instance->claimed.host) continue;
        }
        lines.push_back(dump(model::change_to_json(step.change)) + " because " + step.reason);
    }
    return lines;
}

/// Where a replica of each application would go.
std::vector<placement::Answer> places(placement::Placer& placer, const model::Snapshot& snapshot) {
    std::vector<placement::Answer> answers{placer.place({})};
    for (const auto& [id, application] : snapshot.all<model::Application>())
        answers.push_back(placer.place({{{1}, {128}, {}}, {}, id}));
    return answers;
}

bool same_places(placement::Placer& placer, const model::Snapshot& snapshot) {
    placement::Placer anew(snapshot);
    const auto kept_fresh = places(placer, snapshot);
    const auto made_anew = places(anew, snapshot);
    return std::equal(kept_fresh.begin(), kept_fresh.end(), made_anew.begin(), made_anew.end(),
                      [](const auto& a, const auto& b) { return a.explanation == b.explanation; });
}

}  // namespace

RC_GTEST_PROP(Reconcile, OfWhatChangedDoesWhatReconcileOfEverythingDoes, ()) {
    const auto history = *rc::gen::scale(1.5, testing::histories());
    Turns turns;
    Crowd crowd(turns);
    crowd.begin();
    for (const Deed& deed : history) {
        crowd.act(deed);
        // Whoever waits for a quota or for an address looks again every 2 s, also who began to
        // wait in control's own answer to the deed.
        turns.pass(3s);
        const auto some = changes_of(turns.after_changes(), turns.snapshot);
        const auto all = changes_of(turns.after_everything(), turns.snapshot);
        RC_LOG() << "at " << deed << ":\n  " << join(some, "\n  ") << "\nbut for everything\n  "
                 << join(all, "\n  ") << "\n";
        RC_ASSERT(some == all);
        turns.follow_up();
        RC_ASSERT(model::check(turns.snapshot).empty());
        RC_ASSERT(same_plans(turns.guarantee.plans(), Guarantee(turns.snapshot).plans()));
        RC_ASSERT(same_places(turns.guarantee.placer(), turns.snapshot));
    }
    turns.pass(3s);
    turns.follow_up();
    const auto left = changes_of(turns.after_everything(), turns.snapshot);
    RC_LOG() << "at the end\n  " << join(left, "\n  ") << "\n";
    RC_ASSERT(left.empty());
}

}  // namespace vdc::control
