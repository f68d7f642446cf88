#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/host_paths.h"
#include "drivers/networks/accounts.h"

/// What HAProxy reads and says, as pure text. One HAProxy per application, in its network's
/// namespace: what one application does to its front touches no other.
///
/// What a client may expect when a replica dies without a word:
///  F1  A connection that is not answered within 150 ms is tried on another replica, three times.
///      That is safe for every request: nothing was sent yet.
///  F2  GET, HEAD and OPTIONS are sent again, to another replica, when the answer breaks off before
///      its first byte, is no HTTP, does not come in time, or is 502, 503 or 504. Other methods
///      are not: the first try may have had its effect. Neither is 500: it is an answer.
///  F3  The first connection that fails takes a replica out; a check every 200 ms does too, and
///      brings it back. Requests that were sent to it and are not answered wait: they end when it
///      has been out for three seconds (see hopeless_sessions). At once would be wrong: it would
///      end those too that are about to be tried elsewhere, and the answers of a replica that
///      was only slow for a moment.
///  F4  When all are out, all are tried: a front that errs about its replicas (an overloaded host
///      answers no check in time) must not make an outage of it. So a replica may see requests
///      before its check passes, when none passes.
///  F5  A replica that is taken off the list ends what it has under way.
///  F6  A replica sees the front's own address as its client's, which leads back to this host also
///      from a replica on another one; the gateway's would not, for every host has it.
namespace vdc::drivers::fronts {

using control::BackendSpec;
using control::FrontSpec;
using networks::Account;

struct FrontFiles {
    std::string folder;
    std::string config() const { return folder + "/haproxy.cfg"; }
    std::string pid() const { return folder + "/pid"; }
    std::string admin() const { return folder + "/admin"; }    ///< the worker listens here
    std::string master() const { return folder + "/master"; }  ///< the master does
    std::string states() const { return folder + "/states"; }
    std::string root() const { return folder + "/root"; }  ///< an empty folder to be locked in
};
std::string fronts_folder(const HostPaths& paths, int network_number);
FrontFiles front_files(const HostPaths& paths, int network_number, model::ApplicationId id);

/// Refuses what HAProxy could misread: names that are no DNS labels, paths with letters that a
/// configuration gives a meaning to, ports of 0, one instance twice.
base::Status check_front(const FrontSpec& front);

/// `marker` comes back from `show info`: it tells when a reload has taken place.
std::string haproxy_config(const FrontSpec& front, const FrontFiles& files, const Account& account,
                           const std::string& marker);

/// Lines for the admin socket that add a backend to a running HAProxy.
std::vector<std::string> addition(const FrontSpec& front, const BackendSpec& backend);

/// Backends whose check passed last, in id order, as `show stat` tells (CSV with its header).
std::vector<model::InstanceId> ready_backends(const FrontSpec& front, const std::string& stat);

/// Lines for the admin socket that end what waits for backends which have been out for long.
std::vector<std::string> hopeless_sessions(const FrontSpec& front, const std::string& stat);

/// What a backend's name is in `show stat` and at the admin socket.
std::string server_name(const BackendSpec& backend);

}  // namespace vdc::drivers::fronts
