#pragma once

#include "agent/agent.h"
#include "runtime/workers.h"

namespace vdc::agent {

/// Hands that are a bounded pool of workers over a driver.
class PooledHands final : public Hands {
  public:
    /// All must outlive the hands; `executor` is the agent's.
    PooledHands(drivers::Driver& driver, runtime::Workers& workers, runtime::Executor& executor)
        : driver_(driver), workers_(workers), executor_(executor) {}

    void start(const control::Effect& effect,
               std::function<void(base::Result<control::Sighting>)> done) override;

  private:
    drivers::Driver& driver_;
    runtime::Workers& workers_;
    runtime::Executor& executor_;
};

}  // namespace vdc::agent
