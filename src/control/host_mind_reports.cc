#include <algorithm>
#include <bit>

#include "control/host_mind.h"

namespace vdc::control {

using namespace base;
using model::ImagePhase;
using model::InstancePhase;
using model::Presence;
using model::Step;

template <class Stored, class Part>
bool HostMind::is_news(const model::Subject& subject, const Stored& stored, const Part& seen) {
    const auto given = given_.find(subject);
    if (seen == stored) {
        if (given != given_.end()) given_.erase(given);
        return false;
    }
    if (given != given_.end() && given->second == Observed(seen)) return false;
    given_.insert_or_assign(subject, seen);
    return true;
}

template <class R, class Reason>
void HostMind::report(typename R::Id id, const typename R::Observed& stored,
                      const typename R::Observed& seen, Reason reason, std::vector<Step>& steps) {
    if (is_news({R::noun, id.value}, stored, seen))
        steps.push_back({model::Observe<R>{id, seen}, reason()});
}

template <class R, class Reason>
void HostMind::report_here(typename R::Id id, const typename R::Observed::OnHost& stored,
                           const typename R::Observed::OnHost& seen, Reason reason,
                           std::vector<Step>& steps) {
    if (is_news({R::noun, id.value}, stored, seen))
        steps.push_back({model::Sight<R>{id, seen}, reason()});
}

void HostMind::report_failed(const model::Subject& subject) {
    given_.erase(subject);
}

// ---- what is seen, noun by noun ----------------------------------------------------------------

// Nothing is said to be absent, and no instance to be off, while an effect is under way that might
// make the thing, or launch the instance.

model::ImageSeen HostMind::observed(const ImageDuty& duty, const Seen<ImageSighting>& seen) const {
    model::ImageSeen observed = duty.reported;
    if (seen.sighting && seen.sighting->present) {
        const ImageSighting& sighting = *seen.sighting;
        return {observed.host,   observed.generation,   ImagePhase::ready,    sighting.format,
                sighting.sha256, sighting.virtual_size, sighting.stored_size, {}};
    }
    if (duty.gone) {
        if (seen.sighting && !seen.busy) observed.phase = ImagePhase::absent;
        return observed;
    }
    if (observed.phase == ImagePhase::failed) return observed;
    observed.message = seen.trouble;
    const bool under_way = duty.keeper ? duty.uploaded : duty.source.has_value();
    if (duty.keeper && !seen.trouble.empty() && hopeless(seen.code))
        observed.phase = ImagePhase::failed;
    else if (observed.phase != ImagePhase::ready)
        observed.phase = under_way ? ImagePhase::importing : ImagePhase::waiting;
    return observed;
}

model::VolumeObserved HostMind::observed(const VolumeDuty& duty,
                                         const Seen<VolumeSighting>& seen) const {
    model::VolumeObserved observed = duty.reported;
    observed.message = seen.trouble;
    const std::optional<model::InstanceId> holder = holder_of(duty);
    const auto at = holder ? instances_.find(*holder) : instances_.end();
    const bool unsure =
        at != instances_.end() && (!at->second.sighting || !at->second.sighting->looked);
    if (!unsure && !maybe_open_elsewhere(duty)) observed.attached.reset();
    for (const auto& [id, instance] : instances_) {
        if (!instance.sighting || !instance.sighting->alive) continue;
        for (const DiskSpec& disk : instance.sighting->disks)
            if (disk.volume == duty.volume.id) observed.attached = id;
    }
    if (let_go(duty, seen)) observed.left = duty.generation;
    if (!seen.sighting) {
        if (!seen.trouble.empty() && hopeless(seen.code)) observed.presence = Presence::failed;
        return observed;
    }
    if (!seen.sighting->present && (!duty.gone || seen.busy)) return observed;
    observed.presence = seen.sighting->present ? Presence::ready : Presence::absent;
    observed.size = seen.sighting->size;
    observed.reverts = seen.sighting->reverts;
    return observed;
}

model::VolumeSeen HostMind::observed_copy(const VolumeDuty& duty,
                                          const Seen<VolumeSighting>& seen) const {
    model::VolumeSeen observed = duty.copy_reported;
    observed.message = seen.trouble;
    if (!seen.sighting) return observed;
    if (!seen.sighting->present && (!duty.gone || seen.busy)) return observed;
    observed.presence = seen.sighting->present ? Presence::ready : Presence::absent;
    return observed;
}

model::NetworkSeen HostMind::observed(const NetworkDuty& duty,
                                      const Seen<NetworkSighting>& seen) const {
    model::NetworkSeen observed = duty.reported;
    observed.message = seen.trouble;
    if (!seen.trouble.empty()) {
        if (duty.needed) observed.presence = Presence::failed;
        return observed;
    }
    const bool there = seen.sighting && seen.sighting->present;
    if (!seen.sighting || (!there && (duty.needed || seen.busy))) return duty.reported;
    observed.presence = there ? Presence::ready : Presence::absent;
    return observed;
}

model::FrontSeen HostMind::observed(const FrontDuty& duty, const Seen<FrontSighting>& seen) const {
    model::FrontSeen observed = duty.reported;
    if (!seen.sighting) return observed;
    if (!seen.sighting->present && (!duty.gone || seen.busy)) return observed;
    observed.presence = seen.sighting->present ? Presence::ready : Presence::absent;
    observed.ready =
        seen.sighting->present ? seen.sighting->ready : std::vector<model::InstanceId>{};
    return observed;
}

static model::RunEnd run_end(std::optional<Ending> ended, model::RunEnd stored) {
    if (!ended) return stored;
    switch (*ended) {
        case Ending::guest_off: return model::RunEnd::guest_off;
        case Ending::killed: return model::RunEnd::killed;
        case Ending::crashed: return model::RunEnd::crashed;
    }
    broken("an ending without a word");
}

/// Told in steps of a sixteenth at most, for each step is a commit.
static model::SendingSeen told_of(const MoveSighting& move) {
    const std::uint64_t total =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, move.total.count));
    const auto unit = static_cast<std::int64_t>(
        std::max(std::uint64_t{1} << 20, std::bit_ceil(std::max<std::uint64_t>(total, 1)) / 16));
    const auto rounded = [&](Bytes bytes) { return Bytes{(bytes.count + unit - 1) / unit * unit}; };
    model::SendingSeen seen;
    seen.generation = move.generation;
    seen.stage = move.stage;
    seen.total = rounded(move.total);
    seen.left = rounded(move.left);
    if (move.stage == MoveStage::sent) seen.pause = move.pause;
    seen.message = move.message;
    return seen;
}

