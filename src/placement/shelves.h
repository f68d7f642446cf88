#pragma once

#include <set>
#include <string>
#include <vector>

#include "placement/room.h"

/// Hosts that nobody can tell apart by what they are and what is left of them stand on one shelf.
/// A datacenter of 100,000 hosts has some thousand shelves: what is asked of shelves is asked once
/// for many hosts, and its cost does not grow with them.
namespace vdc::placement {

/// What a host is, as far as rules and scores can see.
struct HostClass {
    std::vector<Model> models{};     ///< of its accelerators
    std::set<std::string> traits{};  ///< its words
    std::string dedication{};        ///< empty: to nobody
    Amounts claimable{};             ///< of an empty one

    friend bool operator==(const HostClass&, const HostClass&) = default;
};

using ClassId = std::uint32_t;
using ShelfId = std::uint32_t;
using Rank = std::uint32_t;  ///< a host's place in the order of names

struct Shelf {
    ClassId of_class = 0;
    Room room;
    std::set<Rank> hosts;
};

class Shelves {
  public:
    ClassId class_id(const HostClass& host_class);
    const HostClass& host_class(ClassId id) const { return classes_[id]; }

    /// The shelf of such hosts, perhaps empty.
    ShelfId find(ClassId of_class, const Room& room);

    std::size_t count() const { return shelves_.size(); }
    const Shelf& operator[](ShelfId id) const { return shelves_[id]; }
    Shelf& operator[](ShelfId id) { return shelves_[id]; }

    /// Forgets the shelves without hosts when they are many; then all others have new numbers.
    /// The old number of each; empty when nothing was done.
    std::vector<ShelfId> forget_empty();

  private:
    void grow();
    void enter(ShelfId id);

    std::vector<HostClass> classes_;
    std::vector<Shelf> shelves_;
    std::vector<ShelfId> index_;  ///< open addressing by hash; a power of two of places
};

}  // namespace vdc::placement
