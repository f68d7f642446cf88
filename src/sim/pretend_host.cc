#include "sim/pretend_host.h"

#include <algorithm>
#include <set>

#include "sim/effect_conflict.h"

namespace vdc::sim {

using base::Error;
using base::Result;
using namespace base;
using namespace control;

PretendHost::PretendHost(std::string name, TimeLine& time_line, std::uint64_t seed)
    : name_(std::move(name)), time_line_(time_line), chance_(seed) {}

std::vector<model::InstanceId> PretendHost::instances() const {
    std::vector<model::InstanceId> ids;
    for (const auto& [id, instance] : running) ids.push_back(id);
    return ids;
}

drivers::HostFacts PretendHost::facts() const {
    return {name_,     vcpus,     memory,
            {1 << 20}, {1 << 20}, "kvm",
            "7.2.0",   "6.1.0",   "boot-" + std::to_string(boots_),
            {}};
}

PretendHost::Volume* PretendHost::volume(model::VolumeId id) {
    if (const auto own = volumes.find(id); own != volumes.end()) return &own->second;
    if (!is_shared(id)) return nullptr;
    return &shared->at(id);
}

const PretendHost::Volume* PretendHost::volume(model::VolumeId id) const {
    return const_cast<PretendHost*>(this)->volume(id);
}

bool PretendHost::fences_itself(const PretendHost& host, const Instance& instance) {
    const auto& disks = instance.sighting.disks;
    return instance.sighting.alive &&
           std::any_of(disks.begin(), disks.end(),
                       [&](const DiskSpec& disk) { return host.is_shared(disk.volume); });
}

void PretendHost::fence() {
    frozen = true;
    ++changes_;
    std::vector<model::InstanceId> over;
    for (const auto& [id, instance] : running)
        if (fences_itself(*this, instance)) over.push_back(id);
    for (const model::InstanceId id : over) end(id, Ending::killed, "its lease elapsed");
}

bool PretendHost::writes_shared(const Effect& effect) const {
    const auto disks_are = [this](const InstanceSpec& instance) {
        return std::any_of(instance.disks.begin(), instance.disks.end(),
                           [this](const DiskSpec& disk) { return is_shared(disk.volume); });
    };
    if (const auto* launch = std::get_if<Launch>(&effect)) return disks_are(launch->instance);
    // What is not on its own disks may come to the pool before the removal ends.
    if (const auto* remove = std::get_if<RemoveVolume>(&effect))
        return !volumes.contains(remove->volume);
    return std::visit(
        [](const auto& each) {
            if constexpr (requires { each.volume.pool; }) return each.volume.pool != "local";
            return false;
        },
        effect);
}

Duration PretendHost::median(Pace pace) const {
    return pacer != nullptr ? pacer->speeds()[pace].takes : Speeds{}[pace].takes;
}

Duration PretendHost::about(Duration usual) {
    const auto count = static_cast<std::int64_t>(usual.count());
    return Duration(chance_.between(count / 2, count * 2));
}

Duration PretendHost::next_boot() {
    if (pacer != nullptr) return pacer->next(Pace::boot);
    return boots_vary ? about(median(Pace::boot)) : median(Pace::boot);
}

Duration PretendHost::next_stop() {
    return pacer != nullptr ? pacer->next(Pace::stop) : median(Pace::stop);
}

/// Of those with which an agent finds out what is here.
bool PretendHost::changes_nothing(const Effect& effect) const {
    if (std::holds_alternative<LookInstance>(effect)) return true;
    if (const auto* prepare = std::get_if<PrepareVolume>(&effect))
        return volume(prepare->volume.id) != nullptr;
    if (const auto* fetch = std::get_if<FetchImage>(&effect))
        return images.contains(fetch->image.id);
    if (const auto* import = std::get_if<ImportImage>(&effect))
        return images.contains(import->image.id);
    if (const auto* apply = std::get_if<ApplyNetwork>(&effect)) {
        const auto here = networks.find(apply->network.id);
        return here != networks.end() && here->second == apply->network;
    }
    return false;
}

PretendHost::Fate PretendHost::next_fate(const Effect& effect) {
    Fate fate;
    if (pacer == nullptr)
        fate.takes = about(Speeds{}.of(effect));
    else
        fate.takes = changes_nothing(effect) ? Duration(1ms) : pacer->next(effect);
    if (chance_.once_in(static_cast<std::uint64_t>(faults.slow_per_mille), 1000)) fate.slow = true;
    if (fate.slow) fate.takes = Duration(chance_.between(1'000'000, 20'000'000));
    fate.fails_before = chance_.once_in(static_cast<std::uint64_t>(faults.fail_per_mille), 1000);
    fate.fails_after = chance_.once_in(static_cast<std::uint64_t>(faults.lose_per_mille), 1000);
    return fate;
}

bool PretendHost::answers(model::InstanceId id) const {
    const auto at = running.find(id);
    return at != running.end() && at->second.sighting.alive && !at->second.hangs &&
           at->second.sighting.run == RunState::running &&
           hears_since(at->second) <= time_line_.now();
}

void PretendHost::notice(model::InstanceId instance) {
    if (heard_) heard_({instance, running.at(instance).sighting});
}

void PretendHost::end(model::InstanceId id, Ending ending, const std::string& detail) {
    Instance& instance = running.at(id);
    instance.sighting.alive = false;
    instance.sighting.leftovers = true;
    instance.sighting.ended = ending;
    instance.sighting.ended_detail = detail;
    instance.sighting.disks.clear();
    instance.sighting.pid = 0;
    if (instance.sighting.move) {
        instance.sighting.move->stage = MoveStage::failed;
        if (instance.sighting.move->message.empty())
            instance.sighting.move->message = "its QEMU ended";
    }
    notice(id);
}

bool PretendHost::crash(model::InstanceId id) {
    const auto at = running.find(id);
    if (at == running.end() || !at->second.sighting.alive) return false;
    end(id, Ending::crashed, "signal 9");
    return true;
}

bool PretendHost::deafen(model::InstanceId id) {
    const auto at = running.find(id);
    if (at == running.end() || !at->second.sighting.alive) return false;
    if (stands_still(at->second)) return false;
    at->second.obeys_button = false;
    return true;
}

bool PretendHost::hang(model::InstanceId id) {
    if (!deafen(id)) return false;
    running.at(id).hangs = true;
    return true;
}

void PretendHost::rouse_guests() {
    for (auto& [id, instance] : running) {
        instance.obeys_button = true;
        instance.hangs = false;
        if (instance.moving) instance.moving->writes_fast = false;
    }
}

void PretendHost::reboot() {
    break_all_streams("the other host lost its power");
    running.clear();
    networks.clear();
    fronts.clear();
    frozen = false;
    ++changes_;
    ++boots_;
}

bool PretendHost::power_off(model::InstanceId id) {
    const auto at = running.find(id);
    if (at == running.end() || !at->second.sighting.alive) return false;
    if (stands_still(at->second)) return false;
    end(id, Ending::guest_off, "");
    return true;
}

/// One function per effect: what a real driver would do, on the pretended machine.
struct PretendDeeds {
    PretendHost& host;
    using Outcome = Result<Sighting>;

