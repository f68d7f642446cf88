#include "control/balance.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "control/moves.h"
#include "control/registration.h"
#include "control/turns_test_util.h"
#include "model/apply.h"
#include "model/runs.h"

namespace vdc::control {

using namespace base;
using model::Balance;
using model::BalanceAim;
using model::BalanceStep;
using model::Claim;
using model::Host;
using model::HostHealth;
using model::HostId;
using model::Instance;
using model::InstancePhase;
using model::MoveStage;
using model::Noun;
using model::Observe;
using model::Presence;
using model::Sight;
using model::Volume;
using testing::Turns;

namespace {

/// A datacenter whose hosts do at once what is asked of them.
class Site {
  public:
    Site() {
        must(dc.create(Noun::project, R"({"name": "default", "survives": "nothing"})"));
        for (const char* size : {"1", "2", "4"})
            must(dc.create(Noun::flavor, std::string(R"({"name": "f)") + size +
                                             R"(", "disk": "16MiB", "memory": ")" + size +
                                             "GiB\"}"));
        must(dc.create(Noun::image, R"({"name": "tiny"})"));
        must(dc.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/20"})"));
    }
    static void must(const Status& status) { ASSERT_TRUE(status.ok()) << text(status.error()); }

    void begin_host(std::int64_t memory, bool others_come = true) {
        const std::string name = "h" + std::to_string(++hosts_);
        model::HostObserved observed;
        observed.capacity = {{32}, {512 + memory}, {100'000}};
        observed.boot_id = name;
        if (others_come) observed.moves_at = name + ":7450";
        must(dc.apply(registration(dc.snapshot, host_id("test", name), name, observed)));
        dc.follow_up();
    }
    void update_host(const std::string& name, const char* patch) {
        must(dc.ask(update, Noun::host, name, parse_json(patch).value()));
        dc.follow_up();
    }
    bool run(const std::string& name, const char* flavor = "f1") {
        const bool made = dc.create(Noun::instance, R"({"image": "tiny", "name": ")" + name +
                                                        R"(", "flavor": ")" + flavor + "\"}")
                              .ok();
        dc.follow_up();
        see_all();
        return made;
    }
    void run_many(int count, const char* flavor = "f1") {
        for (int number = 0; number < count; ++number) run("i" + std::to_string(++made_), flavor);
    }
    void declare(const std::string& body) {
        must(dc.create(Noun::balance, R"({"name": "default", "rest": "0s", )" + body + "}"));
        dc.follow_up();
    }
    void change(const char* patch) {
        must(dc.ask(update, Noun::balance, "default", parse_json(patch).value()));
        dc.follow_up();
    }
    const Balance& balance() const { return *dc.named<Balance>("default"); }

    /// What is claimed on hosts runs there.
    void see_all() {
        std::vector<model::Step> steps;
        for (const auto& [id, volume] : dc.snapshot.all<Volume>()) {
            model::VolumeObserved seen = volume->observed;
            seen.presence = Presence::ready;
            seen.size = volume->declared.size;
            seen.attached = volume->declared.instance;
            steps.push_back({Observe<Volume>{id, seen}, "seen"});
            for (const model::Place& place : volume->claimed.places)
                if (!place.needed)
                    steps.push_back({Sight<Volume>{id, gone(place)}, "the copy is gone"});
        }
        for (const auto& [id, instance] : dc.snapshot.all<Instance>()) {
            if (!instance->claimed.host || instance->claimed.move) continue;
            model::InstanceObserved seen = instance->observed;
            seen.generation = instance->claimed.generation;
            if (seen.phase != InstancePhase::running) seen.since = dc.now;
            seen.phase = InstancePhase::running;
            seen.starts = model::starts_wanted(*instance);
            seen.sending.reset();
            steps.push_back({Observe<Instance>{id, seen}, "seen"});
        }
        must(dc.apply(steps));
        dc.follow_up();
    }

    /// Every move that is under way arrives.
    std::size_t arrive() {
        std::size_t arrived = 0;
        const auto all = dc.snapshot.all<Instance>();
        for (const auto& [id, instance] : all) {
            if (!instance->claimed.move) continue;
            tell(*instance, MoveStage::sent, MoveStage::arrived);
            ++arrived;
        }
        see_all();
        return arrived;
    }
    void break_moves() {
        const auto all = dc.snapshot.all<Instance>();
        for (const auto& [id, instance] : all)
            if (instance->claimed.move) tell(*instance, MoveStage::failed, MoveStage::preparing);
        see_all();
    }
    std::size_t moving() const {
        std::size_t count = 0;
        for (const auto& [id, instance] : dc.snapshot.all<Instance>())
            count += instance->claimed.move ? 1 : 0;
        return count;
    }
    std::int64_t guests(const std::string& host) const {
        return static_cast<std::int64_t>(
            dc.snapshot.linked(model::Link::host_instance, host_id("test", host).value).size());
    }
    std::vector<BalanceStep> plan(const model::BalanceDeclared& rules) {
        return balance_plan(dc.guarantee, dc.snapshot, rules, dc.now).steps;
    }
    void pass(Duration duration) {
        dc.pass(duration);
        dc.follow_up();
    }

    Turns dc;

  private:
    static model::VolumeSeen gone(const model::Place& place) {
        model::VolumeSeen seen;
        seen.host = place.host;
        seen.generation = place.generation;
        seen.presence = Presence::absent;
        return seen;
    }
    void tell(const Instance& instance, MoveStage sending, MoveStage arrival) {
        const model::Move& move = *instance.claimed.move;
        model::InstanceObserved seen = instance.observed;
        seen.sending = model::SendingSeen{};
        seen.sending->generation = move.generation;
        seen.sending->stage = sending;
        must(dc.apply(
            {{Observe<Instance>{instance.id, seen}, "seen"},
             {Sight<Instance>{instance.id, {move.to, move.generation, arrival, ""}}, "seen"}}));
        dc.follow_up();
    }

    int hosts_ = 0;
    int made_ = 0;
};

model::BalanceDeclared no_rest() {
    model::BalanceDeclared rules;
    rules.rest = {};
    return rules;
}

}  // namespace

// ---- the plan ----------------------------------------------------------------------------------

TEST(BalancePlan, ANewHostTakesItsShare) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(12);
    EXPECT_TRUE(site.plan(no_rest()).empty()) << "there is nowhere to go";
    site.begin_host(16 * 1024);
    const auto plan = balance_plan(site.dc.guarantee, site.dc.snapshot, no_rest(), site.dc.now);
    EXPECT_GE(plan.steps.size(), 4u);
    EXPECT_LE(plan.steps.size(), 6u);
    EXPECT_LT(plan.predicted, plan.before / 3);
    for (const BalanceStep& step : plan.steps) {
        EXPECT_EQ(step.aim, BalanceAim::level);
        EXPECT_GE(step.gain, 100);
    }
    EXPECT_EQ(plan.steps[0].why.substr(0, 8), "h1 is 64") << plan.steps[0].why;
}

