#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "sim/foresee.h"
#include "sim/world.h"

namespace vdc::sim {

/// A datacenter in which hosts really are lost, to hold against what was foreseen: every agent is
/// awake and has all its duties, effects and boots take as long as they happen to, messages take
/// their time. How long things take there is measured by its log, as of a live datacenter.
class InjectedLoss {
  public:
    /// Of so many hosts with 20 instances each. Some instances crash at first, and one host is
    /// lost, so that there is something to measure.
    InjectedLoss(std::size_t hosts, std::uint64_t seed);

    /// What would be if these hosts, "h5", lost power now.
    api::Forecast foresee(const std::set<std::string>& hosts) const;

    /// What then was.
    struct Outcome {
        std::map<std::string, std::string> moves;  ///< instance, and the host that it came to
        base::Duration recovery{};  ///< until all applications were as declared again, for good
    };
    /// The hosts lose power, and somebody says so at once.
    Outcome lose(const std::set<std::string>& hosts);

  private:
    void note(const model::Commit& commit);
    void look_at(const model::Snapshot& now, model::ApplicationId application, base::Instant at);

    SpeedMeter meter_;
    Outcome outcome_;
    base::Instant lost_;
    base::Instant recovered_;
    std::set<model::ApplicationId> unsettled_;
    std::optional<World> world_;
};

/// Holds both against each other: the same instances go to the same hosts, and the recovery takes
/// as long as foreseen, within that part of it. Prints how far off it was.
void expect_as_foreseen(const api::Forecast& forecast, const InjectedLoss::Outcome& outcome,
                        double within);

/// Loses the hosts and holds what comes of it against what was foreseen just before.
void expect_loss_as_foreseen(InjectedLoss& datacenter, const std::set<std::string>& hosts,
                             double within);

}  // namespace vdc::sim
