#include "drivers/networks/rules.h"

#include <fmt/format.h>

#include "drivers/networks/port_sets.h"
#include "drivers/networks/tunnel.h"

namespace vdc::drivers::networks {

using base::text;

/// Declared, and left as full as they are.
static std::string set_declarations() {
    std::string lines;
    for (const auto& sets : {port_sets({}), tunnel_sets({})})
        for (const FilterSet& set : sets)
            lines +=
                fmt::format("add set bridge {} {} {{ {}; }}\n", guard_table, set.name, set.type);
    return lines;
}

// ---- the ports' guard --------------------------------------------------------------------------

/// 01:80:c2:00:00:00 to 0f are for bridges themselves (STP, LLDP, 802.1X). Most of them pass
/// prerouting only because the bridge's group_fwd_mask says so (see inside_links); LACP never does
/// and goes to the bridge at once, hence the second hook.
static constexpr char port_rules[] = R"(
add chain bridge vdc frames { type filter hook prerouting priority -300; policy drop; }
add chain bridge vdc to_bridge { type filter hook input priority -300; policy accept; }
add chain bridge vdc tunnel_frames
add chain bridge vdc tunnel_to_fronts
add chain bridge vdc into_tunnel { type filter hook postrouting priority -300; policy accept; }
add chain bridge vdc arp_frames
add chain bridge vdc rarp_frames
add chain bridge vdc ipv4_frames
add chain bridge vdc ipv4_content
add chain bridge vdc ipv4_udp
add chain bridge vdc ipv6_frames
add chain bridge vdc ipv6_icmp
add chain bridge vdc ipv6_udp
flush chain bridge vdc frames
flush chain bridge vdc to_bridge
flush chain bridge vdc tunnel_frames
flush chain bridge vdc tunnel_to_fronts
flush chain bridge vdc into_tunnel
flush chain bridge vdc arp_frames
flush chain bridge vdc rarp_frames
flush chain bridge vdc ipv4_frames
flush chain bridge vdc ipv4_content
flush chain bridge vdc ipv4_udp
flush chain bridge vdc ipv6_frames
flush chain bridge vdc ipv6_icmp
flush chain bridge vdc ipv6_udp
table bridge vdc {
  chain to_bridge {
    ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 drop
  }
  chain frames {
    ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 drop
    iifname vx0 goto tunnel_frames
    iifname @free accept
    iifname . ether saddr != @macs drop
    ether type vmap { arp : goto arp_frames, 0x8035 : goto rarp_frames, ip : goto ipv4_frames, ip6 : goto ipv6_frames }
  }
  chain arp_frames {
    arp htype != 1 drop
    arp ptype != ip drop
    arp hlen != 6 drop
    arp plen != 4 drop
    iifname . arp saddr ether != @macs drop
    arp operation { request, reply } iifname . arp saddr ip @addresses accept
    arp operation request arp saddr ip 0.0.0.0 iifname . arp daddr ip @addresses accept
    drop
  }
  chain rarp_frames {
    @nh,0,64 0x0001080006040003 iifname . @nh,64,48 @mac_numbers @nh,112,32 0 iifname . @nh,144,48 @mac_numbers @nh,192,32 0 accept
    drop
  }
  chain ipv4_frames {
    ip version != 4 drop
    ip hdrlength < 5 drop
    ip hdrlength > 5 ip protocol != igmp drop
    ip saddr 0.0.0.0 ip daddr 255.255.255.255 ip frag-off & 0x3fff == 0 udp sport 68 udp dport 67 iifname . @th,288,48 @mac_numbers accept
    iifname . ip saddr != @addresses drop
    goto ipv4_content
  }
  chain ipv4_content {
    ip frag-off & 0x1fff == 1 drop
    ip frag-off & 0x3fff != 0 ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop
    ip frag-off & 0x1fff != 0 accept
    ip protocol udp goto ipv4_udp
    icmp type { redirect, router-advertisement } drop
    accept
  }
  chain ipv4_udp {
    ip length < 28 drop
    udp dport 68 drop
    udp sport 67 drop
    udp dport 67 iifname . @th,288,48 @mac_numbers accept
    udp dport != 67 accept
    drop
  }
  chain ipv6_frames {
    ip6 version != 6 drop
    iifname . ip6 saddr @locals ip6 nexthdr vmap { tcp : accept, udp : goto ipv6_udp, icmpv6 : goto ipv6_icmp }
    ip6 saddr :: ip6 daddr ff02::1:ff00:0/104 ip6 hoplimit 255 icmpv6 type nd-neighbor-solicit icmpv6 code 0 iifname . @th,64,128 @local_numbers ip6 length 24 accept
    ip6 saddr :: ip6 daddr ff02::1:ff00:0/104 ip6 hoplimit 255 icmpv6 type nd-neighbor-solicit icmpv6 code 0 iifname . @th,64,128 @local_numbers ip6 length 32 @th,192,16 0x0e01 accept
    drop
  }
  chain ipv6_udp {
    ip6 length < 8 drop
    udp dport 546 drop
    udp sport 547 drop
    udp dport != 546 accept
    drop
  }
  chain ipv6_icmp {
    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, echo-reply } accept
    ip6 hoplimit != 255 drop
    icmpv6 code != 0 drop
    icmpv6 type nd-neighbor-solicit ip6 length 24 accept
    icmpv6 type nd-neighbor-solicit ip6 length 32 @th,192,16 0x0101 iifname . @th,208,48 @mac_numbers accept
    icmpv6 type nd-neighbor-advert iifname . @th,64,128 @local_numbers ip6 length 24 accept
    icmpv6 type nd-neighbor-advert iifname . @th,64,128 @local_numbers ip6 length 32 @th,192,16 0x0201 iifname . @th,208,48 @mac_numbers accept
    drop
  }
}
)";

