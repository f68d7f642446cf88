#include "sim/ledger.h"

namespace vdc::sim {

using model::Instance;
using model::Snapshot;
using model::Volume;

void Ledger::add(model::ProjectId project, const Sizes& sizes, int sign) {
    Sizes& used = usage_[project];
    used.instances += sign * sizes.instances;
    used.volumes += sign * sizes.volumes;
    used.vcpus += sign * sizes.vcpus;
    used.memory += sign * sizes.memory;
    used.disk += sign * sizes.disk;
}

void Ledger::claim(const std::optional<model::HostId>& host, const Sizes& sizes, int sign) {
    if (!host) return;
    claims_[*host].vcpus += sign * sizes.vcpus;
    claims_[*host].memory += sign * sizes.memory;
}

std::string Ledger::over_quota(model::ProjectId id, const Snapshot& after) const {
    const auto* project = after.find<model::Project>(id);
    const auto at = usage_.find(id);
    if (project == nullptr || at == usage_.end()) return {};
    const model::ProjectDeclared& quota = project->declared;
    const Sizes& used = at->second;
    const bool over = used.instances > quota.instances_max || used.volumes > quota.volumes_max ||
                      used.vcpus > quota.resources_max.vcpus.count ||
                      used.memory > quota.resources_max.memory.count ||
                      used.disk > quota.resources_max.disk.count;
    return over ? "I5: project " + project->name + " uses more than its quota" : "";
}

std::string Ledger::over_capacity(const model::HostId& id, const Snapshot& after) const {
    const auto* host = after.find<model::Host>(id);
    if (host == nullptr) return "I6: something is claimed on a host that is not there";
    const Sizes& claimed = claims_.at(id);
    const auto& has = host->observed.capacity;
    const auto& rules = host->declared;
    const bool over = claimed.vcpus > has.vcpus.count * rules.cpu_overcommit / 1000 ||
                      claimed.memory > (has.memory.count - rules.memory_kept.count) *
                                           rules.memory_overcommit / 1000;
    return over ? "I6: host " + host->name + " has more claimed than it may" : "";
}

/// As many as are moved at a time: a drain shall not be an outage.
static constexpr int leaving_max = 4;

/// Instances move for the sake of the balance as it is declared: only while it acts or somebody
/// asked for a run, as many at a time as it says, and never while hosts are in trouble or emptied.
static std::string against_balance(const Snapshot& after, const model::Move& begun) {
    const auto& all = after.all<model::Balance>();
    if (all.empty()) return "an instance is balanced though no balance is declared";
    const model::Balance& balance = *all.begin()->second;
    const bool is_asked = balance.claimed.round && balance.claimed.round->asked;
    if (balance.declared.mode != model::BalanceMode::act && !is_asked)
        return "an instance is balanced though nobody wants that";
    std::int64_t moves = 0;
    std::map<model::HostId, std::int64_t> by_host;
    std::set<model::HostId> used;
    for (const auto& [id, instance] : after.all<Instance>()) {
        if (instance->claimed.host) used.insert(*instance->claimed.host);
        const auto& move = instance->claimed.move;
        if (!move || move->cause != model::MoveCause::balanced) continue;
        ++moves;
        ++by_host[move->to];
        ++by_host[*instance->claimed.host];
    }
    if (moves > balance.declared.moves_max) return "too many instances are balanced at a time";
    if (by_host[begun.to] > balance.declared.moves_per_host)
        return "too many instances are balanced on one host at a time";
    for (const auto& [id, host] : after.all<model::Host>()) {
        const model::HostHealth health = host->claimed.health;
        const bool is_ill =
            health == model::HostHealth::suspect || health == model::HostHealth::fencing;
        if (is_ill || (host->declared.drain && used.contains(id)))
            return "an instance is balanced while " + host->name + " is in trouble or emptied";
    }
    return {};
}

std::string Ledger::enter_instance(model::InstanceId id, const Snapshot& after) {
    const Instance* now = after.find<Instance>(id);
    const auto at = instances_.find(id);
    InstanceEntry before;
    if (at != instances_.end()) {
        before = at->second;
        add(before.project, before.sizes, -1);
        claim(before.host, before.sizes, -1);
        claim(before.comes_to, before.sizes, -1);
        leaving_ -= before.leaves ? 1 : 0;
        instances_.erase(at);
    }
    if (now == nullptr) return {};
    const auto& declared = now->declared;
    const auto& move = now->claimed.move;
    const bool is_drained = move && move->cause == model::MoveCause::drained;
    const InstanceEntry entry{now->project,
                              {1, 0, declared.vcpus.count, declared.memory.count, 0},
                              now->claimed.host,
                              now->claimed.generation,
                              now->observed.generation,
                              now->claimed.leaving || is_drained,
                              move ? std::optional(move->to) : std::nullopt};
    leaving_ += entry.leaves ? 1 : 0;
    add(entry.project, entry.sizes, +1);
    claim(entry.host, entry.sizes, +1);
    claim(entry.comes_to, entry.sizes, +1);
    instances_[id] = entry;
    if (move && move->cause == model::MoveCause::balanced && !before.comes_to)
        if (std::string against = against_balance(after, *move); !against.empty()) return against;
    if (entry.leaves && !before.leaves && leaving_ > leaving_max)
        return "too many instances are moved at a time";
    if (entry.generation < before.generation || entry.seen < before.seen)
        return "I2: a generation of " + now->name + " fell";
    if (entry.host && before.host && entry.host != before.host &&
        entry.generation == before.generation)
        return "I2: " + now->name + " moved without a new generation";
    if (entry.seen > entry.generation)
        return "I2: " + now->name + " was seen in a generation that was never claimed";
    if (entry.comes_to && entry.comes_to != before.comes_to)
        if (std::string over = over_capacity(*entry.comes_to, after); !over.empty()) return over;
    if (entry.host && entry.host != before.host)
        if (std::string over = over_capacity(*entry.host, after); !over.empty()) return over;
    return over_quota(entry.project, after);
}

std::string Ledger::enter_volume(model::VolumeId id, const Snapshot& after) {
    const Volume* now = after.find<Volume>(id);
    const auto at = volumes_.find(id);
    std::optional<model::InstanceId> before;
    if (at != volumes_.end()) {
        before = at->second.instance;
        add(at->second.project, at->second.sizes, -1);
        volumes_.erase(at);
    }
    if (now == nullptr) return {};
    const VolumeEntry entry{now->project,
                            {0, 1, 0, 0, now->declared.size.count},
                            now->claimed.host,
                            now->declared.instance};
    add(entry.project, entry.sizes, +1);
    volumes_[id] = entry;
    if (entry.instance && entry.host) {
        const Instance* instance = after.find<Instance>(*entry.instance);
        if (instance != nullptr && instance->claimed.host && instance->claimed.host != entry.host)
            return "volume " + now->name + " lies on another host than its instance";
    }
    if (entry.instance && entry.instance != before) {
        const Instance* instance = after.find<Instance>(*entry.instance);
        if (instance == nullptr || instance->deleting)
            return "volume " + now->name + " is attached to what is being deleted";
    }
    return over_quota(entry.project, after);
}

std::string Ledger::enter_network(model::NetworkId id, const Snapshot& after) {
    if (const auto at = numbers_.find(id); at != numbers_.end()) {
        numbered_.erase(at->second);
        numbers_.erase(at);
    }
    const auto* now = after.find<model::Network>(id);
    if (now == nullptr || now->claimed.number == 0) return {};
    numbers_[id] = now->claimed.number;
    const bool fresh = numbered_.emplace(now->claimed.number, id).second;
    return fresh ? "" : "network number " + std::to_string(now->claimed.number) + " is given twice";
}

/// The first address of a range names the network, the second is its gateway, the last one speaks
/// to all.
static bool network_needs(const model::Network& network, model::Ipv4 address) {
    const std::uint64_t first = network.declared.range.first.bits;
    const std::uint64_t last =
        first + (std::uint64_t{1} << (32 - network.declared.range.prefix)) - 1;
    return address.bits < first + 2 || address.bits >= last;
}

std::string Ledger::enter_port(model::PortId id, const Snapshot& after) {
    const auto* now = after.find<model::Port>(id);
    if (const auto at = ports_.find(id); at != ports_.end()) {
        addresses_.erase({at->second.network, at->second.address});
        macs_.erase(at->second.mac);
        ports_.erase(at);
    }
    if (now == nullptr || !now->claimed.address) return {};
    const model::NetworkId network = now->declared.network;
    const model::Ipv4 address = now->claimed.address;
    ports_[id] = {network, address, now->claimed.mac};
    if (!macs_.emplace(now->claimed.mac, id).second)
        return "MAC " + text(now->claimed.mac) + " is given twice";
    if (!addresses_.emplace(std::pair{network, address}, id).second)
        return "address " + text(address) + " is given twice";
    const auto* its = after.find<model::Network>(network);
    return its != nullptr && network_needs(*its, address)
               ? "port " + now->name + " has " + text(address) + ", which its network needs itself"
               : "";
}

std::string Ledger::enter_front(model::ApplicationId id, const Snapshot& after) {
    const auto* now = after.find<model::Application>(id);
    if (const auto at = fronts_.find(id); at != fronts_.end()) {
        front_addresses_.erase(at->second);
        fronts_.erase(at);
    }
    if (now == nullptr || !now->claimed.address) return {};
    fronts_[id] = now->claimed.address;
    if (!front_addresses_.emplace(now->claimed.address, id).second)
        return "front address " + text(now->claimed.address) + " is given twice";
    int carriers = 0;
    for (const model::Place& place : now->claimed.places) carriers += place.needed ? 1 : 0;
    return carriers > 1 ? "the front of " + now->name + " has two carriers" : "";
}

std::string Ledger::enter(const model::Subject& subject, const Snapshot& after) {
    switch (subject.noun) {
        case model::Noun::instance: return enter_instance({subject.id}, after);
        case model::Noun::volume: return enter_volume({subject.id}, after);
        case model::Noun::network: return enter_network({subject.id}, after);
        case model::Noun::port: return enter_port({subject.id}, after);
        case model::Noun::application: return enter_front({subject.id}, after);
        case model::Noun::project: return over_quota({subject.id}, after);
        default: return {};
    }
}

/// Hosts that take nothing new get nothing new.
std::string Ledger::claimed_open(const model::Change& change) {
    if (const auto* declared = std::get_if<model::Declare<model::Host>>(&change)) {
        if (declared->declared.schedulable && !declared->declared.drain)
            closed_.erase(declared->id);
        else
            closed_.insert(declared->id);
    }
    const auto* claim = std::get_if<model::Claim<Instance>>(&change);
    if (claim == nullptr || !claim->claimed.host || !closed_.contains(*claim->claimed.host))
        return {};
    const auto before = instances_.find(claim->id);
    if (before != instances_.end() && before->second.host == claim->claimed.host) return {};
    return "an instance was claimed on a host that takes none";
}

namespace {

/// What no step may do, whatever else is so.
struct Forbidden {
    const Snapshot& after;

