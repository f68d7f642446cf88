#include "control/moves.h"
#include "control/reconcile.h"
#include "control/recovery.h"

namespace vdc::control {

using model::Goal;
using model::Instance;
using model::InstancePhase;
using model::Noun;
using model::Operation;
using model::OperationPhase;
using model::Presence;
using model::Volume;

namespace {

enum class Progress { on_the_way, reached, failed, overtaken };

struct Judgement {
    Progress progress = Progress::on_the_way;
    std::string why = {};
};

Judgement reached_when(bool reached) {
    return {reached ? Progress::reached : Progress::on_the_way};
}

/// Whether what is wanted now can never reach the goal.
bool overtaken(Goal goal, model::Power wanted) {
    switch (goal) {
        case Goal::running:
        case Goal::rebooted: return wanted != model::Power::on;
        case Goal::paused: return wanted != model::Power::paused;
        case Goal::stopped: return wanted != model::Power::off;
        case Goal::reset: return wanted == model::Power::off;
        default: return false;
    }
}

/// Whether it has heard of every wish to start and went off since, to stay so by its restart rule;
/// perhaps before anybody saw it run.
bool went_off(const Instance& instance) {
    return !instance.deleting && instance.declared.power != model::Power::off &&
           wanted_power(instance) == model::Power::off;
}

/// Of one that went off: what was asked of the run that is over was done, or cannot be any more.
Judgement judge_ended(const Operation& operation, const Instance& instance) {
    const auto& observed = instance.observed;
    const bool crashed = observed.ended == model::RunEnd::crashed;
    const std::string why = crashed ? "its QEMU ended on its own" : "its guest powered off";
    switch (operation.declared.goal) {
        case Goal::running:
        case Goal::rebooted: return {crashed ? Progress::failed : Progress::reached, why};
        case Goal::paused: return {Progress::overtaken, why};
        case Goal::reset:
            if (observed.resets >= operation.declared.count) return {Progress::reached};
            return {Progress::overtaken, why};
        default: return reached_when(operation.declared.goal != Goal::gone);
    }
}

/// A move is one attempt: of its generation, or none.
Judgement judge_move(const Operation& operation, const Instance& instance) {
    const model::InstanceClaimed& claimed = instance.claimed;
    if (claimed.generation == operation.declared.count) {
        if (instance.observed.generation == claimed.generation) return {Progress::reached};
        if (claimed.host) return {};
        return {Progress::failed, "it was handed over, and lost its host before it was seen there"};
    }
    if (claimed.move && claimed.move->generation == operation.declared.count) return {};
    return {Progress::failed,
            claimed.move_trouble.empty() ? "it was given up" : claimed.move_trouble};
}

Judgement judge(const model::Snapshot&, const Operation& operation, const Instance& instance) {
    if (operation.declared.goal == Goal::moved) return judge_move(operation, instance);
    const auto& observed = instance.observed;
    const bool current =
        instance.claimed.host && observed.generation == instance.claimed.generation;
    const bool running = current && observed.phase == InstancePhase::running;
    const bool heard = observed.starts >= starts_wanted(instance);
    if (overtaken(operation.declared.goal, instance.declared.power))
        return {Progress::overtaken, "a later wish stands against it"};
    if (went_off(instance)) return judge_ended(operation, instance);
    switch (operation.declared.goal) {
        case Goal::running: return reached_when(running && heard);
        case Goal::paused: return reached_when(current && observed.phase == InstancePhase::paused);
        case Goal::rebooted:
            return reached_when(running && observed.reboots >= operation.declared.count);
        case Goal::reset: return reached_when(observed.resets >= operation.declared.count);
        case Goal::stopped:
            return reached_when(!instance.claimed.host ||
                                (current && heard && observed.phase == InstancePhase::stopped));
        default: return reached_when(operation.declared.goal != Goal::gone);
    }
}

Judgement judge(const model::Snapshot& datacenter, const Operation& operation,
                const model::Application& application) {
    if (operation.declared.goal != Goal::ready)
        return reached_when(operation.declared.goal != Goal::gone);
    return reached_when(model::settled(datacenter, application));
}

Judgement judge(const model::Snapshot&, const Operation& operation, const model::Image& image) {
    if (operation.declared.goal != Goal::ready)
        return reached_when(operation.declared.goal != Goal::gone);
    if (image.observed.phase == model::ImagePhase::failed)
        return {Progress::failed, image.observed.message};
    return reached_when(image.observed.phase == model::ImagePhase::ready);
}

/// Whether its present claim was seen to run. A run that a fence ended was never seen to end.
bool seen_alive(const Instance& instance) {
    const InstancePhase phase = instance.observed.phase;
    return instance.claimed.host && instance.observed.generation == instance.claimed.generation &&
           (phase == InstancePhase::running || phase == InstancePhase::paused);
}

/// What a running instance has to do with a volume waits for it; one that is off has nothing to do.
Judgement judge(const model::Snapshot& datacenter, const Operation& operation,
                const Volume& volume) {
    const auto& declared = volume.declared;
    const auto& observed = volume.observed;
    const auto* instance =
        declared.instance ? datacenter.find<Instance>(*declared.instance) : nullptr;
    const bool runs = instance != nullptr && seen_alive(*instance);
    const bool waits_for_place = !volume.claimed.host && !runs;
    if (observed.presence == Presence::failed && operation.declared.goal != Goal::gone)
        return {Progress::failed, observed.message};
    switch (operation.declared.goal) {
        case Goal::attached: return reached_when(!runs || observed.attached == declared.instance);
        case Goal::detached:
            if (declared.instance && observed.attached)
                return {Progress::overtaken, "a later wish stands against it"};
            return reached_when(!observed.attached);
        case Goal::grown: return reached_when(observed.size >= declared.size || waits_for_place);
        case Goal::reverted: return reached_when(observed.reverts >= operation.declared.count);
        case Goal::ready:
            return reached_when(observed.presence == Presence::ready ||
                                (instance != nullptr && waits_for_place));
        default: return reached_when(operation.declared.goal != Goal::gone);
    }
}

Judgement judge(const model::Snapshot&, const Operation& operation,
                const model::VolumeSnapshot& snapshot) {
    if (operation.declared.goal == Goal::gone) return {};
    if (snapshot.observed.presence == Presence::failed)
        return {Progress::failed, snapshot.observed.message};
    return reached_when(snapshot.observed.presence == Presence::ready);
}

/// A drain is done when those have left that can; it says who stays, and why the first one does.
/// One whose moves came to nothing again and again is waited for no longer, and tried still.
Judgement judge_host(Draft& draft, const Operation& operation, const model::Host& host) {
    const model::Snapshot& datacenter = draft.datacenter();
    const bool is_back = host.declared.dead_epoch < host.claimed.epoch;
    if (operation.declared.goal == Goal::declared_dead && is_back)
        return {Progress::overtaken, "the host is back, in a new epoch"};
    if (operation.declared.goal == Goal::declared_dead)
        return reached_when(host.claimed.health == model::HostHealth::down);
    if (operation.declared.goal != Goal::drained)
        return reached_when(operation.declared.goal != Goal::gone);
    if (!host.declared.drain) return {Progress::overtaken, "the drain was ended"};
    constexpr std::int64_t moves_tried = 3;
    std::string stays;
    std::size_t more = 0;
    for (const auto* each :
         datacenter.linked_records<Instance>(model::Link::host_instance, host.id.value)) {
        Way way = way_out(draft.guarantee().placer(), datacenter, *each);
        if (way.host || each->claimed.leaving || each->claimed.move || each->deleting) return {};
        const MovePlan move = move_plan_of_drain(draft.guarantee(), datacenter, *each);
        const bool is_tried = each->claimed.moves_failed >= moves_tried;
        if (move.to && !is_tried) return {};
        if (move.to) way.why = "it did not move: " + each->claimed.move_trouble;
        if (stays.empty())
            stays = each->name + " stays: " + way.why;
        else
            ++more;
    }
    if (more > 0) stays += "; so do " + std::to_string(more) + " more";
    return {Progress::reached, stays};
}

Judgement judge(const model::Snapshot&, const Operation& operation, const model::Balance& balance) {
    if (operation.declared.goal != Goal::balanced)
        return reached_when(operation.declared.goal != Goal::gone);
    if (balance.claimed.runs < operation.declared.count) return {};
    return {Progress::reached, balance.observed.message};
}

Judgement judge(const model::Snapshot&, const Operation& operation, const auto&) {
    return reached_when(operation.declared.goal != Goal::gone);
}

Judgement judged(Draft& draft, const Operation& operation) {
    const model::Snapshot& datacenter = draft.datacenter();
    Judgement result;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun != operation.declared.noun) return;
        const R* record = datacenter.find<R>(typename R::Id{operation.declared.subject});
        if constexpr (std::is_same_v<R, model::Host>) {
            if (record != nullptr) result = judge_host(draft, operation, *record);
        } else if (record != nullptr) {
            result = judge(datacenter, operation, *record);
        }
        if (record != nullptr) return;
        if (operation.declared.goal == Goal::gone)
            result = {Progress::reached};
        else
            result = {Progress::failed, "it was deleted meanwhile"};
    });
    return result;
}