/// What goes through the tunnel. The gateway is on every host under the same MAC, so it leaves a
/// host under another, by which that host alone is known, and is called by it.
static std::string tunnel_rules(const NetworkSpec& network) {
    if (!network.underlay) return "";
    return fmt::format(R"(
table bridge vdc {{
  chain tunnel_frames {{
    ether type != ip drop
    ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop
    ip version != 4 drop
    ip hdrlength != 5 drop
    ether daddr {router} goto tunnel_to_fronts
    ether daddr {gateway} drop
    ether saddr @far_free accept
    ether saddr . ip saddr @far_ports goto ipv4_content
    drop
  }}
  chain tunnel_to_fronts {{
    ip daddr != {fronts} drop
    ether saddr . ip saddr != @far_clients drop
    meta pkttype set host ether daddr set {gateway} goto ipv4_content
  }}
  chain into_tunnel {{
    oifname != {tunnel} accept
    ether type != ip drop
    ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop
    ether saddr {gateway} ether saddr set {router}
  }}
}}
)",
                       fmt::arg("router", text(router_mac(network.underlay))),
                       fmt::arg("gateway", text(gateway_mac)), fmt::arg("fronts", text(front_pool)),
                       fmt::arg("tunnel", tunnel_device));
}

// ---- the namespace's own guard -----------------------------------------------------------------

static std::string gateway_rules(const NetworkSpec& network) {
    const std::string leave = network.nat
                                  ? fmt::format("iifname {} oifname {} ip saddr {} accept",
                                                bridge_device, uplink_device, text(network.range))
                                  : "";
    return fmt::format(R"(
add table inet vdc
add set inet vdc fronts {{ type ipv4_addr . inet_service; }}
add set inet vdc far_fronts {{ type ipv4_addr; }}
add chain inet vdc untracked {{ type filter hook prerouting priority -300; policy accept; }}
add chain inet vdc input {{ type filter hook input priority 0; policy drop; }}
add chain inet vdc services
add chain inet vdc through {{ type filter hook forward priority 0; policy drop; }}
add chain inet vdc leave {{ type nat hook postrouting priority 100; policy accept; }}
flush chain inet vdc untracked
flush chain inet vdc input
flush chain inet vdc services
flush chain inet vdc through
flush chain inet vdc leave
table inet vdc {{
  chain untracked {{
    iifname {bridge} ip daddr @far_fronts notrack
  }}
  chain input {{
    iifname lo accept
    ct state invalid drop
    ct state {{ established, related }} accept
    ip daddr . tcp dport @fronts accept
    iifname {uplink} icmp type echo-request accept
    iifname {bridge} goto services
  }}
  chain services {{
    udp sport 68 udp dport 67 accept
    ip daddr {gateway} meta l4proto {{ tcp, udp }} th dport 53 accept
    ip daddr {metadata} tcp dport 80 accept
    icmp type echo-request accept
  }}
  chain through {{
    iifname {bridge} oifname {bridge} ip saddr {range} ip daddr @far_fronts accept
    ct state invalid drop
    tcp flags syn tcp option maxseg size set rt mtu
    ct state {{ established, related }} accept
    ip daddr {{ 127.0.0.0/8, 169.254.0.0/16 }} drop
    {leave}
  }}
  chain leave {{
    oifname {uplink} ip saddr {range} masquerade
  }}
}}
)",
                       fmt::arg("uplink", uplink_device), fmt::arg("bridge", bridge_device),
                       fmt::arg("gateway", text(network.gateway)),
                       fmt::arg("metadata", text(metadata_address)), fmt::arg("leave", leave),
                       fmt::arg("range", text(network.range)));
}

