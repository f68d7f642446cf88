#pragma once

#include <map>

#include "control/lease.h"

/// The lives of hosts, as their renewals and fences meet: one table with one order, which is what
/// makes a fence a transaction (lease.h, rule 3). Pure. One controller with a store of its own has
/// it in memory: with the controller, all who could fence end too, and the next one begins with
/// the records and with silence at zero.
namespace vdc::control {

class Lives {
  public:
    struct Life {
        model::Epoch epoch = 0;
        bool fenced = false;
        std::uint64_t revision = 0;  ///< of the last renewal; 0: none
    };

    /// As the datacenter has it: a new epoch begins, a host that is down is fenced.
    void learn(const model::Host& host);

    /// The revision that the renewal got; none: the epoch is over, or is another's.
    std::optional<std::uint64_t> renew(model::HostId host, model::Epoch epoch);

    /// Fences that epoch if the life has the order's revision still, or is fenced already.
    bool fence(const FenceOrder& order);

    const std::map<model::HostId, Life>& all() const { return lives_; }

  private:
    std::map<model::HostId, Life> lives_;
};

}  // namespace vdc::control
