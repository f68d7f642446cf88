#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/snapshot.h"

namespace vdc::placement {

/// What shall find a place, and the hosts that may take it, the preferred one first.
struct Parcel {
    model::Resources needs;
    std::vector<std::size_t> hosts{};
};

/// A host for each parcel, so that each host holds all that it gets; tried in every way, so `none`
/// says that there is no way. Of all ways the first: the first parcel goes to the best of its hosts
/// that leaves a way for the others, and so on. So who has put some of the first parcels there and
/// asks again for the rest is told what he was told before.
///
/// `rooms`: what is left of each host. After `patience` looks at a host the answer is `none` too:
/// the time grows beyond all bounds with many hosts and sizes. What was found to lead nowhere is
/// not tried again by another way.
std::optional<std::vector<std::size_t>> pack(const std::vector<Parcel>& parcels,
                                             std::vector<model::Resources> rooms, int patience);

}  // namespace vdc::placement
