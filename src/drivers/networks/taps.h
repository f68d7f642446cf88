#pragma once

#include <string>

#include "base/result.h"
#include "drivers/networks/plan.h"
#include "runtime/fd.h"

/// Taps live in their network's namespace; only their descriptors come out.
namespace vdc::drivers::networks {

/// Makes the port's tap, puts it into the bridge and brings it up. It lives as long as somebody
/// holds the descriptor. conflict when somebody does already.
base::Result<runtime::Fd> make_tap(const std::string& namespace_name, const PortSpec& port,
                                   const std::string& tap, int mtu);

/// The same outside the bridge, and down: it is heard and reached by nobody, until set_tap().
base::Result<runtime::Fd> make_tap_aside(const std::string& namespace_name, const std::string& tap);

/// Puts a port's tap into the bridge, nails the port's MAC to it (no learning, no flood of others'
/// frames), and brings it up last. Also when it is there already, as a port's change asks.
base::Status set_tap(const std::string& namespace_name, const PortSpec& port,
                     const std::string& tap, int mtu);

/// Takes it away under whoever holds it. Nothing there: fine.
base::Status remove_tap(const std::string& namespace_name, const std::string& tap);

}  // namespace vdc::drivers::networks
