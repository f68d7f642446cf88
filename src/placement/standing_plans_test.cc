#include "placement/standing_plans.h"

#include <gtest/gtest.h>

#include "base/chance.h"

namespace vdc::placement {

using model::ApplicationId;
using model::HostId;
using model::InstanceId;
using model::Resources;

static HostId host_id(std::uint64_t number) {
    return {base::Uuid{1, number}};
}

static InstanceId instance_id(std::uint64_t number) {
    return {base::Uuid{2, number}};
}

static Resources memory(std::int64_t count) {
    return {{1}, {count}, {}};
}

static Shelter shelter(std::int64_t memory_left, std::string rack = {}) {
    Shelter result{{{100}, {memory_left}, {1000}}, true, {}};
    if (!rack.empty()) result.labels["rack"] = std::move(rack);
    return result;
}

static Loss of_host(std::uint64_t number) {
    return {{}, {}, host_id(number)};
}

/// What is there, as the planner is told; the oracle and the plans built anew see the same.
struct Facts {
    std::map<HostId, Shelter> hosts;
    std::map<InstanceId, Guest> guests;

    StandingPlans anew() const {
        StandingPlans plans;
        plans.set_hosts({hosts.begin(), hosts.end()});
        for (const auto& [id, guest] : guests) plans.set_guest(id, guest);
        plans.refresh();
        return plans;
    }
};

static std::set<HostId> lost_with(const Facts& facts, const Loss& loss) {
    if (loss.label.empty()) return {loss.host};
    std::set<HostId> lost;
    for (const auto& [id, shelter] : facts.hosts)
        if (shelter.labels.contains(loss.label) && shelter.labels.at(loss.label) == loss.value)
            lost.insert(id);
    return lost;
}

/// Why the plan is none, or nothing. Shares nothing with the planner.
static std::string wrong_with(const Facts& facts, const StandingPlans& plans, const Loss& loss) {
    const std::set<HostId> lost = lost_with(facts, loss);
    std::set<InstanceId> expected;
    for (const auto& [id, guest] : facts.guests)
        if (lost.contains(guest.host) && (loss.label.empty() || loss.label == guest.label))
            expected.insert(id);
    std::map<HostId, Resources> brought;
    std::pair<bool, std::int64_t> rank{true, std::numeric_limits<std::int64_t>::max()};
    for (const Move& move : plans.plan(loss)) {
        if (expected.erase(move.instance) == 0) return "someone is moved who is not lost, or twice";
        const Guest& guest = facts.guests.at(move.instance);
        const std::pair its_rank{!guest.label.empty(), guest.importance};
        if (its_rank > rank) return "who survives more, or is more important, is not first";
        rank = its_rank;
        if (!move.to) {
            if (!plans.gaps().contains({loss, move.instance})) return "a gap is not told";
            continue;
        }
        if (lost.contains(*move.to)) return "the target is lost itself";
        if (!facts.hosts.at(*move.to).open) return "the target is closed";
        for (const std::string& pool : guest.pools)
            if (!facts.hosts.at(*move.to).pools.contains(pool)) return "the target lacks a pool";
        brought[*move.to] += guest.needs;
    }
    if (!expected.empty()) return "someone is forgotten";
    for (const auto& [id, all] : brought) {
        const Resources& left = facts.hosts.at(id).left;
        if (all.memory > left.memory || all.vcpus > left.vcpus ||
            (all.disk.count > 0 && all.disk > left.disk))
            return "a target holds less than is brought";
    }
    return {};
}

static std::string wrong_with(const Facts& facts, const StandingPlans& plans) {
    for (const Loss& loss : plans.losses()) {
        const std::string wrong = wrong_with(facts, plans, loss);
        if (!wrong.empty()) return wrong;
    }
    return {};
}

TEST(StandingPlans, BringEachGuestToAHostThatHoldsIt) {
    const Facts facts{
        {{host_id(1), shelter(0)}, {host_id(2), shelter(10)}, {host_id(3), shelter(9)}},
        {{instance_id(1), {host_id(1), memory(10)}}}};
    const StandingPlans plans = facts.anew();
    const std::vector<Move> expected{{instance_id(1), host_id(2)}};
    EXPECT_EQ(plans.plan(of_host(1)), expected);
    EXPECT_TRUE(plans.plan(of_host(2)).empty());
    EXPECT_EQ(plans.reserved(host_id(2)), memory(10));
}

TEST(StandingPlans, OfDifferentLossesShareTheSameRoom) {
    const Facts facts{
        {{host_id(1), shelter(0)}, {host_id(2), shelter(0)}, {host_id(3), shelter(10)}},
        {{instance_id(1), {host_id(1), memory(10)}}, {instance_id(2), {host_id(2), memory(10)}}}};
    EXPECT_TRUE(facts.anew().gaps().empty());
}

TEST(StandingPlans, TellWhoHasNoPlaceAfterWhichLoss) {
    const Facts facts{{{host_id(1), shelter(50)}, {host_id(2), shelter(9)}},
                      {{instance_id(1), {host_id(1), memory(10)}}}};
    const StandingPlans plans = facts.anew();
    const std::set<Gap> expected{{of_host(1), instance_id(1)}};
    EXPECT_EQ(plans.gaps(), expected);
}

TEST(StandingPlans, PlaceTheMostImportantFirst) {
    Facts facts{
        {{host_id(1), shelter(0)}, {host_id(2), shelter(10)}},
        {{instance_id(1), {host_id(1), memory(10)}}, {instance_id(2), {host_id(1), memory(5), 7}}}};
    const std::vector<Move> expected{{instance_id(2), host_id(2)}, {instance_id(1), {}}};
    EXPECT_EQ(facts.anew().plan(of_host(1)), expected);
}

TEST(StandingPlans, UseNoClosedHost) {
    Facts facts{{{host_id(1), shelter(0)}, {host_id(2), shelter(10)}},
                {{instance_id(1), {host_id(1), memory(10)}}}};
    facts.hosts.at(host_id(2)).open = false;
    EXPECT_EQ(facts.anew().gaps().size(), 1u);
}

TEST(StandingPlans, OfADomainLeaveIt) {
    Facts facts{{{host_id(1), shelter(0, "a")},
                 {host_id(2), shelter(90, "a")},
                 {host_id(3), shelter(20, "b")}},
                {{instance_id(1), {host_id(1), memory(10), 0, {}, "rack"}},
                 {instance_id(2), {host_id(1), memory(20)}}}};
    const StandingPlans plans = facts.anew();
    const std::vector<Move> rack{{instance_id(1), host_id(3)}};
    EXPECT_EQ(plans.plan({"rack", "a", {}}), rack);
    EXPECT_EQ(plans.plan(of_host(1)).size(), 2u);
    EXPECT_TRUE(plans.gaps().empty());
}

TEST(StandingPlans, RatherKeepReplicasApart) {
    const ApplicationId application{base::Uuid{3, 1}};
    Facts facts;
    for (std::uint64_t number = 1; number <= 4; ++number)
        facts.hosts[host_id(number)] = shelter(50);
    for (std::uint64_t number = 1; number <= 3; ++number)
        facts.guests[instance_id(number)] = {host_id(number), memory(10), 0, application};
    const std::vector<Move> expected{{instance_id(1), host_id(4)}};
    EXPECT_EQ(facts.anew().plan(of_host(1)), expected);
}

TEST(StandingPlans, PackTightlyWhereWalksDoNotFit) {
    // One host of exactly 30 and one of exactly 20 take 20, 15 and 15 in one way only.
    Facts facts{{{host_id(1), shelter(0)}, {host_id(2), shelter(30)}, {host_id(3), shelter(20)}},
                {{instance_id(1), {host_id(1), memory(20)}},
                 {instance_id(2), {host_id(1), memory(15)}},
                 {instance_id(3), {host_id(1), memory(15)}}}};
    EXPECT_TRUE(facts.anew().gaps().empty());
}

TEST(StandingPlans, TryEveryWayWhereHostsAreFew) {
    // The most important two would take the room of the largest, each by itself and packed tightly.
    const ApplicationId application{base::Uuid{3, 1}};
    Facts facts{{{host_id(1), shelter(0)}, {host_id(2), shelter(50)}, {host_id(3), shelter(30)}},
                {{instance_id(1), {host_id(1), memory(50)}},
                 {instance_id(2), {host_id(1), memory(15), 9, application}},
                 {instance_id(3), {host_id(1), memory(15), 9, application}}}};
    const StandingPlans plans = facts.anew();
    EXPECT_TRUE(plans.gaps().empty());
    EXPECT_EQ(plans.plan(of_host(1)).back().instance, instance_id(1)) << "the order stays";
}

TEST(StandingPlans, TellOnceWhoLostHisPlace) {
    Facts facts{{{host_id(1), shelter(0)}, {host_id(2), shelter(10)}},
                {{instance_id(1), {host_id(1), memory(10)}}}};
    StandingPlans plans = facts.anew();
    plans.set_host(host_id(2), shelter(9));
    plans.refresh();
    const std::vector<Gap> expected{{of_host(1), instance_id(1)}};
    EXPECT_EQ(plans.fresh_gaps(), expected);
    plans.set_host(host_id(2), shelter(8));
    plans.refresh();
    EXPECT_TRUE(plans.fresh_gaps().empty());
    EXPECT_EQ(plans.gaps().size(), 1u);
}

TEST(StandingPlans, TellTheLeastToAdd) {
    Facts facts{
        {{host_id(1), shelter(0)}, {host_id(2), shelter(9)}, {host_id(3), shelter(12)}},
        {{instance_id(1), {host_id(1), memory(11)}}, {instance_id(2), {host_id(1), memory(10)}}}};
    const StandingPlans plans = facts.anew();
    const auto addition = plans.smallest_addition(of_host(1));
    ASSERT_TRUE(addition);
    EXPECT_EQ(addition->host, host_id(2));
    EXPECT_EQ(addition->more, (Resources{{0}, {1}, {0}}));
    EXPECT_FALSE(plans.smallest_addition(of_host(2)));
    facts.hosts.at(host_id(2)).left.memory += addition->more.memory;
    EXPECT_TRUE(facts.anew().gaps().empty());
}

/// Changes at random, as a datacenter does: guests come, go and change; hosts fill, close, grow,
/// change racks, come and go.
class Storm {
  public:
    explicit Storm(std::uint64_t seed, std::uint64_t hosts = 8, std::uint64_t instances = 30)
        : chance_(seed), hosts_(hosts), instances_(instances) {}

