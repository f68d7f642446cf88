#include "sim/oracles.h"

#include <algorithm>
#include <map>
#include <set>

#include "sim/loss_oracle.h"

namespace vdc::sim {

using model::Instance;
using model::Snapshot;
using Hosts = std::vector<const PretendHost*>;

std::string one_writer_per_volume(const Hosts& hosts) {
    std::map<model::VolumeId, std::string> writer;
    for (const PretendHost* host : hosts)
        for (const auto& [id, instance] : host->running) {
            if (!instance.sighting.alive || PretendHost::stands_still(instance)) continue;
            for (const auto& disk : instance.sighting.disks)
                if (!writer.emplace(disk.volume, host->name()).second)
                    return "I1: volume " + text(disk.volume) + " has two writers";
        }
    return {};
}

static const model::Host* named(const Snapshot& s, const std::string& name) {
    for (const auto& [id, host] : s.all<model::Host>())
        if (host->name == name) return host.get();
    return nullptr;
}

std::string what_runs_fits(const Snapshot& s, const Hosts& hosts) {
    for (const PretendHost* host : hosts) {
        const model::Host* record = named(s, host->name());
        if (record == nullptr) continue;
        std::int64_t vcpus = 0;
        std::int64_t memory = 0;
        for (const auto& [id, instance] : host->running) {
            if (!instance.sighting.alive) continue;
            vcpus += instance.spec.vcpus.count;
            memory += instance.spec.memory.count;
        }
        if (vcpus * 1000 > host->vcpus.count * record->declared.cpu_overcommit ||
            memory * 1000 > (host->memory.count - record->declared.memory_kept.count) *
                                record->declared.memory_overcommit)
            return "I6: more runs on " + host->name() + " than it can hold";
    }
    return {};
}

std::string nothing_writes(const PretendHost& fenced) {
    for (const auto& [id, instance] : fenced.running) {
        const bool opens_shared = std::any_of(
            instance.sighting.disks.begin(), instance.sighting.disks.end(),
            [&](const control::DiskSpec& disk) { return fenced.is_shared(disk.volume); });
        if (instance.sighting.alive && opens_shared)
            return "I1: " + fenced.name() + " is fenced while " + instance.spec.name +
                   " still writes there";
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

static bool is_down(const model::Host& host) {
    return host.claimed.health == model::HostHealth::down;
}

std::string runs_are_current(const Snapshot& s, const Hosts& hosts) {
    for (const PretendHost* host : hosts)
        for (const auto& [id, instance] : host->running) {
            const Instance* record = s.find<Instance>(id);
            const model::Host* its = named(s, host->name());
            if (record == nullptr || its == nullptr || is_down(*its)) continue;
            if (!instance.sighting.alive) continue;
            // What was found after a restore goes on as it is.
            const bool is_adopted = record->claimed.restored == record->claimed.generation &&
                                    instance.sighting.generation < record->claimed.generation;
            if ((instance.sighting.generation != record->claimed.generation && !is_adopted) ||
                record->observed.generation != record->claimed.generation)
                return "I2: " + record->name + " runs in another generation than is claimed";
        }
    return {};
}

static bool any_is_down(const Snapshot& s) {
    for (const auto& [id, host] : s.all<model::Host>())
        if (is_down(*host)) return true;
    return false;
}

/// Whether nothing can be done about it before its host is back: it is claimed there, and one of
/// its disks is on that host alone.
static bool waits_for_lost_host(const Snapshot& s, const Instance& instance) {
    if (!instance.claimed.host || !is_down(s.get<model::Host>(*instance.claimed.host)))
        return false;
    for (const auto& [id, volume] : s.all<model::Volume>())
        if (volume->declared.instance == instance.id && volume->declared.pool == "local" &&
            volume->claimed.host == instance.claimed.host)
            return true;
    return false;
}

/// Whether the instance's disks can be on that host: those that lie elsewhere cannot.
static bool may_lie_on(const Snapshot& s, const Instance& instance, model::HostId host) {
    for (const auto& [id, volume] : s.all<model::Volume>())
        if (volume->declared.instance == instance.id && volume->claimed.host &&
            volume->claimed.host != host && volume->declared.pool == "local")
            return false;
    return true;
}

/// Whether the host says that it reaches the pools of the instance's volumes.
static bool reaches_pools(const Snapshot& s, const Instance& instance, const model::Host& host) {
    for (const auto& [id, volume] : s.all<model::Volume>()) {
        if (volume->declared.instance != instance.id || volume->declared.pool == "local") continue;
        const auto& pools = host.observed.pools;
        if (std::none_of(pools.begin(), pools.end(), [&](const model::Pool& pool) {
                return pool.name == volume->declared.pool;
            }))
            return false;
    }
    return true;
}

/// Whether some host of the snapshot could take the instance beside what truly runs or shall run
/// there, and beside what the loss of any host would bring there.
static bool room_for(const Snapshot& s, const Instance& instance) {
    for (const auto& [id, host] : s.all<model::Host>()) {
        if (!may_lie_on(s, instance, id) || is_down(*host) || host->declared.drain) continue;
        if (!reaches_pools(s, instance, *host)) continue;
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
            memory >= instance.declared.memory.count && leaves_room_for_losses(s, instance, id))
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
    const bool ended =
        instance.observed.phase == model::InstancePhase::stopped &&
        instance.observed.generation == instance.claimed.generation &&
        instance.observed.starts == instance.declared.starts + instance.claimed.stays &&
        instance.observed.reboots == instance.declared.reboots;
    if (!ended || instance.declared.restart == model::Restart::always) return true;
    if (instance.observed.ended == model::RunEnd::guest_off) return false;
    return !(instance.observed.ended == model::RunEnd::crashed &&
             instance.declared.restart == model::Restart::never);
}

/// Whether a host that is not down has said that it has the image. Nobody may have brought its
/// bytes, or those that had it are lost; a copy that a host made without saying so before that is
/// known to nobody.
static bool is_on_a_host(const Snapshot& s, model::ImageId id) {
    const auto& seen = s.get<model::Image>(id).observed.hosts;
    return std::any_of(seen.begin(), seen.end(), [&](const model::ImageSeen& each) {
        return each.phase == model::ImagePhase::ready && !is_down(s.get<model::Host>(each.host));
    });
}

/// Whether a volume of it begins with an image that nobody has now: it cannot be opened.
static bool waits_for_image(const Snapshot& s, const Instance& instance) {
    const auto& volumes = s.all<model::Volume>();
    return std::any_of(volumes.begin(), volumes.end(), [&](const auto& entry) {
        const model::VolumeDeclared& declared = entry.second->declared;
        return declared.instance == instance.id && declared.image &&
               !is_on_a_host(s, *declared.image);
    });
}

std::string wanted_runs(const Snapshot& datacenter, const Hosts& hosts) {
    for (const auto& [id, instance] : datacenter.all<Instance>()) {
        const bool runs = runs_somewhere(hosts, id);
        if (waits_for_lost_host(datacenter, *instance)) continue;
        if (instance->deleting)
            return "I7: " + instance->name + " was to be deleted and is still there";
        if (!should_run(*instance)) {
            if (runs) return "I7: " + instance->name + " runs and should not";
            continue;
        }
        if (waits_for_image(datacenter, *instance)) continue;
        if (!runs && (instance->claimed.host || room_for(datacenter, *instance)))
            return "I7: " + instance->name + " should run and does not";
    }
    return {};
}

static bool uses(const Snapshot& s, model::HostId host, model::NetworkId network) {
    for (const auto& [id, port] : s.all<model::Port>()) {
        if (port->declared.network != network || !port->declared.instance) continue;
        const Instance* instance = s.find<Instance>(*port->declared.instance);
        if (instance != nullptr && instance->claimed.host == host) return true;
    }
    return false;
}

static bool carries_front_in(const Snapshot& s, model::HostId host, model::NetworkId network) {
    for (const auto& [id, application] : s.all<model::Application>())
        for (const model::Place& place : application->claimed.places)
            if (place.host == host && application->declared.instance.network == network)
                return true;
    return false;
}

static bool has_place(const model::Places& places, model::HostId host) {
    for (const model::Place& place : places)
        if (place.host == host) return true;
    return false;
}

static std::string orphans_on(const Snapshot& s, const PretendHost& host, model::HostId id) {
    const auto left = [&](const char* what, const auto& its) {
        return std::string("I8: ") + what + " " + text(its) + " is left on " + host.name();
    };
    for (const auto& [its, instance] : host.running) {
        const Instance* record = s.find<Instance>(its);
        if (record == nullptr || record->claimed.host != id) return left("instance", its);
    }
    for (const auto& [its, volume] : host.volumes) {
        const auto* record = s.find<model::Volume>(its);
        if (record == nullptr || record->claimed.host != id) return left("volume", its);
        if (record->declared.pool != "local") return left("shared volume", its);
    }
    for (const auto& [its, image] : host.images) {
        const auto* record = s.find<model::Image>(its);
        if (record == nullptr || !has_place(record->claimed.places, id)) return left("image", its);
    }
    for (const auto& [its, network] : host.networks)
        if (s.find<model::Network>(its) == nullptr ||
            (!uses(s, id, its) && !carries_front_in(s, id, its)))
            return left("network", its);
    for (const auto& [its, front] : host.fronts) {
        const auto* record = s.find<model::Application>(its);
        if (record == nullptr || !has_place(record->claimed.places, id)) return left("front", its);
    }
    return {};
}

std::string no_orphans(const Snapshot& s, const Hosts& hosts) {
    for (const PretendHost* host : hosts) {
        const model::Host* record = named(s, host->name());
        if (record == nullptr) return "I8: " + host->name() + " has no record";
        if (is_down(*record)) continue;
        std::string found = orphans_on(s, *host, record->id);
        if (!found.empty()) return found;
    }
    return {};
}

// ---- volumes -----------------------------------------------------------------------------------

/// Whether nothing stands in the way of its being made.
static bool can_be_there(const Snapshot& s, const model::Volume& volume) {
    if (volume.deleting || !volume.claimed.host) return false;
    if (is_down(s.get<model::Host>(*volume.claimed.host))) return false;
    return !volume.declared.image || is_on_a_host(s, *volume.declared.image);
}

static std::set<model::VolumeSnapshotId> snapshots_of(const Snapshot& s, model::VolumeId volume) {
    std::set<model::VolumeSnapshotId> snapshots;
    for (const auto& [id, snapshot] : s.all<model::VolumeSnapshot>())
        if (snapshot->declared.volume == volume) snapshots.insert(id);
    return snapshots;
}

static std::string volume_is_whole(const Snapshot& s, const model::Volume& volume,
                                   const PretendHost& host) {
    const PretendHost::Volume* there = host.volume(volume.id);
    if (there == nullptr) return "I7: volume " + volume.name + " is not there";
    const auto& sighting = there->sighting;
    if (sighting.size != volume.declared.size)
        return "I7: volume " + volume.name + " has " + text(sighting.size) + ", not " +
               text(volume.declared.size);
    if (sighting.reverts != volume.declared.reverts)
        return "I7: volume " + volume.name + " did not go back as often as was wanted";
    const std::set<model::VolumeSnapshotId> has(sighting.snapshots.begin(),
                                                sighting.snapshots.end());
    for (const model::VolumeSnapshotId snapshot : snapshots_of(s, volume.id))
        if (!has.contains(snapshot))
            return "I7: a snapshot of volume " + volume.name + " is not there";
    if (has.size() > snapshots_of(s, volume.id).size())
        return "I8: a snapshot of volume " + volume.name + " is left";
    return {};
}

std::string volumes_are_whole(const Snapshot& s, const Hosts& hosts) {
    for (const auto& [id, volume] : s.all<model::Volume>()) {
        if (!can_be_there(s, *volume)) continue;
        for (const PretendHost* host : hosts) {
            const model::Host* record = named(s, host->name());
            if (record == nullptr || record->id != *volume->claimed.host) continue;
            std::string wrong = volume_is_whole(s, *volume, *host);
            if (!wrong.empty()) return wrong;
        }
    }
    return {};
}

// ---- applications ----------------------------------------------------------------------------

std::string applications_are_whole(const Snapshot& s) {
    struct Replicas {
        std::int64_t all = 0;
        std::int64_t running = 0;
    };
    std::map<model::ApplicationId, Replicas> replicas;
    for (const auto& [id, instance] : s.all<Instance>()) {
        if (!instance->declared.application || instance->deleting) continue;
        Replicas& its = replicas[*instance->declared.application];
        ++its.all;
        its.running += instance->observed.phase == model::InstancePhase::running;
    }
    for (const auto& [id, application] : s.all<model::Application>()) {
        const auto& [all, running] = replicas[id];
        const std::int64_t wanted = application->declared.replicas;
        const bool one_comes = all == wanted + 1 && running < all;  // before an old one goes
        if (!application->deleting && all != wanted && !one_comes)
            return "I7: " + application->name + " has " + std::to_string(all) + " replicas, not " +
                   std::to_string(wanted);
    }
    return {};
}

// ---- fronts ------------------------------------------------------------------------------------

/// On a host that is not down: those left behind with a lost host count for nothing.
static bool has_placed_replica(const Snapshot& s, const model::Application& application) {
    for (const auto& [id, instance] : s.all<Instance>())
        if (instance->declared.application == application.id && instance->claimed.host &&
            !is_down(s.get<model::Host>(*instance->claimed.host)))
            return true;
    return false;
}

/// Whether it is wanted that the replica answers, and it has a host to do so.
static bool shall_answer(const Instance& replica) {
    return replica.claimed.host && !replica.deleting && replica.declared.power == model::Power::on;
}

/// The front sends to those replicas that shall answer, and to no others.
static std::string backends_are_right(const Snapshot& s, const model::Application& application,
                                      const control::FrontSpec& front) {
    const auto is_backend = [&](model::InstanceId id) {
        return std::any_of(front.backends.begin(), front.backends.end(),
                           [&](const auto& backend) { return backend.instance == id; });
    };
    for (const auto& [id, replica] : s.all<Instance>()) {
        if (replica->declared.application != application.id) continue;
        if (shall_answer(*replica) != is_backend(id))
            return "I7: the front of " + application.name +
                   (is_backend(id) ? " sends to " : " does not know ") + replica->name;
    }
    return {};
}

static std::string front_stands(const Snapshot& s, const model::Application& application,
                                const Hosts& hosts) {
    const PretendHost* carrier = nullptr;
    for (const PretendHost* host : hosts) {
        if (!host->fronts.contains(application.id)) continue;
        if (carrier != nullptr) return "I7: two hosts carry the front of " + application.name;
        carrier = host;
    }
    const bool wanted =
        application.declared.front && !application.deleting && has_placed_replica(s, application);
    if (!wanted) return carrier != nullptr ? "I8: a front of " + application.name + " is left" : "";
    if (carrier == nullptr) return "I7: the front of " + application.name + " does not stand";
    const control::FrontSpec& front = carrier->fronts.at(application.id);
    if (std::string wrong = backends_are_right(s, application, front); !wrong.empty()) return wrong;
    std::size_t answering = 0;
    for (const auto& backend : front.backends)
        for (const PretendHost* host : hosts) answering += host->answers(backend.instance) ? 1 : 0;
    if (application.observed.ready.size() != answering)
        return "I7: " + application.name + " knows " +
               std::to_string(application.observed.ready.size()) + " ready replicas of " +
               std::to_string(answering);
    return {};
}

std::string fronts_stand(const Snapshot& s, const Hosts& hosts) {
    for (const auto& [id, application] : s.all<model::Application>()) {
        std::string wrong = front_stands(s, *application, hosts);
        if (!wrong.empty()) return wrong;
    }
    return {};
}

// ---- ends --------------------------------------------------------------------------------------

static bool goes_back(const Snapshot& s, const PretendHost& on, model::InstanceId instance) {
    for (const auto& [id, volume] : s.all<model::Volume>()) {
        if (volume->declared.instance != instance) continue;
        const PretendHost::Volume* there = on.volume(id);
        if (there != nullptr && there->sighting.reverts < volume->declared.reverts) return true;
    }
    return false;
}

std::string may_end(const Snapshot& known, model::HostId host, const PretendHost& on,
                    model::InstanceId id) {
    const Instance* instance = known.find<Instance>(id);
    const auto runs = on.running.find(id);
    if (instance == nullptr || instance->claimed.host != host) return {};
    if (runs == on.running.end() || !runs->second.sighting.alive) return {};
    if (!should_run(*instance) || goes_back(known, on, id)) return {};
    if (instance->claimed.leaving) return {};  // it moves
    if (runs->second.sighting.generation != instance->claimed.generation) return {};
    if (instance->declared.reboots > runs->second.sighting.wishes.reboots) return {};
    return "I10: " + instance->name + " is ended and nobody wants that";
}

/// Whether the guest hears for so long that it must have been asked since.
static bool went_unasked(const PretendHost& on, const PretendHost::Instance& run,
                         const Pressed& pressed, base::Instant now) {
    using namespace std::chrono_literals;
    if (!on.is_sound() || !run.obeys_button || run.hangs) return false;
    const base::Instant hears = on.hears_since(run);
    return pressed.last < hears && hears + 10s < now;
}

std::string had_its_time(const Snapshot& known, model::HostId host, const PretendHost& on,
                         model::InstanceId id, const std::optional<Pressed>& pressed,
                         base::Instant now) {
    const Instance* instance = known.find<Instance>(id);
    const auto runs = on.running.find(id);
    if (instance == nullptr || instance->claimed.host != host) return {};
    if (instance->deleting || instance->declared.stop_hard) return {};
    if (runs == on.running.end() || !runs->second.sighting.alive) return {};
    const auto& sighting = runs->second.sighting;
    if (sighting.generation != instance->claimed.generation || goes_back(known, on, id)) return {};
    if (sighting.run == control::RunState::paused) return {};
    if (!pressed || now - pressed->first < instance->declared.stop_timeout)
        return "I10: " + instance->name + " is ended before its guest had its time";
    return went_unasked(on, runs->second, *pressed, now)
               ? "I10: " + instance->name + " is ended, whose guest hears and was not asked again"
               : "";
}

// ---- networks ----------------------------------------------------------------------------------

/// Whether frames for a port of another host find it: always where no tunnel leads.
static bool reaches(const Snapshot& s, const control::NetworkSpec& network, const model::Port& port,
                    const Instance& instance) {
    if (!network.underlay || !instance.claimed.host) return true;
    const base::Ipv4 there = s.get<model::Host>(*instance.claimed.host).observed.underlay;
    if (!there) return true;
    const control::PeerSpec way{port.claimed.mac, port.claimed.address, there,
                                port.declared.anti_spoof};
    return std::find(network.peers.begin(), network.peers.end(), way) != network.peers.end();
}

static bool network_knows(const Snapshot& s, const control::NetworkSpec& network,
                          const model::Port& port, const Instance& instance, bool is_here) {
    if (is_here)
        return std::any_of(network.ports.begin(), network.ports.end(), [&](const auto& each) {
            return each.id == port.id && each.mac == port.claimed.mac &&
                   each.address == port.claimed.address;
        });
    const bool named =
        std::any_of(network.names.begin(), network.names.end(), [&](const auto& each) {
            return each.name == instance.name && each.address == port.claimed.address;
        });
    return named && reaches(s, network, port, instance);
}

/// What a network has here of ports that are elsewhere, and of others that are nowhere.
static std::string left_in(const Snapshot& s, const control::NetworkSpec& network,
                           model::HostId host) {
    std::set<base::Mac> elsewhere;
    for (const auto& [id, port] : s.all<model::Port>()) {
        if (port->declared.network != network.id || !port->declared.instance) continue;
        const auto& at = s.get<Instance>(*port->declared.instance).claimed.host;
        if (at && at != host) elsewhere.insert(port->claimed.mac);
    }
    for (const control::PortSpec& each : network.ports) {
        const auto* port = s.find<model::Port>(each.id);
        const bool is_here = port != nullptr && port->declared.instance &&
                             s.get<Instance>(*port->declared.instance).claimed.host == host;
        if (!is_here || each.is_awaited) return "port " + text(each.mac);
    }
    for (const control::PeerSpec& peer : network.peers)
        if (!elsewhere.contains(peer.mac)) return "the way to " + text(peer.mac);
    return {};
}

std::string networks_have_no_more(const Snapshot& s, const Hosts& hosts) {
    for (const PretendHost* host : hosts) {
        const model::Host* record = named(s, host->name());
        if (record == nullptr || is_down(*record)) continue;
        for (const auto& [id, network] : host->networks)
            if (const std::string left = left_in(s, network, record->id); !left.empty())
                return "I8: " + left + " is left on " + host->name();
    }
    return {};
}

std::string networks_are_whole(const Snapshot& s, const Hosts& hosts) {
    for (const PretendHost* host : hosts)
        for (const auto& [id, port] : s.all<model::Port>()) {
            const auto network = host->networks.find(port->declared.network);
            if (network == host->networks.end() || !port->declared.instance) continue;
            const auto& instance = s.get<Instance>(*port->declared.instance);
            const model::Host* record = named(s, host->name());
            if (record != nullptr && is_down(*record)) continue;
            const bool is_here = record != nullptr && instance.claimed.host == record->id;
            if (!network_knows(s, network->second, *port, instance, is_here))
                return "I7: " + host->name() + " has a network that does not know port " +
                       port->name;
        }
    return {};
}

std::string nothing_pending(const Snapshot& datacenter) {
    if (any_is_down(datacenter)) return {};  // what is about a lost host waits for it
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
            if (instance != nullptr && !instance->claimed.host && should_run(*instance))
                continue;  // waits for room: wanted_runs judges
            const auto* kept = datacenter.find<model::VolumeSnapshot>({about.subject});
            if (kept != nullptr &&
                !datacenter.get<model::Volume>(kept->declared.volume).claimed.host)
                continue;  // its volume comes to be when its instance starts
            return "an operation never ends: " + std::string(word(about.noun)) + " " +
                   about.subject_name + " " + std::string(word(about.goal));
        }
    return {};
}

std::string nothing_outdated(const Snapshot& datacenter, base::Instant now) {
    using namespace std::chrono_literals;
    for (const auto& [id, operation] : datacenter.all<model::Operation>())
        if (operation->observed.phase != model::OperationPhase::running &&
            operation->observed.finished + 1h + 10s < now)
            return "I8: an operation that ended long ago is still there";
    return {};
}

}  // namespace vdc::sim
