#include "drivers/fronts/admin.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "runtime/fd.h"

namespace vdc::drivers::fronts {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;

static constexpr std::size_t answer_size_max = 1 << 20;

static Result<Fd> connect_to(const std::string& path) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    if (path.size() >= sizeof where.sun_path)
        return Error{Error::Code::invalid, "the path " + path + " is too long for a socket",
                     "choose a shorter run folder"};
    std::memcpy(where.sun_path, path.data(), path.size());
    Fd file(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{5, 0};
    ::setsockopt(file.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(file.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (!file || ::connect(file.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) != 0)
        return Error{Error::Code::unavailable,
                     "HAProxy does not listen on " + path + ": " + std::strerror(errno)};
    return file;
}

Result<std::string> ask(const std::string& socket, const std::string& line) {
    const Fd file = TRY(connect_to(socket));
    const std::string request = line + "\n";
    if (::send(file.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
        return system_error(errno, "cannot ask HAProxy '" + line + "'");
    std::string answer;
    char buffer[16384];
    for (;;) {
        const ssize_t size = ::read(file.get(), buffer, sizeof buffer);
        if (size == 0) return answer;
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return system_error(errno, "HAProxy did not answer '" + line + "'");
        answer.append(buffer, static_cast<std::size_t>(size));
        if (answer.size() > answer_size_max)
            return Error{Error::Code::too_large, "HAProxy says too much to '" + line + "'"};
    }
}

Status tell(const std::string& socket, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        std::string answer = TRY(ask(socket, line));
        std::erase(answer, '\n');
        if (answer.empty() || answer == "New server registered.") continue;
        return Error{Error::Code::failed,
                     "HAProxy answered '" + base::quoted(answer) + "' to '" + line + "'"};
    }
    return {};
}

}  // namespace vdc::drivers::fronts
