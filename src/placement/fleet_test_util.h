#pragma once

#include <string>

#include "placement/fleet.h"

namespace vdc::placement::testing {

inline model::HostId host_id(std::uint64_t number) {
    return {base::Uuid{1, number}};
}

/// Hosts h1, h2, ... of eight processors and 8 GiB.
inline Fleet fleet_of(std::uint64_t hosts) {
    Fleet fleet;
    fleet.set_mix(doubling_sizes(8, 1024, 1 << 20));
    for (std::uint64_t number = 1; number <= hosts; ++number) {
        HostSpec spec;
        spec.name = "h" + std::to_string(number);
        spec.capacity[Kinds::cpu] = 8000;
        spec.capacity[Kinds::memory] = 8192;
        fleet.set_host(host_id(number), spec);
    }
    return fleet;
}

/// So many processors, each with 1 GiB.
inline Request wanting(std::int64_t cpus) {
    Request request;
    request.needs.amounts[Kinds::cpu] = cpus * 1000;
    request.needs.amounts[Kinds::memory] = cpus * 1024;
    return request;
}

}  // namespace vdc::placement::testing
