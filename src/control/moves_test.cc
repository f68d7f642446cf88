#include "control/moves.h"

#include <gtest/gtest.h>

#include <functional>

#include "control/duties.h"
#include "control/lease.h"
#include "control/recovery.h"
#include "control/registration.h"
#include "control/turns_test_util.h"
#include "model/apply.h"
#include "model/runs.h"
#include "model/status.h"

namespace vdc::control {

using namespace base;
using model::Host;
using model::HostId;
using model::Instance;
using model::InstancePhase;
using model::MoveStage;
using model::Noun;
using model::Presence;
using model::Volume;
using testing::Turns;

namespace {

/// Three hosts to which guests move, and web runs on one of them.
class Moves : public ::testing::Test {
  protected:
    Moves() {
        must(dc.create(Noun::project, R"({"name": "default"})"));
        must(dc.create(Noun::flavor, R"({"name": "f", "memory": "1GiB", "disk": "1GiB"})"));
        must(dc.create(Noun::image, R"({"name": "tiny"})"));
        must(dc.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/24"})"));
        for (const char* name : {"h1", "h2", "h3"}) begin_host(name);
        dc.follow_up();
        run("web");
        home = host_of("web");
        away = home == "h2" ? "h1" : "h2";
    }
    static void must(const Status& status) { ASSERT_TRUE(status.ok()) << text(status.error()); }

    model::HostObserved facts(const std::string& name, const std::string& boot) {
        model::HostObserved observed;
        observed.capacity = {{8}, {4096}, {100'000}};
        observed.boot_id = boot;
        observed.moves_at = name + ":7450";
        observed.lease = model::LeaseProfile::usual;
        return observed;
    }
    void begin_host(const std::string& name, const std::string& boot = "first") {
        must(dc.apply(registration(dc.snapshot, host_id("test", name), name, facts(name, boot))));
    }
    const Instance& instance(const std::string& name) { return *dc.named<Instance>(name); }
    const Instance& web() { return instance("web"); }
    const Volume& disk() { return *dc.named<Volume>("web-root"); }
    const Host& host(const std::string& name) {
        return dc.snapshot.get<Host>(host_id("test", name));
    }
    std::string host_of(const std::string& name) {
        const auto& host = instance(name).claimed.host;
        return host ? dc.snapshot.get<Host>(*host).name : "";
    }

    void see(const std::string& name, const std::function<void(model::InstanceObserved&)>& change) {
        model::InstanceObserved seen = instance(name).observed;
        change(seen);
        must(dc.apply({{model::Observe<Instance>{instance(name).id, seen}, "seen"}}));
        dc.follow_up();
    }
    /// Its host sees that it runs, with its disk.
    void see_run(const std::string& name) {
        Volume root = *dc.named<Volume>(name + "-root");
        root.observed.presence = Presence::ready;
        root.observed.size = root.declared.size;
        root.observed.attached = instance(name).id;
        must(dc.apply({{model::Observe<Volume>{root.id, root.observed}, "seen"}}));
        see(name, [&](auto& seen) {
            seen.generation = instance(name).claimed.generation;
            seen.phase = InstancePhase::running;
            seen.starts = instance(name).declared.starts;
        });
    }
    void run(const std::string& name) {
        must(dc.create(Noun::instance,
                       R"({"flavor": "f", "image": "tiny", "name": ")" + name + "\"}"));
        dc.follow_up();
        see_run(name);
    }

    /// Makes instances until one finds no room: who that is.
    std::string fill() {
        for (int n = 0;; ++n) {
            const std::string name = "other-" + std::to_string(n);
            must(dc.create(Noun::instance,
                           R"({"flavor": "f", "image": "tiny", "name": ")" + name + "\"}"));
            dc.follow_up();
            if (host_of(name).empty()) return name;
            see_run(name);
        }
    }

    Status order(const std::string& to = "") {
        const Status asked = dc.ask(migrate, "web", to);
        dc.follow_up();
        return asked;
    }
    Status says_arrival(MoveStage stage) {
        const auto& move = web().claimed.move;
        if (!move) return Error{Error::Code::conflict, "it does not move"};
        const model::ArrivalSeen seen{move->to, move->generation, stage, "it broke"};
        return dc.apply({{model::Sight<Instance>{web().id, seen}, "seen"}});
    }
    void see_arrival(MoveStage stage) {
        must(says_arrival(stage));
        dc.follow_up();
    }
    void see_sending(MoveStage stage) {
        see("web", [&](auto& seen) {
            seen.sending = model::SendingSeen{};
            seen.sending->generation = web().claimed.move->generation;
            seen.sending->stage = stage;
            seen.sending->message = "it broke";
        });
    }
    void hand_over_web() {
        see_arrival(MoveStage::ready);
        see_sending(MoveStage::sent);
        see_arrival(MoveStage::arrived);
    }
    const model::Operation& asked_move() {
        const model::Operation* last = nullptr;
        for (const auto& [id, operation] : dc.snapshot.all<model::Operation>())
            if (operation->declared.goal == model::Goal::moved) last = operation.get();
        check(last != nullptr, "a move was asked for");
        return *last;
    }
    Duties duties_on(const std::string& name) { return duties(dc.snapshot, host(name).id); }

