#pragma once

#include <optional>
#include <string>

#include "app/settings.h"
#include "base/addresses.h"
#include "base/result.h"

/// A host's end of the tunnels between its networks and their pieces on other hosts.
namespace vdc::app {

/// What the operator said: an address, or one of zeros for `none`. Nothing when he said nothing.
/// Errors: invalid, when it is no IPv4 address that another host could reach.
base::Result<std::optional<base::Ipv4>> wished_underlay(const Settings& settings);

/// Of the first host: what the operator said, or else where it listens, when that is one address
/// that others can reach. All zeros: none.
base::Result<base::Ipv4> controller_underlay(const Settings& settings);

/// What an operator should know who lets other hosts in, when nobody can tell where they reach the
/// first one; empty: nothing.
std::string underlay_warning(const Settings& settings, base::Ipv4 underlay);

}  // namespace vdc::app