    static Error refused(std::string why) { return {Error::Code::conflict, std::move(why)}; }
    static Error missing(std::string why) { return {Error::Code::not_found, std::move(why)}; }
    Error broken_promise(const Error& error) {
        host.broken_promises.push_back(error.message);
        return error;
    }
    Error broken_promise(std::string what) { return broken_promise(refused(std::move(what))); }

    /// Of its own disks; a shared pool has room.
    bool is_full() const { return host.time_line_.now() < host.full_until; }
    static Error no_space() { return {Error::Code::exhausted, "no space is left on the disk"}; }

    // ---- images ----
    Outcome operator()(const ImportImage& effect) {
        if (is_full() && !host.images.contains(effect.image.id)) return no_space();
        ImageSighting& image = host.images[effect.image.id];
        image = {true, "qcow2", std::string(64, 'a'), {64 << 20}, {20 << 20}};
        return Sighting(image);
    }
    Outcome operator()(const FetchImage& effect) {
        if (const auto here = host.images.find(effect.image.id); here != host.images.end())
            return Sighting(here->second);
        if (is_full()) return no_space();
        const PretendHost* source = host.neighbour_(effect.source.host_name);
        const auto there = source->images.find(effect.image.id);
        if (there == source->images.end()) return refused("the source has no such image");
        return Sighting(host.images[effect.image.id] = there->second);
    }
    Outcome operator()(const RemoveImage& effect) {
        for (const auto& [id, volume] : host.volumes)
            if (volume.image == effect.image)
                return broken_promise("an image was removed under a volume");
        host.images.erase(effect.image);
        return Sighting(ImageSighting{});
    }

