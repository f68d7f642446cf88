#pragma once

#include <vector>

#include "placement/shelves.h"

/// What a room is worth to those who will come.
namespace vdc::placement {

/// Somebody who comes often.
struct Typical {
    Needs needs;
    std::int64_t weight = 1;  ///< how often, beside the others

    friend bool operator==(const Typical&, const Typical&) = default;
};

/// What is asked for commonly, and so what room is good for.
struct Mix {
    std::vector<Typical> typical;

    friend bool operator==(const Mix&, const Mix&) = default;
};

/// What the room is worth: more where more of those who come commonly would find a place. Whole
/// numbers; only differences between rooms of one host mean something.
std::int64_t worth(const Mix& mix, const HostClass& host_class, const Room& room);

}  // namespace vdc::placement