    Turns dc;
    std::string home;
    std::string away;
};

}  // namespace

// ---- the way of a move -------------------------------------------------------------------------

TEST_F(Moves, TheClaimFollowsTheGuestWhenBothSayThatItIsThere) {
    must(order(away));
    ASSERT_TRUE(web().claimed.move);
    EXPECT_EQ(host_of("web"), home);
    EXPECT_EQ(web().claimed.move->generation, 2u);
    see_arrival(MoveStage::ready);
    EXPECT_TRUE(duties_on(home).instances.at(web().id).move->is_awaited);
    see_arrival(MoveStage::arrived);
    EXPECT_EQ(host_of("web"), home) << "its host has not said that all is sent";
    see_sending(MoveStage::sent);
    EXPECT_EQ(host_of("web"), away);
    EXPECT_FALSE(web().claimed.move);
    EXPECT_EQ(web().claimed.generation, 2u);
    EXPECT_EQ(web().claimed.proof, model::Evidence::handed_over);
    EXPECT_EQ(disk().claimed.host, host(away).id);
    EXPECT_EQ(asked_move().observed.phase, model::OperationPhase::running);
    see_run("web");
    EXPECT_EQ(asked_move().observed.phase, model::OperationPhase::done);
    for (const std::string& finding : model::check(dc.snapshot)) ADD_FAILURE() << finding;
}

TEST_F(Moves, SentAloneIsNotEnough) {
    must(order(away));
    see_arrival(MoveStage::ready);
    see_sending(MoveStage::sent);
    EXPECT_EQ(host_of("web"), home);
    EXPECT_TRUE(web().claimed.move);
}

TEST_F(Moves, ACopyGoesWhereItWasWhenItsHostSaysSo) {
    must(order(away));
    hand_over_web();
    ASSERT_EQ(disk().claimed.places.size(), 1u);
    const model::Place place = disk().claimed.places[0];
    EXPECT_EQ(place.host, host(home).id);
    EXPECT_FALSE(place.needed);
    EXPECT_TRUE(duties_on(home).volumes.at(disk().id).gone);
    EXPECT_FALSE(duties_on(home).instances.contains(web().id));
    see_run("web");
    EXPECT_FALSE(order(home).ok()) << "it has a copy still";
    must(dc.apply(
        {{model::Sight<Volume>{disk().id, {place.host, place.generation, Presence::absent, ""}},
          "gone"}}));
    dc.follow_up();
    EXPECT_TRUE(disk().claimed.places.empty());
    must(order(home));
}

TEST_F(Moves, TheReceiverIsToldToReceiveAndNothingElse) {
    must(order(away));
    const Duties receiver = duties_on(away);
    const InstanceDuty& duty = receiver.instances.at(web().id);
    EXPECT_TRUE(receives(duty));
    EXPECT_EQ(duty.instance.generation, 2u);
    EXPECT_EQ(duty.move->other, home);
    EXPECT_TRUE(receiver.volumes.at(disk().id).is_copy);
    const auto& ports = receiver.networks.begin()->second.network.ports;
    ASSERT_EQ(ports.size(), 1u);
    EXPECT_TRUE(ports[0].is_awaited);
    const InstanceDuty sender = duties_on(home).instances.at(web().id);
    EXPECT_EQ(sender.move->address, away + ":7450");
    EXPECT_FALSE(sender.move->is_awaited);
    EXPECT_EQ(sender.instance.generation, 1u);
}

TEST_F(Moves, TakeRoomOnBothHosts) {
    const model::Resources before = dc.snapshot.claimed(host(away).id);
    must(order(away));
    const model::Resources meanwhile = dc.snapshot.claimed(host(away).id);
    EXPECT_EQ(meanwhile.memory.count - before.memory.count, 1024);
    EXPECT_EQ(meanwhile.disk.count - before.disk.count, 1024);
    hand_over_web();
    EXPECT_EQ(dc.snapshot.claimed(host(away).id), meanwhile);
    EXPECT_EQ(dc.snapshot.claimed(host(home).id).memory.count, 0);
}

