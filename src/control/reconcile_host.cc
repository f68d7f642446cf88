#include "control/lease.h"
#include "control/moves.h"
#include "control/reconcile.h"
#include "control/recovery.h"
#include "model/runs.h"

namespace vdc::control {

using model::Evidence;
using model::Host;
using model::HostHealth;
using model::Instance;
using model::Link;

/// An operator's word stands for a fence, and proves more than an elapsed lease.
static void heed_operator(Draft& draft, const Host& host) {
    const model::HostClaimed& claimed = host.claimed;
    const bool said = host.declared.dead_epoch > 0 && host.declared.dead_epoch == claimed.epoch;
    const bool known = claimed.health == HostHealth::down &&
                       proves_end(claimed.evidence, model::RunClass::rides_through);
    if (!said || known) return;
    model::Step down = host_down(host, Evidence::operator_word,
                                 host.declared.dead_says + " says that it is dead", draft.now());
    draft.must_add(std::move(down.change), std::move(down.reason));
}

/// Whether it is up to a drain to move the instance: replicas that can be made anew are replaced by
/// their application, new ones first.
static bool is_to_leave(const model::Snapshot& datacenter, const Instance& instance) {
    return !instance.deleting && !instance.claimed.leaving && !instance.claimed.move &&
           wanted_power(instance) != model::Power::off && !can_be_made_anew(datacenter, instance);
}

/// Whether it is on its way now.
static bool move_while_it_runs(Draft& draft, const Instance& instance) {
    if (draft.now() < instance.claimed.move_again_at) return false;
    const MovePlan plan = move_plan_of_drain(draft.guarantee(), draft.datacenter(), instance);
    if (!plan.to) return false;
    for (model::Step& step :
         begin_move(draft.datacenter(), instance, plan, model::MoveCause::drained, draft.now()))
        draft.must_add(std::move(step.change), std::move(step.reason));
    return true;
}

/// Whether it is on its way now: stopped there, to be started elsewhere.
static bool move_by_stopping(Draft& draft, const Host& host, const Instance& instance) {
    const Way way = way_out(draft.guarantee().placer(), draft.datacenter(), instance);
    if (!way.host) return false;
    const bool others_move = !host.observed.moves_at.empty();
    const std::string why = others_move ? immovable_because(draft.datacenter(), instance) : "";
    model::InstanceClaimed claimed = instance.claimed;
    claimed.leaving = true;
    const std::string reason = instance.name + " is stopped on " + host.name +
                               ", which is drained, to start on another host" +
                               (why.empty() ? "" : ": " + why);
    draft.must_add(model::Claim<Instance>{instance.id, std::move(claimed)}, reason);
    return true;
}

/// Moves those that can while they run, and stops others that can start elsewhere: the most
/// important first, a few at a time.
static void move_out(Draft& draft, const Host& host, const Policy& policy) {
    std::vector<model::InstanceId> in_turn;
    for (const Instance* each : by_importance(
             draft.datacenter().linked_records<Instance>(Link::host_instance, host.id.value)))
        if (is_to_leave(draft.datacenter(), *each)) in_turn.push_back(each->id);
    // Of a drain that was taken back a moment ago, too: until they stay, they are on their way.
    std::int64_t spare =
        policy.moves_max - std::ssize(draft.datacenter().linked(Link::leaving_instance, {}));
    for (const model::InstanceId id : in_turn) {
        if (spare <= 0) return;
        const Instance instance = draft.datacenter().get<Instance>(id);
        if (move_while_it_runs(draft, instance) || move_by_stopping(draft, host, instance)) --spare;
    }
    // Room elsewhere may come, or one of another host's moves may end.
    if (!in_turn.empty()) draft.wake(draft.now() + std::chrono::seconds(2), host.subject());
}

/// A host that runs nothing that the records do not know lives as any other from then on: what runs
/// there without an order later is none of those that the restore found.
static void settle(Draft& draft, const Host& host) {
    const auto& found = host.observed.found;
    const bool is_known = found && found->looked && found->strangers.empty();
    if (host.declared.after_restore != model::AfterRestore::watched || !is_known) return;
    model::HostDeclared declared = host.declared;
    declared.after_restore = model::AfterRestore::settled;
    declared.ends.clear();
    draft.must_add(model::Declare<Host>{host.id, std::move(declared)},
                   "all that runs on " + host.name + " is known, so the restore is over there");
}

void reconcile_host(Draft& draft, const Host& host, const Policy& policy) {
    settle(draft, host);
    heed_operator(draft, host);
    const auto& now = draft.datacenter().get<Host>(host.id);
    const bool serves =
        now.claimed.health == HostHealth::up || now.claimed.health == HostHealth::suspect;
    if (now.declared.drain && serves) move_out(draft, Host(now), policy);
}

}  // namespace vdc::control
