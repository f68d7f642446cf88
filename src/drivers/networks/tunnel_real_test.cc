#include "drivers/networks/tunnel.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>

#include "drivers/networks/namespaces.h"
#include "drivers/networks/networks.h"
#include "drivers/networks/rules.h"
#include "drivers/networks/stage_test_util.h"
#include "runtime/files.h"

/// Two machines with a cable between them, and a network on both.
namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;
using control::PortSpec;
using runtime::Fd;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Ipv4 underlays[] = {{0x0afa0001}, {0x0afa0002}};  // 10.250.0.1 and .2
constexpr Ipv4 front_address{0x64600009};                   // 100.96.0.9

/// A stage that the test's thread enters and leaves: each machine's networks are made in its own
/// namespace.
struct Machine {
    Stage stage;
    Networks networks{stage.paths};
    Fd home{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};

    void enter() const {
        base::check(::setns(home.get(), CLONE_NEWNET) == 0, "a thread enters a machine");
    }
};

struct TunnelReal : testing::Test {
    Fd home{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
    std::unique_ptr<Machine> machines[2] = {std::make_unique<Machine>(),
                                            std::make_unique<Machine>()};

    TunnelReal() {
        must(ip_batch("", fmt::format("link add cable type veth peer name cable netns "
                                      "/proc/{}/fd/{}\n",
                                      ::getpid(), machines[0]->home.get())));
        for (int at = 0; at < 2; ++at)
            on(at, [&] {
                must(ip_batch("", fmt::format("addr add {}/24 dev cable\nlink set cable up\n",
                                              base::text(underlays[at]))));
            });
    }
    ~TunnelReal() override {
        for (const int at : {1, 0}) {
            machines[at]->enter();
            machines[at].reset();
        }
        ::setns(home.get(), CLONE_NEWNET);
    }

    void on(int at, const std::function<void()>& deed) {
        machines[at]->enter();
        deed();
    }

    /// The network as machine `at` is told of it: port i is on machine where[i].
    static NetworkSpec told(int at, const std::vector<int>& where) {
        NetworkSpec network = a_network(1, static_cast<int>(where.size()));
        network.mtu = 1500;
        network.vni = 0x050001;
        network.underlay = underlays[at];
        std::vector<PortSpec> here;
        for (std::size_t port = 0; port < where.size(); ++port) {
            const PortSpec& each = network.ports[port];
            if (where[port] == at)
                here.push_back(each);
            else
                network.peers.push_back({each.mac, each.address, underlays[where[port]], true});
        }
        network.ports = here;
        return network;
    }
    void apply(const std::vector<int>& where) {
        for (const int at : {0, 1})
            on(at, [&] { must(machines[at]->networks.apply(told(at, where))); });
    }
    /// A guest on that port, with its address.
    std::string plug(int at, int port) {
        NetworkSpec network = a_network(1, port + 1);
        network.mtu = 1500;
        std::string guest;
        on(at, [&] {
            guest = machines[at]->stage.plug(network, network.ports.back());
            machines[at]->stage.set_address(guest, network, network.ports.back());
        });
        return guest;
    }
    std::string inner(int at) const { return machines[at]->stage.paths.network_namespace(1); }
    bool has_tunnel(int at) const {
        return status_of(inner(at), {"ip", "link", "show", "vx0"}) == 0;
    }
    std::string sent_through_tunnel(int at) const {
        return shell(inner(at), {"ip", "-s", "link", "show", "vx0"});
    }
    static bool pings(const std::string& from, const std::string& to) {
        return status_of(from, {"ping", "-c", "1", "-W", "5", to}) == 0;
    }
};

// ---- what is reached ---------------------------------------------------------------------------

TEST_F(TunnelReal, PortsOfTwoMachinesReachEachOther) {
    apply({0, 1});
    const std::string one = plug(0, 0);
    const std::string other = plug(1, 1);
    EXPECT_TRUE(pings(one, "10.20.0.12"));
    EXPECT_TRUE(pings(other, "10.20.0.11"));
    EXPECT_THAT(shell(one, {"ip", "neigh"}),
                HasSubstr("10.20.0.12 dev eth0 lladdr 52:54:00:00:00:0c"));
    EXPECT_TRUE(pings(inner(0), "10.20.0.11")) << "the gateway reaches its own";
}

TEST_F(TunnelReal, AddressesNamesAndTheGatewayAreTheHostsOwn) {
    apply({0, 1});
    const std::string guest = plug(0, 0);
    const std::string before = sent_through_tunnel(0);
    std::string lease;
    on(0, [&] { lease = machines[0]->stage.ask_dhcp(guest); });
    EXPECT_THAT(lease, HasSubstr("ip='10.20.0.11'"));
    EXPECT_THAT(lease, HasSubstr("mtu='1450'")) << "the cable carries 1500";
    EXPECT_TRUE(pings(guest, "10.20.0.1"));
    EXPECT_NE(status_of(guest, {"ping", "-c", "1", "-W", "1", "10.20.0.99"}), 0);
    EXPECT_NE(status_of(guest, {"ping", "-b", "-c", "1", "-W", "1", "10.20.0.255"}), 0);
    EXPECT_EQ(sent_through_tunnel(0), before) << "nothing of it leaves the host";
}

TEST_F(TunnelReal, LargePacketsOfAGuestThatKnowsNoBetterArriveToo) {
    apply({0, 1});
    const std::string one = plug(0, 0);
    plug(1, 1);
    EXPECT_EQ(
        status_of(one, {"ping", "-c", "1", "-W", "5", "-s", "1472", "-M", "dont", "10.20.0.12"}),
        0);
    EXPECT_NE(
        status_of(one, {"ping", "-c", "1", "-W", "5", "-s", "1472", "-M", "do", "10.20.0.12"}), 0);
    EXPECT_THAT(shell(one, {"ip", "route", "get", "10.20.0.12"}), HasSubstr("mtu 1450"))
        << "it was told that the packet is too large";
}

TEST_F(TunnelReal, AFrontOnOneMachineServesAllAndIsServedByAll) {
    apply({0, 1});
    const std::string inside = inner(0);
    const std::string client = plug(1, 1);
    const std::string folder = machines[0]->stage.folder + "/www";
    must(runtime::ensure_dir(folder));
    must(runtime::write_file_atomic(folder + "/index.html", "hello", 0644));
    must(ip_batch(inside, "addr add 100.96.0.9/32 dev lo\n"));
    must(nft(inside, front_opening(front_address, 80)));
    shell(inside, {"busybox", "httpd", "-p", "100.96.0.9:80", "-h", folder});
    shell(client, {"busybox", "httpd", "-p", "8080", "-h", folder});
    NetworkSpec far = told(1, {0, 1});
    far.far_fronts = {{front_address, underlays[0]}};
    for (const bool nat : {true, false}) {
        far.nat = nat;
        on(1, [&] { must(machines[1]->networks.apply(far)); });
        EXPECT_EQ(shell(client, {"curl", "-sf", "--max-time", "5", "http://100.96.0.9/"}), "hello")
            << "a guest of the other machine, " << (nat ? "with" : "without") << " NAT";
        EXPECT_EQ(shell(inside, {"curl", "-sf", "--max-time", "5", "--interface", "100.96.0.9",
                                 "http://10.20.0.12:8080/"}),
                  "hello")
            << "the front asks a replica there";
    }
}

// ---- as it changes -----------------------------------------------------------------------------

TEST_F(TunnelReal, ThereIsNoneWhereNoOtherHostHasPorts) {
    apply({0, 0});
    EXPECT_FALSE(has_tunnel(0));
    apply({0, 1});
    EXPECT_TRUE(has_tunnel(0));
    apply({0, 0});
    EXPECT_FALSE(has_tunnel(0));
    EXPECT_THAT(shell(inner(0), {"ip", "neigh", "show", "nud", "permanent"}), IsEmpty());
    on(0, [&] {
        EXPECT_THAT(
            shell("", {"nft", "list", "table", "inet", host_table(machines[0]->stage.paths)}),
            Not(HasSubstr("senders1")));
    });
}

TEST_F(TunnelReal, APortThatMovesIsReachedWhereItIs) {
    apply({0, 1, 1});
    const std::string one = plug(0, 0);
    plug(1, 1);
    EXPECT_TRUE(pings(one, "10.20.0.12"));
    const std::string neighbour = plug(1, 2);
    apply({0, 0, 1});
    plug(0, 1);
    EXPECT_TRUE(pings(one, "10.20.0.12")) << "it is here now";
    EXPECT_TRUE(pings(neighbour, "10.20.0.12")) << "and there from the other side";
}

/// What a guest's QEMU would hold of its tap.
struct ArrivingTap : TunnelReal {
    NetworkSpec network = a_network(1, 2);
    const PortSpec& port = network.ports[1];
    control::CardSpec card{
        .port = port.id, .network = network.id, .network_number = 1, .mac = port.mac};
    std::string one;  ///< a guest of the first machine, where the port is, too

