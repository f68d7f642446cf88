#include "control/moves.h"

#include <algorithm>

#include "control/places.h"
#include "model/runs.h"

namespace vdc::control {

using namespace base;
using model::Claim;
using model::Evidence;
using model::Host;
using model::HostHealth;
using model::HostId;
using model::Instance;
using model::InstanceClaimed;
using model::Link;
using model::MoveStage;
using model::Snapshot;
using model::Step;
using model::Volume;

// ---- whether -----------------------------------------------------------------------------------

/// What somebody wants of it that its host has still to do, or that a guest which moves cannot
/// have.
static std::string wish_against(const Instance& instance) {
    const model::InstanceDeclared& declared = instance.declared;
    const model::InstanceObserved& seen = instance.observed;
    if (instance.deleting) return "it is being deleted";
    if (instance.claimed.leaving) return "it is being stopped, to start on another host";
    const model::Power wanted = wanted_power(instance);
    if (wanted == model::Power::off) return "it is to be off";
    if (wanted == model::Power::paused) return "it is to be paused";
    if (seen.reboots < declared.reboots) return "a reboot of it was asked for";
    if (seen.resets < declared.resets) return "a reset of it was asked for";
    if (seen.starts < starts_wanted(instance)) return "its start is not done yet";
    return {};
}

static std::string volume_stays_because(const Snapshot& s, const Instance& instance,
                                        const Volume& volume) {
    const std::string disk = "its disk " + volume.name;
    if (volume.declared.pool != model::local_pool)
        return disk + " lies in pool '" + volume.declared.pool +
               "'; only one whose disks all lie on its host's own moves while it runs";
    if (s.has_linked(Link::volume_snapshot, volume.id.value))
        return disk + " has snapshots, which would not go with it";
    if (volume.declared.reverts > 0) return disk + " went back to a snapshot once";
    const bool is_as_wanted = volume.claimed.host == instance.claimed.host &&
                              volume.observed.presence == model::Presence::ready &&
                              volume.observed.size == volume.declared.size &&
                              volume.observed.attached == instance.id;
    return is_as_wanted ? "" : disk + " is being changed";
}

static std::vector<const Volume*> volumes_of(const Snapshot& s, const Instance& instance) {
    return s.linked_records<Volume>(Link::instance_volume, instance.id.value);
}

static std::string disk_against(const Snapshot& s, const Instance& instance) {
    for (const Volume* volume : volumes_of(s, instance))
        if (std::string why = volume_stays_because(s, instance, *volume); !why.empty()) return why;
    return {};
}

static bool runs(const Instance& instance) {
    return instance.claimed.host && instance.observed.phase == model::InstancePhase::running &&
           instance.observed.generation == instance.claimed.generation;
}

std::string immovable_because(const Snapshot& s, const Instance& instance) {
    if (const auto& move = instance.claimed.move)
        return "it moves to " + s.get<Host>(move->to).name + " already";
    if (std::string wish = wish_against(instance); !wish.empty()) return wish;
    if (!runs(instance)) return "it does not run";
    const Host& host = s.get<Host>(*instance.claimed.host);
    if (host.claimed.health != HostHealth::up)
        return "its host " + host.name + " is " + std::string(word(host.claimed.health));
    if (host.observed.moves_at.empty())
        return "its host " + host.name + " has no way for guests that move while they run";
    return disk_against(s, instance);
}

// ---- where to, how long ------------------------------------------------------------------------

std::string kept_out_because(const Snapshot& s, const Instance& instance, const Host& host) {
    if (instance.claimed.host == host.id) return "it runs on " + host.name + " already";
    if (host.claimed.health != HostHealth::up)
        return host.name + " is " + std::string(word(host.claimed.health));
    if (host.declared.drain) return host.name + " is drained";
    if (host.observed.moves_at.empty())
        return host.name + " has no way for guests that move while they run";
    for (const Volume* volume : volumes_of(s, instance))
        if (place_on(volume->claimed.places, host.id) != nullptr)
            return "an earlier copy of its disk " + volume->name + " is still on " + host.name;
    return {};
}

/// Assumed of a link between two hosts, all that their daemons do included.
static constexpr std::int64_t bytes_a_second = std::int64_t{100} << 20;

Duration time_to_move(Bytes bytes) {
    return 1s * (bytes.count / bytes_a_second) + 5s;
}

static placement::Question question_of(const Snapshot& s, const Instance& instance) {
    placement::Question question{{instance.declared.vcpus, instance.declared.memory, {}},
                                 {},
                                 instance.declared.application,
                                 {}};
    for (const Volume* volume : volumes_of(s, instance))
        question.needs.disk += volume->declared.size;
    return question;
}

Bytes bytes_to_move(const Snapshot& s, const Instance& instance) {
    const model::Resources needs = question_of(s, instance).needs;
    return {bytes(needs.memory).count + bytes(needs.disk).count};
}

/// Whether it may come to a host that could take it, and what to say when to none.
using Allowed = std::function<bool(HostId)>;

static MovePlan planned(Guarantee& guarantee, const Snapshot& s, const Instance& instance,
                        std::optional<HostId> only, const Allowed& spares_others) {
    MovePlan plan;
    plan.why = immovable_because(s, instance);
    if (!plan.why.empty()) return plan;
    placement::Question question = question_of(s, instance);
    question.only = only;
    std::string first;
    question.allowed = [&](HostId host) {
        const std::string why = kept_out_because(s, instance, s.get<Host>(host));
        if (first.empty() && host != instance.claimed.host) first = why;
        return why.empty() && spares_others(host);
    };
    if (only) plan.why = kept_out_because(s, instance, s.get<Host>(*only));
    if (!plan.why.empty()) return plan;
    const placement::Answer answer = guarantee.placer().place(question);
    plan.to = answer.host;
    plan.why = answer.host || first.empty() ? answer.explanation.sentence : first;
    if (!answer.host) return plan;
    plan.to_name = s.get<Host>(*answer.host).name;
    plan.bytes = bytes_to_move(s, instance);
    plan.takes = time_to_move(plan.bytes);
    plan.pause = 500ms;
    return plan;
}

MovePlan move_plan(Guarantee& guarantee, const Snapshot& s, const Instance& instance,
                   std::optional<HostId> only) {
    const model::Resources needs = question_of(s, instance).needs;
    std::string sentence;
    MovePlan plan = planned(guarantee, s, instance, only, [&](HostId host) {
        const auto refusal = guarantee.broken_by_claim(s, &instance, needs, host);
        if (refusal && sentence.empty()) sentence = refusal->sentence + "; " + refusal->hint;
        return !refusal;
    });
    if (!plan.to && !sentence.empty()) plan.why = sentence;
    guarantee.look(s, instance.subject());  // as it was: it has been taken for one that starts
    return plan;
}

MovePlan move_plan(const Snapshot& s, const Instance& instance, std::optional<HostId> only) {
    Guarantee guarantee(s);
    return move_plan(guarantee, s, instance, only);
}

MovePlan move_plan_of_drain(Guarantee& guarantee, const Snapshot& s, const Instance& instance) {
    return planned(guarantee, s, instance, {}, [](HostId) { return true; });
}

// ---- its steps ---------------------------------------------------------------------------------

std::vector<Step> begin_move(const Snapshot& s, const Instance& instance, const MovePlan& plan,
                             model::MoveCause cause, Instant now) {
    const Host& to = s.get<Host>(*plan.to);
    const Host& from = s.get<Host>(*instance.claimed.host);
    model::Move move;
    move.to = to.id;
    move.generation = next_generation(instance.claimed);
    move.epoch = to.claimed.epoch;
    move.from_epoch = from.claimed.epoch;
    move.cause = cause;
    move.since = now;
    move.stop_at = now + 2 * plan.takes + 1min;
    move.until = move.stop_at + time_to_move({2 * bytes(instance.declared.memory).count}) + 1min;
    std::vector<Step> steps;
    for (const Volume* volume : volumes_of(s, instance)) {
        move.volumes.push_back(volume->id);
        steps.push_back({Claim<Volume>{volume->id, needed_there(volume->claimed, to.id)},
                         "volume " + volume->name + " is copied to " + to.name});
    }
    InstanceClaimed claimed = instance.claimed;
    claimed.moved = move.generation;
    claimed.move = std::move(move);
    claimed.move_trouble.clear();
    steps.push_back({Claim<Instance>{instance.id, std::move(claimed)},
                     instance.name + " moves from " + from.name + " to " + to.name +
                         " while it runs: " + plan.why});
    return steps;
}

/// Whether it has another disk by now, or one less.
static bool has_other_disks(const Snapshot& s, const Instance& instance) {
    std::vector<model::VolumeId> now;
    for (const Volume* volume : volumes_of(s, instance)) now.push_back(volume->id);
    return now != instance.claimed.move->volumes;
}

/// What happened to one of the hosts.
static std::string host_against(const Snapshot& s, const Instance& instance) {
    const model::Move& move = *instance.claimed.move;
    const Host& from = s.get<Host>(*instance.claimed.host);
    const Host& to = s.get<Host>(move.to);
    if (from.claimed.epoch != move.from_epoch) return from.name + " began a new epoch";
    if (from.claimed.health == HostHealth::down) return from.name + " is down";
    if (to.claimed.epoch != move.epoch) return to.name + " began a new epoch";
    if (to.claimed.health != HostHealth::up)
        return to.name + " is " + std::string(word(to.claimed.health));
    if (to.declared.drain || !to.declared.schedulable) return to.name + " takes no instances now";
    return {};
}

static std::string trouble_of_move(const Snapshot& s, const Instance& instance) {
    const model::Move& move = *instance.claimed.move;
    const auto& sending = instance.observed.sending;
    const auto& arrival = instance.observed.arrival;
    const auto failed = [&](const auto& seen) {
        return seen && seen->generation == move.generation && seen->stage == MoveStage::failed;
    };
    const auto told = [](const std::string& words) { return words.empty() ? "" : ": " + words; };
    if (failed(sending)) return "it could not be sent" + told(sending->message);
    if (failed(arrival))
        return s.get<Host>(move.to).name + " could not receive it" + told(arrival->message);
    return {};
}

std::optional<MoveEnd> end_of_move(const Snapshot& s, const Instance& instance, Instant now) {
    const model::Move& move = *instance.claimed.move;
    const Host& from = s.get<Host>(*instance.claimed.host);
    if (move.cause == model::MoveCause::drained && !from.declared.drain)
        return MoveEnd{from.name + " is drained no more", /*is_failure=*/false};
    if (std::string wish = wish_against(instance); !wish.empty()) return MoveEnd{wish, false};
    const bool is_complete = can_be_handed_over(s, instance);
    if (!is_complete && !runs(instance)) return MoveEnd{"its run ended"};
    if (has_other_disks(s, instance)) return MoveEnd{"its disks are other ones now", false};
    if (std::string disk = disk_against(s, instance); !disk.empty()) return MoveEnd{disk, false};
    if (std::string host = host_against(s, instance); !host.empty()) return MoveEnd{host};
    if (is_complete) return {};
    if (std::string trouble = trouble_of_move(s, instance); !trouble.empty())
        return MoveEnd{trouble};
    if (now >= move.until) return MoveEnd{"it did not end in its time"};
    return {};
}

/// After each failure in a row twice as long, up to ten minutes.
static Duration pause_after(std::int64_t failures) {
    const auto doublings = std::min<std::int64_t>(failures - 1, 6);
    return std::min<Duration>(10s * (std::int64_t{1} << doublings), 10min);
}

Step cancel_move(const Instance& instance, const MoveEnd& end, Instant now) {
    InstanceClaimed claimed = instance.claimed;
    claimed.move.reset();
    claimed.move_trouble = end.why;
    if (end.is_failure) claimed.move_again_at = now + pause_after(++claimed.moves_failed);
    return {Claim<Instance>{instance.id, std::move(claimed)},
            instance.name + " moves no more, and stays where it is: " + end.why};
}

std::vector<Step> hand_over(const Snapshot& s, const Instance& instance) {
    const model::Move& move = *instance.claimed.move;
    const HostId from = *instance.claimed.host;
    const std::string to_name = s.get<Host>(move.to).name;
    InstanceClaimed claimed = instance.claimed;
    claimed.host = move.to;
    claimed.epoch = move.epoch;
    claimed.generation = move.generation;
    claimed.proof = Evidence::handed_over;
    claimed.evidence = model::sentence_of(claimed.proof);
    claimed.placement = {
        "it moved here from " + s.get<Host>(from).name + " while it ran", {}, {}, {}, {}};
    claimed.moves_failed = 0;
    claimed.move_again_at = {};
    claimed.move_trouble.clear();
    claimed.move.reset();
    std::vector<Step> steps;
    steps.push_back({Claim<Instance>{instance.id, std::move(claimed)},
                     instance.name + " is handed over to " + to_name + ", generation " +
                         std::to_string(move.generation) +
                         ": it stands still, and all of it has arrived"});
    for (const model::VolumeId id : move.volumes) {
        const Volume& volume = s.get<Volume>(id);
        model::VolumeClaimed there = not_needed_there(needed_there(volume.claimed, from), from);
        std::erase_if(there.places,
                      [&](const model::Place& place) { return place.host == move.to; });
        there.host = move.to;
        there.epoch = move.epoch;
        steps.push_back({Claim<Volume>{id, std::move(there)},
                         "volume " + volume.name + " lies on " + to_name + " with its instance"});
    }
    return steps;
}

}  // namespace vdc::control
