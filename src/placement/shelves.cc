#include "placement/shelves.h"

#include <algorithm>

#include "base/hash.h"

namespace vdc::placement {

namespace {

/// So many empty shelves of a class are kept as they are, for hosts that come to look like that
/// again.
constexpr std::size_t empty_kept = 512;

std::uint64_t hash_of(ClassId of_class, const Room& room) {
    base::Hasher hasher;
    hasher.add(of_class);
    for (const Kind kind : {Kinds::memory, Kinds::cpu})
        hasher.add(static_cast<std::uint64_t>(room.claimable[kind]));
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
    by_class_.emplace_back();
    empty_.emplace_back();
    return static_cast<ClassId>(classes_.size() - 1);
}

ShelfId Shelves::find(ClassId of_class, const Room& room) {
    const std::uint64_t hash = hash_of(of_class, room);
    const ShelfId known = index_.find(hash, [&](ShelfId id) {
        return shelves_[id].of_class == of_class && contents_[id].room == room;
    });
    if (known != HashIndex::none) return known;
    const ShelfId id = unused(of_class);
    contents_[id].room = room;
    index_.insert(hash, id);
    return id;
}

/// A new shelf, or one that nobody needs any more.
ShelfId Shelves::unused(ClassId of_class) {
    std::deque<ShelfId>& empty = empty_[of_class];
    while (empty.size() > empty_kept) {
        const ShelfId id = empty.front();
        empty.pop_front();
        Contents& contents = contents_[id];
        // It may have had hosts since, and may wait a second time.
        if (--contents.waiting > 0 || !contents.hosts.empty()) continue;
        index_.erase(hash_of(of_class, contents.room), id);
        ++shelves_[id].version;
        return id;
    }
    const auto id = static_cast<ShelfId>(shelves_.size());
    std::vector<ShelfId>& same = by_class_[of_class];
    shelves_.emplace_back();
    contents_.emplace_back();
    shelves_.back().of_class = of_class;
    shelves_.back().place = static_cast<std::uint32_t>(same.size());
    same.push_back(id);
    return id;
}

void Shelves::is_empty(ShelfId id) {
    ++contents_[id].waiting;
    empty_[shelves_[id].of_class].push_back(id);
}

void Shelves::add(ShelfId id, Rank rank) {
    Shelf& shelf = shelves_[id];
    contents_[id].hosts.insert(rank);
    shelf.first = shelf.hosts == 0 ? rank : std::min(shelf.first, rank);
    ++shelf.hosts;
}

void Shelves::remove(ShelfId id, Rank rank) {
    Shelf& shelf = shelves_[id];
    Ranks& hosts = contents_[id].hosts;
    hosts.erase(rank);
    --shelf.hosts;
    if (hosts.empty()) return is_empty(id);
    if (rank == shelf.first) shelf.first = hosts.first();
}

void Shelves::take_all_away() {
    for (ShelfId id = 0; id < count(); ++id) {
        shelves_[id].hosts = 0;
        contents_[id].hosts.clear();
    }
}

void Shelves::all_stand() {
    for (ShelfId id = 0; id < count(); ++id)
        if (shelves_[id].hosts == 0) is_empty(id);
}

}  // namespace vdc::placement
