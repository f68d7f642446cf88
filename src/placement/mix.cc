#include "placement/mix.h"

#include <algorithm>

namespace vdc::placement {

namespace {

std::int64_t copies(const Amounts& left, const Amounts& needs) {
    std::int64_t most = amount_max;
    for (std::size_t kind = 0; kind < kinds_max; ++kind)
        if (needs.of[kind] > 0) most = std::min(most, left.of[kind] / needs.of[kind]);
    return most == amount_max ? 0 : std::max<std::int64_t>(0, most);
}

}  // namespace

std::int64_t worth(const Mix& mix, const HostClass&, const Room& room) {
    std::int64_t sum = 0;
    for (const Typical& each : mix.typical)
        sum += each.weight * copies(room.amounts, each.needs.amounts);
    return sum;
}

}  // namespace vdc::placement