std::string inside_rules(const NetworkSpec& network) {
    return fmt::format("add table bridge {}\n", guard_table) + set_declarations() + port_rules +
           tunnel_rules(network) + gateway_rules(network);
}

static std::string front_element(Ipv4 address, std::uint16_t port) {
    return fmt::format("element inet {} fronts {{ {} . {} }}\n", guard_table, text(address), port);
}

std::string front_opening(Ipv4 address, std::uint16_t port) {
    return "add " + front_element(address, port);
}

std::string front_closing(Ipv4 address, std::uint16_t port) {
    return "add " + front_element(address, port) + "delete " + front_element(address, port);
}

// ---- the host ----------------------------------------------------------------------------------

std::string host_table(const HostPaths& paths) {
    return "vdc" + paths.tag;
}

std::string forwarding_mark(bool before) {
    return before ? "forwarding_was_on" : "forwarding_was_off";
}

std::string host_rules(const HostPaths& paths, std::optional<bool> forwarding_before) {
    const std::string mark = forwarding_before
                                 ? fmt::format("add chain inet {} {}\n", host_table(paths),
                                               forwarding_mark(*forwarding_before))
                                 : "";
    return fmt::format(R"(
add table inet {table}
add set inet {table} transits {{ type ipv4_addr; }}
add chain inet {table} input {{ type filter hook input priority -5; policy accept; }}
add chain inet {table} through {{ type filter hook forward priority -5; policy accept; }}
add chain inet {table} leave {{ type nat hook postrouting priority 100; policy accept; }}
{mark}flush chain inet {table} input
flush chain inet {table} through
flush chain inet {table} leave
table inet {table} {{
  chain input {{
    iifname != "{table}n*" accept
    ct state {{ established, related }} accept
    drop
  }}
  chain through {{
    iifname != "{table}n*" oifname != "{table}n*" accept
    udp dport {tunnel_port} drop
    tcp flags syn tcp option maxseg size set rt mtu
    ct state {{ established, related }} accept
    oifname "{table}n*" drop
    meta nfproto != ipv4 drop
    ip daddr {{ 127.0.0.0/8, 169.254.0.0/16, 100.64.0.0/10 }} drop
    ip saddr != @transits drop
  }}
  chain leave {{
    ip saddr @transits oifname != "{table}n*" masquerade
  }}
}}
)",
                       fmt::arg("table", host_table(paths)), fmt::arg("mark", mark),
                       fmt::arg("tunnel_port", tunnel_port));
}

std::string host_nat(const HostPaths& paths, const Transit& transit, bool nat) {
    const std::string element =
        fmt::format("element inet {} transits {{ {} }}\n", host_table(paths), text(transit.inside));
    return nat ? "add " + element : "add " + element + "delete " + element;
}

// ---- the host's end of a tunnel ----------------------------------------------------------------

/// The VNI stands 12 bytes behind the UDP header, the inner frame's source MAC 22 bytes.
std::string host_tunnel_opening(const NetworkSpec& network, const HostPaths& paths) {
    return fmt::format(R"(
add set inet {table} {senders} {{ {type}; }}
add chain inet {table} tunnel{number}
flush chain inet {table} tunnel{number}
add map inet {table} tunnels {{ typeof @th,104,16 : verdict; }}
add chain inet {table} tunnels {{ type filter hook input priority -6; policy accept; }}
flush chain inet {table} tunnels
add element inet {table} tunnels {{ {number} : goto tunnel{number} }}
table inet {table} {{
  chain tunnels {{
    udp dport {port} @th,104,16 vmap @tunnels
  }}
  chain tunnel{number} {{
    @th,96,24 != {vni} accept
    ip saddr . @th,176,48 @{senders} accept
    drop
  }}
}}
)",
                       fmt::arg("table", host_table(paths)),
                       fmt::arg("senders", sender_set(network.number, {}).name),
                       fmt::arg("type", sender_set(network.number, {}).type),
                       fmt::arg("number", network.number), fmt::arg("vni", network.vni),
                       fmt::arg("port", tunnel_port));
}

std::string host_tunnel_closing(int number, const HostPaths& paths) {
    return fmt::format(R"(
add set inet {table} {senders} {{ {type}; }}
add chain inet {table} tunnel{number}
add map inet {table} tunnels {{ typeof @th,104,16 : verdict; }}
add element inet {table} tunnels {{ {number} : goto tunnel{number} }}
delete element inet {table} tunnels {{ {number} }}
flush chain inet {table} tunnel{number}
delete chain inet {table} tunnel{number}
delete set inet {table} {senders}
)",
                       fmt::arg("table", host_table(paths)),
                       fmt::arg("senders", sender_set(number, {}).name),
                       fmt::arg("type", sender_set(number, {}).type), fmt::arg("number", number));
}

}  // namespace vdc::drivers::networks
