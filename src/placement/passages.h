#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace vdc::placement {

/// Which plans have walks that pass a place of the ring, so that a change at one place is held
/// against the few plans that may depend on it, and not against all. The ring is cut into sectors,
/// and each knows whose walks touch it. A walk of many sectors is known to all of them at once.
class Passages {
  public:
    using Plan = std::size_t;
    using Place = std::uint64_t;

    /// From `start` on over `length` places, across the ring's end where it comes to it.
    void add(Plan plan, Place start, Place length);
    /// It was added so.
    void remove(Plan plan, Place start, Place length);

    /// Calls `meet` with every plan that has a walk across `place`; with some that have none, and
    /// with some more than once.
    template <class Meet>
    void meet_near(Place place, Meet meet) const {
        for (const auto& [plan, walks] : everywhere_) meet(plan);
        if (sectors_.empty()) return;
        for (const Plan plan : sectors_[sector_of(place)]) meet(plan);
    }

  private:
    static constexpr unsigned sector_bits = 12;
    static constexpr std::size_t sectors_max = std::size_t{1} << sector_bits;
    static constexpr std::size_t few_sectors = 16;

    static std::size_t sector_of(Place place) {
        return static_cast<std::size_t>(place >> (64 - sector_bits));
    }
    /// How many sectors it touches; none: too many to be told one by one.
    static std::size_t touched(Place start, Place length);

    std::vector<std::vector<Plan>> sectors_;
    std::map<Plan, std::size_t> everywhere_;  ///< with the number of their walks
};

}  // namespace vdc::placement
