#include "model/view.h"

#include <algorithm>

#include "model/apply.h"
#include "model/status.h"

namespace vdc::model {

using Name = std::optional<std::string>;

/// The name of what an id refers to; nothing for none, and for what is gone.
template <class R>
static Name name_of(const Snapshot& snapshot, typename R::Id id) {
    const R* found = id ? snapshot.find<R>(id) : nullptr;
    return found != nullptr ? Name(found->name) : Name();
}

template <class R>
static Name name_of(const Snapshot& snapshot, const std::optional<typename R::Id>& id) {
    return id ? name_of<R>(snapshot, *id) : Name();
}

static std::int64_t count(const Snapshot& snapshot, Link link, base::Uuid parent) {
    return static_cast<std::int64_t>(snapshot.linked(link, parent).size());
}

ProjectView view_of(const Snapshot& snapshot, const Project& project) {
    const Snapshot::Usage usage = snapshot.usage(project.id);
    return {usage.instances, usage.volumes, usage.resources};
}

HostView view_of(const Snapshot& snapshot, const Host& host) {
    return {count(snapshot, Link::host_instance, host.id.value),
            count(snapshot, Link::host_volume, host.id.value), claimable(host),
            snapshot.claimed(host.id)};
}

/// Names of the hosts on which the thing is, as they say themselves; sorted.
template <class R, class There>
static std::vector<std::string> hosts_with(const Snapshot& snapshot, const R& record, There there) {
    std::vector<std::string> names;
    for (const auto& seen : record.observed.hosts)
        if (there(seen)) names.push_back(name_of<Host>(snapshot, seen.host).value_or(""));
    std::sort(names.begin(), names.end());
    return names;
}

ImageView view_of(const Snapshot& snapshot, const Image& image) {
    return {name_of<Project>(snapshot, image.project), name_of<Host>(snapshot, image.claimed.host),
            hosts_with(snapshot, image,
                       [](const ImageSeen& seen) { return seen.phase == ImagePhase::ready; }),
            count(snapshot, Link::image_volume, image.id.value)};
}

NetworkView view_of(const Snapshot& snapshot, const Network& network) {
    return {name_of<Project>(snapshot, network.project), network.declared.range.first + 1,
            count(snapshot, Link::network_port, network.id.value),
            hosts_with(snapshot, network,
                       [](const NetworkSeen& seen) { return seen.presence == Presence::ready; })};
}

VolumeView view_of(const Snapshot& snapshot, const Volume& volume) {
    VolumeView view{name_of<Project>(snapshot, volume.project),
                    name_of<Host>(snapshot, volume.claimed.host),
                    name_of<Image>(snapshot, volume.declared.image),
                    name_of<Instance>(snapshot, volume.declared.instance),
                    {}};
    auto snapshots =
        snapshot.linked_records<VolumeSnapshot>(Link::volume_snapshot, volume.id.value);
    std::stable_sort(snapshots.begin(), snapshots.end(),
                     [](const auto* a, const auto* b) { return a->created < b->created; });
    for (const VolumeSnapshot* each : snapshots) view.snapshots.push_back(each->name);
    return view;
}

VolumeSnapshotView view_of(const Snapshot& snapshot, const VolumeSnapshot& volume_snapshot) {
    return {name_of<Project>(snapshot, volume_snapshot.project),
            name_of<Volume>(snapshot, volume_snapshot.declared.volume)};
}

PortView view_of(const Snapshot& snapshot, const Port& port) {
    return {name_of<Project>(snapshot, port.project),
            name_of<Network>(snapshot, port.declared.network),
            name_of<Instance>(snapshot, port.declared.instance)};
}

InstanceView view_of(const Snapshot& snapshot, const Instance& instance) {
    const InstanceDeclared& declared = instance.declared;
    InstanceView view{name_of<Project>(snapshot, instance.project),
                      name_of<Host>(snapshot, instance.claimed.host),
                      name_of<Image>(snapshot, declared.image),
                      name_of<KeyPair>(snapshot, declared.key),
                      name_of<Application>(snapshot, declared.application),
                      {},
                      {}};
    for (const Port* port : snapshot.linked_records<Port>(Link::instance_port, instance.id.value))
        view.addresses.push_back({name_of<Network>(snapshot, port->declared.network).value_or(""),
                                  port->claimed.address, port->claimed.mac});
    auto volumes = snapshot.linked_records<Volume>(Link::instance_volume, instance.id.value);
    std::stable_sort(volumes.begin(), volumes.end(), [](const auto* a, const auto* b) {
        return a->declared.slot < b->declared.slot;
    });
    for (const Volume* volume : volumes) view.volumes.push_back(volume->name);
    return view;
}

ApplicationView view_of(const Snapshot& snapshot, const Application& application) {
    const ApplicationDeclared& declared = application.declared;
    ApplicationView view;
    view.project = name_of<Project>(snapshot, application.project);
    view.image = name_of<Image>(snapshot, declared.instance.image);
    view.network = name_of<Network>(snapshot, declared.instance.network);
    if (declared.front && application.claimed.address)
        view.address = text(application.claimed.address);
    if (declared.front) view.port = declared.front->port;
    for (const Place& place : application.claimed.places)
        if (place.needed) view.host = name_of<Host>(snapshot, place.host);
    view.ready = ready_replicas(snapshot, application);
    view.wanted = declared.replicas;
    auto replicas =
        snapshot.linked_records<Instance>(Link::application_instance, application.id.value);
    std::stable_sort(replicas.begin(), replicas.end(), [](const auto* a, const auto* b) {
        return a->declared.ordinal < b->declared.ordinal;
    });
    for (const Instance* replica : replicas) view.instances.push_back(replica->name);
    return view;
}

BalanceView view_of(const Snapshot& snapshot, const Balance& balance) {
    BalanceView view;
    const auto add = [&](const std::vector<BalanceStep>& steps, bool under_way) {
        for (const BalanceStep& step : steps)
            view.moves.push_back({name_of<Instance>(snapshot, std::optional(step.instance)),
                                  name_of<Host>(snapshot, std::optional(step.from)),
                                  name_of<Host>(snapshot, std::optional(step.to)), under_way});
    };
    if (balance.claimed.round) add(balance.claimed.round->under_way, /*under_way=*/true);
    add(balance.claimed.plan, /*under_way=*/false);
    return view;
}

PlainView view_of(const Snapshot& snapshot, const Flavor& flavor) {
    return {name_of<Project>(snapshot, flavor.project)};
}
PlainView view_of(const Snapshot& snapshot, const KeyPair& key) {
    return {name_of<Project>(snapshot, key.project)};
}
PlainView view_of(const Snapshot& snapshot, const Operation& operation) {
    return {name_of<Project>(snapshot, operation.project)};
}

}  // namespace vdc::model
