#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vdc::base {

using namespace std::chrono_literals;

/// Time differences, in microseconds.
using Duration = std::chrono::microseconds;

/// The datacenter's time line: microseconds since 1970-01-01T00:00:00Z. It has no now():
/// pure code is told the time, it cannot ask.
struct DatacenterClock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<DatacenterClock>;
};
using Instant = DatacenterClock::time_point;

/// RFC 3339 in UTC with six decimals: "2026-11-22T12:56:48.000000Z".
std::string text(Instant instant);
Result<Instant> parse_instant(std::string_view text);

/// "1.5s", "250ms", "2m", "3h": for people. Exact: parse_duration(text(d)) == d.
std::string text(Duration duration);

/// A decimal number and one of us, ms, s, m, h, d. Negative values are refused.
Result<Duration> parse_duration(std::string_view text);

}  // namespace vdc::base
