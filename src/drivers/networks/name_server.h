#pragma once

#include "base/result.h"
#include "drivers/host_paths.h"
#include "drivers/networks/names.h"

/// The dnsmasq of a network: started once, told of changes, found again after a restart of ours.
namespace vdc::drivers::networks {

/// Makes it serve this network: starts it, tells it to read its files again, or lets it be,
/// whatever the difference asks for. The namespace and its addresses are there.
/// `servers` are asked for names outside, when the network has NAT.
base::Status serve_names(const NetworkSpec& network, const HostPaths& paths,
                         const std::vector<Ipv4>& servers);

/// Whether the dnsmasq that serve_names() left is alive.
bool names_served(const HostPaths& paths, int number);

/// Tells dnsmasq whom to ask for names outside, if these are others than before.
base::Status follow_resolvers(const HostPaths& paths, int number, const std::vector<Ipv4>& servers);

}  // namespace vdc::drivers::networks
