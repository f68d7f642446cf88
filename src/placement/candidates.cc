#include "placement/candidates.h"

#include <algorithm>

namespace vdc::placement {

static bool worse(const Position& a, const Position& b) {
    return better(b, a);
}

void Candidates::add_rules(const Near& near, std::vector<Position> wanted) {
    near_ = &near;
    walks_ = !near.only_wanted();
    looked_at_ = std::move(wanted);
    std::make_heap(looked_at_.begin(), looked_at_.end(), worse);
}

/// Whether nobody whom the walk has still to tell can stand before it: none of them breaks less
/// than all others have to.
bool Candidates::is_behind(const Position& position) const {
    std::optional<Position> best = walk_.bound();
    if (!best) return true;
    best->yielded += near_->least();
    return !better(*best, position);
}

void Candidates::look_at_next() {
    std::optional<Position> position = walk_.next();
    walks_ = position.has_value();
    if (!walks_) return;
    const HostSlot slot = roster_.by_rank()[position->rank];
    if (near_->is_wanted(slot) || near_->removes(slot)) return;
    position->yielded += near_->yielded(slot);
    looked_at_.push_back(*position);
    std::push_heap(looked_at_.begin(), looked_at_.end(), worse);
}

std::optional<Position> Candidates::next() {
    if (near_ == nullptr) return walk_.next();
    while (walks_) {
        if (!looked_at_.empty() && is_behind(looked_at_.front())) break;
        look_at_next();
    }
    if (looked_at_.empty()) return {};
    std::pop_heap(looked_at_.begin(), looked_at_.end(), worse);
    const Position best = looked_at_.back();
    looked_at_.pop_back();
    return best;
}

std::optional<Position> Favourites::next() {
    while (const auto position = candidates_.next()) {
        const HostSlot slot = roster_.by_rank()[position->rank];
        if (!inquiry_.rather || inquiry_.rather(roster_.host(slot).id)) return position;
        others_.push_back(*position);
    }
    if (others_told_ == others_.size()) return {};
    return others_[others_told_++];
}

}  // namespace vdc::placement
