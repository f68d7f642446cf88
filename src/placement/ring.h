#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "model/snapshot.h"

namespace vdc::placement {

/// Whether what is left of a host holds these needs. Who needs no disk does not mind a full one.
bool holds(const model::Resources& left, const model::Resources& needs);

/// The room of a host that takes nobody: it holds not even nothing.
inline constexpr model::Resources no_room{{-1}, {-1}, {-1}};

/// Hosts in a circle, each at the hash of its id, and what is left of each. A walk begins anywhere
/// and meets only the hosts that hold what is asked for; those between cost nearly nothing, because
/// a tree over the circle knows the greatest room of each part of it.
///
/// Why a circle: everyone walks from a place of his own, so those who need a host at the same time
/// spread over all; and what a walk met depends on the hosts between its ends alone, so a change of
/// one host is known to matter only to the walks that passed it.
class Ring {
  public:
    /// Which host, as its user counts them.
    using Slot = std::size_t;
    using Place = std::uint64_t;

    static Place place_of(const base::Uuid& id);

    struct Member {
        model::HostId id;
        Slot slot;
        model::Resources room;
    };
    /// Costs as much as there are members then: many at once cost no more than one.
    void insert(const std::vector<Member>& members);
    void erase(model::HostId id);
    void set_room(model::HostId id, const model::Resources& room);

    /// Meets the hosts that hold `needs` in the order of the circle from `start` on, each once,
    /// until `meet` returns false or all are met.
    void walk(Place start, const model::Resources& needs,
              const std::function<bool(Slot, Place)>& meet) const;

  private:
    struct Entry {
        Place place;
        model::HostId id;
        Slot slot;
        model::Resources room;
    };
    using Meet = std::function<bool(Slot, Place)>;

    std::vector<Entry>::iterator find(model::HostId id);
    void rebuild();
    void raise(std::size_t part);
    bool walk_part(std::size_t part, std::size_t from, std::size_t to, std::size_t first,
                   std::size_t last, const model::Resources& needs, const Meet& meet) const;

    std::vector<Entry> entries_;             // by place, then id
    std::vector<model::Resources> tallest_;  // a tree of maxima; the leaves begin at width_
    std::size_t width_ = 1;                  // a power of two
};

}  // namespace vdc::placement
