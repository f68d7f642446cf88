#include "sim/oracles.h"

#include <map>
#include <set>

namespace vdc::sim {

using model::Instance;
using model::Snapshot;
using Hosts = std::vector<const PretendHost*>;

std::string one_writer_per_volume(const Hosts& hosts) {
    std::map<model::VolumeId, std::string> writer;
    for (const PretendHost* host : hosts)
        for (const auto& [id, instance] : host->running) {
            if (!instance.sighting.alive) continue;
            for (const auto& disk : instance.sighting.disks)
                if (!writer.emplace(disk.volume, host->name()).second)
                    return "I1: volume " + text(disk.volume) + " has two writers";
        }
    return {};
}

std::string no_broken_promises(const Hosts& hosts) {
    for (const PretendHost* host : hosts)
        if (!host->broken_promises.empty())
            return host->name() + ": " + host->broken_promises.front();
    return {};
}

std::string generations_rise(const Snapshot& before, const Snapshot& after) {
    for (const auto& [id, instance] : after.all<Instance>()) {
        const Instance* earlier = before.find<Instance>(id);
        if (earlier == nullptr) continue;
        const auto& was = earlier->claimed;
        const auto& is = instance->claimed;
        const bool moved = is.host && is.host != was.host;
        if (is.generation < was.generation || (moved && is.generation == was.generation))
            return "I2: the generation of " + instance->name + " did not rise";
    }
    return {};
}

/// Whether the instance's disks can be on that host: those that lie elsewhere cannot.
static bool may_lie_on(const Snapshot& s, const Instance& instance, model::HostId host) {
    for (const auto& [id, volume] : s.all<model::Volume>())
        if (volume->declared.instance == instance.id && volume->claimed.host &&
            volume->claimed.host != host)
            return false;
    return true;
}

/// Whether some host of the snapshot could take the instance beside what truly runs or shall run
/// there.
static bool room_for(const Snapshot& s, const Instance& instance) {
    for (const auto& [id, host] : s.all<model::Host>()) {
        if (!may_lie_on(s, instance, id)) continue;
        std::int64_t vcpus =
            host->observed.capacity.vcpus.count * host->declared.cpu_overcommit / 1000;
        std::int64_t memory =
            (host->observed.capacity.memory.count - host->declared.memory_kept.count) *
            host->declared.memory_overcommit / 1000;
        for (const auto& [other_id, other] : s.all<Instance>())
            if (other_id != instance.id && other->claimed.host == id) {
                vcpus -= other->declared.vcpus.count;
                memory -= other->declared.memory.count;
            }
        if (host->declared.schedulable && vcpus >= instance.declared.vcpus.count &&
            memory >= instance.declared.memory.count)
            return true;
    }
    return false;
}

static bool runs_somewhere(const Hosts& hosts, model::InstanceId id) {
    for (const PretendHost* host : hosts) {
        const auto at = host->running.find(id);
        if (at != host->running.end() && at->second.sighting.alive) return true;
    }
    return false;
}

/// As the record reads to a person: on, and its guest did not power itself off since.
static bool should_run(const Instance& instance) {
    if (instance.deleting || instance.declared.power == model::Power::off) return false;
    const bool ended = instance.observed.phase == model::InstancePhase::stopped &&
                       instance.observed.starts == instance.declared.starts &&
                       instance.observed.reboots == instance.declared.reboots;
    if (!ended || instance.declared.restart == model::Restart::always) return true;
    if (instance.observed.ended == model::RunEnd::guest_off) return false;
    return !(instance.observed.ended == model::RunEnd::crashed &&
             instance.declared.restart == model::Restart::never);
}

std::string wanted_runs(const Snapshot& datacenter, const Hosts& hosts) {
    for (const auto& [id, instance] : datacenter.all<Instance>()) {
        const bool runs = runs_somewhere(hosts, id);
        if (instance->deleting)
            return "I7: " + instance->name + " was to be deleted and is still there";
        if (!should_run(*instance)) {
            if (runs) return "I7: " + instance->name + " runs and should not";
            continue;
        }
        if (!runs && (instance->claimed.host || room_for(datacenter, *instance)))
            return "I7: " + instance->name + " should run and does not";
    }
    return {};
}

std::string no_orphans(const Snapshot& s, const Hosts& hosts) {
    for (const PretendHost* host : hosts) {
        for (const auto& [id, instance] : host->running)
            if (s.find<Instance>(id) == nullptr)
                return "I8: something of instance " + text(id) + " is left on " + host->name();
        for (const auto& [id, volume] : host->volumes)
            if (s.find<model::Volume>(id) == nullptr)
                return "I8: volume " + text(id) + " is left on " + host->name();
        for (const auto& [id, image] : host->images)
            if (s.find<model::Image>(id) == nullptr)
                return "I8: image " + text(id) + " is left on " + host->name();
        for (const auto& [id, network] : host->networks)
            if (s.find<model::Network>(id) == nullptr)
                return "I8: network " + text(id) + " is left on " + host->name();
        for (const auto& [id, front] : host->fronts)
            if (s.find<model::Application>(id) == nullptr)
                return "I8: front " + text(id) + " is left on " + host->name();
    }
    return {};
}

std::string nothing_pending(const Snapshot& datacenter) {
    for (const auto& [id, operation] : datacenter.all<model::Operation>())
        if (operation->observed.phase == model::OperationPhase::running) {
            const auto& about = operation->declared;
            bool waits_for_room = false;
            for (const auto& [replica_id, replica] : datacenter.all<Instance>())
                if (replica->declared.application &&
                    replica->declared.application->value == about.subject)
                    waits_for_room |= !replica->claimed.host;
            if (waits_for_room) continue;
            const auto* instance = datacenter.find<Instance>({about.subject});
            if (instance != nullptr && !instance->claimed.host)
                continue;  // waits for room: wanted_runs judges
            return "an operation never ends: " + std::string(word(about.noun)) + " " +
                   about.subject_name + " " + std::string(word(about.goal));
        }
    return {};
}

}  // namespace vdc::sim
