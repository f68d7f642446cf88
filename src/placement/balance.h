#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.h"

/// Plans to make hosts equally full, by as many measures as somebody cares for. Columns of numbers
/// in, an order of moves out.
namespace vdc::placement {

inline constexpr std::size_t measures_max = 4;
inline constexpr std::int64_t weight_of_measure_max = 100;

/// What is to be balanced: memory, processors, the number of guests.
struct Measure {
    std::int64_t weight = 1;  ///< beside the others; 1 to weight_of_measure_max
    /// Whether no host may be given more than its capacity; else it is only what is compared.
    bool is_limit = true;
};

using Loads = std::array<std::int64_t, measures_max>;

/// Somebody on a host, by its place in the list of hosts.
struct Load {
    std::size_t host = 0;
    Loads of{};
    bool stays = false;

    friend bool operator==(const Load&, const Load&) = default;
};

struct BalanceMove {
    std::size_t load = 0;
    std::size_t from = 0;
    std::size_t to = 0;

    friend bool operator==(const BalanceMove&, const BalanceMove&) = default;
};

/// How unequal hosts are: the sum over measures, by weight, and hosts of the square of the distance
/// of a host's share (load by capacity) from that of all hosts together; in units of no meaning. 0:
/// all are equally full.
std::int64_t unevenness(const std::vector<Measure>& measures, const std::vector<Loads>& capacities,
                        const std::vector<Load>& loads);

/// The moves, in an order of which every beginning keeps the limits; nobody moves twice. All of
/// them lower the unevenness, or there are none.
///
/// First steepest descent, one move after the other (as Ganeti's hbal does, with another measure
/// of how unequal hosts are), until no single one lowers it. Then two exchange the hosts to which
/// they go, as long as that lowers it and costs no move more (of at most 4096 loads). Of equals the
/// first is taken, so equal arguments give equal plans. At most `moves_max` moves. Capacities are
/// above 0, and no host carries a thousand times its capacity.
std::vector<BalanceMove> plan_balance(const std::vector<Measure>& measures,
                                      const std::vector<Loads>& capacities,
                                      const std::vector<Load>& loads, std::size_t moves_max);

}  // namespace vdc::placement
