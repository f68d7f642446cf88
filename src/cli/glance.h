#pragma once

#include <string>

#include "base/json.h"

namespace vdc::cli {

/// The datacenter on a screen, from GET /v1/datacenter: what there is, how full it is, what runs,
/// what needs somebody. Pure: text out.
std::string glance(const base::Json& datacenter);

}  // namespace vdc::cli
