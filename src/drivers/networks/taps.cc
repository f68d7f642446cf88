#include "drivers/networks/taps.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "drivers/networks/namespaces.h"

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

Status set_tap(const std::string& namespace_name, const PortSpec& port, const std::string& tap,
               int mtu) {
    TRY(ip_batch(namespace_name, tap_links(port, tap, mtu)));
    return bridge_batch(namespace_name, tap_neighbours(port, tap));
}

Result<Fd> make_tap(const std::string& namespace_name, const PortSpec& port, const std::string& tap,
                    int mtu) {
    Fd file;
    const auto open = [&]() -> Status {
        file = TRY(attach(tap));
        return {};
    };
    TRY(in_namespace(namespace_name, open));
    TRY(set_tap(namespace_name, port, tap, mtu));
    return file;
}

Status remove_tap(const std::string& namespace_name, const std::string& tap) {
    if (!namespace_exists(namespace_name)) return {};
    bool there = false;
    TRY(in_namespace(namespace_name, [&]() -> Status {
        there = ::if_nametoindex(tap.c_str()) != 0;
        return {};
    }));
    return there ? ip_batch(namespace_name, "link del " + tap + "\n") : Status{};
}

}  // namespace vdc::drivers::networks
