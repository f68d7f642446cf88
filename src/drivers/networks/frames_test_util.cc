#include "drivers/networks/frames_test_util.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace vdc::frames {

// ---- bytes -------------------------------------------------------------------------------------

static const std::uint64_t everyone = 0xffffffffffff;

static Bytes number(std::uint64_t value, int size) {
    Bytes out;
    for (int i = size - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return out;
}
static Bytes mac(std::uint64_t value) {
    return number(value, 6);
}
static Bytes u32(std::uint64_t value) {
    return number(value, 4);
}
static Bytes u16(std::uint64_t value) {
    return number(value, 2);
}
static Bytes u8(std::uint64_t value) {
    return number(value, 1);
}
static Bytes zeros(std::size_t size) {
    return Bytes(size);
}

template <class... Parts>
static Bytes join(const Parts&... parts) {
    Bytes out;
    (out.insert(out.end(), parts.begin(), parts.end()), ...);
    return out;
}

static std::uint16_t checksum(const Bytes& bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2)
        sum +=
            static_cast<std::uint32_t>(bytes[i] << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0));
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

static void patch(Bytes& bytes, std::size_t at, std::uint16_t value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

static const Bytes magic = {'v', 'd', 'c', 'f', 'r', 'a', 'm', 'e'};

Bytes marked(Bytes frame, std::uint32_t mark) {
    if (frame.size() < 48) frame.resize(48);
    return join(frame, magic, u32(mark));
}

std::uint32_t mark_in(const Bytes& frame) {
    const auto found = std::search(frame.begin(), frame.end(), magic.begin(), magic.end());
    if (frame.end() - found < 12) return 0;
    std::uint32_t mark = 0;
    for (int i = 8; i < 12; ++i) mark = mark << 8 | found[i];
    return mark;
}

// ---- layers ------------------------------------------------------------------------------------

static Bytes ethernet(std::uint64_t to, std::uint64_t from, std::uint16_t type, const Bytes& rest) {
    return join(mac(to), mac(from), u16(type), rest);
}

namespace {

struct Arp {
    std::uint16_t operation = 1;
    std::uint64_t sender_mac = 0;
    std::uint32_t sender = 0;
    std::uint64_t target_mac = 0;
    std::uint32_t target = 0;
    std::uint16_t hardware = 1;
    std::uint16_t protocol = 0x0800;
    std::uint8_t hardware_size = 6;
    std::uint8_t protocol_size = 4;
};

struct Ip4 {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint8_t protocol = 17;
    std::uint16_t fragment = 0;
    Bytes options = {};
    std::uint8_t version = 4;
    int header_words = 0;  ///< 0: as it is
};

/// 16 bytes each.
struct Ip6 {
    Bytes from;
    Bytes to;
    std::uint8_t next = 17;
    std::uint8_t hops = 64;
    std::uint8_t version = 6;
};

}  // namespace

static Bytes arp(const Arp& a) {
    return join(u16(a.hardware), u16(a.protocol), u8(a.hardware_size), u8(a.protocol_size),
                u16(a.operation), mac(a.sender_mac), u32(a.sender), mac(a.target_mac),
                u32(a.target));
}

/// The mark is appended to the frame afterwards, so lengths count it in where it shall be inside.
static constexpr std::size_t mark_size = 12;

static Bytes ipv4(const Ip4& ip, const Bytes& payload) {
    const std::size_t header_size = 20 + ip.options.size();
    const auto words =
        ip.header_words != 0 ? static_cast<std::uint64_t>(ip.header_words) : header_size / 4;
    Bytes header =
        join(u8(std::uint64_t{ip.version} << 4 | words), u8(0),
             u16(header_size + payload.size() + mark_size), u16(0x1234), u16(ip.fragment), u8(64),
             u8(ip.protocol), u16(0), u32(ip.from), u32(ip.to), ip.options);
    patch(header, 10, checksum(header));
    return join(header, payload);
}

static Bytes udp(std::uint16_t from, std::uint16_t to, const Bytes& payload = {}) {
    return join(u16(from), u16(to), u16(8 + payload.size() + mark_size), u16(0), payload);
}

static Bytes tcp_syn(std::uint16_t from, std::uint16_t to) {
    return join(u16(from), u16(to), u32(1), u32(0), u8(0x50), u8(0x02), u16(1024), u16(0), u16(0));
}

static Bytes icmp(std::uint8_t type, std::uint8_t code, const Bytes& rest) {
    return join(u8(type), u8(code), u16(0), rest);
}

/// A BOOTP/DHCP message (RFC 2131) of a type, for a client's MAC.
static Bytes dhcp(std::uint8_t operation, std::uint8_t type, std::uint64_t client,
                  std::uint32_t server) {
    return join(u8(operation), u8(1), u8(6), u8(0), u32(0x42424242), u16(0), u16(0x8000), u32(0),
                u32(server + 50), u32(server), u32(0), mac(client), zeros(10), zeros(192),
                u32(0x63825363), u8(53), u8(1), u8(type), u8(54), u8(4), u32(server), u8(255));
}

static Bytes ipv6(const Ip6& ip, const Bytes& payload, bool mark_inside = true) {
    return join(u32(std::uint64_t{ip.version} << 28),
                u16(payload.size() + (mark_inside ? mark_size : 0)), u8(ip.next), u8(ip.hops),
                ip.from, ip.to, payload);
}

/// With its checksum (RFC 4443, 2.3).
static Bytes icmp6(const Bytes& from, const Bytes& to, std::uint8_t type, std::uint8_t code,
                   const Bytes& rest) {
    Bytes message = join(u8(type), u8(code), u16(0), rest);
    const Bytes pseudo = join(from, to, u32(message.size()), u32(58), message);
    patch(message, 2, checksum(pseudo));
    return message;
}

// ---- IPv6 addresses ----------------------------------------------------------------------------

static Bytes address6(std::uint64_t high, std::uint64_t low) {
    return join(number(high, 8), number(low, 8));
}
static Bytes local6(std::uint64_t of) {
    const std::uint64_t flipped = of ^ 0x020000000000;
    return address6(0xfe80000000000000, (flipped >> 24 << 40) | 0xfffe000000 | (of & 0xffffff));
}
static Bytes unspecified6() {
    return address6(0, 0);
}
static Bytes all_nodes6() {
    return address6(0xff02000000000000, 1);
}
static Bytes solicited6(std::uint64_t of) {
    return address6(0xff02000000000000, 0x1ff000000 | (of & 0xffffff));
}

// ---- kinds -------------------------------------------------------------------------------------

namespace {

/// The scene of one frame: shorthands over the cast.
struct Scene {
    const Cast& who;
    std::uint64_t to;

    Bytes from_own(std::uint16_t type, const Bytes& rest) const {
        return ethernet(to, who.own_mac, type, rest);
    }
    std::uint32_t address_of_destination() const {
        return to == who.gateway_mac ? who.gateway_address
               : to == everyone      ? 0xffffffff
                                     : who.victim_address;
    }
    Bytes plain_ip() const {
        return ipv4({.from = who.own_address, .to = address_of_destination()}, udp(4000, 4000));
    }
    Bytes ip_from(std::uint32_t address, std::uint8_t protocol = 17) const {
        const Bytes payload = protocol == 6 ? tcp_syn(4000, 80) : udp(4000, 4000);
        return from_own(
            0x0800,
            ipv4({.from = address, .to = address_of_destination(), .protocol = protocol}, payload));
    }
    Bytes ip_with(Ip4 ip, const Bytes& payload) const {
        if (ip.from == 0) ip.from = who.own_address;
        if (ip.to == 0) ip.to = address_of_destination();
        return from_own(0x0800, ipv4(ip, payload));
    }
    Bytes own6() const { return local6(who.own_mac); }
    Bytes victim6() const { return local6(who.victim_mac); }
    Bytes ip6_from(const Bytes& address) const {
        return from_own(0x86dd, ipv6({.from = address, .to = victim6()}, udp(4000, 4000)));
    }
    Bytes ip6_next(std::uint8_t next, const Bytes& payload) const {
        return from_own(
            0x86dd, ipv6({.from = own6(), .to = all_nodes6(), .next = next, .hops = 255}, payload));
    }
    /// ICMPv6 whose length fields do not count the mark, as options of ND must end with the packet.
    Bytes nd(const Bytes& from, const Bytes& target, std::uint8_t type, const Bytes& rest,
             std::uint8_t hops = 255, std::uint8_t code = 0) const {
        return from_own(0x86dd, ipv6({.from = from, .to = target, .next = 58, .hops = hops},
                                     icmp6(from, target, type, code, rest), false));
    }
};

using Make = std::function<Bytes(const Scene&)>;

struct List {
    std::vector<Kind> kinds;
    void add(std::string name, Make make, bool bridge_refuses = false) {
        kinds.push_back({std::move(name),
                         [make = std::move(make)](const Cast& cast, std::uint64_t to) {
                             return make(Scene{cast, to});
                         },
                         bridge_refuses});
    }
};

}  // namespace

static void add_link_kinds(List& list) {
    list.add("source MAC of the victim",
             [](const Scene& s) { return ethernet(s.to, s.who.victim_mac, 0x0800, s.plain_ip()); });
    list.add("source MAC of the gateway", [](const Scene& s) {
        return ethernet(s.to, s.who.gateway_mac, 0x0800, s.plain_ip());
    });
    list.add("source MAC of nobody",
             [](const Scene& s) { return ethernet(s.to, 0x525400777777, 0x0800, s.plain_ip()); });
    list.add(
        "multicast source MAC",
        [](const Scene& s) { return ethernet(s.to, 0x010203040506, 0x0800, s.plain_ip()); }, true);
    list.add(
        "source MAC of zeros",
        [](const Scene& s) { return ethernet(s.to, 0, 0x0800, s.plain_ip()); }, true);
    list.add("802.1Q tag 0", [](const Scene& s) {
        return s.from_own(0x8100, join(u16(0), u16(0x0800), s.plain_ip()));
    });
    list.add("802.1Q tag 100", [](const Scene& s) {
        return s.from_own(0x8100, join(u16(100), u16(0x0800), s.plain_ip()));
    });
    list.add("two 802.1Q tags", [](const Scene& s) {
        return s.from_own(0x8100, join(u16(1), u16(0x8100), u16(100), u16(0x0800), s.plain_ip()));
    });
    list.add("802.1ad tag (QinQ)", [](const Scene& s) {
        return s.from_own(0x88a8, join(u16(1), u16(0x8100), u16(100), u16(0x0800), s.plain_ip()));
    });
    list.add("tagged ARP for the gateway", [](const Scene& s) {
        return s.from_own(0x8100, join(u16(0), u16(0x0806),
                                       arp({.operation = 2,
                                            .sender_mac = s.who.own_mac,
                                            .sender = s.who.gateway_address,
                                            .target_mac = s.who.victim_mac,
                                            .target = s.who.victim_address})));
    });
    list.add(
        "LLDP",
        [](const Scene& s) { return ethernet(0x0180c200000e, s.who.own_mac, 0x88cc, zeros(46)); },
        true);
    list.add("LLDP to a station", [](const Scene& s) { return s.from_own(0x88cc, zeros(46)); });
    list.add(
        "spanning tree BPDU",
        [](const Scene& s) {
            return ethernet(0x0180c2000000, s.who.own_mac, 38,
                            join(u8(0x42), u8(0x42), u8(3), zeros(35)));
        },
        true);
    list.add(
        "802.1X EAPOL start",
        [](const Scene& s) {
            return ethernet(0x0180c2000003, s.who.own_mac, 0x888e,
                            join(u8(1), u8(1), u16(0), zeros(42)));
        },
        true);
    list.add("802.1X EAPOL to a station", [](const Scene& s) {
        return s.from_own(0x888e, join(u8(1), u8(1), u16(0), zeros(42)));
    });
    list.add(
        "LACP",
        [](const Scene& s) { return ethernet(0x0180c2000002, s.who.own_mac, 0x8809, zeros(110)); },
        true);
    list.add(
        "pause frame",
        [](const Scene& s) {
            return ethernet(0x0180c2000001, s.who.own_mac, 0x8808,
                            join(u16(1), u16(0xffff), zeros(42)));
        },
        true);
    list.add("Cisco discovery", [](const Scene& s) {
        return ethernet(0x01000ccccccc, s.who.own_mac, 50,
                        join(u8(0xaa), u8(0xaa), u8(3), u32(0x0000000c), u16(0x2000), zeros(40)));
    });
    list.add("IPv4 in 802.2 SNAP", [](const Scene& s) {
        return s.from_own(60, join(u8(0xaa), u8(0xaa), u8(3), zeros(3), u16(0x0800), s.plain_ip()));
    });
    list.add("unknown ethertype", [](const Scene& s) { return s.from_own(0x88b5, zeros(46)); });
    list.add("PPPoE discovery",
             [](const Scene& s) { return s.from_own(0x8863, join(u8(0x11), u8(9), zeros(44))); });
    list.add("MPLS", [](const Scene& s) {
        return s.from_own(0x8847, join(u32(0x00064140), s.plain_ip()));
    });
}

static void add_arp_kinds(List& list) {
    const auto claim = [&](const std::string& name, const std::function<Arp(const Cast&)>& make,
                           std::uint16_t type = 0x0806) {
        list.add(name, [make, type](const Scene& s) { return s.from_own(type, arp(make(s.who))); });
    };
    claim("ARP request from the victim's address", [](const Cast& c) {
        return Arp{1, c.own_mac, c.victim_address, 0, c.gateway_address};
    });
    claim("ARP request from the gateway's address", [](const Cast& c) {
        return Arp{1, c.own_mac, c.gateway_address, 0, c.victim_address};
    });
    claim("ARP reply for the gateway", [](const Cast& c) {
        return Arp{2, c.own_mac, c.gateway_address, c.victim_mac, c.victim_address};
    });
    claim("ARP reply for the victim", [](const Cast& c) {
        return Arp{2, c.own_mac, c.victim_address, c.gateway_mac, c.gateway_address};
    });
    claim("ARP reply for the metadata service", [](const Cast& c) {
        return Arp{2, c.own_mac, 0xa9fea9fe, c.victim_mac, c.victim_address};
    });
    claim("gratuitous ARP for the gateway", [](const Cast& c) {
        return Arp{1, c.own_mac, c.gateway_address, 0, c.gateway_address};
    });
    claim("gratuitous ARP reply for the victim", [](const Cast& c) {
        return Arp{2, c.own_mac, c.victim_address, everyone, c.victim_address};
    });
    claim("ARP with the victim's MAC inside", [](const Cast& c) {
        return Arp{2, c.victim_mac, c.own_address, c.gateway_mac, c.gateway_address};
    });
    claim("ARP with the gateway's MAC inside", [](const Cast& c) {
        return Arp{1, c.gateway_mac, c.own_address, 0, c.victim_address};
    });
    claim("ARP from outside the range", [](const Cast& c) {
        return Arp{1, c.own_mac, 0xc0a80101, 0, c.victim_address};
    });
    claim("ARP probe for the victim's address", [](const Cast& c) {
        return Arp{1, c.own_mac, 0, 0, c.victim_address};
    });
    claim("ARP reply from 0.0.0.0", [](const Cast& c) {
        return Arp{2, c.own_mac, 0, c.victim_mac, c.own_address};
    });
    claim("ARP of another hardware",
          [](const Cast& c) { return Arp{1, c.own_mac, c.own_address, 0, c.victim_address, 6}; });
    claim("ARP of another protocol", [](const Cast& c) {
        return Arp{1, c.own_mac, c.own_address, 0, c.victim_address, 1, 0x809b};
    });
    claim("ARP with long hardware addresses", [](const Cast& c) {
        return Arp{1, c.own_mac, c.own_address, 0, c.victim_address, 1, 0x0800, 8, 4};
    });
    claim("ARP with long protocol addresses", [](const Cast& c) {
        return Arp{1, c.own_mac, c.own_address, 0, c.victim_address, 1, 0x0800, 6, 16};
    });
    claim("inverse ARP", [](const Cast& c) {
        return Arp{8, c.own_mac, c.own_address, c.victim_mac, c.victim_address};
    });
    claim(
        "RARP for the victim",
        [](const Cast& c) {
            return Arp{3, c.victim_mac, 0, c.victim_mac, 0};
        },
        0x8035);
    claim(
        "RARP that asks for the victim",
        [](const Cast& c) {
            return Arp{3, c.own_mac, 0, c.victim_mac, 0};
        },
        0x8035);
    claim(
        "RARP reply",
        [](const Cast& c) {
            return Arp{4, c.own_mac, c.gateway_address, c.victim_mac, c.victim_address};
        },
        0x8035);
    claim(
        "RARP with an address",
        [](const Cast& c) {
            return Arp{3, c.own_mac, c.victim_address, c.own_mac, 0};
        },
        0x8035);
    list.add("truncated ARP", [](const Scene& s) {
        return s.from_own(0x0806, join(u16(1), u16(0x0800), u8(6), u8(4), u16(2)));
    });
}

static void add_ipv4_kinds(List& list) {
    list.add("IPv4 from the victim",
             [](const Scene& s) { return s.ip_from(s.who.victim_address); });
    list.add("IPv4 from the gateway",
             [](const Scene& s) { return s.ip_from(s.who.gateway_address); });
    list.add("IPv4 from the metadata service",
             [](const Scene& s) { return s.ip_from(0xa9fea9fe); });
    list.add("IPv4 from outside the range", [](const Scene& s) { return s.ip_from(0xc0a80105); });
    list.add("IPv4 from a public address", [](const Scene& s) { return s.ip_from(0xcb007109, 6); });
    list.add("IPv4 from 127.0.0.1", [](const Scene& s) { return s.ip_from(0x7f000001); });
    list.add("IPv4 from a multicast address", [](const Scene& s) { return s.ip_from(0xe0000001); });
    list.add("IPv4 from the broadcast address",
             [](const Scene& s) { return s.ip_from(0xffffffff); });
    list.add("UDP from 0.0.0.0, no DHCP", [](const Scene& s) {
        return s.from_own(0x0800, ipv4({.from = 0, .to = 0xffffffff}, udp(68, 4000)));
    });
    list.add("TCP from 0.0.0.0", [](const Scene& s) {
        return s.from_own(0x0800, ipv4({.from = 0, .to = s.address_of_destination(), .protocol = 6},
                                       tcp_syn(68, 67)));
    });
    list.add("DHCP question from 0.0.0.0 to one station", [](const Scene& s) {
        return s.from_own(0x0800, ipv4({.from = 0, .to = s.who.victim_address},
                                       udp(68, 67, dhcp(1, 1, s.who.own_mac, 0))));
    });
    list.add("DHCP question for the victim's MAC", [](const Scene& s) {
        return s.from_own(0x0800, ipv4({.from = 0, .to = 0xffffffff},
                                       udp(68, 67, dhcp(1, 1, s.who.victim_mac, 0))));
    });
    list.add("DHCP release of the victim's lease", [](const Scene& s) {
        return s.ip_with({}, udp(68, 67, dhcp(1, 7, s.who.victim_mac, s.who.gateway_address)));
    });
    list.add("DHCP offer", [](const Scene& s) {
        return s.ip_with({}, udp(67, 68, dhcp(2, 2, s.who.victim_mac, s.who.own_address)));
    });
    list.add("DHCP acknowledgement to all", [](const Scene& s) {
        return s.ip_with({.to = 0xffffffff},
                         udp(67, 68, dhcp(2, 5, s.who.victim_mac, s.who.own_address)));
    });
    list.add("DHCP offer from another port", [](const Scene& s) {
        return s.ip_with({}, udp(6767, 68, dhcp(2, 2, s.who.victim_mac, s.who.own_address)));
    });
    list.add("DHCP offer to a relay", [](const Scene& s) {
        return s.ip_with({}, udp(67, 67, dhcp(2, 2, s.who.victim_mac, s.who.own_address)));
    });
    list.add("DHCP offer from the gateway's address", [](const Scene& s) {
        return s.ip_with({.from = s.who.gateway_address},
                         udp(67, 68, dhcp(2, 2, s.who.victim_mac, s.who.gateway_address)));
    });
    list.add("DHCP offer, first fragment", [](const Scene& s) {
        return s.ip_with({.fragment = 0x2000},
                         udp(67, 68, dhcp(2, 2, s.who.victim_mac, s.who.own_address)));
    });
    list.add("DHCP offer to all, later fragment", [](const Scene& s) {
        return ethernet(
            everyone, s.who.own_mac, 0x0800,
            ipv4({.from = s.who.own_address, .to = 0xffffffff, .fragment = 0x0010}, zeros(64)));
    });
    list.add("fragment over the transport header", [](const Scene& s) {
        return s.ip_with({.protocol = 6, .fragment = 0x0001}, zeros(24));
    });
    list.add("later fragment from the victim", [](const Scene& s) {
        return s.ip_with({.from = s.who.victim_address, .fragment = 0x0010}, zeros(24));
    });
    list.add("UDP cut before its ports end", [](const Scene& s) {
        Bytes cut = s.ip_with({}, {});
        cut.resize(14 + 20);
        patch(cut, 16, 20);
        return cut;
    });
    list.add("ICMP redirect", [](const Scene& s) {
        return s.ip_with({.protocol = 1}, icmp(5, 1, join(u32(s.who.own_address), zeros(28))));
    });
    list.add("ICMP router advertisement", [](const Scene& s) {
        return s.ip_with({.protocol = 1},
                         icmp(9, 0, join(u8(1), u8(2), u16(1800), u32(s.who.own_address), u32(0))));
    });
    list.add("loose source route", [](const Scene& s) {
        return s.ip_with(
            {.options = join(u8(131), u8(7), u8(4), u32(s.who.gateway_address), u8(0))},
            udp(4000, 4000));
    });
    list.add("strict source route", [](const Scene& s) {
        return s.ip_with(
            {.options = join(u8(137), u8(7), u8(4), u32(s.who.gateway_address), u8(0))},
            udp(4000, 4000));
    });
    list.add("record route", [](const Scene& s) {
        return s.ip_with({.options = join(u8(7), u8(7), u8(4), u32(0), u8(0))}, udp(4000, 4000));
    });
    list.add("IPv4 of version 6",
             [](const Scene& s) { return s.ip_with({.version = 6}, udp(4000, 4000)); });
    list.add("IPv4 with a short header",
             [](const Scene& s) { return s.ip_with({.header_words = 4}, udp(4000, 4000)); });
}

/// One option of neighbour discovery: a link-layer address.
static Bytes link_option(std::uint8_t type, std::uint64_t of) {
    return join(u8(type), u8(1), mac(of));
}

static Bytes advertisement(std::uint64_t of) {
    return join(u8(64), u8(0x08), u16(1800), u32(0), u32(0), link_option(1, of));
}

static void add_ipv6_kinds(List& list) {
    list.add("IPv6 from the victim", [](const Scene& s) { return s.ip6_from(s.victim6()); });
    list.add("IPv6 from fe80::1",
             [](const Scene& s) { return s.ip6_from(address6(0xfe80000000000000, 1)); });
    list.add("IPv6 from another interface id", [](const Scene& s) {
        return s.ip6_from(address6(0xfe80000000000000, 0x1234567890abcdef));
    });
    list.add("IPv6 from a global address",
             [](const Scene& s) { return s.ip6_from(address6(0x20010db800000000, 1)); });
    list.add("IPv6 from a unique local address",
             [](const Scene& s) { return s.ip6_from(address6(0xfd00000000000000, 1)); });
    list.add("IPv6 from ::1", [](const Scene& s) { return s.ip6_from(address6(0, 1)); });
    list.add("IPv6 from ::", [](const Scene& s) { return s.ip6_from(unspecified6()); });
    list.add("IPv6 from a multicast address",
             [](const Scene& s) { return s.ip6_from(all_nodes6()); });
    list.add("IPv6 from an IPv4-mapped address", [](const Scene& s) {
        return s.ip6_from(address6(0, 0xffff00000000 | s.who.gateway_address));
    });
    list.add("IPv6 of version 4", [](const Scene& s) {
        return s.from_own(
            0x86dd, ipv6({.from = s.own6(), .to = s.victim6(), .version = 4}, udp(4000, 4000)));
    });
    list.add("DHCPv6 advertise",
             [](const Scene& s) { return s.ip6_next(17, udp(547, 546, join(u8(2), zeros(20)))); });
    list.add("DHCPv6 reply from another port",
             [](const Scene& s) { return s.ip6_next(17, udp(4000, 546, join(u8(7), zeros(20)))); });
    list.add("DHCPv6 relay reply",
             [](const Scene& s) { return s.ip6_next(17, udp(547, 547, join(u8(13), zeros(20)))); });
}

static void add_discovery_kinds(List& list) {
    list.add("router advertisement", [](const Scene& s) {
        return s.nd(s.own6(), all_nodes6(), 134, advertisement(s.who.own_mac));
    });
    list.add("router advertisement to the victim", [](const Scene& s) {
        return s.nd(s.own6(), s.victim6(), 134, advertisement(s.who.own_mac));
    });
    list.add("router solicitation with the victim's MAC", [](const Scene& s) {
        return s.nd(s.own6(), all_nodes6(), 133, join(u32(0), link_option(1, s.who.victim_mac)));
    });
    list.add("IPv6 redirect", [](const Scene& s) {
        return s.nd(s.own6(), s.victim6(), 137, join(u32(0), s.own6(), s.victim6()));
    });
    list.add("advertisement of the victim's address", [](const Scene& s) {
        return s.nd(s.own6(), all_nodes6(), 136,
                    join(u32(0x20000000), s.victim6(), link_option(2, s.who.own_mac)));
    });
    list.add("advertisement of fe80::1", [](const Scene& s) {
        return s.nd(
            s.own6(), all_nodes6(), 136,
            join(u32(0xa0000000), address6(0xfe80000000000000, 1), link_option(2, s.who.own_mac)));
    });
    list.add("advertisement of the victim's address, bare", [](const Scene& s) {
        return s.nd(s.own6(), all_nodes6(), 136, join(u32(0x20000000), s.victim6()));
    });
    list.add("advertisement with the victim's MAC", [](const Scene& s) {
        return s.nd(s.own6(), all_nodes6(), 136,
                    join(u32(0x20000000), s.own6(), link_option(2, s.who.victim_mac)));
    });
    list.add("advertisement with an option of another kind", [](const Scene& s) {
        return s.nd(s.own6(), all_nodes6(), 136,
                    join(u32(0x20000000), s.own6(), link_option(1, s.who.own_mac)));
    });
    list.add("advertisement from afar", [](const Scene& s) {
        return s.nd(s.own6(), all_nodes6(), 136,
                    join(u32(0x20000000), s.own6(), link_option(2, s.who.own_mac)), 64);
    });
    list.add("advertisement of another code", [](const Scene& s) {
        return s.nd(s.own6(), all_nodes6(), 136, join(u32(0x20000000), s.own6()), 255, 1);
    });
    list.add("advertisement with two options", [](const Scene& s) {
        return s.nd(s.own6(), all_nodes6(), 136,
                    join(u32(0x20000000), s.own6(), link_option(2, s.who.own_mac),
                         link_option(2, s.who.victim_mac)));
    });
    list.add("advertisement from :: of the victim's address", [](const Scene& s) {
        return s.nd(unspecified6(), all_nodes6(), 136, join(u32(0x20000000), s.victim6()));
    });
    list.add("solicitation with the victim's MAC", [](const Scene& s) {
        return s.nd(s.own6(), s.victim6(), 135,
                    join(u32(0), s.victim6(), link_option(1, s.who.victim_mac)));
    });
    list.add("solicitation with two options", [](const Scene& s) {
        return s.nd(s.own6(), s.victim6(), 135,
                    join(u32(0), s.victim6(), link_option(1, s.who.own_mac),
                         link_option(1, s.who.victim_mac)));
    });
    list.add("solicitation from the victim", [](const Scene& s) {
        return s.nd(s.victim6(), all_nodes6(), 135,
                    join(u32(0), s.own6(), link_option(1, s.who.own_mac)));
    });
    list.add("duplicate detection of the victim's address", [](const Scene& s) {
        return s.nd(unspecified6(), solicited6(s.who.victim_mac), 135, join(u32(0), s.victim6()));
    });
    list.add("duplicate detection with a MAC", [](const Scene& s) {
        return s.nd(unspecified6(), solicited6(s.who.own_mac), 135,
                    join(u32(0), s.own6(), link_option(1, s.who.own_mac)));
    });
    list.add("duplicate detection to all", [](const Scene& s) {
        return s.nd(unspecified6(), all_nodes6(), 135, join(u32(0), s.own6()));
    });
    list.add("multicast listener query",
             [](const Scene& s) { return s.nd(s.own6(), all_nodes6(), 130, zeros(20), 1); });
    list.add("node information query",
             [](const Scene& s) { return s.nd(s.own6(), s.victim6(), 139, zeros(12)); });
    list.add("router renumbering",
             [](const Scene& s) { return s.nd(s.own6(), all_nodes6(), 138, zeros(12)); });
    list.add("inverse solicitation",
             [](const Scene& s) { return s.nd(s.own6(), all_nodes6(), 141, zeros(20)); });
}

static void add_extension_kinds(List& list) {
    const auto hidden = [](const Scene& s) {
        return icmp6(s.own6(), all_nodes6(), 134, 0, advertisement(s.who.own_mac));
    };
    const auto behind = [&](const std::string& name, std::uint8_t first, const Bytes& header) {
        list.add(name, [=](const Scene& s) { return s.ip6_next(first, join(header, hidden(s))); });
    };
    behind("router advertisement behind hop-by-hop options", 0,
           join(u8(58), u8(0), u8(1), u8(4), zeros(4)));
    behind("router advertisement behind destination options", 60,
           join(u8(58), u8(0), u8(1), u8(4), zeros(4)));
    behind("router advertisement behind a routing header", 43,
           join(u8(58), u8(0), u8(4), u8(0), zeros(4)));
    behind("router advertisement in an atomic fragment", 44, join(u8(58), u8(0), u16(0), u32(77)));
    behind("router advertisement in a first fragment", 44, join(u8(58), u8(0), u16(1), u32(78)));
    behind("router advertisement behind two headers", 60,
           join(u8(60), u8(0), u8(1), u8(4), zeros(4), u8(58), u8(0), u8(1), u8(4), zeros(4)));
    list.add("later IPv6 fragment", [](const Scene& s) {
        return s.ip6_next(44, join(u8(58), u8(0), u16(0x0010), u32(79), zeros(32)));
    });
    list.add("source route by routing header 0", [](const Scene& s) {
        return s.ip6_next(43,
                          join(u8(17), u8(2), u8(0), u8(1), u32(0), s.victim6(), udp(4000, 4000)));
    });
    list.add("authentication header", [](const Scene& s) {
        return s.ip6_next(51, join(u8(17), u8(1), u16(0), u32(1), u32(1), udp(4000, 4000)));
    });
    list.add("encapsulated payload", [](const Scene& s) { return s.ip6_next(50, zeros(32)); });
    list.add("no next header", [](const Scene& s) { return s.ip6_next(59, zeros(32)); });
    list.add("IPv6 in IPv6", [](const Scene& s) {
        return s.ip6_next(41, ipv6({.from = s.victim6(), .to = s.victim6()}, udp(4000, 4000)));
    });
    list.add("multicast listener report with its option", [](const Scene& s) {
        return s.ip6_next(0, join(u8(58), u8(0), u8(5), u8(2), u32(0x00000100),
                                  icmp6(s.own6(), all_nodes6(), 130, 0, zeros(20))));
    });
}

std::vector<Kind> forged_kinds() {
    List list;
    add_link_kinds(list);
    add_arp_kinds(list);
    add_ipv4_kinds(list);
    add_ipv6_kinds(list);
    add_discovery_kinds(list);
    add_extension_kinds(list);
    return list.kinds;
}

std::vector<Kind> honest_kinds() {
    List list;
    list.add("ARP request", [](const Scene& s) {
        return s.from_own(0x0806,
                          arp({1, s.who.own_mac, s.who.own_address, 0, s.who.victim_address}));
    });
    list.add("ARP reply", [](const Scene& s) {
        return s.from_own(0x0806, arp({2, s.who.own_mac, s.who.own_address, s.who.victim_mac,
                                       s.who.victim_address}));
    });
    list.add("ARP probe of the own address", [](const Scene& s) {
        return s.from_own(0x0806, arp({1, s.who.own_mac, 0, 0, s.who.own_address}));
    });
    list.add("RARP that announces a moved guest", [](const Scene& s) {
        return s.from_own(0x8035, arp({3, s.who.own_mac, 0, s.who.own_mac, 0}));
    });
    list.add("UDP", [](const Scene& s) { return s.from_own(0x0800, s.plain_ip()); });
    list.add("TCP", [](const Scene& s) { return s.ip_from(s.who.own_address, 6); });
    list.add("ping",
             [](const Scene& s) { return s.ip_with({.protocol = 1}, icmp(8, 0, zeros(24))); });
    list.add("DHCP question", [](const Scene& s) {
        return s.from_own(
            0x0800, ipv4({.from = 0, .to = 0xffffffff}, udp(68, 67, dhcp(1, 1, s.who.own_mac, 0))));
    });
    list.add("DHCP renewal", [](const Scene& s) {
        return s.ip_with({}, udp(68, 67, dhcp(1, 3, s.who.own_mac, s.who.gateway_address)));
    });
    list.add("multicast membership report", [](const Scene& s) {
        return s.ip_with({.protocol = 2, .options = join(u8(148), u8(4), u16(0))},
                         join(u8(0x16), u8(0), u16(0), u32(0xe00000fb)));
    });
    list.add("first fragment of a large datagram",
             [](const Scene& s) { return s.ip_with({.fragment = 0x2000}, udp(4000, 4000)); });
    list.add("later fragment of a large datagram",
             [](const Scene& s) { return s.ip_with({.fragment = 0x0010}, zeros(64)); });
    list.add("UDP over IPv6", [](const Scene& s) { return s.ip6_from(s.own6()); });
    list.add("TCP over IPv6", [](const Scene& s) {
        return s.from_own(
            0x86dd, ipv6({.from = s.own6(), .to = s.victim6(), .next = 6}, tcp_syn(4000, 80)));
    });
    list.add("ping over IPv6",
             [](const Scene& s) { return s.nd(s.own6(), s.victim6(), 128, zeros(24), 64); });
    list.add("neighbour solicitation", [](const Scene& s) {
        return s.nd(s.own6(), solicited6(s.who.victim_mac), 135,
                    join(u32(0), s.victim6(), link_option(1, s.who.own_mac)));
    });
    list.add("neighbour advertisement", [](const Scene& s) {
        return s.nd(s.own6(), s.victim6(), 136,
                    join(u32(0x60000000), s.own6(), link_option(2, s.who.own_mac)));
    });
    list.add("duplicate detection of the own address", [](const Scene& s) {
        return s.nd(unspecified6(), solicited6(s.who.own_mac), 135, join(u32(0), s.own6()));
    });
    list.add("duplicate detection with a nonce", [](const Scene& s) {
        return s.nd(unspecified6(), solicited6(s.who.own_mac), 135,
                    join(u32(0), s.own6(), u8(14), u8(1), zeros(6)));
    });
    return list.kinds;
}

}  // namespace vdc::frames
