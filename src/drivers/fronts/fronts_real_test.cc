#include "drivers/fronts/fronts.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <iostream>
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

/// What `GET path` says at an address, from here; empty when it failed or took over two seconds.
std::string get(Ipv4 address, std::uint16_t port, const std::string& method = "GET") {
    const runtime::Fd file(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{2, 0};
    ::setsockopt(file.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(file.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = ::htons(port);
    where.sin_addr.s_addr = ::htonl(address.bits);
    if (::connect(file.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
        return "";
    const std::string request = method + " / HTTP/1.0\r\n\r\n";
    if (::send(file.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
    std::string answer;
    char buffer[4096];
    for (ssize_t size; (size = ::read(file.get(), buffer, sizeof buffer)) > 0;)
        answer.append(buffer, static_cast<std::size_t>(size));
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

}  // namespace
}  // namespace vdc::drivers::fronts
