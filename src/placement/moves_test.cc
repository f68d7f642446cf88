#include "placement/moves.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/chance.h"
#include "placement/fleet_test_util.h"

namespace vdc::placement {

using base::Chance;
using testing::fleet_of;
using testing::host_id;
using testing::wanting;

namespace {

Group group_of(std::uint64_t number) {
    return {base::Uuid{3, number}};
}

/// A fleet whose guests' requests are known.
struct World {
    Fleet fleet;
    std::map<GuestSlot, Request> guests;

    explicit World(std::uint64_t hosts = 0) : fleet(fleet_of(hosts)) {}

    GuestSlot put(std::uint64_t host, const Request& request) {
        const GuestSlot guest = fleet.put(host_id(host), request, {});
        guests[guest] = request;
        return guest;
    }

    MovableOf all_movable() {
        return [this](GuestSlot guest) { return Movable{&guests.at(guest)}; };
    }

    MovePlanner planner(const MoveLimits& limits = {100, 100, 0, 64}, Allows allows = {}) {
        return {fleet, all_movable(), limits, std::move(allows)};
    }

    std::vector<Room> rooms() {
        std::vector<Room> all;
        for (const HostSlot slot : fleet.settled().by_rank())
            all.push_back(fleet.roster().room(slot));
        return all;
    }

    std::int64_t hosts_in_use() {
        std::int64_t count = 0;
        for (const HostSlot slot : fleet.settled().by_rank())
            if (fleet.roster().host(slot).guests > 0) ++count;
        return count;
    }

    /// Who would be refused where he is, if every host were asked for everything.
    std::set<GuestSlot> misplaced() {
        std::set<GuestSlot> found;
        for (const auto& [guest, placed] : guests) {
            const model::HostId host = fleet.roster().host(fleet.roster().guest(guest).host).id;
            const Seat seat = fleet.roster().guest(guest).seat;
            Request request = placed;
            request.rules.emplace_back(HostsRule{{host}, true, Strength::hard});
            fleet.take_away(guest);
            if (!decide_by_scan(fleet.settled(), fleet.appraiser(), request).best)
                found.insert(guest);
            EXPECT_EQ(fleet.put(host, placed, seat), guest);
        }
        return found;
    }

