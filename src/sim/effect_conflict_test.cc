#include "sim/effect_conflict.h"

#include <gtest/gtest.h>

namespace vdc::sim {
namespace {

using namespace control;

InstanceSpec instance(std::uint64_t number, std::uint64_t volume) {
    InstanceSpec spec;
    spec.id = {{1, number}};
    spec.disks = {{{{2, volume}}, 0}};
    return spec;
}

VolumeSpec volume(std::uint64_t number) {
    VolumeSpec spec;
    spec.id = {{2, number}};
    return spec;
}

TEST(EffectConflict, IsBetweenTwoAboutOneThing) {
    NetworkSpec network;
    network.id = {{3, 1}};
    EXPECT_NE(conflict(Launch{instance(1, 1)}, Kill{{{1, 1}}}), "");
    EXPECT_NE(conflict(GrowVolume{volume(1)}, RemoveVolume{{{2, 1}}}), "");
    EXPECT_NE(conflict(RemoveNetwork{{{3, 1}}, 1}, ApplyNetwork{network}), "");
    EXPECT_EQ(conflict(Launch{instance(1, 1)}, Launch{instance(2, 2)}), "");
    EXPECT_EQ(conflict(LookInstance{{{1, 1}}}, GrowVolume{volume(1)}), "");
}

TEST(EffectConflict, IsBetweenAChangeOfAVolumeAndWhoOpensIt) {
    VolumeSpec open = volume(1);
    EXPECT_NE(conflict(GrowVolume{open}, Launch{instance(1, 1)}), "");
    EXPECT_NE(conflict(AttachVolume{instance(1, 2), {{{2, 1}}, 1}, open}, RemoveVolume{open.id}),
              "");
    EXPECT_EQ(conflict(GrowVolume{volume(2)}, Launch{instance(1, 1)}), "");
    open.open_in = model::InstanceId{{1, 1}};
    EXPECT_EQ(conflict(GrowVolume{open}, Launch{instance(1, 1)}), "");
}

TEST(EffectConflict, IsBetweenALaunchAndWhoTakesTheRulesOfItsPortAway) {
    NetworkSpec network;
    network.id = {{3, 1}};
    InstanceSpec web = instance(1, 1);
    CardSpec card;
    card.network = network.id;
    card.port = {{4, 1}};
    web.cards = {card};
    EXPECT_NE(conflict(Launch{web}, ApplyNetwork{network}), "");
    EXPECT_NE(conflict(RemoveNetwork{network.id, 1}, Launch{web}), "");
    PortSpec port;
    port.id = card.port;
    network.ports = {port};
    EXPECT_EQ(conflict(ApplyNetwork{network}, Launch{web}), "");
    EXPECT_EQ(conflict(RemoveNetwork{{{3, 2}}, 2}, Launch{web}), "");
}

TEST(EffectConflict, AnEffectTakesTheVolumesThatItOpensOrChanges) {
    EXPECT_TRUE(takes(Launch{instance(1, 1)}, {{2, 1}}));
    EXPECT_TRUE(takes(AttachVolume{instance(1, 2), {{{2, 1}}, 1}, volume(1)}, {{2, 1}}));
    EXPECT_TRUE(takes(GrowVolume{volume(1)}, {{2, 1}}));
    EXPECT_TRUE(takes(RemoveVolume{{{2, 1}}}, {{2, 1}}));
    EXPECT_FALSE(takes(GrowVolume{volume(1)}, {{2, 2}}));
    EXPECT_FALSE(takes(Kill{{{1, 1}}}, {{2, 1}}));
}

}  // namespace
}  // namespace vdc::sim
