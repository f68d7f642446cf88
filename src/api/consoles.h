#pragma once

#include "base/result.h"
#include "control/host_messages.h"
#include "runtime/fd.h"

namespace vdc::api {

/// The serial consoles of instances on this machine. Any thread; may block for a moment.
class Consoles {
  public:
    virtual ~Consoles() = default;

    /// A stream socket that is the serial console, both ways, or what it said (of ended runs, too);
    /// several may be open at once. Its end comes when the instance's run ends, a log's when all of
    /// it was read. Errors: conflict when the instance does not run; not_found when it said
    /// nothing; exhausted when too many are open.
    virtual base::Result<runtime::Fd> open(const control::ConsoleWish& wish) = 0;
};

}  // namespace vdc::api
