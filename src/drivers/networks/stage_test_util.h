#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "control/effects.h"
#include "drivers/host_paths.h"
#include "drivers/networks/networks.h"
#include "runtime/fd.h"

/// A stage for tests of networks: the calling thread's own network namespace plays the host, so
/// nothing of the machine is touched and nothing leaves it. Everything is taken away at the end.
namespace vdc::drivers::networks {

class Stage {
  public:
    Stage();
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    HostPaths paths;

    /// A namespace "outside" behind the host's default route, with this address (and 198.51.100.2)
    /// on its end. Its name.
    std::string outside(const std::string& address = "203.0.113.9");

    /// A guest's stand-in: a namespace whose eth0, with the port's MAC, is plugged into the network
    /// where its tap would be. Its name.
    std::string plug(const control::NetworkSpec& network, const control::PortSpec& port);
    /// The guest's cable is cut: its end vanishes without a word, as a killed QEMU's does.
    void cut(const control::NetworkSpec& network, const control::PortSpec& port);

    /// Runs udhcpc once in a guest; what it was told, as "key=value" lines.
    std::string ask_dhcp(const std::string& guest);

    /// Gives the guest its address without DHCP.
    void set_address(const std::string& guest, const control::NetworkSpec& network,
                     const control::PortSpec& port);

    /// A namespace that goes with the stage.
    std::string make_namespace(const std::string& suffix);

    std::string folder;  ///< for scratch files; open to all users

  private:
    runtime::Fd home_;
    std::vector<std::string> namespaces_;
    int plugged_ = 0;
};

/// The value, or an exception: GoogleTest fails the test and the stage is struck all the same.
template <class T>
T must(base::Result<T> result) {
    if (!result.ok()) throw std::runtime_error(base::text(result.error()));
    return std::move(result).value();
}

/// 10.20.0.0/24 with so many ports, 10.20.0.11 and up, MACs 52:54:00:00:00:0b and up.
control::NetworkSpec a_network(int number, int ports);

/// What the command says in a namespace.
std::string shell(const std::string& namespace_name, const std::vector<std::string>& words);
/// Its exit status.
int status_of(const std::string& namespace_name, const std::vector<std::string>& words);

}  // namespace vdc::drivers::networks
