#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>

#include "drivers/jail/probe/attempt.h"

namespace probe {

template <class Address>
static long connects(int family, int type, const Address& address, std::size_t size) {
    const int fd = ::socket(family, type, 0);
    if (fd < 0) return -errno;
    const long outcome = result(
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)));
    ::close(fd);
    return outcome;
}

static sockaddr_in local(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static long connect_tcp(const Outside& outside) {
    const sockaddr_in address = local(outside.port);
    return connects(AF_INET, SOCK_STREAM, address, sizeof address);
}

static long connect_metadata(const Outside&) {
    sockaddr_in address = local(80);
    address.sin_addr.s_addr = ::inet_addr("169.254.169.254");
    return connects(AF_INET, SOCK_DGRAM, address, sizeof address);
}

/// A connected pair may be told to connect anew: that needs no socket().
static long reconnect_pair(const Outside& outside) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) return -errno;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ::strncpy(address.sun_path, outside.unix_path.c_str(), sizeof address.sun_path - 1);
    const long outcome =
        result(::connect(ends[0], reinterpret_cast<const sockaddr*>(&address), sizeof address));
    const long sent = result(
        ::sendto(ends[1], "x", 1, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    ::close(ends[0]);
    ::close(ends[1]);
    return outcome >= 0 ? outcome : sent;
}

static long connect_path(const Outside& outside) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ::strncpy(address.sun_path, outside.unix_path.c_str(), sizeof address.sun_path - 1);
    return connects(AF_UNIX, SOCK_STREAM, address, sizeof address);
}

static long connect_abstract(const Outside& outside) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ::memcpy(address.sun_path + 1, outside.abstract.data(), outside.abstract.size());
    return connects(AF_UNIX, SOCK_STREAM, address,
                    offsetof(sockaddr_un, sun_path) + 1 + outside.abstract.size());
}

static long listens(const Outside&) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return -errno;
    const sockaddr_in address = local(0);
    const long bound =
        result(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    ::close(fd);
    return bound;
}

std::vector<Attempt> attempts_on_networks() {
    return {
        {"connect to a TCP port of the host", connect_tcp, true},
        {"reach the metadata address", connect_metadata},
        {"connect to the API's socket", connect_path, true},
        {"connect to an abstract socket", connect_abstract, true},
        {"turn a pair of sockets to the API's", reconnect_pair},
        {"listen on a TCP port", listens, true},
        {"make a TCP socket for IPv6",
         [](const Outside&) { return opened(::socket(AF_INET6, SOCK_STREAM, 0)); }},
        {"make a UDP socket",
         [](const Outside&) { return opened(::socket(AF_INET, SOCK_DGRAM, 0)); }, true},
        {"make a raw socket",
         [](const Outside&) { return opened(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }, true},
        {"make a packet socket",
         [](const Outside&) { return opened(::socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))); },
         true},
        {"make a netlink socket",
         [](const Outside&) { return opened(::socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)); },
         true},
        {"make a socket to the machine below (vsock)",
         [](const Outside&) { return opened(::socket(AF_VSOCK, SOCK_STREAM, 0)); }},
        {"make a socket of the kernel's ciphers",
         [](const Outside&) { return opened(::socket(AF_ALG, SOCK_SEQPACKET, 0)); }},
    };
}

}  // namespace probe