    // ---- volumes ----
    bool open_somewhere(model::VolumeId volume) const {
        return std::any_of(host.running.begin(), host.running.end(), [&](const auto& entry) {
            const auto& sighting = entry.second.sighting;
            return sighting.alive &&
                   std::any_of(sighting.disks.begin(), sighting.disks.end(),
                               [&](const DiskSpec& disk) { return disk.volume == volume; });
        });
    }
    /// A host that fenced itself may lack what lay in the shared pool: another one has it now.
    Outcome not_there(std::string promise) {
        if (host.frozen) return refused("the host has fenced itself");
        return broken_promise(missing(std::move(promise)));
    }
    Outcome seen(model::VolumeId volume) { return Sighting(host.volume(volume)->sighting); }
    /// What works on a shared pool is in the cgroup that the guards freeze.
    bool is_stopped(model::VolumeId volume) const { return host.frozen && host.is_shared(volume); }
    Outcome operator()(const PrepareVolume& effect) {
        if (effect.volume.image && !host.images.contains(*effect.volume.image))
            return broken_promise(missing("a volume was prepared before its image"));
        const bool local = effect.volume.pool == "local";
        if (!local && host.shared == nullptr)
            return broken_promise("a volume was prepared in a pool that is not reached");
        if (!local && host.frozen) return refused("the host has fenced itself");
        if (local && is_full() && !host.volumes.contains(effect.volume.id)) return no_space();
        auto& pool = local ? host.volumes : *host.shared;
        if (effect.volume.is_kept && !pool.contains(effect.volume.id))
            return Error{Error::Code::not_found, "its disk is not on this host any more"};
        PretendHost::Volume& volume = pool[effect.volume.id];
        volume.image = effect.volume.image;
        if (!volume.sighting.present) {
            volume.sighting.present = true;
            volume.sighting.size = effect.volume.size;
        }
        return seen(effect.volume.id);
    }
    Outcome existing(const VolumeSpec& spec) {
        if (host.volume(spec.id) == nullptr)
            return not_there("a volume was changed before it was there");
        if (is_stopped(spec.id)) return refused("the host has fenced itself");
        if (open_somewhere(spec.id) != spec.open_in.has_value())
            return refused("the volume is open in another way than thought");
        return seen(spec.id);
    }
    Outcome operator()(const GrowVolume& effect) {
        TRY(existing(effect.volume));
        auto& size = host.volume(effect.volume.id)->sighting.size;
        if (effect.volume.size < size)
            return broken_promise(Error{Error::Code::invalid, "a volume was to become smaller"});
        if (is_full() && !host.is_shared(effect.volume.id)) return no_space();
        size = effect.volume.size;
        return seen(effect.volume.id);
    }
    Outcome operator()(const TakeSnapshot& effect) {
        TRY(existing(effect.volume));
        if (is_full() && !host.is_shared(effect.volume.id)) return no_space();
        auto& snapshots = host.volume(effect.volume.id)->sighting.snapshots;
        if (std::find(snapshots.begin(), snapshots.end(), effect.snapshot) == snapshots.end())
            snapshots.push_back(effect.snapshot);
        return seen(effect.volume.id);
    }
    Outcome operator()(const DropSnapshot& effect) {
        TRY(existing(effect.volume));
        std::erase(host.volume(effect.volume.id)->sighting.snapshots, effect.snapshot);
        return seen(effect.volume.id);
    }
    Outcome operator()(const RevertVolume& effect) {
        TRY(existing(effect.volume));
        if (open_somewhere(effect.volume.id))
            return broken_promise("a volume went back under a running instance");
        auto& sighting = host.volume(effect.volume.id)->sighting;
        if (sighting.reverts >= effect.volume.reverts) return seen(effect.volume.id);
        const auto& taken = sighting.snapshots;
        const auto& wanted = effect.volume.revert_to;
        if (!wanted || std::find(taken.begin(), taken.end(), *wanted) == taken.end())
            return missing("a volume was to go back to a snapshot that it has not");
        sighting.reverts = effect.volume.reverts;
        if (host.writes != nullptr)
            host.volume(effect.volume.id)->content = host.writes->last[effect.volume.id] =
                ++host.writes->made;
        return seen(effect.volume.id);
    }
    Outcome operator()(const RemoveVolume& effect) {
        if (open_somewhere(effect.volume))
            return broken_promise("a volume was removed under a running instance");
        if (is_stopped(effect.volume)) return refused("the host has fenced itself");
        host.volumes.erase(effect.volume);
        if (host.shared != nullptr) host.shared->erase(effect.volume);
        return Sighting(VolumeSighting{});
    }

