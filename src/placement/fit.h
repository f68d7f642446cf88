#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "placement/decision.h"
#include "placement/mix.h"
#include "placement/shelves.h"

/// Whether and how well a request fits a host, as far as all hosts of a shelf are equal: what they
/// are, and what is left of them.
namespace vdc::placement {

/// How far soft rules are not kept: four bits for each rule, the first rule's the highest, so that
/// comparing numbers lets the last rule yield first.
using Yielded = std::uint64_t;

inline constexpr std::int64_t yielded_most = 15;

/// `times`, but at most yielded_most, of the rule at `index`.
Yielded yielded_by(std::size_t index, std::int64_t times);

/// The rules that are in it, by index.
std::vector<std::uint8_t> rules_in(Yielded yielded);

/// What stands in the way, or the best seat.
struct Fit {
    bool fits = false;
    Asked asked = Asked::up;  ///< the first that failed
    std::uint8_t index = 0;   ///< its rule or kind
    Seat seat{};
    Yielded yielded = 0;  ///< soft rules about traits
    std::int64_t score = 0;
};

/// As far as it depends on what the host is: dedication and traits. It has no seat and no score.
Fit fit_of_class(const Request& request, const HostClass& host_class);

/// As far as it depends on what is left, which is worth `worth` now.
Fit fit_of_room(const Appraiser& appraiser, const Needs& needs, const HostClass& host_class,
                const Room& room, std::int64_t worth);

}  // namespace vdc::placement
