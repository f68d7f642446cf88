#include "wire/sockets.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;
using std::chrono::milliseconds;

static constexpr int backlog = 4096;

namespace {
/// A socket address of any family.
struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
    int family() const { return bytes.ss_family; }
};
}  // namespace

static Result<Address> address_of_path(const std::string& path) {
    Address address;
    auto* const unix_address = reinterpret_cast<sockaddr_un*>(&address.bytes);
    if (path.empty() || path.size() >= sizeof unix_address->sun_path ||
        path.find('\0') != std::string::npos)
        return Error{Error::Code::invalid,
                     "'" + base::quoted(path) + "' cannot be the path of a unix socket",
                     "use a path of 1 to 107 bytes"};
    unix_address->sun_family = AF_UNIX;
    std::memcpy(unix_address->sun_path, path.c_str(), path.size() + 1);
    address.size = static_cast<socklen_t>(sizeof(sa_family_t) + path.size() + 1);
    return address;
}

static Result<Address> numeric_address(const std::string& text, std::uint16_t port) {
    Address address;
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
    if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.size = sizeof *v4;
    } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.size = sizeof *v6;
    } else {
        return Error{Error::Code::invalid, "'" + base::quoted(text) + "' is no IP address",
                     "give one such as 127.0.0.1, 0.0.0.0 or ::"};
    }
    return address;
}

bool is_ip_address(const std::string& text) {
    std::array<unsigned char, 16> bits{};
    return inet_pton(AF_INET, text.c_str(), bits.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), bits.data()) == 1;
}

bool is_loopback(const std::string& host) {
    in_addr v4{};
    if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
    in6_addr v6{};
    if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
    return host == "localhost";
}

static Result<Fd> stream_socket(int family) {
    Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return system_error(errno, "cannot make a socket");
    return fd;
}

// ---- connecting

static milliseconds until(std::chrono::steady_clock::time_point end) {
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    return std::max(left, milliseconds(0));
}

static Status wait_connected(int fd, milliseconds limit, const std::string& deed) {
    pollfd waiting{fd, POLLOUT, 0};
    const auto end = std::chrono::steady_clock::now() + limit;
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
        const int ready =
            ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
        if (ready > 0) break;
        if (ready == 0) return Error{Error::Code::timed_out, deed + ": no answer"};
        if (errno != EINTR) return system_error(errno, deed);
    }
    int failure = 0;
    socklen_t size = sizeof failure;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    return failure == 0 ? Status{} : system_error(failure, deed);
}

static Result<Fd> connected(const Address& address, milliseconds limit, const std::string& deed) {
    Fd fd = TRY(stream_socket(address.family()));
    if (::connect(fd.get(), address.get(), address.size) == 0) return fd;
    // A unix socket whose queue is full answers EAGAIN and cannot be polled for room.
    if (errno == EAGAIN) return Error{Error::Code::unavailable, deed + ": the server is busy"};
    if (errno != EINPROGRESS && errno != EINTR) return system_error(errno, deed);
    if (Status done = wait_connected(fd.get(), limit, deed); !done.ok()) return done.error();
    return fd;
}

void tune(int socket) {
    const int on = 1;
    const int idle_seconds = 60;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
}

Result<Fd> begin_to_connect(const Endpoint& endpoint) {
    const Address address = TRY(endpoint.kind == Endpoint::Kind::unix_socket
                                    ? address_of_path(endpoint.path)
                                    : numeric_address(endpoint.host, endpoint.port));
    Fd fd = TRY(stream_socket(address.family()));
    if (::connect(fd.get(), address.get(), address.size) == 0 || errno == EINPROGRESS) return fd;
    return system_error(errno, "cannot reach " + text(endpoint));
}

/// Nobody there is `unavailable`; no such path stays `not_found`.
static Error not_reached(Error error, const std::string& hint) {
    if (error.code == Error::Code::failed) error.code = Error::Code::unavailable;
    error.hint = hint;
    return error;
}

Result<Fd> connect_to_path(const std::string& path, milliseconds limit) {
    const Address address = TRY(address_of_path(path));
    Result<Fd> fd = connected(address, limit, "cannot reach the server at '" + path + "'");
    if (fd.ok()) return fd;
    return not_reached(fd.error(), "is vdc running? `vdc up` starts it");
}

