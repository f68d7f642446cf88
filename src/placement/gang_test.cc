#include "placement/gang.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "base/chance.h"
#include "placement/fleet_test_util.h"
#include "placement/gang_search.h"

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
    const GangDecision not_found =
        place_gang(fleet, {wanting(4), wanting(3), wanting(3), wanting(2), wanting(2), wanting(2)},
                   {.looks = 2});
    EXPECT_FALSE(not_found.fits());
    EXPECT_FALSE(not_found.proven_impossible);
    EXPECT_EQ(fleet.roster().instances(), 0U);
}

// ---- beside every way, by the fleet's own decisions --------------------------------------------

static HostSpec drawn_host(base::Chance& chance, std::uint64_t number) {
    HostSpec spec;
    spec.name = "h" + std::to_string(number);
    spec.state = chance.once_in(1, 12) ? HostState::closed : HostState::open;
    spec.capacity[Kinds::cpu] = chance.between(2, 8) * 1000;
    spec.capacity[Kinds::memory] = chance.between(2, 8) * 1024;
    if (chance.once_in(1, 2)) spec.domains["rack"] = chance.once_in(1, 2) ? "r1" : "r2";
    if (chance.once_in(1, 2)) spec.traits.insert("disk=ssd");
    if (chance.once_in(1, 3))
        spec.cells.assign(2, {spec.capacity[Kinds::cpu] / 2, spec.capacity[Kinds::memory] / 2, 0});
    if (chance.once_in(1, 4)) spec.accelerators.assign(2, "a");
    return spec;
}

static Request drawn_request(base::Chance& chance) {
    Request request = wanting(chance.between(1, 4));
    request.needs.amounts[Kinds::memory] = chance.between(1, 4) * 1024;
    if (chance.once_in(1, 8)) request.needs.cells = 2;
    if (chance.once_in(1, 8)) {
        request.needs.accelerators = 1;
        request.needs.thousandths = chance.once_in(1, 2) ? 400 : 600;
    }
    if (chance.once_in(1, 2)) request.groups = {{3, 1 + chance.below(2)}};
    if (chance.once_in(1, 6)) request.rules.emplace_back(TraitRule{"disk=ssd"});
    if (chance.once_in(1, 8))
        request.rules.emplace_back(HostsRule{{host_id(1), host_id(3)}, chance.once_in(1, 2)});
    while (chance.once_in(1, 2)) {
        GroupRule rule{{3, 1 + chance.below(2)}};
        if (chance.once_in(1, 2)) rule.domain = "rack";
        if (chance.once_in(1, 5)) rule.wish = GroupRule::Wish::together;
        if (chance.once_in(1, 5)) rule.wish = GroupRule::Wish::spread;
        rule.most = static_cast<std::int64_t>(chance.below(2));
        request.rules.emplace_back(rule);
    }
    return request;
}

/// Whether those from `next` on find a place, each on any host and in any seat that holds it.
static bool fits_somehow(Fleet& fleet, const std::vector<Request>& gang,
                         const std::vector<std::size_t>& order, std::size_t next) {
    if (next == order.size()) return true;
    const Request& request = gang[order[next]];
    for (const HostSlot slot : std::vector(fleet.settled().by_rank())) {
        const model::HostId host = fleet.roster().host(slot).id;
        if (!fleet.decide_on(host, request).best) continue;
        const Room room = fleet.roster().room(slot);
        const auto& models =
            fleet.roster().shelves().host_class(fleet.roster().class_of(slot)).models;
        std::vector<Seat> seats;
        each_seat(room, models, request.needs, [&](Seat seat) { seats.push_back(seat); });
        for (const Seat seat : seats) {
            const GuestSlot guest = fleet.put(host, request, seat);
            const bool all = fits_somehow(fleet, gang, order, next + 1);
            fleet.take_away(guest);
            if (all) return true;
        }
    }
    return false;
}

RC_GTEST_PROP(Gangs, ArePlacedExactlyIfThereIsAWay, (std::uint64_t seed)) {
    base::Chance chance(seed);
    Fleet fleet;
    fleet.set_mix(doubling_sizes(8, 1024, 1 << 20));
    RC_ASSERT(fleet.model("a").ok());
    for (std::uint64_t number = 1, hosts = 1 + chance.below(4); number <= hosts; ++number)
        fleet.set_host(host_id(number), drawn_host(chance, number));
    for (auto guests = chance.below(3); guests > 0; --guests) {
        const Request guest = drawn_request(chance);
        const Decision decision = fleet.decide(guest);
        if (decision.best) fleet.put(decision.best->host, guest, decision.seat);
    }
    std::vector<Request> gang;
    for (auto members = chance.between(1, 6); members > 0; --members)
        gang.push_back(!gang.empty() && chance.once_in(1, 4) ? gang.back() : drawn_request(chance));
    std::vector<std::size_t> order;
    for (const Equals& each : in_order(fleet.settled(), gang))
        order.insert(order.end(), each.members.begin(), each.members.end());
    const bool possible = fits_somehow(fleet, gang, order, 0);
    const std::vector<Room> before = rooms(fleet);
    const std::size_t instances = fleet.roster().instances();
    RC_CLASSIFY(possible);
    // Not by what is best for each: by the search alone.
    const GangSeats seats = search_seats(fleet.settled(), in_order(fleet.settled(), gang), 1 << 24);
    RC_ASSERT(seats.members.empty() != possible);
    RC_ASSERT(seats.exhaustive || possible);
    if (possible) {
        std::vector<GuestSlot> placed;
        for (const std::size_t member : order) {
            const auto& [host, seat] = seats.members[member];
            RC_ASSERT(fleet.decide_on(host, gang[member]).best.has_value());
            placed.push_back(fleet.put(host, gang[member], seat));
            RC_ASSERT(is_sound(fleet.roster().room(*fleet.roster().find(host))));
        }
        for (const GuestSlot guest : placed) fleet.take_away(guest);
    }
    const GangDecision decision = place_gang(fleet, gang);
    RC_ASSERT(decision.fits() == possible);
    RC_ASSERT(decision.proven_impossible != possible);
    RC_ASSERT(fleet.roster().instances() == instances + (possible ? gang.size() : 0));
    if (!possible) RC_ASSERT(rooms(fleet) == before);
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
