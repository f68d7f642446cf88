#include "drivers/networks/taps.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "drivers/networks/namespaces.h"
#include "drivers/networks/netlink.h"

namespace vdc::drivers::networks {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;

/// In the namespace of the calling thread. Without IFF_VNET_HDR: with it, a guest has the kernel
/// write two bytes wherever it likes into a frame that the rules have let pass (see spoof tests).
static Result<Fd> attach(const std::string& tap) {
    Fd file(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    if (!file)
        return system_error(errno, "cannot open /dev/net/tun", "load the kernel module `tun`");
    ifreq request{};
    std::strncpy(request.ifr_name, tap.c_str(), IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (::ioctl(file.get(), TUNSETIFF, &request) == 0) return file;
    if (errno == EBUSY)
        return Error{Error::Code::conflict, "another process has the tap " + tap + " open",
                     "end the instance that runs on this port first"};
    return system_error(errno, "cannot make the tap " + tap);
}

static Result<unsigned> index_of(const std::string& device) {
    const unsigned index = ::if_nametoindex(device.c_str());
    if (index != 0) return index;
    return system_error(errno, "cannot find the device " + device);
}

static ifinfomsg link(int family, unsigned index) {
    ifinfomsg header{};
    header.ifi_family = static_cast<unsigned char>(family);
    header.ifi_index = static_cast<int>(index);
    return header;
}

/// No IPv6 address of the host's own on it.
static NetlinkMessage into_bridge(unsigned tap, unsigned bridge, int mtu) {
    NetlinkMessage message(RTM_NEWLINK, 0, link(AF_UNSPEC, tap));
    message.add(IFLA_MTU, static_cast<std::uint32_t>(mtu)).add(IFLA_MASTER, bridge);
    message.begin(IFLA_AF_SPEC).begin(AF_INET6);
    return message.add(IFLA_INET6_ADDR_GEN_MODE, std::uint8_t{IN6_ADDR_GEN_MODE_NONE}).end().end();
}

static NetlinkMessage bridge_flags(unsigned tap, bool anti_spoof) {
    const std::uint8_t spoof = anti_spoof ? 0 : 1;
    NetlinkMessage message(RTM_SETLINK, 0, link(AF_BRIDGE, tap));
    message.begin(IFLA_PROTINFO);
    message.add(IFLA_BRPORT_LEARNING, spoof).add(IFLA_BRPORT_UNICAST_FLOOD, spoof);
    return message.add(IFLA_BRPORT_MCAST_FLOOD, std::uint8_t{1}).end();
}

static NetlinkMessage nailed(Mac mac, unsigned tap) {
    ndmsg header{};
    header.ndm_family = AF_BRIDGE;
    header.ndm_ifindex = static_cast<int>(tap);
    header.ndm_state = NUD_NOARP;
    header.ndm_flags = NTF_MASTER | NTF_STICKY;
    std::string address;
    for (int byte = 5; byte >= 0; --byte)
        address += static_cast<char>(mac.bits >> (8 * byte) & 0xff);
    NetlinkMessage message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header);
    return message.add(NDA_LLADDR, address);
}

static NetlinkMessage up(unsigned tap) {
    ifinfomsg header = link(AF_UNSPEC, tap);
    header.ifi_flags = header.ifi_change = IFF_UP;
    return NetlinkMessage(RTM_NEWLINK, 0, header);
}

/// In the namespace of the calling thread.
static Status set_here(const PortSpec& port, const std::string& tap, int mtu) {
    const unsigned index = TRY(index_of(tap));
    const unsigned bridge = TRY(index_of(bridge_device));
    return ask_routing({into_bridge(index, bridge, mtu), bridge_flags(index, port.anti_spoof),
                        nailed(port.mac, index), up(index)},
                       "cannot put the tap " + tap + " into the bridge");
}

Status set_tap(const std::string& namespace_name, const PortSpec& port, const std::string& tap,
               int mtu) {
    return in_namespace(namespace_name, [&] { return set_here(port, tap, mtu); });
}

Result<Fd> make_tap(const std::string& namespace_name, const PortSpec& port, const std::string& tap,
                    int mtu) {
    Fd file;
    const auto make = [&]() -> Status {
        file = TRY(attach(tap));
        return set_here(port, tap, mtu);
    };
    TRY(in_namespace(namespace_name, make));
    return file;
}

Result<Fd> make_tap_aside(const std::string& namespace_name, const std::string& tap) {
    Fd file;
    const auto make = [&]() -> Status {
        file = TRY(attach(tap));
        return {};
    };
    TRY(in_namespace(namespace_name, make));
    return file;
}

Status remove_tap(const std::string& namespace_name, const std::string& tap) {
    if (!namespace_exists(namespace_name)) return {};
    return in_namespace(namespace_name, [&]() -> Status {
        const unsigned index = ::if_nametoindex(tap.c_str());
        if (index == 0) return {};
        const Status removed = ask_routing({NetlinkMessage(RTM_DELLINK, 0, link(AF_UNSPEC, index))},
                                           "cannot remove the tap " + tap);
        // It goes by itself when whoever held it ends.
        return ::if_nametoindex(tap.c_str()) == 0 ? Status() : removed;
    });
}

}  // namespace vdc::drivers::networks
