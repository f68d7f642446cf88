#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace vdc::placement {

using Rank = std::uint32_t;  ///< a host's place in the order of names

/// A set of ranks, in order. Most sets are small and lie side by side in memory; a large one is a
/// tree, so that coming and going never costs more than its height.
class Ranks {
  public:
    bool empty() const { return size() == 0; }
    std::size_t size() const { return many_ ? many_->size() : few_.size(); }

    /// The lowest. There must be one.
    Rank first() const { return many_ ? *many_->begin() : few_.front(); }

    /// The next higher one.
    std::optional<Rank> after(Rank rank) const {
        return many_ ? found(*many_, many_->upper_bound(rank))
                     : found(few_, std::upper_bound(few_.begin(), few_.end(), rank));
    }

    /// It must not be there.
    void insert(Rank rank) {
        if (!many_ && few_.size() == few_max) {
            many_ = std::make_unique<std::set<Rank>>(few_.begin(), few_.end());
            few_.clear();
        }
        if (many_)
            many_->insert(rank);
        else
            few_.insert(std::upper_bound(few_.begin(), few_.end(), rank), rank);
    }

    /// It must be there.
    void erase(Rank rank) {
        if (!many_) {
            few_.erase(std::lower_bound(few_.begin(), few_.end(), rank));
            return;
        }
        many_->erase(rank);
        if (many_->size() > few_max / 2) return;
        few_.assign(many_->begin(), many_->end());
        many_.reset();
    }

    void clear() {
        few_.clear();
        many_.reset();
    }

  private:
    static constexpr std::size_t few_max = 256;

    template <class All>
    static std::optional<Rank> found(const All& all, typename All::const_iterator at) {
        return at == all.end() ? std::optional<Rank>{} : *at;
    }

    std::vector<Rank> few_;
    std::unique_ptr<std::set<Rank>> many_;  ///< in its place when they are many
};

}  // namespace vdc::placement
