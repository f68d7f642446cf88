#pragma once

#include <mutex>

#include "api/foresight.h"
#include "sim/speeds.h"
#include "store/store.h"

/// `vdc whatif`: the present datacenter, run forward. Engine, reconcilers, placement and the agents
/// of the hosts that are concerned are the production objects; hosts hold what was seen on them,
/// and their effects take the time that was measured.
namespace vdc::sim {

/// How much one forecast may cost.
struct Bounds {
    std::chrono::milliseconds works = std::chrono::seconds(20);  ///< of real time
    std::uint64_t tasks = 5'000'000;
};

/// Equal arguments have equal answers, as long as no bound is reached.
base::Result<api::Forecast> foresee(const engine::SnapshotPtr& datacenter, base::Instant now,
                                    const Speeds& speeds, const api::WhatIf& what_if,
                                    const Bounds& bounds = {});

/// Foresees with the speeds that the log of a store tells.
class Foreseer final : public api::Foresight {
  public:
    explicit Foreseer(store::Store& store) : store_(store) {}

    base::Result<api::Forecast> foresee(const engine::SnapshotPtr& datacenter, base::Instant now,
                                        const api::WhatIf& what_if) override;

  private:
    base::Result<Speeds> measured(model::Revision up_to);

    store::Store& store_;
    std::mutex mutex_;
    SpeedMeter meter_;
    model::Revision read_ = 0;  ///< of the log, so far
};

}  // namespace vdc::sim
