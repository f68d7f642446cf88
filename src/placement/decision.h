#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "placement/request.h"

/// What was decided, and why, as data. Words are made of it only when somebody asks.
namespace vdc::placement {

/// What is asked of a host, in this order; the first that fails removes it.
enum class Asked : std::uint8_t {
    up,            ///< nothing: its health
    open,          ///< nothing: that it takes new instances
    dedication,    ///< it is dedicated to nobody, or to the request's dedication
    trait,         ///< `index`: the rule
    models,        ///< it has the accelerators at all
    amount,        ///< `index`: the kind of which too little is left
    accelerators,  ///< enough of its accelerators is left
    cells,         ///< cells that hold it, alone or shared evenly
    hosts,         ///< `index`: the rule
    group,         ///< `index`: the rule
    allowed,       ///< nothing: see Inquiry
};

/// So many hosts were removed by this. Rules about hosts and groups are asked only of hosts that
/// hold the request; all counts of a decision add up to the hosts that were removed.
struct Removed {
    Asked asked = Asked::up;
    std::uint8_t index = 0;
    std::int64_t hosts = 0;

    friend auto operator<=>(const Removed&, const Removed&) = default;
};

/// Whether somebody will ask why. Planners that try many ways do not.
enum class Explained : std::uint8_t { yes, no };

/// What is asked of single hosts, because no rule tells it or because it costs too much to be asked
/// of all.
struct Inquiry {
    /// Hosts of which it holds come before all others, whatever soft rules say. Empty: no matter.
    std::function<bool(model::HostId)> rather{};
    /// Asked of hosts that would be taken, the best first; who is refused is removed. After
    /// `refusals_max` all that are left are removed, too. Empty: all may.
    std::function<bool(model::HostId)> allowed{};
    /// `no`: Fleet::decide says only `best`, `seat` and `short_of_shared`; they are the same.
    Explained explained = Explained::yes;

    static constexpr int refusals_max = 8;
};

/// A host that could take it, as it is ranked: fewest soft rules broken (the earlier ones count
/// more), then the highest score, then the lowest name.
struct Ranked {
    model::HostId host;
    std::vector<std::uint8_t> yielded{};  ///< soft rules that it does not keep, by index
    std::int64_t room = 0;                ///< its score: see Appraiser

    friend bool operator==(const Ranked&, const Ranked&) = default;
};

struct Decision {
    std::optional<Ranked> best;       ///< none: it fits nowhere now
    Seat seat;                        ///< in that host
    std::optional<Ranked> runner_up;  ///< the next best
    std::int64_t candidates = 0;      ///< hosts there are
    std::vector<Removed> removed;     ///< in the order in which they are asked
    /// Of the datacenter's own too little is left, whatever the hosts have: `shared[index]`.
    std::optional<std::size_t> short_of_shared;

    friend bool operator==(const Decision&, const Decision&) = default;
};

}  // namespace vdc::placement