    void make_all(const MovePlan& plan) {
        for (const Migration& move : plan.moves) make(fleet, move, guests.at(move.guest));
    }
};

}  // namespace

TEST(Moves, EmptyTheHostThatCostsLeast) {
    World world(3);
    world.put(1, wanting(6));
    world.put(2, wanting(1));
    world.put(2, wanting(1));
    const GuestSlot alone = world.put(3, wanting(2));
    const std::vector<Room> before = world.rooms();
    const MovePlan plan = world.planner().empty_hosts();
    ASSERT_EQ(plan.moves.size(), 1U);
    EXPECT_EQ(plan.moves.front().guest, alone);
    EXPECT_EQ(plan.moves.front().from, host_id(3));
    EXPECT_EQ(plan.emptied, std::vector{host_id(3)});
    EXPECT_EQ(world.rooms(), before) << "a plan is no deed";
    world.make_all(plan);
    EXPECT_EQ(world.hosts_in_use(), 2);
}

TEST(Moves, AreNotPlannedForLessThanAWholeHost) {
    World world(3);
    world.put(1, wanting(7));
    world.put(2, wanting(4));
    world.put(2, wanting(1));
    world.put(3, wanting(5));
    EXPECT_EQ(world.planner().empty_hosts(), MovePlan{})
        << "one would move, but no host is emptied";
}

TEST(Moves, KeepToWhatTheyMayCost) {
    World world(2);
    world.put(1, wanting(1));
    world.put(1, wanting(1));
    for (int count = 0; count < 3; ++count) world.put(2, wanting(1));
    EXPECT_TRUE(world.planner({1, 100, 0, 64}).empty_hosts().moves.empty()) << "the budget";
    EXPECT_TRUE(world.planner({100, 1, 0, 64}).empty_hosts().moves.empty()) << "no gain";
    EXPECT_EQ(world.planner({2, 2, 0, 64}).empty_hosts().moves.size(), 2U);
}

TEST(Moves, LeaveRoomToSpare) {
    World world(2);
    world.put(1, wanting(1));
    world.put(2, wanting(6));
    EXPECT_TRUE(world.planner({100, 100, 200, 64}).empty_hosts().moves.empty());
    EXPECT_FALSE(world.planner({100, 100, 100, 64}).empty_hosts().moves.empty());
}

TEST(Moves, LeaveAloneWhoStays) {
    World world(2);
    world.put(1, wanting(1));
    world.put(2, wanting(2));
    MovePlanner planner(world.fleet,
                        [&](GuestSlot guest) {
                            return Movable{&world.guests.at(guest), /*stays=*/true};
                        },
                        {100, 100, 0, 64});
    EXPECT_TRUE(planner.empty_hosts().moves.empty());
    EXPECT_EQ(planner.drain(host_id(1)).stuck.size(), 1U);
}

TEST(Moves, AreRefusedByWhoHasTheLastWord) {
    World world(3);
    world.put(1, wanting(1));
    world.put(2, wanting(2));
    const auto not_onto_the_second = [](const Migration& move) { return move.to != host_id(2); };
    const MovePlan plan = world.planner({100, 100, 0, 64}, not_onto_the_second).empty_hosts();
    EXPECT_EQ(plan.emptied, std::vector{host_id(2)});
}

TEST(Moves, DoNotBreakTheRulesOfOthers) {
    World world(2);
    Request shy = wanting(1);
    shy.rules = {GroupRule{group_of(1)}};
    world.put(1, shy);
    Request of_the_group = wanting(1);
    of_the_group.groups = {group_of(1)};
    world.put(2, of_the_group);
    EXPECT_TRUE(world.planner().empty_hosts().moves.empty());
}

TEST(Moves, DrainAHostAndSayWhoIsStuck) {
    World world(2);
    world.put(1, wanting(6));
    const GuestSlot large = world.put(1, wanting(2));
    world.put(2, wanting(3));
    HostSpec closed = *world.fleet.roster().host(*world.fleet.roster().find(host_id(1))).spec;
    closed.state = HostState::closed;
    world.fleet.set_host(host_id(1), closed);
    const MovePlan plan = world.planner().drain(host_id(1));
    ASSERT_EQ(plan.moves.size(), 1U);
    EXPECT_EQ(plan.moves.front().guest, large);
    EXPECT_EQ(plan.stuck.size(), 1U);
    EXPECT_TRUE(plan.emptied.empty());
}

TEST(Moves, MakeRoomForWhoFitsNowhere) {
    World world(3);
    for (std::uint64_t host = 1; host <= 3; ++host) world.put(host, wanting(3));
    const Request large = wanting(8);
    ASSERT_FALSE(world.fleet.decide(large).best);
    const MovePlan plan = world.planner().admit(large);
    ASSERT_EQ(plan.moves.size(), 1U);
    world.make_all(plan);
    EXPECT_EQ(world.fleet.decide(large).best->host, *plan.admits);
    EXPECT_TRUE(world.planner().admit(wanting(1)).moves.empty()) << "it fits without any";
}

TEST(Moves, MakeRoomByMovingFewAndSmallOnes) {
    World world(2);
    world.put(1, wanting(4));
    const GuestSlot small = world.put(1, wanting(1));
    world.put(2, wanting(5));
    world.put(2, wanting(1));
    const MovePlan plan = world.planner().admit(wanting(4));
    ASSERT_EQ(plan.moves.size(), 1U);
    EXPECT_EQ(plan.moves.front().guest, small);
}

TEST(Moves, MendARuleThatIsBroken) {
    World world(3);
    Request apart = wanting(1);
    apart.groups = {group_of(1)};
    apart.rules = {GroupRule{group_of(1)}};
    world.put(1, apart);
    world.put(1, apart);
    world.put(2, apart);
    const GuestSlot other = world.put(1, wanting(2));
    const MovePlan plan = world.planner().mend();
    ASSERT_EQ(plan.moves.size(), 1U) << "one of both";
    EXPECT_EQ(plan.moves.front().to, host_id(3));
    EXPECT_NE(plan.moves.front().guest, other);
    world.make_all(plan);
    EXPECT_TRUE(world.misplaced().empty());
    EXPECT_EQ(world.planner().mend(), MovePlan{});
}

TEST(Moves, MendAHostThatHasShrunk) {
    World world(2);
    for (int count = 0; count < 3; ++count) world.put(1, wanting(2));
    world.put(2, wanting(5));
    HostSpec smaller = *world.fleet.roster().host(*world.fleet.roster().find(host_id(1))).spec;
    smaller.capacity[Kinds::cpu] = 2000;
    world.fleet.set_host(host_id(1), smaller);
    const MovePlan plan = world.planner().mend();
    EXPECT_EQ(plan.moves.size(), 1U) << "no more fit on the other";
    EXPECT_EQ(plan.stuck.size(), 2U) << "both would be refused there as long as both are there";
}

// ---- any datacenter ----------------------------------------------------------------------------

namespace {

/// Hosts of several kinds, and guests with rules about each other.
class RandomWorld : public World {
  public:
    explicit RandomWorld(std::uint64_t seed) : chance_(seed) {
        const auto hosts = static_cast<std::uint64_t>(chance_.between(2, 9));
        for (std::uint64_t number = 1; number <= hosts; ++number)
            fleet.set_host(host_id(number), host(number));
        for (int count = 0; count < 40; ++count) come();
        while (chance_.below(24) != 0) leave();
    }

