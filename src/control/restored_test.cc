#include "control/restored.h"

#include <gtest/gtest.h>

#include "control/duties.h"
#include "control/reconcile.h"
#include "control/registration.h"
#include "model/runs.h"
#include "model/world_test_util.h"

namespace vdc::control {

using namespace base;
using model::AfterRestore;
using model::Host;
using model::HostId;
using model::Instance;
using model::InstancePhase;
using model::Power;
using model::Volume;

namespace {

/// A datacenter in which web-1 runs on h1, backed up and restored a year later.
class Restored : public ::testing::Test {
  protected:
    static constexpr model::Instant later{24h * 365};

    Restored() {
        world.must(world.place(world.host));
        world.must(world.claim<Volume>(world.root, [&](auto& claimed) {
            claimed.host = world.host;
            claimed.epoch = 1;
            claimed.generation = 1;
        }));
        world.must(world.observe<Volume>(
            world.root, [](auto& seen) { seen.presence = model::Presence::ready; }));
        runs(1);
    }
    void runs(model::Generation generation) {
        world.must(world.observe<Instance>(world.instance, [&](auto& seen) {
            seen.generation = generation;
            seen.phase = InstancePhase::running;
        }));
    }
    void restore() {
        before = world.snapshot;
        world.snapshot = restored(world.snapshot, later);
        model::advance(world.snapshot, world.snapshot.revision + 1, later);
    }
    void must(const std::vector<model::Step>& steps) {
        for (const model::Step& step : steps) world.must(step.change);
    }
    void registers(const std::string& name, const std::string& boot = "b2") {
        model::HostObserved seen = world.snapshot.get<Host>(world.host).observed;
        seen.boot_id = boot;
        seen.lease = model::LeaseProfile::usual;
        const HostId id = name == "h1" ? world.host : world.other_host;
        must(registration(world.snapshot, id, name, seen));
    }
    void finds(HostId host, std::vector<model::Stranger> strangers) {
        world.must(model::Sight<Host>{host, {host, true, std::move(strangers)}});
    }
    void is_adopted() { runs(instance().claimed.generation); }
    void both_register() {
        registers("h1");
        registers("h2");
    }
    model::Stranger web_1() const { return {world.instance, "web-1", 7, false}; }
    const Instance& instance() const { return world.snapshot.get<Instance>(world.instance); }
    const Host& host(HostId id) const { return world.snapshot.get<Host>(id); }
    Error refusal(const std::set<std::string>& without = {}) const {
        const auto released = release(world.snapshot, without, "admin");
        EXPECT_FALSE(released.ok());
        return released.ok() ? Error{Error::Code::failed, "was not refused"} : released.error();
    }
    void released(const std::set<std::string>& without = {}) {
        const auto steps = release(world.snapshot, without, "admin");
        ASSERT_TRUE(steps.ok()) << text(steps.error());
        must(*steps);
    }
    Plan plan() const { return reconcile(world.snapshot, later, everything(world.snapshot)); }

