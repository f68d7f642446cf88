#pragma once

#include <functional>

#include "base/json.h"
#include "model/snapshot.h"

namespace vdc::api {

/// Calls `add` with a row of /v1/datacenter's attention for each loss that is not covered.
void add_uncovered(const model::Snapshot& snapshot, const std::function<void(base::Json)>& add);

}  // namespace vdc::api
