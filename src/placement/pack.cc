#include "placement/pack.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "placement/ring.h"

namespace vdc::placement {

using model::Resources;

namespace {

class Packing {
  public:
    Packing(const std::vector<Parcel>& parcels, std::vector<Resources> rooms, int patience)
        : parcels_(parcels), rooms_(std::move(rooms)), patience_(patience) {}

    bool place_from(std::size_t first) {
        if (first == parcels_.size()) return true;
        if (!each_fits_alone(first) || hopeless_.contains(state(first))) return false;
        for (const std::size_t host : parcels_[first].hosts) {
            const Resources before = rooms_[host];
            if (--patience_ < 0) return false;
            if (!holds(before, parcels_[first].needs)) continue;
            rooms_[host] -= parcels_[first].needs;
            taken_.push_back(host);
            if (place_from(first + 1)) return true;
            taken_.pop_back();
            rooms_[host] = before;
        }
        hopeless_.insert(state(first));
        return false;
    }
    std::vector<std::size_t> taken() && { return std::move(taken_); }

  private:
    /// Whether each that is still to come would find a place, were it the next.
    bool each_fits_alone(std::size_t first) const {
        for (std::size_t at = first; at < parcels_.size(); ++at) {
            const auto& [needs, hosts] = parcels_[at];
            if (std::none_of(hosts.begin(), hosts.end(), [&, &needs = needs](std::size_t host) {
                    return holds(rooms_[host], needs);
                }))
                return false;
        }
        return true;
    }

    /// Who is still to come, and what is left of the hosts: all that matters for it.
    using State = std::vector<std::int64_t>;
    State state(std::size_t first) const {
        State state{static_cast<std::int64_t>(first)};
        for (const Resources& room : rooms_)
            state.insert(state.end(), {room.vcpus.count, room.memory.count, room.disk.count});
        return state;
    }

    const std::vector<Parcel>& parcels_;
    std::vector<Resources> rooms_;
    int patience_;
    std::vector<std::size_t> taken_;
    std::set<State> hopeless_;
};

/// Whether all hosts together hold as much as all parcels together need.
bool may_fit(const std::vector<Parcel>& parcels, const std::vector<Resources>& rooms) {
    Resources needs;
    Resources room;
    for (const Parcel& parcel : parcels) needs += parcel.needs;
    for (const Resources& each : rooms) {
        room.vcpus.count += std::max<std::int64_t>(each.vcpus.count, 0);
        room.memory.count += std::max<std::int64_t>(each.memory.count, 0);
        room.disk.count += std::max<std::int64_t>(each.disk.count, 0);
    }
    return holds(room, needs);
}

}  // namespace

std::optional<std::vector<std::size_t>> pack(const std::vector<Parcel>& parcels,
                                             std::vector<Resources> rooms, int patience) {
    if (!may_fit(parcels, rooms)) return {};
    Packing packing(parcels, std::move(rooms), patience);
    if (!packing.place_from(0)) return {};
    return std::move(packing).taken();
}

}  // namespace vdc::placement
