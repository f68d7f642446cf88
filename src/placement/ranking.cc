#include "placement/ranking.h"

#include <algorithm>

namespace vdc::placement {

bool better(const Position& a, const Position& b) {
    if (a.yielded != b.yielded) return a.yielded < b.yielded;
    if (a.score != b.score) return a.score > b.score;
    return a.rank < b.rank;
}

std::int64_t Worths::of(const Roster& roster, ShelfId id) {
    const Shelves& shelves = roster.shelves();
    if (known_.size() <= id) known_.resize(std::max<std::size_t>(shelves.count(), 2 * id));
    const Shelf& shelf = shelves[id];
    Known& known = known_[id];
    if (known.version != shelf.version + 1)
        known = {appraiser_.worth(shelves.host_class(shelf.of_class), shelves.room(id)),
                 shelf.version + 1};
    return known.worth;
}

// ---- the trees ---------------------------------------------------------------------------------

void Ranking::Tree::widen(std::size_t count) {
    if (count <= width) return;
    while (width < count) width *= 2;
    leaves.resize(width);
    inner.assign(width, {});
    for (std::size_t part = width - 1; part > 0; --part) raise(part);
}

void Ranking::Tree::raise(std::size_t part) {
    const Best& left = best(2 * part);
    const Best& right = best(2 * part + 1);
    if (left.rank == absent || right.rank == absent) {
        inner[part] = left.rank == absent ? right : left;
        return;
    }
    const bool to_right =
        right.score != left.score ? right.score > left.score : right.rank < left.rank;
    inner[part] = to_right ? right : left;
}

/// Upwards until a part's best is what it was.
void Ranking::Tree::set(std::size_t place, const Best& value) {
    if (leaves[place].best == value) return;
    leaves[place].best = value;
    for (std::size_t part = (width + place) / 2; part > 0; part /= 2) {
        const Best before = inner[part];
        raise(part);
        if (inner[part] == before) return;
    }
}

void Ranking::Tree::count(Leaf& leaf, std::uint32_t hosts_now) {
    const std::int64_t more = std::int64_t{hosts_now} - leaf.hosts;
    leaf.hosts = hosts_now;
    hosts += more;
    (leaf.fits ? fitting : removed[leaf.question]) += more;
}

Ranking::Ranking(const Needs& needs) : needs_(needs) {
    if (needs.accelerators > 0) questions_.push_back({Asked::models});
    for (std::uint8_t kind = 0; kind < kinds_max; ++kind)
        if (needs.amounts.of[kind] > 0) questions_.push_back({Asked::amount, kind});
    if (needs.accelerators > 0) questions_.push_back({Asked::accelerators});
    questions_.push_back({Asked::cells});
}

/// Of the question that it fails; it must fail one.
std::uint8_t Ranking::number_of(const Fit& fit) const {
    const auto is_it = [&](const Removed& each) {
        return each.asked == fit.asked && each.index == fit.index;
    };
    const auto at = std::find_if(questions_.begin(), questions_.end(), is_it);
    base::check(at != questions_.end(), "a question that is not asked");
    return static_cast<std::uint8_t>(at - questions_.begin());
}

void Ranking::refresh(const Roster& roster, Worths& worths) {
    const Shelves& shelves = roster.shelves();
    const std::vector<ShelfId>& changes = roster.changes();
    const bool anew = era_ != roster.era();
    if (anew) trees_.clear();
    if (holds_.size() < shelves.count()) holds_.resize(2 * shelves.count());
    trees_.resize(shelves.classes());
    for (ClassId id = 0; id < trees_.size(); ++id) trees_[id].widen(shelves.of_class(id).size());
    if (anew) {
        for (ShelfId shelf = 0; shelf < shelves.count(); ++shelf) look_at(shelf, roster, worths);
        era_ = roster.era();
        seen_ = changes.size();
    }
    for (; seen_ < changes.size(); ++seen_)
        if (roster.is_last_change(seen_)) look_at(changes[seen_], roster, worths);
}

void Ranking::look_at(ShelfId id, const Roster& roster, Worths& worths) {
    const Shelf& shelf = roster.shelves()[id];
    Tree& tree = trees_[shelf.of_class];
    Leaf& leaf = tree.leaves[shelf.place];
    std::int64_t score = leaf.best.score;
    if (leaf.version != shelf.version + 1) {
        if (leaf.hosts > 0) tree.count(leaf, 0);
        if (shelf.hosts == 0) return tree.set(shelf.place, {});
        const Fit fit =
            fit_of_room(worths.appraiser(), needs_, roster.shelves().host_class(shelf.of_class),
                        roster.shelves().room(id), worths.of(roster, id));
        leaf.version = shelf.version + 1;
        leaf.fits = fit.fits;
        leaf.seat = fit.seat;
        leaf.question = fit.fits ? std::uint8_t{0} : number_of(fit);
        score = fit.score;
        holds_[id] = fit.fits ? 1 : 0;
    }
    tree.count(leaf, shelf.hosts);
    tree.set(shelf.place, {score, leaf.fits && shelf.hosts > 0 ? shelf.first : absent});
}

// ---- the walk ----------------------------------------------------------------------------------

void Ranking::Walk::push(Item item) {
    const Best& best = ranking_.trees_[item.of_class].best(item.part);
    if (best.rank == absent) return;
    item.position.score = best.score;
    item.position.rank = best.rank;
    heap_.push_back(item);
    std::push_heap(heap_.begin(), heap_.end(), later);
}

Ranking::Walk::Walk(const Ranking& ranking, const Roster& roster)
    : ranking_(ranking), roster_(roster) {
    heap_.reserve(64);
}

void Ranking::Walk::add(ClassId id, Yielded yielded) {
    push({{yielded, 0, 0}, id, 1});
}

/// Down to the shelf whose host is the best of the part; what lies beside the way waits.
void Ranking::Walk::descend(Item& item) {
    const Tree& tree = ranking_.trees_[item.of_class];
    while (item.part < tree.width) {
        const std::size_t left = 2 * item.part;
        const bool to_left = tree.best(left).rank == item.position.rank;
        item.part = to_left ? left : left + 1;
        push({item.position, item.of_class, to_left ? left + 1 : left});
    }
}

/// From a part to its best host, and to who comes after it on the same shelf.
void Ranking::Walk::look_behind(Item item) {
    descend(item);
    const std::size_t width = ranking_.trees_[item.of_class].width;
    const ShelfId id = roster_.shelves().of_class(item.of_class)[item.part - width];
    if (roster_.shelves()[id].hosts == 1) return;
    const auto next = roster_.shelves().hosts(id).after(item.position.rank);
    if (!next) return;
    item.position.rank = *next;
    heap_.push_back(item);
    std::push_heap(heap_.begin(), heap_.end(), later);
}

std::optional<Position> Ranking::Walk::next() {
    if (told_) look_behind(*told_);
    told_.reset();
    if (heap_.empty()) return {};
    std::pop_heap(heap_.begin(), heap_.end(), later);
    told_ = heap_.back();
    heap_.pop_back();
    return told_->position;
}

std::optional<Position> Ranking::Walk::bound() const {
    if (told_) return told_->position;
    if (heap_.empty()) return {};
    return heap_.front().position;
}

}  // namespace vdc::placement
