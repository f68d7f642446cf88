#pragma once

#include "base/result.h"
#include "drivers/host_paths.h"
#include "drivers/networks/plan.h"

/// What networks need in the host's own namespace: the rules of the host, forwarding, the hole for
/// unassigned front addresses, and one uplink per network. All names bear the datacenter's tag.
/// Not for several threads at once.
namespace vdc::drivers::networks {

/// The uplink of this network, made anew unless both its ends are in their places; then its
/// addresses, the host's rules, and forwarding where the network has NAT. Idempotent.
/// `inside` is what the network's namespace holds. Answers the transit in use.
base::Result<Transit> connect_to_host(const NetworkSpec& network, const HostPaths& paths,
                                      const Inside& inside);

/// Whether the host's end, rules and forwarding are there.
bool connected_to_host(const HostPaths& paths, int number, bool nat);

/// Takes back what connect_to_host() did for this network. Nothing there: fine.
base::Status disconnect_from_host(const HostPaths& paths, int number);

/// Takes back what connect_to_host() did for all networks of this datacenter, after the last one
/// went. net.ipv4.ip_forward becomes again what it was, unless another datacenter still needs it:
/// then that one inherits the duty.
base::Status leave_host(const HostPaths& paths);

}  // namespace vdc::drivers::networks
