#pragma once

#include <functional>

#include "base/time.h"

namespace vdc::runtime {

/// A loop as those see it who only leave it something to do.
class Mailbox {
  public:
    virtual ~Mailbox() = default;

    /// Runs `task` soon, on the loop, after all that is at hand there. From any thread. A loop that
    /// has ended drops it, unrun.
    virtual void post(std::function<void()> task) = 0;
};

/// One loop. A thread in production, a queue and a number in the simulator. Tasks posted to it run
/// one after the other, in the order of their time, then of their posting.
class Executor : public Mailbox {
  public:
    /// The datacenter's time as this loop sees it. Never goes back.
    virtual base::Instant now() const = 0;

    /// Runs `task` on the loop not before `when`. From any thread.
    virtual void post_at(base::Instant when, std::function<void()> task) = 0;
};

}  // namespace vdc::runtime
