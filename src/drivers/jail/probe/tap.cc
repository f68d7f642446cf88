#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <thread>

#include "drivers/jail/probe/attempt.h"

/// A tap is a network card of the host whose rules know its address and its features: who has its
/// descriptor may pass frames through it, and change nothing about it. Each of these needs no
/// privilege but the descriptor, or one that root has outside.
namespace probe {

static long asks(const Outside& outside, unsigned long request, unsigned long argument) {
    return result(::ioctl(outside.tap, request, argument));
}

template <class Argument>
static long tells(const Outside& outside, unsigned long request, Argument argument) {
    return result(::ioctl(outside.tap, request, &argument));
}

static long changes_its_address(const Outside& outside) {
    ifreq request{};
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    ::memcpy(request.ifr_hwaddr.sa_data, "\x02\0\0\0\0\x99", 6);
    return tells(outside, SIOCSIFHWADDR, request);
}

/// Sends frames of its own choice to itself only.
static long filters_its_frames(const Outside& outside) {
    sock_filter pass_all[] = {{BPF_RET | BPF_K, 0, 0, 0xffff}};
    return tells(outside, TUNATTACHFILTER, sock_fprog{1, pass_all});
}

/// A descriptor of the namespace that the card is in.
static long finds_its_namespace(const Outside& outside) {
    return opened(::ioctl(outside.tap, SIOCGSKNS, 0));
}

int tap_of_its_own() {
    int tap = -1;
    // A thread, so that the others stay in the namespace where they are.
    std::thread([&] {
        if (::unshare(CLONE_NEWNET) != 0) return;
        tap = ::open("/dev/net/tun", O_RDWR);
        ifreq request{};
        request.ifr_flags = IFF_TAP | IFF_NO_PI;
        ::ioctl(tap, TUNSETIFF, &request);
    }).join();
    return tap;
}

std::vector<Attempt> attempts_on_the_tap() {
    return {
        {"change the tap's address", changes_its_address, true},
        {"filter the tap's frames", filters_its_frames, true},
        {"take the tap's filter away",
         [](const Outside& outside) { return asks(outside, TUNDETACHFILTER, 0); }, true},
        {"have the host finish the tap's checksums",
         [](const Outside& outside) { return asks(outside, TUNSETOFFLOAD, TUN_F_CSUM); }, true},
        {"let the tap hold more frames",
         [](const Outside& outside) { return tells(outside, TUNSETSNDBUF, 1 << 20); }, true},
        {"change the tap's frame header",
         [](const Outside& outside) { return tells(outside, TUNSETVNETHDRSZ, 12); }, true},
        {"pull the tap's cable",
         [](const Outside& outside) { return tells(outside, TUNSETCARRIER, 0); }, true},
        {"make the tap another kind of link",
         [](const Outside& outside) { return asks(outside, TUNSETLINK, ARPHRD_ETHER); }, true},
        {"give the tap to someone",
         [](const Outside& outside) { return asks(outside, TUNSETOWNER, ::getuid()); }, true},
        {"make the tap stay for ever",
         [](const Outside& outside) { return asks(outside, TUNSETPERSIST, 1); }, true},
        {"steer the tap's queues by a program",
         [](const Outside& outside) { return tells(outside, TUNSETSTEERINGEBPF, -1); }, true},
        {"find the tap's namespace", finds_its_namespace, true},
    };
}

}  // namespace probe
