#include "drivers/networks/tunnel.h"

#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "drivers/networks/namespaces.h"
#include "drivers/networks/rules.h"
#include "drivers/networks/ways.h"
#include "runtime/fd.h"

namespace vdc::drivers::networks {

using base::Result;
using base::Status;
using base::text;
using control::FarFrontSpec;
using control::PeerSpec;

Tunnel tunnel_of(const NetworkSpec& network) {
    if (!network.underlay) return {};
    return {network.peers, network.far_fronts};
}

/// Locally administered, and none that control gives to ports (02:56) or that gateways have.
Mac router_mac(Ipv4 underlay) {
    constexpr std::uint64_t prefix = 0x0a76;
    return {prefix << 32 | underlay.bits};
}

// ---- sets of rules -----------------------------------------------------------------------------

static FilterSet set_of(std::string name, std::string type, std::vector<std::string> keys) {
    std::ranges::sort(keys);
    keys.erase(std::ranges::unique(keys).begin(), keys.end());
    return {std::move(name), std::move(type), std::move(keys)};
}

std::vector<FilterSet> tunnel_sets(const Tunnel& tunnel) {
    std::vector<std::string> ports, free, clients;
    for (const PeerSpec& peer : tunnel.peers) {
        const std::string address = address_field(peer.address);
        if (peer.anti_spoof)
            ports.push_back(mac_field(peer.mac) + address);
        else
            free.push_back(mac_bytes(peer.mac));
        clients.push_back(mac_field(router_mac(peer.underlay)) + address);
    }
    for (const FarFrontSpec& front : tunnel.far_fronts)
        ports.push_back(mac_field(router_mac(front.underlay)) + address_field(front.address));
    return {set_of("far_ports", "type ether_addr . ipv4_addr", std::move(ports)),
            set_of("far_free", "type ether_addr", std::move(free)),
            set_of("far_clients", "type ether_addr . ipv4_addr", std::move(clients))};
}

FilterSet far_front_set(const Tunnel& tunnel) {
    std::vector<std::string> fronts;
    for (const FarFrontSpec& front : tunnel.far_fronts)
        fronts.push_back(address_field(front.address));
    return set_of("far_fronts", "type ipv4_addr", std::move(fronts));
}

FilterSet sender_set(int number, const Tunnel& tunnel) {
    std::vector<std::string> senders;
    const auto may = [&](Ipv4 host, Mac mac) {
        senders.push_back(address_field(host) + mac_field(mac));
    };
    for (const PeerSpec& peer : tunnel.peers) {
        may(peer.underlay, peer.mac);
        may(peer.underlay, router_mac(peer.underlay));
    }
    for (const FarFrontSpec& front : tunnel.far_fronts)
        may(front.underlay, router_mac(front.underlay));
    return set_of("senders" + std::to_string(number), "typeof ip saddr . @th,176,48",
                  std::move(senders));
}

template <class SetsOf>
static Status fill(const FilterTable& table, const SetsOf& sets_of, const Tunnel& now,
                   const Tunnel* before) {
    if (before == nullptr) return fill_sets(table, sets_of(now), nullptr);
    const std::vector<FilterSet> old = sets_of(*before);
    return fill_sets(table, sets_of(now), &old);
}

static Status fill_all(const NetworkSpec& network, const HostPaths& paths, const Tunnel& now,
                       const Tunnel* before) {
    const std::string inner = paths.network_namespace(network.number);
    TRY(fill({inner, TableFamily::bridge, guard_table}, tunnel_sets, now, before));
    return fill(
        {inner, TableFamily::inet, guard_table},
        [](const Tunnel& tunnel) { return std::vector{far_front_set(tunnel)}; }, now, before);
}

static Status fill_senders(const NetworkSpec& network, const HostPaths& paths, const Tunnel& now,
                           const Tunnel* before) {
    const auto sets_of = [&](const Tunnel& tunnel) {
        return std::vector{sender_set(network.number, tunnel)};
    };
    return fill({"", TableFamily::inet, host_table(paths)}, sets_of, now, before);
}

// ---- the device --------------------------------------------------------------------------------

/// For `ip -batch` on the host: its outer end stays in the host's namespace.
static std::string outer_link(const NetworkSpec& network, const HostPaths& paths) {
    return fmt::format(
        "link add {} netns {} mtu {} type vxlan id {} local {} dstport {} nolearning\n",
        tunnel_device, paths.network_namespace(network.number), network.mtu, network.vni,
        text(network.underlay), tunnel_port);
}

/// Nothing is learned from it and nothing flooded into it; ARP for what lies behind it is answered
/// by the bridge.
static std::string inner_link() {
    return fmt::format(
        "link set {0} addrgenmode none master {1}\n"
        "link set {0} type bridge_slave learning off flood off mcast_flood off bcast_flood off "
        "neigh_suppress on\n"
        "link set {0} up\n",
        tunnel_device, bridge_device);
}

/// The device goes last: as long as it stands, all of the tunnel may.
static Status lower(const NetworkSpec& network, const HostPaths& paths) {
    const std::string inner = paths.network_namespace(network.number);
    const bool stands = TRY(device_exists(inner, tunnel_device));
    if (!stands) return {};
    TRY(ip_batch(inner, no_ways()));
    TRY(nft("", host_tunnel_closing(network.number, paths)));
    TRY(fill_all(network, paths, {}, nullptr));
    return ip_batch(inner, fmt::format("link del {}\n", tunnel_device));
}

/// Who has no way out by NAT may have one to fronts of other hosts.
static Status let_forward(const NetworkSpec& network, const HostPaths& paths) {
    if (network.nat || network.far_fronts.empty()) return {};
    const std::string setting = fmt::format("ipv4/conf/{}/forwarding", bridge_device);
    return in_namespace(paths.network_namespace(network.number),
                        [&] { return set_sysctl(setting, "1"); });
}

/// The rules come first.
static Status raise(const NetworkSpec& network, const HostPaths& paths, const Tunnel& now) {
    const std::string inner = paths.network_namespace(network.number);
    TRY(nft("", host_tunnel_opening(network, paths)));
    TRY(fill_senders(network, paths, now, nullptr));
    TRY(fill_all(network, paths, now, nullptr));
    TRY(ip_batch("", outer_link(network, paths)));
    TRY(ip_batch(inner, inner_link()));
    TRY(let_forward(network, paths));
    return change_ways(inner, {}, ways_of(now));
}

Status follow_tunnel(const NetworkSpec& network, const HostPaths& paths, const Tunnel* before) {
    const Tunnel now = tunnel_of(network);
    if (before != nullptr && !before->empty() && !now.empty()) {
        TRY(fill_senders(network, paths, now, before));
        TRY(fill_all(network, paths, now, before));
        TRY(let_forward(network, paths));
        return change_ways(paths.network_namespace(network.number), ways_of(*before), ways_of(now));
    }
    const bool may_stand = before == nullptr || !before->empty();
    if (may_stand) TRY(lower(network, paths));
    return now.empty() ? Status() : raise(network, paths, now);
}

// ---- sizes -------------------------------------------------------------------------------------

static Result<int> mtu_of(const std::string& device) {
    const runtime::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, device.c_str(), IFNAMSIZ - 1);
    if (!socket || ::ioctl(socket.get(), SIOCGIFMTU, &request) != 0)
        return runtime::system_error(errno, "cannot ask for the MTU of " + device);
    return request.ifr_mtu;
}

Result<int> guest_mtu(const NetworkSpec& network) {
    constexpr int overhead = 50;  // Ethernet 14, VXLAN 8, UDP 8, IPv4 20
    if (!network.underlay) return network.mtu;
    for (const Placed& placed : TRY(look_around()).addresses)
        if (placed.address == network.underlay)
            return std::clamp(TRY(mtu_of(placed.device)) - overhead, mtu_min, network.mtu);
    return network.mtu;
}

}  // namespace vdc::drivers::networks
