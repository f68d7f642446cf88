#include "sim/driver_contract_test_util.h"

/// What drivers promise of guests that move.
namespace vdc::sim {

using namespace base;
using namespace control;

// ---- the stage ---------------------------------------------------------------------------------

InstanceSighting DriverContract::at_other(const Effect& effect) {
    const auto seen = twin->other().run(effect);
    EXPECT_TRUE(seen.ok()) << text(effect) << ": " << (seen.ok() ? "" : text(seen.error()));
    return seen.ok() ? std::get<InstanceSighting>(*seen) : InstanceSighting{};
}

InstanceSpec DriverContract::awaited(const InstanceSpec& here) {
    twin->upload(twin->other(), tiny.id);
    EXPECT_TRUE(twin->other().run(ImportImage{tiny}).ok());
    InstanceSpec there = here;
    ++there.generation;
    for (const DiskSpec& disk : there.disks) {
        VolumeSpec copy = empty_volume(1);
        copy.id = disk.volume;
        copy.image = tiny.id;
        EXPECT_TRUE(twin->other().run(PrepareVolume{copy}).ok());
    }
    const InstanceSighting seen = at_other(ReceiveInstance{there, "h1"});
    EXPECT_TRUE(seen.alive);
    EXPECT_TRUE(seen.move);
    return there;
}

SendInstance DriverContract::sending(const InstanceSpec& there) const {
    return {there.id, {there.generation, there.disks, MoveRung::stop}, "the other", "h2"};
}

void DriverContract::send(const InstanceSpec& there) {
    const SendInstance step = sending(there);
    EXPECT_TRUE(twin->wait([&] {
        const auto move = instance(step).move;
        return move && move->stage == MoveStage::sent;
    }));
    EXPECT_TRUE(twin->wait([&] {
        const auto move = at_other(LookInstance{there.id}).move;
        return move && move->stage == MoveStage::arrived;
    }));
}

void DriverContract::removed_there(const InstanceSpec& there) {
    EXPECT_FALSE(at_other(Kill{there.id}).alive);
    EXPECT_FALSE(at_other(CleanInstance{there.id}).leftovers);
    for (const DiskSpec& disk : there.disks)
        EXPECT_TRUE(twin->other().run(RemoveVolume{disk.volume}).ok());
}

static void refused_at(drivers::Driver& driver, const Effect& effect) {
    const auto seen = driver.run(effect);
    ASSERT_FALSE(seen.ok()) << text(effect) << " was done";
    EXPECT_EQ(seen.error().code, Error::Code::conflict) << text(seen.error());
}

// ---- rules -------------------------------------------------------------------------------------

TEST_P(DriverContract, WhatIsAwaitedStandsStillAndGoesOnForNobody) {
    const InstanceSpec guest = launched("web-1");
    const InstanceSpec there = awaited(guest);
    const InstanceSighting seen = at_other(LookInstance{there.id});
    EXPECT_EQ(seen.run, RunState::paused);
    EXPECT_EQ(seen.generation, there.generation);
    ASSERT_TRUE(seen.move);
    EXPECT_EQ(seen.move->stage, MoveStage::ready);
    EXPECT_EQ(seen.move->generation, there.generation);
    refused_at(twin->other(), Resume{there.id});
    refused_at(twin->other(), ReceiveInstance{there, "h1"});
    EXPECT_EQ(at_other(LookInstance{there.id}).run, RunState::paused);
    EXPECT_EQ(look(guest).run, RunState::running);
    removed_there(there);
}

TEST_P(DriverContract, WhatWasSentStandsStillAtBothEndsUntilOneIsLetGoOn) {
    const InstanceSpec guest = launched("web-1");
    const InstanceSpec there = awaited(guest);
    send(there);
    EXPECT_EQ(look(guest).run, RunState::paused);
    EXPECT_EQ(look(guest).generation, guest.generation);
    EXPECT_EQ(at_other(LookInstance{there.id}).run, RunState::paused);
    const auto again = instance(sending(there)).move;
    EXPECT_TRUE(again && again->stage == MoveStage::sent) << "it is so already";
    refused(Resume{guest.id}, Code::conflict);
    refused(CancelSend{guest.id, there.generation + 1}, Code::conflict);
    const InstanceSighting gone_on = at_other(Resume{there.id});
    EXPECT_EQ(gone_on.run, RunState::running);
    EXPECT_FALSE(gone_on.move);
    EXPECT_EQ(gone_on.generation, there.generation);
    EXPECT_FALSE(instance(Kill{guest.id}).alive);
    EXPECT_FALSE(instance(CleanInstance{guest.id}).leftovers);
    removed_there(there);
}

TEST_P(DriverContract, WhatWasSentInVainGoesOnAndMayMoveAgain) {
    const InstanceSpec guest = launched("web-1");
    const InstanceSpec there = awaited(guest);
    send(there);
    for (int times = 0; times < 2; ++times) {
        const InstanceSighting back = instance(CancelSend{guest.id, there.generation});
        EXPECT_EQ(back.run, RunState::running);
        EXPECT_EQ(back.generation, guest.generation);
        EXPECT_FALSE(back.move);
    }
    removed_there(there);
    const InstanceSpec again = awaited(guest);
    send(again);
    EXPECT_EQ(at_other(Resume{again.id}).run, RunState::running);
    instance(Kill{guest.id});
    removed_there(again);
}

TEST_P(DriverContract, AGuestIsSentOnlyToWhereItIsAwaited) {
    const InstanceSpec guest = launched("web-1");
    InstanceSpec there = guest;
    ++there.generation;
    refused(sending(there), Code::conflict);
    const auto move = instance(sending(there)).move;
    EXPECT_TRUE(move && move->stage == MoveStage::failed) << "and nobody tries again";
    EXPECT_EQ(look(guest).run, RunState::running);
    const InstanceSighting back = instance(CancelSend{guest.id, there.generation});
    EXPECT_FALSE(back.move);
    EXPECT_EQ(back.run, RunState::running);
}

TEST_P(DriverContract, TheSenderHearsThatItsReceiverIsGone) {
    const InstanceSpec guest = launched("web-1");
    const InstanceSpec there = awaited(guest);
    instance(sending(there));
    removed_there(there);
    EXPECT_TRUE(twin->wait([&] {
        const auto seen = twin->driver().run(sending(there));
        const auto move = look(guest).move;
        return !seen.ok() || (move && move->stage == MoveStage::failed);
    }));
    EXPECT_EQ(instance(CancelSend{guest.id, there.generation}).run, RunState::running);
}

TEST_P(DriverContract, WhatIsOffIsNeitherSentNorCancelled) {
    const InstanceSpec made = spec("web-1");
    InstanceSpec there = made;
    ++there.generation;
    refused(sending(there), Code::conflict);
    refused(CancelSend{made.id, there.generation}, Code::conflict);
}

}  // namespace vdc::sim
