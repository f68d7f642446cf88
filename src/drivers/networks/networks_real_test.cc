#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "drivers/networks/daemons.h"
#include "drivers/networks/namespaces.h"
#include "drivers/networks/networks.h"
#include "drivers/networks/stage_test_util.h"

namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;
using testing::HasSubstr;

struct NetworksReal : testing::Test {
    Stage stage;
    Networks networks{stage.paths};
};

TEST_F(NetworksReal, AGuestLearnsItsPlaceByDhcp) {
    const NetworkSpec network = a_network(1, 2);
    ASSERT_TRUE(networks.apply(network).ok()) << base::text(networks.apply(network).error());
    const std::string guest = stage.plug(network, network.ports[0]);
    const std::string told = stage.ask_dhcp(guest);
    EXPECT_THAT(told, HasSubstr("ip='10.20.0.11'"));
}

}  // namespace
}  // namespace vdc::drivers::networks
