#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace vdc::placement {

/// How many of each, in the order of keys, side by side in memory. Keys with 0 are not there; no
/// count goes beyond 32 bits.
template <class Key>
class Counts {
  public:
    void add(const Key& key, std::int32_t by) {
        const auto at = place(key);
        if (at == counts_.end() || at->first != key)
            counts_.insert(at, {key, by});
        else if ((at->second += by) == 0)
            counts_.erase(at);
    }

    std::int64_t of(const Key& key) const {
        const auto at = std::lower_bound(counts_.begin(), counts_.end(), key, before);
        return at == counts_.end() || at->first != key ? 0 : at->second;
    }

    auto begin() const { return counts_.begin(); }
    auto end() const { return counts_.end(); }

  private:
    using Count = std::pair<Key, std::int32_t>;
    static bool before(const Count& count, const Key& key) { return count.first < key; }
    typename std::vector<Count>::iterator place(const Key& key) {
        return std::lower_bound(counts_.begin(), counts_.end(), key, before);
    }

    std::vector<Count> counts_;
};

}  // namespace vdc::placement