TEST(BalancePlan, LeavesAloneWhatGainsLittle) {
    Site site;
    site.begin_host(16 * 1024);
    site.begin_host(16 * 1024);
    site.run_many(9);
    EXPECT_TRUE(site.plan(no_rest()).empty()) << "five here and four there";
}

TEST(BalancePlan, LetsThoseRestWhoBeganALittleWhileAgo) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(8);
    site.begin_host(16 * 1024);
    EXPECT_TRUE(site.plan({}).empty());
    site.pass(11min);
    EXPECT_FALSE(site.plan({}).empty());
}

TEST(BalancePlan, AsksMoreOfWhatTakesLong) {
    EXPECT_EQ(gain_needed({}, {}), 100);
    EXPECT_GE(gain_needed({}, {std::int64_t{60'000} << 20}), 200) << "ten minutes";
}

TEST(BalancePlan, NeitherTakesNorGivesWhereGuestsCannotMove) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(8);
    site.begin_host(16 * 1024, /*others_come=*/false);
    EXPECT_TRUE(site.plan(no_rest()).empty());
    site.begin_host(16 * 1024);
    site.update_host("h3", R"({"schedulable": false})");
    EXPECT_TRUE(site.plan(no_rest()).empty());
    site.update_host("h3", R"({"schedulable": true})");
    EXPECT_FALSE(site.plan(no_rest()).empty());
}

TEST(BalancePlan, RelievesAHostThatShrankFirst) {
    Site site;
    site.begin_host(8 * 1024);
    site.run_many(8);
    site.begin_host(7 * 1024);
    site.update_host("h1", R"({"memory_overcommit": 500})");
    model::BalanceDeclared rules = no_rest();
    rules.least_gain = 1000;
    const auto steps = site.plan(rules);
    ASSERT_EQ(steps.size(), 4u) << "until it fits, and no more";
    EXPECT_EQ(steps[0].aim, BalanceAim::room);
    EXPECT_EQ(steps[0].why, "h1 has more claimed than it may");
}

TEST(BalancePlan, SetsReplicasApart) {
    Site site;
    site.begin_host(16 * 1024);
    Site::must(site.dc.create(
        Noun::application,
        R"({"name": "shop", "replicas": 3, "template": {"flavor": "f1", "image": "tiny"}})"));
    site.dc.follow_up();
    site.see_all();
    site.begin_host(16 * 1024);
    site.begin_host(16 * 1024);
    model::BalanceDeclared rules = no_rest();
    rules.least_gain = 1000;
    const auto steps = site.plan(rules);
    ASSERT_EQ(steps.size(), 2u);
    EXPECT_EQ(steps[0].aim, BalanceAim::apart);
    EXPECT_TRUE(steps[0].why.starts_with("h1 has 3 replicas of shop, h")) << steps[0].why;
    EXPECT_NE(steps[0].to, steps[1].to);
}

TEST(BalancePlan, LeavesTheGuaranteeAsItWas) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(8);
    site.begin_host(16 * 1024);
    EXPECT_FALSE(site.plan(no_rest()).empty());
    Guarantee fresh(site.dc.snapshot);
    EXPECT_TRUE(same_plans(site.dc.guarantee.plans(), fresh.plans()));
}

// ---- modes -------------------------------------------------------------------------------------

TEST(BalanceModes, OffPlansNothing) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(8);
    site.begin_host(16 * 1024);
    site.declare(R"("mode": "off")");
    site.pass(1h);
    EXPECT_TRUE(site.balance().claimed.plan.empty());
    EXPECT_EQ(site.moving(), 0u);
}

TEST(BalanceModes, AdviseKeepsThePlanAndMovesNothing) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(8);
    site.begin_host(16 * 1024);
    site.declare(R"("mode": "advise")");
    EXPECT_FALSE(site.balance().claimed.plan.empty());
    const model::Revision revision = site.dc.snapshot.revision;
    site.pass(30min);
    EXPECT_EQ(site.dc.snapshot.revision, revision) << "the same advice is not written again";
    EXPECT_EQ(site.moving(), 0u);
}

