#pragma once

#include <string>

#include "base/json.h"

namespace vdc::cli {

/// The datacenter on a screen, from GET /v1/datacenter: what there is, how full it is, what runs,
/// what needs somebody. Pure: text out.
std::string glance(const base::Json& datacenter);

/// The rows of `vdc guarantee`, from GET /v1/guarantee: for each loss how many are protected,
/// whether all of them have a place, where they would go, and, of a host, what is left beside all
/// plans.
base::Json loss_rows(const base::Json& guarantee);

/// The rows of `vdc recovery show`, from GET /v1/recoveries: one for each instance that was lost,
/// with how long each part of its way took, and the sum from when its host was first missed.
base::Json recovery_rows(const base::Json& recoveries);

}  // namespace vdc::cli
