#include "model/runs.h"

#include <algorithm>

namespace vdc::model {

static bool fences_itself(const Volume& volume) {
    return volume.claimed.storage == StorageKind::shared_folder;
}

RunClass run_class(const Snapshot& snapshot, const Instance& instance) {
    for (const Volume* volume :
         snapshot.linked_records<Volume>(Link::instance_volume, instance.id.value))
        if (fences_itself(*volume)) return RunClass::fences_itself;
    return RunClass::rides_through;
}

bool changes_class(const Snapshot& snapshot, const Instance& instance, const std::string& pool) {
    const Host* host =
        instance.claimed.host ? snapshot.find<Host>(*instance.claimed.host) : nullptr;
    if (host == nullptr || host->claimed.lease == LeaseProfile::none) return false;
    return kind_of_pool(*host, pool) == StorageKind::shared_folder &&
           run_class(snapshot, instance) == RunClass::rides_through;
}

bool proves_end(Evidence evidence, RunClass of) {
    switch (evidence) {
        case Evidence::none: return false;
        case Evidence::lease_elapsed: return of == RunClass::fences_itself;
        case Evidence::end_seen:
        case Evidence::booted:
        case Evidence::storage_fenced:
        case Evidence::power_off:
        case Evidence::operator_word: return true;
        case Evidence::handed_over: return false;  // of a host it says nothing
    }
    base::broken("evidence that proves nothing");
}

/// What the fence of that epoch proves of a run of that class.
static Evidence fence_evidence(const Snapshot& snapshot, HostId host, Epoch epoch, RunClass of) {
    const Host* claimed_on = snapshot.find<Host>(host);
    if (claimed_on == nullptr || epoch > claimed_on->claimed.fenced) return Evidence::none;
    const Evidence evidence = claimed_on->claimed.evidence;
    return proves_end(evidence, of) ? evidence : Evidence::none;
}

Evidence end_of_run(const Snapshot& snapshot, const Instance& instance) {
    const InstanceClaimed& claimed = instance.claimed;
    if (!claimed.host) return Evidence::end_seen;
    const InstanceObserved& seen = instance.observed;
    // The fence first: the host hears no more of what was claimed before it, so that an end that it
    // saw is all that it will ever say.
    const Evidence fence =
        fence_evidence(snapshot, *claimed.host, claimed.epoch, run_class(snapshot, instance));
    if (fence != Evidence::none) return fence;
    // A host that has not heard of a later start, or rule for it, may be obeying that now; also of
    // one that was taken back since.
    const bool heard = seen.starts >= starts_wanted(instance) &&
                       seen.reboots >= instance.declared.reboots &&
                       seen.rules >= instance.declared.rules;
    const bool over =
        seen.phase == InstancePhase::absent || (seen.phase == InstancePhase::stopped && heard);
    return over && seen.generation == claimed.generation ? Evidence::end_seen : Evidence::none;
}

static bool in_epoch(const Snapshot& snapshot, HostId id, Epoch epoch) {
    const Host* host = snapshot.find<Host>(id);
    return host != nullptr && host->claimed.epoch == epoch && host->claimed.fenced < epoch;
}

bool can_be_handed_over(const Snapshot& snapshot, const Instance& instance) {
    const InstanceClaimed& claimed = instance.claimed;
    if (!claimed.host || !claimed.move) return false;
    const Move& move = *claimed.move;
    const auto& sending = instance.observed.sending;
    const auto& arrival = instance.observed.arrival;
    const bool sent = sending && sending->generation == move.generation &&
                      sending->stage == MoveStage::sent &&
                      instance.observed.generation == claimed.generation;
    const bool arrived = arrival && arrival->generation == move.generation &&
                         arrival->host == move.to && arrival->stage == MoveStage::arrived;
    return sent && arrived && in_epoch(snapshot, *claimed.host, move.from_epoch) &&
           in_epoch(snapshot, move.to, move.epoch);
}

Generation next_generation(const InstanceClaimed& claimed) {
    return std::max(claimed.generation, claimed.moved) + 1;
}

Evidence end_of_keeping(const Snapshot& snapshot, const Volume& volume) {
    const VolumeClaimed& claimed = volume.claimed;
    const bool let_go = volume.observed.left == claimed.generation && claimed.generation > 0;
    if (!claimed.host || volume.observed.presence == Presence::absent || let_go)
        return Evidence::end_seen;
    if (claimed.storage == StorageKind::local) return Evidence::none;
    return fence_evidence(
        snapshot, *claimed.host, claimed.epoch,
        fences_itself(volume) ? RunClass::fences_itself : RunClass::rides_through);
}

static bool fenced_since(const Snapshot& snapshot, std::optional<HostId> id, Epoch epoch) {
    const Host* host = id ? snapshot.find<Host>(*id) : nullptr;
    return host != nullptr && host->claimed.fenced > 0 && epoch <= host->claimed.fenced;
}

bool claimed_before_fence(const Snapshot& snapshot, const InstanceClaimed& claimed) {
    return fenced_since(snapshot, claimed.host, claimed.epoch);
}

bool claimed_before_fence(const Snapshot& snapshot, const VolumeClaimed& claimed) {
    return claimed.storage != StorageKind::local &&
           fenced_since(snapshot, claimed.host, claimed.epoch);
}

static const Pool* pool_named(const Host& host, const std::string& pool) {
    const auto& pools = host.observed.pools;
    const auto found = std::find_if(pools.begin(), pools.end(),
                                    [&](const Pool& each) { return each.name == pool; });
    return found != pools.end() ? &*found : nullptr;
}

bool reaches(const Host& host, const std::string& pool) {
    return pool == local_pool || pool_named(host, pool) != nullptr;
}

StorageKind kind_of_pool(const Host& host, const std::string& pool) {
    const Pool* found = pool == local_pool ? nullptr : pool_named(host, pool);
    return found != nullptr ? found->kind : StorageKind::local;
}

bool takes_instances(const Host& host) {
    return host.claimed.health == HostHealth::up && host.declared.schedulable &&
           !host.declared.drain;
}

bool left_behind(const Snapshot& snapshot, const Instance& instance) {
    if (!instance.deleting || !instance.claimed.host) return false;
    const Host* host = snapshot.find<Host>(*instance.claimed.host);
    return host != nullptr && host->claimed.health == HostHealth::down;
}

std::string_view sentence_of(Evidence evidence) {
    switch (evidence) {
        case Evidence::none: return "nothing proves it";
        case Evidence::end_seen: return "its host saw its end";
        case Evidence::booted: return "its host booted anew";
        case Evidence::lease_elapsed: return "its lease elapsed, and its host fenced itself";
        case Evidence::storage_fenced: return "its disks refuse what the old run writes";
        case Evidence::power_off: return "the power switch confirmed that its host is off";
        case Evidence::operator_word: return "an operator said that its host is dead";
        case Evidence::handed_over: return "it stood still, and all of it had arrived";
    }
    base::broken("evidence without a sentence");
}

}  // namespace vdc::model
