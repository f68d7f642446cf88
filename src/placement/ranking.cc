#include "placement/ranking.h"

#include <algorithm>

namespace vdc::placement {

bool better(const Standing& a, const Standing& b) {
    if (a.yielded != b.yielded) return a.yielded < b.yielded;
    if (a.score != b.score) return a.score > b.score;
    return a.rank < b.rank;
}

void Ranking::begin_anew() {
    seen_ = 0;
    width_ = 1;
    fits_.clear();
    best_.assign(2, {~Yielded{0}, 0, absent});
    fitting_ = 0;
    removed_ = {};
}

void Ranking::refresh(const Roster& roster, const Mix& mix) {
    const Shelves& shelves = roster.shelves();
    if (era_ != roster.era()) {
        begin_anew();
        era_ = roster.era();
        seen_ = roster.changes().size();
        widen(shelves.count());
        for (ShelfId shelf = 0; shelf < shelves.count(); ++shelf) look_at(shelf, roster, mix);
        return;
    }
    widen(shelves.count());
    for (; seen_ < roster.changes().size(); ++seen_) look_at(roster.changes()[seen_], roster, mix);
}

/// Room for so many shelves; the tree doubles.
void Ranking::widen(std::size_t count) {
    if (fits_.size() < count) fits_.resize(std::max(count, 2 * fits_.size()));
    if (count <= width_) return;
    const std::size_t old = width_;
    while (width_ < count) width_ *= 2;
    std::vector<Standing> leaves(best_.begin() + static_cast<std::ptrdiff_t>(old), best_.end());
    best_.assign(2 * width_, {~Yielded{0}, 0, absent});
    std::copy(leaves.begin(), leaves.end(), best_.begin() + static_cast<std::ptrdiff_t>(width_));
    for (std::size_t part = width_ - 1; part > 0; --part) raise(part);
}

void Ranking::raise(std::size_t part) {
    const Standing& left = best_[2 * part];
    const Standing& right = best_[2 * part + 1];
    best_[part] = better(right, left) ? right : left;
}

void Ranking::count(Known& known, std::int64_t hosts) {
    const std::int64_t more = hosts - known.hosts;
    known.hosts = hosts;
    if (known.fit.fits)
        fitting_ += more;
    else
        removed_[static_cast<std::size_t>(known.fit.asked)][known.fit.index] += more;
}

void Ranking::look_at(ShelfId id, const Roster& roster, const Mix& mix) {
    const Shelf& shelf = roster.shelves()[id];
    Known& known = fits_[id];
    if (!known.asked) {
        if (shelf.hosts.empty()) return;
        known.fit = fit_of(mix, shape_, roster.shelves().host_class(shelf.of_class), shelf.room);
        known.asked = true;
    }
    count(known, static_cast<std::int64_t>(shelf.hosts.size()));
    Standing standing{~Yielded{0}, 0, absent};
    if (known.fit.fits && !shelf.hosts.empty())
        standing = {known.fit.yielded, known.fit.score, *shelf.hosts.begin()};
    std::size_t part = width_ + id;
    best_[part] = standing;
    for (part /= 2; part > 0; part /= 2) raise(part);
}

void Ranking::append_removed(std::vector<Removed>& removed) const {
    for (std::size_t asked = 0; asked < removed_.size(); ++asked)
        for (std::size_t index = 0; index < questions; ++index)
            if (removed_[asked][index] > 0)
                removed.push_back({static_cast<Asked>(asked), static_cast<std::uint8_t>(index),
                                   removed_[asked][index]});
}

// ---- the walk ----------------------------------------------------------------------------------

Ranking::Walk::Walk(const Ranking& ranking, const Roster& roster)
    : ranking_(ranking), roster_(roster) {
    heap_.reserve(64);
    push_part(1);
}

void Ranking::Walk::push(const Item& item) {
    heap_.push_back(item);
    std::push_heap(heap_.begin(), heap_.end(),
                   [](const Item& a, const Item& b) { return better(b.standing, a.standing); });
}

void Ranking::Walk::push_part(std::size_t part) {
    const Standing& best = ranking_.best_[part];
    if (best.rank == absent) return;
    Item item{best, part, {}};
    if (part >= ranking_.width_)
        item.host = roster_.shelves()[static_cast<ShelfId>(part - ranking_.width_)].hosts.begin();
    push(item);
}

std::optional<Standing> Ranking::Walk::next() {
    while (!heap_.empty()) {
        std::pop_heap(heap_.begin(), heap_.end(),
                      [](const Item& a, const Item& b) { return better(b.standing, a.standing); });
        Item item = heap_.back();
        heap_.pop_back();
        if (item.part < ranking_.width_) {
            push_part(2 * item.part);
            push_part(2 * item.part + 1);
            continue;
        }
        const Standing found = item.standing;
        const auto shelf = static_cast<ShelfId>(item.part - ranking_.width_);
        if (++item.host != roster_.shelves()[shelf].hosts.end()) {
            item.standing.rank = *item.host;
            push(item);
        }
        return found;
    }
    return {};
}

}  // namespace vdc::placement
