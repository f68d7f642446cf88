#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"

/// A moment of the datacenter's past, as people name it.
namespace vdc::base {

struct AtRevision {
    std::uint64_t revision = 0;
    friend bool operator==(const AtRevision&, const AtRevision&) = default;
};
struct AtInstant {
    Instant instant;
    friend bool operator==(const AtInstant&, const AtInstant&) = default;
};
/// So long before now.
struct Ago {
    Duration duration{};
    friend bool operator==(const Ago&, const Ago&) = default;
};
using Moment = std::variant<AtRevision, AtInstant, Ago>;

/// Reads one of:
///
///     4711                revision 4711
///     2026-11-22T12:00:00Z        RFC 3339, with fraction and offset; the seconds, the zone (UTC)
///     2026-11-22 14:30            and the time of day may be left away, and 'T' may be a space
///     -10m                10m ago             1 hour 30 minutes ago             now
///
/// Errors say at which character the words stop making sense, and what could stand there.
Result<Moment> parse_moment(std::string_view words);

/// In words that parse_moment() reads back: "revision 4711", RFC 3339, "90s ago".
std::string text(const Moment& moment);

}  // namespace vdc::base