std::string sentence(const Operation& operation, const Judgement& judgement) {
    const std::string about =
        std::string(word(operation.declared.noun)) + " " + operation.declared.subject_name;
    if (judgement.progress == Progress::failed) return about + ": failed: " + judgement.why;
    if (judgement.progress == Progress::overtaken) return about + ": given up: " + judgement.why;
    return about + ": " + std::string(word(operation.declared.goal));
}

}  // namespace

void reconcile_operation(Draft& draft, const Operation& operation, const Policy& policy) {
    if (operation.observed.phase != OperationPhase::running) {
        const Instant end = operation.observed.finished + policy.finished_operations_kept;
        if (draft.now() < end) return draft.wake(end, operation.subject());
        return draft.must_add(model::Forget<Operation>{operation.id},
                              "the operation ended long ago");
    }
    const Judgement judgement = judged(draft, operation);
    if (judgement.progress == Progress::on_the_way) return;
    const OperationPhase phase = judgement.progress == Progress::reached ? OperationPhase::done
                                 : judgement.progress == Progress::failed
                                     ? OperationPhase::failed
                                     : OperationPhase::cancelled;
    draft.must_add(model::Observe<Operation>{operation.id, {phase, judgement.why, draft.now()}},
                   sentence(operation, judgement));
}

}  // namespace vdc::control