    void change(Facts& facts, StandingPlans& plans) {
        const HostId host = host_id(1 + chance_.below(hosts_));
        const InstanceId instance = instance_id(1 + chance_.below(instances_));
        switch (chance_.below(6)) {
            case 0: return change_host(facts, plans, host);
            case 1: return remove_host(facts, plans, host);
            case 2: facts.guests.erase(instance); return plans.remove_guest(instance);
            default: return change_guest(facts, plans, host, instance);
        }
    }

  private:
    void change_host(Facts& facts, StandingPlans& plans, HostId id) {
        Shelter fresh = shelter(static_cast<std::int64_t>(chance_.below(60)) - 5,
                                std::string(1, static_cast<char>('a' + chance_.below(3))));
        fresh.left.vcpus = {static_cast<std::int64_t>(chance_.below(12))};
        fresh.open = chance_.below(8) != 0;
        if (chance_.below(3) != 0) fresh.pools = {"nas"};
        facts.hosts[id] = fresh;
        plans.set_host(id, fresh);
    }
    void remove_host(Facts& facts, StandingPlans& plans, HostId id) {
        std::erase_if(facts.guests, [&](const auto& each) {
            if (each.second.host != id) return false;
            plans.remove_guest(each.first);
            return true;
        });
        facts.hosts.erase(id);
        plans.remove_host(id);
    }
    void change_guest(Facts& facts, StandingPlans& plans, HostId host, InstanceId id) {
        if (!facts.hosts.contains(host)) return change_host(facts, plans, host);
        Guest guest{host, {{1}, {static_cast<std::int64_t>(1 + chance_.below(20))}, {}}};
        guest.importance = static_cast<std::int64_t>(chance_.below(2));
        if (chance_.below(2) == 0)
            guest.apart_from = {base::Uuid{3, 1 + chance_.below(1 + instances_ / 20)}};
        else if (chance_.below(3) == 0)
            guest.pools = {"nas"};
        if (chance_.below(3) == 0) guest.label = "rack";
        facts.guests[id] = guest;
        plans.set_guest(id, guest);
    }

