#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "cli/actions.h"

namespace vdc::cli {

using base::Error;
using base::Result;
using base::Status;

namespace {

/// The terminal gives every key as it is; as it was again at the end.
class RawTerminal {
  public:
    RawTerminal() {
        if (::isatty(0) == 0 || ::tcgetattr(0, &before_) != 0) return;
        termios raw = before_;
        ::cfmakeraw(&raw);
        changed_ = ::tcsetattr(0, TCSANOW, &raw) == 0;
    }
    ~RawTerminal() {
        if (changed_) ::tcsetattr(0, TCSANOW, &before_);
    }
    RawTerminal(const RawTerminal&) = delete;

  private:
    termios before_ = {};
    bool changed_ = false;
};

constexpr char leave_key = 0x1d;  // Ctrl-]

/// Keys to the console; false when the person wants to leave.
Result<bool> send_keys(wire::ClientWebSocket& socket) {
    std::array<char, 1024> keys{};
    const ssize_t count = ::read(0, keys.data(), keys.size());
    if (count <= 0) return false;
    const std::string_view typed(keys.data(), static_cast<std::size_t>(count));
    if (typed.find(leave_key) != std::string_view::npos) return false;
    TRY(socket.send(typed));
    return true;
}

Status converse(wire::ClientWebSocket& socket) {
    while (true) {
        while (auto message = TRY(socket.receive(std::chrono::milliseconds(0)))) {
            const std::string& bytes = message->bytes;
            if (::write(1, bytes.data(), bytes.size()) < 0) return {};
        }
        std::array<pollfd, 2> ends{{{0, POLLIN, 0}, {socket.fd(), POLLIN, 0}}};
        if (::poll(ends.data(), ends.size(), -1) < 0) return {};
        if (ends[0].revents != 0 && !TRY(send_keys(socket))) return {};
    }
}

}  // namespace

int console(Session& session, const std::string& name) {
    auto socket = session.websocket("/v1/instances/" + name + "/console");
    if (!socket.ok()) return say(socket.error());
    if (!session.common().quiet)
        std::fprintf(stderr, "serial console of %s; Ctrl-] leaves it\n", name.c_str());
    Status status;
    {
        const RawTerminal terminal;
        status = converse(**socket);
    }
    (*socket)->close();
    const bool over = !status.ok() && (*socket)->goodbye() == 1000;
    std::fprintf(stderr, "\n");
    return status.ok() || over ? 0 : say(status.error());
}

}  // namespace vdc::cli
