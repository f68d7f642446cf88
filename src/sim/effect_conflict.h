#pragma once

#include <string>

#include "control/effects.h"

namespace vdc::sim {

/// Why no correct mind has both effects under way on one host at a time, or "": they are about one
/// thing, which drivers::Driver forbids, or one changes the files of a volume that is in nobody's
/// hands while the other opens it.
std::string conflict(const control::Effect& begins, const control::Effect& under_way);

}  // namespace vdc::sim
