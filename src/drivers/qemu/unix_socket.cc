#include "drivers/qemu/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace vdc::drivers::qemu {

using base::Result;
using runtime::Fd;
using runtime::system_error;

namespace {

/// The address of a path by way of its opened folder, which keeps it short.
struct Address {
    Fd folder;
    sockaddr_un name{};
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

}  // namespace

static Result<Address> address_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    base::check(slash != std::string::npos, "the path of a socket is absolute");
    Address address;
    address.folder.reset(
        ::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!address.folder) return system_error(errno, "cannot open the folder of " + path);
    const std::string name =
        "/proc/self/fd/" + std::to_string(address.folder.get()) + path.substr(slash);
    base::check(name.size() < sizeof address.name.sun_path, "the name of a socket is too long");
    address.name.sun_family = AF_UNIX;
    std::memcpy(address.name.sun_path, name.c_str(), name.size() + 1);
    return address;
}

Result<Fd> listen_at(const std::string& path) {
    const Address address = TRY(address_of(path));
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return system_error(errno, "cannot make a socket");
    // The mode of the socket is the file's; the folder above is root's own until it is set.
    if (::bind(socket.get(), address.get(), sizeof address.name) != 0)
        return system_error(errno, "cannot bind " + path);
    if (::chmod(path.c_str(), 0600) != 0 || ::listen(socket.get(), 4) != 0)
        return system_error(errno, "cannot listen at " + path);
    return socket;
}

Result<Fd> connect_to(const std::string& path) {
    const Address address = TRY(address_of(path));
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return system_error(errno, "cannot make a socket");
    if (::connect(socket.get(), address.get(), sizeof address.name) != 0)
        return system_error(errno, "cannot connect to " + path);
    return socket;
}

}  // namespace vdc::drivers::qemu
