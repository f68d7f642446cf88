#pragma once

#include <memory>

#include "app/controller_papers.h"
#include "app/membership.h"
#include "app/settings.h"
#include "base/result.h"

namespace vdc::app {

/// What `vdc up` runs. At its end instances, networks and fronts go on: the next one finds them
/// again.
class Daemon {
  public:
    virtual ~Daemon() = default;
};

/// Starts what this machine is: a host of a datacenter that others control, if it has joined one,
/// and otherwise a datacenter of its own. When this returns, requests are answered. Needs root.
base::Result<std::unique_ptr<Daemon>> start_daemon(const Settings& settings);

/// A controller and its own host in one process: store, engine, agent, API, metadata.
base::Result<std::unique_ptr<Daemon>> start_controller(const Settings& settings);

/// One of several controllers, and a host. It follows until it leads.
base::Result<std::unique_ptr<Daemon>> start_cluster_controller(const Settings& settings,
                                                               const ControllerPapers& papers,
                                                               const Membership& membership);

/// Ends this process as a crash would, but begins it anew at once, with the same words and the same
/// pid. Instances, networks and fronts go on. For a change of what the daemon is: whatever it has
/// in memory is gone, and what is kept says how to go on.
[[noreturn]] void begin_anew(const std::string& why);

/// A host alone: agent, metadata, and the stream to its controller. Its API tells people where to
/// ask instead.
base::Result<std::unique_ptr<Daemon>> start_joined_host(const Settings& settings,
                                                        const Membership& membership);

/// The four digits that begin the names of everything of this datacenter that is global to the
/// machine; made once and kept in the data folder.
base::Result<std::string> datacenter_tag(const Settings& settings);

}  // namespace vdc::app
