#include "control/duties.h"

#include "base/json.h"
#include "model/places.h"
#include "model/runs.h"

namespace vdc::control {

using model::Application;
using model::HostId;
using model::Image;
using model::Instance;
using model::KeyPair;
using model::Link;
using model::Network;
using model::Noun;
using model::Port;
using model::Power;
using model::Project;
using model::Snapshot;
using model::Volume;
using model::VolumeSnapshot;

/// What the host said under its present place; nothing yet: as it was at the beginning.
template <class R>
static typename R::Observed::OnHost reported_by(const R& record, const model::Place& place) {
    if (const auto* seen = seen_on(record, place.host)) return *seen;
    typename R::Observed::OnHost nothing;
    nothing.host = place.host;
    nothing.generation = place.generation;
    return nothing;
}

static bool is_up(const Snapshot& s, HostId host) {
    return s.get<model::Host>(host).claimed.health == model::HostHealth::up;
}

static std::optional<ImageSource> source_on(const Snapshot& s, const Image& image, HostId host) {
    const model::ImageSeen* seen = seen_on(image, host);
    if (seen == nullptr || seen->phase != model::ImagePhase::ready || !is_up(s, host)) return {};
    return ImageSource{host,
                       s.get<model::Host>(host).name,
                       {true, seen->format, seen->sha256, seen->virtual_size, seen->stored_size}};
}

std::vector<ImageSource> image_sources(const Snapshot& s, const Image& image) {
    constexpr std::size_t most = 2;
    std::vector<ImageSource> sources;
    const auto try_host = [&](HostId host) {
        if (auto source = source_on(s, image, host)) sources.push_back(std::move(*source));
    };
    const std::optional<HostId> keeper = image.claimed.host;
    if (keeper) try_host(*keeper);
    for (const model::Place& place : image.claimed.places) {
        if (sources.size() == most) break;
        if (place.needed && place.host != keeper) try_host(place.host);
    }
    return sources;
}

static std::optional<ImageSource> source_for(const Snapshot& s, const Image& image, HostId host) {
    for (ImageSource& source : image_sources(s, image))
        if (source.host != host) return std::move(source);
    return {};
}

static ImageDuty image_duty(const Snapshot& s, const Image& image, const model::Place& place) {
    constexpr MiB virtual_size_max{16 << 20};
    ImageDuty duty;
    duty.image = {image.id, std::string(word(image.declared.format)), image.declared.sha256,
                  virtual_size_max};
    duty.keeper = image.claimed.host == place.host;
    duty.uploaded = image.declared.uploaded;
    duty.gone = !place.needed;
    if (!duty.keeper) duty.source = source_for(s, image, place.host);
    // The host itself, as it said: an agent that begins finds it there, though all others are lost.
    if (!duty.keeper && !duty.source) duty.source = source_on(s, image, place.host);
    duty.reported = reported_by(image, place);
    return duty;
}

static VolumeDuty volume_duty(const Snapshot& s, const Volume& volume) {
    VolumeDuty duty;
    const model::VolumeDeclared& declared = volume.declared;
    duty.volume = {volume.id, declared.size,      declared.image,
                   {},        declared.revert_to, declared.reverts,
                   {},        declared.pool};
    duty.instance = declared.instance;
    duty.slot = static_cast<int>(declared.slot);
    duty.gone = volume.deleting;
    duty.leaving = volume.claimed.leaving;
    duty.generation = volume.claimed.generation;
    duty.reported = volume.observed;
    duty.reported.hosts.clear();
    const auto* host = volume.claimed.host ? s.find<model::Host>(*volume.claimed.host) : nullptr;
    duty.volume.is_kept = host != nullptr && volume.observed.presence == model::Presence::ready &&
                          host->declared.after_restore != model::AfterRestore::none;
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

/// Of a copy beside the one of the host that keeps the volume: made for a move, or to go.
static VolumeDuty copy_duty(const Volume& volume, const model::Place& place) {
    VolumeDuty duty;
    const model::VolumeDeclared& declared = volume.declared;
    duty.volume.id = volume.id;
    duty.volume.size = declared.size;
    duty.volume.image = declared.image;
    duty.volume.pool = declared.pool;
    duty.gone = !place.needed || volume.deleting;
    if (!duty.gone) duty.instance = declared.instance;
    duty.slot = static_cast<int>(declared.slot);
    duty.generation = place.generation;
    duty.is_copy = true;
    duty.copy_reported = reported_by(volume, place);
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
            {},
            vni_of(network),
            {},
            {},
            {}};
}

std::uint32_t vni_of(const Network& network) {
    const auto salt = static_cast<std::uint32_t>(network.id.value.low & 0xff);
    return salt << 16 | static_cast<std::uint32_t>(network.claimed.number);
}

bool is_underlay(base::Ipv4 address) {
    const auto first = address.bits >> 24;
    return first != 0 && first != 127 && first < 224;
}

base::Ipv4 underlay_of(const model::Host& host) {
    const base::Ipv4 address = host.observed.underlay;
    return is_underlay(address) ? address : base::Ipv4{};
}

std::optional<NameSpec> front_name(const Application& application) {
    const bool has_name =
        application.claimed.address && application.declared.front && !application.deleting;
    if (!has_name) return {};
    return NameSpec{application.name, application.claimed.address};
}

/// Where the network's tunnel leads to that host; none when either end has no underlay.
static base::Ipv4 far_underlay(const Snapshot& s, const NetworkSpec& network, HostId host) {
    if (!network.underlay) return {};
    const base::Ipv4 there = underlay_of(s.get<model::Host>(host));
    return there != network.underlay ? there : base::Ipv4{};
}

/// Fronts: their names on every host that has the network, and the way to those of other hosts.
static void add_fronts(const Snapshot& s, HostId host, NetworkDuty& duty) {
    NetworkSpec& network = duty.network;
    for (const Application* application :
         s.linked_records<Application>(Link::network_application, network.id.value)) {
        auto name = front_name(*application);
        if (!name) continue;
        const auto carrier = model::front_carrier(*application);
        if (carrier && *carrier != host)
            if (const base::Ipv4 there = far_underlay(s, network, *carrier))
                network.far_fronts.push_back({name->address, there});
        network.names.push_back(std::move(*name));
    }
}

/// Of a port on another host: its name, and the way to it.
static void add_peer(const Snapshot& s, const Port& port, const Instance& instance,
                     NetworkSpec& network) {
    network.names.push_back({instance.name, port.claimed.address});
    if (!instance.claimed.host || network.peers.size() == peers_max) return;
    if (const base::Ipv4 there = far_underlay(s, network, *instance.claimed.host))
        network.peers.push_back(
            {port.claimed.mac, port.claimed.address, there, port.declared.anti_spoof});
}

/// The ports of a network: rules for those of instances here, names for all.
static void add_ports(const Snapshot& s, HostId host, NetworkDuty& duty) {
    for (const Port* port : s.linked_records<Port>(Link::network_port, duty.network.id.value)) {
        if (!port->claimed.address || !port->declared.instance) continue;
        const auto& instance = s.get<Instance>(*port->declared.instance);
        const bool is_awaited = instance.claimed.move && instance.claimed.move->to == host;
        if (instance.claimed.host == host || is_awaited)
            duty.network.ports.push_back({port->id, port->claimed.mac, port->claimed.address,
                                          instance.name, port->declared.anti_spoof, is_awaited});
        if (instance.claimed.host != host) add_peer(s, *port, instance, duty.network);
    }
}

static NetworkDuty network_duty(const Snapshot& s, const Network& network,
                                const model::Place& place) {
    NetworkDuty duty;
    duty.network = network_spec(network);
    duty.needed = place.needed;
    duty.reported = reported_by(network, place);
    if (!place.needed) return duty;
    duty.network.underlay = underlay_of(s.get<model::Host>(place.host));
    add_ports(s, place.host, duty);
    add_fronts(s, place.host, duty);
    std::sort(duty.network.names.begin(), duty.network.names.end(),
              [](const NameSpec& a, const NameSpec& b) { return a.name < b.name; });
    return duty;
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

static FrontDuty front_duty(const Snapshot& s, const Application& application,
                            const model::Place& place) {
    const auto& network = s.get<Network>(application.declared.instance.network);
    FrontDuty duty;
    duty.reported = reported_by(application, place);
    duty.gone = !place.needed || !application.declared.front;
    if (!duty.gone) {
        duty.front = front_spec(s, application, network);
        return duty;
    }
    duty.front.id = application.id;
    duty.front.network = network.id;
    duty.front.network_number = static_cast<int>(network.claimed.number);
    return duty;
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
    spec.wishes = {starts_wanted(instance), instance.declared.reboots, instance.declared.resets};
    return spec;
}

static MoveDuty sender_duty(const Snapshot& s, const Instance& instance) {
    const model::Move& move = *instance.claimed.move;
    const model::Host& to = s.get<model::Host>(move.to);
    const auto& arrival = instance.observed.arrival;
    MoveDuty duty;
    duty.generation = move.generation;
    duty.other = to.name;
    duty.address = to.observed.moves_at;
    duty.is_awaited = arrival && arrival->generation == move.generation &&
                      arrival->stage != model::MoveStage::preparing;
    duty.rung = move.rung;
    return duty;
}

static std::optional<MoveDuty> move_duty(const Snapshot& s, const Instance& instance) {
    if (!instance.claimed.move) return {};
    return sender_duty(s, instance);
}

static InstanceDuty instance_duty(const Snapshot& s, const Instance& instance) {
    const model::InstanceDeclared& declared = instance.declared;
    return {
        instance_spec(s, instance),
        instance.claimed.leaving ? Power::off : wanted_power(instance),
        instance.deleting,
        declared.restart,
        declared.rules,
        declared.stop_hard ? base::Duration{} : declared.stop_timeout,
        metadata_of(s, instance),
        instance.observed,
        move_duty(s, instance),
        instance.claimed.moved,
        instance.claimed.restored > 0 && instance.claimed.restored == instance.claimed.generation};
}

/// Of the host that it moves to: to receive it, and nothing else.
static InstanceDuty arrival_duty(const Snapshot& s, const Instance& instance) {
    const model::Move& move = *instance.claimed.move;
    InstanceDuty duty;
    duty.instance = instance_spec(s, instance);
    duty.instance.generation = move.generation;
    duty.power = Power::on;
    duty.restart = instance.declared.restart;
    duty.rules = instance.declared.rules;
    duty.metadata = metadata_of(s, instance);
    duty.move = MoveDuty{};
    duty.move->generation = move.generation;
    duty.move->receives = true;
    duty.move->other = s.get<model::Host>(*instance.claimed.host).name;
    duty.moved = instance.claimed.moved;
    auto& arrival = duty.reported.arrival;
    arrival = instance.observed.arrival;
    if (!arrival || arrival->generation != move.generation)
        arrival = model::ArrivalSeen{move.to, move.generation, {}, {}};
    return duty;
}

bool receives(const InstanceDuty& duty) {
    return duty.move && duty.move->receives;
}

// ---- part by part ------------------------------------------------------------------------------

using Found = const model::Place*;

static std::optional<ImageDuty> part_of(const Snapshot& s, HostId host, const Image& image) {
    const Found place = place_on(image.claimed.places, host);
    return place != nullptr ? std::optional(image_duty(s, image, *place)) : std::nullopt;
}

static std::optional<VolumeDuty> part_of(const Snapshot& s, HostId host, const Volume& volume) {
    if (volume.claimed.host == host && !claimed_before_fence(s, volume.claimed))
        return volume_duty(s, volume);
    const Found place = place_on(volume.claimed.places, host);
    return place != nullptr ? std::optional(copy_duty(volume, *place)) : std::nullopt;
}

static std::optional<NetworkDuty> part_of(const Snapshot& s, HostId host, const Network& network) {
    const Found place = place_on(network.claimed.places, host);
    if (place == nullptr || network.claimed.number == 0) return {};
    return network_duty(s, network, *place);
}

static std::optional<FrontDuty> part_of(const Snapshot& s, HostId host,
                                        const Application& application) {
    const Found place = place_on(application.claimed.places, host);
    return place != nullptr ? std::optional(front_duty(s, application, *place)) : std::nullopt;
}

static std::optional<InstanceDuty> part_of(const Snapshot& s, HostId host,
                                           const Instance& instance) {
    if (instance.claimed.host == host && !claimed_before_fence(s, instance.claimed))
        return instance_duty(s, instance);
    const bool arrives = instance.claimed.move && instance.claimed.move->to == host;
    return arrives ? std::optional(arrival_duty(s, instance)) : std::nullopt;
}

template <class R, class Duty>
static void renew_part(std::map<typename R::Id, Duty>& duties, const Snapshot& s, HostId host,
                       base::Uuid id) {
    const R* record = s.find<R>(typename R::Id{id});
    auto duty = record != nullptr ? part_of(s, host, *record) : std::nullopt;
    if (duty)
        duties.insert_or_assign(typename R::Id{id}, std::move(*duty));
    else
        duties.erase(typename R::Id{id});
}

static void renew_part(Duties& duties, const Snapshot& s, HostId host, const model::Subject& part) {
    switch (part.noun) {
        case Noun::image: return renew_part<Image>(duties.images, s, host, part.id);
        case Noun::volume: return renew_part<Volume>(duties.volumes, s, host, part.id);
        case Noun::network: return renew_part<Network>(duties.networks, s, host, part.id);
        case Noun::application: return renew_part<Application>(duties.fronts, s, host, part.id);
        case Noun::instance: return renew_part<Instance>(duties.instances, s, host, part.id);
        case Noun::host:
        case Noun::project:
        case Noun::flavor:
        case Noun::key_pair:
        case Noun::volume_snapshot:
        case Noun::port:
        case Noun::balance:
        case Noun::operation: base::broken("no part of a host's duties");
    }
}

Parts all_parts(const Snapshot& s, HostId host) {
    Parts parts;
    for (const auto& [link, noun] :
         {std::pair(Link::host_image, Noun::image), std::pair(Link::host_volume, Noun::volume),
          std::pair(Link::host_network, Noun::network),
          std::pair(Link::host_application, Noun::application),
          std::pair(Link::host_instance, Noun::instance),
          std::pair(Link::host_arrival, Noun::instance), std::pair(Link::host_copy, Noun::volume)})
        for (const base::Uuid& id : s.linked(link, host.value)) parts.insert({noun, id});
    return parts;
}

Duties duties(const Snapshot& s, HostId host) {
    Duties all;
    renew(all, s, host, all_parts(s, host));
    return all;
}

void renew(Duties& duties, const Snapshot& s, HostId host, const Parts& parts) {
    const bool all = std::any_of(parts.begin(), parts.end(),
                                 [](const auto& part) { return part.noun == Noun::host; });
    if (all) {
        duties = control::duties(s, host);
        return;
    }
    duties.revision = s.revision;
    const auto* here = s.find<model::Host>(host);
    duties.host_name = here != nullptr ? here->name : "";
    duties.epoch = here != nullptr ? here->claimed.epoch : 0;
    duties.epoch_over = here != nullptr && here->claimed.health == model::HostHealth::down;
    duties.host = host;
    duties.after_restore =
        here != nullptr ? here->declared.after_restore : model::AfterRestore::unheard;
    duties.ends = here != nullptr ? here->declared.ends : std::vector<model::InstanceId>{};
    duties.reported = here != nullptr ? here->observed.found : std::nullopt;
    for (const model::Subject& part : parts) renew_part(duties, s, host, part);
}

}  // namespace vdc::control
