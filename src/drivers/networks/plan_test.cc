#include "drivers/networks/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "drivers/networks/stage_test_util.h"

namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;
using testing::HasSubstr;
using testing::Not;

const HostPaths paths{.data = "/d", .run = "/r", .tag = "1a2b"};

Transit at(const char* host, const char* inside) {
    return {base::parse_ipv4(host).value(), base::parse_ipv4(inside).value()};
}

TEST(Transit, DiffersForEveryNumberOfADatacenter) {
    std::set<Ipv4> seen;
    for (int number = 1; number <= number_max; ++number) {
        const Transit transit = networks::transit("1a2b", number, 0);
        EXPECT_TRUE(transit_pool.holds(transit.host));
        EXPECT_FALSE(front_pool.holds(transit.host));
        EXPECT_EQ(transit.inside, transit.host + 1);
        seen.insert(transit.host);
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(number_max));
}

TEST(Transit, OfTwoNumbersNeverMeetsWhateverTheAttempt) {
    std::set<Ipv4> seen;
    for (int number = 1; number <= 200; ++number)
        for (int attempt = 0; attempt < transit_attempts; ++attempt)
            EXPECT_TRUE(seen.insert(transit("1a2b", number, attempt).host).second);
}

TEST(Transit, ThatStandsIsKept) {
    const Transit third = transit("1a2b", 7, 3);
    const std::vector<Placed> placed = {{"vdc1a2bn7", third.host, 30}};
    EXPECT_EQ(choose_transit(paths, 7, placed).value(), third);
}

TEST(Transit, AvoidsWhatOthersHave) {
    const std::vector<Placed> placed = {{"tailscale0", transit("1a2b", 7, 0).inside, 32}};
    EXPECT_EQ(choose_transit(paths, 7, placed).value(), transit("1a2b", 7, 1));
}

TEST(Transit, IsExhaustedWhenOthersHaveAll) {
    std::vector<Placed> placed;
    for (int attempt = 0; attempt < transit_attempts; ++attempt)
        placed.push_back({"other", transit("1a2b", 7, attempt).host, 30});
    EXPECT_EQ(choose_transit(paths, 7, placed).error().code, base::Error::Code::exhausted);
}

TEST(Links, OfTheHost) {
    const NetworkSpec network = a_network(7, 0);
    const std::string lines =
        host_links(network, paths, at("100.64.0.1", "100.64.0.2"), /*make_uplink=*/true);
    EXPECT_THAT(lines, HasSubstr("link add vdc1a2bn7 mtu 1450 type veth peer name up0 mtu 1450 "
                                 "netns vdc1a2bn7\n"));
    EXPECT_THAT(lines, HasSubstr("addr replace 100.64.0.1/30 dev vdc1a2bn7\n"));
    EXPECT_THAT(lines, HasSubstr("route replace blackhole 100.96.0.0/16 metric "));
    EXPECT_THAT(host_links(network, paths, {}, /*make_uplink=*/false), Not(HasSubstr("link add")));
}

TEST(Links, InsideFromNothing) {
    const std::string lines =
        inside_links(a_network(7, 0), at("100.64.0.1", "100.64.0.2"), Inside{});
    EXPECT_EQ(lines,
              "link set lo up\n"
              "link add br0 type bridge\n"
              "link set br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 "
              "group_fwd_mask 0xfff8\n"
              "link set br0 address 02:76:64:63:00:01 mtu 1450 up\n"
              "link set up0 mtu 1450 up\n"
              "addr replace 10.20.0.1/24 dev br0\n"
              "addr replace 169.254.169.254/32 dev br0\n"
              "addr replace 100.64.0.2/30 dev up0\n"
              "route replace default via 100.64.0.1 dev up0\n");
}

TEST(Links, InsideTakeOffAddressesOfAnOlderSpec) {
    const Ipv4 old = base::parse_ipv4("10.19.0.1").value();
    const Inside seen{.devices = {"lo", "br0", "up0"},
                      .addresses = {{"br0", old, 24}, {"lo", {0x64600001}, 32}}};
    const std::string lines = inside_links(a_network(7, 0), at("100.64.0.1", "100.64.0.2"), seen);
    EXPECT_THAT(lines, HasSubstr("addr del 10.19.0.1/24 dev br0\n"));
    EXPECT_THAT(lines, Not(HasSubstr("link add")));
    EXPECT_THAT(lines, Not(HasSubstr("100.96.0.1"))) << "addresses of fronts stay";
}

TEST(Links, WithoutNatLeadNowhere) {
    NetworkSpec network = a_network(7, 0);
    network.nat = false;
    EXPECT_THAT(inside_links(network, {}, Inside{}),
                HasSubstr("route replace unreachable default"));
}

TEST(CheckSpec, TakesAGoodOne) {
    EXPECT_TRUE(check_spec(a_network(7, 3)).ok());
}

TEST(CheckSpec, RefusesWhatCannotBe) {
    struct Case {
        const char* why;
        std::function<void(NetworkSpec&)> spoil;
    };
    const std::vector<Case> cases = {
        {"number", [](NetworkSpec& n) { n.number = 0; }},
        {"number", [](NetworkSpec& n) { n.number = 65536; }},
        {"MTU", [](NetworkSpec& n) { n.mtu = 100; }},
        {"range", [](NetworkSpec& n) { n.range.prefix = 30; }},
        {"meets",
         [](NetworkSpec& n) {
             n.range = {{0x64600000}, 24};
         }},
        {"meets",
         [](NetworkSpec& n) {
             n.range = {{0xa9fea900}, 24};
         }},
        {"gateway", [](NetworkSpec& n) { n.gateway = {0x0a150001}; }},
        {"gateway", [](NetworkSpec& n) { n.gateway = n.range.first; }},
        {"domain", [](NetworkSpec& n) { n.domain = "net\ninternal"; }},
        {"domain", [](NetworkSpec& n) { n.domain = "a..b"; }},
        {"domain", [](NetworkSpec& n) { n.domain = std::string(300, 'a'); }},
        {"address", [](NetworkSpec& n) { n.ports[0].address = {0x0b000001}; }},
        {"taken", [](NetworkSpec& n) { n.ports[1].address = n.ports[0].address; }},
        {"taken", [](NetworkSpec& n) { n.ports[1].address = n.gateway; }},
        {"MAC", [](NetworkSpec& n) { n.ports[1].mac = n.ports[0].mac; }},
        {"MAC", [](NetworkSpec& n) { n.ports[1].mac = gateway_mac; }},
        {"MAC", [](NetworkSpec& n) { n.ports[1].mac = {0x010000000001}; }},
        {"told", [](NetworkSpec& n) { n.ports[1].id.value.low = n.ports[0].id.value.low; }},
        {"hostname", [](NetworkSpec& n) { n.ports[0].hostname = "a,b"; }},
        {"hostname", [](NetworkSpec& n) { n.ports[0].hostname = "a\ndhcp-script=/x"; }},
        {"name", [](NetworkSpec& n) { n.names[0].name = "a b"; }},
    };
    for (const Case& one : cases) {
        NetworkSpec network = a_network(7, 3);
        one.spoil(network);
        const auto checked = check_spec(network);
        ASSERT_FALSE(checked.ok()) << one.why;
        EXPECT_EQ(checked.error().code, base::Error::Code::invalid);
        EXPECT_THAT(checked.error().message, HasSubstr(one.why));
    }
}

}  // namespace
}  // namespace vdc::drivers::networks
