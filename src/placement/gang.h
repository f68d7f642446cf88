#pragma once

#include <optional>
#include <vector>

#include "placement/fleet.h"

/// Several instances at once: an application that is placed whole or not at all, and a crowd that
/// waits for room.
namespace vdc::placement {

/// How far is looked for a place for all before it is said that there is none.
struct GangLimits {
    std::int64_t looks = 2'000'000;  ///< see search_seats
};

struct GangDecision {
    /// In the order of the requests; where they did not fit, up to the one that found no place when
    /// each took what was best for it.
    std::vector<Decision> members;
    /// Where all sit now, in the order of the requests; empty: nobody was placed.
    std::vector<GuestSlot> placed;
    /// Nobody was placed, and every way was looked at: there is none.
    bool proven_impossible = false;

    bool fits() const { return !placed.empty(); }
};

/// Places all of them or none; then the fleet is as it was. The largest are decided first (by the
/// greatest share that they need of what the largest host can give, of whatever kind; then the
/// first in the list, with all that are equal), so that small ones do not stand in their way; rules
/// among the members hold as if they had come in that order. First each takes what is best for it;
/// if somebody finds no place so, the ways to place them are searched, as far as the limits reach,
/// and the first that holds all is taken (gang_search.h). At least one request; gangs that compete
/// are served whole in the order in which they are asked, so none waits for another's part.
GangDecision place_gang(Fleet& fleet, const std::vector<Request>& requests,
                        const GangLimits& limits = {});

/// Of a crowd that waits, as much as possible by the sum of sizes (see size_of): where each sits
/// now, none for those who found no room. The largest are decided first; who then fits nowhere is
/// let in by others of the crowd, who go elsewhere, or by one who is smaller and goes without.
/// Nobody else is moved. At least one request.
std::vector<std::optional<GuestSlot>> place_crowd(Fleet& fleet,
                                                  const std::vector<Request>& requests);

}  // namespace vdc::placement
