#include "drivers/networks/networks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <thread>

#include "drivers/networks/daemons.h"
#include "drivers/networks/namespaces.h"
#include "drivers/networks/stage_test_util.h"
#include "runtime/fd.h"
#include "runtime/files.h"

namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;
using control::PortSpec;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct NetworksReal : testing::Test {
    Stage stage;
    Networks networks{stage.paths, {.resolver_files = {stage.folder + "/resolv.conf"}}};

    std::string inner(const NetworkSpec& network) const {
        return stage.paths.network_namespace(network.number);
    }
    std::string plug_in(const NetworkSpec& network, std::size_t port) {
        const std::string guest = stage.plug(network, network.ports[port]);
        stage.set_address(guest, network, network.ports[port]);
        return guest;
    }
    /// A web page that says `text`, on all addresses of a namespace.
    void serve(const std::string& namespace_name, const std::string& text, int port = 80) {
        const std::string folder = stage.folder + "/www-" + text;
        must(runtime::ensure_dir(folder));
        must(runtime::write_file_atomic(folder + "/index.html", text, 0644));
        shell(namespace_name, {"busybox", "httpd", "-p", std::to_string(port), "-h", folder});
    }
    static std::string page(const std::string& from, const std::string& where) {
        return shell(from, {"curl", "-sf", "--max-time", "5", "http://" + where + "/"});
    }
    static bool reaches(const std::string& from, const std::string& where) {
        return status_of(from, {"curl", "-s", "--max-time", "5", "http://" + where + "/"}) == 0;
    }
    /// That nothing comes back takes time to see; a second is a thousand times what an answer
    /// takes.
    static bool cut_off(const std::string& from, const std::string& where) {
        return status_of(from, {"curl", "-s", "--max-time", "1", "http://" + where + "/"}) != 0;
    }
    static bool pings(const std::string& from, const std::string& where) {
        return status_of(from, {"ping", "-c", "1", "-W", "2", where}) == 0;
    }
    static std::string resolve(const std::string& from, const std::string& name) {
        return shell(from, {"busybox", "nslookup", name, "10.20.0.1"});
    }
    /// As resolve(), of a name that the server may not have read yet: a signal tells it to.
    static std::string resolve_soon(const std::string& from, const std::string& name) {
        const std::vector<std::string> question = {"busybox", "nslookup", name, "10.20.0.1"};
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (status_of(from, question) != 0 && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return shell(from, question);
    }
    /// The host's end of a network's transit.
    Ipv4 on_host(const NetworkSpec& network) const {
        for (const Placed& placed : must(look_around()).addresses)
            if (placed.device == inner(network)) return placed.address;
        return {};
    }
    std::vector<Daemon> dnsmasqs(const NetworkSpec& network) const {
        std::vector<Daemon> found = processes_in(inner(network));
        std::erase_if(found, [](const Daemon& d) { return program_of(d) != "dnsmasq"; });
        return found;
    }
};

// ---- what a guest gets -------------------------------------------------------------------------

TEST_F(NetworksReal, AGuestLearnsItsPlaceByDhcp) {
    const NetworkSpec network = a_network(1, 2);
    must(networks.apply(network));
    const std::string guest = stage.plug(network, network.ports[1]);
    EXPECT_EQ(stage.ask_dhcp(guest),
              "dns='10.20.0.1'\ndomain='net.internal'\nhostname='web-2'\nip='10.20.0.12'\n"
              "mask='24'\nmtu='1450'\nrouter='10.20.0.1'\nsearch='net.internal'\n"
              "staticroutes='169.254.169.254/32 10.20.0.1 0.0.0.0/0 10.20.0.1'\n");
}

TEST_F(NetworksReal, APortThatIsAddedLaterLearnsItsPlaceToo) {
    must(networks.apply(a_network(1, 1)));
    const NetworkSpec network = a_network(1, 2);
    must(networks.apply(network));
    const std::string guest = stage.plug(network, network.ports[1]);
    EXPECT_THAT(stage.ask_dhcp(guest), HasSubstr("ip='10.20.0.12'\n"));
}

TEST_F(NetworksReal, NamesOfInstancesAndApplicationsResolve) {
    NetworkSpec network = a_network(1, 2);
    must(networks.apply(network));
    const std::string guest = plug_in(network, 0);
    EXPECT_THAT(resolve(guest, "web-2.net.internal"), HasSubstr("10.20.0.12"));
    EXPECT_THAT(resolve(guest, "web-2"), HasSubstr("10.20.0.12"));
    EXPECT_THAT(resolve(guest, "app.net.internal"), HasSubstr("100.96.0.1"));
    EXPECT_THAT(resolve(guest, "10.20.0.12"), HasSubstr("web-2.net.internal"));
    network.names.push_back({"late", network.ports[0].address});
    must(networks.apply(network));
    EXPECT_THAT(resolve_soon(guest, "late.net.internal"), HasSubstr("10.20.0.11"));
}

TEST_F(NetworksReal, NamesOfTheOutsideAreAskedOfTheHostsResolvers) {
    const std::string outside = stage.outside();
    shell(outside, {"dnsmasq", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--no-hosts",
                    "--no-resolv", "--listen-address=203.0.113.9", "--bind-interfaces",
                    "--address=/example.test/203.0.113.77", "--local=/example.test/"});
    const NetworkSpec network = a_network(1, 1);
    must(networks.apply(network));
    const std::string guest = plug_in(network, 0);
    const std::vector<std::string> question = {"busybox", "nslookup", "www.example.test",
                                               "10.20.0.1"};
    EXPECT_NE(status_of(guest, question), 0) << "the host has no resolvers yet";
    must(runtime::write_file_atomic(stage.folder + "/resolv.conf", "nameserver 203.0.113.9\n"));
    must(networks.look(network.id, network.number));
    EXPECT_THAT(shell(guest, question), HasSubstr("203.0.113.77"));
}

TEST_F(NetworksReal, GuestsReachEachOtherOverIpv4AndIpv6) {
    const NetworkSpec network = a_network(1, 2);
    must(networks.apply(network));
    const std::string one = plug_in(network, 0);
    const std::string two = plug_in(network, 1);
    EXPECT_TRUE(pings(one, "10.20.0.12"));
    EXPECT_TRUE(pings(one, "10.20.0.1"));
    const std::string ipv6 = "fe80::5054:ff:fe00:c%eth0";
    // A fresh link-local address waits a second or two for somebody who has it already.
    shell(one, {"ping", "-c", "1", "-i", "0.2", "-w", "20", ipv6});
    EXPECT_TRUE(pings(two, "10.20.0.11"));
    shell(two, {"ping", "-c", "1", "-s", "4000", "-W", "2", "10.20.0.11"});
}

TEST_F(NetworksReal, NatLeadsOutsideUnderTheHostsAddress) {
    // The outside knows no way back but to the host's own address.
    serve(stage.outside(), "outside");
    const NetworkSpec network = a_network(1, 1);
    must(networks.apply(network));
    EXPECT_EQ(page(plug_in(network, 0), "203.0.113.9"), "outside");
}

TEST_F(NetworksReal, WithoutNatNobodyLeaves) {
    serve(stage.outside(), "outside");
    NetworkSpec network = a_network(1, 1);
    must(networks.apply(network));
    const std::string guest = plug_in(network, 0);
    EXPECT_TRUE(reaches(guest, "203.0.113.9"));
    network.nat = false;
    must(networks.apply(network));
    EXPECT_TRUE(cut_off(guest, "203.0.113.9"));
    EXPECT_THAT(resolve(guest, "web-1"), HasSubstr("10.20.0.11"));
    network.nat = true;
    must(networks.apply(network));
    EXPECT_TRUE(reaches(guest, "203.0.113.9"));
}

TEST_F(NetworksReal, TheMetadataListenerHearsFromTheGuestsAddress) {
    const NetworkSpec network = a_network(1, 1);
    must(networks.apply(network));
    const runtime::Fd listener(must(networks.metadata_listener(network.number)));
    const std::string guest = plug_in(network, 0);
    EXPECT_EQ(status_of(guest, {"busybox", "nc", "-w", "3", "169.254.169.254", "80", "-e", "true"}),
              0);
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const runtime::Fd connection(
        ::accept(listener.get(), reinterpret_cast<sockaddr*>(&peer), &size));
    ASSERT_TRUE(connection);
    EXPECT_EQ(Ipv4{ntohl(peer.sin_addr.s_addr)}, network.ports[0].address);
}

// ---- who reaches whom --------------------------------------------------------------------------

TEST_F(NetworksReal, TwoNetworksWithOneRangeDoNotMeet) {
    serve(stage.outside(), "outside");
    const NetworkSpec one = a_network(1, 2);
    NetworkSpec two = a_network(2, 1);
    two.ports[0].hostname = "other";
    must(networks.apply(one));
    must(networks.apply(two));
    const std::string guest_one = plug_in(one, 0);
    const std::string guest_two = plug_in(two, 0);
    serve(plug_in(one, 1), "neighbour");
    EXPECT_EQ(page(guest_one, "203.0.113.9"), "outside");
    EXPECT_EQ(page(guest_two, "203.0.113.9"), "outside");
    EXPECT_EQ(page(guest_one, "10.20.0.12"), "neighbour");
    EXPECT_TRUE(cut_off(guest_two, "10.20.0.12"));
    EXPECT_THAT(resolve(guest_two, "other"), HasSubstr("10.20.0.11"));
    EXPECT_NE(status_of(guest_one, {"busybox", "nslookup", "other.net.internal", "10.20.0.1"}), 0);
}

TEST_F(NetworksReal, GuestsReachNeitherTheHostNorOtherNetworks) {
    stage.outside();
    serve("", "host");
    const NetworkSpec one = a_network(1, 1);
    const NetworkSpec two = a_network(2, 1);
    must(networks.apply(one));
    must(networks.apply(two));
    serve(inner(two), "other-network");
    const std::string guest = plug_in(one, 0);
    EXPECT_EQ(page("", "127.0.0.1"), "host");
    for (const Ipv4 address : {on_host(one), on_host(two), on_host(two) + 1, on_host(one) + 1})
        EXPECT_TRUE(cut_off(guest, base::text(address))) << base::text(address);
    EXPECT_TRUE(cut_off(guest, "198.51.100.1")) << "the host's own address";
    EXPECT_FALSE(pings(guest, "198.51.100.1"));
    EXPECT_TRUE(cut_off(guest, "10.20.0.1")) << "the gateway serves no pages";
}

TEST_F(NetworksReal, TheOutsideOpensNoConnectionIntoANetwork) {
    const std::string outside = stage.outside();
    const NetworkSpec network = a_network(1, 1);
    must(networks.apply(network));
    must(ip_batch(inner(network), "addr add 100.96.0.7/32 dev lo\n"));
    must(ip_batch("", fmt::format("route add 100.96.0.7/32 via {} dev {}\n",
                                  base::text(on_host(network) + 1), inner(network))));
    must(nft(inner(network), "add element inet vdc fronts { 100.96.0.7 . 80 }\n"));
    serve(inner(network), "front");
    must(ip_batch(outside, "route add 100.64.0.0/10 via 198.51.100.1\n"));
    EXPECT_TRUE(cut_off(outside, "100.96.0.7"));
    EXPECT_EQ(page("", "100.96.0.7"), "front");
}

TEST_F(NetworksReal, UnassignedFrontAddressesFallIntoAHole) {
    const std::string outside = stage.outside();
    must(ip_batch(outside, "addr add 100.96.9.9/32 dev eth0\n"));
    serve(outside, "wrong");
    EXPECT_TRUE(reaches("", "100.96.9.9"));
    const NetworkSpec network = a_network(1, 1);
    must(networks.apply(network));
    EXPECT_TRUE(cut_off("", "100.96.9.9"));
    EXPECT_TRUE(cut_off(plug_in(network, 0), "100.96.9.9"));
}

// ---- idempotence and healing -------------------------------------------------------------------

TEST_F(NetworksReal, ApplyingTwiceChangesNothing) {
    const NetworkSpec network = a_network(1, 2);
    EXPECT_EQ(must(networks.apply(network)).applied, fingerprint(network));
    const std::vector<Daemon> before = dnsmasqs(network);
    EXPECT_EQ(must(networks.apply(network)).applied, fingerprint(network));
    EXPECT_EQ(dnsmasqs(network), before);
    EXPECT_EQ(must(networks.look(network.id, 1)).applied, fingerprint(network));
}

TEST_F(NetworksReal, ANewDaemonFindsTheDnsmasqOfTheOldOne) {
    const NetworkSpec network = a_network(1, 1);
    must(networks.apply(network));
    const std::vector<Daemon> before = dnsmasqs(network);
    Networks later(stage.paths);
    EXPECT_TRUE(must(later.look(network.id, 1)).present);
    must(later.apply(a_network(1, 2)));
    EXPECT_EQ(dnsmasqs(network), before);
    ASSERT_EQ(later.list().size(), 1u);
    EXPECT_EQ(later.list()[0].network, network.id);
    EXPECT_TRUE(later.list()[0].seen.present);
}

TEST_F(NetworksReal, ANumberThatAnotherNetworkHasIsRefused) {
    must(networks.apply(a_network(1, 1)));
    NetworkSpec other = a_network(1, 1);
    other.id.value.low = 99;
    const auto refused = networks.apply(other);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::Error::Code::conflict);
    EXPECT_FALSE(must(networks.look(other.id, 1)).present);
    must(networks.remove(other.id, 1));
    EXPECT_TRUE(must(networks.look(a_network(1, 1).id, 1)).present) << "it is not the other's";
}

