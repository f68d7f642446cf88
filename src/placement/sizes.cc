#include "placement/sizes.h"

#include <algorithm>

namespace vdc::placement {

Amounts greatest_host(const Roster& roster) {
    Amounts greatest;
    for (const HostSlot slot : roster.by_rank()) {
        const Amounts all = claimable(*roster.host(slot).spec);
        for (std::size_t kind = 0; kind < kinds_max; ++kind)
            greatest.of[kind] = std::max(greatest.of[kind], all.of[kind]);
    }
    return greatest;
}

std::int64_t size_of(const Needs& needs, const Amounts& greatest) {
    std::int64_t size = needs.accelerators * std::int64_t{needs.thousandths} /
                        static_cast<std::int64_t>(accelerators_max);
    for (std::size_t kind = 0; kind < kinds_max; ++kind)
        if (greatest.of[kind] > 0)
            size = std::max(size, needs.amounts.of[kind] * 1000 / greatest.of[kind]);
    return size;
}

}  // namespace vdc::placement
