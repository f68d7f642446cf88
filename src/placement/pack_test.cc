#include "placement/pack.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/chance.h"
#include "placement/ring.h"

namespace vdc::placement {

using model::Resources;
using Places = std::vector<std::size_t>;

static constexpr int enough = 1'000'000;

static Resources memory(std::int64_t count) {
    return {{1}, {count}, {}};
}

static Resources room(std::int64_t count) {
    return {{100}, {count}, {}};
}

TEST(Pack, TakesTheBestHostsThatLeaveAWayForTheOthers) {
    const std::vector<Parcel> parcels{{memory(5), {0, 1}}, {memory(5), {0, 1}}, {memory(8), {0}}};
    EXPECT_EQ(pack(parcels, {room(10), room(10)}, enough), (Places{1, 1, 0}));
    EXPECT_EQ(pack(parcels, {room(13), room(10)}, enough), (Places{0, 1, 0}));
}

TEST(Pack, SaysWhenThereIsNoWay) {
    const std::vector<Parcel> parcels{
        {memory(6), {0, 1}}, {memory(6), {0, 1}}, {memory(6), {0, 1}}};
    EXPECT_FALSE(pack(parcels, {room(10), room(10)}, enough));
    EXPECT_FALSE(pack({{memory(1), {}}}, {room(10)}, enough));
    EXPECT_TRUE(pack({}, {}, enough));
}

TEST(Pack, EndsWithItsPatience) {
    const std::vector<Parcel> parcels{{memory(5), {0, 1}}, {memory(5), {0, 1}}, {memory(8), {0}}};
    EXPECT_FALSE(pack(parcels, {room(10), room(10)}, 3));
}

/// Every combination of hosts in the order in which the parcels prefer them; the first that fits.
static std::optional<Places> first_of_all(const std::vector<Parcel>& parcels,
                                          std::vector<Resources> rooms) {
    Places places;
    const std::function<bool()> place = [&] {
        if (places.size() == parcels.size()) return true;
        const Parcel& parcel = parcels[places.size()];
        for (const std::size_t host : parcel.hosts) {
            if (!holds(rooms[host], parcel.needs)) continue;
            rooms[host] -= parcel.needs;
            places.push_back(host);
            if (place()) return true;
            places.pop_back();
            rooms[host] += parcel.needs;
        }
        return false;
    };
    return place() ? std::optional(places) : std::nullopt;
}

TEST(Pack, FindsTheFirstOfAllWays) {
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        base::Chance chance(seed);
        std::vector<Resources> rooms;
        for (std::uint64_t host = 2 + chance.below(3); host > 0; --host)
            rooms.push_back({{chance.between(2, 6)}, {chance.between(10, 30)}, {}});
        std::vector<Parcel> parcels;
        for (std::uint64_t left = 2 + chance.below(7); left > 0; --left) {
            Parcel& parcel = parcels.emplace_back(Parcel{memory(chance.between(2, 20))});
            const std::size_t start = chance.below(rooms.size());
            for (std::size_t step = 0; step < rooms.size(); ++step)
                if (chance.below(5) != 0) parcel.hosts.push_back((start + step) % rooms.size());
        }
        const auto expected = first_of_all(parcels, rooms);
        ASSERT_EQ(pack(parcels, rooms, enough), expected) << "seed " << seed;
        found += expected.has_value();
    }
    EXPECT_GT(found, 200);
    EXPECT_LT(found, 1800);
}

}  // namespace vdc::placement