model::ArrivalSeen HostMind::observed_arrival(const InstanceDuty& duty,
                                              const SeenInstance& seen) const {
    model::ArrivalSeen observed = *duty.reported.arrival;
    if (!seen.sighting || !seen.sighting->looked) return observed;
    const InstanceSighting& sighting = *seen.sighting;
    const bool is_its = sighting.generation == duty.instance.generation;
    observed.stage = MoveStage::preparing;
    observed.message = seen.trouble;
    if (is_its && sighting.move) {
        observed.stage = sighting.move->stage;
        if (observed.stage == MoveStage::failed) observed.message = sighting.move->message;
    }
    if (is_its && sighting.alive && !sighting.move) {
        observed.stage = MoveStage::failed;
        observed.message = "its daemon began anew";
    }
    if (is_its && !sighting.alive && sighting.leftovers) {
        observed.stage = MoveStage::failed;
        observed.message = "its QEMU ended: " + sighting.ended_detail;
    }
    if (observed.stage == MoveStage::preparing && observed.message.empty())
        observed.message = missing_for_launch(duty);
    return observed;
}

model::InstanceObserved HostMind::observed(const InstanceDuty& duty, SeenInstance& seen,
                                           Instant now) const {
    model::InstanceObserved observed = duty.reported;
    if (!seen.sighting || !seen.sighting->looked) return observed;
    const InstanceSighting& sighting = *seen.sighting;
    InstancePhase phase = InstancePhase::stopped;
    observed.sending.reset();
    if (sighting.move && sighting.move->generation != duty.instance.generation)
        observed.sending = told_of(*sighting.move);
    if (sighting.alive) {
        phase = sighting.run == RunState::paused ? InstancePhase::paused : InstancePhase::running;
        if (sighting.generation != duty.instance.generation) return duty.reported;
        if (sighting.move && !observed.sending) return duty.reported;  // it is about to go on here
        if (observed.sending) phase = InstancePhase::running;          // its pause is the move's
    } else if (shall_run(duty, seen)) {
        phase = InstancePhase::preparing;
    } else if (!seen.opening.empty()) {
        return observed;
    } else if (duty.gone && !sighting.leftovers && !seen.busy) {
        phase = InstancePhase::absent;
    }
    if (phase != seen.phase) {
        seen.phase = phase;
        seen.since = now;
    }
    observed.generation = duty.instance.generation;
    observed.phase = phase;
    observed.since = seen.since;
    observed.crashes = seen.crashes;
    observed.starts = seen.obeyed.starts;
    observed.reboots = seen.obeyed.reboots;
    observed.resets = seen.obeyed.resets;
    observed.rules = duty.rules;
    observed.accelerator = sighting.alive ? sighting.accelerator : "";
    observed.ended = run_end(seen.ended, duty.reported.ended);
    if (seen.ended) observed.ended_detail = seen.ended_detail;
    observed.message = !seen.trouble.empty()               ? seen.trouble
                       : phase == InstancePhase::preparing ? missing_for_launch(duty)
                                                           : "";
    return observed;
}