TEST_F(NetworksReal, ABadSpecLeavesNothingBehind) {
    NetworkSpec network = a_network(1, 1);
    network.gateway = {0x01020304};
    EXPECT_EQ(networks.apply(network).error().code, base::Error::Code::invalid);
    EXPECT_THAT(networks.list(), IsEmpty());
    EXPECT_FALSE(runtime::exists(stage.paths.network(1)));
}

TEST_F(NetworksReal, AClosedRunFolderIsNamed) {
    must(runtime::ensure_dir(stage.paths.run, 0700));
    const auto refused = networks.apply(a_network(1, 1));
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, HasSubstr(stage.paths.run));
    must(runtime::ensure_dir(stage.paths.run, 0711));
    EXPECT_TRUE(must(networks.apply(a_network(1, 1))).present);
}

/// Whatever is broken or half made, look() says so (where it harms), and apply() mends it.
TEST_F(NetworksReal, WhatIsBrokenIsSeenAndMended) {
    const NetworkSpec network = a_network(1, 1);
    const std::string name = inner(network);
    const std::string folder = stage.paths.network(1);
    const std::map<std::string, std::function<void()>> harm = {
        {"dnsmasq is killed", [&] { must(end(dnsmasqs(network).at(0))); }},
        {"our note of dnsmasq is lost",
         [&] { must(runtime::remove_file(folder + "/dnsmasq.process")); }},
        {"the record is lost", [&] { must(runtime::remove_file(folder + "/record.json")); }},
        {"the record is cut off",
         [&] { must(runtime::write_file_atomic(folder + "/record.json", "{\"network\":")); }},
        {"the folder is lost", [&] { must(runtime::remove_tree(folder)); }},
        {"the bridge is deleted", [&] { must(ip_batch(name, "link del br0\n")); }},
        {"the uplink is deleted", [&] { must(ip_batch("", "link del " + name + "\n")); }},
        {"the namespace is removed", [&] { must(remove_namespace(name)); }},
        {"the namespace loses its name",
         [&] {
             shell("", {"ip", "netns", "delete", name});
         }},
        {"only the name of the namespace is left",
         [&] {
             must(remove_namespace(name));
             must(runtime::write_file_atomic("/run/netns/" + name, ""));
         }},
        {"only an empty namespace is left",
         [&] {
             must(remove_namespace(name));
             must(ensure_namespace(name));
         }},
        {"the rules inside are flushed", [&] { must(nft(name, "flush ruleset\n")); }},
        {"the rules of the host are flushed", [&] { must(nft("", "flush ruleset\n")); }},
        {"forwarding is switched off", [&] { must(set_sysctl("ipv4/ip_forward", "0")); }},
    };
    serve(stage.outside(), "outside");
    for (const auto& [what, deed] : harm) {
        SCOPED_TRACE(what);
        must(networks.apply(network));
        ASSERT_TRUE(must(networks.look(network.id, 1)).present);
        deed();
        EXPECT_FALSE(must(networks.look(network.id, 1)).present);
        EXPECT_TRUE(must(networks.apply(network)).present);
        EXPECT_TRUE(must(networks.look(network.id, 1)).present);
        EXPECT_EQ(dnsmasqs(network).size(), 1u);
        const std::string guest = stage.plug(network, network.ports[0]);
        EXPECT_THAT(stage.ask_dhcp(guest), HasSubstr("ip='10.20.0.11'"));
        EXPECT_TRUE(reaches(guest, "203.0.113.9"));
        stage.cut(network, network.ports[0]);
    }
}

