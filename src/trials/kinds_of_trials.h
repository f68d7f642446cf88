#pragma once

#include "trials/placement_trial.h"

/// One function for each trial; see placement_trial.h.
namespace vdc::trials {

base::Result<base::Json> gpu_packing(const PlacementWish& wish);
base::Result<base::Json> numa_waiting(const PlacementWish& wish);
base::Result<base::Json> packing_over_time(const PlacementWish& wish);
base::Result<base::Json> balancing(const PlacementWish& wish);
base::Result<base::Json> reassignment(const PlacementWish& wish);
base::Result<base::Json> small_cases(const PlacementWish& wish);
base::Result<base::Json> decision_speed(const PlacementWish& wish);

}  // namespace vdc::trials