// ---- sentences ---------------------------------------------------------------------------------

static std::string import_reason(const model::ImageSeen& seen) {
    switch (seen.phase) {
        case ImagePhase::waiting: return "the image waits for its bytes";
        case ImagePhase::importing:
            return seen.message.empty() ? "the image is being checked and converted"
                                        : "the import is tried again: " + seen.message;
        case ImagePhase::ready: return "the image is ready";
        case ImagePhase::failed: return "the import failed: " + seen.message;
        case ImagePhase::absent: return "the image is gone";
    }
    broken("an image phase without words");
}

/// Of a host to which it is brought.
static std::string copy_reason(const model::ImageSeen& seen, const std::string& host) {
    switch (seen.phase) {
        case ImagePhase::waiting: return "the image waits to be brought to " + host;
        case ImagePhase::importing:
            return "the image is being brought to " + host +
                   (seen.message.empty() ? "" : ": " + seen.message);
        case ImagePhase::ready: return "the image is on " + host;
        case ImagePhase::failed: return "the image cannot be brought to " + host;
        case ImagePhase::absent: return "the image is gone from " + host;
    }
    broken("an image phase without words");
}

static std::string volume_reason(const model::VolumeObserved& stored,
                                 const model::VolumeObserved& seen) {
    if (!seen.message.empty()) return "the volume is not as wanted: " + seen.message;
    if (seen.left != stored.left) return "its host has let go of the volume";
    if (seen.presence != stored.presence)
        return seen.presence == Presence::ready ? "the volume is ready" : "the volume is gone";
    if (seen.attached != stored.attached)
        return seen.attached ? "the volume is attached" : "the volume is detached";
    if (seen.reverts != stored.reverts) return "the volume went back to its snapshot";
    return "the volume has " + text(seen.size);
}

static std::string copy_reason(const model::VolumeSeen& seen, const std::string& host) {
    if (!seen.message.empty()) return "the copy on " + host + " is not as wanted: " + seen.message;
    return seen.presence == Presence::ready ? "there is a disk for the copy on " + host
                                            : "the copy on " + host + " is gone";
}

static std::string network_reason(const model::NetworkSeen& seen, const std::string& host) {
    if (seen.presence == Presence::failed)
        return "the network is not as wanted on " + host + ": " + seen.message;
    return seen.presence == Presence::ready ? "the network is ready on " + host
                                            : "the network is not needed on " + host + " and gone";
}

static std::string front_reason(const model::FrontSeen& seen, const FrontDuty& duty,
                                const std::string& host) {
    if (seen.presence != Presence::ready) return "the front is gone from " + host;
    return std::to_string(seen.ready.size()) + " of " + std::to_string(duty.front.backends.size()) +
           " replicas answer";
}

