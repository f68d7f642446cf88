#pragma once

#include "base/result.h"
#include "drivers/host_paths.h"
#include "drivers/networks/names.h"

/// The dnsmasq of a network: started once, told of changes, found again after a restart of ours.
namespace vdc::drivers::networks {

/// Makes it serve this network: starts it, tells it to read its files again, or lets it be,
/// whatever the difference asks for. The namespace and its addresses are there.
base::Status serve_names(const NetworkSpec& network, const HostPaths& paths);

/// Whether the dnsmasq that serve_names() left is alive.
bool names_served(const HostPaths& paths, int number);

/// Tells dnsmasq of the resolvers that the host has now, if they are others than before.
base::Status follow_resolvers(const HostPaths& paths, int number);

}  // namespace vdc::drivers::networks