TEST(BalanceModes, ActMovesAFewAtATimeAndJudgesWhatCame) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(12);
    site.begin_host(16 * 1024);
    site.begin_host(16 * 1024);
    site.declare(R"("mode": "act", "moves_max": 3, "moves_per_host": 2)");
    ASSERT_TRUE(site.balance().claimed.round);
    EXPECT_EQ(site.moving(), 2u) << "all of them leave h1";
    for (int round = 0; round < 20 && site.balance().claimed.round; ++round) {
        EXPECT_LE(site.moving(), 2u);
        EXPECT_TRUE(check(site.dc.snapshot).empty());
        site.arrive();
    }
    const model::BalanceObserved& seen = site.balance().observed;
    EXPECT_FALSE(site.balance().claimed.round);
    EXPECT_GE(seen.moved, 6);
    EXPECT_EQ(seen.failed, 0);
    EXPECT_EQ(seen.seen, seen.predicted);
    EXPECT_LT(seen.seen, seen.before / 3);
    EXPECT_EQ(seen.message, std::to_string(seen.moved) + " instances moved");
    EXPECT_LE(std::abs(site.guests("h1") - site.guests("h2")), 2);
    site.pass(1h);
    EXPECT_EQ(site.moving(), 0u) << "nothing is left to gain";
}

TEST(BalanceModes, AMoveSaysWhy) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(8);
    site.begin_host(16 * 1024);
    std::vector<std::string> reasons;
    site.dc.before_apply = [&](const std::vector<model::Step>& steps) {
        for (const auto& step : steps) reasons.push_back(step.reason);
    };
    site.declare(R"("mode": "act")");
    EXPECT_TRUE(std::any_of(reasons.begin(), reasons.end(), [](const std::string& reason) {
        return reason.find("moves from h1 to h2 while it runs: h1 is ") != std::string::npos &&
               reason.ends_with(" % fuller than h2 without it");
    }));
}

