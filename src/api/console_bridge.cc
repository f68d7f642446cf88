#include "api/console_bridge.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "wire/event_loop.h"

namespace vdc::api {

using base::Error;
using base::Result;

namespace {

constexpr std::size_t to_person_max = 256 << 10;   ///< beyond this the console is not read
constexpr std::size_t to_console_max = 256 << 10;  ///< beyond this the person is cut off

/// One console and one person. All on the loop's thread but the WebSocket's own calls.
class Span final : public wire::Watcher, public std::enable_shared_from_this<Span> {
  public:
    Span(std::shared_ptr<wire::EventLoop> loop, runtime::Fd console)
        : loop_(std::move(loop)), console_(std::move(console)) {}

    void open(wire::WebSocket person) {
        person_.emplace(std::move(person));
        person_->on_drained([weak = weak_from_this(), loop = loop_] {
            loop->post([weak] {
                if (const auto self = weak.lock()) self->settle();
            });
        });
        id_ = loop_->next_id();
        watched_ = EPOLLIN;
        if (!loop_->watch(id_, console_.get(), watched_, shared_from_this()).ok()) end(1011);
    }

    void type(std::string_view bytes) {
        if (!console_) return;
        typed_ += bytes;
        if (typed_.size() > to_console_max) return end(1009);
        write_on();
        settle();
    }

    /// Either side is over.
    void end(std::uint16_t code) {
        if (!console_) return;
        const auto self = shared_from_this();
        loop_->forget(id_, console_.get());
        console_.reset();
        if (person_) person_->close(code);
        person_.reset();
    }

    void on_ready(std::uint32_t events) override {
        const auto self = shared_from_this();
        if ((events & EPOLLOUT) != 0) write_on();
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_on();
        settle();
    }

    void on_tick(wire::SteadyTime) override {}

  private:
    void read_on() {
        if (!console_) return;
        std::vector<char>& scratch = loop_->scratch();
        const ssize_t count = ::read(console_.get(), scratch.data(), scratch.size());
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count <= 0) return end(1000);
        if (!person_->send({scratch.data(), static_cast<std::size_t>(count)})) end(1008);
    }

    void write_on() {
        while (console_ && !typed_.empty()) {
            const ssize_t count =
                ::send(console_.get(), typed_.data(), typed_.size(), MSG_NOSIGNAL);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0 && errno == EAGAIN) return;
            if (count < 0) return end(1000);
            typed_.erase(0, static_cast<std::size_t>(count));
        }
    }

    void settle() {
        if (!console_) return;
        const bool reads = person_->queued() < to_person_max;
        const std::uint32_t wanted = (reads ? EPOLLIN : 0U) | (typed_.empty() ? 0U : EPOLLOUT);
        if (wanted == watched_) return;
        watched_ = wanted;
        loop_->change(id_, console_.get(), wanted);
    }

    const std::shared_ptr<wire::EventLoop> loop_;
    runtime::Fd console_;
    std::optional<wire::WebSocket> person_;
    std::string typed_;
    std::uint64_t id_ = 0;
    std::uint32_t watched_ = 0;
};

}  // namespace

ConsoleBridge::~ConsoleBridge() {
    if (!thread_.joinable()) return;
    loop_->post([loop = loop_.get()] { loop->end(); });
    thread_.join();
}

Result<std::shared_ptr<wire::EventLoop>> ConsoleBridge::loop() {
    const std::lock_guard lock(mutex_);
    if (loop_) return loop_;
    loop_ = TRY(wire::EventLoop::make(std::chrono::seconds(1)));
    thread_ = std::thread([loop = loop_] { loop->run(); });
    return loop_;
}

Result<wire::WebSocketEvents> ConsoleBridge::events(runtime::Fd console) {
    const int flags = ::fcntl(console.get(), F_GETFL);
    if (flags < 0 || ::fcntl(console.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return runtime::system_error(errno, "cannot use the console's socket");
    const std::shared_ptr<wire::EventLoop> on = TRY(loop());
    const auto span = std::make_shared<Span>(on, std::move(console));
    wire::WebSocketEvents events;
    events.on_open = [on, span](wire::WebSocket person) {
        on->post([span, person = std::move(person)]() mutable { span->open(std::move(person)); });
    };
    events.on_message = [on, span](std::string bytes, wire::WebSocket::Kind) {
        on->post([span, bytes = std::move(bytes)] { span->type(bytes); });
    };
    events.on_closed = [on, span](std::uint16_t) { on->post([span] { span->end(1000); }); };
    return events;
}

}  // namespace vdc::api
