#pragma once

#include <vector>

#include "placement/fleet.h"

/// The ways to place a gang: an exact search over rooms, apart from the fleet.
namespace vdc::placement {

/// Members of a gang whose requests are equal.
struct Equals {
    const Request* request = nullptr;
    std::int64_t size = 0;             ///< see size_of
    std::vector<std::size_t> members;  ///< by their place in the gang, in order
};

/// The order in which a gang is decided: the largest first, then those of whom one came first.
/// Those who are equal stand together.
std::vector<Equals> in_order(const Roster& roster, const std::vector<Request>& requests);

struct GangSeats {
    struct At {
        model::HostId host;
        Seat seat;
    };
    std::vector<At> members;  ///< by their place in the gang; empty: none were found
    bool exhaustive = true;   ///< every way was looked at
};

/// A host and a seat for each, so that all fit and every hard rule is kept by whoever decides them
/// in that order. `looks`: how often it is asked at most whether somebody fits somewhere.
///
/// Depth first. Who has the fewest hosts left is the next; what was found to lead nowhere is
/// remembered, however it came about and whichever of equal hosts and equal members it was; no way
/// is followed on which sums say that some of those who are still to come will not fit (of those
/// who may only go to some of the hosts, on these). Hosts are tried by how well what is left there
/// suits what is still needed; another order of them is tried from the beginning before much is
/// spent on one.
GangSeats search_seats(const Roster& roster, const std::vector<Equals>& gang, std::int64_t looks);

}  // namespace vdc::placement