    base::Chance chance_;
    const std::uint64_t hosts_;
    const std::uint64_t instances_;
};

/// Where walks are short beside the ring, as with few hosts they are not.
TEST(StandingPlans, OfManyHostsKeptFreshEqualThoseBuiltAnew) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        Storm storm(seed, 300, 900);
        Facts facts;
        StandingPlans plans;
        for (int turn = 0; turn < 3000; ++turn) {
            storm.change(facts, plans);
            if (turn % 7 == 0) plans.refresh();
            if (turn % 50 != 0) continue;
            plans.refresh();
            ASSERT_TRUE(same_plans(plans, facts.anew())) << "seed " << seed << " turn " << turn;
        }
    }
}

TEST(StandingPlans, KeptFreshEqualThoseBuiltAnewAndAreValid) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Storm storm(seed);
        Facts facts;
        StandingPlans plans;
        for (int turn = 0; turn < 120; ++turn) {
            storm.change(facts, plans);
            if (turn % 3 == 1) continue;  // several changes, one refresh
            plans.refresh();
            ASSERT_TRUE(same_plans(plans, facts.anew())) << "seed " << seed << " turn " << turn;
            ASSERT_EQ(wrong_with(facts, plans), "") << "seed " << seed << " turn " << turn;
        }
    }
}