TEST_F(Moves, WhoWaitsForRoomGetsWhatOneThatMovedLeft) {
    must(order(away));
    const std::string late = fill();
    hand_over_web();
    EXPECT_EQ(host_of("web"), away);
    EXPECT_EQ(host_of(late), home);
}

TEST_F(Moves, WhoWaitsForRoomGetsWhatOneThatDidNotMoveWasToTake) {
    must(order(away));
    const std::string late = fill();
    see_arrival(MoveStage::failed);
    EXPECT_EQ(host_of("web"), home);
    EXPECT_EQ(host_of(late), away);
}

// ---- what ends one -----------------------------------------------------------------------------

TEST_F(Moves, AWishEndsAMoveFirst) {
    must(order(away));
    see_arrival(MoveStage::ready);
    must(dc.ask(power, "web", PowerVerb::stop, Force::soft));
    dc.follow_up();
    EXPECT_FALSE(web().claimed.move);
    EXPECT_EQ(web().claimed.moves_failed, 0) << "it was a wish";
    EXPECT_EQ(asked_move().observed.phase, model::OperationPhase::failed);
    EXPECT_EQ(asked_move().observed.message, "it is to be off");
}

TEST_F(Moves, AWishThatComesBetweenTheTwoWordsEndsTheMoveToo) {
    must(order(away));
    see_arrival(MoveStage::ready);
    see_sending(MoveStage::sent);
    must(dc.ask(power, "web", PowerVerb::reboot, Force::soft));
    dc.follow_up();
    EXPECT_FALSE(web().claimed.move);
    EXPECT_FALSE(says_arrival(MoveStage::arrived).ok()) << "of a move that is over";
    EXPECT_EQ(host_of("web"), home);
}

TEST_F(Moves, EndWithTheirReceiver) {
    must(order(away));
    must(dc.apply({host_down(host(away), model::Evidence::power_off, "", dc.now)}));
    dc.follow_up();
    EXPECT_FALSE(web().claimed.move);
    EXPECT_EQ(web().claimed.moves_failed, 1);
    EXPECT_EQ(asked_move().observed.phase, model::OperationPhase::failed);
    EXPECT_FALSE(disk().claimed.places.at(0).needed);
}

TEST_F(Moves, EndWithTheEpochOfEitherHost) {
    for (const std::string& name : {home, away}) {
        must(order(away));
        see_arrival(MoveStage::ready);
        const bool is_home = name == home;
        begin_host(name, is_home ? "second" : "third");
        dc.follow_up();
        EXPECT_FALSE(web().claimed.move) << name;
        EXPECT_EQ(host_of("web"), home);
        if (is_home) break;
    }
}

TEST_F(Moves, OfALostSenderAreOver) {
    must(order(away));
    see_arrival(MoveStage::ready);
    must(dc.apply({host_down(host(home), model::Evidence::power_off, "", dc.now)}));
    dc.follow_up();
    EXPECT_FALSE(web().claimed.move);
    EXPECT_EQ(host_of("web"), "") << "it waits for its disk";
    EXPECT_FALSE(duties_on(away).instances.contains(web().id));
    EXPECT_TRUE(duties_on(away).volumes.at(disk().id).gone);
}

TEST_F(Moves, AreStoppedAndThenGivenUpInTime) {
    must(order(away));
    const model::Move ordered = *web().claimed.move;
    see_arrival(MoveStage::ready);
    see_sending(MoveStage::copying);
    dc.pass(ordered.stop_at - dc.now);
    dc.follow_up();
    ASSERT_TRUE(web().claimed.move);
    EXPECT_EQ(web().claimed.move->rung, model::MoveRung::stop);
    EXPECT_EQ(duties_on(home).instances.at(web().id).move->rung, model::MoveRung::stop);
    dc.pass(ordered.until - dc.now);
    dc.follow_up();
    EXPECT_FALSE(web().claimed.move);
    EXPECT_EQ(web().claimed.move_trouble, "it did not end in its time");
}

TEST_F(Moves, NeverUseAGenerationTwice) {
    must(order(away));
    see_arrival(MoveStage::ready);
    see_sending(MoveStage::sent);
    see_arrival(MoveStage::failed);
    EXPECT_FALSE(web().claimed.move);
    must(order("h3"));
    EXPECT_EQ(web().claimed.move->generation, 3u);
    see_arrival(MoveStage::arrived);
    EXPECT_EQ(host_of("web"), home) << "what was sent was another move's";
}

