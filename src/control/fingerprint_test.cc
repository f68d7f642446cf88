#include <gtest/gtest.h>

#include <functional>

#include "control/effects.h"

namespace vdc::control {
namespace {

NetworkSpec a_network() {
    return {.id = {{1, 2}},
            .number = 7,
            .range = {{0x0a140000}, 24},
            .gateway = {0x0a140001},
            .domain = "net.internal",
            .ports = {{.id = {{3, 4}},
                       .mac = {0x525400123456},
                       .address = {0x0a140005},
                       .hostname = "web-1"}},
            .names = {{"web", {0x64600001}}},
            .vni = 0x20007,
            .underlay = {0xc0a80001},
            .peers = {{{0x525400123457}, {0x0a140006}, {0xc0a80002}, true}},
            .far_fronts = {{{0x64600002}, {0xc0a80002}}}};
}

FrontSpec a_front() {
    return {.id = {{1, 2}},
            .network = {{3, 4}},
            .network_number = 7,
            .name = "web",
            .address = {0x64600001},
            .port = 80,
            .target_port = 8080,
            .check_path = "/",
            .backends = {{.instance = {{5, 6}}, .name = "web-1", .address = {0x0a140005}}}};
}

TEST(Fingerprint, OfEqualSpecsIsEqual) {
    EXPECT_EQ(fingerprint(a_network()), fingerprint(a_network()));
    EXPECT_EQ(fingerprint(a_front()), fingerprint(a_front()));
}

TEST(Fingerprint, OfANetworkChangesWithEveryField) {
    const std::vector<std::function<void(NetworkSpec&)>> changes = {
        [](NetworkSpec& n) { n.id.value.low++; },
        [](NetworkSpec& n) { n.number++; },
        [](NetworkSpec& n) { n.range.first.bits++; },
        [](NetworkSpec& n) { n.range.prefix++; },
        [](NetworkSpec& n) { n.gateway.bits++; },
        [](NetworkSpec& n) { n.domain += "x"; },
        [](NetworkSpec& n) { n.nat = !n.nat; },
        [](NetworkSpec& n) { n.mtu++; },
        [](NetworkSpec& n) { n.ports.clear(); },
        [](NetworkSpec& n) { n.ports[0].id.value.high++; },
        [](NetworkSpec& n) { n.ports[0].mac.bits++; },
        [](NetworkSpec& n) { n.ports[0].address.bits++; },
        [](NetworkSpec& n) { n.ports[0].hostname += "x"; },
        [](NetworkSpec& n) { n.ports[0].anti_spoof = false; },
        [](NetworkSpec& n) { n.ports.push_back(n.ports[0]); },
        [](NetworkSpec& n) { n.names[0].name += "x"; },
        [](NetworkSpec& n) { n.names[0].address.bits++; },
        [](NetworkSpec& n) { n.vni++; },
        [](NetworkSpec& n) { n.underlay.bits++; },
        [](NetworkSpec& n) { n.peers.clear(); },
        [](NetworkSpec& n) { n.peers[0].mac.bits++; },
        [](NetworkSpec& n) { n.peers[0].address.bits++; },
        [](NetworkSpec& n) { n.peers[0].underlay.bits++; },
        [](NetworkSpec& n) { n.peers[0].anti_spoof = false; },
        [](NetworkSpec& n) { n.far_fronts.clear(); },
        [](NetworkSpec& n) { n.far_fronts[0].address.bits++; },
        [](NetworkSpec& n) { n.far_fronts[0].underlay.bits++; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        NetworkSpec changed = a_network();
        changes[i](changed);
        EXPECT_NE(fingerprint(changed), fingerprint(a_network())) << "change " << i;
    }
}

TEST(Fingerprint, OfAFrontChangesWithEveryField) {
    const std::vector<std::function<void(FrontSpec&)>> changes = {
        [](FrontSpec& f) { f.id.value.low++; },
        [](FrontSpec& f) { f.network.value.low++; },
        [](FrontSpec& f) { f.network_number++; },
        [](FrontSpec& f) { f.name += "x"; },
        [](FrontSpec& f) { f.address.bits++; },
        [](FrontSpec& f) { f.port++; },
        [](FrontSpec& f) { f.target_port++; },
        [](FrontSpec& f) { f.protocol = FrontProtocol::tcp; },
        [](FrontSpec& f) { f.check_path += "x"; },
        [](FrontSpec& f) { f.backends.clear(); },
        [](FrontSpec& f) { f.backends[0].instance.value.low++; },
        [](FrontSpec& f) { f.backends[0].name += "x"; },
        [](FrontSpec& f) { f.backends[0].address.bits++; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        FrontSpec changed = a_front();
        changes[i](changed);
        EXPECT_NE(fingerprint(changed), fingerprint(a_front())) << "change " << i;
    }
}

}  // namespace
}  // namespace vdc::control
