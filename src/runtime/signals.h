#pragma once

#include <optional>

#include "base/result.h"
#include "runtime/fd.h"

namespace vdc::runtime {

/// The wishes of the outside to end (SIGINT, SIGTERM) or to read again (SIGHUP), as values.
/// SIGPIPE is ignored from then on: a peer that left is an error of its write.
class Signals {
  public:
    /// Blocks them in this thread and all that it starts: call it before the first thread.
    static base::Result<Signals> open();

    /// The next signal's number; nothing after interrupt(). One thread at a time.
    std::optional<int> wait();

    /// Makes wait() return nothing, now and from then on. From any thread.
    void interrupt();

    /// Readable when a signal waits: for those who poll.
    int fd() const { return signals_.get(); }

  private:
    Fd signals_;
    Fd interrupts_;
};

}  // namespace vdc::runtime