// ---- speed -------------------------------------------------------------------------------------

/// The middle one of several times that a deed takes, in milliseconds.
double median_ms(int count, const std::function<void(int)>& deed) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
        const auto begin = Clock::now();
        deed(i);
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    }
    std::ranges::sort(times);
    return times[times.size() / 2];
}

/// The aims are 300 ms for a whole network and 30 ms for a port, on a machine at rest; the bounds
/// leave room for one that is not.
TEST_F(NetworksReal, ChangesAreQuick) {
    const NetworkSpec network = a_network(1, 50);
    const PortSpec& port = network.ports[0];
    std::map<std::string, double> ms;
    int tap = -1;
    ms["whole"] = median_ms(5, [&](int round) { must(networks.apply(a_network(2 + round, 50))); });
    must(networks.apply(network));
    ms["port off"] =
        median_ms(9, [&](int round) { must(networks.apply(a_network(1, 49 - round))); });
    ms["port"] = median_ms(9, [&](int round) { must(networks.apply(a_network(1, 42 + round))); });
    must(networks.apply(network));
    ms["look"] = median_ms(9, [&](int) { must(networks.look(network.id, 1)); });
    ms["tap"] = median_ms(1, [&](int) {
        tap = must(networks.open_tap({.port = port.id,
                                      .network = network.id,
                                      .network_number = network.number,
                                      .mac = port.mac}));
    });
    ::close(tap);
    for (const auto& [what, time] : ms) std::cerr << fmt::format("{} {:.1f} ms\n", what, time);
    EXPECT_LT(ms["whole"], 3000);
    EXPECT_LT(ms["port off"], 600);
    EXPECT_LT(ms["port"], 600);
    EXPECT_LT(ms["look"], 200);
    EXPECT_LT(ms["tap"], 600);
}

