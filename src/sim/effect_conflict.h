#pragma once

#include <string>

#include "control/effects.h"

namespace vdc::sim {

/// Why no correct mind has both effects under way on one host at a time, or "": they are about one
/// thing, which drivers::Driver forbids, or one changes the files of a volume that is in nobody's
/// hands while the other opens it, or one takes away the rules of a port whose instance the other
/// launches.
std::string conflict(const control::Effect& begins, const control::Effect& under_way);

/// Whether the effect opens the volume or changes its files.
bool takes(const control::Effect& effect, model::VolumeId volume);

}  // namespace vdc::sim
