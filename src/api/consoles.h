#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "model/ids.h"
#include "runtime/fd.h"

namespace vdc::api {

/// The serial consoles of instances. Any thread; may block for a moment.
class Consoles {
  public:
    virtual ~Consoles() = default;

    /// A stream socket that is the serial console, both ways; several may be open at once. Its end
    /// comes when the instance's run ends. conflict when the instance does not run.
    virtual base::Result<runtime::Fd> open(model::InstanceId instance) = 0;

    /// The end of what the console said, of ended runs too; not_found when there is nothing.
    virtual base::Result<std::string> log_tail(model::InstanceId instance,
                                               std::size_t size_max) = 0;
};

}  // namespace vdc::api
