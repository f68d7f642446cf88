#include "placement/gang.h"

#include <gtest/gtest.h>

#include "base/chance.h"

namespace vdc::placement {

static model::HostId host_id(std::uint64_t number) {
    return {base::Uuid{1, number}};
}

static Fleet fleet_of(std::uint64_t hosts) {
    Fleet fleet;
    fleet.set_mix(doubling_sizes(8, 1024, 1 << 20));
    for (std::uint64_t number = 1; number <= hosts; ++number) {
        HostSpec spec;
        spec.name = "h" + std::to_string(number);
        spec.capacity[Kinds::cpu] = 8000;
        spec.capacity[Kinds::memory] = 8192;
        fleet.set_host(host_id(number), spec);
    }
    return fleet;
}

static Request wanting(std::int64_t cpus) {
    Request request;
    request.needs.amounts[Kinds::cpu] = cpus * 1000;
    request.needs.amounts[Kinds::memory] = cpus * 1024;
    return request;
}

/// What is left of every host.
static std::vector<Room> rooms(Fleet& fleet) {
    std::vector<Room> all;
    for (const HostSlot slot : fleet.settled().by_rank()) all.push_back(fleet.roster().room(slot));
    return all;
}

TEST(Gangs, ComeWholeOrNotAtAll) {
    Fleet fleet = fleet_of(2);
    const std::vector<Room> before = rooms(fleet);
    const GangDecision refused = place_gang(fleet, {wanting(8), wanting(8), wanting(1)});
    EXPECT_FALSE(refused.fits());
    EXPECT_FALSE(refused.members[2].best);
    EXPECT_EQ(rooms(fleet), before);
    EXPECT_EQ(fleet.roster().instances(), 0U);
    EXPECT_TRUE(place_gang(fleet, {wanting(8), wanting(7), wanting(1)}).fits());
}

TEST(Gangs, PlaceTheirLargestFirst) {
    Fleet fleet = fleet_of(2);
    EXPECT_TRUE(place_gang(fleet, {wanting(1), wanting(1), wanting(8), wanting(6)}).fits());
}

TEST(Gangs, KeepTheirRulesAmongThemselves) {
    Fleet fleet = fleet_of(3);
    Request replica = wanting(1);
    replica.groups = {{3, 1}};
    replica.rules = {GroupRule{{3, 1}}};
    const GangDecision gang = place_gang(fleet, {replica, replica, replica});
    ASSERT_TRUE(gang.fits());
    std::set<model::HostId> hosts;
    for (const Decision& member : gang.members) hosts.insert(member.best->host);
    EXPECT_EQ(hosts.size(), 3U);
    EXPECT_FALSE(place_gang(fleet, {replica}).fits());
}

TEST(Gangs, OfAHundredThatCompeteSomeAreWholeAndTheOthersHoldNothing) {
    Fleet fleet = fleet_of(20);
    base::Chance chance(7);
    std::size_t placed = 0;
    int refused = 0;
    for (int number = 0; number < 100; ++number) {
        std::vector<Request> gang;
        for (auto count = chance.between(1, 6); count > 0; --count)
            gang.push_back(wanting(chance.between(1, 4)));
        const GangDecision decision = place_gang(fleet, gang);
        placed += decision.placed.size();
        refused += decision.fits() ? 0 : 1;
        EXPECT_EQ(fleet.roster().instances(), placed);
    }
    EXPECT_GT(refused, 0);
    EXPECT_LT(refused, 100);
}

}  // namespace vdc::placement
