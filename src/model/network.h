#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model/parts.h"

/// Networks and the ports in them.
namespace vdc::model {

struct NetworkDeclared {
    Ipv4Range range;
    std::string domain;
    bool nat = true;
    std::int64_t mtu = 1500;

    friend bool operator==(const NetworkDeclared&, const NetworkDeclared&) = default;
    template <class D = NetworkDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("range", &D::range, "its addresses, for example 10.20.0.0/24", {},
                  Mutability::at_creation),
            field("domain", &D::domain, "DNS domain of its instances; by default NAME.internal",
                  {0, 200}, Mutability::at_creation),
            field("nat", &D::nat, "whether instances reach the outside by NAT"),
            field("mtu", &D::mtu, "largest packet, in bytes", {576, 9000},
                  Mutability::at_creation)};
    }
};

struct NetworkClaimed {
    std::int64_t number = 0;
    Places places;
    Generation generation = 0;

    friend bool operator==(const NetworkClaimed&, const NetworkClaimed&) = default;
    template <class D = NetworkClaimed>
    static constexpr auto fields() {
        return std::tuple{field("number", &D::number,
                                "unique in the datacenter, 1 to 65535; 0 before it is claimed"),
                          field("places", &D::places, "hosts that have, or may have, it"),
                          field("generation", &D::generation, "the highest of a place so far")};
    }
};

/// What one host saw of a network.
struct NetworkSeen {
    HostId host;
    Generation generation = 0;
    Presence presence = Presence::unknown;
    std::string message;

    bool gone() const { return presence == Presence::absent; }
    friend bool operator==(const NetworkSeen&, const NetworkSeen&) = default;
    template <class D = NetworkSeen>
    static constexpr auto fields() {
        return std::tuple{field("host", &D::host, "that saw it"),
                          field("generation", &D::generation, "of its place"),
                          field("presence", &D::presence, "whether it stands there"),
                          field("message", &D::message, "why it failed")};
    }
};

/// The first fields follow from the list (apply.h).
struct NetworkObserved {
    using OnHost = NetworkSeen;

    Presence presence = Presence::unknown;
    std::string message;
    std::vector<NetworkSeen> hosts;

    friend bool operator==(const NetworkObserved&, const NetworkObserved&) = default;
    template <class D = NetworkObserved>
    static constexpr auto fields() {
        return std::tuple{field("presence", &D::presence, "on the hosts that need it"),
                          field("message", &D::message, "why it failed"),
                          field("hosts", &D::hosts, "what each host saw of it")};
    }
};

struct NetworkKind {
    using Id = NetworkId;
    using Declared = NetworkDeclared;
    using Claimed = NetworkClaimed;
    using Observed = NetworkObserved;
    static constexpr Noun noun = Noun::network;
};
using Network = Record<NetworkKind>;

struct PortDeclared {
    NetworkId network;
    std::optional<InstanceId> instance;
    std::optional<Ipv4> address;
    bool anti_spoof = true;

    friend bool operator==(const PortDeclared&, const PortDeclared&) = default;
    template <class D = PortDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("network", &D::network, "where it belongs", {}, Mutability::at_creation),
            field("instance", &D::instance, "whose network card it is", {},
                  Mutability::at_creation),
            field("address", &D::address, "wanted address, or none: any", {},
                  Mutability::at_creation),
            field("anti_spoof", &D::anti_spoof, "whether only its own addresses may send")};
    }
};

struct PortClaimed {
    Ipv4 address;
    Mac mac;

    friend bool operator==(const PortClaimed&, const PortClaimed&) = default;
    template <class D = PortClaimed>
    static constexpr auto fields() {
        return std::tuple{field("address", &D::address, "its address"),
                          field("mac", &D::mac, "its Ethernet address")};
    }
};

struct PortKind {
    using Id = PortId;
    using Declared = PortDeclared;
    using Claimed = PortClaimed;
    using Observed = Nothing;
    static constexpr Noun noun = Noun::port;
};
using Port = Record<PortKind>;

}  // namespace vdc::model