// ---- leaving -----------------------------------------------------------------------------------

/// Everything of the host that networks may touch, as text.
std::string host_state(const Stage& stage) {
    std::string state = shell("", {"ip", "-o", "link"}) + shell("", {"ip", "route"}) +
                        shell("", {"nft", "list", "ruleset"}) + "forwarding " +
                        must(sysctl("ipv4/ip_forward")) + "\n";
    for (const std::string& name : namespaces("vdc" + stage.paths.tag)) state += name + "\n";
    for (const Daemon& daemon : all_daemons())
        for (const std::string& word : arguments_of(daemon))
            if (word.find(stage.folder) != std::string::npos) state += word + "\n";
    return state;
}

TEST_F(NetworksReal, TheLastOneThatGoesLeavesNothing) {
    stage.outside();
    const std::string before = host_state(stage);
    must(networks.apply(a_network(1, 2)));
    must(networks.apply(a_network(2, 2)));
    EXPECT_EQ(must(sysctl("ipv4/ip_forward")), "1");
    must(networks.remove(a_network(1, 0).id, 1));
    EXPECT_EQ(must(sysctl("ipv4/ip_forward")), "1") << "the second one still needs it";
    EXPECT_TRUE(must(networks.look(a_network(2, 0).id, 2)).present);
    must(networks.remove(a_network(2, 0).id, 2));
    EXPECT_EQ(host_state(stage), before);
    EXPECT_THAT(networks.list(), IsEmpty());
    EXPECT_FALSE(must(networks.remove(a_network(2, 0).id, 2)).present) << "twice is fine";
}

