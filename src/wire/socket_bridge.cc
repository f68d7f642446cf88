#include "wire/socket_bridge.h"

#include <fcntl.h>
#include <sys/socket.h>

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

/// Who has the other end of a socket.
struct Person {
    std::function<bool(std::string_view bytes)> send;
    std::function<std::size_t()> queued;
    std::function<void(std::uint16_t code)> close;
    std::function<void(std::uint64_t bytes)> tell_taken;  ///< empty: they need not know
};

Person person_at(const WebSocket& socket) {
    return {[socket](std::string_view bytes) { return socket.send(bytes); },
            [socket] { return socket.queued(); },
            [socket](std::uint16_t code) { socket.close(code); },
            {}};
}

Person program_at(const WebSocket& socket) {
    Person program = person_at(socket);
    program.tell_taken = [socket](std::uint64_t bytes) {
        socket.send(std::to_string(bytes), WebSocket::Kind::text);
    };
    return program;
}

Person reader_of(const Stream& stream) {
    return {[stream](std::string_view bytes) { return stream.write(std::string(bytes)); },
            [stream] { return stream.queued(); },
            [stream](std::uint16_t) { stream.close(); },
            {}};
}

}  // namespace

/// One socket and one person. All on the loop's thread but the person's own calls.
class SocketBridge::Span final : public std::enable_shared_from_this<Span> {
  public:
    Span(std::shared_ptr<Loop> loop, runtime::Fd socket)
        : loop_(std::move(loop)), socket_(loop_->context(), std::move(socket)) {}

    /// `handle`: where the person is.
    template <class Handle>
    void open(const Handle& handle, Person person) {
        if (ended_) return person.close(1001);
        person_.emplace(std::move(person));
        handle.on_drained([weak = weak_from_this(), loop = loop_] {
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

    template <class Task>
    void post(Task task) {
        loop_->post(std::move(task));
    }

    /// The person is over; what a program sent goes on to the socket.
    void leave() {
        leaving_ = true;
        const bool is_program = person_ && person_->tell_taken;
        if (!is_program || (typed_.empty() && sending_.empty())) end(1000);
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
        if (ended_ || !sending_.empty()) return;
        if (typed_.empty()) return leaving_ ? end(1000) : void();
        sending_.swap(typed_);
        write_rest(0);
    }

    void write_rest(std::size_t sent) {
        socket_.async_write_some(
            asio::buffer(sending_) + sent,
            [self = shared_from_this(), sent](const error_code& failure, std::size_t size) {
                if (failure) return self->end(1000);
                self->taken_ += size;
                if (self->person_ && self->person_->tell_taken)
                    self->person_->tell_taken(self->taken_);
                if (sent + size < self->sending_.size()) return self->write_rest(sent + size);
                self->sending_.clear();
                self->write_on();
            });
    }

    const std::shared_ptr<Loop> loop_;
    Channel socket_;
    std::optional<Person> person_;
    std::array<char, 16 << 10> read_;
    std::string typed_;
    std::string sending_;      ///< under way
    std::uint64_t taken_ = 0;  ///< by the socket, in all
    bool reading_ = false;
    bool leaving_ = false;
    bool ended_ = false;
};

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

Result<std::shared_ptr<SocketBridge::Span>> SocketBridge::span(runtime::Fd socket) {
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return runtime::system_error(errno, "cannot use the console's socket");
    const std::shared_ptr<Shared> on = TRY(shared());
    const auto made =
        std::make_shared<Span>(std::shared_ptr<Loop>(on, &on->loop), std::move(socket));
    on->loop.post([on = on.get(), weak = std::weak_ptr(made)] {
        std::erase_if(on->spans, [](const auto& old) { return old.expired(); });
        on->spans.push_back(weak);
    });
    return made;
}

/// `at` says who is at the WebSocket.
template <class Span>
static WebSocketEvents events_of(const std::shared_ptr<Span>& span,
                                 Person (*at)(const WebSocket&)) {
    WebSocketEvents events;
    events.on_open = [span, at](const WebSocket& socket) {
        span->post([span, at, socket] { span->open(socket, at(socket)); });
    };
    events.on_message = [span](std::string bytes, WebSocket::Kind) {
        span->post([span, bytes = std::move(bytes)] { span->type(bytes); });
    };
    events.on_closed = [span](std::uint16_t) { span->post([span] { span->leave(); }); };
    return events;
}

Result<WebSocketEvents> SocketBridge::events(runtime::Fd socket) {
    return events_of(TRY(span(std::move(socket))), person_at);
}

Result<SocketBridge::FarEnd> SocketBridge::far_end() {
    auto pair = TRY(runtime::make_socket_pair(runtime::Blocking::yes));
    return FarEnd{events_of(TRY(span(std::move(pair.theirs))), program_at), std::move(pair.ours)};
}

Result<std::function<void(const Stream&)>> SocketBridge::pouring(runtime::Fd socket) {
    const auto pours = TRY(span(std::move(socket)));
    return std::function([pours](const Stream& into) {
        into.on_closed([pours] { pours->post([pours] { pours->end(1000); }); });
        pours->post([pours, into] { pours->open(into, reader_of(into)); });
    });
}

}  // namespace vdc::wire
