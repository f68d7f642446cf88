#include "placement/ring.h"

#include <algorithm>

namespace vdc::placement {

using model::HostId;
using model::Resources;

bool holds(const Resources& left, const Resources& needs) {
    return needs.memory <= left.memory && needs.vcpus <= left.vcpus &&
           (needs.disk.count == 0 || needs.disk <= left.disk);
}

static Resources greatest(const Resources& a, const Resources& b) {
    return {std::max(a.vcpus, b.vcpus), std::max(a.memory, b.memory), std::max(a.disk, b.disk)};
}

Ring::Place Ring::place_of(const base::Uuid& id) {
    return base::Hasher{}.add(id.high).add(id.low).finish().high;
}

std::vector<Ring::Entry>::iterator Ring::find(HostId id) {
    const auto found = std::lower_bound(
        entries_.begin(), entries_.end(), std::pair(place_of(id.value), id),
        [](const Entry& entry, const auto& key) { return std::pair(entry.place, entry.id) < key; });
    return found;
}

void Ring::insert(const std::vector<Member>& members) {
    for (const Member& each : members)
        entries_.push_back({place_of(each.id.value), each.id, each.slot, each.room});
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.place, a.id) < std::pair(b.place, b.id);
    });
    rebuild();
}

void Ring::erase(HostId id) {
    entries_.erase(find(id));
    rebuild();
}

void Ring::set_room(HostId id, const Resources& room) {
    const auto entry = find(id);
    entry->room = room;
    const std::size_t index = static_cast<std::size_t>(entry - entries_.begin());
    tallest_[width_ + index] = room;
    for (std::size_t part = (width_ + index) / 2; part > 0; part /= 2) raise(part);
}

void Ring::raise(std::size_t part) {
    tallest_[part] = greatest(tallest_[2 * part], tallest_[2 * part + 1]);
}

void Ring::rebuild() {
    width_ = 1;
    while (width_ < entries_.size()) width_ *= 2;
    tallest_.assign(2 * width_, no_room);
    for (std::size_t index = 0; index < entries_.size(); ++index)
        tallest_[width_ + index] = entries_[index].room;
    for (std::size_t part = width_ - 1; part > 0; --part) raise(part);
}

/// `part` covers the entries [first, last); those in [from, to) are asked. False: no more.
bool Ring::walk_part(std::size_t part, std::size_t from, std::size_t to, std::size_t first,
                     std::size_t last, const Resources& needs, const Meet& meet) const {
    if (last <= from || to <= first || !holds(tallest_[part], needs)) return true;
    if (last - first == 1) return meet(entries_[first].slot, entries_[first].place);
    const std::size_t middle = first + (last - first) / 2;
    return walk_part(2 * part, from, to, first, middle, needs, meet) &&
           walk_part(2 * part + 1, from, to, middle, last, needs, meet);
}

void Ring::walk(Place start, const Resources& needs, const Meet& meet) const {
    const auto at =
        std::lower_bound(entries_.begin(), entries_.end(), start,
                         [](const Entry& entry, Place place) { return entry.place < place; });
    const std::size_t index = static_cast<std::size_t>(at - entries_.begin());
    if (walk_part(1, index, entries_.size(), 0, width_, needs, meet))
        walk_part(1, 0, index, 0, width_, needs, meet);
}

}  // namespace vdc::placement