    Request request() {
        Request result = wanting(chance_.between(0, 5));
        if (chance_.once_in(1, 3))
            result.needs.cells = static_cast<std::uint8_t>(chance_.between(1, 2));
        if (chance_.once_in(1, 4)) {
            result.needs.accelerators = 1;
            result.needs.thousandths = static_cast<std::int32_t>(chance_.between(1, 10)) * 100;
        }
        if (chance_.once_in(1, 2)) result.groups = {group_of(chance_.below(3))};
        if (chance_.once_in(1, 2))
            result.rules = {
                GroupRule{group_of(chance_.below(3)), chance_.once_in(1, 2) ? "rack" : "",
                          static_cast<GroupRule::Wish>(chance_.below(3)), chance_.between(0, 2),
                          chance_.once_in(2, 3) ? Strength::hard : Strength::soft}};
        return result;
    }

    MoveLimits limits() {
        return {chance_.between(0, 20), chance_.between(0, 10), chance_.between(0, 2) * 100, 64};
    }

    /// Hosts become others under their guests.
    void disturb() {
        for (const HostSlot slot : std::vector<HostSlot>(fleet.settled().by_rank())) {
            HostSpec spec = *fleet.roster().host(slot).spec;
            if (chance_.once_in(1, 3)) spec.capacity[Kinds::cpu] = chance_.between(0, 3) * 4000;
            if (chance_.once_in(1, 3)) spec.domains["rack"] = chance_.once_in(1, 2) ? "r1" : "r2";
            fleet.set_host(fleet.roster().host(slot).id, spec);
        }
    }

    bool is_on_open_host(GuestSlot guest) const {
        return fleet.roster().is_open(fleet.roster().guest(guest).host);
    }

    model::HostId some_host() {
        const auto& all = fleet.settled().by_rank();
        return fleet.roster().host(all[chance_.below(all.size())]).id;
    }

  private:
    HostSpec host(std::uint64_t number) {
        HostSpec spec;
        spec.name = "h" + std::to_string(number);
        spec.capacity[Kinds::cpu] = chance_.between(1, 3) * 4000;
        spec.capacity[Kinds::memory] = chance_.between(1, 3) * 4096;
        if (chance_.once_in(2, 3))
            spec.cells.assign(2,
                              {spec.capacity[Kinds::cpu] / 2, spec.capacity[Kinds::memory] / 2, 0});
        spec.accelerators.assign(chance_.below(4), "a");
        spec.domains["rack"] = chance_.once_in(1, 2) ? "r1" : "r2";
        if (chance_.once_in(1, 8)) spec.state = HostState::closed;
        return spec;
    }

    void come() {
        const Request wanted = request();
        const Decision decision = fleet.decide(wanted);
        if (!decision.best) return;
        guests[fleet.put(decision.best->host, wanted, decision.seat)] = wanted;
    }

    void leave() {
        if (guests.empty()) return;
        auto at = guests.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(chance_.below(guests.size())));
        fleet.take_away(at->first);
        guests.erase(at);
    }

    Chance chance_;
};

bool includes(const std::set<GuestSlot>& all, const std::set<GuestSlot>& some) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

/// Everybody who was rightly placed is so after each move, and what is promised is there at the
/// end.
void hold_to(RandomWorld& world, const MovePlan& plan, const MoveLimits& limits) {
    RC_ASSERT(plan.cost <= limits.budget);
    const std::set<GuestSlot> before = world.misplaced();
    for (const Migration& move : plan.moves) {
        const Roster& roster = world.fleet.roster();
        RC_ASSERT(roster.host(roster.guest(move.guest).host).id == move.from);
        RC_ASSERT(move.from != move.to);
        const auto is_sound_there = [&] { return is_sound(roster.room(*roster.find(move.to))); };
        const bool was_sound = is_sound_there();
        make(world.fleet, move, world.guests.at(move.guest));
        RC_ASSERT(!was_sound || is_sound_there());
        RC_ASSERT(includes(before, world.misplaced()));
    }
    for (const model::HostId id : plan.emptied)
        RC_ASSERT(world.fleet.roster().host(*world.fleet.roster().find(id)).guests == 0);
}

}  // namespace