TEST_F(NetworksReal, RemovingAllNeedsNoFiles) {
    const std::string before = host_state(stage);
    must(networks.apply(a_network(1, 2)));
    must(networks.apply(a_network(2, 2)));
    must(runtime::remove_tree(stage.paths.run));
    shell("", {"ip", "netns", "delete", inner(a_network(2, 0))});
    must(remove_all(stage.paths));
    EXPECT_EQ(host_state(stage), before);
    must(remove_all(stage.paths));
}

TEST_F(NetworksReal, TwoDatacentersShareAHostAndItsForwarding) {
    const std::string before = host_state(stage);
    HostPaths other_paths = stage.paths;
    other_paths.run = stage.folder + "/other";
    other_paths.tag = "f" + stage.paths.tag.substr(1) + "x";
    Networks other(other_paths);
    must(networks.apply(a_network(1, 1)));
    must(other.apply(a_network(1, 1)));
    must(networks.remove(a_network(1, 0).id, 1));
    EXPECT_EQ(must(sysctl("ipv4/ip_forward")), "1");
    EXPECT_TRUE(must(other.look(a_network(1, 0).id, 1)).present);
    must(other.remove(a_network(1, 0).id, 1));
    EXPECT_EQ(host_state(stage), before);
}

TEST_F(NetworksReal, ForwardingThatWasOnStaysOn) {
    must(set_sysctl("ipv4/ip_forward", "1"));
    must(networks.apply(a_network(1, 1)));
    must(networks.remove(a_network(1, 1).id, 1));
    EXPECT_EQ(must(sysctl("ipv4/ip_forward")), "1");
}

