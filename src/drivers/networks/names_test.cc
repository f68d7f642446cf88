#include "drivers/networks/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/networks/stage_test_util.h"

namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;
using testing::HasSubstr;
using testing::Not;

const NameFiles files{"/r/networks/7/names"};
const Account account{"dnsmasq", "nogroup"};

TEST(Names, TheConfigurationIsWholeAndReadable) {
    EXPECT_EQ(
        dnsmasq_config(a_network(7, 2), files, account),
        R"(# Network 6e657400-0000-0000-0000-000000000007. Made by vdc; what is changed here by hand is lost.
user=dnsmasq
group=nogroup
pid-file=/r/networks/7/names/dnsmasq.pid
interface=br0
except-interface=lo
bind-interfaces
no-hosts
addn-hosts=/r/networks/7/names/hosts
resolv-file=/r/networks/7/names/resolvers
domain-needed
bogus-priv
cache-size=1000
dhcp-range=10.20.0.0,static,255.255.255.0,12h
dhcp-hostsfile=/r/networks/7/names/dhcp-hosts
dhcp-leasefile=/r/networks/7/names/leases
dhcp-authoritative
no-ping
quiet-dhcp
dhcp-option=6,10.20.0.1
dhcp-option=26,1450
dhcp-option=3,10.20.0.1
dhcp-option=121,169.254.169.254/32,10.20.0.1,0.0.0.0/0,10.20.0.1
domain=net.internal
local=/net.internal/
expand-hosts
dhcp-option=119,net.internal
)");
}

TEST(Names, WithoutNatNobodyIsAskedAndNoDefaultRouteGiven) {
    NetworkSpec network = a_network(7, 0);
    network.nat = false;
    const std::string config = dnsmasq_config(network, files, account);
    EXPECT_THAT(config, HasSubstr("no-resolv\n"));
    EXPECT_THAT(config, Not(HasSubstr("0.0.0.0/0")));
    EXPECT_THAT(config, HasSubstr("dhcp-option=3\n"));
    EXPECT_THAT(config, HasSubstr("169.254.169.254/32,10.20.0.1,100.96.0.0/16,10.20.0.1\n"));
}

TEST(Names, StayTheSameConfigurationWhenPortsComeAndGo) {
    EXPECT_EQ(dnsmasq_config(a_network(7, 2), files, account),
              dnsmasq_config(a_network(7, 5), files, account));
}

TEST(Names, OfPortsAndApplications) {
    NetworkSpec network = a_network(7, 2);
    network.ports[1].hostname = "";
    EXPECT_EQ(dhcp_hosts(network),
              "52:54:00:00:00:0b,10.20.0.11,web-1\n52:54:00:00:00:0c,10.20.0.12\n");
    EXPECT_EQ(hosts(network), "10.20.0.11 web-1\n100.96.0.1 app\n");
}

TEST(Resolvers, AreThoseThatANamespaceCanReach) {
    const auto servers = parse_resolvers(
        "# a comment\nsearch example\nnameserver 127.0.0.53\nnameserver ::1\n"
        "nameserver 192.0.2.53\nnameserver\nnameserver 0.0.0.0\n  nameserver 192.0.2.54 \n"
        "options edns0\n");
    EXPECT_EQ(resolvers(servers), "nameserver 192.0.2.53\nnameserver 192.0.2.54\n");
}

}  // namespace
}  // namespace vdc::drivers::networks
