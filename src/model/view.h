#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/snapshot.h"

/// What people want to see beside a record and what follows from other records: names in the place
/// of ids, sums. Computed at the edge; nothing decides by it.
namespace vdc::model {

struct ProjectView {
    std::int64_t instances = 0;
    std::int64_t volumes = 0;
    Resources used;

    template <class D = ProjectView>
    static constexpr auto fields() {
        return std::tuple{field("instances", &D::instances, "that it has"),
                          field("volumes", &D::volumes, "that it has"),
                          field("used", &D::used, "what it takes of its quota")};
    }
};

struct HostView {
    std::int64_t instances = 0;
    std::int64_t volumes = 0;
    Resources claimable;
    Resources claimed;

    template <class D = HostView>
    static constexpr auto fields() {
        return std::tuple{field("instances", &D::instances, "claimed on it"),
                          field("volumes", &D::volumes, "that lie on it"),
                          field("claimable", &D::claimable, "what may be claimed on it in all"),
                          field("claimed", &D::claimed, "what is claimed of that")};
    }
};

struct ImageView {
    std::optional<std::string> project;
    std::optional<std::string> host;
    std::vector<std::string> hosts;
    std::int64_t volumes = 0;

    template <class D = ImageView>
    static constexpr auto fields() {
        return std::tuple{field("project", &D::project, "name; none: of the datacenter"),
                          field("host", &D::host, "name of the host that imported it"),
                          field("hosts", &D::hosts, "names of those that have it"),
                          field("volumes", &D::volumes, "that began with it")};
    }
};

struct NetworkView {
    std::optional<std::string> project;
    Ipv4 gateway;
    std::int64_t ports = 0;
    std::vector<std::string> hosts;

    template <class D = NetworkView>
    static constexpr auto fields() {
        return std::tuple{field("project", &D::project, "name"),
                          field("gateway", &D::gateway, "of its instances"),
                          field("ports", &D::ports, "in it"),
                          field("hosts", &D::hosts, "names of those where it stands")};
    }
};

struct VolumeView {
    std::optional<std::string> project;
    std::optional<std::string> host;
    std::optional<std::string> image;
    std::optional<std::string> instance;
    std::vector<std::string> snapshots;

    template <class D = VolumeView>
    static constexpr auto fields() {
        return std::tuple{field("project", &D::project, "name"),
                          field("host", &D::host, "name of the host it lies on"),
                          field("image", &D::image, "name of what it began with"),
                          field("instance", &D::instance, "name of whose it is"),
                          field("snapshots", &D::snapshots, "names, oldest first")};
    }
};

struct VolumeSnapshotView {
    std::optional<std::string> project;
    std::optional<std::string> volume;

    template <class D = VolumeSnapshotView>
    static constexpr auto fields() {
        return std::tuple{field("project", &D::project, "name"),
                          field("volume", &D::volume, "name")};
    }
};

struct PortView {
    std::optional<std::string> project;
    std::optional<std::string> network;
    std::optional<std::string> instance;

    template <class D = PortView>
    static constexpr auto fields() {
        return std::tuple{field("project", &D::project, "name"),
                          field("network", &D::network, "name"),
                          field("instance", &D::instance, "name of whose it is")};
    }
};

struct AddressView {
    std::string network;
    Ipv4 address;
    Mac mac;

    template <class D = AddressView>
    static constexpr auto fields() {
        return std::tuple{field("network", &D::network, "name"),
                          field("address", &D::address, "in that network; 0.0.0.0: none yet"),
                          field("mac", &D::mac, "of its card")};
    }
};

struct InstanceView {
    std::optional<std::string> project;
    std::optional<std::string> host;
    std::optional<std::string> image;
    std::optional<std::string> key;
    std::optional<std::string> application;
    std::vector<AddressView> addresses;
    std::vector<std::string> volumes;

    template <class D = InstanceView>
    static constexpr auto fields() {
        return std::tuple{
            field("project", &D::project, "name"),
            field("host", &D::host, "name of the host it is claimed on"),
            field("image", &D::image, "name of what its root volume began with"),
            field("key", &D::key, "name of the key pair that may log in"),
            field("application", &D::application, "name of the app it is a replica of"),
            field("addresses", &D::addresses, "one for each port"),
            field("volumes", &D::volumes, "names, in the order of their places")};
    }
};

struct ApplicationView {
    std::optional<std::string> project;
    std::optional<std::string> image;
    std::optional<std::string> network;
    std::optional<std::string> address;
    std::optional<std::int64_t> port;
    std::optional<std::string> host;
    std::int64_t ready = 0;
    std::int64_t wanted = 0;
    std::vector<std::string> instances;

    template <class V = ApplicationView>
    static constexpr auto fields() {
        return std::tuple{field("project", &V::project, "name"),
                          field("image", &V::image, "name of what its replicas are made of"),
                          field("network", &V::network, "name of where its replicas are"),
                          field("address", &V::address, "where it answers"),
                          field("port", &V::port, "where it answers"),
                          field("host", &V::host, "name of the host that carries its front"),
                          field("ready", &V::ready, "replicas that are ready"),
                          field("wanted", &V::wanted, "replicas that shall be"),
                          field("instances", &V::instances, "names of its replicas, in order")};
    }
};

/// A move of the plan, or one that is under way.
struct BalanceMoveView {
    std::optional<std::string> instance;
    std::optional<std::string> from;
    std::optional<std::string> to;
    bool under_way = false;

    template <class D = BalanceMoveView>
    static constexpr auto fields() {
        return std::tuple{field("instance", &D::instance, "name"),
                          field("from", &D::from, "name of the host that it leaves"),
                          field("to", &D::to, "name of the host that it goes to"),
                          field("under_way", &D::under_way, "whether it was begun")};
    }
};

struct BalanceView {
    std::vector<BalanceMoveView> moves;

    template <class D = BalanceView>
    static constexpr auto fields() {
        return std::tuple{field("moves", &D::moves, "that are under way, then those planned")};
    }
};

/// What has nothing to add.
struct PlainView {
    std::optional<std::string> project;

    template <class D = PlainView>
    static constexpr auto fields() {
        return std::tuple{field("project", &D::project, "name")};
    }
};

ProjectView view_of(const Snapshot& snapshot, const Project& project);
HostView view_of(const Snapshot& snapshot, const Host& host);
ImageView view_of(const Snapshot& snapshot, const Image& image);
NetworkView view_of(const Snapshot& snapshot, const Network& network);
VolumeView view_of(const Snapshot& snapshot, const Volume& volume);
VolumeSnapshotView view_of(const Snapshot& snapshot, const VolumeSnapshot& volume_snapshot);
PortView view_of(const Snapshot& snapshot, const Port& port);
InstanceView view_of(const Snapshot& snapshot, const Instance& instance);
ApplicationView view_of(const Snapshot& snapshot, const Application& application);
BalanceView view_of(const Snapshot& snapshot, const Balance& balance);
PlainView view_of(const Snapshot& snapshot, const Flavor& flavor);
PlainView view_of(const Snapshot& snapshot, const KeyPair& key);
PlainView view_of(const Snapshot& snapshot, const Operation& operation);

}  // namespace vdc::model
