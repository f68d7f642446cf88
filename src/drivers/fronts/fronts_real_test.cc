#include "drivers/fronts/fronts.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include "drivers/fronts/config.h"
#include "drivers/networks/daemons.h"
#include "drivers/networks/namespaces.h"
#include "drivers/networks/networks.h"
#include "drivers/networks/stage_test_util.h"
#include "runtime/fd.h"
#include "runtime/files.h"

namespace vdc::drivers::fronts {
namespace {

using namespace std::chrono_literals;
using base::Ipv4;
using control::FrontProtocol;
using control::FrontSighting;
using control::NetworkSpec;
using networks::must;
using Clock = std::chrono::steady_clock;

/// Whether the socket becomes ready for this before the deadline.
bool await(int file, short what, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd one{file, what, 0};
        const int ready = ::poll(&one, 1, std::max(0, static_cast<int>(left.count())));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

/// What `GET /` says at an address, from here; empty when it failed or took over two seconds.
std::string get(Ipv4 address, std::uint16_t port) {
    const auto deadline = Clock::now() + 2s;
    const runtime::Fd file(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = ::htons(port);
    where.sin_addr.s_addr = ::htonl(address.bits);
    const std::string request = "GET / HTTP/1.0\r\n\r\n";
    if (::connect(file.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 &&
        (errno != EINPROGRESS || !await(file.get(), POLLOUT, deadline)))
        return "";
    if (::send(file.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
    std::string answer;
    char buffer[4096];
    while (await(file.get(), POLLIN, deadline)) {
        const ssize_t size = ::read(file.get(), buffer, sizeof buffer);
        if (size <= 0) break;
        answer.append(buffer, static_cast<std::size_t>(size));
    }
    const std::size_t body = answer.find("\r\n\r\n");
    if (body == std::string::npos || answer.find(" 200 ") == std::string::npos) return "";
    return answer.substr(body + 4);
}

/// Asks every 20 ms, as the specification says a client does, until it is told to stop.
struct Poller {
    Ipv4 address;
    std::uint16_t port = 80;
    std::atomic<bool> done = false;
    std::atomic<int> asked = 0;
    std::atomic<int> failed = 0;
    double longest_ms = 0;
    std::thread thread{[this] {
        for (auto next = Clock::now(); !done; next += 20ms) {
            std::this_thread::sleep_until(next);
            const auto begin = Clock::now();
            failed += get(address, port).empty();
            ++asked;
            longest_ms =
                std::max(longest_ms,
                         std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
        }
    }};
    explicit Poller(Ipv4 where) : address(where) {}
    ~Poller() { stop(); }
    void stop() {
        done = true;
        if (thread.joinable()) thread.join();
    }
    void wait_for(int more) const {
        for (const int until = asked + more; asked < until;) std::this_thread::sleep_for(5ms);
    }
};

struct FrontsReal : testing::Test {
    void SetUp() override {
        must(networks.apply(network));
        for (const control::PortSpec& port : network.ports) {
            guests.push_back(stage.plug(network, port));
            stage.set_address(guests.back(), network, port);
            serve(guests.back(), port.hostname);
        }
    }

    /// A web server that says its name.
    void serve(const std::string& guest, const std::string& name) {
        const std::string folder = stage.folder + "/www-" + name;
        must(runtime::ensure_dir(folder));
        must(runtime::write_file_atomic(folder + "/index.html", name + "\n", 0644));
        networks::shell(guest, {"busybox", "httpd", "-p", "80", "-h", folder});
    }
    void stop_serving(const std::string& guest) {
        for (const auto& daemon : networks::processes_in(guest)) must(networks::end(daemon));
    }

    FrontSpec a_front(std::size_t backends) const {
        FrontSpec front{.id = {{0x6170700000000000, 1}},
                        .network = network.id,
                        .network_number = network.number,
                        .name = "app",
                        .address = must(base::parse_ipv4("100.96.0.1")),
                        .port = 80,
                        .target_port = 80,
                        .protocol = FrontProtocol::http,
                        .check_path = "/",
                        .backends = {}};
        for (std::size_t i = 0; i < backends; ++i)
            front.backends.push_back({.instance = {{0x1, i + 1}},
                                      .name = network.ports[i].hostname,
                                      .address = network.ports[i].address});
        return front;
    }

    /// Looks until that many are ready; what was seen last.
    FrontSighting await_ready(const FrontSpec& front, std::size_t count) {
        FrontSighting seen;
        for (const auto deadline = Clock::now() + 10s; Clock::now() < deadline;) {
            seen = must(fronts.look(front));
            if (seen.ready.size() == count) break;
            std::this_thread::sleep_for(5ms);
        }
        EXPECT_EQ(seen.ready.size(), count);
        return seen;
    }

    networks::Stage stage;
    networks::Networks networks{stage.paths};
    Fronts fronts{stage.paths};
    NetworkSpec network = networks::a_network(1, 3);
    std::vector<std::string> guests;
};

TEST_F(FrontsReal, AnswersFromEveryReplica) {
    const FrontSpec front = a_front(2);
    const FrontSighting applied = must(fronts.apply(front));
    EXPECT_TRUE(applied.present);
    EXPECT_EQ(applied.applied, fingerprint(front));
    const FrontSighting seen = await_ready(front, 2);
    EXPECT_EQ(seen.ready[0], front.backends[0].instance);
    EXPECT_EQ(seen.ready[1], front.backends[1].instance);
    std::set<std::string> heard;
    for (int i = 0; i < 4; ++i) heard.insert(get(front.address, front.port));
    EXPECT_EQ(heard, (std::set<std::string>{"web-1\n", "web-2\n"}));
}

/// Its tap is gone, as when a QEMU is killed: no reset, no answer.
TEST_F(FrontsReal, AReplicaThatVanishesCostsAtMostOnePercent) {
    const FrontSpec front = a_front(2);
    must(fronts.apply(front));
    await_ready(front, 2);
    Poller poller(front.address);
    poller.wait_for(100);
    stage.cut(network, network.ports[0]);
    poller.wait_for(200);
    poller.stop();
    std::cerr << "failed " << poller.failed << " of " << poller.asked << ", longest "
              << poller.longest_ms << " ms\n";
    EXPECT_LE(poller.failed * 100, poller.asked);
    EXPECT_EQ(await_ready(front, 1).ready[0], front.backends[1].instance);
}

/// Its process is gone, its kernel is not: connections are refused.
TEST_F(FrontsReal, AReplicaThatIsKilledCostsAtMostOnePercent) {
    const FrontSpec front = a_front(2);
    must(fronts.apply(front));
    await_ready(front, 2);
    Poller poller(front.address);
    poller.wait_for(50);
    stop_serving(guests[0]);
    poller.wait_for(100);
    serve(guests[0], "web-1");
    await_ready(front, 2);
    poller.stop();
    EXPECT_LE(poller.failed * 100, poller.asked);
}

TEST_F(FrontsReal, BackendsComeAndGoWithoutOneFailedRequest) {
    must(fronts.apply(a_front(1)));
    await_ready(a_front(1), 1);
    const auto master = networks::processes_in(stage.paths.network_namespace(1));
    Poller poller(a_front(1).address);
    for (int round = 0; round < 3; ++round) {
        for (const std::size_t backends : {2u, 3u, 2u, 1u}) {
            const FrontSighting seen = must(fronts.apply(a_front(backends)));
            EXPECT_TRUE(seen.present);
            EXPECT_EQ(seen.applied, fingerprint(a_front(backends)));
            await_ready(a_front(backends), backends);
        }
    }
    poller.stop();
    EXPECT_EQ(poller.failed, 0) << "of " << poller.asked;
    EXPECT_TRUE(networks::alive(master.at(1))) << "the same master all the time";
}

TEST_F(FrontsReal, AReloadForgetsNobodyWhoWasReady) {
    must(fronts.apply(a_front(3)));
    await_ready(a_front(3), 3);
    EXPECT_EQ(must(fronts.apply(a_front(2))).ready.size(), 2u);
}

TEST_F(FrontsReal, WhenNobodyIsReadyAllAreTried) {
    FrontSpec front = a_front(2);
    front.check_path = "/missing";
    must(fronts.apply(front));
    await_ready(front, 0);
    EXPECT_NE(get(front.address, front.port), "");
    for (const std::string& guest : guests) stop_serving(guest);
    EXPECT_EQ(get(front.address, front.port), "");
    EXPECT_TRUE(must(fronts.look(front)).present);
}

TEST_F(FrontsReal, TcpIsCarriedAsItIs) {
    FrontSpec front = a_front(2);
    front.protocol = FrontProtocol::tcp;
    front.port = 8080;
    must(fronts.apply(front));
    await_ready(front, 2);
    EXPECT_THAT(get(front.address, 8080), testing::StartsWith("web-"));
    EXPECT_EQ(get(front.address, 80), "") << "only its own port is open";
}

TEST_F(FrontsReal, ItsNetworkReachesItToo) {
    must(fronts.apply(a_front(2)));
    await_ready(a_front(2), 2);
    EXPECT_THAT(networks::shell(guests[2], {"curl", "-sf", "http://100.96.0.1/"}),
                testing::StartsWith("web-"));
}

TEST_F(FrontsReal, AnotherAddressAndPortReplaceTheOldOnes) {
    const FrontSpec front = a_front(1);
    must(fronts.apply(front));
    FrontSpec moved = front;
    moved.address = front.address + 1;
    moved.port = 81;
    must(fronts.apply(moved));
    EXPECT_EQ(get(moved.address, 81), "web-1\n");
    EXPECT_EQ(get(front.address, 80), "");
    FrontSpec other_port = moved;
    other_port.port = 82;
    must(fronts.apply(other_port));
    EXPECT_EQ(get(moved.address, 82), "web-1\n");
    EXPECT_EQ(get(moved.address, 81), "");
}

TEST_F(FrontsReal, WhatIsBrokenIsSeenAndMended) {
    const FrontSpec front = a_front(2);
    const std::string inner = stage.paths.network_namespace(1);
    const FrontFiles files = front_files(stage.paths, 1, front.id);
    const auto haproxies = [&] {
        std::vector<networks::Daemon> found = networks::processes_in(inner);
        std::erase_if(found, [](const auto& d) { return networks::program_of(d) != "haproxy"; });
        return found;
    };
    const std::map<std::string, std::function<void()>> harm = {
        {"the master is killed", [&] { must(networks::end(haproxies().at(0))); }},
        {"the worker is killed",
         [&] {
             must(networks::end(haproxies().at(1)));
             while (!haproxies().empty()) {
             }
         }},
        {"the record is lost", [&] { must(runtime::remove_file(files.folder + "/record.json")); }},
        {"the folder is lost", [&] { must(runtime::remove_tree(files.folder)); }},
        {"the route is deleted", [&] { must(networks::ip_batch("", "route del 100.96.0.1\n")); }},
        {"the uplink is made anew",
         [&] {
             must(networks::ip_batch("", "link del " + inner + "\n"));
             must(networks.apply(network));
         }},
    };
    for (const auto& [what, deed] : harm) {
        SCOPED_TRACE(what);
        must(fronts.apply(front));
        await_ready(front, 2);
        deed();
        EXPECT_FALSE(must(fronts.look(front)).present);
        EXPECT_TRUE(must(fronts.apply(front)).present);
        await_ready(front, 2);
        EXPECT_EQ(haproxies().size(), 2u);
        EXPECT_NE(get(front.address, front.port), "");
    }
}

TEST_F(FrontsReal, ANewDaemonFindsTheHaproxyOfTheOldOne) {
    const FrontSpec front = a_front(2);
    must(fronts.apply(front));
    const auto before = networks::processes_in(stage.paths.network_namespace(1));
    Fronts later(stage.paths);
    EXPECT_EQ(must(later.look(front)).applied, fingerprint(front));
    must(later.apply(front));
    EXPECT_EQ(networks::processes_in(stage.paths.network_namespace(1)), before);
}

TEST_F(FrontsReal, TheWorkerHasNoPrivilege) {
    must(fronts.apply(a_front(1)));
    std::string users;
    for (const auto& daemon : networks::processes_in(stage.paths.network_namespace(1)))
        if (networks::program_of(daemon) == "haproxy") {
            const std::string status =
                must(runtime::read_file("/proc/" + std::to_string(daemon.pid) + "/status"));
            const std::size_t begin = status.find("CapEff:");
            users += status.substr(begin, status.find('\n', begin) - begin) + "\n";
        }
    EXPECT_THAT(users, testing::EndsWith("CapEff:\t0000000000000000\n"));
}

TEST_F(FrontsReal, AnAddressOfSomebodyElseIsRefused) {
    must(networks::ip_batch("",
                            "link add other type veth peer name rehto\nlink set other up\n"
                            "route add 100.96.0.1/32 dev other\n"));
    const auto refused = fronts.apply(a_front(1));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::Error::Code::conflict);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("other"));
}

TEST_F(FrontsReal, WithoutItsNetworkThereIsNoFront) {
    must(networks.remove(network.id, 1));
    const auto refused = fronts.apply(a_front(1));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::Error::Code::conflict);
}

TEST_F(FrontsReal, RemovingLeavesTheNetworkAsItWas) {
    const std::string inner = stage.paths.network_namespace(1);
    const auto state = [&] {
        std::string text = networks::shell("", {"ip", "route"}) +
                           networks::shell(inner, {"ip", "-o", "addr", "show", "dev", "lo"}) +
                           networks::shell(inner, {"nft", "list", "set", "inet", "vdc", "fronts"});
        for (const auto& daemon : networks::processes_in(inner))
            text += networks::program_of(daemon) + "\n";
        return text;
    };
    const std::string before = state();
    const FrontSpec front = a_front(2);
    must(fronts.apply(front));
    must(fronts.remove(front.id, front.network, 1));
    EXPECT_EQ(state(), before);
    EXPECT_FALSE(must(fronts.look(front)).present);
    must(fronts.remove(front.id, front.network, 1));
}

}  // namespace
}  // namespace vdc::drivers::fronts