TEST(StandingPlans, BringWhoHasASharedDiskOnlyWhereItIsReached) {
    Facts facts{{{host_id(1), shelter(0)}, {host_id(2), shelter(90)}, {host_id(3), shelter(10)}},
                {{instance_id(1), {host_id(1), memory(10), 0, {}, {}, {"nas"}}}}};
    EXPECT_EQ(facts.anew().gaps().size(), 1u);
    StandingPlans plans = facts.anew();
    facts.hosts.at(host_id(3)).pools = {"nas", "other"};
    plans.set_host(host_id(3), facts.hosts.at(host_id(3)));
    plans.refresh();
    const std::vector<Move> expected{{instance_id(1), host_id(3)}};
    EXPECT_EQ(plans.plan(of_host(1)), expected);
}

/// Who is lost comes back under another id, when it is a replica, and finds the place that was
/// planned for the one before; also after some of them have taken theirs.
TEST(StandingPlans, AreWhatSeekersAreToldAfterTheLoss) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Storm storm(seed);
        Facts facts;
        StandingPlans plans;
        for (int turn = 0; turn < 100; ++turn) storm.change(facts, plans);
        plans.refresh();
        for (const Loss& loss : plans.losses()) {
            StandingPlans later = facts.anew();
            std::vector<StandingPlans::Seeker> seekers;
            std::vector<std::optional<HostId>> planned;
            for (const Move& move : plans.plan(loss)) {
                const Guest& guest = facts.guests.at(move.instance);
                const std::uint64_t number = move.instance.value.low;
                seekers.emplace_back(guest.apart_from ? instance_id(1000 - number) : move.instance,
                                     guest);
                planned.push_back(move.to);
                later.remove_guest(move.instance);
            }
            for (const HostId lost : lost_with(facts, loss)) {
                Shelter closed = *later.host(lost);
                closed.open = false;
                later.set_host(lost, closed);
            }
            const bool whole =
                std::all_of(planned.begin(), planned.end(), [](auto to) { return !!to; });
            for (std::size_t done = 0; done < planned.size() && planned[done]; ++done) {
                const std::vector<Move> moves = later.seek(seekers);
                ASSERT_EQ(moves.size(), planned.size() - done);
                for (std::size_t at = 0; at < moves.size(); ++at) {
                    // Who packed tightly may find it easier when some are there; all find a place.
                    if (done == 0) {
                        ASSERT_EQ(moves[at].to, planned[at]) << "seed " << seed;
                    }
                    ASSERT_TRUE(moves[at].to || !whole) << "seed " << seed;
                }
                const auto first = std::find_if(
                    seekers.begin(), seekers.end(),
                    [&](const auto& seeker) { return seeker.first == moves.front().instance; });
                Guest guest = first->second;
                guest.host = *planned[done];
                Shelter taken = *later.host(guest.host);
                taken.left -= guest.needs;
                later.set_host(guest.host, taken);
                later.set_guest(first->first, guest);
                seekers.erase(first);
            }
        }
    }
}

/// A recovery that is interrupted after any number of its moves and is planned again from there
/// leaves nobody behind whom the first plan had a place for.
TEST(StandingPlans, BegunAndMadeAgainGoOn) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Storm storm(seed);
        Facts facts;
        StandingPlans plans;
        for (int turn = 0; turn < 100; ++turn) storm.change(facts, plans);
        plans.refresh();
        for (const Loss& loss : plans.losses()) {
            const std::vector<Move> moves = plans.plan(loss);
            Facts later = facts;
            for (const HostId lost : lost_with(facts, loss)) later.hosts.at(lost).open = false;
            for (std::size_t done = 0; done < moves.size() && moves[done].to; ++done) {
                const StandingPlans again = later.anew();
                std::size_t placed = done;
                for (const Move& move : again.plan(loss)) placed += move.to.has_value();
                const auto planned = std::count_if(moves.begin(), moves.end(),
                                                   [](const Move& move) { return !!move.to; });
                ASSERT_GE(placed, static_cast<std::size_t>(planned)) << "seed " << seed;
                Guest& guest = later.guests.at(moves[done].instance);
                guest.host = *moves[done].to;
                later.hosts.at(guest.host).left -= guest.needs;
            }
        }
    }
}

}  // namespace vdc::placement
