#include "placement/fleet.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/chance.h"

namespace vdc::placement {

using base::Chance;

static model::HostId host_id(std::uint64_t number) {
    return {base::Uuid{1, number}};
}

static Group group_of(std::uint64_t number) {
    return {base::Uuid{3, number}};
}

static HostSpec simple_host(const std::string& name, std::int64_t cpu, std::int64_t memory) {
    HostSpec spec;
    spec.name = name;
    spec.capacity[Kinds::cpu] = cpu;
    spec.capacity[Kinds::memory] = memory;
    return spec;
}

static Request wanting(std::int64_t cpu, std::int64_t memory) {
    Request request;
    request.needs.amounts[Kinds::cpu] = cpu;
    request.needs.amounts[Kinds::memory] = memory;
    return request;
}

/// A fleet of equal hosts h1, h2, ...
static Fleet fleet_of(std::uint64_t hosts, std::int64_t cpu = 8000, std::int64_t memory = 8192) {
    Fleet fleet;
    Mix mix;
    mix.typical.push_back({wanting(1000, 1024).needs, 1});
    fleet.set_mix(mix);
    for (std::uint64_t number = 1; number <= hosts; ++number)
        fleet.set_host(host_id(number), simple_host("h" + std::to_string(number), cpu, memory));
    return fleet;
}

/// Places it if it fits: where.
static std::optional<model::HostId> placed(Fleet& fleet, const Request& request) {
    const Decision decision = fleet.decide(request);
    if (!decision.best) return {};
    fleet.put(decision.best->host, request, decision.seat);
    return decision.best->host;
}

TEST(Fleet, GivesEqualHostsToTheLowestName) {
    Fleet fleet = fleet_of(12);
    const Decision decision = fleet.decide(wanting(1000, 1024));
    EXPECT_EQ(decision.best->host, host_id(1));
    EXPECT_EQ(decision.runner_up->host, host_id(10)) << "h10 comes before h2";
}

TEST(Fleet, SaysWhatRemovedEveryHost) {
    Fleet fleet = fleet_of(4);
    HostSpec down = simple_host("h5", 8000, 8192);
    down.state = HostState::down;
    fleet.set_host(host_id(5), down);
    Request request = wanting(1000, 9000);
    request.rules = {TraitRule{"disk=ssd"}};
    HostSpec fast = simple_host("h1", 8000, 8192);
    fast.traits.insert("disk=ssd");
    fleet.set_host(host_id(1), fast);
    const Decision decision = fleet.decide(request);
    EXPECT_FALSE(decision.best);
    EXPECT_EQ(decision.candidates, 5);
    const std::vector<Removed> removed{
        {Asked::up, 0, 1}, {Asked::trait, 0, 3}, {Asked::amount, Kinds::memory, 1}};
    EXPECT_EQ(decision.removed, removed);
}

TEST(Fleet, TheRuleDeclaredLastYieldsFirst) {
    Fleet fleet = fleet_of(2);
    HostSpec fast = simple_host("h2", 8000, 8192);
    fast.traits.insert("disk=ssd");
    fleet.set_host(host_id(2), fast);
    const TraitRule wants_fast{"disk=ssd", true, Strength::soft};
    const HostsRule rather_not{{host_id(2)}, false, Strength::soft};
    Request request = wanting(1000, 1024);
    request.rules = {wants_fast, rather_not};
    EXPECT_EQ(fleet.decide(request).best->host, host_id(2));
    EXPECT_EQ(fleet.decide(request).best->yielded, std::vector<std::uint8_t>{1});
    request.rules = {rather_not, wants_fast};
    EXPECT_EQ(fleet.decide(request).best->host, host_id(1));
}

TEST(Fleet, SpreadsAGroupOverRacks) {
    Fleet fleet = fleet_of(6);
    for (std::uint64_t number = 1; number <= 6; ++number) {
        HostSpec spec = simple_host("h" + std::to_string(number), 8000, 8192);
        spec.domains["rack"] = number <= 4 ? "r1" : "r2";
        fleet.set_host(host_id(number), spec);
    }
    Request request = wanting(1000, 1024);
    request.groups = {group_of(1)};
    request.rules = {GroupRule{group_of(1), "rack", GroupRule::Wish::spread, 0, Strength::hard}};
    int in_the_small_rack = 0;
    for (int count = 0; count < 8; ++count)
        if (*placed(fleet, request) >= host_id(5)) ++in_the_small_rack;
    EXPECT_EQ(in_the_small_rack, 4);
}

TEST(Fleet, HoldsWhatWasClaimedOnAHostThatShrank) {
    Fleet fleet = fleet_of(1);
    const Request request = wanting(8000, 1024);
    const GuestSlot guest = fleet.put(host_id(1), request, {});
    fleet.set_host(host_id(1), simple_host("h1", 4000, 8192));
    EXPECT_FALSE(is_sound(fleet.roster().room(*fleet.roster().find(host_id(1)))));
    EXPECT_FALSE(fleet.decide(wanting(1000, 1)).best);
    fleet.take_away(guest);
    EXPECT_TRUE(fleet.decide(wanting(4000, 1)).best);
}

TEST(Fleet, PutsPartsOfAnAcceleratorTogether) {
    Fleet fleet;
    HostSpec spec = simple_host("h1", 64'000, 65'536);
    spec.accelerators = {"a", "a"};
    fleet.set_host(host_id(1), spec);
    Request half = wanting(1000, 1024);
    half.needs.accelerators = 1;
    half.needs.thousandths = 500;
    EXPECT_TRUE(placed(fleet, half));
    Request two = half;
    two.needs.accelerators = 2;
    two.needs.thousandths = whole;
    EXPECT_EQ(fleet.decide(two).removed.front().asked, Asked::accelerators);
}

TEST(Fleet, SplitsALargeOneEvenlyOverCells) {
    Fleet fleet;
    HostSpec spec = simple_host("h1", 8000, 8192);
    spec.cells.assign(2, {4000, 4096, 0});
    fleet.set_host(host_id(1), spec);
    EXPECT_TRUE(placed(fleet, wanting(1000, 1024)));
    Request large = wanting(6000, 6144);
    EXPECT_EQ(fleet.decide(large).seat.cells, 3);
    large.needs.amounts[Kinds::cpu] = 7000;
    EXPECT_EQ(fleet.decide(large).removed.front().asked, Asked::cells);
}

TEST(Fleet, ForgetsWhatHostsLookedLikeLongAgo) {
    Fleet fleet = fleet_of(3, 100'000, 100'000);
    for (std::int64_t size = 1; size <= 9000; ++size) {
        const Request request = wanting(size, 2 * size);
        const Decision decision = fleet.decide(wanting(1000, 1000));
        ASSERT_EQ(decision, decide_by_scan(fleet.roster(), fleet.appraiser(), wanting(1000, 1000)));
        const GuestSlot guest =
            fleet.put(host_id(static_cast<std::uint64_t>(size % 3 + 1)), request, decision.seat);
        if (size % 1000 != 0) fleet.take_away(guest);
    }
    EXPECT_LT(fleet.roster().shelves().count(), 9000U);
}

TEST(Fleet, CountsRightWhereShelvesWereUsedAgainUnseen) {
    Fleet fleet = fleet_of(3, 100'000, 100'000);
    const auto agrees = [&](const Request& request) {
        const Decision decision = fleet.decide(request);
        return decision == decide_by_scan(fleet.roster(), fleet.appraiser(), request);
    };
    // So many different needs are not kept fresh by turns.
    for (std::int64_t size = 1; size <= 40; ++size) ASSERT_TRUE(agrees(wanting(size * 1000, 1)));
    for (std::int64_t size = 1; size <= 2000; ++size) {
        const Request request = wanting(45 * size, 2 * size);
        const auto host = static_cast<std::uint64_t>(size % 3 + 1);
        const GuestSlot guest = fleet.put(host_id(host), request, {});
        if (size == 300) {
            ASSERT_TRUE(agrees(wanting(95'000, 1))) << "does not fit there now";
        }
        fleet.take_away(guest);
    }
    for (std::int64_t size = 1; size <= 40; ++size) ASSERT_TRUE(agrees(wanting(size * 1000, 1)));
    EXPECT_TRUE(agrees(wanting(95'000, 1)));
}

TEST(Fleet, GivesDifferentHostsThatAreAsGoodToTheLowestName) {
    Fleet fleet = fleet_of(2);
    fleet.set_mix({});
    fleet.put(host_id(2), wanting(4000, 0), {});
    fleet.decide(wanting(1000, 1024));
    fleet.put(host_id(1), wanting(0, 4096), {});
    const Decision decision = fleet.decide(wanting(1000, 1024));
    EXPECT_EQ(decision.best->room, decision.runner_up->room);
    EXPECT_EQ(decision.best->host, host_id(1));
}

TEST(Fleet, GathersOnTheLowestNamesThatHoldIt) {
    Fleet fleet = fleet_of(3);
    Mix mix;
    mix.aim = Aim::gather;
    fleet.set_mix(mix);
    fleet.put(host_id(3), wanting(6000, 1024), {});
    EXPECT_EQ(placed(fleet, wanting(5000, 1024)), host_id(1));
    EXPECT_EQ(placed(fleet, wanting(5000, 1024)), host_id(2));
    EXPECT_EQ(placed(fleet, wanting(1000, 1024)), host_id(1)) << "not where it is tightest";
}

TEST(Fleet, GivesNoMoreLicencesThanThereAre) {
    Fleet fleet = fleet_of(2);
    fleet.set_shared("licence", 3);
    Request request = wanting(1000, 1024);
    request.shared = {{"licence", 2}};
    EXPECT_TRUE(placed(fleet, request));
    EXPECT_EQ(fleet.decide(request).short_of_shared, 0U);
}

TEST(Requests, AreRefusedWhenHardRulesContradictEachOther) {
    const Kinds kinds;
    const auto refused = [&](const Rule& a, const Rule& b) {
        Request request = wanting(1, 1);
        request.rules = {a, b};
        Request turned = wanting(1, 1);
        turned.rules = {b, a};
        EXPECT_EQ(check_request(kinds, request).ok(), check_request(kinds, turned).ok());
        return !check_request(kinds, request).ok();
    };
    const GroupRule together{group_of(1), "rack", GroupRule::Wish::together};
    const GroupRule apart{group_of(1), "rack", GroupRule::Wish::apart};
    GroupRule at_most_two = apart;
    at_most_two.most = 2;
    GroupRule rather_apart = apart;
    rather_apart.strength = Strength::soft;
    const GroupRule apart_by_host{group_of(1), "", GroupRule::Wish::apart};
    EXPECT_TRUE(refused(together, apart));
    EXPECT_FALSE(refused(together, at_most_two));
    EXPECT_FALSE(refused(together, rather_apart));
    EXPECT_FALSE(refused(together, apart_by_host)) << "two hosts of one rack";
    const HostsRule first{{host_id(1), host_id(2)}};
    EXPECT_TRUE(refused(first, HostsRule{{host_id(1), host_id(2), host_id(3)}, false}));
    EXPECT_FALSE(refused(first, HostsRule{{host_id(1)}, false}));
    EXPECT_TRUE(refused(first, HostsRule{{host_id(3)}}));
    EXPECT_FALSE(refused(first, HostsRule{{host_id(2), host_id(3)}}));
}

TEST(Requests, AreRefusedWhenTheyMeanNothing) {
    const Kinds kinds;
    EXPECT_FALSE(check_request(kinds, wanting(-1, 1)).ok());
    EXPECT_FALSE(check_request(kinds, wanting(1, amount_max + 1)).ok());
    Request parts = wanting(1, 1);
    parts.needs.accelerators = 2;
    parts.needs.thousandths = 500;
    EXPECT_FALSE(check_request(kinds, parts).ok());
    Request contradiction = wanting(1, 1);
    contradiction.rules = {TraitRule{"disk=ssd"}, TraitRule{"disk=ssd", false}};
    EXPECT_FALSE(check_request(kinds, contradiction).ok());
    Request nowhere = wanting(1, 1);
    nowhere.rules = {HostsRule{}};
    EXPECT_FALSE(check_request(kinds, nowhere).ok());
}

// ---- the oracle --------------------------------------------------------------------------------

namespace {

/// A small datacenter with something of everything, and what may be asked of it.
class RandomLife {
  public:
    explicit RandomLife(std::uint64_t seed) : chance_(seed) {
        Mix mix;
        for (int count = 0; count < 3; ++count)
            mix.typical.push_back({needs(), chance_.between(1, 9)});
        if (chance_.once_in(1, 2)) mix.aim = chance_.once_in(1, 2) ? Aim::spread : Aim::gather;
        fleet_.set_mix(mix);
        fleet_.set_shared("licence", 4);
        const auto hosts = static_cast<std::uint64_t>(chance_.between(1, 14));
        for (std::uint64_t number = 1; number <= hosts; ++number)
            fleet_.set_host(host_id(number), host(number));
    }

    void step() {
        switch (chance_.below(8)) {
            case 0: return change_host();
            case 1: return leave();
            default: return come();
        }
    }

    Fleet& fleet() { return fleet_; }

    Request request() {
        Request result;
        result.needs = needs();
        const auto rules = chance_.below(4);
        for (std::uint64_t count = 0; count < rules; ++count) result.rules.emplace_back(rule());
        for (std::uint64_t number = 0; number < 3; ++number)
            if (chance_.once_in(1, 3)) result.groups.push_back(group_of(number + 1));
        if (chance_.once_in(1, 8)) result.shared.push_back({"licence", chance_.between(0, 2)});
        if (chance_.once_in(1, 4)) result.dedication = "acme";
        return check_request(fleet_.kinds(), result).ok() ? result : wanting(1, 1);
    }

    Inquiry inquiry() {
        const auto some = [this](std::uint64_t of) {
            return [of, salt = chance_.below(of)](model::HostId id) {
                return id.value.low % of == salt;
            };
        };
        Inquiry result;
        if (chance_.once_in(1, 3)) result.rather = some(3);
        if (chance_.once_in(1, 3)) result.allowed = some(12);
        return result;
    }

  private:
    std::string one_of(const std::vector<std::string>& words) {
        return words[chance_.below(words.size())];
    }

    Needs needs() {
        Needs result;
        result.amounts[Kinds::cpu] = chance_.between(0, 4) * 1000;
        result.amounts[Kinds::memory] = chance_.between(0, 8) * 512;
        if (chance_.once_in(1, 6)) result.amounts[Kinds::network] = chance_.between(0, 100);
        if (chance_.once_in(1, 4)) result.cells = static_cast<std::uint8_t>(chance_.between(1, 2));
        if (chance_.once_in(1, 8)) result.huge_pages = result.amounts[Kinds::memory] / 2;
        if (chance_.once_in(1, 3)) {
            result.accelerators = static_cast<std::uint8_t>(chance_.between(1, 3));
            if (result.accelerators == 1)
                result.thousandths = static_cast<std::int32_t>(chance_.between(1, 10)) * 100;
            result.models = chance_.below(4);
        }
        return result;
    }

    HostSpec host(std::uint64_t number) {
        HostSpec spec = simple_host("h" + std::to_string(number), chance_.between(0, 3) * 8000,
                                    chance_.between(0, 3) * 8192);
        spec.capacity[Kinds::network] = 300;
        if (chance_.once_in(1, 2)) {
            const Amounts& all = spec.capacity;
            spec.cells.assign(
                2, {all[Kinds::cpu] / 2, all[Kinds::memory] / 2, all[Kinds::memory] / 8});
        }
        if (number % 3 == 0) spec.accelerators.assign(number % 4, number % 2 ? "a" : "b");
        if (chance_.once_in(1, 2)) spec.overcommit[Kinds::cpu] = 2000;
        if (chance_.once_in(1, 2)) spec.traits.insert("disk=ssd");
        if (chance_.once_in(1, 4)) spec.traits.insert("pool=fast");
        if (chance_.once_in(5, 6)) spec.domains["rack"] = one_of({"r1", "r2", "r3"});
        if (chance_.once_in(1, 2)) spec.domains["power"] = one_of({"a", "b"});
        if (chance_.once_in(1, 6)) spec.dedication = one_of({"acme", "other"});
        if (chance_.once_in(1, 6)) spec.state = HostState::closed;
        if (chance_.once_in(1, 8)) spec.state = HostState::down;
        return spec;
    }

    Rule rule() {
        const Strength strength = chance_.once_in(1, 2) ? Strength::hard : Strength::soft;
        const bool wanted = chance_.once_in(1, 2);
        switch (chance_.below(3)) {
            case 0: return TraitRule{one_of({"disk=ssd", "pool=fast"}), wanted, strength};
            case 1: {
                HostsRule result{{}, wanted, strength};
                for (std::uint64_t number = 1; number <= 16; ++number)
                    if (chance_.once_in(1, 2)) result.hosts.push_back(host_id(number));
                return result;
            }
            default:
                return GroupRule{group_of(chance_.below(3) + 1),
                                 one_of({"", "rack", "power", "no"}),
                                 static_cast<GroupRule::Wish>(chance_.below(3)),
                                 chance_.between(0, 2), strength};
        }
    }

    void come() {
        const Request wanted = request();
        const Decision decision = fleet_.decide(wanted);
        if (!decision.best) return;
        there_.push_back(fleet_.put(decision.best->host, wanted, decision.seat));
    }

    void leave() {
        if (there_.empty()) return;
        const std::size_t at = chance_.below(there_.size());
        fleet_.take_away(there_[at]);
        there_.erase(there_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    /// A host comes, goes, or is another one; under instances it keeps its cells and accelerators.
    void change_host() {
        const std::uint64_t number = chance_.below(16) + 1;
        HostSpec spec = host(number);
        const auto slot = fleet_.roster().find(host_id(number));
        if (slot && fleet_.roster().host(*slot).guests == 0 && chance_.once_in(1, 2))
            return fleet_.remove_host(host_id(number));
        if (slot && fleet_.roster().host(*slot).guests > 0) {
            spec.cells = fleet_.roster().host(*slot).spec->cells;
            spec.accelerators = fleet_.roster().host(*slot).spec->accelerators;
        }
        fleet_.set_host(host_id(number), spec);
    }

    Chance chance_;
    Fleet fleet_;
    std::vector<GuestSlot> there_;
};

}  // namespace

RC_GTEST_PROP(Fleet, DecidesAsIfItAskedEveryHost, (std::uint64_t seed)) {
    RandomLife life(seed);
    for (int count = 0; count < 40; ++count) {
        life.step();
        const Request request = life.request();
        const Inquiry inquiry = life.inquiry();
        const Decision decision = life.fleet().decide(request, inquiry);
        const Decision oracle =
            decide_by_scan(life.fleet().roster(), life.fleet().appraiser(), request, inquiry);
        RC_ASSERT(decision == oracle);
        Inquiry where = inquiry;
        where.explained = Explained::no;
        const Decision unexplained = life.fleet().decide(request, where);
        RC_ASSERT(unexplained.best == decision.best);
        RC_ASSERT(unexplained.seat == decision.seat);
        RC_ASSERT(unexplained.short_of_shared == decision.short_of_shared);
        std::int64_t left = decision.candidates;
        for (const Removed& each : decision.removed) left -= each.hosts;
        RC_ASSERT(left >= 0);
        if (!decision.short_of_shared) RC_ASSERT((left > 0) == decision.best.has_value());
    }
}

RC_GTEST_PROP(Fleet, DecidesOnOneHostAsIfARuleNamedIt, (std::uint64_t seed)) {
    RandomLife life(seed);
    for (int count = 0; count < 40; ++count) {
        life.step();
        Request request = life.request();
        const Inquiry inquiry = life.inquiry();
        const model::HostId only = host_id(seed % 16 + 1);
        const Decision decision = life.fleet().decide_on(only, request, inquiry);
        std::int64_t left = decision.candidates;
        for (const Removed& each : decision.removed) left -= each.hosts;
        RC_ASSERT((left > 0 && !decision.short_of_shared) == decision.best.has_value());
        request.rules.emplace_back(HostsRule{{only}});
        const Decision named = life.fleet().decide(request, inquiry);
        RC_ASSERT(decision.best == named.best);
        RC_ASSERT(decision.seat == named.seat);
        RC_ASSERT(!decision.runner_up);
    }
}

}  // namespace vdc::placement
