#include "sim/pretend_host.h"

#include <gtest/gtest.h>

namespace vdc::sim {
namespace {

using control::Launch;
using model::VolumeId;

/// A host with a shared pool and hands that are slow.
class PretendHandsTest : public ::testing::Test {
  protected:
    PretendHandsTest() {
        host_.shared = &pool_;
        host_.faults.slow_per_mille = 1000;
    }

    static Launch launch(std::uint64_t instance, VolumeId volume) {
        Launch effect;
        effect.instance.id = {{1, instance}};
        effect.instance.disks = {{volume, 0}};
        return effect;
    }
    bool launches() const {
        return hands_.any_under_way([](const control::Effect&) { return true; });
    }
    void pass_a_minute() {
        time_line_.run_until(time_line_.now() + std::chrono::minutes(1), [] { return true; });
    }
    bool is_alive(std::uint64_t instance) const {
        const auto at = host_.running.find({{1, instance}});
        return at != host_.running.end() && at->second.sighting.alive;
    }

    VolumeId shared_{{2, 1}};
    VolumeId local_{{2, 2}};
    TimeLine time_line_{base::Instant{}};
    PretendHost host_{"h1", time_line_, /*seed=*/1};
    PretendHost::SharedPool pool_{{shared_, {}}};
    Coverage coverage_;
    PretendHands hands_{host_, time_line_, time_line_, coverage_};
};

TEST_F(PretendHandsTest, WhatTheGuardsEndedIsNotUnderWayAndNeverDoneAlsoAfterTheThaw) {
    int failed = 0;
    hands_.start(launch(1, shared_), [&](const auto& result) { failed += result.ok() ? 0 : 1; });
    EXPECT_TRUE(launches());
    host_.fence();
    hands_.fence();
    host_.frozen = false;
    EXPECT_FALSE(launches());
    pass_a_minute();
    EXPECT_EQ(failed, 1);
    EXPECT_FALSE(is_alive(1));
}

TEST_F(PretendHandsTest, WhatWorksOnTheHostsOwnDisksGoesOnUnderTheGuards) {
    host_.volumes[local_] = {};
    hands_.start(launch(1, local_), [](const auto&) {});
    host_.fence();
    hands_.fence();
    EXPECT_TRUE(launches());
    pass_a_minute();
    EXPECT_TRUE(is_alive(1));
}

}  // namespace
}  // namespace vdc::sim