RC_GTEST_PROP(Moves, EveryBeginningOfAPlanThatEmptiesHostsIsValid, (std::uint64_t seed)) {
    RandomWorld world(seed);
    const MoveLimits limits = world.limits();
    const std::vector<Room> before = world.rooms();
    const std::int64_t in_use = world.hosts_in_use();
    const MovePlan plan = world.planner(limits).empty_hosts();
    RC_ASSERT(world.rooms() == before);
    RC_ASSERT(world.planner(limits).empty_hosts() == plan);
    RC_ASSERT(plan.moves.empty() == plan.emptied.empty());
    hold_to(world, plan, limits);
    RC_ASSERT(world.hosts_in_use() == in_use - static_cast<std::int64_t>(plan.emptied.size()));
}

RC_GTEST_PROP(Moves, EveryBeginningOfAPlanThatDrainsIsValid, (std::uint64_t seed)) {
    RandomWorld world(seed);
    const MoveLimits limits = world.limits();
    const model::HostId host = world.some_host();
    const std::vector<Room> before = world.rooms();
    const MovePlan plan = world.planner(limits).drain(host);
    RC_ASSERT(world.rooms() == before);
    hold_to(world, plan, limits);
    const Roster& roster = world.fleet.roster();
    RC_ASSERT(roster.host(*roster.find(host)).guests ==
              static_cast<std::int64_t>(plan.stuck.size()));
}

RC_GTEST_PROP(Moves, EveryBeginningOfAPlanThatAdmitsIsValid, (std::uint64_t seed)) {
    RandomWorld world(seed);
    const MoveLimits limits = world.limits();
    const Request request = world.request();
    const std::vector<Room> before = world.rooms();
    const bool fits = world.fleet.decide(request).best.has_value();
    const MovePlan plan = world.planner(limits).admit(request);
    RC_ASSERT(world.rooms() == before);
    RC_ASSERT(plan.cost <= limits.worth);
    RC_ASSERT(plan.moves.empty() || !fits);
    RC_ASSERT(plan.moves.empty() == !plan.admits.has_value());
    hold_to(world, plan, limits);
    if (plan.admits) RC_ASSERT(world.fleet.decide(request).best.has_value());
}

RC_GTEST_PROP(Moves, EveryBeginningOfAPlanThatMendsIsValid, (std::uint64_t seed)) {
    RandomWorld world(seed);
    world.disturb();
    const MoveLimits limits = world.limits();
    const std::vector<Room> before = world.rooms();
    const std::set<GuestSlot> wrong = world.misplaced();
    const MovePlan plan = world.planner(limits).mend();
    RC_ASSERT(world.rooms() == before);
    for (const Migration& move : plan.moves) RC_ASSERT(wrong.contains(move.guest));
    hold_to(world, plan, limits);
    const std::set<GuestSlot> still_wrong = world.misplaced();
    for (const Migration& move : plan.moves) RC_ASSERT(!still_wrong.contains(move.guest));
    const std::set<GuestSlot> stuck(plan.stuck.begin(), plan.stuck.end());
    for (const GuestSlot guest : still_wrong)
        RC_ASSERT(stuck.contains(guest) || !world.is_on_open_host(guest));
    RC_ASSERT(includes(still_wrong, stuck));
}

/// Whether one move is enough is found out by asking every host for everything.
RC_GTEST_PROP(Moves, AdmitByOneExactlyIfThatIsPossible, (std::uint64_t seed)) {
    RandomWorld world(seed);
    for (auto& [guest, request] : world.guests) request.rules.clear();
    Request request = world.request();
    request.rules.clear();
    if (world.fleet.decide(request).best) return;
    bool possible = false;
    for (const auto& [guest, placed] : world.guests) {
        const model::HostId from =
            world.fleet.roster().host(world.fleet.roster().guest(guest).host).id;
        const Seat seat = world.fleet.roster().guest(guest).seat;
        world.fleet.take_away(guest);
        const auto fits_there = [&](bool there, const Request& who) {
            Request asked = who;
            asked.rules.emplace_back(HostsRule{{from}, there, Strength::hard});
            return decide_by_scan(world.fleet.settled(), world.fleet.appraiser(), asked)
                .best.has_value();
        };
        possible = possible || (fits_there(true, request) && fits_there(false, placed));
        RC_ASSERT(world.fleet.put(from, placed, seat) == guest);
    }
    const MovePlan plan = world.planner({1, 1, 0, 1000}).admit(request);
    RC_ASSERT(plan.admits.has_value() == possible);
    RC_ASSERT(plan.moves.size() == (possible ? 1U : 0U));
}

}  // namespace vdc::placement
