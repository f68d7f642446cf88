#pragma once

#include <string>
#include <vector>

#include "base/addresses.h"
#include "base/result.h"
#include "control/effects.h"
#include "control/front_pool.h"
#include "drivers/host_paths.h"

/// How one network lies on a host, as pure text: addresses, and the lines that `ip -batch` and
/// `bridge -batch` read. The packet rules are in rules.h, DHCP and DNS in names.h.
///
///     host's namespace                 vdc<tag>n<N>
///                                 +---------------------------------------------+
///     vdc<tag>n<N> --- veth ------- up0    routing, NAT, HAProxy     br0 -- taps of the ports
///     100.64.x.y+1/30             | +2/30  100.96.a.b/32 on lo       gateway, 169.254.169.254
///                                 |                                  dnsmasq, metadata
///                                 +---------------------------------------------+
///
/// A network's own addresses exist only inside its namespace: what leaves it bears the transit
/// address, and what comes in goes to a front's address. So projects may use the same ranges.
namespace vdc::drivers::networks {

using base::Ipv4;
using base::Ipv4Range;
using base::Mac;
using control::front_pool;
using control::NetworkSpec;
using control::PortSpec;

inline constexpr char bridge_device[] = "br0";
inline constexpr char uplink_device[] = "up0";
inline constexpr Ipv4 metadata_address{0xa9fea9fe};         // 169.254.169.254
inline constexpr Ipv4Range transit_pool{{0x64400000}, 11};  // 100.64.0.0/11
inline constexpr Mac gateway_mac{0x0276'6463'0001};         // the same on every network
inline constexpr char tunnel_device[] = "vx0";              // only where other hosts have ports
inline constexpr std::uint16_t tunnel_port = 4789;          // RFC 7348
inline constexpr int mtu_min = 576;
inline constexpr int number_max = 65535;
inline constexpr int transit_attempts = 8;

/// The two ends of a network's link to its host, a /30 of their own.
struct Transit {
    Ipv4 host;
    Ipv4 inside;
    friend bool operator==(const Transit&, const Transit&) = default;
};

/// Where network `number` of datacenter `tag` meets its host. Different numbers of one tag never
/// share an address, whatever `attempt` (0 to 7) is; other tags may stand there, hence attempts.
Transit transit(const std::string& tag, int number, int attempt);

/// An address that some device of a namespace has.
struct Placed {
    std::string device;
    Ipv4 address;
    int prefix = 32;
    friend bool operator==(const Placed&, const Placed&) = default;
};

/// The transit that this network has already, or else the first that overlaps with nothing there.
/// exhausted when other datacenters on this host stand on all of them.
base::Result<Transit> choose_transit(const HostPaths& paths, int number,
                                     const std::vector<Placed>& on_host);

/// Refuses what cannot be a network: the gateway outside its range, two ports with one address or
/// MAC, names that are no DNS labels, numbers out of bounds. Whatever passes may be written into
/// configuration texts.
base::Status check_spec(const NetworkSpec& network);

/// The host's end of the uplink; bears the namespace's name.
std::string host_device(const HostPaths& paths, int number);

/// What a namespace holds before a change.
struct Inside {
    std::vector<std::string> devices;
    std::vector<Placed> addresses;
    bool has(const std::string& device) const;
};

/// Lines for `ip -batch` on the host: the uplink (when `make_uplink`), its address, and the hole
/// into which unassigned front addresses fall.
std::string host_links(const NetworkSpec& network, const HostPaths& paths, const Transit& transit,
                       bool make_uplink);

/// Lines for `ip -batch` in the namespace: from `seen` to the bridge, its addresses and the way
/// out. Addresses that the spec does not know are taken off the bridge and the uplink.
std::string inside_links(const NetworkSpec& network, const Transit& transit, const Inside& seen);

/// The metric by which a datacenter knows its own hole for the front pool among others': 0x76000000
/// and its tag (tools/leftovers counts likewise).
std::uint32_t hole_metric(const std::string& tag);

}  // namespace vdc::drivers::networks
