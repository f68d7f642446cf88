#include "wire/socket_bridge.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "wire/channel.h"
#include "wire/loop.h"

namespace vdc::wire {

using base::Error;
using base::Result;

static constexpr std::size_t to_person_max = 256 << 10;  ///< beyond this the socket is not read
static constexpr std::size_t to_socket_max = 256 << 10;  ///< beyond this the person is cut off

namespace {

/// One socket and one person. All on the loop's thread but the WebSocket's own calls.
class Span final : public std::enable_shared_from_this<Span> {
  public:
    Span(std::shared_ptr<Loop> loop, runtime::Fd socket)
        : loop_(std::move(loop)), socket_(loop_->context(), std::move(socket)) {}

    void open(WebSocket person) {
        if (ended_) return person.close(1001);
        person_.emplace(std::move(person));
        person_->on_drained([weak = weak_from_this(), loop = loop_] {
            loop->post([weak] {
                if (const auto self = weak.lock()) self->read_on();
            });
        });
        read_on();
    }

    void type(std::string_view bytes) {
        typed_ += bytes;
        if (typed_.size() + sending_.size() > to_socket_max) return end(1009);
        write_on();
    }

    /// Either side is over.
    void end(std::uint16_t code) {
        if (std::exchange(ended_, true)) return;
        socket_.close();
        if (person_) person_->close(code);
        person_.reset();
    }

  private:
    void read_on() {
        if (ended_ || reading_ || person_->queued() >= to_person_max) return;
        reading_ = true;
        socket_.async_read_some(
            asio::buffer(read_),
            [self = shared_from_this()](const error_code& failure, std::size_t size) {
                self->reading_ = false;
                if (self->ended_) return;
                if (failure) return self->end(1000);
                if (!self->person_->send({self->read_.data(), size})) return self->end(1008);
                self->read_on();
            });
    }

    void write_on() {
        if (ended_ || !sending_.empty() || typed_.empty()) return;
        sending_.swap(typed_);
        write_rest(0);
    }

    void write_rest(std::size_t sent) {
        socket_.async_write_some(
            asio::buffer(sending_) + sent,
            [self = shared_from_this(), sent](const error_code& failure, std::size_t size) {
                if (failure) return self->end(1000);
                if (sent + size < self->sending_.size()) return self->write_rest(sent + size);
                self->sending_.clear();
                self->write_on();
            });
    }

    const std::shared_ptr<Loop> loop_;
    Channel socket_;
    std::optional<WebSocket> person_;
    std::array<char, 16 << 10> read_;
    std::string typed_;
    std::string sending_;  ///< under way
    bool reading_ = false;
    bool ended_ = false;
};

}  // namespace

struct SocketBridge::Shared {
    std::vector<std::weak_ptr<Span>> spans;  ///< the loop's
    Loop loop;
};

SocketBridge::SocketBridge() = default;

SocketBridge::~SocketBridge() {
    if (shared_ == nullptr) return;
    shared_->loop.finish([shared = shared_.get()] {
        for (const auto& weak : shared->spans)
            if (const auto span = weak.lock()) span->end(1001);
    });
}

Result<std::shared_ptr<SocketBridge::Shared>> SocketBridge::shared() try {
    const std::lock_guard lock(mutex_);
    if (shared_ == nullptr) shared_ = std::make_shared<Shared>();
    return shared_;
} catch (const std::exception& failure) {
    return Error{Error::Code::exhausted,
                 std::string("cannot set up an event loop: ") + failure.what()};
}

Result<WebSocketEvents> SocketBridge::events(runtime::Fd socket) {
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return runtime::system_error(errno, "cannot use the console's socket");
    const std::shared_ptr<Shared> on = TRY(shared());
    const auto span =
        std::make_shared<Span>(std::shared_ptr<Loop>(on, &on->loop), std::move(socket));
    on->loop.post([on = on.get(), weak = std::weak_ptr(span)] {
        std::erase_if(on->spans, [](const auto& old) { return old.expired(); });
        on->spans.push_back(weak);
    });
    WebSocketEvents events;
    events.on_open = [on, span](WebSocket person) {
        on->loop.post([span, person = std::move(person)] { span->open(person); });
    };
    events.on_message = [on, span](std::string bytes, WebSocket::Kind) {
        on->loop.post([span, bytes = std::move(bytes)] { span->type(bytes); });
    };
    events.on_closed = [on, span](std::uint16_t) { on->loop.post([span] { span->end(1000); }); };
    return events;
}

}  // namespace vdc::wire
