#include "control/duties.h"

#include <gtest/gtest.h>

#include "control/registration.h"
#include "control/turns_test_util.h"
#include "model/places.h"

namespace vdc::control {

using model::Instance;
using model::Noun;
using testing::Turns;

namespace {

constexpr base::Ipv4 first_underlay{0x0afa0001};
constexpr base::Ipv4 second_underlay{0x0afa0002};

/// Two hosts, each with room for one instance, so that two are apart.
class Tunnels : public ::testing::Test {
  protected:
    Tunnels() {
        must(dc.create(Noun::project, R"({"name": "default"})"));
        must(dc.create(Noun::flavor, R"({"name": "f", "memory": "1GiB", "disk": "16MiB"})"));
        must(dc.create(Noun::image, R"({"name": "tiny"})"));
        must(dc.create(Noun::network, R"({"name": "n", "range": "10.9.0.0/24"})"));
    }
    static void must(const base::Status& status) {
        EXPECT_TRUE(status.ok()) << text(status.error());
    }
    void begin_hosts(base::Ipv4 first, base::Ipv4 second) {
        dc.begin_host("h1", {{1}, {512 + 1024}, {100'000}}, first);
        dc.begin_host("h2", {{1}, {512 + 1024}, {100'000}}, second);
        dc.follow_up();
    }
    void create_instances() {
        for (const char* name : {"a", "b"})
            must(dc.create(Noun::instance, R"({"flavor": "f", "image": "tiny", "networks": ["n"],
                                               "name": ")" +
                                               std::string(name) + R"("})"));
        dc.follow_up();
    }
    NetworkSpec network_on(model::HostId host) const {
        const Duties all = duties(dc.snapshot, host);
        return all.networks.empty() ? NetworkSpec{} : all.networks.begin()->second.network;
    }
    NetworkSpec network_of(const char* instance) const {
        return network_on(*dc.named<Instance>(instance)->claimed.host);
    }
    base::Ipv4 underlay_of_host_of(const char* instance) const {
        return underlay_of(
            dc.snapshot.get<model::Host>(*dc.named<Instance>(instance)->claimed.host));
    }

    Turns dc;
};

}  // namespace

TEST_F(Tunnels, LeadToThePortsOfOtherHosts) {
    begin_hosts(first_underlay, second_underlay);
    create_instances();
    const NetworkSpec mine = network_of("a");
    const NetworkSpec other = network_of("b");
    ASSERT_EQ(other.ports.size(), 1u);
    ASSERT_EQ(mine.peers.size(), 1u);
    const PeerSpec peer{other.ports[0].mac, other.ports[0].address, underlay_of_host_of("b"), true};
    EXPECT_EQ(mine.peers[0], peer);
    EXPECT_EQ(mine.underlay, underlay_of_host_of("a"));
    EXPECT_EQ(mine.vni, other.vni);
    EXPECT_EQ(mine.vni & 0xffff, static_cast<std::uint32_t>(mine.number));
}

TEST_F(Tunnels, NeedAnUnderlayAtBothEnds) {
    begin_hosts(first_underlay, {});
    create_instances();
    EXPECT_TRUE(network_of("a").peers.empty());
    EXPECT_TRUE(network_of("b").peers.empty());
}

TEST_F(Tunnels, TrustNoAddressThatNoHostCanHave) {
    for (const char* nonsense : {"127.0.0.1", "0.1.2.3", "224.0.0.1", "255.255.255.255"}) {
        model::Host host;
        host.observed.underlay = base::parse_ipv4(nonsense).value();
        EXPECT_FALSE(underlay_of(host)) << nonsense;
    }
}

TEST_F(Tunnels, FollowAHostToAnotherAddress) {
    begin_hosts(first_underlay, second_underlay);
    create_instances();
    const model::HostId host = *dc.named<Instance>("b")->claimed.host;
    model::HostObserved observed = dc.snapshot.get<model::Host>(host).observed;
    observed.underlay = {0x0afa0009};
    must(dc.apply({{model::Observe<model::Host>{host, observed}, "it moved"}}));
    EXPECT_EQ(network_of("a").peers.at(0).underlay, observed.underlay);
    EXPECT_EQ(network_of("b").underlay, observed.underlay);
}

TEST_F(Tunnels, LeadToAFrontFromHostsThatDoNotCarryIt) {
    begin_hosts(first_underlay, second_underlay);
    must(dc.create(Noun::application, R"({"name": "app", "replicas": 2, "front": {"port": 80},
        "survives": "nothing", "template": {"image": "tiny", "flavor": "f", "network": "n"}})"));
    dc.follow_up();
    const auto* application = dc.named<model::Application>("app");
    const auto carrier = model::front_carrier(*application);
    ASSERT_TRUE(carrier);
    EXPECT_TRUE(network_on(*carrier).far_fronts.empty());
    for (const char* name : {"h1", "h2"}) {
        const model::HostId host = host_id("test", name);
        if (host == *carrier) continue;
        const FarFrontSpec front{application->claimed.address,
                                 underlay_of(dc.snapshot.get<model::Host>(*carrier))};
        EXPECT_EQ(network_on(host).far_fronts, std::vector{front});
    }
}

TEST(Vni, TellsNetworksApart) {
    model::Network network;
    network.claimed.number = 7;
    network.id.value.low = 0x5512;
    EXPECT_EQ(vni_of(network), 0x120007u);
}

}  // namespace vdc::control
