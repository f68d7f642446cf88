#include <gtest/gtest.h>

#include "control/host_mind_test_util.h"

/// Both ends of a move, as a host's mind has them (rules 7 and 8 of host_mind.h).
namespace vdc::control {

using namespace base;
using model::InstancePhase;

namespace {

class MindOfAMove : public testing::MindTest {
  protected:
    static constexpr model::Generation going = 2;

    /// Web runs here, and is to go to h2.
    void begin_to_send(bool is_awaited) {
        MoveDuty& move = duties.instances[web].move.emplace();
        move.generation = going;
        move.other = "h2";
        move.address = "h2:7450";
        move.is_awaited = is_awaited;
        duties.instances[web].moved = going;
        tell();
    }
    void order_is_over() {
        duties.instances[web].move.reset();
        tell();
    }
    InstanceSighting sending(MoveStage stage) const {
        InstanceSighting seen = alive(web);
        seen.move =
            MoveSighting{.stage = stage, .generation = going, .total = {800}, .left = {300}};
        if (stage == MoveStage::sent) seen.run = RunState::paused;
        return seen;
    }
    void send_all() {
        begin_to_send(true);
        EXPECT_EQ(begins(), "send instance web to h2");
        done("send instance web to h2", sending(MoveStage::sent));
        EXPECT_EQ(begins(), "");
    }

