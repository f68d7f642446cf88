#include "wire/channel.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace vdc::wire {

Channel::Moved Channel::read(char* to, std::size_t size) {
    ssize_t got = 0;
    do got = ::recv(fd(), to, size, 0);
    while (got < 0 && errno == EINTR);
    if (got > 0) return {Outcome::moved, static_cast<std::size_t>(got)};
    if (got == 0) return {Outcome::ended, 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Outcome::wait_readable, 0};
    return broken(std::system_category().message(errno));
}

/// One slice, by far the most frequent case, costs less by send().
static ssize_t send_slices(int fd, const iovec* from, int count) {
    if (count == 1) return ::send(fd, from->iov_base, from->iov_len, MSG_NOSIGNAL);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(from);
    message.msg_iovlen = static_cast<std::size_t>(count);
    return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

Channel::Moved Channel::write(const iovec* from, int count) {
    ssize_t sent = 0;
    do sent = send_slices(fd(), from, count);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0) return {Outcome::moved, static_cast<std::size_t>(sent)};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Outcome::wait_writable, 0};
    return broken(std::system_category().message(errno));
}

void Channel::shut_down_writing() {
    ::shutdown(fd(), SHUT_WR);  // fails only when the connection is gone already
}

}  // namespace vdc::wire
