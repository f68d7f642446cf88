#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace vdc::placement {

/// Finds numbers of things by their hash, with one look into memory for most. What the things are,
/// their owner knows; nothing is ever told in the index's own order. Open addressing.
class HashIndex {
  public:
    static constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);

    /// The number for which `is_it` holds, or none.
    template <class IsIt>
    std::uint32_t find(std::uint64_t hash, IsIt is_it) const {
        if (places_.empty()) return none;
        for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
            if (places_[at].number == none) return none;
            if (places_[at].hash == hash && is_it(places_[at].number)) return places_[at].number;
        }
    }

    void insert(std::uint64_t hash, std::uint32_t number) {
        if (2 * (count_ + 1) > places_.size()) grow();
        enter({hash, number});
        ++count_;
    }

    /// It must be there. Those behind it that would not be found any more move up.
    void erase(std::uint64_t hash, std::uint32_t number) {
        std::size_t gap = hash & mask();
        while (places_[gap].number != number) gap = (gap + 1) & mask();
        for (std::size_t at = (gap + 1) & mask(); places_[at].number != none;
             at = (at + 1) & mask()) {
            const std::size_t from_home = (at - places_[at].hash) & mask();
            if (from_home < ((at - gap) & mask())) continue;
            places_[gap] = places_[at];
            gap = at;
        }
        places_[gap].number = none;
        --count_;
    }

  private:
    struct Place {
        std::uint64_t hash = 0;
        std::uint32_t number = none;
    };

    std::size_t mask() const { return places_.size() - 1; }

    void enter(const Place& place) {
        std::size_t at = place.hash & mask();
        while (places_[at].number != none) at = (at + 1) & mask();
        places_[at] = place;
    }

    void grow() {
        std::vector<Place> old = std::move(places_);
        places_.assign(std::max<std::size_t>(64, 2 * old.size()), {});
        for (const Place& place : old)
            if (place.number != none) enter(place);
    }

    std::vector<Place> places_;
    std::size_t count_ = 0;
};

}  // namespace vdc::placement
