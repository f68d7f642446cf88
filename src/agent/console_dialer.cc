#include "agent/console_dialer.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "runtime/log.h"
#include "wire/socket_bridge.h"

namespace vdc::agent {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using namespace std::chrono_literals;

namespace {

/// The two ends of a call, and what is under way between them.
class Carrier {
  public:
    Carrier(wire::ClientWebSocket& socket, int console, int stop)
        : socket_(socket), console_(console), stop_(stop) {}

    /// Until the console is over, or anything ends that should not.
    Status run() {
        while (!console_is_over_) {
            moved_ = false;
            TRY(hear());
            type();
            TRY(tell());
            if (!moved_ && !console_is_over_) TRY(wait());
        }
        socket_.close();
        return {};
    }

  private:
    std::uint64_t ahead() const { return sent_ - std::min(sent_, taken_); }
    bool may_send() const { return ahead() < wire::bridge_ahead_max; }

    /// While the console takes nothing, nothing more is heard.
    Status hear() {
        while (typed_.empty()) {
            auto message = TRY(socket_.receive(0ms));
            if (!message) return {};
            moved_ = true;
            const std::string& bytes = message->bytes;
            if (message->kind == wire::WebSocket::Kind::text)
                std::from_chars(bytes.data(), bytes.data() + bytes.size(), taken_);
            else
                typed_ = std::move(message->bytes);
        }
        return {};
    }

    void type() {
        if (typed_.empty()) return;
        const ssize_t count =
            ::send(console_, typed_.data(), typed_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR) console_is_over_ = true;
        if (count <= 0) return;
        typed_.erase(0, static_cast<std::size_t>(count));
        moved_ = true;
    }

    Status tell() {
        if (!may_send() || console_is_over_) return {};
        std::array<char, 16 << 10> bytes;
        const ssize_t count = ::recv(console_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        moved_ = true;
        console_is_over_ = count <= 0;
        if (console_is_over_) return {};
        sent_ += static_cast<std::uint64_t>(count);
        return socket_.send({bytes.data(), static_cast<std::size_t>(count)});
    }

    Status wait() {
        short at_console = may_send() ? POLLIN : 0;
        if (!typed_.empty()) at_console |= POLLOUT;
        const short at_socket = typed_.empty() ? POLLIN : POLLRDHUP;
        std::array<pollfd, 3> ends{{{at_console != 0 ? console_ : -1, at_console, 0},
                                    {socket_.fd(), at_socket, 0},
                                    {stop_, POLLIN, 0}}};
        ::poll(ends.data(), ends.size(), -1);
        if (ends[2].revents != 0) return Error{Error::Code::unavailable, "this host's daemon ends"};
        if (!typed_.empty() && ends[1].revents != 0)
            return Error{Error::Code::unavailable, "who typed has left"};
        return {};
    }

    wire::ClientWebSocket& socket_;
    const int console_;
    const int stop_;
    std::string typed_;  ///< that the console has not taken
    std::uint64_t sent_ = 0;
    std::uint64_t taken_ = 0;  ///< of that, at the other end
    bool moved_ = false;
    bool console_is_over_ = false;
};

}  // namespace

ConsoleDialer::ConsoleDialer(std::string path, Open open, Refuse refuse)
    : path_(std::move(path)), open_(std::move(open)), refuse_(std::move(refuse)) {
    auto pipe = runtime::make_pipe();
    base::check(pipe.ok(), "a pipe can be made");
    stop_ = std::move(*pipe);
}

ConsoleDialer::~ConsoleDialer() {
    stop_.write.reset();
    for (Call& call : calls_) call.thread.join();
}

void ConsoleDialer::dial(wire::Endpoint where, control::OpenConsole asked) {
    const std::lock_guard lock(mutex_);
    std::erase_if(calls_, [](Call& call) {
        const bool over = *call.over;
        if (over) call.thread.join();
        return over;
    });
    if (calls_.size() >= calls_max)
        return refuse_(asked.session,
                       {Error::Code::exhausted,
                        "the host has " + std::to_string(calls_max) + " consoles open already",
                        "close one of them"});
    const auto over = std::make_shared<std::atomic<bool>>(false);
    calls_.push_back({std::thread([this, where = std::move(where), asked = std::move(asked), over] {
                          serve(where, asked);
                          *over = true;
                      }),
                      over});
}

/// The console of an instance that runs here, or its log: what is not here cannot be opened.
void ConsoleDialer::serve(const wire::Endpoint& where, const control::OpenConsole& asked) {
    const Result<Fd> console = open_(asked.wish);
    if (!console.ok()) return refuse_(asked.session, console.error());
    wire::ClientLimits limits;
    limits.connect_time = 3s;
    limits.answer_time = 5s;
    const auto client = wire::Client::connect(where, limits);
    if (!client.ok()) return refuse_(asked.session, client.error());
    const auto socket = (*client)->connect_websocket({.path = path_ + asked.session});
    if (!socket.ok()) return refuse_(asked.session, socket.error());
    const Status ended = Carrier(**socket, console->get(), stop_.read.get()).run();
    // Whoever looked at it has left: that is how most end.
    if (!ended.ok() && ended.error().code != Error::Code::unavailable)
        runtime::log().warning("console", "a console's call broke off",
                               {{"error", text(ended.error())}});
}

}  // namespace vdc::agent