Result<Fd> connect_to_port(const std::string& host, std::uint16_t port, milliseconds limit) {
    const std::string deed =
        "cannot reach '" + base::quoted(host) + "' port " + std::to_string(port);
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV | (is_ip_address(host) ? AI_NUMERICHOST : AI_ADDRCONFIG);
    addrinfo* found = nullptr;
    const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
    if (failure != 0)
        return Error{Error::Code::not_found, deed + ": " + gai_strerror(failure),
                     "check the name of the server"};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    Error last{Error::Code::unavailable, deed};
    const auto end = std::chrono::steady_clock::now() + limit;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        Address address;
        std::memcpy(&address.bytes, at->ai_addr, at->ai_addrlen);
        address.size = at->ai_addrlen;
        Result<Fd> fd = connected(address, until(end), deed);
        if (!fd.ok()) {
            last = fd.error();
            continue;
        }
        tune(fd->get());
        return fd;
    }
    return not_reached(last, "is the server running and its port open?");
}

// ---- listening

/// Frees the path for a new socket, unless somebody answers there.
static Status clear_path(const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {};
        return system_error(errno, "cannot look at '" + path + "'");
    }
    if (!S_ISSOCK(found.st_mode))
        return Error{Error::Code::exists, "'" + path + "' is there and is no socket",
                     "remove it, or listen at another path"};
    const Address address = TRY(address_of_path(path));
    const Result<Fd> reached =
        connected(address, std::chrono::seconds(1), "cannot look who is at '" + path + "'");
    if (reached.ok() || reached.error().code == Error::Code::unavailable)
        return Error{Error::Code::conflict, "another server answers at '" + path + "'",
                     "stop it, or listen at another path"};
    if (reached.error().code == Error::Code::forbidden) return reached.error();
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return system_error(errno, "cannot remove the stale socket '" + path + "'");
}

Result<Fd> listen_on_path(const std::string& path, unsigned mode) {
    const Address address = TRY(address_of_path(path));
    if (Status clear = clear_path(path); !clear.ok()) return clear.error();
    const std::string deed = "cannot listen at '" + path + "'";
    Fd fd = TRY(stream_socket(AF_UNIX));
    // bind() gives the path the bits of the socket itself: never more than these, not for a moment.
    if (::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0 ||
        ::bind(fd.get(), address.get(), address.size) != 0)
        return system_error(errno, deed);
    // The umask may have taken bits away.
    if (::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0 || ::listen(fd.get(), backlog) != 0) {
        const Error error = system_error(errno, deed);
        ::unlink(path.c_str());
        return error;
    }
    return fd;
}

static Error cannot_listen(const std::string& address, std::uint16_t port, int failure) {
    const std::string deed = "cannot listen at " + address + " port " + std::to_string(port);
    if (failure != EADDRINUSE) return system_error(failure, deed);
    return Error{Error::Code::conflict, deed + ": the port is in use",
                 "choose another port, or stop who has it: ss -ltnp 'sport = :" +
                     std::to_string(port) + "'"};
}

Result<Fd> listen_on_port(const std::string& address, std::uint16_t port) {
    const Address numeric = TRY(numeric_address(address, port));
    Fd fd = TRY(stream_socket(numeric.family()));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), numeric.get(), numeric.size) != 0 || ::listen(fd.get(), backlog) != 0)
        return cannot_listen(address, port, errno);
    return fd;
}

std::uint16_t bound_port(int socket) {
    Address address;
    address.size = sizeof address.bytes;
    if (::getsockname(socket, address.get(), &address.size) != 0) return 0;
    if (address.family() == AF_INET)
        return ntohs(reinterpret_cast<const sockaddr_in*>(&address.bytes)->sin_port);
    if (address.family() == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.bytes)->sin6_port);
    return 0;
}

// ---- the other end

static std::string text_of(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.family() == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.bytes);
        inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
        return std::string(text.data()) + ":" + std::to_string(ntohs(v4->sin_port));
    }
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.bytes);
    inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6->sin6_port));
}

Peer peer_of(int socket, bool tls) {
    Address address;
    address.size = sizeof address.bytes;
    Peer peer;
    if (::getpeername(socket, address.get(), &address.size) != 0) address.bytes.ss_family = AF_UNIX;
    if (address.family() == AF_INET || address.family() == AF_INET6) {
        peer.kind = tls ? Peer::Kind::tls : Peer::Kind::tcp;
        peer.address = text_of(address);
        return peer;
    }
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0) peer.uid = who.uid;
    return peer;
}

}  // namespace vdc::wire
