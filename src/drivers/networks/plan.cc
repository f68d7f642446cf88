#include "drivers/networks/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>

#include "base/hash.h"
#include "base/text.h"

namespace vdc::drivers::networks {

using base::Error;
using base::Result;
using base::Status;
using base::text;

// ---- addresses ---------------------------------------------------------------------------------

/// The pool is eight windows of 65536 blocks of four addresses. A tag turns the window and says
/// which one comes first.
Transit transit(const std::string& tag, int number, int attempt) {
    const std::uint64_t turn = base::Hasher().add(tag).finish().low;
    const std::uint64_t window = (turn / 65536 + static_cast<std::uint64_t>(attempt)) % 8;
    const std::uint64_t place = (turn + static_cast<std::uint64_t>(number)) % 65536;
    const Ipv4 first =
        transit_pool.first + static_cast<std::uint32_t>((window * 65536 + place) * 4);
    return {first + 1, first + 2};
}

static Ipv4Range block_of(const Transit& transit) {
    return {{transit.host.bits & ~std::uint32_t{3}}, 30};
}

Result<Transit> choose_transit(const HostPaths& paths, int number,
                               const std::vector<Placed>& on_host) {
    const std::string device = host_device(paths, number);
    const auto stands = [&](const Transit& t) {
        return std::ranges::any_of(on_host, [&](const Placed& placed) {
            return placed.device == device && placed.address == t.host;
        });
    };
    const auto taken = [&](const Transit& t) {
        return std::ranges::any_of(on_host, [&](const Placed& placed) {
            return placed.device != device && block_of(t).holds(placed.address);
        });
    };
    for (const auto& fits : {std::function<bool(const Transit&)>(stands),
                             std::function<bool(const Transit&)>(std::not_fn(taken))})
        for (int attempt = 0; attempt < transit_attempts; ++attempt)
            if (const Transit found = transit(paths.tag, number, attempt); fits(found))
                return found;
    return Error{Error::Code::exhausted,
                 fmt::format("all transit addresses of network {} are in use on this host", number),
                 "other datacenters or a VPN use " + text(transit_pool) + "; end one of them"};
}

std::uint32_t hole_metric(const std::string& tag) {
    std::uint32_t number = 0;
    std::from_chars(tag.data(), tag.data() + tag.size(), number, 16);
    return 0x76000000 + (number & 0xffff);
}

// ---- what may be a network ---------------------------------------------------------------------

static Error invalid(const NetworkSpec& network, const std::string& what, std::string hint) {
    return {Error::Code::invalid, fmt::format("network {}: {}", network.number, what),
            std::move(hint)};
}

static Status check_domain(const NetworkSpec& network) {
    if (network.domain.size() > 200)
        return invalid(network, "its domain is longer than 200 letters", "shorten it");
    for (const std::string& label : base::split(network.domain, '.'))
        if (const Status fine = base::check_name("domain part", label); !fine.ok())
            return invalid(network, fine.error().message, fine.error().hint);
    return {};
}

static Status check_frame(const NetworkSpec& network) {
    if (network.number < 1 || network.number > number_max)
        return invalid(network, "its number is not within 1 and 65535", "renumber it");
    if (network.mtu < mtu_min || network.mtu > 65000)
        return invalid(network,
                       fmt::format("its MTU of {} is not within 576 and 65000", network.mtu),
                       "1500 fits nearly everywhere");
    if (network.range.prefix < 8 || network.range.prefix > 29)
        return invalid(network, "its range " + text(network.range) + " is not within /8 and /29",
                       "10.20.0.0/24 holds 253 instances");
    const Ipv4Range loopback{{0x7f000000}, 8}, link_local{{0xa9fe0000}, 16},
        shared{{0x64400000}, 10};
    for (const Ipv4Range& own : {loopback, link_local, shared, Ipv4Range{{0xe0000000}, 3}})
        if (network.range.overlaps(own))
            return invalid(network,
                           "its range " + text(network.range) + " meets " + text(own) +
                               ", which is not for instances",
                           "take a range of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16");
    return {};
}

/// An address that an instance or the gateway may have: neither the first nor the last of a range.
static bool usable(const NetworkSpec& network, Ipv4 address) {
    return network.range.holds(address) && address != network.range.first &&
           address != network.range.broadcast();
}

namespace {

/// Addresses and MACs that are given out once in a network.
struct Taken {
    std::set<Ipv4> addresses;
    std::set<Mac> macs;
};

}  // namespace

static Status take(const NetworkSpec& network, const std::string& name, Ipv4 address, Mac mac,
                   Taken& taken) {
    if (!usable(network, address))
        return invalid(network,
                       name + " has the address " + text(address) +
                           ", which no instance can have in " + text(network.range),
                       "take another one");
    if (!taken.addresses.insert(address).second)
        return invalid(network, text(address) + " of " + name + " is taken already",
                       "take another one");
    if (!mac || mac.bits >> 40 & 1 || !taken.macs.insert(mac).second)
        return invalid(network, name + " needs a unicast MAC of its own, not " + text(mac),
                       "take another one");
    return {};
}

static Status check_ports(const NetworkSpec& network, Taken& taken) {
    std::set<std::string> taps;
    for (const PortSpec& port : network.ports) {
        const std::string name = "port " + text(port.id);
        TRY(take(network, name, port.address, port.mac, taken));
        if (!taps.insert(HostPaths{}.tap(port.id)).second)
            return invalid(network, name + " cannot be told from another by its last 12 digits",
                           "make the port anew");
        if (!port.hostname.empty()) TRY(base::check_name("hostname", port.hostname));
    }
    return {};
}

static Status check_tunnel(const NetworkSpec& network, Taken& taken) {
    if (!network.underlay) return {};
    if (network.vni >> 24 != 0 || (network.vni & 0xffff) != static_cast<unsigned>(network.number))
        return invalid(network, fmt::format("its VNI {} is none of its own", network.vni),
                       "its lower 16 of 24 bits are the network's number");
    if (network.peers.size() > control::peers_max)
        return invalid(network, "it has more ports on other hosts than a host can know",
                       fmt::format("{} are as many as there may be", control::peers_max));
    for (const control::PeerSpec& peer : network.peers) {
        TRY(take(network, "a port behind " + text(peer.underlay), peer.address, peer.mac, taken));
        if (!peer.underlay || peer.underlay == network.underlay)
            return invalid(network, text(peer.address) + " is said to be on another host",
                           "name that host's underlay address");
    }
    for (const control::FarFrontSpec& front : network.far_fronts)
        if (!front_pool.holds(front.address) || !front.underlay ||
            front.underlay == network.underlay)
            return invalid(network, "the front " + text(front.address) + " is on no other host",
                           "name an address of " + text(front_pool) + " and its carrier");
    return {};
}

Status check_spec(const NetworkSpec& network) {
    TRY(check_frame(network));
    TRY(check_domain(network));
    if (!usable(network, network.gateway))
        return invalid(
            network,
            "its gateway " + text(network.gateway) + " is not inside " + text(network.range),
            "the first usable address is " + text(network.range.first + 1));
    Taken taken{.addresses = {network.gateway}, .macs = {gateway_mac}};
    TRY(check_ports(network, taken));
    TRY(check_tunnel(network, taken));
    for (const control::NameSpec& name : network.names) TRY(base::check_name("name", name.name));
    return {};
}

// ---- links -------------------------------------------------------------------------------------

std::string host_device(const HostPaths& paths, int number) {
    return paths.network_namespace(number);
}

bool Inside::has(const std::string& device) const {
    return std::ranges::find(devices, device) != devices.end();
}

std::string host_links(const NetworkSpec& network, const HostPaths& paths, const Transit& transit,
                       bool make_uplink) {
    const std::string device = host_device(paths, network.number);
    std::string lines;
    if (make_uplink)
        lines +=
            fmt::format("link add {0} mtu {1} type veth peer name {2} mtu {1} netns {3}\n", device,
                        network.mtu, uplink_device, paths.network_namespace(network.number));
    lines += fmt::format("link set {0} addrgenmode none\nlink set {0} mtu {1} up\n", device,
                         network.mtu);
    lines += fmt::format("addr replace {}/30 dev {}\n", text(transit.host), device);
    lines += fmt::format("route replace blackhole {} metric {}\n", text(front_pool),
                         hole_metric(paths.tag));
    return lines;
}

static std::vector<Placed> wanted_addresses(const NetworkSpec& network, const Transit& transit) {
    return {{bridge_device, network.gateway, network.range.prefix},
            {bridge_device, metadata_address, 32},
            {uplink_device, transit.inside, 30}};
}

std::string inside_links(const NetworkSpec& network, const Transit& transit, const Inside& seen) {
    const std::vector<Placed> wanted = wanted_addresses(network, transit);
    std::string lines = "link set lo up\n";
    if (!seen.has(bridge_device)) lines += fmt::format("link add {} type bridge\n", bridge_device);
    // The mask: frames for bridges themselves take the way of all others, past the ports' rules.
    lines += fmt::format(
        "link set {} type bridge stp_state 0 forward_delay 0 mcast_snooping 0 "
        "group_fwd_mask 0xfff8\n",
        bridge_device);
    lines += fmt::format("link set {} address {} mtu {} up\n", bridge_device, text(gateway_mac),
                         network.mtu);
    lines += fmt::format("link set {} mtu {} up\n", uplink_device, network.mtu);
    for (const Placed& old : seen.addresses)
        if ((old.device == bridge_device || old.device == uplink_device) &&
            std::ranges::find(wanted, old) == wanted.end())
            lines +=
                fmt::format("addr del {}/{} dev {}\n", text(old.address), old.prefix, old.device);
    for (const Placed& placed : wanted)
        lines += fmt::format("addr replace {}/{} dev {}\n", text(placed.address), placed.prefix,
                             placed.device);
    lines += network.nat ? fmt::format("route replace default via {} dev {}\n", text(transit.host),
                                       uplink_device)
                         : "route replace unreachable default\n";
    return lines;
}

}  // namespace vdc::drivers::networks
