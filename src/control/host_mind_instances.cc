#include <algorithm>

#include "control/host_mind.h"

namespace vdc::control {

using namespace base;
using model::Power;
using model::Restart;

/// Cards and volumes that the effect uses from its beginning on.
static void note_what_it_takes(const Effect& effect, std::vector<CardSpec>& cards,
                               std::vector<model::VolumeId>& volumes) {
    if (const auto* launch = std::get_if<Launch>(&effect)) {
        cards = launch->instance.cards;
        for (const DiskSpec& disk : launch->instance.disks) volumes.push_back(disk.volume);
    }
    if (const auto* receive = std::get_if<ReceiveInstance>(&effect)) {
        cards = receive->instance.cards;
        for (const DiskSpec& disk : receive->instance.disks) volumes.push_back(disk.volume);
    }
    if (const auto* attach = std::get_if<AttachVolume>(&effect))
        volumes.push_back(attach->disk.volume);
}

void HostMind::begin_instances(std::vector<Effect>& effects, Instant now) {
    for (const auto& [id, duty] : duties_.instances) {
        SeenInstance& seen = seen_instance(id);
        if (seen.busy) continue;
        if (seen.failures > 0 && now < seen.retry_at) {
            wake(seen.retry_at);
            continue;
        }
        if (std::optional<Effect> effect = next_for(duty, seen, now)) {
            seen.busy = true;
            note_what_it_takes(*effect, seen.launching, seen.opening);
            effects.push_back(std::move(*effect));
        }
    }
}

/// Instances that are here and have no duty: the store says that nobody may run them here.
void HostMind::begin_strangers(std::vector<Effect>& effects, Instant now) {
    if (!informed_) return;
    std::erase_if(instances_, [&](const auto& entry) {
        const SeenInstance& seen = entry.second;
        const bool nothing = seen.sighting && seen.sighting->looked && !seen.sighting->alive &&
                             !seen.sighting->leftovers;
        return !duties_.instances.contains(entry.first) && !seen.busy && nothing;
    });
    for (auto& [id, seen] : instances_) {
        if (duties_.instances.contains(id) || seen.busy) continue;
        if (seen.failures > 0 && now < seen.retry_at) {
            wake(seen.retry_at);
            continue;
        }
        if (is_left_alone(id, seen)) continue;
        seen.busy = true;
        seen.ending = true;
        if (!seen.sighting || !seen.sighting->looked)
            effects.push_back(LookInstance{id});
        else if (seen.sighting->alive)
            effects.push_back(Kill{id});
        else
            effects.push_back(CleanInstance{id});
    }
}

// ---- after a restore ---------------------------------------------------------------------------

bool HostMind::is_held() const {
    return duties_.after_restore == model::AfterRestore::unheard ||
           duties_.after_restore == model::AfterRestore::held;
}

bool HostMind::leaves_strangers() const {
    return is_held() || duties_.after_restore == model::AfterRestore::late ||
           duties_.after_restore == model::AfterRestore::watched;
}

/// A stranger that was looked at, and that nobody wants ended.
bool HostMind::is_left_alone(model::InstanceId id, const SeenInstance& seen) const {
    const bool looked = seen.sighting && seen.sighting->looked;
    return leaves_strangers() && looked &&
           std::ranges::find(duties_.ends, id) == duties_.ends.end();
}

void HostMind::begin_looks(std::vector<Effect>& effects) {
    for (const auto& [id, duty] : duties_.instances) {
        SeenInstance& seen = seen_instance(id);
        if (seen.busy || (seen.sighting && seen.sighting->looked)) continue;
        seen.busy = true;
        effects.push_back(LookInstance{id});
    }
}

/// Whether it is a run of before the restore that was being sent or received: where it goes on is
/// not known.
static bool stands_in_unknown_move(const InstanceDuty& duty, const InstanceSighting& sighting) {
    return duty.adopts && sighting.move && sighting.generation < duty.instance.generation;
}

InstanceSighting taken_over(const InstanceDuty& duty, InstanceSighting sighting) {
    const bool is_earlier =
        sighting.generation > 0 && sighting.generation < duty.instance.generation;
    if (duty.adopts && is_earlier && !sighting.move) sighting.generation = duty.instance.generation;
    return sighting;
}

std::optional<Effect> HostMind::next_for(const InstanceDuty& duty, SeenInstance& seen,
                                         Instant now) {
    if (!seen.sighting || !seen.sighting->looked) return LookInstance{duty.instance.id};
    if (receives(duty)) return next_for_arrival(duty, seen);
    return seen.sighting->alive ? next_for_alive(duty, seen, now) : next_for_down(duty, seen, now);
}

// ---- moves -------------------------------------------------------------------------------------

/// Whether what is here came, or was to come, from another host, in the generation of the duty.
static bool is_received(const InstanceDuty& duty, const InstanceSighting& sighting) {
    return sighting.move && sighting.generation == duty.instance.generation &&
           sighting.move->generation == sighting.generation;
}

/// Rule 7: whether its run is being sent, or was begun to be sent by an order that these duties are
/// too old to know.
static bool is_sent(const InstanceDuty& duty, const InstanceSighting& sighting) {
    if (stands_in_unknown_move(duty, sighting)) return false;  // it ended, and its move with it
    const bool unheard_of = sighting.move && sighting.move->generation > duty.moved;
    return duty.move || (unheard_of && !is_received(duty, sighting));
}

/// A receiver that ended is not begun again: its disks hold a part, and its sender has failed, too.
std::optional<Effect> HostMind::next_for_arrival(const InstanceDuty& duty,
                                                 const SeenInstance& seen) {
    const model::InstanceId id = duty.instance.id;
    const InstanceSighting& sighting = *seen.sighting;
    const bool is_its = sighting.generation == duty.instance.generation;
    if (sighting.alive) return is_its ? std::nullopt : std::optional<Effect>(Kill{id});
    if (sighting.leftovers) return is_its ? std::nullopt : std::optional<Effect>(CleanInstance{id});
    if (!missing_for_launch(duty).empty()) return {};
    return ReceiveInstance{duty.instance, duty.move->other};
}

/// Of a run that is being sent, or was.
std::optional<Effect> HostMind::next_for_sending(const InstanceDuty& duty, SeenInstance& seen,
                                                 Instant now) {
    constexpr Duration step = 200ms;
    const model::InstanceId id = duty.instance.id;
    const std::optional<MoveSighting>& sending = seen.sighting->move;
    const bool is_ordered = duty.move && (!sending || sending->generation == duty.move->generation);
    if (sending && !is_ordered) {
        if (sending->generation > duty.moved) return {};
        return CancelSend{id, sending->generation};
    }
    if (!is_ordered || !duty.move->is_awaited) return {};
    if (sending && sending->stage != MoveStage::copying) return {};
    if (sending && !sending->is_due && now < seen.send_at) {
        wake(seen.send_at);
        return {};
    }
    seen.send_at = now + step;
    const SendOrder order{duty.move->generation, duty.instance.disks, duty.move->rung};
    return SendInstance{id, order, duty.move->address, duty.move->other};
}

// ------------------------------------------------------------------------------------------------

bool HostMind::revert_pending(const InstanceDuty& duty) const {
    return std::any_of(duty.instance.disks.begin(), duty.instance.disks.end(),
                       [&](const DiskSpec& disk) {
                           const auto wanted = duties_.volumes.find(disk.volume);
                           const auto seen = volumes_.find(disk.volume);
                           return wanted != duties_.volumes.end() && seen != volumes_.end() &&
                                  seen->second.sighting && wanted->second.volume.revert_to &&
                                  seen->second.sighting->reverts < wanted->second.volume.reverts;
                       });
}

/// The ACPI button, again and again, for a guest that still boots hears nothing; then, when its
/// time is over, the end. Where this host stood still meanwhile, the guest was not asked: then it
/// is asked once more, and has a moment.
std::optional<Effect> HostMind::end_softly(const InstanceDuty& duty, SeenInstance& seen,
                                           Instant now) {
    constexpr Duration press_again = 2s;
    constexpr Duration moment = 10s;
    const model::InstanceId id = duty.instance.id;
    seen.ending = true;
    if (!seen.power_down_at) seen.power_down_at = now;
    const bool cannot_obey = seen.sighting->run == RunState::paused;
    Instant deadline = *seen.power_down_at + duty.stop_timeout;
    const bool was_asked = seen.pressed_at >= *seen.power_down_at;
    const bool stood_still = was_asked && seen.pressed_at + moment < now;
    const bool was_called = seen.last_call >= *seen.power_down_at;
    if (now >= deadline && stood_still && !was_called) seen.last_call = now;
    if (seen.last_call >= *seen.power_down_at)
        deadline = std::max(deadline, seen.last_call + moment);
    if (now >= deadline || cannot_obey) return Kill{id};
    const Instant next_press = seen.pressed_at + press_again;
    if (!was_asked || next_press <= now) {
        seen.pressed_at = now;
        seen.may_go_off_until = now + duty.stop_timeout;
        return PowerDown{id};
    }
    wake(std::min(deadline, next_press));
    return {};
}

std::optional<Effect> HostMind::next_for_alive(const InstanceDuty& duty, SeenInstance& seen,
                                               Instant now) {
    const model::InstanceId id = duty.instance.id;
    const InstanceSighting& sighting = *seen.sighting;
    if (stands_in_unknown_move(duty, sighting) && !duty.gone && duty.power != Power::off) return {};
    if (duty.gone || sighting.generation != duty.instance.generation || revert_pending(duty)) {
        seen.ending = true;
        return Kill{id};
    }
    if (is_received(duty, sighting)) {  // rule 8
        if (sighting.move->stage == MoveStage::arrived)
            return missing_networks(duty).empty() ? std::optional<Effect>(Resume{id})
                                                  : std::nullopt;
        seen.ending = true;
        return Kill{id};
    }
    if (duty.move || sighting.move) return next_for_sending(duty, seen, now);
    if (duty.power == Power::off || duty.instance.wishes.reboots > seen.obeyed.reboots)
        return end_softly(duty, seen, now);
    seen.power_down_at.reset();
    seen.ending = false;
    obey_start_by_going_on(duty, seen, now);
    if (duty.instance.wishes.resets > seen.obeyed.resets)
        return Reset{id, duty.instance.wishes.resets};
    if (duty.power == Power::paused && sighting.run == RunState::running) return Pause{id};
    if (duty.power == Power::on && sighting.run == RunState::paused) return Resume{id};
    return disk_change(duty, seen);
}

/// What runs and is to start obeys by going on, once the stop before cannot end it any more: its
/// guest heard no button, or has had its time.
void HostMind::obey_start_by_going_on(const InstanceDuty& duty, SeenInstance& seen, Instant now) {
    if (duty.instance.wishes.starts <= seen.obeyed.starts) return;
    if (now < seen.may_go_off_until) return wake(seen.may_go_off_until);
    seen.obeyed.starts = duty.instance.wishes.starts;
}

std::optional<Effect> HostMind::disk_change(const InstanceDuty& duty,
                                            const SeenInstance& seen) const {
    const auto& attached = seen.sighting->disks;
    for (const DiskSpec& disk : duty.instance.disks) {
        const bool there =
            std::any_of(attached.begin(), attached.end(),
                        [&](const DiskSpec& other) { return other.volume == disk.volume; });
        if (!there && volume_ready(disk.volume))
            return AttachVolume{duty.instance, disk, duties_.volumes.at(disk.volume).volume};
    }
    for (const DiskSpec& disk : attached) {
        const auto& wanted = duty.instance.disks;
        const bool kept = std::any_of(wanted.begin(), wanted.end(), [&](const DiskSpec& other) {
            return other.volume == disk.volume;
        });
        const auto volume = volumes_.find(disk.volume);
        const bool quiet = volume == volumes_.end() || !volume->second.busy;
        if (!kept && quiet) return DetachVolume{duty.instance, disk};
    }
    return {};
}

/// Rule 5: what the restart rule says about a run that is over.
bool HostMind::shall_run(const InstanceDuty& duty, const SeenInstance& seen) const {
    if (duty.gone || duty.power == Power::off) return false;
    const bool asked_again = duty.instance.wishes.starts > seen.obeyed.starts ||
                             duty.instance.wishes.reboots > seen.obeyed.reboots;
    if (asked_again || duty.restart == Restart::always) return true;
    if (!seen.ended || seen.ended_generation != duty.instance.generation) return true;
    // A guest may power off by itself while we are about to end it: only our button is no wish.
    if (*seen.ended == Ending::guest_off) return seen.ending && seen.power_down_at;
    return seen.ending || *seen.ended != Ending::crashed || duty.restart != Restart::never;
}

/// Pause before the next start, by the ends within ten minutes: the first two cost nothing.
static base::Duration pause_after_ends(std::size_t ends) {
    if (ends <= 2) return 0s;
    return std::min<base::Duration>(1s * (1 << std::min<std::size_t>(ends - 3, 6)), 60s);
}

std::optional<Effect> HostMind::next_for_down(const InstanceDuty& duty, SeenInstance& seen,
                                              Instant now) {
    const model::InstanceId id = duty.instance.id;
    if (is_sent(duty, *seen.sighting)) return {};
    if (seen.sighting->leftovers) return CleanInstance{id};
    if (duty.power == Power::off) {  // starts that were overtaken by a stop are obeyed by it
        seen.obeyed.starts = duty.instance.wishes.starts;
        seen.obeyed.reboots = duty.instance.wishes.reboots;
    }
    if (!shall_run(duty, seen)) return {};
    std::erase_if(seen.recent_ends, [&](Instant end) { return end + 10min < now; });
    if (!seen.recent_ends.empty()) {
        const Instant not_before =
            seen.recent_ends.back() + pause_after_ends(seen.recent_ends.size());
        if (now < not_before) {
            wake(not_before);
            return {};
        }
    }
    if (!missing_for_launch(duty).empty()) return {};
    return Launch{duty.instance};
}

std::string HostMind::missing_for_launch(const InstanceDuty& duty) const {
    for (const DiskSpec& disk : duty.instance.disks) {
        if (volume_ready(disk.volume)) continue;
        const auto wanted = duties_.volumes.find(disk.volume);
        if (wanted != duties_.volumes.end() && open_elsewhere(wanted->second))
            return "its volume is still open in another instance";
        const auto volume = volumes_.find(disk.volume);
        if (volume != volumes_.end() && !volume->second.trouble.empty())
            return "its volume is not ready: " + volume->second.trouble;
        const bool image_first = wanted != duties_.volumes.end() && wanted->second.volume.image &&
                                 volume != volumes_.end() && !volume->second.sighting;
        if (image_first && !image_here(*wanted->second.volume.image))
            return "its image is not here yet";
        return "its volume is being prepared";
    }
    return missing_networks(duty);
}

std::string HostMind::missing_networks(const InstanceDuty& duty) const {
    for (const CardSpec& card : duty.instance.cards) {
        const auto wanted = duties_.networks.find(card.network);
        const auto seen = networks_.find(card.network);
        if (wanted == duties_.networks.end() || seen == networks_.end())
            return "its network is not here yet";
        const auto& network = seen->second;
        if (!network.trouble.empty()) return "its network is not ready: " + network.trouble;
        const bool changing = network.busy && network.under_way != network.wanted;
        if (changing || !network.sighting || network.sighting->applied != network.wanted)
            return "its network is being prepared";
    }
    return {};
}

// ---- learning ----------------------------------------------------------------------------------

void HostMind::saw_instance(model::InstanceId id, const InstanceSighting& as_seen, Instant now) {
    SeenInstance& seen = seen_instance(id);
    const auto found = duties_.instances.find(id);
    const InstanceDuty* duty = found != duties_.instances.end() ? &found->second : nullptr;
    const InstanceSighting sighting = duty != nullptr ? taken_over(*duty, as_seen) : as_seen;
    const bool comes_here = duty != nullptr && receives(*duty);
    const bool stored_alive = duty != nullptr && !comes_here &&
                              (duty->reported.phase == model::InstancePhase::running ||
                               duty->reported.phase == model::InstancePhase::paused);
    const bool was_alive = seen.sighting ? seen.sighting->alive : stored_alive;
    if (was_alive && !sighting.alive && !comes_here) run_ended(duty, seen, sighting, now);
    if (!was_alive && sighting.alive) seen.power_down_at.reset();
    if (!was_alive) seen.may_go_off_until = {};
    if (!seen.sighting && duty != nullptr)  // an agent before this one may have pressed the button
        seen.may_go_off_until = now + duty->stop_timeout;
    if (sighting.alive) {
        const std::uint64_t starts = std::max(seen.obeyed.starts, sighting.wishes.starts);
        seen.obeyed = sighting.wishes;
        seen.obeyed.starts = starts;
        seen.ended.reset();
    } else if (sighting.ended) {
        // Also of a run that nobody saw alive: the launch was believed to have failed.
        seen.obeyed.starts = std::max(seen.obeyed.starts, sighting.wishes.starts);
        seen.obeyed.reboots = std::max(seen.obeyed.reboots, sighting.wishes.reboots);
        seen.ended = sighting.ended;
        seen.ended_detail = sighting.ended_detail;
        seen.ended_generation = sighting.generation;
    }
    seen.sighting = sighting;
    seen.sighting->looked = true;
}

/// Of a guest that was asked to power off and had its time.
static std::string patience_text(const InstanceDuty& duty) {
    return "its guest did not power off within " + base::text(duty.stop_timeout) + " and was ended";
}

static std::string ending_text(const InstanceSighting& sighting) {
    const std::string detail = sighting.ended_detail.empty() ? "" : ": " + sighting.ended_detail;
    if (!sighting.ended) return "its run is over" + detail;
    switch (*sighting.ended) {
        case Ending::guest_off: return "its guest powered off";
        case Ending::killed: return "its run was ended";
        case Ending::crashed: return "its QEMU ended on its own" + detail;
    }
    broken("an ending without words");
}

void HostMind::run_ended(const InstanceDuty* duty, SeenInstance& seen,
                         const InstanceSighting& sighting, Instant now) {
    const bool on_its_own = !seen.ending && sighting.ended != Ending::killed;
    const bool crashed = on_its_own && sighting.ended != Ending::guest_off;
    seen.happened = ending_text(sighting);
    const bool had_time = duty != nullptr && duty->stop_timeout > Duration::zero() &&
                          seen.power_down_at && *seen.power_down_at + duty->stop_timeout <= now;
    if (sighting.ended == Ending::killed && had_time) seen.happened = patience_text(*duty);
    if (crashed) ++seen.crashes;
    if (on_its_own) seen.recent_ends.push_back(now);
    if (duty == nullptr) return;
    if (on_its_own &&
        (crashed ? duty->restart != Restart::never : duty->restart == Restart::always))
        seen.happened += "; it is started again";
}

}  // namespace vdc::control
