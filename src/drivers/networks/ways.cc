#include "drivers/networks/ways.h"

#include <fmt/format.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>

#include "drivers/networks/namespaces.h"
#include "drivers/networks/netlink.h"
#include "runtime/fd.h"

namespace vdc::drivers::networks {

using base::Result;
using base::Status;

/// By which our routes are known among others (rtnetlink(7): 4 and more are free).
static constexpr std::uint8_t route_protocol = 118;

Ways ways_of(const Tunnel& tunnel) {
    Ways ways;
    for (const control::PeerSpec& peer : tunnel.peers) {
        ways.frames[peer.mac] = peer.underlay;
        ways.neighbours[peer.address] = peer.mac;
    }
    for (const control::FarFrontSpec& front : tunnel.far_fronts) {
        const Mac router = router_mac(front.underlay);
        ways.frames[router] = front.underlay;
        ways.neighbours[front.address] = router;
        ways.routes.insert(front.address);
    }
    return ways;
}

std::string no_ways() {
    return fmt::format("route flush dev {0} proto {1}\nneigh flush dev {0} nud permanent\n",
                       bridge_device, route_protocol);
}

// ---- requests ----------------------------------------------------------------------------------

namespace {

enum class Deed { add, remove };

struct Devices {
    unsigned bridge = 0;
    unsigned tunnel = 0;
};

std::uint16_t create_flags(Deed deed) {
    return deed == Deed::add ? NLM_F_CREATE | NLM_F_REPLACE : 0;
}

std::uint16_t neighbour_type(Deed deed) {
    return deed == Deed::add ? RTM_NEWNEIGH : RTM_DELNEIGH;
}

/// In the bridge the MAC lies behind the tunnel, and in the tunnel behind the other host.
NetlinkMessage frame_way(Deed deed, const Devices& devices, Mac mac, Ipv4 host) {
    ndmsg header{};
    header.ndm_family = AF_BRIDGE;
    header.ndm_ifindex = static_cast<int>(devices.tunnel);
    header.ndm_state = NUD_NOARP | NUD_REACHABLE;
    header.ndm_flags = NTF_MASTER | NTF_SELF;
    NetlinkMessage message(neighbour_type(deed), create_flags(deed), header);
    message.add(NDA_LLADDR, mac_bytes(mac));
    if (deed == Deed::add) message.add(NDA_DST, address_field(host));
    return message;
}

NetlinkMessage neighbour(Deed deed, const Devices& devices, Ipv4 address, Mac mac) {
    ndmsg header{};
    header.ndm_family = AF_INET;
    header.ndm_ifindex = static_cast<int>(devices.bridge);
    header.ndm_state = NUD_PERMANENT;
    NetlinkMessage message(neighbour_type(deed), create_flags(deed), header);
    message.add(NDA_DST, address_field(address));
    return message.add(NDA_LLADDR, mac_bytes(mac));
}

NetlinkMessage route(Deed deed, const Devices& devices, Ipv4 address) {
    rtmsg header{};
    header.rtm_family = AF_INET;
    header.rtm_dst_len = 32;
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = route_protocol;
    header.rtm_scope = RT_SCOPE_LINK;
    header.rtm_type = RTN_UNICAST;
    NetlinkMessage message(deed == Deed::add ? RTM_NEWROUTE : RTM_DELROUTE, create_flags(deed),
                           header);
    message.add(RTA_DST, address_field(address));
    return message.add(RTA_OIF, devices.bridge);
}

}  // namespace

/// Entries of `some` that `others` lacks or has otherwise.
template <class Map>
static Map without(const Map& some, const Map& others) {
    Map rest;
    for (const auto& entry : some) {
        const auto found = others.find(entry.first);
        if (found == others.end() || found->second != entry.second) rest.insert(entry);
    }
    return rest;
}

static std::set<Ipv4> without(const std::set<Ipv4>& some, const std::set<Ipv4>& others) {
    std::set<Ipv4> rest = some;
    for (const Ipv4 other : others) rest.erase(other);
    return rest;
}

/// What goes from one to the other: first what vanishes, then what comes or is otherwise.
static std::vector<NetlinkMessage> requests(const Ways& before, const Ways& now,
                                            const Devices& devices) {
    std::vector<NetlinkMessage> all;
    for (const Ipv4 gone : without(before.routes, now.routes))
        all.push_back(route(Deed::remove, devices, gone));
    for (const auto& [address, mac] : before.neighbours)
        if (!now.neighbours.contains(address))
            all.push_back(neighbour(Deed::remove, devices, address, mac));
    for (const auto& [mac, host] : before.frames)
        if (!now.frames.contains(mac)) all.push_back(frame_way(Deed::remove, devices, mac, host));
    for (const auto& [mac, host] : without(now.frames, before.frames))
        all.push_back(frame_way(Deed::add, devices, mac, host));
    for (const auto& [address, mac] : without(now.neighbours, before.neighbours))
        all.push_back(neighbour(Deed::add, devices, address, mac));
    for (const Ipv4 fresh : without(now.routes, before.routes))
        all.push_back(route(Deed::add, devices, fresh));
    return all;
}

Status change_ways(const std::string& namespace_name, const Ways& before, const Ways& now) {
    if (before == now) return {};
    return in_namespace(namespace_name, [&]() -> Status {
        const Devices devices{::if_nametoindex(bridge_device), ::if_nametoindex(tunnel_device)};
        if (devices.bridge == 0 || devices.tunnel == 0)
            return runtime::system_error(errno, "cannot find the tunnel of " + namespace_name);
        return ask_routing(requests(before, now, devices),
                           "cannot set the ways through the tunnel of " + namespace_name);
    });
}

}  // namespace vdc::drivers::networks
