#pragma once

#include <cstdint>
#include <string>

#include "sim/faults.h"

namespace vdc::sim {

/// One seeded life of a datacenter (generate.h): people want things at random, processes, guests,
/// messages and the store fail at random, then everything heals and must come to rest.
struct Lived {
    std::uint64_t seed = 0;
    std::string hash;
    std::string violation;  ///< empty: all invariants held
    std::string story;      ///< of a life that was told
    std::uint64_t tasks = 0;
    Coverage coverage;
};

Lived live(std::uint64_t seed);
/// The same life with its story.
Lived tell(std::uint64_t seed);

}  // namespace vdc::sim
