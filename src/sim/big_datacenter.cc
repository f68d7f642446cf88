#include "sim/big_datacenter.h"

#include "control/front_pool.h"
#include "control/make_instance.h"
#include "model/apply.h"
#include "model/places.h"

namespace vdc::sim {

using namespace base;
using namespace model;

base::Instant big_datacenter_time() {
    return Instant{Duration(1'700'000'000'000'000)};
}

namespace {

constexpr std::size_t replicas_of_each = 10;
constexpr std::size_t instances_of_network = 100;
constexpr std::size_t hosts_of_rack = 40;

/// Five classes of applications, from 100 to 900.
std::int64_t priority_of(std::size_t app) {
    return static_cast<std::int64_t>(100 + app % 5 * 200);
}

class Builder {
  public:
    Builder(std::size_t hosts, std::size_t instances) : hosts_(hosts), instances_(instances) {
        advance(snapshot_, 1, big_datacenter_time());
    }

    engine::SnapshotPtr build() {
        project_.id = {derive_uuid(seed, "project", 0)};
        project_.name = "default";
        project_.declared.instances_max = 10'000'000;
        project_.declared.volumes_max = 10'000'000;
        project_.declared.priority_max = priority_most;
        project_.declared.resources_max = {
            {1 << 30}, {std::int64_t{1} << 40}, {std::int64_t{1} << 40}};
        create(project_);
        flavor_.id = {derive_uuid(seed, "flavor", 0)};
        flavor_.name = "small";
        flavor_.declared = {{1}, {2048}, {10 << 10}};
        create(flavor_);
        for (std::size_t host = 0; host < hosts_; ++host) add_host(host);
        add_image();
        for (std::size_t network = 0; network * instances_of_network < instances_; ++network)
            add_network(network);
        for (std::size_t app = 0; app * replicas_of_each < instances_; ++app) add_app(app);
        for (std::size_t instance = 0; instance < instances_; ++instance) add_instance(instance);
        return std::make_shared<const Snapshot>(snapshot_);
    }

  private:
    static constexpr Uuid seed{7, 7};

    template <class R>
    void create(const R& record) {
        apply(snapshot_, Create<R>{std::make_shared<const R>(record)}).value();
    }
    static HostId host_at(std::size_t number) { return {derive_uuid(seed, "host", number)}; }
    static NetworkId network_at(std::size_t number) {
        return {derive_uuid(seed, "network", number)};
    }
    static ApplicationId app_at(std::size_t number) { return {derive_uuid(seed, "app", number)}; }
    static InstanceId instance_at(std::size_t number) {
        return {derive_uuid(seed, "instance", number)};
    }
    HostId host_of(std::size_t instance) const { return host_at(instance % hosts_); }
    static std::size_t network_of(std::size_t instance) { return instance / instances_of_network; }

    void add_host(std::size_t number) {
        Host host;
        host.id = host_at(number);
        host.name = "h" + std::to_string(number + 1);
        host.declared.labels["rack"] = "r" + std::to_string(number / hosts_of_rack + 1);
        host.claimed.epoch = 1;
        host.observed.capacity = {{32}, {64 << 10}, {4 << 20}};
        host.observed.disk_free = {4 << 20};
        host.observed.accelerator = "kvm";
        host.observed.boot_id = "boot-1";
        create(host);
    }

    /// Places on these hosts, and what each of them saw there.
    template <class R>
    static void stand_on(R& record, std::set<HostId> hosts, typename R::Observed::OnHost seen) {
        record.claimed.generation = 1;
        for (const HostId host : hosts) {
            record.claimed.places.push_back({host, 1, true});
            seen.host = host;
            seen.generation = 1;
            record.observed.hosts.push_back(seen);
        }
        sum_up(record);
    }

    void add_image() {
        image_.id = {derive_uuid(seed, "image", 0)};
        image_.name = "tiny";
        image_.declared.uploaded = true;
        image_.claimed.host = host_at(0);
        std::set<HostId> all;
        for (std::size_t host = 0; host < hosts_; ++host) all.insert(host_at(host));
        stand_on(
            image_, all,
            {{}, 0, ImagePhase::ready, "qcow2", std::string(64, 'a'), {1 << 28}, {1 << 26}, {}});
        create(image_);
    }

    void add_network(std::size_t number) {
        Network network;
        network.id = network_at(number);
        network.project = project_.id;
        network.name = "net-" + std::to_string(number);
        network.declared.range = parse_ipv4_range("10.20.0.0/24").value();
        network.claimed.number = static_cast<std::int64_t>(number) + 1;
        std::set<HostId> hosts;
        for (std::size_t of = 0; of < instances_of_network; ++of)
            hosts.insert(host_of(number * instances_of_network + of));
        stand_on(network, hosts, {{}, 0, Presence::ready, {}});
        create(network);
    }

    void add_app(std::size_t number) {
        Application app;
        app.id = app_at(number);
        app.project = project_.id;
        app.name = "app-" + std::to_string(number);
        app.declared.replicas = replicas_of_each;
        app.declared.priority = priority_of(number);
        app.declared.instance = {
            flavor_.name, image_.id, network_at(network_of(number * replicas_of_each)), {}, {}, {}};
        app.declared.front = Front{};
        app.claimed.address = control::front_pool.first + static_cast<std::uint32_t>(number + 1);
        FrontSeen seen;
        seen.presence = Presence::ready;
        for (std::size_t of = 0; of < replicas_of_each; ++of)
            seen.ready.push_back(instance_at(number * replicas_of_each + of));
        std::sort(seen.ready.begin(), seen.ready.end());
        stand_on(app, {host_of(number * replicas_of_each)}, seen);
        create(app);
    }

    void add_instance(std::size_t number) {
        const std::size_t app = number / replicas_of_each;
        control::NewInstance wanted;
        wanted.id = instance_at(number);
        wanted.project = project_.id;
        wanted.flavor = &flavor_;
        wanted.image = image_.id;
        wanted.networks = {network_at(network_of(number))};
        wanted.restart = Restart::always;
        wanted.priority = priority_of(app);
        wanted.application = app_at(app);
        wanted.ordinal = static_cast<std::int64_t>(number % replicas_of_each);
        wanted.name = "app-" + std::to_string(app) + "-" + std::to_string(wanted.ordinal + 1);
        wanted.template_mark =
            template_mark(snapshot_.get<Application>(app_at(app)).declared.instance);
        for (const Step& step : control::make_instance(wanted, "")) add_part(step, number);
    }

    /// The instance, its volume, its port: claimed and seen.
    void add_part(const Step& step, std::size_t number) {
        if (const auto* made = std::get_if<Create<Instance>>(&step.change)) {
            Instance instance = *made->record;
            instance.claimed.host = host_of(number);
            instance.claimed.epoch = instance.claimed.generation = 1;
            instance.observed.generation = 1;
            instance.observed.phase = InstancePhase::running;
            instance.observed.since = big_datacenter_time() - 1h;
            instance.observed.starts = instance.declared.starts;
            instance.observed.accelerator = "kvm";
            create(instance);
        }
        if (const auto* made = std::get_if<Create<Volume>>(&step.change)) {
            Volume volume = *made->record;
            volume.claimed = {host_of(number), 1, 1};
            volume.observed = {Presence::ready, volume.declared.size, instance_at(number), 0, {}};
            create(volume);
        }
        if (const auto* made = std::get_if<Create<Port>>(&step.change)) {
            Port port = *made->record;
            const auto at = static_cast<std::uint32_t>(number % instances_of_network);
            port.claimed.address = parse_ipv4("10.20.0.10").value() + at;
            port.claimed.mac = Mac{0x020000000000 + number};
            create(port);
        }
    }

    const std::size_t hosts_;
    const std::size_t instances_;
    Snapshot snapshot_;
    Project project_;
    Flavor flavor_;
    Image image_;
};

}  // namespace

engine::SnapshotPtr big_datacenter(std::size_t hosts, std::size_t instances) {
    return Builder(hosts, instances).build();
}

}  // namespace vdc::sim
