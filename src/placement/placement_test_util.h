#pragma once

#include "placement/placement.h"

namespace vdc::placement::testing {

/// What Placer::place answers, by asking every host of the snapshot for every rule and every
/// replica of the application for its host: slow, and obviously right.
Answer place_by_scan(const model::Snapshot& datacenter, const Question& question);

}  // namespace vdc::placement::testing
