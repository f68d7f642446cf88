#pragma once

#include <functional>

#include "base/time.h"

namespace vdc::runtime {

/// One loop. A thread in production, a queue and a number in the simulator. Tasks posted to it run
/// one after the other, in the order of their time, then of their posting.
class Executor {
  public:
    virtual ~Executor() = default;

    /// The datacenter's time as this loop sees it. Never goes back.
    virtual base::Instant now() const = 0;

    /// Runs `task` soon, on the loop. From any thread.
    virtual void post(std::function<void()> task) = 0;

    /// Runs `task` on the loop not before `when`. From any thread.
    virtual void post_at(base::Instant when, std::function<void()> task) = 0;
};

}  // namespace vdc::runtime
