#include <map>
#include <set>

#include "model/apply.h"
#include "model/writer.h"

namespace vdc::model {

using Findings = std::vector<std::string>;

Resources claimable(const Host& host) {
    const Resources& has = host.observed.capacity;
    const MiB memory = has.memory - host.declared.memory_kept;
    return {{has.vcpus.count * host.declared.cpu_overcommit / 1000},
            {std::max<std::int64_t>(0, memory.count) * host.declared.memory_overcommit / 1000},
            has.disk};
}

template <class R>
static void must_exist(const Snapshot& s, typename R::Id id, const std::string& who,
                       Findings& found) {
    if (s.find<R>(id) == nullptr)
        found.push_back(who + " refers to a missing " + std::string(word(R::noun)) + " " +
                        text(id));
}

static void check_references(const Snapshot& s, Findings& found) {
    for (const auto& [id, port] : s.all<Port>()) {
        must_exist<Network>(s, port->declared.network, "port " + port->name, found);
        if (port->declared.instance)
            must_exist<Instance>(s, *port->declared.instance, "port " + port->name, found);
    }
    for (const auto& [id, volume] : s.all<Volume>()) {
        const std::string who = "volume " + volume->name;
        if (volume->declared.image) must_exist<Image>(s, *volume->declared.image, who, found);
        if (volume->declared.instance)
            must_exist<Instance>(s, *volume->declared.instance, who, found);
        if (volume->claimed.host) must_exist<Host>(s, *volume->claimed.host, who, found);
    }
    for (const auto& [id, snapshot] : s.all<VolumeSnapshot>())
        must_exist<Volume>(s, snapshot->declared.volume, "volume snapshot " + snapshot->name,
                           found);
    for (const auto& [id, instance] : s.all<Instance>()) {
        const std::string who = "instance " + instance->name;
        must_exist<Image>(s, instance->declared.image, who, found);
        if (instance->claimed.host) must_exist<Host>(s, *instance->claimed.host, who, found);
        if (instance->declared.application)
            must_exist<Application>(s, *instance->declared.application, who, found);
    }
}

template <class Key>
static void must_be_unique(std::set<Key>& seen, Key key, const std::string& what, Findings& found) {
    if (!seen.insert(std::move(key)).second) found.push_back(what + " is given twice");
}

static void check_unique(const Snapshot& s, Findings& found) {
    std::set<std::pair<NetworkId, Ipv4>> addresses;
    for (const auto& [id, port] : s.all<Port>()) {
        if (!port->claimed.address) continue;
        must_be_unique(addresses, {port->declared.network, port->claimed.address},
                       "address " + text(port->claimed.address) + " of port " + port->name, found);
        const Network* network = s.find<Network>(port->declared.network);
        if (network != nullptr && !network->declared.range.holds(port->claimed.address))
            found.push_back("port " + port->name + " has an address outside of its network");
    }
    std::set<std::int64_t> numbers;
    for (const auto& [id, network] : s.all<Network>())
        if (network->claimed.number != 0)
            must_be_unique(numbers, network->claimed.number, "number of network " + network->name,
                           found);
    std::set<Ipv4> fronts;
    for (const auto& [id, application] : s.all<Application>())
        if (application->claimed.address)
            must_be_unique(fronts, application->claimed.address,
                           "front address of " + application->name, found);
}

/// I6: claims within capacity times overcommit. Added up here from the records, not from the index.
static void check_capacity(const Snapshot& s, Findings& found) {
    std::map<HostId, Resources> claimed;
    for (const auto& [id, instance] : s.all<Instance>())
        if (takes_capacity(*instance))
            claimed[*instance->claimed.host] +=
                {instance->declared.vcpus, instance->declared.memory, {}};
    for (const auto& [id, taken] : claimed) {
        const Host* host = s.find<Host>(id);
        if (host == nullptr) continue;
        const Resources most = claimable(*host);
        if (taken.vcpus > most.vcpus || taken.memory > most.memory)
            found.push_back("host " + host->name + " has more claimed than it may");
    }
}

/// I5: usage within quota.
static void check_quotas(const Snapshot& s, Findings& found) {
    std::map<ProjectId, Snapshot::Usage> used;
    for (const auto& [id, instance] : s.all<Instance>()) {
        used[instance->project].instances += 1;
        used[instance->project].resources +=
            {instance->declared.vcpus, instance->declared.memory, {}};
    }
    for (const auto& [id, volume] : s.all<Volume>()) {
        used[volume->project].volumes += 1;
        used[volume->project].resources += {{}, {}, volume->declared.size};
    }
    for (const auto& [id, usage] : used)
        if (usage != s.usage(id))
            found.push_back("the usage of project " + text(id) + " is not what its records say");
}

static void check_indices(const Snapshot& s, Findings& found) {
    Snapshot rebuilt;
    for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : s.all<R>()) Writer{rebuilt}.put(*record);
    });
    if (!same_indices(s, rebuilt)) found.push_back("an index is not what the records say");
}

std::vector<std::string> check(const Snapshot& snapshot) {
    Findings found;
    check_references(snapshot, found);
    check_unique(snapshot, found);
    check_capacity(snapshot, found);
    check_quotas(snapshot, found);
    check_indices(snapshot, found);
    return found;
}

}  // namespace vdc::model
