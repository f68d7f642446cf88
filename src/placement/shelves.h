#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "placement/hash_index.h"
#include "placement/ranks.h"
#include "placement/room.h"

/// Hosts that nobody can tell apart by what they are and what is left of them stand on one shelf.
/// A datacenter of 100,000 hosts has some thousand shelves: what is asked of shelves is asked once
/// for many hosts, and its cost does not grow with them.
namespace vdc::placement {

/// What a host is, as far as rules can see. Sizes are no part of it, for hardly two hosts that were
/// bought together say the same of their memory: they belong to the room.
struct HostClass {
    std::vector<Model> models{};     ///< of its accelerators
    std::set<std::string> traits{};  ///< its words
    std::string dedication{};        ///< empty: to nobody

    friend bool operator==(const HostClass&, const HostClass&) = default;
};

using ClassId = std::uint32_t;
using ShelfId = std::uint32_t;

/// Of a shelf, what is looked at with every change: a few words, side by side with those of others.
struct Shelf {
    ClassId of_class = 0;
    std::uint32_t place = 0;    ///< among the shelves of its class
    std::uint32_t version = 0;  ///< grows when the shelf is used for another room
    std::uint32_t hosts = 0;    ///< how many stand on it
    Rank first = 0;             ///< the lowest of them, if there are any
};

class Shelves {
  public:
    ClassId class_id(const HostClass& host_class);
    const HostClass& host_class(ClassId id) const { return classes_[id]; }

    /// The shelf of such hosts, perhaps empty.
    ShelfId find(ClassId of_class, const Room& room);

    std::size_t count() const { return shelves_.size(); }
    std::size_t classes() const { return classes_.size(); }
    /// The shelves of a class, each at its place.
    const std::vector<ShelfId>& of_class(ClassId id) const { return by_class_[id]; }
    const Shelf& operator[](ShelfId id) const { return shelves_[id]; }
    const Room& room(ShelfId id) const { return contents_[id].room; }
    const Ranks& hosts(ShelfId id) const { return contents_[id].hosts; }

    void add(ShelfId id, Rank rank);
    /// When many are empty, those empty longest are used again.
    void remove(ShelfId id, Rank rank);
    /// Takes all hosts away at once. Then add whoever stands somewhere, and say that all do.
    void take_all_away();
    void all_stand();

  private:
    struct Contents {
        Room room;
        Ranks hosts;
        std::uint32_t waiting = 0;  ///< how often it stands among those to be used again
    };

    void is_empty(ShelfId id);
    ShelfId unused(ClassId of_class);

    std::vector<HostClass> classes_;
    std::vector<std::vector<ShelfId>> by_class_;
    std::vector<std::deque<ShelfId>> empty_;  ///< by class, those empty longest first
    std::vector<Shelf> shelves_;
    std::vector<Contents> contents_;  ///< by shelf
    HashIndex index_;
};

}  // namespace vdc::placement
