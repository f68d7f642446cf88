#include "control/duties.h"

#include "base/json.h"

namespace vdc::control {

using model::Application;
using model::HostId;
using model::Image;
using model::Instance;
using model::KeyPair;
using model::Link;
using model::Network;
using model::Port;
using model::Power;
using model::Project;
using model::Snapshot;
using model::Volume;
using model::VolumeSnapshot;

static ImageDuty image_duty(const Image& image) {
    constexpr MiB virtual_size_max{16 << 20};
    return {{image.id, std::string(word(image.declared.format)), image.declared.sha256,
             virtual_size_max},
            image.declared.uploaded,
            image.deleting,
            image.observed};
}

static VolumeDuty volume_duty(const Snapshot& s, const Volume& volume) {
    VolumeDuty duty;
    const model::VolumeDeclared& declared = volume.declared;
    duty.volume = {
        volume.id, declared.size, declared.image, {}, declared.revert_to, declared.reverts, {}};
    duty.instance = declared.instance;
    duty.slot = static_cast<int>(declared.slot);
    duty.gone = volume.deleting;
    duty.reported = volume.observed;
    auto snapshots = s.linked_records<VolumeSnapshot>(Link::volume_snapshot, volume.id.value);
    std::stable_sort(snapshots.begin(), snapshots.end(),
                     [](const auto* a, const auto* b) { return a->created < b->created; });
    for (const VolumeSnapshot* snapshot : snapshots) {
        duty.snapshots_reported[snapshot->id] = snapshot->observed;
        if (snapshot->deleting)
            duty.snapshots_gone.push_back(snapshot->id);
        else
            duty.volume.snapshots.push_back(snapshot->id);
    }
    return duty;
}

static Ipv4 gateway_of(const Network& network) {
    return network.declared.range.first + 1;
}

static std::string domain_of(const Network& network) {
    return network.declared.domain.empty() ? network.name + ".internal" : network.declared.domain;
}

static NetworkSpec network_spec(const Network& network) {
    return {network.id,
            static_cast<int>(network.claimed.number),
            network.declared.range,
            gateway_of(network),
            domain_of(network),
            network.declared.nat,
            static_cast<int>(network.declared.mtu),
            {},
            {}};
}

/// The ports of a network: rules for those of instances here, names for all.
static void add_ports(const Snapshot& s, HostId host, NetworkDuty& duty) {
    for (const Port* port : s.linked_records<Port>(Link::network_port, duty.network.id.value)) {
        if (!port->claimed.address || !port->declared.instance) continue;
        const auto& instance = s.get<Instance>(*port->declared.instance);
        if (instance.claimed.host == host) {
            duty.network.ports.push_back({port->id, port->claimed.mac, port->claimed.address,
                                          instance.name, port->declared.anti_spoof});
            duty.needed = true;
        } else {
            duty.network.names.push_back({instance.name, port->claimed.address});
        }
    }
}

static void add_networks(const Snapshot& s, HostId host, Duties& duties) {
    for (const auto& [id, network] : s.all<Network>()) {
        if (network->claimed.number == 0) continue;
        NetworkDuty& duty = duties.networks[id];
        duty.network = network_spec(*network);
        duty.reported = network->observed;
        add_ports(s, host, duty);
    }
}

static FrontSpec front_spec(const Snapshot& s, const Application& application,
                            const Network& network) {
    const model::Front& front = *application.declared.front;
    FrontSpec spec{
        application.id,
        network.id,
        static_cast<int>(network.claimed.number),
        application.name,
        application.claimed.address,
        static_cast<std::uint16_t>(front.port),
        static_cast<std::uint16_t>(front.target_port),
        front.protocol == model::Protocol::http ? FrontProtocol::http : FrontProtocol::tcp,
        front.check_path,
        {}};
    for (const Instance* replica :
         s.linked_records<Instance>(Link::application_instance, application.id.value)) {
        if (wanted_power(*replica) != Power::on || !replica->claimed.host) continue;
        for (const Port* port : s.linked_records<Port>(Link::instance_port, replica->id.value))
            if (port->declared.network == network.id && port->claimed.address)
                spec.backends.push_back({replica->id, replica->name, port->claimed.address});
    }
    return spec;
}

/// A front stands on every host that has its network; there DNS knows its name.
static void add_front(const Snapshot& s, const Application& application, Duties& duties) {
    const auto& network = s.get<Network>(application.declared.instance.network);
    const auto found = duties.networks.find(network.id);
    if (found == duties.networks.end()) return;
    NetworkDuty& duty = found->second;
    FrontDuty front;
    front.reported = application.observed;
    front.gone = application.deleting || !application.declared.front || !duty.needed;
    if (front.gone) {
        front.front.id = application.id;
        front.front.network = network.id;
        front.front.network_number = static_cast<int>(network.claimed.number);
    } else {
        front.front = front_spec(s, application, network);
        duty.network.names.push_back({application.name, application.claimed.address});
    }
    duties.fronts.emplace(application.id, std::move(front));
}

static void add_fronts(const Snapshot& s, Duties& duties) {
    for (const auto& [id, application] : s.all<Application>())
        if (application->claimed.address) add_front(s, *application, duties);
    for (auto& [id, duty] : duties.networks)
        std::sort(duty.network.names.begin(), duty.network.names.end(),
                  [](const NameSpec& a, const NameSpec& b) { return a.name < b.name; });
}

SeedSpec seed(const Snapshot& s, const Instance& instance) {
    base::Json meta =
        base::Json::object({{"instance-id", text(instance.id)}, {"local-hostname", instance.name}});
    if (instance.declared.key)
        meta.set("public-keys",
                 base::Json::array({s.get<KeyPair>(*instance.declared.key).declared.public_key}));
    base::Json network = base::Json::object({{"version", 2}});
    base::Json cards = base::Json::object();
    int index = 0;
    for (const Port* port : s.linked_records<Port>(Link::instance_port, instance.id.value))
        cards.set("card" + std::to_string(index++),
                  base::Json::object(
                      {{"match", base::Json::object({{"macaddress", text(port->claimed.mac)}})},
                       {"dhcp4", true}}));
    network.set("ethernets", std::move(cards));
    return {dump_pretty(meta) + "\n", instance.declared.user_data, dump_pretty(network) + "\n"};
}

static Metadata metadata_of(const Snapshot& s, const Instance& instance) {
    Metadata metadata{instance.name, text(instance.project), {}, {}, instance.declared.user_data};
    if (instance.declared.key) {
        const auto& key = s.get<KeyPair>(*instance.declared.key);
        metadata.public_key = key.declared.public_key;
        metadata.key_name = key.name;
    }
    return metadata;
}

static InstanceSpec instance_spec(const Snapshot& s, const Instance& instance) {
    InstanceSpec spec;
    spec.id = instance.id;
    spec.generation = instance.claimed.generation;
    spec.name = instance.name;
    spec.vcpus = instance.declared.vcpus;
    spec.memory = instance.declared.memory;
    for (const Volume* volume : s.linked_records<Volume>(Link::instance_volume, instance.id.value))
        spec.disks.push_back({volume->id, static_cast<int>(volume->declared.slot)});
    std::sort(spec.disks.begin(), spec.disks.end(), [](const DiskSpec& a, const DiskSpec& b) {
        return std::tie(a.slot, a.volume) < std::tie(b.slot, b.volume);
    });
    for (const Port* port : s.linked_records<Port>(Link::instance_port, instance.id.value)) {
        const auto& network = s.get<Network>(port->declared.network);
        spec.cards.push_back({port->id, network.id, static_cast<int>(network.claimed.number),
                              port->claimed.mac, static_cast<int>(network.declared.mtu)});
    }
    spec.seed = seed(s, instance);
    spec.wishes = {instance.declared.starts, instance.declared.reboots, instance.declared.resets};
    return spec;
}

static InstanceDuty instance_duty(const Snapshot& s, const Instance& instance) {
    const model::InstanceDeclared& declared = instance.declared;
    return {instance_spec(s, instance),
            wanted_power(instance),
            instance.deleting,
            declared.restart,
            declared.stop_hard ? base::Duration{} : declared.stop_timeout,
            metadata_of(s, instance),
            instance.observed};
}

Duties duties(const Snapshot& s, HostId host) {
    Duties duties;
    duties.revision = s.revision;
    for (const Image* image : s.linked_records<Image>(Link::host_image, host.value))
        duties.images.emplace(image->id, image_duty(*image));
    for (const Volume* volume : s.linked_records<Volume>(Link::host_volume, host.value))
        duties.volumes.emplace(volume->id, volume_duty(s, *volume));
    for (const Instance* instance : s.linked_records<Instance>(Link::host_instance, host.value))
        duties.instances.emplace(instance->id, instance_duty(s, *instance));
    add_networks(s, host, duties);
    add_fronts(s, duties);
    return duties;
}

}  // namespace vdc::control
