#include "control/lives.h"

#include <gtest/gtest.h>

namespace vdc::control {

TEST(Lives, FenceOnlyWhatDidNotRenew) {
    Lives lives;
    model::Host host;
    host.id = {{2, 1}};
    host.claimed.epoch = 1;
    lives.learn(host);
    const auto revision = lives.renew(host.id, 1);
    ASSERT_TRUE(revision);
    EXPECT_FALSE(lives.renew(host.id, 2));
    EXPECT_FALSE(lives.fence({host.id, 1, *revision - 1}));
    EXPECT_TRUE(lives.fence({host.id, 1, *revision}));
    EXPECT_TRUE(lives.fence({host.id, 1, *revision})) << "again";
    EXPECT_FALSE(lives.renew(host.id, 1));
}

TEST(Lives, BeginAnewWithAnEpoch) {
    Lives lives;
    model::Host host;
    host.id = {{2, 1}};
    host.claimed.epoch = 1;
    host.claimed.health = model::HostHealth::down;
    lives.learn(host);
    EXPECT_FALSE(lives.renew(host.id, 1)) << "it was fenced by a leader before";
    host.claimed.epoch = 2;
    host.claimed.health = model::HostHealth::up;
    lives.learn(host);
    EXPECT_FALSE(lives.renew(host.id, 1));
    EXPECT_TRUE(lives.renew(host.id, 2));
}

}  // namespace vdc::control
