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
        known = {appraiser_.worth(shelves.host_class(shelf.of_class), shelf.room),
                 shelf.version + 1};
    return known.worth;
}

// ---- the trees ---------------------------------------------------------------------------------

void Ranking::Tree::widen(std::size_t count) {
    if (count <= width) return;
    std::vector<Best> leaves(best.begin() + static_cast<std::ptrdiff_t>(width), best.end());
    while (width < count) width *= 2;
    best.assign(2 * width, {});
    std::copy(leaves.begin(), leaves.end(), best.begin() + static_cast<std::ptrdiff_t>(width));
    for (std::size_t part = width - 1; part > 0; --part) raise(part);
}

void Ranking::Tree::raise(std::size_t part) {
    const Best& left = best[2 * part];
    const Best& right = best[2 * part + 1];
    if (left.rank == absent || right.rank == absent) {
        best[part] = left.rank == absent ? right : left;
        return;
    }
    const bool to_right =
        right.score != left.score ? right.score > left.score : right.rank < left.rank;
    best[part] = to_right ? right : left;
}

/// Upwards until a part's best is what it was.
void Ranking::Tree::set(std::size_t place, const Best& value) {
    if (best[width + place] == value) return;
    best[width + place] = value;
    for (std::size_t part = (width + place) / 2; part > 0; part /= 2) {
        const Best before = best[part];
        raise(part);
        if (best[part] == before) return;
    }
}

/// Where a question about room stands in the counts.
static std::size_t number_of(const Fit& fit) {
    switch (fit.asked) {
        case Asked::models: return 0;
        case Asked::amount: return 1 + std::size_t{fit.index};
        case Asked::accelerators: return kinds_max + 1;
        default: return kinds_max + 2;
    }
}

Removed Ranking::question(std::size_t number) {
    if (number == 0) return {Asked::models};
    if (number <= kinds_max) return {Asked::amount, static_cast<std::uint8_t>(number - 1)};
    return {number == kinds_max + 1 ? Asked::accelerators : Asked::cells};
}

void Ranking::refresh(const Roster& roster, Worths& worths) {
    const Shelves& shelves = roster.shelves();
    const std::vector<ShelfId>& changes = roster.changes();
    const bool anew = era_ != roster.era();
    if (anew) {
        known_.clear();
        trees_.clear();
    }
    if (known_.size() < shelves.count()) known_.resize(2 * shelves.count());
    trees_.resize(shelves.classes());
    for (ClassId id = 0; id < trees_.size(); ++id) trees_[id].widen(shelves.of_class(id).size());
    if (anew) {
        for (ShelfId shelf = 0; shelf < shelves.count(); ++shelf) look_at(shelf, roster, worths);
        era_ = roster.era();
        seen_ = changes.size();
    }
    for (; seen_ < changes.size(); ++seen_) look_at(changes[seen_], roster, worths);
}

void Ranking::count(Tree& tree, Known& known, std::int64_t hosts) const {
    const std::int64_t more = hosts - known.hosts;
    known.hosts = hosts;
    tree.hosts += more;
    (known.fit.fits ? tree.fitting : tree.removed[number_of(known.fit)]) += more;
}

void Ranking::look_at(ShelfId id, const Roster& roster, Worths& worths) {
    const Shelf& shelf = roster.shelves()[id];
    Known& known = known_[id];
    Tree& tree = trees_[shelf.of_class];
    if (known.version != shelf.version + 1) {
        if (known.hosts > 0) count(tree, known, 0);
        if (shelf.hosts.empty()) return tree.set(shelf.place, {});
        known.fit =
            fit_of_room(worths.appraiser(), needs_, roster.shelves().host_class(shelf.of_class),
                        shelf.room, worths.of(roster, id));
        known.version = shelf.version + 1;
    }
    count(tree, known, static_cast<std::int64_t>(shelf.hosts.size()));
    const bool counts = known.fit.fits && !shelf.hosts.empty();
    tree.set(shelf.place, counts ? Best{known.fit.score, *shelf.hosts.begin()} : Best{});
}

// ---- the walk ----------------------------------------------------------------------------------

void Ranking::Walk::push(Item item) {
    const Best& best = ranking_.trees_[item.of_class].best[item.part];
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
    push({{yielded, 0, 0}, id, 1, {}});
}

/// Down to the shelf whose host is the best of the part; what lies beside the way waits.
void Ranking::Walk::descend(Item& item) {
    const Tree& tree = ranking_.trees_[item.of_class];
    while (item.part < tree.width) {
        const std::size_t left = 2 * item.part;
        const bool to_left = tree.best[left].rank == item.position.rank;
        item.part = to_left ? left : left + 1;
        push({item.position, item.of_class, to_left ? left + 1 : left, {}});
    }
}

std::optional<Position> Ranking::Walk::next() {
    if (heap_.empty()) return {};
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Item item = heap_.back();
    heap_.pop_back();
    descend(item);
    const std::size_t width = ranking_.trees_[item.of_class].width;
    const ShelfId id = roster_.shelves().of_class(item.of_class)[item.part - width];
    const std::set<Rank>& hosts = roster_.shelves()[id].hosts;
    const Position found = item.position;
    item.host = found.rank == *hosts.begin() ? std::next(hosts.begin()) : std::next(item.host);
    if (item.host != hosts.end()) {
        item.position.rank = *item.host;
        heap_.push_back(item);
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    return found;
}

}  // namespace vdc::placement
