#include "model/places.h"

#include <gtest/gtest.h>

#include "model/world_test_util.h"

namespace vdc::model {
namespace {

using testing::Code;
using testing::World;

struct Stands : World {
    const Network& net() const { return snapshot.get<Network>(network); }

    void places(Places wanted, Generation generation) {
        NetworkClaimed claimed = net().claimed;
        claimed.places = std::move(wanted);
        claimed.generation = generation;
        must(Claim<Network>{network, claimed});
    }
    static NetworkSeen seen(HostId host, Generation generation, Presence presence,
                            std::string message = "") {
        return {host, generation, presence, std::move(message)};
    }
};

TEST(Places, WhatOneHostSawChangesNoOtherHostsEntry) {
    Stands world;
    world.places({{world.host, 1, true}, {world.other_host, 2, true}}, 2);
    world.must(Sight<Network>{world.network, Stands::seen(world.other_host, 2, Presence::ready)});
    EXPECT_EQ(world.net().observed.presence, Presence::unknown) << "one host is missing";
    world.must(Sight<Network>{world.network, Stands::seen(world.host, 1, Presence::ready)});
    EXPECT_EQ(world.net().observed.presence, Presence::ready);
    world.must(
        Sight<Network>{world.network, Stands::seen(world.host, 1, Presence::failed, "no dnsmasq")});
    EXPECT_EQ(world.net().observed.presence, Presence::failed);
    EXPECT_EQ(world.net().observed.message, "no dnsmasq");
    EXPECT_EQ(seen_on(world.net(), world.other_host)->presence, Presence::ready);
}

TEST(Places, ASightingOfAnOlderNeedIsRefused) {
    Stands world;
    world.places({{world.host, 1, true}}, 1);
    world.places({{world.host, 2, true}}, 2);
    Snapshot before = world.snapshot;
    const auto late =
        apply(before, Sight<Network>{world.network, Stands::seen(world.host, 1, Presence::absent)});
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, Code::conflict);
    const auto stranger = apply(
        before, Sight<Network>{world.network, Stands::seen(world.other_host, 2, Presence::ready)});
    ASSERT_FALSE(stranger.ok()) << "a host without a place has nothing to say";
}

TEST(Places, ANewNeedForgetsWhatWasSeenBefore) {
    Stands world;
    world.places({{world.host, 1, true}}, 1);
    world.must(Sight<Network>{world.network, Stands::seen(world.host, 1, Presence::absent)});
    world.places({{world.host, 2, true}}, 2);
    EXPECT_EQ(seen_on(world.net(), world.host), nullptr);
    EXPECT_EQ(world.net().observed.presence, Presence::unknown);
}

TEST(Places, ThatAreUnorderedTwiceOrOfAnOldGenerationAreRefused) {
    Stands world;
    world.places({{world.host, 3, true}}, 3);
    const auto refused = [&](Places places, Generation generation) {
        NetworkClaimed claimed = world.net().claimed;
        claimed.places = std::move(places);
        claimed.generation = generation;
        Snapshot copy = world.snapshot;
        return !apply(copy, Claim<Network>{world.network, claimed}).ok();
    };
    EXPECT_TRUE(refused({{world.other_host, 4, true}, {world.host, 3, true}}, 4));
    EXPECT_TRUE(refused({{world.host, 3, true}, {world.host, 4, true}}, 4));
    EXPECT_TRUE(refused({{world.host, 3, true}, {world.other_host, 3, true}}, 3));
    EXPECT_TRUE(refused({{world.host, 3, true}, {world.other_host, 5, true}}, 4));
    EXPECT_TRUE(refused({{world.host, 3, true}}, 2)) << "the generation fell";
    EXPECT_FALSE(refused({{world.host, 3, false}}, 3));
}

TEST(Places, HoldTheirHost) {
    Stands world;
    world.places({{world.other_host, 1, false}}, 1);
    Snapshot copy = world.snapshot;
    EXPECT_FALSE(apply(copy, Forget<Host>{world.other_host}).ok());
    world.places({}, 1);
    EXPECT_TRUE(apply(world.snapshot, Forget<Host>{world.other_host}).ok());
}

TEST(AVolume, IsAttachedOnlyWhereItLies) {
    World world;
    world.must(Claim<Volume>{world.root, {world.host, 1}});
    world.must(Claim<Volume>{world.volume, {world.other_host, 1}});
    VolumeDeclared attached = world.snapshot.get<Volume>(world.volume).declared;
    attached.instance = world.instance;
    const auto elsewhere = apply(world.snapshot, Declare<Volume>{world.volume, attached});
    ASSERT_FALSE(elsewhere.ok());
    EXPECT_NE(text(elsewhere.error()).find("lies on another host"), std::string::npos);
    world.must(world.observe<Volume>(world.volume, [](auto& o) { o.presence = Presence::absent; }));
    world.must(Claim<Volume>{world.volume, {world.host, 2}});
    EXPECT_TRUE(apply(world.snapshot, Declare<Volume>{world.volume, attached}).ok());
}

TEST(AVolume, IsAttachedWhereTheOthersOfItsInstanceLieThoughOneIsInASharedPool) {
    World world;
    world.must(Claim<Volume>{world.root, {world.host, 1}});
    VolumeClaimed elsewhere{world.other_host, 1};
    world.must(Claim<Volume>{world.volume, elsewhere});
    const auto attach = [&](VolumeId id) {
        VolumeDeclared declared = world.snapshot.get<Volume>(id).declared;
        declared.instance = world.instance;
        return apply(world.snapshot, Declare<Volume>{id, declared});
    };
    Volume shared = world.snapshot.get<Volume>(world.volume);
    shared.id = {{0, 1}};  // the first in the order of ids
    shared.name = "shared";
    shared.declared.instance.reset();
    shared.claimed = {};
    world.must(Create<Volume>{std::make_shared<const Volume>(shared)});
    elsewhere.storage = StorageKind::shared_folder;
    world.must(Claim<Volume>{shared.id, elsewhere});
    EXPECT_TRUE(attach(shared.id).ok());
    EXPECT_FALSE(attach(world.volume).ok()) << "it lies on another host than the root volume";
}

}  // namespace
}  // namespace vdc::model
