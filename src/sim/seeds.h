#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/world.h"

namespace vdc::sim {

/// One seeded life of a datacenter: people want things at random, processes and guests fail at
/// random (each seed turns on its own subset of the faults), then everything heals and must come to
/// rest.
struct Lived {
    std::uint64_t seed = 0;
    std::string hash;
    std::string violation;  ///< empty: all invariants held
    std::vector<Line> story;
    std::uint64_t tasks = 0;
};

Lived live(std::uint64_t seed);

}  // namespace vdc::sim
