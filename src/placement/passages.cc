#include "placement/passages.h"

#include <algorithm>

#include "base/result.h"

namespace vdc::placement {

std::size_t Passages::touched(Place start, Place length) {
    const Place sector = Place{1} << (64 - sector_bits);
    if (length >= sector * (few_sectors - 1)) return 0;
    return (sector_of(start + length) - sector_of(start)) % sectors_max + 1;
}

void Passages::add(Plan plan, Place start, Place length) {
    const std::size_t count = touched(start, length);
    if (count == 0) {
        ++everywhere_[plan];
        return;
    }
    sectors_.resize(sectors_max);
    for (std::size_t at = 0; at < count; ++at)
        sectors_[(sector_of(start) + at) % sectors_max].push_back(plan);
}

void Passages::remove(Plan plan, Place start, Place length) {
    const std::size_t count = touched(start, length);
    if (count == 0) {
        const auto known = everywhere_.find(plan);
        base::check(known != everywhere_.end(), "a walk that is removed was added");
        if (--known->second == 0) everywhere_.erase(known);
        return;
    }
    for (std::size_t at = 0; at < count; ++at) {
        std::vector<Plan>& plans = sectors_[(sector_of(start) + at) % sectors_max];
        const auto known = std::find(plans.begin(), plans.end(), plan);
        base::check(known != plans.end(), "a walk that is removed was added");
        *known = plans.back();
        plans.pop_back();
    }
}

}  // namespace vdc::placement
