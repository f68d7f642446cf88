#pragma once

#include <functional>

#include "api/past.h"
#include "placement/standing_plans.h"

namespace vdc::api {

/// As look(), with what the standing plans say of that datacenter, on a thread that may block: of
/// the present one the engine has them, of a past one they are made anew.
using ShowPlans =
    std::function<void(const engine::SnapshotPtr& snapshot, const placement::Standing& standing)>;
void look_at_plans(Desk& desk, const CallPtr& call, ShowPlans show);

/// Calls `add` with a row of /v1/datacenter's attention for each loss that is not covered.
void add_uncovered(const model::Snapshot& snapshot, const placement::Standing& standing,
                   const std::function<void(base::Json)>& add);

}  // namespace vdc::api