TEST(BalanceModes, AnOperatorRunsThePlanOnce) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(8);
    site.begin_host(16 * 1024);
    site.declare(R"("mode": "off")");
    Site::must(site.dc.ask(run_balance, "default"));
    site.dc.follow_up();
    EXPECT_GT(site.moving(), 0u);
    for (int turn = 0; turn < 20 && site.balance().claimed.round; ++turn) site.arrive();
    EXPECT_EQ(site.balance().claimed.runs, 1u);
    const model::Operation* last = nullptr;
    for (const auto& [id, operation] : site.dc.snapshot.all<model::Operation>())
        if (operation->declared.goal == model::Goal::balanced) last = operation.get();
    ASSERT_NE(last, nullptr);
    EXPECT_EQ(last->observed.phase, model::OperationPhase::done);
    EXPECT_EQ(last->observed.message, site.balance().observed.message);
    Site::must(site.dc.ask(run_balance, "default"));
    site.dc.follow_up();
    EXPECT_EQ(site.balance().observed.message, "nothing was moved: no move is worth it");
    EXPECT_EQ(site.balance().claimed.runs, 2u);
}

TEST(BalanceModes, SwitchedOffItBeginsNothingMore) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(12);
    site.begin_host(16 * 1024);
    site.declare(R"("mode": "act")");
    ASSERT_EQ(site.moving(), 1u);
    site.change(R"({"mode": "off"})");
    EXPECT_EQ(site.moving(), 1u) << "who is on his way arrives";
    site.arrive();
    EXPECT_EQ(site.moving(), 0u);
    EXPECT_EQ(site.balance().observed.moved, 1);
    EXPECT_NE(site.balance().observed.message.find("its mode is off"), std::string::npos);
}

// ---- what stands against it --------------------------------------------------------------------

TEST(BalanceRest, WaitsWhileAHostIsSuspected) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(8);
    site.begin_host(16 * 1024);
    site.begin_host(16 * 1024);
    const HostId third = host_id("test", "h3");
    model::HostClaimed claimed = site.dc.snapshot.get<Host>(third).claimed;
    claimed.health = HostHealth::suspect;
    Site::must(site.dc.apply({{Claim<Host>{third, claimed}, "silent"}}));
    site.dc.follow_up();
    site.declare(R"("mode": "act")");
    EXPECT_EQ(site.moving(), 0u);
    EXPECT_EQ(site.balance().claimed.waits, "h3 is suspect");
    EXPECT_FALSE(site.dc.ask(run_balance, "default").ok());
    claimed.health = HostHealth::up;
    Site::must(site.dc.apply({{Claim<Host>{third, claimed}, "heard"}}));
    site.pass(61s);
    EXPECT_GT(site.moving(), 0u);
}

TEST(BalanceRest, ADrainEndsThePlan) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(12);
    site.begin_host(16 * 1024);
    site.begin_host(16 * 1024);
    site.declare(R"("mode": "act")");
    ASSERT_EQ(site.moving(), 1u);
    Site::must(site.dc.ask(drain, "h1", Drain::begin));
    site.pass(11s);
    EXPECT_TRUE(site.balance().claimed.plan.empty());
    EXPECT_EQ(site.balance().claimed.waits, "h1 is being drained");
}

TEST(BalanceRest, WhatPeopleWantOfAnInstanceComesFirst) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(12);
    site.begin_host(16 * 1024);
    site.declare(R"("mode": "act")");
    ASSERT_GE(site.balance().claimed.plan.size(), 2u);
    const auto next = site.balance().claimed.plan[0].instance;
    const std::string name = site.dc.snapshot.get<Instance>(next).name;
    Site::must(site.dc.ask(power, name, PowerVerb::reboot, Force::soft));
    site.dc.follow_up();
    site.arrive();
    EXPECT_FALSE(site.dc.snapshot.get<Instance>(next).claimed.move);
    EXPECT_EQ(site.moving(), 1u) << "another one";
}

TEST(BalanceRest, AnOperatorTakesOverAMoveThatIsUnderWay) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(8);
    site.begin_host(16 * 1024);
    site.declare(R"("mode": "act")");
    ASSERT_EQ(site.moving(), 1u);
    const auto moving = site.balance().claimed.round->under_way[0].instance;
    const std::string name = site.dc.snapshot.get<Instance>(moving).name;
    Site::must(site.dc.ask(migrate, name, "h2"));
    EXPECT_EQ(site.dc.snapshot.get<Instance>(moving).claimed.move->cause, model::MoveCause::asked);
    site.arrive();
    EXPECT_EQ(site.dc.snapshot.get<Instance>(moving).claimed.host, host_id("test", "h2"));
}

