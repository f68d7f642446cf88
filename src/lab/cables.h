#pragma once

#include <map>
#include <string>

#include "base/result.h"

/// The machines of a lab and the wires between them, made of what Linux has: a machine is a network
/// namespace with one device, eth0; a switch in a namespace of its own joins them (veth(4),
/// bridge). A wire is cut by a rule of the switch, one way or both, so that neither machine sees
/// its device go down: as when a switch fails, not when a plug is pulled. What is there is read
/// from the kernel each time; nothing is remembered. Blocking; root.
namespace vdc::lab {

/// Which ways of a machine's wire are cut.
struct Cut {
    bool to = false;    ///< nothing reaches the machine
    bool from = false;  ///< nothing that it sends arrives

    friend bool operator==(const Cut&, const Cut&) = default;
};

class Cables {
  public:
    static constexpr int machines_max = 50;

    /// `prefix` begins the names of all namespaces: the switch is PREFIX, machine 2 is PREFIX-h2.
    explicit Cables(std::string prefix) : prefix_(std::move(prefix)) {}

    static std::string name(int number) { return "h" + std::to_string(number); }
    std::string machine(int number) const { return prefix_ + "-" + name(number); }
    /// Of the machine's eth0, of 24 bits.
    static std::string address(int number) { return "10.250.0." + std::to_string(number); }

    /// Machines 1 to `count` and the switch, those that are not there yet. Idempotent.
    base::Status lay(int count) const;

    /// How many machines there are: 0 without a lab.
    int machines() const;

    /// Of every machine that has a cut.
    base::Result<std::map<int, Cut>> cuts() const;
    /// The machine's wire is cut like this from now on, and no other way.
    base::Status cut(int machine, Cut wanted) const;

    /// Ends all processes in the machines, and removes them and the switch. Nothing there: fine.
    base::Status remove() const;

  private:
    base::Status lay_switch() const;
    base::Status lay_machine(int number) const;

    std::string prefix_;
};

}  // namespace vdc::lab
