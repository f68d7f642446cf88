#include "drivers/networks/tunnel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/networks/rules.h"
#include "drivers/networks/stage_test_util.h"
#include "drivers/networks/ways.h"

namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;
using control::PeerSpec;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::string_literals;

constexpr Ipv4 here{0x0afa0001};
constexpr Ipv4 there{0x0afa0002};
constexpr Mac port_mac{0x025600000007};
constexpr Ipv4 port_address{0x0a140007};
constexpr Ipv4 front_address{0x64600009};
const std::string port_field = "\x02\x56\0\0\0\x07\0\0"s;
const std::string address_bytes = "\x0a\x14\0\x07"s;
const std::string router_field = "\x0a\x76\x0a\xfa\0\x02\0\0"s;

Tunnel a_tunnel() {
    return {.peers = {{port_mac, port_address, there, true}},
            .far_fronts = {{front_address, there}}};
}

NetworkSpec a_wide_network() {
    NetworkSpec network = a_network(7, 1);
    network.vni = 0x30007;
    network.underlay = here;
    network.peers = a_tunnel().peers;
    network.far_fronts = a_tunnel().far_fronts;
    return network;
}

TEST(Tunnel, LetsInPortsByMacAndAddressAndFrontsByTheirHost) {
    const auto sets = tunnel_sets(a_tunnel());
    EXPECT_THAT(sets[0].keys,
                ElementsAre(port_field + address_bytes, router_field + "\x64\x60\0\x09"s));
    EXPECT_THAT(sets[1].keys, IsEmpty());
    EXPECT_THAT(sets[2].keys, ElementsAre(router_field + address_bytes)) << "to fronts here";
}

TEST(Tunnel, LetsInAFreePortByItsMacAlone) {
    Tunnel tunnel = a_tunnel();
    tunnel.peers[0].anti_spoof = false;
    const auto sets = tunnel_sets(tunnel);
    EXPECT_EQ(sets[0].keys.size(), 1u) << "the front";
    EXPECT_THAT(sets[1].keys, ElementsAre(port_field.substr(0, 6)));
}

TEST(Tunnel, BindsEachMacToItsHost) {
    const std::string host = "\x0a\xfa\0\x02"s;
    EXPECT_THAT(sender_set(7, a_tunnel()).keys,
                ElementsAre(host + port_field, host + router_field));
    EXPECT_EQ(sender_set(7, a_tunnel()).name, "senders7");
}

TEST(Tunnel, HasAWayToEveryPortAndFront) {
    const Ways ways = ways_of(a_tunnel());
    EXPECT_EQ(ways.frames, (std::map<Mac, Ipv4>{{port_mac, there}, {router_mac(there), there}}));
    EXPECT_EQ(ways.neighbours,
              (std::map<Ipv4, Mac>{{port_address, port_mac}, {front_address, router_mac(there)}}));
    EXPECT_EQ(ways.routes, std::set<Ipv4>{front_address});
}

TEST(Tunnel, IsNoneWithoutAnUnderlay) {
    NetworkSpec network = a_wide_network();
    EXPECT_FALSE(tunnel_of(network).empty());
    EXPECT_THAT(inside_rules(network), HasSubstr(text(router_mac(here))));
    network.underlay = {};
    EXPECT_TRUE(tunnel_of(network).empty());
    EXPECT_THAT(inside_rules(network), Not(HasSubstr("goto tunnel_to_fronts")));
}

TEST(Tunnel, IsRefusedWhenItContradictsItself) {
    const auto refused = [](auto change) {
        NetworkSpec network = a_wide_network();
        change(network);
        const auto checked = check_spec(network);
        return checked.ok() ? "" : checked.error().message;
    };
    EXPECT_EQ(refused([](NetworkSpec&) {}), "");
    EXPECT_THAT(refused([](NetworkSpec& n) { n.vni++; }), HasSubstr("VNI"));
    EXPECT_THAT(refused([](NetworkSpec& n) { n.vni |= 1 << 24; }), HasSubstr("VNI"));
    EXPECT_THAT(refused([](NetworkSpec& n) { n.peers[0].address = n.ports[0].address; }),
                HasSubstr("taken"));
    EXPECT_THAT(refused([](NetworkSpec& n) { n.peers[0].mac = n.ports[0].mac; }), HasSubstr("MAC"));
    EXPECT_THAT(refused([](NetworkSpec& n) { n.peers[0].mac = gateway_mac; }), HasSubstr("MAC"));
    EXPECT_THAT(refused([](NetworkSpec& n) { n.peers[0].address = {0x0a150007}; }),
                HasSubstr("10.21.0.7"));
    EXPECT_THAT(refused([](NetworkSpec& n) { n.peers[0].underlay = here; }),
                HasSubstr("another host"));
    EXPECT_THAT(refused([](NetworkSpec& n) { n.far_fronts[0].address = port_address; }),
                HasSubstr("no other host"));
    EXPECT_THAT(refused([](NetworkSpec& n) { n.peers.assign(control::peers_max + 1, n.peers[0]); }),
                HasSubstr("more ports"));
}

TEST(Tunnel, TellsItsOwnFramesFromThoseOfOthers) {
    const HostPaths paths{.data = "/d", .run = "/r", .tag = "1a2b"};
    const std::string rules = host_tunnel_opening(a_wide_network(), paths);
    EXPECT_THAT(rules, HasSubstr("@th,96,24 != 196615 accept"));
    EXPECT_THAT(rules, HasSubstr("tunnels { 7 : goto tunnel7 }"));
    EXPECT_THAT(rules, Not(HasSubstr("flush set")));
}

}  // namespace
}  // namespace vdc::drivers::networks
