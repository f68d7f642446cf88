#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <map>
#include <set>
#include <thread>

#include "drivers/networks/frames_test_util.h"
#include "drivers/networks/namespaces.h"
#include "drivers/networks/networks.h"
#include "drivers/networks/stage_test_util.h"
#include "runtime/fd.h"

/// A guest that owns its tap writes what it likes. Whom does it reach?
namespace vdc::drivers::networks {
namespace {

using control::NetworkSpec;
using control::PortSpec;
using frames::Bytes;
using frames::Kind;
using runtime::Fd;

constexpr std::uint64_t everyone = 0xffffffffffff;

/// Somebody who hears frames: a tap, or a packet socket.
struct Ear {
    std::string name;
    Fd file;

    /// Marks of the frames that lie there now.
    std::set<std::uint32_t> marks() {
        std::set<std::uint32_t> found;
        Bytes buffer(65536);
        for (ssize_t size; (size = ::read(file.get(), buffer.data(), buffer.size())) >= 0;)
            found.insert(frames::mark_in(Bytes(buffer.begin(), buffer.begin() + size)));
        return found;
    }
};

/// Frames that pass up into a network's namespace. On the bridge: all of them. On any device, and
/// of one type: those too that a bridge hands on to its host unbridged (LLDP and their like).
Fd packet_socket(const std::string& namespace_name, const char* device, int protocol) {
    Fd file;
    const auto open = [&]() -> base::Status {
        file = Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_ll where{};
        where.sll_family = AF_PACKET;
        where.sll_protocol = ::htons(static_cast<std::uint16_t>(protocol));
        where.sll_ifindex = device == nullptr ? 0 : static_cast<int>(::if_nametoindex(device));
        if (::bind(file.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
            return runtime::system_error(errno, "cannot listen to packets");
        return {};
    };
    must(in_namespace(namespace_name, open));
    return file;
}

struct Spoof : testing::Test {
    void SetUp() override {
        // Frames keep their order as long as one processor handles them.
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(0, &one);
        ::sched_getaffinity(0, sizeof before, &before);
        ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
        must(networks.apply(near));
        must(networks.apply(far));
        attacker = open(near, near.ports[0]);
        ears.push_back({"the victim", open(near, near.ports[1])});
        ears.push_back({"a guest of another network", open(far, far.ports[0])});
        listen_in(near, "the gateway");
        listen_in(far, "another network's gateway");
        hear();
    }
    void TearDown() override { ::sched_setaffinity(0, sizeof before, &before); }

    Fd open(const NetworkSpec& network, const PortSpec& port) {
        Fd tap(must(networks.open_tap({.port = port.id,
                                       .network = network.id,
                                       .network_number = network.number,
                                       .mac = port.mac})));
        ::fcntl(tap.get(), F_SETFL, O_NONBLOCK);
        return tap;
    }

    void listen_in(const NetworkSpec& network, const std::string& name) {
        const std::string inner = stage.paths.network_namespace(network.number);
        ears.push_back({name, packet_socket(inner, "br0", ETH_P_ALL)});
        for (const int type : {0x88cc, 0x888e, 0x8809, ETH_P_802_2, ETH_P_PAUSE})
            ears.push_back({name + ", unbridged", packet_socket(inner, nullptr, type)});
    }

    void send(const Bytes& frame) {
        ASSERT_EQ(::write(attacker.get(), frame.data(), frame.size()),
                  static_cast<ssize_t>(frame.size()));
    }

    /// Who heard which mark since the last time.
    std::map<std::uint32_t, std::set<std::string>> hear() {
        std::map<std::uint32_t, std::set<std::string>> heard;
        for (Ear& ear : ears)
            for (const std::uint32_t mark : ear.marks())
                if (mark != 0) heard[mark].insert(ear.name);
        return heard;
    }

    /// Sends a frame, then one that everybody near may hear; when that one has come, whatever
    /// became of the first is done. Who heard the first.
    std::set<std::string> listeners_of(const Bytes& frame) {
        const std::uint32_t mark = ++last_mark;
        const std::uint32_t fence = ++last_mark;
        send(frames::marked(frame, mark));
        send(frames::marked(frames::honest_kinds()[0].make(cast, everyone), fence));
        std::map<std::uint32_t, std::set<std::string>> heard;
        for (int tries = 0; tries < 50 && !fence_passed(heard[fence]); ++tries) {
            pollfd victim{ears[0].file.get(), POLLIN, 0};
            ::poll(&victim, 1, 100);
            for (auto& [number, names] : hear()) heard[number].insert(names.begin(), names.end());
        }
        EXPECT_TRUE(fence_passed(heard[fence])) << "honest frames do not pass";
        return heard[mark];
    }
    static bool fence_passed(const std::set<std::string>& names) {
        return names.contains("the victim") && names.contains("the gateway");
    }

    Stage stage;
    Networks networks{stage.paths};
    NetworkSpec near = a_network(1, 2);
    NetworkSpec far = a_network(2, 1);
    Fd attacker;
    std::vector<Ear> ears;
    frames::Cast cast{.own_mac = near.ports[0].mac.bits,
                      .victim_mac = near.ports[1].mac.bits,
                      .gateway_mac = gateway_mac.bits,
                      .own_address = near.ports[0].address.bits,
                      .victim_address = near.ports[1].address.bits,
                      .gateway_address = near.gateway.bits};
    std::uint32_t last_mark = 0;
    cpu_set_t before;
};

TEST_F(Spoof, ForgedFramesReachNobody) {
    const std::vector<Kind> kinds = frames::forged_kinds();
    EXPECT_GE(kinds.size(), 100u);
    for (const Kind& kind : kinds)
        for (const std::uint64_t to : {cast.victim_mac, cast.gateway_mac, everyone})
            EXPECT_EQ(listeners_of(kind.make(cast, to)), std::set<std::string>{}) << kind.name;
}

TEST_F(Spoof, HonestFramesArrive) {
    for (const Kind& kind : frames::honest_kinds()) {
        EXPECT_EQ(listeners_of(kind.make(cast, cast.victim_mac)),
                  std::set<std::string>{"the victim"})
            << kind.name;
        EXPECT_EQ(listeners_of(kind.make(cast, cast.gateway_mac)),
                  std::set<std::string>{"the gateway"})
            << kind.name;
    }
}

/// What the first test forges does arrive where no rule stands in its way: it tests the rules and
/// not a clumsy generator.
TEST_F(Spoof, WithoutTheRulesForgedFramesWouldArrive) {
    near.ports[0].anti_spoof = false;
    must(networks.apply(near));
    for (const Kind& kind : frames::forged_kinds()) {
        const bool arrived = listeners_of(kind.make(cast, cast.victim_mac)).contains("the victim");
        EXPECT_EQ(arrived, !kind.bridge_refuses) << kind.name;
    }
}

/// While other ports come and go, a forged frame before each honest one: no forged one may pass,
/// and no honest one may be lost.
TEST_F(Spoof, ChangingOtherPortsOpensNoGap) {
    const Bytes forged = frames::forged_kinds()[0].make(cast, cast.victim_mac);
    const Bytes honest = frames::honest_kinds()[0].make(cast, cast.victim_mac);
    std::set<std::string> fooled;
    int lost = 0;
    int sent = 0;
    std::atomic<bool> done = false;
    std::thread traffic([&] {
        ::sched_setaffinity(0, sizeof before, &before);
        for (; !done; ++sent) {
            const std::uint32_t mark = ++last_mark;
            const std::uint32_t honest_mark = ++last_mark;
            send(frames::marked(forged, mark));
            send(frames::marked(honest, honest_mark));
            pollfd victim{ears[0].file.get(), POLLIN, 0};
            const bool came = ::poll(&victim, 1, 1000) == 1;
            auto heard = hear();
            lost += !came || !heard.contains(honest_mark);
            fooled.merge(heard[mark]);
        }
    });
    NetworkSpec changed = near;
    for (int round = 0; round < 20; ++round) {
        changed.ports = a_network(1, round % 2 == 0 ? 3 : 2).ports;
        must(networks.apply(changed));
    }
    done = true;
    traffic.join();
    EXPECT_EQ(fooled, std::set<std::string>{});
    EXPECT_EQ(lost, 0) << "of " << sent;
    EXPECT_GT(sent, 100);
}

/// With a struct virtio_net_hdr before each frame (IFF_VNET_HDR), a guest may ask the kernel to
/// write a checksum wherever it likes, and the kernel does so on the way out to the victim, after
/// all rules: into the sender's address of an ARP, for example. So taps have no such header.
TEST_F(Spoof, NobodyWritesIntoAFrameThatWasJudged) {
    ifreq request{};
    ASSERT_EQ(::ioctl(attacker.get(), TUNGETIFF, &request), 0);
    EXPECT_EQ(request.ifr_flags & IFF_VNET_HDR, 0);
    Bytes header(10);
    header[0] = 1;   // VIRTIO_NET_HDR_F_NEEDS_CSUM
    header[6] = 20;  // from the middle of the ARP
    header[8] = 10;  // at the end of its sender's address
    const Bytes honest = frames::honest_kinds()[0].make(cast, cast.victim_mac);
    Bytes bytes = header;
    bytes.insert(bytes.end(), honest.begin(), honest.end());
    EXPECT_EQ(listeners_of(bytes), std::set<std::string>{});
}

TEST_F(Spoof, APortThatTheNetworkDoesNotKnowDoesNotOpen) {
    const PortSpec stranger = a_network(1, 3).ports[2];
    const auto refused = networks.open_tap(
        {.port = stranger.id, .network = near.id, .network_number = 1, .mac = stranger.mac});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::Error::Code::conflict);
}

TEST_F(Spoof, APortOpensOnlyOnce) {
    const PortSpec& port = near.ports[0];
    const auto refused = networks.open_tap(
        {.port = port.id, .network = near.id, .network_number = 1, .mac = port.mac});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::Error::Code::conflict);
}

TEST_F(Spoof, FramesForOthersAreNotFloodedToAPort) {
    cast.victim_mac = 0x525400ffffff;
    EXPECT_EQ(listeners_of(frames::honest_kinds()[4].make(cast, 0x525400ffffff)),
              std::set<std::string>{});
}

}  // namespace
}  // namespace vdc::drivers::networks
