#pragma once

#include <functional>
#include <optional>

#include "placement/standing_plans.h"

/// Where things fit. Pure: values in, a decision with its explanation out. Whole numbers only; ties
/// go to the lowest name, then the lowest id.
namespace vdc::placement {

/// What looks for a place.
struct Question {
    model::Resources needs;                          ///< of the host it comes to
    std::optional<model::HostId> only;               ///< data locality: its disks lie there
    std::optional<model::ApplicationId> apart_from;  ///< replicas of it are rather spread (soft)
    std::vector<std::string> pools = {};             ///< of its volumes, which the host must reach

    /// Who may not come everywhere: hosts where it fits beside what these plans reserve are taken
    /// before others.
    const StandingPlans* plans = nullptr;
    /// Asked of hosts that fit, the best first, at most `asked_max` of them: it costs more than the
    /// other rules. Empty: all may.
    std::function<bool(model::HostId)> allowed = {};
};

inline constexpr int asked_max = 8;

/// What hosts are removed by that `allowed` refuses; in explanations.
inline constexpr const char* allowed_rule = "leaves room for every loss";

struct Answer {
    std::optional<model::HostId> host;  ///< none: it fits nowhere now
    model::Explanation explanation;     ///< what was looked at, what each rule removed, the scores
};

/// The best host for the question in this snapshot. A host is feasible when it is up, takes new
/// instances, holds the data, reaches the pools, and has enough memory, processors and disk
/// unclaimed (what is claimable times overcommit, see model::claimable). Among the feasible ones
/// the score is the sum of
///   room: unclaimed share of memory and processors afterwards, 0 to 2000 (worst fit, spreads load)
///   apart: minus 3000 for each replica of `apart_from` already there
/// Where plans are given, hosts that hold it beside what is reserved come before all others.
Answer place(const model::Snapshot& datacenter, const Question& question);

}  // namespace vdc::placement
