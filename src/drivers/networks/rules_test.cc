#include "drivers/networks/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/networks/stage_test_util.h"

namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;
using testing::HasSubstr;
using testing::Not;

const HostPaths paths{.data = "/d", .run = "/r", .tag = "1a2b"};

TEST(Rules, DeclareTheSetsOfPortsAndLeaveThemAsTheyAre) {
    const std::string rules = inside_rules(a_network(1, 1));
    EXPECT_THAT(rules, HasSubstr("add set bridge vdc macs { type ifname . ether_addr; }\n"));
    EXPECT_THAT(rules, Not(HasSubstr("flush set")));
    EXPECT_EQ(rules, inside_rules(a_network(1, 2)));
}

TEST(Rules, DropWhatNoRuleNames) {
    const std::string rules = inside_rules(a_network(1, 0));
    EXPECT_THAT(rules,
                HasSubstr("frames { type filter hook prerouting priority -300; policy drop"));
    EXPECT_THAT(rules, HasSubstr("input { type filter hook input priority 0; policy drop"));
    EXPECT_THAT(rules, HasSubstr("through { type filter hook forward priority 0; policy drop"));
}

TEST(Rules, ReplaceAndNeverTakeAwayFirst) {
    EXPECT_THAT(inside_rules(a_network(1, 1)), Not(HasSubstr("delete")));
    EXPECT_THAT(host_rules(paths, std::nullopt), Not(HasSubstr("delete")));
}

TEST(Rules, LetOutOnlyByNat) {
    NetworkSpec network = a_network(1, 0);
    const std::string leave = "iifname br0 oifname up0 ip saddr 10.20.0.0/24 accept";
    EXPECT_THAT(inside_rules(network), HasSubstr(leave));
    network.nat = false;
    EXPECT_THAT(inside_rules(network), Not(HasSubstr(leave)));
}

TEST(Rules, OfTheHostRememberForwardingOnce) {
    EXPECT_THAT(host_rules(paths, false), HasSubstr("add chain inet vdc1a2b forwarding_was_off\n"));
    EXPECT_THAT(host_rules(paths, true), HasSubstr("add chain inet vdc1a2b forwarding_was_on\n"));
    EXPECT_THAT(host_rules(paths, std::nullopt), Not(HasSubstr("forwarding_was")));
}

TEST(Rules, OfAFrontCloseEvenWhenTheyAreNotOpen) {
    const Ipv4 address{0x64600001};
    EXPECT_EQ(front_opening(address, 80), "add element inet vdc fronts { 100.96.0.1 . 80 }\n");
    EXPECT_EQ(front_closing(address, 80),
              "add element inet vdc fronts { 100.96.0.1 . 80 }\n"
              "delete element inet vdc fronts { 100.96.0.1 . 80 }\n");
}

}  // namespace
}  // namespace vdc::drivers::networks
