#pragma once

#include <memory>

#include "engine/engine.h"

/// The leader's half of the hosts' leases (control/lease.h) at work: hears renewals, notes who is
/// silent, fences who stays so. It decides nothing itself.
namespace vdc::engine {

class HostLeases {
  public:
    /// `loop` is the engine's; both must outlive this. Silence counts from here: what a leader
    /// before heard is nothing to this one.
    HostLeases(runtime::Executor& loop, Engine& engine);
    ~HostLeases();

    /// The host lives, under that epoch. False: the epoch is over, or is another's, and the renewal
    /// does not count. On the loop.
    bool renew(model::HostId host, model::Epoch epoch);

  private:
    class Body;
    std::shared_ptr<Body> body_;
    std::uint64_t listener_ = 0;
    Engine& engine_;
};

}  // namespace vdc::engine