    // ---- networks, fronts ----
    /// What a network is said to have here and on another host, or on two; nothing when it is
    /// right.
    static std::string there_twice(const NetworkSpec& network) {
        std::set<base::Mac> macs;
        std::set<base::Ipv4> addresses;
        const auto fresh = [&](base::Mac mac, base::Ipv4 address) {
            return macs.insert(mac).second && addresses.insert(address).second;
        };
        for (const PortSpec& port : network.ports)
            if (!fresh(port.mac, port.address)) return "two ports were to be one";
        const auto is_awaited = [&](const PeerSpec& peer) {
            return std::any_of(network.ports.begin(), network.ports.end(), [&](const auto& port) {
                return port.is_awaited && port.mac == peer.mac && port.address == peer.address;
            });
        };
        for (const PeerSpec& peer : network.peers) {
            if (peer.underlay == network.underlay) return "another host was to be this one";
            if (!fresh(peer.mac, peer.address) && !is_awaited(peer))
                return "a port was to be on two hosts";
        }
        return "";
    }
    Outcome operator()(const ApplyNetwork& effect) {
        for (const auto& [id, network] : host.networks)
            if (id != effect.network.id && network.number == effect.network.number)
                return broken_promise("two networks were to have one number");
        if (const std::string twice = there_twice(effect.network); !twice.empty())
            return broken_promise(Error{Error::Code::invalid, twice});
        host.networks[effect.network.id] = effect.network;
        return Sighting(NetworkSighting{true, fingerprint(effect.network)});
    }
    Outcome operator()(const RemoveNetwork& effect) {
        for (const auto& [id, instance] : host.running)
            for (const CardSpec& card : instance.spec.cards)
                if (instance.sighting.alive && card.network == effect.network)
                    return broken_promise("a network was removed under a running instance");
        host.networks.erase(effect.network);
        std::erase_if(host.fronts,
                      [&](const auto& entry) { return entry.second.network == effect.network; });
        return Sighting(NetworkSighting{});
    }
    Outcome front_seen(const FrontSpec& front) {
        FrontSighting sighting{true, fingerprint(front), {}};
        for (const BackendSpec& backend : front.backends) {
            if (host.somewhere_(backend.instance)) sighting.ready.push_back(backend.instance);
        }
        return Sighting(sighting);
    }
    Outcome operator()(const ApplyFront& effect) {
        if (!host.networks.contains(effect.front.network))
            return refused("the front's network is not here");
        host.fronts[effect.front.id] = effect.front;
        return front_seen(effect.front);
    }
    Outcome operator()(const LookFront& effect) {
        const auto at = host.fronts.find(effect.front.id);
        if (at == host.fronts.end()) return Sighting(FrontSighting{});
        return front_seen(at->second);
    }
    Outcome operator()(const RemoveFront& effect) {
        host.fronts.erase(effect.application);
        return Sighting(FrontSighting{});
    }

