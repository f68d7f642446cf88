#include <algorithm>
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

template <class R>
static std::string title(const R& record) {
    std::string title(word(R::noun));
    std::replace(title.begin(), title.end(), '_', ' ');
    return title + " " + record.name;
}

/// The noun's own references; all records of it, one after the other.
static void check_record(const Snapshot&, const auto&, const std::string&, Findings&) {}

/// Nothing is claimed under an epoch that its host has not begun.
static void must_have_begun(const Snapshot& s, HostId id, Epoch epoch, const std::string& who,
                            Findings& found) {
    const Host* host = s.find<Host>(id);
    if (host != nullptr && epoch > host->claimed.epoch)
        found.push_back(who + " is claimed under an epoch that its host has not begun");
}

static void check_record(const Snapshot&, const Host& host, const std::string& who,
                         Findings& found) {
    const HostClaimed& claimed = host.claimed;
    const bool down = claimed.health == HostHealth::down;
    if (claimed.fenced > claimed.epoch) found.push_back(who + " is fenced in an epoch to come");
    if (down && (claimed.fenced != claimed.epoch || claimed.evidence == Evidence::none))
        found.push_back(who + " is down without evidence");
    if (!down && claimed.fenced > 0 && claimed.fenced == claimed.epoch)
        found.push_back(who + " is fenced and not down");
}
static void check_record(const Snapshot& s, const Image& image, const std::string& who,
                         Findings& found) {
    if (image.claimed.host) must_exist<Host>(s, *image.claimed.host, who, found);
}
static void check_record(const Snapshot& s, const Port& port, const std::string& who,
                         Findings& found) {
    must_exist<Network>(s, port.declared.network, who, found);
    if (port.declared.instance) must_exist<Instance>(s, *port.declared.instance, who, found);
}
static void check_record(const Snapshot& s, const Volume& volume, const std::string& who,
                         Findings& found) {
    if (volume.declared.image) must_exist<Image>(s, *volume.declared.image, who, found);
    if (volume.declared.instance) must_exist<Instance>(s, *volume.declared.instance, who, found);
    if (volume.claimed.host) {
        must_exist<Host>(s, *volume.claimed.host, who, found);
        must_have_begun(s, *volume.claimed.host, volume.claimed.epoch, who, found);
    }
}
static void check_record(const Snapshot& s, const VolumeSnapshot& snapshot, const std::string& who,
                         Findings& found) {
    must_exist<Volume>(s, snapshot.declared.volume, who, found);
}
static void check_record(const Snapshot& s, const Instance& instance, const std::string& who,
                         Findings& found) {
    const InstanceDeclared& declared = instance.declared;
    must_exist<Image>(s, declared.image, who, found);
    if (declared.key) must_exist<KeyPair>(s, *declared.key, who, found);
    if (declared.application) must_exist<Application>(s, *declared.application, who, found);
    if (instance.claimed.host) {
        must_exist<Host>(s, *instance.claimed.host, who, found);
        must_have_begun(s, *instance.claimed.host, instance.claimed.epoch, who, found);
    }
    if (const auto& move = instance.claimed.move) {
        must_exist<Host>(s, move->to, who, found);
        must_have_begun(s, move->to, move->epoch, who, found);
        if (!instance.claimed.host || instance.claimed.host == move->to)
            found.push_back(who + " moves from nowhere, or to where it is");
    }
    if (instance.observed.generation > instance.claimed.generation)
        found.push_back(who + " was seen in a generation that was never claimed");
}
static void check_record(const Snapshot& s, const Application& application, const std::string& who,
                         Findings& found) {
    const Template& made_of = application.declared.instance;
    must_exist<Image>(s, made_of.image, who, found);
    must_exist<Network>(s, made_of.network, who, found);
    if (made_of.key) must_exist<KeyPair>(s, *made_of.key, who, found);
}

/// References lead to what is there; names are unique in their project.
static void check_records(const Snapshot& s, Findings& found) {
    for_each_noun([&]<class R>(std::type_identity<R>) {
        std::set<std::pair<ProjectId, std::string>> names;
        for (const auto& [id, record] : s.all<R>()) {
            const std::string who = title(*record);
            if (record->id != id) found.push_back(who + " stands under another id");
            if (!names.emplace(record->project, record->name).second)
                found.push_back("the name of " + who + " is given twice");
            if (record->project) must_exist<Project>(s, record->project, who, found);
            check_record(s, *record, who, found);
        }
    });
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
    for (const auto& [id, instance] : s.all<Instance>()) {
        const Resources takes{instance->declared.vcpus, instance->declared.memory, {}};
        if (takes_capacity(*instance)) claimed[*instance->claimed.host] += takes;
        if (instance->claimed.move) claimed[instance->claimed.move->to] += takes;
    }
    for (const auto& [id, taken] : claimed) {
        const Host* host = s.find<Host>(id);
        if (host == nullptr) continue;
        const Resources most = claimable(*host);
        if (taken.vcpus > most.vcpus || taken.memory > most.memory)
            found.push_back("host " + host->name + " has more claimed than it may");
    }
}

/// I5: usage within quota. Added up here from the records, not from the index.
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
    for (const auto& [id, usage] : used) {
        const Project* project = s.find<Project>(id);
        if (project == nullptr) continue;
        const ProjectDeclared& quota = project->declared;
        const Resources& most = quota.resources_max;
        if (usage.instances > quota.instances_max || usage.volumes > quota.volumes_max ||
            usage.resources.vcpus > most.vcpus || usage.resources.memory > most.memory ||
            usage.resources.disk > most.disk)
            found.push_back("project " + project->name + " uses more than its quota");
    }
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
    check_records(snapshot, found);
    check_unique(snapshot, found);
    check_capacity(snapshot, found);
    check_quotas(snapshot, found);
    check_indices(snapshot, found);
    return found;
}

}  // namespace vdc::model
