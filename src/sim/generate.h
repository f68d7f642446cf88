#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vdc::sim {

/// The life of a seed as the script that it is (scenario.h): up to five hosts, some forty instances
/// and ten minutes; people want things at random, and a random subset of the faults happens (swarm
/// testing: Groce et al., 2012). It ends with everything healed and "rest 5m", or 15 minutes with
/// leases. Each line can be taken out and the rest is a script still.
std::vector<std::string> generate(std::uint64_t seed);

}  // namespace vdc::sim