    // ---- instances ----
    Outcome seen(model::InstanceId id) {
        InstanceSighting sighting;
        const auto at = host.running.find(id);
        if (at != host.running.end()) sighting = at->second.sighting;
        sighting.looked = true;
        return Sighting(sighting);
    }
    InstanceSighting* alive(model::InstanceId id) {
        const auto at = host.running.find(id);
        return at != host.running.end() && at->second.sighting.alive ? &at->second.sighting
                                                                     : nullptr;
    }
    void begins_anew(PretendHost::Instance& instance) {
        instance.obeys_button = true;
        instance.hangs = false;
        instance.boots_for = host.next_boot();
    }
    Outcome operator()(const LookInstance& effect) { return seen(effect.instance); }
    base::Status may_begin(const InstanceSpec& spec) {
        if (alive(spec.id) != nullptr) return broken_promise("launched what runs already");
        const auto last = host.running.find(spec.id);
        if (last != host.running.end() && last->second.sighting.generation > spec.generation)
            return broken_promise("launched in an older generation");
        for (const DiskSpec& disk : spec.disks) {
            if (host.volume(disk.volume) == nullptr)
                return not_there("launched without its volume").error();
            if (is_stopped(disk.volume)) return refused("the host has fenced itself");
            if (open_somewhere(disk.volume))
                return broken_promise("launched on a volume that is open");
        }
        for (const CardSpec& card : spec.cards)
            if (!port_has_rules(card))
                return broken_promise("launched before its port's rules were in force");
        return {};
    }
    PretendHost::Instance& begin(const InstanceSpec& spec) {
        PretendHost::Instance& instance = host.running[spec.id];
        begins_anew(instance);
        instance.moving.reset();
        instance.spec = spec;
        ++instance.launches;
        instance.sighting = {};
        instance.sighting.looked = instance.sighting.alive = true;
        instance.sighting.generation = spec.generation;
        instance.sighting.wishes = spec.wishes;
        instance.sighting.pid = host.next_pid_++;
        instance.sighting.started = host.time_line_.now();
        instance.sighting.disks = spec.disks;
        instance.sighting.accelerator = "kvm";
        instance.sighting.name = spec.name;
        for (const DiskSpec& disk : spec.disks) host.volume(disk.volume)->was_open = true;
        return instance;
    }
    Outcome operator()(const Launch& effect) {
        TRY(may_begin(effect.instance));
        for (const DiskSpec& disk : effect.instance.disks)
            if (host.volume(disk.volume)->is_part)
                return broken_promise("launched on a volume of which a part is missing");
        const PretendHost::Instance& run = begin(effect.instance);
        if (!host.has_newest_disks(run))
            return broken_promise("I4: launched on disks that are not its newest");
        host.write_disks(run);
        return seen(effect.instance.id);
    }
    Outcome operator()(const ReceiveInstance& effect) {
        TRY(may_begin(effect.instance));
        for (const DiskSpec& disk : effect.instance.disks)
            if (host.volume(disk.volume)->was_open)
                return broken_promise("a guest was to come to a volume that holds something");
        PretendHost::await(begin(effect.instance), effect.from);
        for (const DiskSpec& disk : effect.instance.disks) host.volume(disk.volume)->is_part = true;
        return seen(effect.instance.id);
    }
    Outcome operator()(const SendInstance& effect) {
        TRY(host.send_on(effect));
        return seen(effect.instance);
    }
    Outcome operator()(const CancelSend& effect) {
        TRY(host.cancel_send(effect));
        return seen(effect.instance);
    }
    /// Whether it may be told something beside its move.
    bool is_in_move(model::InstanceId id) const {
        const auto at = host.running.find(id);
        return at != host.running.end() && at->second.sighting.alive && at->second.moving;
    }
    static Error in_move() { return refused("it moves"); }
    bool port_has_rules(const CardSpec& card) const {
        const auto network = host.networks.find(card.network);
        if (network == host.networks.end()) return false;
        const auto& ports = network->second.ports;
        return std::any_of(ports.begin(), ports.end(),
                           [&](const PortSpec& port) { return port.id == card.port; });
    }
    static Error not_alive() { return refused("it is not alive"); }
    /// A guest that still boots hears no button.
    Outcome operator()(const PowerDown& effect) {
        const model::InstanceId id = effect.instance;
        if (alive(id) == nullptr) return not_alive();
        const auto at = host.running.find(id);
        if (at->second.obeys_button && host.answers(id)) {
            const std::int64_t pid = at->second.sighting.pid;
            const Instant off = host.time_line_.now() + host.next_stop();
            host.time_line_.post_at(off, [&host = host, id, pid] {
                const auto still = host.running.find(id);
                if (still != host.running.end() && still->second.sighting.pid == pid)
                    host.power_off(id);
            });
        }
        return seen(id);
    }
    Outcome operator()(const Kill& effect) {
        if (alive(effect.instance) != nullptr) host.end(effect.instance, Ending::killed, "");
        return seen(effect.instance);
    }
    Outcome operator()(const Pause& effect) {
        auto* sighting = alive(effect.instance);
        if (sighting == nullptr) return not_alive();
        if (is_in_move(effect.instance)) return broken_promise("paused while it moved");
        sighting->run = RunState::paused;
        return seen(effect.instance);
    }
    Outcome operator()(const Resume& effect) {
        auto* sighting = alive(effect.instance);
        if (sighting == nullptr) return not_alive();
        if (is_in_move(effect.instance)) {
            const base::Status gone_on = host.let_arrived_go_on(host.running.at(effect.instance));
            if (!gone_on.ok()) return broken_promise(gone_on.error());
        }
        sighting->run = RunState::running;
        return seen(effect.instance);
    }
    Outcome operator()(const Reset& effect) {
        auto* sighting = alive(effect.instance);
        if (sighting == nullptr) return not_alive();
        if (is_in_move(effect.instance)) return broken_promise("reset while it moved");
        sighting->wishes.resets = effect.resets;
        sighting->started = host.time_line_.now();
        begins_anew(host.running.at(effect.instance));
        return seen(effect.instance);
    }
    Outcome operator()(const AttachVolume& effect) {
        auto* sighting = alive(effect.instance.id);
        if (sighting == nullptr) return not_alive();
        if (host.volume(effect.disk.volume) == nullptr)
            return not_there("a volume was attached before it was there");
        if (is_stopped(effect.disk.volume)) return refused("the host has fenced itself");
        const auto has = [&](const DiskSpec& disk) { return disk.volume == effect.disk.volume; };
        if (std::any_of(sighting->disks.begin(), sighting->disks.end(), has))
            return seen(effect.instance.id);
        if (open_somewhere(effect.disk.volume))
            return broken_promise("a volume was attached that another instance has open");
        if (is_in_move(effect.instance.id)) return in_move();
        if (host.volume(effect.disk.volume)->is_part)
            return broken_promise("a volume was attached of which a part is missing");
        host.volume(effect.disk.volume)->was_open = true;
        sighting->disks.push_back(effect.disk);
        const PretendHost::Instance& run = host.running.at(effect.instance.id);
        if (!host.has_newest_disks(run))
            return broken_promise("I4: a volume was attached that is not the newest");
        host.write_disks(run);
        return seen(effect.instance.id);
    }
    Outcome operator()(const DetachVolume& effect) {
        if (is_in_move(effect.instance.id)) return in_move();
        if (auto* sighting = alive(effect.instance.id))
            std::erase_if(sighting->disks,
                          [&](const DiskSpec& disk) { return disk.volume == effect.disk.volume; });
        return seen(effect.instance.id);
    }
    Outcome operator()(const CleanInstance& effect) {
        if (alive(effect.instance) != nullptr)
            return broken_promise("a running instance was cleaned away");
        // Its last ending stays known to the caller; the host forgets it.
        host.running.erase(effect.instance);
        return seen(effect.instance);
    }
};

Phase PretendHost::phase_of(const Effect& effect) const {
    const auto* resume = std::get_if<Resume>(&effect);
    if (resume == nullptr) return sim::phase_of(effect);
    const auto at = running.find(resume->instance);
    const bool came = at != running.end() && at->second.moving && at->second.moving->receives;
    return came ? Phase::handed : Phase::start;
}

Result<Sighting> PretendHost::run(const Effect& effect) {
    if (!std::holds_alternative<LookFront>(effect)) ++changes_;
    return std::visit(PretendDeeds{*this}, effect);
}

void PretendHands::start(const Effect& effect, std::function<void(Result<Sighting>)> done) {
    const std::uint64_t number = next_number_++;
    if (judge) judge(effect);
    if (may_begin && !may_begin(effect))
        return agent_.post([done = std::move(done)] {
            done(Error{Error::Code::unavailable, "the host holds no lease"});
        });
    for (const auto& [other, each] : under_way_)
        if (std::string wrong = conflict(effect, each.effect); !wrong.empty())
            host_.broken_promises.push_back(std::move(wrong));
    const PretendHost::Fate fate = host_.next_fate(effect);
    under_way_.emplace(number, UnderWay{effect, fate, std::move(done), false});
    time_line_.post_at(time_line_.now() + fate.takes, [this, number] { finish(number); });
}

void PretendHands::finish(std::uint64_t number) {
    const auto at = under_way_.find(number);
    if (at == under_way_.end()) return;
    UnderWay ended = std::move(at->second);
    under_way_.erase(at);
    const Phase phase = host_.phase_of(ended.effect);
    if (ended.fate.slow) coverage_.hit(Fault::effect_slow, phase);
    Result<Sighting> result = Error{Error::Code::failed, "the host had a moment of weakness"};
    if (ended.fate.fails_before || ended.is_ended) {
        coverage_.hit(Fault::effect_fails, phase);
    } else if (ended.fate.fails_after) {
        coverage_.hit(Fault::effect_lies, phase);
        (void)host_.run(ended.effect);  // nobody hears of it
    } else {
        result = host_.run(ended.effect);
        const bool was_full = !result.ok() && result.error().code == Error::Code::exhausted;
        if (was_full) coverage_.hit(Fault::disk_full, phase);
    }
    agent_.post([done = std::move(ended.done), result = std::move(result)] { done(result); });
}

std::set<Phase> PretendHands::phases() const {
    std::set<Phase> phases;
    for (const auto& [number, each] : under_way_) phases.insert(host_.phase_of(each.effect));
    return phases;
}

bool PretendHands::any_under_way(const std::function<bool(const Effect&)>& is_it) const {
    return std::any_of(under_way_.begin(), under_way_.end(), [&](const auto& entry) {
        return !entry.second.is_ended && is_it(entry.second.effect);
    });
}

void PretendHands::fence() {
    for (auto& [number, each] : under_way_) each.is_ended |= host_.writes_shared(each.effect);
}

void PretendHands::die(base::Chance& chance) {
    for (const auto& [number, each] : under_way_)
        if (chance.once_in(1, 2) && !each.is_ended)
            (void)host_.run(each.effect);  // nobody is there to hear of it
    host_.break_all_streams("a daemon ended");
    under_way_.clear();
}

}  // namespace vdc::sim