TEST_F(Moves, NoHandOverIsTakenOfAMoveThatIsOver) {
    must(order(away));
    see_arrival(MoveStage::ready);
    see_sending(MoveStage::sent);
    Instance about_to = web();
    about_to.observed.arrival =
        model::ArrivalSeen{host(away).id, web().claimed.move->generation, MoveStage::arrived, ""};
    const std::vector<model::Step> late = hand_over(dc.snapshot, about_to);
    EXPECT_FALSE(dc.apply(late).ok()) << "it has not arrived";
    must(dc.ask(power, "web", PowerVerb::stop, Force::soft));
    dc.follow_up();
    EXPECT_FALSE(dc.apply(late).ok()) << "it was cancelled";
}

// ---- whether, and where to ---------------------------------------------------------------------

TEST_F(Moves, SayWhyOneCannotBegin) {
    const auto refused = [&](const std::string& to) {
        const Status asked = dc.ask(migrate, "web", to);
        return asked.ok() ? "it can" : asked.error().message;
    };
    EXPECT_EQ(refused(home), "instance 'web' cannot move now: it runs on " + home + " already");
    must(dc.ask(drain, away, Drain::begin));
    EXPECT_EQ(refused(away), "instance 'web' cannot move now: " + away + " is drained");
    must(dc.create(Noun::volume_snapshot, R"({"name": "kept", "volume": "web-root"})"));
    EXPECT_EQ(refused(""),
              "instance 'web' cannot move now: its disk web-root has snapshots, which would not "
              "go with it");
    must(dc.ask(power, "web", PowerVerb::stop, Force::soft));
    EXPECT_EQ(refused(""), "instance 'web' cannot move now: it is to be off");
}

TEST_F(Moves, ArePredicted) {
    const MovePlan plan = move_plan(dc.snapshot, web());
    ASSERT_TRUE(plan.to);
    EXPECT_NE(plan.to_name, home);
    EXPECT_EQ(plan.bytes.count, std::int64_t{2} << 30);
    EXPECT_EQ(plan.takes, Duration(25s));
}

// ---- drains ------------------------------------------------------------------------------------

TEST_F(Moves, ADrainMovesWhatRunsAFewAtATime) {
    dc.policy.moves_max = 1;
    run("db");
    if (host_of("db") != home) {
        // Both on one host: the other one goes there first.
        must(dc.ask(migrate, "db", home));
        dc.follow_up();
    }
    must(dc.ask(drain, home, Drain::begin));
    dc.follow_up();
    ASSERT_TRUE(web().claimed.move);
    EXPECT_EQ(web().claimed.move->cause, model::MoveCause::drained);
    hand_over_web();
    EXPECT_NE(host_of("web"), home);
}

TEST_F(Moves, OfADrainAreTriedAgainAfterAPause) {
    must(dc.ask(drain, home, Drain::begin));
    dc.follow_up();
    ASSERT_TRUE(web().claimed.move);
    see_arrival(MoveStage::failed);
    EXPECT_FALSE(web().claimed.move);
    dc.pass(9s);
    dc.follow_up();
    EXPECT_FALSE(web().claimed.move);
    dc.pass(3s);
    dc.follow_up();
    ASSERT_TRUE(web().claimed.move);
    EXPECT_EQ(web().claimed.move->generation, 3u);
}

TEST_F(Moves, EndWithTheDrainThatBeganThem) {
    must(dc.ask(drain, home, Drain::begin));
    dc.follow_up();
    ASSERT_TRUE(web().claimed.move);
    see_arrival(MoveStage::ready);
    see_sending(MoveStage::sent);
    must(dc.ask(drain, home, Drain::end));
    dc.follow_up();
    EXPECT_FALSE(web().claimed.move);
    EXPECT_EQ(web().claimed.moves_failed, 0);
    EXPECT_EQ(host_of("web"), home);
}

TEST_F(Moves, WhatCannotMoveIsNotTried) {
    must(dc.create(Noun::volume_snapshot, R"({"name": "kept", "volume": "web-root"})"));
    must(dc.ask(drain, home, Drain::begin));
    dc.follow_up();
    EXPECT_FALSE(web().claimed.move);
    const auto plan = drain_plan(dc.snapshot, host(home).id);
    ASSERT_EQ(plan.size(), 1u);
    EXPECT_FALSE(plan[0].host);
}

}  // namespace vdc::control
