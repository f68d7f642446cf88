#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

/// Processes that outlive us: found again by a new vdc, never started twice, ended for certain.
namespace vdc::drivers::networks {

/// One process, for the life of the machine: a pid alone may pass to another.
struct Daemon {
    pid_t pid = 0;
    std::uint64_t start_time = 0;  ///< field 22 of /proc/PID/stat
    friend bool operator==(const Daemon&, const Daemon&) = default;
};

/// The process that has this pid now; nothing when there is none or it has ended (a zombie).
std::optional<Daemon> daemon_of(pid_t pid);
inline bool alive(const Daemon& daemon) {
    return daemon_of(daemon.pid) == daemon;
}

/// The name of its program, at most 15 letters ("dnsmasq"); empty when it is gone.
std::string program_of(const Daemon& daemon);

/// Its arguments; empty when it is gone. Not empty while it executes itself anew.
std::vector<std::string> arguments_of(const Daemon& daemon);

/// Those living that `fits` says yes to, in the order of their pids.
template <class Fits>
std::vector<Daemon> daemons_where(const Fits& fits);
std::vector<Daemon> all_daemons();

/// Sends the signal; gone already is fine.
base::Status send_signal(const Daemon& daemon, int signal);

/// Whether a signal has stopped it, and none let it go on.
bool is_stopped(const Daemon& daemon);

/// Kills it and waits until it has ended. Gone already is fine.
base::Status end(const Daemon& daemon);

/// Kills all that `living` finds, at once, until it finds nobody: what is ended may have started
/// more before. `who` names them in the error of those who go on to be there.
base::Status end_all(const std::function<base::Result<std::vector<Daemon>>()>& living,
                     const std::string& who);

/// "123 456789": as it is kept in files.
std::string text(const Daemon& daemon);
std::optional<Daemon> parse_daemon(const std::string& text);

// ------------------------------------------------------------------------------------------------

template <class Fits>
std::vector<Daemon> daemons_where(const Fits& fits) {
    std::vector<Daemon> found;
    for (const Daemon& daemon : all_daemons())
        if (fits(daemon)) found.push_back(daemon);
    return found;
}

}  // namespace vdc::drivers::networks
