#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "drivers/networks/daemons.h"
#include "drivers/networks/plan.h"

/// Network namespaces by name, as `ip netns` keeps them (/run/netns), and what is in them.
/// An empty name means the namespace that this process runs in.
namespace vdc::drivers::networks {

/// Whether the name leads to a namespace. A name alone (left by a machine that lost power between
/// two steps of making it) does not count.
bool namespace_exists(const std::string& name);

/// Makes it if it is not there.
base::Status ensure_namespace(const std::string& name);

/// Ends every process in it, takes its devices away, then its name. Nothing there: fine.
base::Status remove_namespace(const std::string& name);

/// Enters the namespace with the calling thread, runs `deed`, and comes back: what it opens there
/// (sockets, taps, /proc/thread-self/net) belongs there. Whoever cannot come back ends the program.
base::Status in_namespace(const std::string& name, const std::function<base::Status()>& deed);

/// Names of all namespaces that begin with `prefix`, sorted.
std::vector<std::string> namespaces(const std::string& prefix);

/// Devices and IPv4 addresses of the namespace that the calling thread is in.
base::Result<Inside> look_around();

/// Whether the namespace has a device of that name.
base::Result<bool> device_exists(const std::string& namespace_name, const std::string& device);

/// The device that a route of the namespace that the calling thread is in gives to exactly this
/// address; empty when there is none.
std::string device_towards(Ipv4 address);

/// Processes whose network namespace is this one.
std::vector<Daemon> processes_in(const std::string& name);

/// Whether an nft table is in the namespace that the calling thread is in. `family` as of
/// NFPROTO_*: bridge or inet.
enum class TableFamily { inet, bridge };
bool table_exists(TableFamily family, const std::string& name);

/// Writes net.* settings of the namespace that the calling thread is in: "ipv4/ip_forward".
/// A setting that this kernel does not have is fine when `may_lack`.
enum class Lack { refused, fine };
base::Status set_sysctl(const std::string& name, const std::string& value,
                        Lack lack = Lack::refused);
base::Result<std::string> sysctl(const std::string& name);

/// Feeds lines to `ip -batch` or `nft -f` in a namespace. No lines, no process.
base::Status ip_batch(const std::string& namespace_name, const std::string& lines);
base::Status nft(const std::string& namespace_name, const std::string& rules);

}  // namespace vdc::drivers::networks