    /// What hosts say of a place that they had before says nothing of the one that they have.
    template <class R>
    std::string operator()(const model::Sight<R>& step) const {
        const R* record = after.find<R>(step.id);
        if (record == nullptr) return {};
        for (const model::Place& place : record->claimed.places)
            if (place.host == step.seen.host && place.generation == step.seen.generation) return {};
        return "I2: what was seen of an older place of " + record->name + " is believed";
    }
    /// What is seen of one that moves here is of the move that its claim has now, or had till now.
    std::string operator()(const model::Sight<Instance>& step) const {
        const Instance* record = after.find<Instance>(step.id);
        if (record == nullptr || step.seen.generation <= record->claimed.moved) return {};
        return "I2: what was seen of a move of " + record->name + " that was never ordered";
    }
    /// A host says what it found on itself.
    std::string operator()(const model::Sight<model::Host>& step) const {
        return step.seen.host == step.id ? "" : "what a host found is believed of another one";
    }
    /// A volume that is going back needs its snapshot.
    std::string operator()(const model::Delete<model::VolumeSnapshot>& step) const {
        for (const auto& [id, volume] : after.all<Volume>())
            if (volume->declared.revert_to == step.id && !volume->deleting &&
                volume->declared.reverts > volume->observed.reverts)
                return "a snapshot is deleted to which volume " + volume->name + " is going back";
        return {};
    }
    std::string operator()(const auto&) const { return {}; }
};

}  // namespace

std::string Ledger::learn(const model::Commit& commit, const Snapshot& after) {
    if (commit.revision != revision_ + 1)
        return "I15: after revision " + std::to_string(revision_) + " comes " +
               std::to_string(commit.revision);
    revision_ = commit.revision;
    if (commit.actor.empty()) return "I15: a commit without an actor";
    for (const model::Step& step : commit.steps) {
        if (step.reason.empty()) return "I15: a step without a reason";
        std::string wrong = claimed_open(step.change);
        if (wrong.empty()) wrong = enter(subject_of(step.change), after);
        if (wrong.empty()) wrong = std::visit(Forbidden{after}, step.change);
        if (!wrong.empty()) return wrong;
    }
    return {};
}

void Ledger::begin(const Snapshot& snapshot) {
    *this = {};
    revision_ = snapshot.revision;
    for (const auto& [id, host] : snapshot.all<model::Host>())
        if (!host->declared.schedulable || host->declared.drain) closed_.insert(id);
    for (const auto& [id, record] : snapshot.all<Instance>()) (void)enter_instance(id, snapshot);
    for (const auto& [id, record] : snapshot.all<Volume>()) (void)enter_volume(id, snapshot);
    for (const auto& [id, record] : snapshot.all<model::Network>())
        (void)enter_network(id, snapshot);
    for (const auto& [id, record] : snapshot.all<model::Port>()) (void)enter_port(id, snapshot);
    for (const auto& [id, record] : snapshot.all<model::Application>())
        (void)enter_front(id, snapshot);
}

}  // namespace vdc::sim
