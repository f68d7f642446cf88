#pragma once

#include <vector>

#include "placement/fleet.h"

/// Several instances that are placed whole or not at all: an application, say.
namespace vdc::placement {

struct GangDecision {
    /// In the order of the requests; where they did not fit, up to the one that found no place.
    std::vector<Decision> members;
    /// Where all sit now, in the order of the requests; empty: nobody was placed.
    std::vector<GuestSlot> placed;

    bool fits() const { return !placed.empty(); }
};

/// Places all of them or none; then the fleet is as it was. The largest are decided first (by the
/// greatest share that they need of what the largest host can give, of whatever kind; then the
/// first in the list), so that small ones do not stand in their way; rules among the members hold
/// as if they had come in that order. At least one request; gangs that compete are served whole in
/// the order in which they are asked, so none waits for another's part.
GangDecision place_gang(Fleet& fleet, const std::vector<Request>& requests);

}  // namespace vdc::placement