static std::string arrival_reason(const model::ArrivalSeen& seen, const std::string& host) {
    switch (seen.stage) {
        case MoveStage::preparing:
            return host + " prepares for it" + (seen.message.empty() ? "" : ": " + seen.message);
        case MoveStage::ready: return host + " is ready to receive it";
        case MoveStage::arrived: return "all of it has arrived on " + host;
        case MoveStage::copying:
        case MoveStage::sent:
        case MoveStage::failed: return host + " cannot receive it: " + seen.message;
    }
    broken("a stage of a move without words");
}

/// Of one that is sent to another host, where that is what changed.
static std::string sending_reason(const model::SendingSeen& seen) {
    switch (seen.stage) {
        case MoveStage::sent: return "all of it is sent, and it stands still";
        case MoveStage::failed: return "it cannot be sent: " + seen.message;
        default:
            return std::to_string(seen.left.count >> 20) + " of " +
                   std::to_string(seen.total.count >> 20) + " MiB of it are left to send";
    }
}

static std::string instance_reason(const model::InstanceObserved& stored,
                                   const model::InstanceObserved& seen,
                                   const std::string& happened) {
    if (!happened.empty()) return happened;
    if (!seen.message.empty()) return "it waits: " + seen.message;
    if (seen.sending && seen.sending != stored.sending) return sending_reason(*seen.sending);
    if (!seen.sending && stored.sending && seen.phase == stored.phase)
        return seen.generation == stored.generation ? "it goes on where it was"
                                                    : "it goes on where it came to";
    if (seen.phase == stored.phase && seen.resets != stored.resets) return "it was reset";
    switch (seen.phase) {
        case InstancePhase::absent: return "nothing is left of it here";
        case InstancePhase::preparing: return "it is being started";
        case InstancePhase::running:
            return stored.phase == InstancePhase::paused
                       ? "it goes on"
                       : "it runs" + (seen.accelerator.empty() ? "" : " with " + seen.accelerator);
        case InstancePhase::paused: return "it is paused";
        case InstancePhase::stopped: return "it is off";
    }
    broken("an instance phase without words");
}

static std::string snapshot_reason(const model::VolumeSnapshotObserved& seen) {
    if (seen.presence == Presence::ready) return "the snapshot is taken";
    return seen.message.empty() ? "the snapshot is gone" : "the snapshot waits: " + seen.message;
}

void HostMind::report_snapshots(const VolumeDuty& duty, const Seen<VolumeSighting>& seen,
                                std::vector<Step>& steps) {
    if (!seen.sighting) return;
    for (const auto& [id, stored] : duty.snapshots_reported) {
        const auto has = [&, id = id](const auto& list) {
            return std::find(list.begin(), list.end(), id) != list.end();
        };
        const bool taken = has(seen.sighting->snapshots);
        model::VolumeSnapshotObserved observed{stored.presence, taken ? "" : seen.trouble};
        if (taken)
            observed.presence = Presence::ready;
        else if (has(duty.snapshots_gone) && !seen.busy)
            observed.presence = Presence::absent;
        else if (!seen.trouble.empty() && hopeless(seen.code))
            observed.presence = Presence::failed;
        report<model::VolumeSnapshot>(
            id, stored, observed, [&] { return snapshot_reason(observed); }, steps);
    }
}

// ---- after a restore ---------------------------------------------------------------------------

/// What runs here and is not ordered here. Of what is ordered its own report tells.
model::HostFound HostMind::found_here() const {
    model::HostFound found{duties_.host, true, {}};
    for (const auto& [id, seen] : instances_) {
        // What is under way was ordered before the restore, and may end in a run.
        const bool looked = seen.sighting && seen.sighting->looked && !seen.busy;
        if (!looked) found.looked = false;
        if (duties_.instances.contains(id) || !seen.sighting || !seen.sighting->alive) continue;
        const InstanceSighting& run = *seen.sighting;
        found.strangers.push_back({id, run.name, run.generation, run.move.has_value()});
    }
    return found;
}

