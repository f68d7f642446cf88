#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace vdc::drivers::qemu {

/// Cuts what a QMP server sends into its messages: one JSON object per line (QEMU's
/// docs/interop/qmp-spec.txt). The server is a process that its guest may have taken over, so a
/// line has a bound and nothing but an object passes. Holds at most one line.
class MessageSplitter {
  public:
    explicit MessageSplitter(std::size_t line_max = 1 << 20) : line_max_(line_max) {}

    /// Calls `take` for each message that `bytes` complete, in order. After an error (too_large,
    /// corrupt) the stream cannot be trusted any more: every later call returns that error.
    base::Status feed(std::string_view bytes, const std::function<void(base::Json)>& take);

  private:
    base::Status take_line(const std::function<void(base::Json)>& take);
    base::Status broken(base::Error::Code code, std::string message);

    const std::size_t line_max_;
    std::string line_;
    base::Status state_;
};

}  // namespace vdc::drivers::qemu
