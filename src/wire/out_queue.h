#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vdc::wire {

/// Bytes on their way out. Small pieces share a buffer, which is kept from answer to answer; large
/// ones are moved in and sent from where they are.
class OutQueue {
  public:
    /// To append to; good until the next call of anything here.
    std::string& tail();
    void push(std::string bytes);

    std::size_t size() const;
    bool empty() const { return size() == 0; }

    using Slices = std::array<iovec, 8>;
    /// Describes the bytes at the front; how many slices were filled.
    int front(Slices& slices) const;
    /// These bytes at the front are gone.
    void drop(std::size_t count);

  private:
    std::vector<std::string> parts_;
    std::size_t sent_ = 0;    ///< of the first part
    bool tail_open_ = false;  ///< the last part may be appended to
};

}  // namespace vdc::wire