    ArrivingTap() {
        apply({0, 0});
        one = plug(0, 0);
    }
    Fd open_arriving() {
        Fd tap;
        on(1, [&] { tap = Fd(must(machines[1]->networks.open_arriving_tap(card))); });
        ::fcntl(tap.get(), F_SETFL, O_NONBLOCK);
        return tap;
    }
    static std::string bytes(std::uint64_t value, int count) {
        std::string text;
        for (int at = count - 1; at >= 0; --at) text += static_cast<char>(value >> (8 * at) & 0xff);
        return text;
    }
    /// Hears what passes up into the network's namespace there.
    Fd ear_on_bridge(int at) const {
        Fd file;
        const auto open = [&]() -> base::Status {
            file = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            sockaddr_ll where{};
            where.sll_family = AF_PACKET;
            where.sll_protocol = ::htons(ETH_P_ALL);
            where.sll_ifindex = static_cast<int>(::if_nametoindex(bridge_device));
            base::check(
                ::bind(file.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0,
                "a test hears frames");
            return {};
        };
        must(in_namespace(inner(at), open));
        return file;
    }
    /// What QEMU says for a guest that has come (RARP, RFC 903).
    std::string announcement() const {
        const std::string own = bytes(port.mac.bits, 6);
        std::string frame = bytes(0xffffffffffff, 6) + own + bytes(0x8035, 2) +
                            bytes(0x0001080006040003, 8) + own + bytes(0, 4) + own + bytes(0, 4);
        frame.resize(60);
        return frame;
    }
    std::string question_for_gateway() const {
        const std::string own = bytes(port.mac.bits, 6);
        std::string frame = bytes(0xffffffffffff, 6) + own + bytes(0x0806, 2) +
                            bytes(0x0001080006040001, 8) + own + bytes(port.address.bits, 4) +
                            bytes(0, 6) + bytes(network.gateway.bits, 4);
        frame.resize(60);
        return frame;
    }
    static bool write(const Fd& tap, const std::string& frame) {
        return ::write(tap.get(), frame.data(), frame.size()) == static_cast<ssize_t>(frame.size());
    }
    /// The next frame of that type that comes out, or "".
    static std::string next(const Fd& tap, std::uint64_t type, std::chrono::milliseconds most) {
        const auto deadline = std::chrono::steady_clock::now() + most;
        char buffer[2048];
        while (std::chrono::steady_clock::now() < deadline) {
            pollfd wait{.fd = tap.get(), .events = POLLIN, .revents = 0};
            ::poll(&wait, 1, 20);
            const ssize_t size = ::read(tap.get(), buffer, sizeof buffer);
            if (size < 14) continue;
            const std::string frame(buffer, static_cast<std::size_t>(size));
            if (frame.substr(12, 2) == bytes(type, 2)) return frame;
        }
        return "";
    }
};

TEST_F(ArrivingTap, IsSilentAndUnreachedUntilItsPortIsThere) {
    plug(0, 1);
    const Fd tap = open_arriving();
    EXPECT_FALSE(write(tap, announcement())) << "it is down";
    EXPECT_TRUE(pings(one, "10.20.0.12")) << "the guest is where it was";
    EXPECT_THAT(shell(inner(1), {"bridge", "link"}),
                Not(HasSubstr(machines[1]->stage.paths.tap(port.id))));
    on(1, [&] {
        NetworkSpec awaiting = told(1, {0, 0});
        awaiting.ports = {port};
        awaiting.ports[0].is_awaited = true;
        const auto applied = must(machines[1]->networks.apply(awaiting));
        EXPECT_EQ(applied.applied, fingerprint(awaiting));
    });
    EXPECT_FALSE(write(tap, announcement())) << "whatever else changes";
    EXPECT_TRUE(pings(one, "10.20.0.12"));
    EXPECT_EQ(next(tap, 0x0800, std::chrono::milliseconds(300)), "");
}

TEST_F(ArrivingTap, IsLiveWhenItsPortIsThere) {
    plug(0, 1);
    const Fd tap = open_arriving();
    const Fd ear = ear_on_bridge(1);
    apply({0, 1});
    EXPECT_TRUE(write(tap, announcement()));
    EXPECT_TRUE(
        next(ear, 0x8035, std::chrono::seconds(5)).starts_with(announcement().substr(0, 42)))
        << "its announcement passes";
    EXPECT_TRUE(write(tap, question_for_gateway()));
    EXPECT_NE(next(tap, 0x0806, std::chrono::seconds(5)), "") << "the gateway answers it";
    status_of(one, {"ping", "-c", "1", "-W", "1", "10.20.0.12"});  // nobody answers it
    EXPECT_NE(next(tap, 0x0800, std::chrono::seconds(5)), "")
        << "who is on the host that it left reaches it, whose dead tap is still there";
}

TEST_F(ArrivingTap, IsRefusedWherePortsAreOrNoNetworkIs) {
    on(0, [&] {
        const auto refused = machines[0]->networks.open_arriving_tap(card);
        ASSERT_FALSE(refused.ok());
        EXPECT_THAT(refused.error().message, HasSubstr("on this host already"));
    });
    on(1, [&] {
        must(machines[1]->networks.remove(network.id, 1));
        const auto refused = machines[1]->networks.open_arriving_tap(card);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, base::Error::Code::conflict);
    });
}

TEST_F(TunnelReal, WhatIsHalfThereIsMadeWhole) {
    apply({0, 1});
    const std::string one = plug(0, 0);
    plug(1, 1);
    EXPECT_TRUE(pings(one, "10.20.0.12"));
    must(ip_batch(inner(0), "link del vx0\n"));
    on(0, [&] {
        const NetworkSpec network = told(0, {0, 1});
        EXPECT_FALSE(must(machines[0]->networks.look(network.id, 1)).present);
    });
    apply({0, 1});
    EXPECT_TRUE(pings(one, "10.20.0.12"));
    must(runtime::remove_file(machines[0]->stage.paths.network(1) + "/record.json"));
    apply({0, 1});
    EXPECT_TRUE(pings(one, "10.20.0.12")) << "and again when nobody knows what stands";
}

// ---- what is refused ---------------------------------------------------------------------------

/// The bytes that another host's kernel would put around a frame; all of it can be wrong.
struct Forged {
    std::uint32_t vni = 0x050001;
    Mac to{0x52540000000b};
    Mac from{0x52540000000c};
    Ipv4 source{0x0a14000c};
    Ipv4 target{0x0a14000b};
    std::uint16_t source_port = 999;
    std::uint16_t target_port = 7777;
    std::uint64_t ethertype = 0x0800;
    std::string words{};

