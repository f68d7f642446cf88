#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "drivers/host_paths.h"
#include "drivers/networks/daemons.h"

namespace vdc::lab {

/// One machine of a lab: a network namespace, a folder for what survives a reboot, one for what
/// does not, and the processes of the vdc that runs there: its daemon, its guests, and what serves
/// its networks. Remembers nothing. Blocking; root.
class Machine {
  public:
    enum class State { off, on, paused };

    Machine(std::string network, std::string data, std::string run)
        : network_(std::move(network)), data_(std::move(data)), run_(std::move(run)) {}

    const std::string& network() const { return network_; }
    const std::string& data() const { return data_; }
    const std::string& run() const { return run_; }
    std::string socket() const { return run_ + "/api.sock"; }

    /// Off when no daemon runs.
    base::Result<State> state() const;
    /// Of the daemon; 0 when none runs.
    base::Result<pid_t> pid() const;

    /// Whether it was made a host of a datacenter by `vdc join`.
    bool has_joined() const;

    /// Starts its daemon, or lets all its processes go on. Runs already: fine. `program` is vdc,
    /// `options` what `vdc up` gets beside the folders.
    base::Status start(const std::string& program, const std::vector<std::string>& options) const;

    /// All its processes stand still, guests among them, as on a machine whose processors do
    /// nothing for a while.
    base::Status pause() const;
    /// SIGKILL for all its processes, guests among them, as when the power goes.
    base::Status kill() const;

    /// Takes everything away that the vdc on it has made, its folders too.
    base::Status purge(const std::string& program) const;

    /// Runs vdc there: what it printed.
    base::Result<std::string> vdc(const std::string& program, std::vector<std::string> words,
                                  const std::string& input = "") const;

  private:
    base::Result<drivers::HostPaths> paths() const;
    base::Result<std::vector<drivers::networks::Daemon>> processes() const;
    base::Status signal_all(int signal) const;

    std::string network_;
    std::string data_;
    std::string run_;
};

}  // namespace vdc::lab
