#include "placement/gang.h"

#include <gtest/gtest.h>

#include "base/chance.h"
#include "placement/fleet_test_util.h"

namespace vdc::placement {

using testing::fleet_of;
using testing::host_id;
using testing::wanting;

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

TEST(Gangs, FindAPlaceWhereTakingTheBestOneByOneFindsNone) {
    // 8 = 4 + 4 and 3 + 3 + 2; the largest first would put 4 and 3 together.
    Fleet fleet = fleet_of(2);
    const GangDecision gang =
        place_gang(fleet, {wanting(4), wanting(3), wanting(3), wanting(2), wanting(4)});
    ASSERT_TRUE(gang.fits());
    EXPECT_EQ(fleet.roster().instances(), 5U);
    for (const Room& room : rooms(fleet)) EXPECT_EQ(room.amounts[Kinds::cpu], 0);
}

TEST(Gangs, SayWhetherThereIsNoWayOrNoneWasFound) {
    Fleet fleet = fleet_of(2);
    const std::vector<Request> gang{wanting(5), wanting(5), wanting(5)};
    const GangDecision refused = place_gang(fleet, gang);
    EXPECT_FALSE(refused.fits());
    EXPECT_TRUE(refused.proven_impossible);
    EXPECT_FALSE(place_gang(fleet, gang, {.decisions = 2}).proven_impossible);
    EXPECT_EQ(fleet.roster().instances(), 0U);
}

TEST(Crowds, LeaveOutSmallOnesForALargeOne) {
    Fleet fleet = fleet_of(1);
    const auto placed = place_crowd(fleet, {wanting(3), wanting(5), wanting(6), wanting(2)});
    EXPECT_EQ(std::count_if(placed.begin(), placed.end(), [](const auto& it) { return !!it; }), 2);
    EXPECT_EQ(fleet.roster().room(0).amounts[Kinds::cpu], 0);
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