static std::string found_reason(const model::HostFound& found, const std::string& host) {
    if (!found.looked) return host + " looks at what runs there";
    if (found.strangers.empty()) return "all that runs on " + host + " is known";
    return std::to_string(found.strangers.size()) + " instances run on " + host +
           " of which the records know nothing";
}

/// Not said anew while something is being looked at again.
void HostMind::report_found(std::vector<Step>& steps) {
    model::HostFound found = found_here();
    if (!found.looked && duties_.reported && duties_.reported->looked) return;
    if (!is_news({model::Noun::host, duties_.host.value}, duties_.reported, found)) return;
    const std::string reason = found_reason(found, duties_.host_name);
    steps.push_back({model::Sight<model::Host>{duties_.host, std::move(found)}, reason});
}

/// What can be said before the restore is released: what is ordered here and runs.
static bool is_adopted(const model::InstanceObserved& seen, const InstanceDuty& duty) {
    return seen.generation == duty.instance.generation &&
           (seen.phase == InstancePhase::running || seen.phase == InstancePhase::paused);
}

std::vector<Step> HostMind::reports(Instant now) {
    std::vector<Step> steps;
    if (is_held()) {  // the host speaks of itself last: then all that it has to say is said
        for (const auto& [id, duty] : duties_.instances) report_run(id, duty, now, steps);
        if (duties_.after_restore == model::AfterRestore::held) report_found(steps);
        return steps;
    }
    if (leaves_strangers()) report_found(steps);
    for (const auto& [id, duty] : duties_.images) {
        const model::ImageSeen seen = observed(duty, images_[id]);
        const auto reason = [&, &duty = duty] {
            return duty.keeper ? import_reason(seen) : copy_reason(seen, duties_.host_name);
        };
        report_here<model::Image>(id, duty.reported, seen, reason, steps);
    }
    for (const auto& [id, duty] : duties_.volumes) {
        if (duty.is_copy) {
            const model::VolumeSeen copy = observed_copy(duty, volumes_[id]);
            const auto why = [&] { return copy_reason(copy, duties_.host_name); };
            report_here<model::Volume>(id, duty.copy_reported, copy, why, steps);
            continue;
        }
        const model::VolumeObserved seen = observed(duty, volumes_[id]);
        const auto reason = [&, &duty = duty] { return volume_reason(duty.reported, seen); };
        report<model::Volume>(id, duty.reported, seen, reason, steps);
        report_snapshots(duty, volumes_[id], steps);
    }
    for (const auto& [id, duty] : duties_.networks) {
        const model::NetworkSeen seen = observed(duty, networks_[id]);
        const auto reason = [&] { return network_reason(seen, duties_.host_name); };
        report_here<model::Network>(id, duty.reported, seen, reason, steps);
    }
    for (const auto& [id, duty] : duties_.fronts) {
        const model::FrontSeen seen = observed(duty, fronts_[id]);
        const auto reason = [&, &duty = duty] {
            return front_reason(seen, duty, duties_.host_name);
        };
        report_here<model::Application>(id, duty.reported, seen, reason, steps);
    }
    for (const auto& [id, duty] : duties_.instances) {
        SeenInstance& memory = instances_[id];
        if (receives(duty)) {
            const model::ArrivalSeen seen = observed_arrival(duty, memory);
            const auto why = [&, &duty = duty] {
                return duty.instance.name + ": " + arrival_reason(seen, duties_.host_name);
            };
            report_here<model::Instance>(id, *duty.reported.arrival, seen, why, steps);
            continue;
        }
        report_run(id, duty, now, steps);
    }
    return steps;
}

void HostMind::report_run(model::InstanceId id, const InstanceDuty& duty, Instant now,
                          std::vector<Step>& steps) {
    SeenInstance& memory = instances_[id];
    const model::InstanceObserved seen = observed(duty, memory, now);
    if (is_held() && !is_adopted(seen, duty)) return;
    const auto reason = [&] {
        return duty.instance.name + ": " + instance_reason(duty.reported, seen, memory.happened);
    };
    const std::size_t before = steps.size();
    report<model::Instance>(id, duty.reported, seen, reason, steps);
    if (steps.size() > before) memory.happened.clear();
}

}  // namespace vdc::control