    static std::string number(std::uint64_t value, int bytes) {
        std::string text;
        for (int at = bytes - 1; at >= 0; --at) text += static_cast<char>(value >> (8 * at) & 0xff);
        return text;
    }
    std::string ipv4() const {
        const std::uint64_t size = 28 + words.size();
        std::string header = number(0x4500, 2) + number(size, 2) + number(0, 4) +
                             number(64 << 8 | 17, 2) + number(0, 2) + number(source.bits, 4) +
                             number(target.bits, 4);
        std::uint32_t sum = 0;
        for (std::size_t at = 0; at < header.size(); at += 2)
            sum += static_cast<std::uint32_t>(static_cast<unsigned char>(header[at]) << 8 |
                                              static_cast<unsigned char>(header[at + 1]));
        sum = (sum & 0xffff) + (sum >> 16);
        header.replace(10, 2, number(~(sum + (sum >> 16)), 2));
        return header + number(source_port, 2) + number(target_port, 2) +
               number(8 + words.size(), 2) + number(0, 2) + words;
    }
    std::string bytes() const {
        return number(0x08, 1) + number(0, 3) + number(vni, 3) + number(0, 1) + number(to.bits, 6) +
               number(from.bits, 6) + number(ethertype, 2) + ipv4();
    }
};

struct TunnelAttacked : TunnelReal {
    std::string guest;
    Fd ear;  ///< hears datagrams that reach the guest

