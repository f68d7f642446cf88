#pragma once

#include <map>
#include <mutex>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/host_paths.h"

/// One address and port before an application's replicas (see config.h for what clients may
/// expect). The address is on the loopback of the network's namespace, HAProxy listens there, and
/// the host has a route to it; nobody else can reach it (see networks/rules.h, N1 and H2).
///
/// The network comes first, and goes last: its removal takes its fronts with it.
namespace vdc::drivers::fronts {

/// Any thread. Deeds on one application follow one another.
class Fronts {
  public:
    explicit Fronts(HostPaths paths) : paths_(std::move(paths)) {}

    /// Makes the front be as `front` says, from nothing, from another spec, or from a half-made
    /// state. Connections that are open stay open. conflict when the network is not there, or when
    /// the address belongs to somebody else on this host.
    base::Result<control::FrontSighting> apply(const control::FrontSpec& front);

    /// Asks who is ready. Present only when all that apply() left is still there and alive. Ends
    /// requests that wait for a replica which has been out for three seconds, so call it once in
    /// a second or two. Some milliseconds.
    base::Result<control::FrontSighting> look(const control::FrontSpec& front);

    /// Takes it away; connections end. Nothing there: fine.
    base::Result<control::FrontSighting> remove(model::ApplicationId application,
                                                model::NetworkId network, int network_number);

  private:
    std::unique_lock<std::mutex> hold(model::ApplicationId application);

    HostPaths paths_;
    std::mutex guard_;  ///< of the map
    std::map<model::ApplicationId, std::mutex> held_;
};

}  // namespace vdc::drivers::fronts
