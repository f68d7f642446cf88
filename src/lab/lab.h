#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lab/cables.h"
#include "lab/machine.h"

/// A whole datacenter on one machine: hosts in network namespaces, each with a vdc of its own,
/// which does what it does on a machine of its own (real guests, networks, leases). For tests,
/// demonstrations and training: hosts are cut off, paused and killed at will.
namespace vdc::lab {

/// One lab; several with different names may be on a machine. Remembers nothing: each question is
/// answered from what is there. Host h1 is the first controller, the others have joined it.
/// Blocking; root; not for several processes at once.
class Lab {
  public:
    /// `name`: 1 to 10 of a-z and 0-9, a letter first. `program` is the vdc to start.
    static base::Result<Lab> named(const std::string& name, const std::string& program);

    struct Host {
        std::string name;
        std::string address;
        Machine::State state = Machine::State::off;
        Cut cut;
        pid_t pid = 0;  ///< of its daemon; 0 when none runs
    };
    /// In the order of their numbers; none when the lab is not up.
    base::Result<std::vector<Host>> hosts() const;

    struct Size {
        int hosts = 3;
        int controllers = 1;  ///< the first so many hosts are controllers, too: 1, 3 or 5
    };
    /// Hosts h1 to hN run and belong to one datacenter; those that are there stay as they are, also
    /// more than so many, but a host becomes no controller later. What an error leaves behind, the
    /// next up() goes on with. `told` hears what is being done.
    base::Status up(Size size, const std::function<void(const std::string&)>& told) const;

    /// Ends all of it and takes it away, data too. Nothing there: fine.
    base::Status down() const;

    /// What befalls a host. Its name is checked: not_found says which there are.
    base::Status cut(const std::string& host, Cut wanted) const;
    base::Status pause(const std::string& host) const;
    base::Status kill(const std::string& host) const;

    /// The host's wire is whole and its processes run: after a cut, a pause, or a kill, as when its
    /// power came back. Sound already: fine.
    base::Status heal(const std::string& host) const;

    /// What runs in a host: the words, in its network, asking its own vdc. Takes this process's
    /// place; returns only with an error.
    base::Error become(const std::string& host, const std::vector<std::string>& words) const;

    /// Of the controller's API.
    std::string socket() const { return machine(1).socket(); }

  private:
    Lab(std::string name, std::string program);
    Machine machine(int number) const;
    base::Result<int> number_of(const std::string& host) const;
    base::Status start(int number, bool controls) const;
    base::Status join(int number, bool controls) const;
    base::Status begin_cluster() const;
    base::Result<std::string> ask(std::vector<std::string> words) const;
    base::Result<int> controllers_up() const;
    base::Result<int> hosts_up() const;
    base::Status await(int count, const char* what,
                       base::Result<int> (Lab::*count_now)() const) const;

    std::string name_;
    std::string program_;
    Cables cables_;
};

}  // namespace vdc::lab
