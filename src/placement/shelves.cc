#include "placement/shelves.h"

#include <algorithm>

#include "base/hash.h"

namespace vdc::placement {

namespace {

constexpr ShelfId none = static_cast<ShelfId>(-1);
constexpr std::size_t forget_beyond = 4096;

std::uint64_t hash_of(ClassId of_class, const Room& room) {
    base::Hasher hasher;
    hasher.add(of_class);
    for (const std::int64_t amount : room.amounts.of)
        hasher.add(static_cast<std::uint64_t>(amount));
    for (const Cell& cell : room.cells)
        hasher.add(static_cast<std::uint64_t>(cell.cpu))
            .add(static_cast<std::uint64_t>(cell.memory))
            .add(static_cast<std::uint64_t>(cell.huge_pages));
    for (const std::int32_t left : room.accelerators) hasher.add(static_cast<std::uint64_t>(left));
    return hasher.finish().low;
}

}  // namespace

ClassId Shelves::class_id(const HostClass& host_class) {
    const auto at = std::find(classes_.begin(), classes_.end(), host_class);
    if (at != classes_.end()) return static_cast<ClassId>(at - classes_.begin());
    classes_.push_back(host_class);
    return static_cast<ClassId>(classes_.size() - 1);
}

ShelfId Shelves::find(ClassId of_class, const Room& room) {
    if (2 * (shelves_.size() + 1) > index_.size()) grow();
    const std::size_t mask = index_.size() - 1;
    for (std::size_t at = hash_of(of_class, room) & mask;; at = (at + 1) & mask) {
        if (index_[at] == none) {
            index_[at] = static_cast<ShelfId>(shelves_.size());
            shelves_.push_back({of_class, room, {}});
            return index_[at];
        }
        const Shelf& shelf = shelves_[index_[at]];
        if (shelf.of_class == of_class && shelf.room == room) return index_[at];
    }
}

void Shelves::grow() {
    index_.assign(std::max<std::size_t>(64, index_.size() * 2), none);
    for (ShelfId id = 0; id < shelves_.size(); ++id) enter(id);
}

void Shelves::enter(ShelfId id) {
    const std::size_t mask = index_.size() - 1;
    std::size_t at = hash_of(shelves_[id].of_class, shelves_[id].room) & mask;
    while (index_[at] != none) at = (at + 1) & mask;
    index_[at] = id;
}

std::vector<ShelfId> Shelves::forget_empty() {
    const auto is_empty = [](const Shelf& shelf) { return shelf.hosts.empty(); };
    const auto empty =
        static_cast<std::size_t>(std::count_if(shelves_.begin(), shelves_.end(), is_empty));
    if (empty < forget_beyond || empty * 4 < shelves_.size() * 3) return {};
    std::vector<ShelfId> old;
    std::vector<Shelf> kept;
    for (ShelfId id = 0; id < shelves_.size(); ++id) {
        if (is_empty(shelves_[id])) continue;
        old.push_back(id);
        kept.push_back(std::move(shelves_[id]));
    }
    shelves_ = std::move(kept);
    index_.assign(index_.size(), none);
    for (ShelfId id = 0; id < shelves_.size(); ++id) enter(id);
    return old;
}

}  // namespace vdc::placement