    TunnelAttacked() {
        apply({0, 1});
        guest = plug(0, 0);
        must(in_namespace(guest, [&]() -> base::Status {
            ear = listening(7777);
            return {};
        }));
    }
    static Fd listening(std::uint16_t port) {
        Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_port = ::htons(port);
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        base::check(::bind(socket.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) == 0,
                    "a test can listen");
        return socket;
    }
    static void send(const Forged& forged, Ipv4 from, Ipv4 to = underlays[0]) {
        const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = ::htonl(from.bits);
        base::check(
            ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
            "a test has this address");
        address.sin_addr.s_addr = ::htonl(to.bits);
        address.sin_port = ::htons(tunnel_port);
        const std::string bytes = forged.bytes();
        EXPECT_EQ(::sendto(socket.get(), bytes.data(), bytes.size(), 0,
                           reinterpret_cast<sockaddr*>(&address), sizeof address),
                  static_cast<ssize_t>(bytes.size()));
    }
    /// The next datagram that the guest hears.
    std::string heard() {
        char buffer[256];
        const ssize_t size = ::recv(ear.get(), buffer, sizeof buffer, 0);
        return size < 0 ? "nothing" : std::string(buffer, static_cast<std::size_t>(size));
    }
    /// Whether it comes through: a frame that does is sent after it.
    bool arrives(const Forged& forged, Ipv4 from = underlays[1]) {
        on(1, [&] {
            Forged marked = forged;
            marked.words = "forged";
            send(marked, from);
            Forged good;
            good.words = "good";
            send(good, underlays[1]);
        });
        const std::string first = heard();
        const bool came = first == "forged";
        EXPECT_EQ(came ? heard() : first, "good");
        return came;
    }
};

TEST_F(TunnelAttacked, OnlyWhatThePortsOfThatHostMaySayComesThrough) {
    EXPECT_TRUE(arrives({}));
    EXPECT_FALSE(arrives({.from = {0x52540000000d}})) << "a MAC of nobody";
    EXPECT_FALSE(arrives({.from = {0x52540000000b}})) << "the MAC of a port here";
    EXPECT_FALSE(arrives({.from = gateway_mac})) << "the gateway's";
    EXPECT_FALSE(arrives({.from = router_mac(underlays[1])})) << "a gateway's, to a port";
    EXPECT_FALSE(arrives({.source = {0x0a14000d}})) << "another address";
    EXPECT_FALSE(arrives({.source = {0x0a140001}})) << "the gateway's address";
    EXPECT_FALSE(arrives({.vni = 0x050002})) << "another network";
    EXPECT_FALSE(arrives({.vni = 0x060001})) << "an earlier network of this number";
    EXPECT_FALSE(arrives({.ethertype = 0x0806})) << "ARP";
    EXPECT_FALSE(arrives({.to = {0xffffffffffff}})) << "to all";
    EXPECT_FALSE(arrives({.source_port = 67})) << "a server of addresses";
    EXPECT_TRUE(arrives({.to = {0x52540000000b}}));
}

TEST_F(TunnelAttacked, OnlyHostsThatHaveThePortSpeakForIt) {
    on(1, [&] { must(ip_batch("", "addr add 10.250.0.3/24 dev cable\n")); });
    EXPECT_FALSE(arrives({}, {0x0afa0003})) << "no host of the network";
    on(0, [&] {
        NetworkSpec moved = told(0, {0, 1});
        moved.peers[0].underlay = {0x0afa0003};
        moved.peers.push_back({{0x52540000000d}, {0x0a14000d}, underlays[1], true});
        must(machines[0]->networks.apply(moved));
    });
    on(1, [&] {
        Forged stale;
        stale.words = "stale";
        send(stale, underlays[1]);
        Forged fresh;
        fresh.words = "fresh";
        send(fresh, {0x0afa0003});
    });
    EXPECT_EQ(heard(), "fresh") << "the port is on another host now";
}

TEST_F(TunnelAttacked, AFreePortMaySayWhatItLikesByItsOwnMac) {
    on(0, [&] {
        NetworkSpec free = told(0, {0, 1});
        free.peers[0].anti_spoof = false;
        must(machines[0]->networks.apply(free));
    });
    EXPECT_TRUE(arrives({.source = {0x0a14000d}}));
    EXPECT_FALSE(arrives({.from = {0x52540000000d}}));
    EXPECT_FALSE(arrives({.to = gateway_mac}));
}

TEST_F(TunnelAttacked, TheGatewayIsForItsOwnGuestsAlone) {
    const std::string inside = inner(0);
    Fd server;
    must(in_namespace(inside, [&]() -> base::Status {
        server = listening(7778);
        return {};
    }));
    must(nft(inside, "insert rule inet vdc input udp dport 7778 accept\n"));
    const auto reaches = [&](const Forged& forged) {
        on(1, [&] { send(forged, underlays[1]); });
        EXPECT_TRUE(arrives({}));
        char buffer[256];
        return ::recv(server.get(), buffer, sizeof buffer, MSG_DONTWAIT) > 0;
    };
    const Mac router = router_mac(underlays[0]), other = router_mac(underlays[1]);
    const Forged gateway{
        .to = gateway_mac, .target = {0x0a140001}, .target_port = 7778, .words = "knock"};
    EXPECT_FALSE(reaches(gateway));
    Forged by_router = gateway;
    by_router.to = router;
    EXPECT_FALSE(reaches(by_router)) << "a guest of the other host";
    by_router.from = other;
    EXPECT_FALSE(reaches(by_router)) << "its gateway, and no front";
    must(ip_batch(inside, "addr add 100.96.0.9/32 dev lo\n"));
    by_router.target = front_address;
    EXPECT_TRUE(reaches(by_router)) << "its gateway, for a front here";
    by_router.from = Forged{}.from;
    EXPECT_FALSE(reaches(by_router)) << "not past its gateway";
}

TEST_F(TunnelAttacked, AGuestCannotSpeakAsItsHost) {
    const std::string other = plug(1, 1);
    Fd far_ear;
    must(in_namespace(other, [&]() -> base::Status {
        far_ear = listening(7777);
        return {};
    }));
    Forged forged;
    std::swap(forged.to, forged.from);
    std::swap(forged.source, forged.target);
    forged.words = "forged";
    must(in_namespace(guest, [&]() -> base::Status {
        send(forged, {0x0a14000b}, underlays[1]);
        return {};
    }));
    on(0, [&] {
        forged.words = "its host";
        send(forged, underlays[0], underlays[1]);
    });
    char buffer[256];
    const ssize_t size = ::recv(far_ear.get(), buffer, sizeof buffer, 0);
    EXPECT_EQ(std::string(buffer, size > 0 ? static_cast<std::size_t>(size) : 0), "its host");
}

}  // namespace
}  // namespace vdc::drivers::networks
