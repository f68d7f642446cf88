#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "drivers/host_paths.h"
#include "drivers/networks/filter_sets.h"
#include "drivers/networks/plan.h"

/// The tunnel between the pieces that a network has on several hosts (docs/networks.md): VXLAN
/// from host to host, for IPv4 between known ports and fronts, and for nothing else.
///
/// Nothing is learned and nothing flooded. Control knows who is where: so each host has the way to
/// every MAC, and answers ARP for every address of other hosts itself. DHCP, names, metadata and
/// the gateway are on each host, and their frames never enter the tunnel.
namespace vdc::drivers::networks {

/// What a network has on other hosts.
struct Tunnel {
    std::vector<control::PeerSpec> peers;
    std::vector<control::FarFrontSpec> far_fronts;

    bool empty() const { return peers.empty() && far_fronts.empty(); }
    friend bool operator==(const Tunnel&, const Tunnel&) = default;
};

Tunnel tunnel_of(const NetworkSpec& network);

/// The MAC of a host's gateway for other hosts: for its own guests it is the same on every host.
Mac router_mac(Ipv4 underlay);

/// What may come from the tunnel: sets of the ports' guard (rules.h, T1 to T3).
std::vector<FilterSet> tunnel_sets(const Tunnel& tunnel);
/// Fronts that are reached through the tunnel: of the namespace's own guard.
FilterSet far_front_set(const Tunnel& tunnel);
/// Which host may send from which MAC: of the host's table (rules.h, H6).
FilterSet sender_set(int number, const Tunnel& tunnel);

/// Makes the network's tunnel be so: its device, its ways, and what the sets of rules hold. The
/// rules of the network and its bridge are there. `before`: what stands, when that is certain;
/// then only the difference is touched, and a network without a tunnel costs nothing.
base::Status follow_tunnel(const NetworkSpec& network, const HostPaths& paths,
                           const Tunnel* before);

/// The largest packet that a guest should send: what the network says, and less where the host's
/// underlay does not carry that and a tunnel's 50 bytes.
base::Result<int> guest_mtu(const NetworkSpec& network);

}  // namespace vdc::drivers::networks