    model::testing::World world;
    model::Snapshot before;
};

}  // namespace

TEST_F(Restored, EveryCountBeginsAboveWhatHostsCanHaveSeen) {
    restore();
    const auto microseconds = static_cast<std::uint64_t>(later.time_since_epoch().count());
    EXPECT_GE(world.snapshot.revision, microseconds);
    EXPECT_GE(instance().claimed.generation, microseconds);
    EXPECT_EQ(instance().claimed.restored, instance().claimed.generation);
    EXPECT_GE(host(world.host).claimed.epoch, microseconds);
    EXPECT_GE(world.snapshot.get<Volume>(world.root).claimed.generation, microseconds);
    const model::Snapshot again = restored(before, later + 1s);
    EXPECT_GT(again.get<Instance>(world.instance).claimed.generation,
              instance().claimed.generation + 100'000)
        << "the same backup, restored again, is above what came of it";
    EXPECT_EQ(model::check(world.snapshot), std::vector<std::string>{});
}

TEST_F(Restored, NothingIsDecidedBeforeItIsReleased) {
    world.must(world.declare<Instance>(world.instance, [](auto& d) { d.power = Power::off; }));
    restore();
    registers("h1");
    EXPECT_TRUE(plan().steps.empty());
    EXPECT_FALSE(plan().wakes.empty()) << "it is looked at then";
    EXPECT_EQ(duties(world.snapshot, world.host).after_restore, AfterRestore::held);
    EXPECT_EQ(duties(world.snapshot, world.other_host).after_restore, AfterRestore::unheard);
    EXPECT_EQ(duties(world.snapshot, {{9, 9}}).after_restore, AfterRestore::unheard)
        << "of a host without a record nothing is known";
}

TEST_F(Restored, ABootSinceTheBackupProvesNothing) {
    restore();
    registers("h1", "another boot");
    EXPECT_EQ(host(world.host).declared.after_restore, AfterRestore::held);
    EXPECT_EQ(host(world.host).claimed.health, model::HostHealth::up);
    EXPECT_EQ(instance().claimed.restored, instance().claimed.generation);
    EXPECT_EQ(model::end_of_run(world.snapshot, instance()), model::Evidence::none);
    EXPECT_EQ(instance().claimed.epoch, host(world.host).claimed.epoch);
}

TEST_F(Restored, AMoveOfWhichTheEndIsUnknownIsForgottenAndItsCopiesAreNotRemoved) {
    world.must(world.claim<Instance>(world.instance, [&](auto& claimed) {
        claimed.move.emplace();
        claimed.move->to = world.other_host;
        claimed.move->generation = 2;
        claimed.move->epoch = claimed.move->from_epoch = 1;
        claimed.moved = 2;
    }));
    world.must(world.claim<Volume>(world.root, [&](auto& claimed) {
        claimed.places = {{world.other_host, 2, false}};
        claimed.generation = 2;
    }));
    restore();
    EXPECT_FALSE(instance().claimed.move);
    EXPECT_TRUE(world.snapshot.get<Volume>(world.root).claimed.places.empty());
    EXPECT_TRUE(duties(world.snapshot, world.other_host).volumes.empty());
}

TEST_F(Restored, HostsThatHaveNotSpokenHoldItUp) {
    restore();
    registers("h1");
    EXPECT_NE(refusal().message.find("h1, h2"), std::string::npos) << "h1 has not looked yet";
    finds(world.host, {});
    EXPECT_EQ(refusal().code, Error::Code::conflict);
    EXPECT_EQ(refusal({"h3"}).code, Error::Code::not_found);
    released({"h2"});
    EXPECT_EQ(host(world.host).declared.after_restore, AfterRestore::watched);
    EXPECT_EQ(host(world.other_host).declared.after_restore, AfterRestore::late);
    EXPECT_FALSE(model::is_held(world.snapshot));
    EXPECT_EQ(refusal().message, "no restore waits to be released");
    registers("h2");
    EXPECT_EQ(host(world.other_host).declared.after_restore, AfterRestore::watched);
}

TEST_F(Restored, WhatRunsWhereTheRecordsHaveItIsAdopted) {
    restore();
    both_register();
    EXPECT_TRUE(duties(world.snapshot, world.host).instances.at(world.instance).adopts);
    EXPECT_EQ(view_restore(world.snapshot).missing, std::vector{world.instance});
    is_adopted();
    finds(world.host, {});
    finds(world.other_host, {});
    EXPECT_EQ(view_restore(world.snapshot).adopted, std::vector{world.instance});
    released();
    EXPECT_EQ(instance().claimed.host, world.host);
    EXPECT_TRUE(duties(world.snapshot, world.host).volumes.at(world.root).volume.is_kept);
    EXPECT_EQ(plan().steps.empty(), false) << "the hosts settle";
}

TEST_F(Restored, WhatRunsElsewhereIsClaimedThereAndStartedNowhere) {
    restore();
    both_register();
    finds(world.host, {});
    finds(world.other_host, {web_1()});
    ASSERT_EQ(view_restore(world.snapshot).strangers.size(), 1U);
    EXPECT_EQ(view_restore(world.snapshot).strangers[0].claimed_on, "h1");
    EXPECT_TRUE(view_restore(world.snapshot).missing.empty());
    const model::Generation was = instance().claimed.generation;
    released();
    EXPECT_EQ(instance().claimed.host, world.other_host);
    EXPECT_GT(instance().claimed.generation, was);
    EXPECT_EQ(world.snapshot.get<Volume>(world.root).claimed.host, world.other_host);
    EXPECT_FALSE(duties(world.snapshot, world.host).instances.contains(world.instance));
    EXPECT_TRUE(duties(world.snapshot, world.other_host).instances.at(world.instance).adopts);
    EXPECT_EQ(model::check(world.snapshot), std::vector<std::string>{});
}

TEST_F(Restored, WhatRunsGoesOnThoughTheBackupHasItOff) {
    world.must(world.declare<Instance>(world.instance, [](auto& d) { d.power = Power::off; }));
    restore();
    both_register();
    is_adopted();
    finds(world.host, {});
    finds(world.other_host, {});
    released();
    EXPECT_EQ(instance().declared.power, Power::on);
}

TEST_F(Restored, WhatStandsStillInAnUnknownMoveIsDecidedByPeople) {
    restore();
    both_register();
    finds(world.host, {});
    model::Stranger moving = web_1();
    moving.moving = true;
    finds(world.other_host, {moving});
    EXPECT_NE(refusal().hint.find("vdc backup end h2"), std::string::npos);
    const auto ended = end_stranger(world.snapshot, "h2", text(world.instance), "admin");
    ASSERT_TRUE(ended.ok()) << text(ended.error());
    must(*ended);
    EXPECT_EQ(duties(world.snapshot, world.other_host).ends, std::vector{world.instance});
    finds(world.other_host, {});
    released();
}

TEST_F(Restored, AStrangerIsLeftAloneUntilItIsEndedByName) {
    restore();
    both_register();
    is_adopted();
    finds(world.host, {});
    const model::InstanceId unknown{{7, 99}};
    finds(world.other_host, {{unknown, "late-1", 1, false}});
    released();
    must(plan().steps);
    EXPECT_EQ(host(world.host).declared.after_restore, AfterRestore::settled);
    EXPECT_EQ(host(world.other_host).declared.after_restore, AfterRestore::watched);
    EXPECT_EQ(end_stranger(world.snapshot, "h1", text(unknown), "admin").error().code,
              Error::Code::not_found);
    must(end_stranger(world.snapshot, "h2", text(unknown), "admin").value());
    EXPECT_TRUE(end_stranger(world.snapshot, "h2", text(unknown), "admin").value().empty());
    finds(world.other_host, {});
    must(plan().steps);
    EXPECT_EQ(host(world.other_host).declared.after_restore, AfterRestore::settled);
    EXPECT_FALSE(view_restore(world.snapshot).restored);
}

TEST_F(Restored, AHostThatJoinsLaterIsWatchedToo) {
    restore();
    const model::HostObserved seen = host(world.host).observed;
    must(registration(world.snapshot, {{2, 3}}, "h3", seen));
    EXPECT_EQ(host({{2, 3}}).declared.after_restore, AfterRestore::held);
    EXPECT_EQ(world.code(model::Sight<Host>{world.host, {world.other_host, true, {}}}),
              Error::Code::invalid)
        << "of itself only";
}

TEST_F(Restored, AClaimThatItsHostHasConfirmedIsGivenUpWithEvidenceOnly) {
    restore();
    both_register();
    is_adopted();
    EXPECT_EQ(world.code(world.claim<Instance>(world.instance,
                                               [&](auto& claimed) {
                                                   claimed.host = world.other_host;
                                                   ++claimed.generation;
                                                   claimed.restored = claimed.generation;
                                                   claimed.proof = model::Evidence::operator_word;
                                               })),
              Error::Code::conflict);
}

}  // namespace vdc::control
