#pragma once

#include "control/duties.h"
#include "sim/pretend_host.h"

namespace vdc::sim {

/// Puts on an empty machine what the records say was seen there: images, volumes, networks with
/// their rules, fronts, and runs of instances.
void furnish(PretendHost& host, const control::Duties& duties);

}  // namespace vdc::sim
