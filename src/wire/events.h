#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

/// Server-sent events (WHATWG HTML, section 9.2), both ends.
namespace vdc::wire {

struct Event {
    std::string id = {};    ///< empty: none
    std::string type = {};  ///< empty: "message"
    std::string data = {};  ///< may have several lines
    friend bool operator==(const Event&, const Event&) = default;
};

/// The event as it goes over the wire. Line ends in `id` and `type` are dropped.
std::string text(const Event& event);

/// A line that keeps the connection alive and means nothing.
std::string_view keep_alive_comment();

/// Puts events together from chunks that are cut anywhere.
class EventReader {
  public:
    /// Calls `each` for every event that is complete now; false from `each` ends the reading.
    /// Returns false then. An error when one event passes `event_size_max`.
    base::Result<bool> feed(std::string_view bytes, const std::function<bool(const Event&)>& each);

    static constexpr std::size_t event_size_max = 1 << 20;

  private:
    void line(std::string_view line);

    std::string rest_;
    Event event_;
    bool has_data_ = false;
    bool after_cr_ = false;
};

}  // namespace vdc::wire
