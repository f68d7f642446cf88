#pragma once

#include <optional>

#include "base/result.h"
#include "drivers/fronts/config.h"
#include "drivers/networks/daemons.h"

/// The HAProxy of a front: master and worker. The master stays root to reload; the worker, which
/// alone sees what clients send, has a user of its own and an empty root.
namespace vdc::drivers::fronts {

/// Its master, wherever we left it: started in this namespace with this front's files. Nothing
/// when there is none.
std::optional<networks::Daemon> find_balancer(const FrontFiles& files);

/// Starts one. What may still run with these files is ended before.
base::Result<networks::Daemon> start_balancer(const FrontSpec& front, const FrontFiles& files,
                                              const std::string& namespace_name);

/// Makes a running one take the front as it is now. Connections under way are kept: the old worker
/// ends them, the new one inherits the listening sockets and what was known of the backends.
base::Status reload_balancer(const FrontSpec& front, const FrontFiles& files);

/// Adds backends to a running one without a reload; the files follow.
base::Status extend_balancer(const FrontSpec& front, const FrontFiles& files,
                             const std::vector<BackendSpec>& fresh);

/// Ends master and workers.
base::Status end_balancer(const FrontFiles& files);

}  // namespace vdc::drivers::fronts
