#include "control/host_mind.h"

#include <algorithm>
#include <utility>

namespace vdc::control {

using base::Error;
using namespace base;
using model::Presence;

bool hopeless(Error::Code code) {
    return code == Error::Code::invalid || code == Error::Code::corrupt ||
           code == Error::Code::unsupported || code == Error::Code::too_large;
}

static base::Duration pause_after(int failures) {
    const int doublings = std::min(failures - 1, 7);
    return std::min<base::Duration>(250ms * (1 << doublings), 30s);
}

template <class Map, class Duties>
static void drop_without_duty(Map& seen, const Duties& duties) {
    std::erase_if(seen, [&](const auto& entry) {
        return !entry.second.busy && !duties.contains(entry.first);
    });
}

static const NetworkSpec& spec_of(const NetworkDuty& duty) {
    return duty.network;
}
static const FrontSpec& spec_of(const FrontDuty& duty) {
    return duty.front;
}

/// Every turn compares what is applied with what is wanted, and most turns come because time
/// passes: a fingerprint is made when the spec changes, and then kept.
template <class DutyMap, class SeenMap>
static void keep_fingerprints(const DutyMap& before, const DutyMap& now, SeenMap& seen) {
    for (const auto& [id, duty] : now) {
        const auto old = before.find(id);
        if (old == before.end() || spec_of(old->second) != spec_of(duty))
            seen[id].wanted = fingerprint(spec_of(duty));
    }
}

void HostMind::set_duties(Duties duties) {
    informed_ = !duties.epoch_over;
    if (!informed_) return;
    const Duties before = std::exchange(duties_, std::move(duties));
    keep_fingerprints(before.networks, duties_.networks, networks_);
    keep_fingerprints(before.fronts, duties_.fronts, fronts_);
    drop_without_duty(images_, duties_.images);
    drop_without_duty(volumes_, duties_.volumes);
    drop_without_duty(networks_, duties_.networks);
    drop_without_duty(fronts_, duties_.fronts);
    for (const auto& [id, duty] : duties_.instances) {
        const auto was = before.instances.find(id);
        const bool received = was != before.instances.end() && receives(was->second);
        if (received && !receives(duty))
            instances_[id].remembered = false;  // it is this host's now
        SeenInstance& seen = seen_instance(id);
        if (seen.sighting) seen.sighting = taken_over(duty, std::move(*seen.sighting));
    }
}

static std::optional<Ending> ending_of(model::RunEnd ended) {
    switch (ended) {
        case model::RunEnd::none: return {};
        case model::RunEnd::guest_off: return Ending::guest_off;
        case model::RunEnd::killed: return Ending::killed;
        case model::RunEnd::crashed: return Ending::crashed;
    }
    broken("a run's end without an ending");
}

/// What is remembered of an instance; at first what the store remembers of it. Of one that comes
/// here only now it remembers nothing of this host.
HostMind::SeenInstance& HostMind::seen_instance(model::InstanceId id) {
    SeenInstance& seen = instances_[id];
    const auto duty = duties_.instances.find(id);
    if (seen.remembered || duty == duties_.instances.end() || receives(duty->second)) return seen;
    const model::InstanceObserved& stored = duty->second.reported;
    seen.remembered = true;
    seen.obeyed = {stored.starts, stored.reboots, stored.resets};
    if (stored.phase == model::InstancePhase::stopped) {
        seen.ended = ending_of(stored.ended);
        seen.ended_detail = stored.ended_detail;
        seen.ended_generation = stored.generation;
    }
    seen.crashes = stored.crashes;
    seen.phase = stored.phase;
    seen.since = stored.since;
    return seen;
}

void HostMind::found(const std::vector<model::InstanceId>& instances) {
    for (const model::InstanceId id : instances) seen_instance(id);
}

void HostMind::wake(Instant when) {
    if (!wake_at_ || when < *wake_at_) wake_at_ = when;
}

std::optional<Instant> HostMind::wake_at() const {
    return wake_at_;
}

std::vector<Effect> HostMind::next(Instant now) {
    std::vector<Effect> effects;
    wake_at_.reset();
    if (!informed_) return effects;
    if (is_held()) {
        begin_looks(effects);
        begin_strangers(effects, now);
        return effects;
    }
    begin_images(effects, now);
    begin_volumes(effects, now);
    begin_networks(effects, now);
    begin_fronts(effects, now);
    begin_instances(effects, now);
    begin_strangers(effects, now);
    return effects;
}

// ---- choosing ----------------------------------------------------------------------------------

/// Runs `choose` for each duty that has nothing under way and no pause, and begins what it says.
/// `wake` is told when a pause ends.
template <class DutyMap, class SeenMap, class Choose, class Wake>
static void begin_each(const DutyMap& duties, SeenMap& seen_map, std::vector<Effect>& effects,
                       Instant now, Choose choose, Wake wake) {
    for (const auto& [id, duty] : duties) {
        auto& seen = seen_map[id];
        if (seen.busy) continue;
        if (seen.failures > 0 && now < seen.retry_at) {
            wake(seen.retry_at);
            continue;
        }
        if (std::optional<Effect> effect = choose(duty, seen)) {
            seen.busy = true;
            effects.push_back(std::move(*effect));
        }
    }
}

void HostMind::begin_images(std::vector<Effect>& effects, Instant now) {
    begin_each(
        duties_.images, images_, effects, now,
        [&](const auto& duty, const auto& seen) { return next_for(duty, seen); },
        [&](Instant when) { wake(when); });
}

std::optional<Effect> HostMind::next_for(const ImageDuty& duty,
                                         const Seen<ImageSighting>& seen) const {
    const bool present = seen.sighting && seen.sighting->present;
    if (duty.gone) {
        if (seen.sighting && !present) return {};
        return RemoveImage{duty.image.id};
    }
    if (present) return {};
    if (!duty.keeper)
        return duty.source ? std::optional<Effect>(FetchImage{duty.image, *duty.source})
                           : std::nullopt;
    const bool never = duty.reported.phase == model::ImagePhase::failed ||
                       (!seen.trouble.empty() && hopeless(seen.code));
    if (!duty.uploaded || never) return {};
    return ImportImage{duty.image};
}

bool HostMind::image_here(model::ImageId id) const {
    const auto image = images_.find(id);
    return image != images_.end() && image->second.sighting && image->second.sighting->present;
}

void HostMind::begin_volumes(std::vector<Effect>& effects, Instant now) {
    begin_each(
        duties_.volumes, volumes_, effects, now,
        [&](const auto& duty, const auto& seen) { return next_for(duty, seen); },
        [&](Instant when) { wake(when); });
}

static bool contains(const auto& list, const auto& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

static bool has_open(const InstanceSighting& seen, model::VolumeId volume) {
    return seen.alive && std::any_of(seen.disks.begin(), seen.disks.end(),
                                     [&](const DiskSpec& disk) { return disk.volume == volume; });
}

/// Who has it open, or else who shall have it.
std::optional<model::InstanceId> HostMind::holder_of(const VolumeDuty& duty) const {
    for (const auto& [id, seen] : instances_)
        if (seen.sighting && has_open(*seen.sighting, duty.volume.id)) return id;
    return duty.instance;
}

/// Whether another instance than its own has it open or is about to.
bool HostMind::open_elsewhere(const VolumeDuty& duty) const {
    return std::any_of(instances_.begin(), instances_.end(), [&](const auto& entry) {
        const auto& [id, seen] = entry;
        const bool open = seen.sighting && has_open(*seen.sighting, duty.volume.id);
        return id != duty.instance && (open || contains(seen.opening, duty.volume.id));
    });
}

/// Whether another instance, of which nobody knows now what it has open, may have it: an agent
/// before this one may have attached it. A root volume never has another instance.
bool HostMind::maybe_open_elsewhere(const VolumeDuty& duty) const {
    if (duty.instance && duty.slot == 0) return false;
    return std::any_of(instances_.begin(), instances_.end(), [&](const auto& entry) {
        const auto& [id, seen] = entry;
        return id != duty.instance && (!seen.sighting || !seen.sighting->looked);
    });
}

/// The change of an existing volume's files that is due, in the order in which wishes are obeyed.
static std::optional<Effect> volume_change(const VolumeDuty& duty, const VolumeSpec& volume,
                                           const VolumeSighting& sighting) {
    if (sighting.reverts < volume.reverts && volume.revert_to) {
        if (volume.open_in) return {};  // its instance is ended first
        return RevertVolume{volume};
    }
    if (sighting.size < volume.size) return GrowVolume{volume};
    for (const model::VolumeSnapshotId wanted : volume.snapshots)
        if (!contains(sighting.snapshots, wanted)) return TakeSnapshot{volume, wanted};
    for (const model::VolumeSnapshotId gone : duty.snapshots_gone)
        if (contains(sighting.snapshots, gone)) return DropSnapshot{volume, gone};
    return {};
}

std::optional<Effect> HostMind::next_for(const VolumeDuty& duty,
                                         const Seen<VolumeSighting>& seen) const {
    if (duty.leaving) return {};
    const std::optional<model::InstanceId> holder = holder_of(duty);
    const auto at = holder ? instances_.find(*holder) : instances_.end();
    const bool held = at != instances_.end();
    if (held && (at->second.busy || !at->second.sighting)) return {};
    const bool open = held && has_open(*at->second.sighting, duty.volume.id);
    if (!open && (open_elsewhere(duty) || maybe_open_elsewhere(duty))) return {};
    if (open && at->second.sighting->move) return {};  // it is being copied: that ends first
    if (duty.gone) {
        if (open || (seen.sighting && !seen.sighting->present)) return {};
        return RemoveVolume{duty.volume.id};
    }
    VolumeSpec volume = duty.volume;
    if (open) volume.open_in = holder;
    if (seen.sighting && seen.sighting->present) return volume_change(duty, volume, *seen.sighting);
    if (volume.image && !image_here(*volume.image)) return {};
    if (!seen.trouble.empty() && hopeless(seen.code)) return {};
    return PrepareVolume{volume};
}

/// Whether nothing here is under way with a volume that shall leave, and nobody has it open.
bool HostMind::let_go(const VolumeDuty& duty, const Seen<VolumeSighting>& seen) const {
    if (!duty.leaving || seen.busy) return false;
    return std::none_of(instances_.begin(), instances_.end(), [&](const auto& entry) {
        const SeenInstance& instance = entry.second;
        const bool unsure = !instance.sighting || !instance.sighting->looked;
        return unsure || contains(instance.opening, duty.volume.id) ||
               has_open(*instance.sighting, duty.volume.id);
    });
}

bool HostMind::volume_ready(model::VolumeId id) const {
    const auto duty = duties_.volumes.find(id);
    const auto seen = volumes_.find(id);
    if (duty == duties_.volumes.end() || seen == volumes_.end() || seen->second.busy) return false;
    const auto& sighting = seen->second.sighting;
    if (open_elsewhere(duty->second) || maybe_open_elsewhere(duty->second)) return false;
    const VolumeSpec& wanted = duty->second.volume;
    if (duty->second.leaving) return false;
    return sighting && sighting->present && sighting->size >= wanted.size &&
           sighting->reverts >= wanted.reverts;
}

void HostMind::begin_networks(std::vector<Effect>& effects, Instant now) {
    begin_each(
        duties_.networks, networks_, effects, now,
        [&](const auto& duty, auto& seen) { return next_for(duty, seen, now); },
        [&](Instant when) { wake(when); });
}

std::optional<Effect> HostMind::next_for(const NetworkDuty& duty,
                                         SeenPeriodic<NetworkSighting>& seen, Instant now) {
    constexpr auto look_again_after = 10s;  // its helpers (DHCP, DNS) may have ended
    const bool present = !seen.sighting || seen.sighting->present;  // never looked: maybe
    if (!duty.needed) {
        if (!present) return {};
        for (const auto& [id, front] : fronts_) {
            const auto its = duties_.fronts.find(id);
            const bool elsewhere =
                its != duties_.fronts.end() && its->second.front.network != duty.network.id;
            if (front.busy && !elsewhere) return {};
        }
        if (strangers_live()) return {};
        seen.under_way = {};
        return RemoveNetwork{duty.network.id, duty.network.number};
    }
    if (shuts_out_launching(duty.network)) return {};
    const bool current = present && seen.sighting && seen.sighting->applied == seen.wanted;
    if (current && now < seen.look_at) {
        wake(seen.look_at);
        return {};
    }
    seen.look_at = now + look_again_after;
    seen.under_way = seen.wanted;
    return ApplyNetwork{duty.network};
}

/// Whether something may run here that has no duty: which networks it uses is not known.
bool HostMind::strangers_live() const {
    return std::any_of(instances_.begin(), instances_.end(), [&](const auto& entry) {
        const SeenInstance& seen = entry.second;
        const bool down = seen.sighting && seen.sighting->looked && !seen.sighting->alive;
        return !duties_.instances.contains(entry.first) && (!down || seen.busy);
    });
}

/// Whether the spec lacks a port whose instance is being launched: its rules stay until that is
/// over.
bool HostMind::shuts_out_launching(const NetworkSpec& network) const {
    const auto has_rules = [&](model::PortId port) {
        return std::any_of(network.ports.begin(), network.ports.end(),
                           [&](const PortSpec& each) { return each.id == port; });
    };
    for (const auto& [id, seen] : instances_)
        for (const CardSpec& card : seen.launching)
            if (card.network == network.id && !has_rules(card.port)) return true;
    return false;
}

void HostMind::begin_fronts(std::vector<Effect>& effects, Instant now) {
    begin_each(
        duties_.fronts, fronts_, effects, now,
        [&](const auto& duty, auto& seen) { return next_for(duty, seen, now); },
        [&](Instant when) { wake(when); });
}

std::optional<Effect> HostMind::next_for(const FrontDuty& duty, SeenPeriodic<FrontSighting>& seen,
                                         Instant now) {
    const FrontSpec& front = duty.front;
    const bool present = !seen.sighting || seen.sighting->present;  // never looked: maybe
    if (duty.gone)
        return present ? std::optional<Effect>(
                             RemoveFront{front.id, front.network, front.network_number})
                       : std::nullopt;
    const auto network = networks_.find(front.network);
    if (network == networks_.end() || !network->second.sighting ||
        !network->second.sighting->present)
        return {};
    if (!present || !seen.sighting || seen.sighting->applied != seen.wanted)
        return ApplyFront{front};
    if (now < seen.look_at) {
        wake(seen.look_at);
        return {};
    }
    const bool all_ready = seen.sighting->ready.size() == front.backends.size();
    seen.look_at = now + (all_ready ? base::Duration(1s) : base::Duration(200ms));
    return LookFront{front};
}

// ---- learning ----------------------------------------------------------------------------------

template <class Seen>
static void failed(Seen& seen, const Error& error, Instant now) {
    ++seen.failures;
    seen.trouble = text(error);
    seen.code = error.code;
    seen.retry_at = now + pause_after(seen.failures);
}

template <class Seen>
static void succeeded(Seen& seen) {
    seen.failures = 0;
    seen.trouble.clear();
}

/// Keeps the outcome of an effect about a noun other than an instance.
template <class S, class SeenMap, class Id>
static void learn(SeenMap& map, Id id, const base::Result<Sighting>& result, Instant now) {
    const auto at = map.find(id);
    if (at == map.end()) return;
    at->second.busy = false;
    if (!result.ok()) {
        at->second.sighting.reset();  // it may have been done all the same: look again
        return failed(at->second, result.error(), now);
    }
    succeeded(at->second);
    at->second.sighting = std::get<S>(*result);
}

void HostMind::done(const Effect& effect, const base::Result<Sighting>& result, Instant now) {
    const auto instance = [&](model::InstanceId id) {
        SeenInstance& seen = seen_instance(id);
        seen.busy = false;
        seen.launching.clear();
        seen.opening.clear();
        if (!result.ok()) {
            if (seen.sighting) seen.sighting->looked = false;  // it may have been done: look again
            return failed(seen, result.error(), now);
        }
        if (!std::holds_alternative<LookInstance>(effect)) succeeded(seen);
        saw_instance(id, std::get<InstanceSighting>(*result), now);
    };
    struct Visitor {
        HostMind& mind;
        const base::Result<Sighting>& result;
        Instant now;
        const decltype(instance)& about_instance;

        void image(model::ImageId id) { learn<ImageSighting>(mind.images_, id, result, now); }
        void volume(model::VolumeId id) { learn<VolumeSighting>(mind.volumes_, id, result, now); }
        void operator()(const ImportImage& e) { image(e.image.id); }
        void operator()(const FetchImage& e) { image(e.image.id); }
        void operator()(const RemoveImage& e) { image(e.image); }
        void operator()(const PrepareVolume& e) { volume(e.volume.id); }
        void operator()(const GrowVolume& e) { volume(e.volume.id); }
        void operator()(const TakeSnapshot& e) { volume(e.volume.id); }
        void operator()(const DropSnapshot& e) { volume(e.volume.id); }
        void operator()(const RevertVolume& e) { volume(e.volume.id); }
        void operator()(const RemoveVolume& e) { volume(e.volume); }
        void operator()(const ApplyNetwork& e) {
            learn<NetworkSighting>(mind.networks_, e.network.id, result, now);
        }
        void operator()(const RemoveNetwork& e) {
            learn<NetworkSighting>(mind.networks_, e.network, result, now);
        }
        void operator()(const ApplyFront& e) {
            learn<FrontSighting>(mind.fronts_, e.front.id, result, now);
        }
        void operator()(const LookFront& e) {
            learn<FrontSighting>(mind.fronts_, e.front.id, result, now);
        }
        void operator()(const RemoveFront& e) {
            learn<FrontSighting>(mind.fronts_, e.application, result, now);
        }
        void operator()(const Launch& e) { about_instance(e.instance.id); }
        void operator()(const AttachVolume& e) { about_instance(e.instance.id); }
        void operator()(const DetachVolume& e) { about_instance(e.instance.id); }
        void operator()(const LookInstance& e) { about_instance(e.instance); }
        void operator()(const PowerDown& e) { about_instance(e.instance); }
        void operator()(const Kill& e) { about_instance(e.instance); }
        void operator()(const Pause& e) { about_instance(e.instance); }
        void operator()(const Resume& e) { about_instance(e.instance); }
        void operator()(const Reset& e) { about_instance(e.instance); }
        void operator()(const CleanInstance& e) { about_instance(e.instance); }
        void operator()(const ReceiveInstance& e) { about_instance(e.instance.id); }
        void operator()(const SendInstance& e) { about_instance(e.instance); }
        void operator()(const CancelSend& e) { about_instance(e.instance); }
    };
    std::visit(Visitor{*this, result, now, instance}, effect);
}

void HostMind::noticed(model::InstanceId instance, const InstanceSighting& seen, Instant now) {
    saw_instance(instance, seen, now);
}

}  // namespace vdc::control