TEST(BalanceRest, AMoveThatFailsIsCountedAndNotTriedAtOnce) {
    Site site;
    site.begin_host(16 * 1024);
    site.run_many(6);
    site.begin_host(16 * 1024);
    site.declare(R"("mode": "act")");
    const auto first = site.balance().claimed.round->under_way[0].instance;
    site.break_moves();
    ASSERT_TRUE(site.balance().claimed.round);
    EXPECT_EQ(site.balance().claimed.round->failed, 1);
    EXPECT_FALSE(site.dc.snapshot.get<Instance>(first).claimed.move);
}

// ---- every datacenter --------------------------------------------------------------------------

namespace {

/// Some hosts and instances at random, all on few hosts, and then more hosts.
void furnish(Site& site) {
    const auto draw = [](int low, int high) { return *rc::gen::inRange(low, high + 1); };
    const int before = draw(1, 3);
    for (int host = 0; host < before; ++host) site.begin_host(draw(4, 24) * 1024);
    for (int number = draw(0, 24); number > 0; --number) {
        const char* flavors[] = {"f1", "f2", "f4"};
        site.run_many(1, flavors[draw(0, 2)]);
    }
    for (int number = draw(0, 4); number > 0; --number) {
        if (!site.dc
                 .create(Noun::application, R"({"name": "shop)" + std::to_string(number) +
                                                R"(", "survives": "host", "replicas": )" +
                                                std::to_string(draw(1, 4)) +
                                                R"(, "template": {"image": "tiny", "flavor": "f)" +
                                                std::to_string(1 << draw(0, 2)) + "\"}}")
                 .ok())
            continue;  // it finds no room that survives every loss
        site.dc.follow_up();
        site.see_all();
    }
    for (int host = draw(0, 3); host > 0; --host) site.begin_host(draw(4, 24) * 1024);
}

/// A loss ends the moves from and to that host, so those who move are taken to be where they are.
bool nobody_lost_his_place(const Site& site, const std::set<placement::Gap>& before) {
    model::Snapshot rested = site.dc.snapshot;
    for (const auto& [id, instance] : site.dc.snapshot.all<Instance>())
        if (instance->claimed.move)
            Site::must(model::apply(
                rested, cancel_move(*instance, {"a host is lost"}, site.dc.now).change));
    Guarantee guarantee(rested);
    const std::set<placement::Gap>& now = guarantee.plans().gaps();
    return std::includes(before.begin(), before.end(), now.begin(), now.end());
}

std::int64_t shared(const model::Snapshot& s) {
    std::map<std::pair<model::ApplicationId, HostId>, std::int64_t> counts;
    for (const auto& [id, instance] : s.all<Instance>())
        if (instance->declared.application && instance->claimed.host)
            ++counts[{*instance->declared.application, *instance->claimed.host}];
    std::int64_t sum = 0;
    for (const auto& [key, count] : counts) sum += count * count;
    return sum;
}

}  // namespace

RC_GTEST_PROP(BalanceProperty, EveryBeginningIsValidAndASecondPassIsEmpty, ()) {
    Site site;
    furnish(site);
    const auto gaps = site.dc.guarantee.plans().gaps();
    site.declare(R"("mode": "act", "moves_max": 16, "moves_per_host": )" +
                 std::to_string(*rc::gen::inRange(1, 5)));
    int arrived = 0;
    const bool all_placed = site.dc.snapshot.unplaced(1).empty();
    const std::int64_t uneven = unevenness(site.dc.snapshot);
    const std::int64_t together = shared(site.dc.snapshot);
    std::int64_t apart = together;
    for (int pass = 0; pass < 100; ++pass) {
        site.pass(61s);
        if (!site.balance().claimed.round && site.moving() == 0) break;
        RC_ASSERT(check(site.dc.snapshot).empty());
        if (all_placed) RC_ASSERT(nobody_lost_his_place(site, gaps));
        arrived += static_cast<int>(site.arrive());
        const std::int64_t after = shared(site.dc.snapshot);
        if (all_placed) RC_ASSERT(after <= apart);  // who waited comes where there is room
        apart = after;
    }
    RC_ASSERT(!site.balance().claimed.round);
    RC_ASSERT(site.moving() == 0u);
    RC_ASSERT(arrived <= 64);
    if (all_placed && apart == together) RC_ASSERT(unevenness(site.dc.snapshot) <= uneven);
    site.pass(2h);
    RC_ASSERT(site.plan(no_rest()).empty());
    RC_ASSERT(site.moving() == 0u);
}

}  // namespace vdc::control