TEST_F(NetworksReal, ManyAtOnceDoNotDisturbEachOther) {
    stage.outside();
    const std::string before = host_state(stage);
    const auto at_once = [](const std::function<void(int)>& deed) {
        std::vector<std::thread> threads;
        for (int number = 1; number <= 6; ++number) threads.emplace_back(deed, number);
        for (std::thread& thread : threads) thread.join();
    };
    std::atomic<int> present = 0;
    for (int round = 0; round < 3; ++round) {
        at_once([&](int number) {
            const auto applied = networks.apply(a_network(number, 1));
            present += applied.ok() && applied->present;
        });
        // Odd ones go while even ones are looked at.
        at_once([&](int number) {
            const NetworkSpec network = a_network(number, 1);
            const auto seen = number % 2 == 1 ? networks.remove(network.id, number)
                                              : networks.look(network.id, number);
            present += seen.ok() && seen->present == (number % 2 == 0);
        });
    }
    at_once([&](int number) { present += networks.remove(a_network(number, 1).id, number).ok(); });
    EXPECT_EQ(present, 3 * 12 + 6);
    EXPECT_EQ(host_state(stage), before);
}

// ---- being killed ------------------------------------------------------------------------------

/// Tools that a killed process had started run to their end; so does every other test's, but those
/// are in other namespaces.
void await_tools(const Stage& stage) {
    const auto busy = [&] {
        for (const std::string& name : namespaces("vdc" + stage.paths.tag))
            for (const Daemon& daemon : processes_in(name))
                if (const std::string program = program_of(daemon);
                    program == "ip" || program == "nft" || program == "bridge")
                    return true;
        for (const Daemon& daemon : processes_in(""))
            if (program_of(daemon) == "ip" || program_of(daemon) == "nft") return true;
        return false;
    };
    while (busy()) {
    }
}

TEST_F(NetworksReal, KilledAtAnyMomentItConverges) {
    const std::string before = host_state(stage);
    std::mt19937 chance(4711);
    NetworkSpec network = a_network(1, 1);
    for (int round = 0; round < 25; ++round) {
        network.nat = round % 3 != 0;
        network.mtu = 1400 + round;
        network.ports = a_network(1, 1 + round % 2).ports;
        const pid_t child = ::fork();
        if (child == 0) {
            if (round % 4 == 3) (void)Networks(stage.paths).remove(network.id, 1);
            (void)Networks(stage.paths).apply(network);
            ::_exit(0);
        }
        ::usleep(static_cast<useconds_t>(chance() % 120'000));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        await_tools(stage);
        if (round % 5 != 4) continue;
        must(networks.apply(network));
        ASSERT_TRUE(must(networks.look(network.id, 1)).present);
        EXPECT_EQ(dnsmasqs(network).size(), 1u);
        const std::string guest = stage.plug(network, network.ports[0]);
        EXPECT_THAT(stage.ask_dhcp(guest), HasSubstr(fmt::format("mtu='{}'", network.mtu)));
        stage.cut(network, network.ports[0]);
    }
    must(networks.remove(network.id, 1));
    EXPECT_EQ(host_state(stage), before);
}

}  // namespace
}  // namespace vdc::drivers::networks