    /// Web runs on h2, and is to come here.
    void begin_to_receive() {
        InstanceDuty& duty = duties.instances[web];
        duty.instance.generation = going;
        duty.move.emplace();
        duty.move->generation = going;
        duty.move->receives = true;
        duty.move->other = "h2";
        duty.moved = going;
        duty.reported.arrival = model::ArrivalSeen{{1, 1}, going, MoveStage::preparing, ""};
        duties.networks[network].network.ports[0].is_awaited = true;
        VolumeDuty& disk = duties.volumes[root];
        disk.is_copy = true;
        disk.copy_reported.generation = 7;
        tell();
    }
    InstanceSighting receiving(MoveStage stage) const {
        InstanceSighting seen = alive(web);
        seen.run = RunState::paused;
        seen.move = MoveSighting{.stage = stage, .generation = going};
        return seen;
    }
    void receive(MoveStage stage) {
        begin_to_receive();
        EXPECT_EQ(begins(), "apply network 1; look at instance web");
        done("look at instance web", down());
        EXPECT_EQ(begins(), "prepare volume root");
        done("prepare volume root", present(root));
        EXPECT_EQ(begins(), "") << "its network is not ready";
        done("apply network 1", applied());
        EXPECT_EQ(begins(), "receive web from h2");
        done("receive web from h2", receiving(MoveStage::ready));
        mind.noticed(web, receiving(stage), now);
        EXPECT_EQ(begins(), "");
    }
    void it_is_ours() {
        InstanceDuty& duty = duties.instances[web];
        duty.move.reset();
        duty.reported.generation = 1;
        duty.reported.phase = InstancePhase::running;
        duty.reported.starts = 1;
        duties.volumes[root].is_copy = false;
        duties.networks[network].network.ports[0].is_awaited = false;
        tell();
        EXPECT_EQ(begins(), "apply network 1") << "its card is silent before that";
        done("apply network 1", applied());
    }
};

}  // namespace

// ---- the sender --------------------------------------------------------------------------------

TEST_F(MindOfAMove, SendsWhenItIsAwaitedStepByStep) {
    make_running();
    begin_to_send(false);
    EXPECT_EQ(begins(), "");
    begin_to_send(true);
    EXPECT_EQ(begins(), "send instance web to h2");
    done("send instance web to h2", sending(MoveStage::copying));
    EXPECT_EQ(begins(), "");
    EXPECT_EQ(mind.wake_at(), now + 200ms);
    now += 200ms;
    EXPECT_EQ(begins(), "send instance web to h2");
    InstanceSighting due = sending(MoveStage::copying);
    due.move->is_due = true;
    done("send instance web to h2", due);
    EXPECT_EQ(begins(), "send instance web to h2") << "at once";
    done("send instance web to h2", sending(MoveStage::sent));
    EXPECT_EQ(begins(), "");
    (void)reports();
    EXPECT_EQ(reported().phase, InstancePhase::running) << "its pause is no wish";
    ASSERT_TRUE(reported().sending);
    EXPECT_EQ(reported().sending->stage, MoveStage::sent);
}

TEST_F(MindOfAMove, LetsItGoOnWhenTheMoveIsOver) {
    make_running();
    send_all();
    order_is_over();
    EXPECT_EQ(begins(), "cancel the sending of instance web");
    done("cancel the sending of instance web", alive(web));
    network_stays();
    EXPECT_EQ(begins(), "");
}

TEST_F(MindOfAMove, DoesNothingByDutiesThatAreOlderThanTheOrder) {
    make_running();
    send_all();
    duties.instances[web].moved = 0;  // a new agent, told by who leads no more
    order_is_over();
    EXPECT_EQ(begins(), "");
    now += 5min;
    network_stays();
    EXPECT_EQ(begins(), "");
}

TEST_F(MindOfAMove, StartsNothingAnewWhileItIsToBeSent) {
    make_running();
    send_all();
    InstanceSighting over = ended(Ending::crashed);
    over.leftovers = true;
    over.move = MoveSighting{.stage = MoveStage::failed, .generation = going};
    mind.noticed(web, over, now);
    EXPECT_EQ(begins(), "");
    order_is_over();
    EXPECT_EQ(begins(), "clean instance web");
    done("clean instance web", down());
    EXPECT_EQ(begins(), "launch web");
}

TEST_F(MindOfAMove, EndsWhatWasSentWhenItIsAnothersNow) {
    make_running();
    send_all();
    duties.instances.erase(web);
    duties.volumes[root].gone = true;
    duties.volumes[root].is_copy = true;
    duties.volumes[root].instance.reset();
    tell();
    EXPECT_EQ(begins(), "kill instance web");
    InstanceSighting over = ended(Ending::killed);
    over.leftovers = true;
    done("kill instance web", over);
    EXPECT_EQ(begins(), "remove volume root; clean instance web");
}

TEST_F(MindOfAMove, ObeysNothingElseMeanwhile) {
    make_running();
    begin_to_send(true);
    EXPECT_EQ(begins(), "send instance web to h2");
    done("send instance web to h2", sending(MoveStage::copying));
    duties.instances[web].instance.wishes.resets = 1;
    add_volume(data, web, 1);
    shall_be_off();
    EXPECT_EQ(begins(), "prepare volume data");
}

// ---- the receiver ------------------------------------------------------------------------------

TEST_F(MindOfAMove, ReceivesOnPreparedDisksAndWaits) {
    receive(MoveStage::arrived);
    EXPECT_NE(reports().find("all of it has arrived on h1"), std::string::npos);
    now += 5min;
    network_stays();
    EXPECT_EQ(begins(), "") << "it is not this host's";
}

TEST_F(MindOfAMove, WhatArrivedGoesOnWhenItIsThisHosts) {
    receive(MoveStage::arrived);
    it_is_ours();
    EXPECT_EQ(begins(), "resume instance web");
    done("resume instance web", alive(web));
    EXPECT_EQ(begins(), "");
    (void)reports();
    EXPECT_EQ(reported().phase, InstancePhase::running);
    EXPECT_EQ(reported().generation, going);
    EXPECT_EQ(reported().crashes, 0);
}

TEST_F(MindOfAMove, WhatArrivedGoesOnBeforeItIsAskedToPowerOff) {
    receive(MoveStage::arrived);
    duties.instances[web].power = model::Power::off;
    it_is_ours();
    EXPECT_EQ(begins(), "resume instance web");
    done("resume instance web", alive(web));
    EXPECT_EQ(begins(), "power down instance web");
}

TEST_F(MindOfAMove, AReceiverThatEndedIsNotBegunAgain) {
    receive(MoveStage::ready);
    InstanceSighting over = ended(Ending::crashed, "the stream broke");
    over.generation = going;
    over.leftovers = true;
    mind.noticed(web, over, now);
    EXPECT_EQ(begins(), "");
    EXPECT_NE(reports().find("cannot receive it: its QEMU ended: the stream broke"),
              std::string::npos);
    duties.instances.erase(web);
    duties.volumes[root].gone = true;
    duties.volumes[root].instance.reset();
    tell();
    EXPECT_EQ(begins(), "remove volume root; clean instance web");
}

}  // namespace vdc::control
