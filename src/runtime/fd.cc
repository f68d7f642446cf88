#include "runtime/fd.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace vdc::runtime {

using Code = base::Error::Code;

static Code code_of(int errno_value) {
    switch (errno_value) {
        case ENOENT: return Code::not_found;
        case EEXIST: return Code::exists;
        case EACCES:
        case EPERM:
        case EROFS: return Code::forbidden;
        case ENOSPC:
        case EDQUOT:
        case ENOMEM:
        case EMFILE:
        case ENFILE: return Code::exhausted;
        case ENOSYS:
        case EOPNOTSUPP: return Code::unsupported;
        default: return Code::failed;
    }
}

base::Error system_error(int errno_value, std::string deed, std::string hint) {
    // std::system_category's message is thread-safe, strerror is not.
    return {code_of(errno_value),
            std::move(deed) + ": " + std::system_category().message(errno_value), std::move(hint)};
}

base::Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_error(errno, "cannot make a pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

base::Result<SocketPair> make_socket_pair(Blocking blocking) {
    int ends[2];
    const int flags = SOCK_CLOEXEC | (blocking == Blocking::no ? SOCK_NONBLOCK : 0);
    if (::socketpair(AF_UNIX, SOCK_STREAM | flags, 0, ends) != 0)
        return system_error(errno, "cannot make a pair of sockets");
    return SocketPair{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace vdc::runtime
