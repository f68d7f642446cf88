#include "wire/server_websocket.h"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <optional>
#include <utility>

#include "base/text.h"

namespace vdc::wire {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

static constexpr std::uint16_t vanished = 1006;

/// The code of a goodbye; 1005 when it had none.
static std::uint16_t code_of(const websocket::close_reason& reason) {
    return reason.code == websocket::close_code::none ? std::uint16_t{1005} : reason.code;
}

/// The code that Beast said goodbye with when the peer broke the rules.
static std::uint16_t code_of(const error_code& failure) {
    if (failure == websocket::error::message_too_big) return 1009;
    if (failure == websocket::error::bad_frame_payload) return 1007;
    return failure == websocket::condition::protocol_violation ? 1002 : vanished;
}

static websocket::close_reason reason_of(const Outlet::Goodbye& goodbye) {
    std::size_t length = std::min<std::size_t>(goodbye.reason.size(), 123);
    while (length > 0 && !base::is_utf8(goodbye.reason.substr(0, length))) --length;
    return {websocket::close_code(goodbye.code), goodbye.reason.substr(0, length)};
}

namespace {

/// Reads one message after the other, and writes what the outlet brings, likewise.
class Session final : public ServerWebSocket, public std::enable_shared_from_this<Session> {
  public:
    explicit Session(Plan plan)
        : plan_(std::move(plan)), channel_(plan_.channel), socket_(*channel_) {
        socket_.read_message_max(plan_.limits.websocket_message_max);
        socket_.auto_fragment(false);
        websocket::stream_base::timeout time{};
        time.handshake_timeout = linger_time;  // of the goodbye, too
        time.idle_timeout = websocket::stream_base::none();
        time.keep_alive_pings = false;
        socket_.set_option(time);
    }

    void accept();
    void take_from_outlet() override;
    void say_goodbye(std::uint16_t code) override;
    void broken() override { finish(vanished); }

  private:
    void read_on();
    void received(const error_code& failure);
    void write_on();
    void sent(const error_code& failure);
    void close();
    void finish(std::uint16_t code);

    Plan plan_;  ///< empty once over
    const std::shared_ptr<Channel> channel_;
    websocket::stream<Channel&, /*deflate=*/false> socket_;
    beast::flat_buffer message_;
    std::deque<ServerOutlet::Piece> queue_;
    std::size_t unsent_ = 0;  ///< bytes in the queue
    std::optional<Outlet::Goodbye> goodbye_;
    bool open_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool closing_ = false;
    bool over_ = false;
};

}  // namespace

std::shared_ptr<ServerWebSocket> ServerWebSocket::open(Plan plan) {
    auto session = std::make_shared<Session>(std::move(plan));
    session->accept();
    return session;
}

void Session::accept() {
    http::request<http::empty_body> request(http::verb::get, "/", 11);
    for (const Field& field : plan_.asked) request.insert(field.name, field.value);
    const bool agreed = http::token_list{request[http::field::sec_websocket_protocol]}.exists(
        plan_.events.protocol);
    socket_.set_option(
        websocket::stream_base::decorator([this, agreed](websocket::response_type& response) {
            response.set(http::field::connection, "Upgrade");
            response.set(http::field::server, "vdc");
            response.set("X-Request-Id", plan_.request_id);
            if (agreed) response.set(http::field::sec_websocket_protocol, plan_.events.protocol);
        }));
    socket_.async_accept(request, [self = shared_from_this()](const error_code& failure) {
        if (self->over_) return;
        if (failure) return self->finish(vanished);
        self->open_ = true;
        if (self->plan_.events.on_open) self->plan_.events.on_open(WebSocket(self->plan_.outlet));
        self->read_on();
        self->write_on();
    });
}

void Session::finish(std::uint16_t code) {
    if (std::exchange(over_, true)) return;
    const auto self = shared_from_this();
    const Plan plan = std::move(plan_);
    plan.outlet->over();
    if (open_ && plan.events.on_closed) plan.events.on_closed(code);
    plan.over();
}

// ---- reading

void Session::read_on() {
    // Who does not take what it is told is not listened to either.
    if (reading_ || closing_ || over_ || unsent_ >= plan_.limits.queue_max) return;
    reading_ = true;
    socket_.async_read(message_,
                       [self = shared_from_this()](const error_code& failure, std::size_t) {
                           self->received(failure);
                       });
}

void Session::received(const error_code& failure) {
    reading_ = false;
    if (over_ || (failure && closing_)) return;
    if (failure == websocket::error::closed) return finish(code_of(socket_.reason()));
    if (failure) return finish(code_of(failure));
    const auto kind = socket_.got_text() ? WebSocket::Kind::text : WebSocket::Kind::binary;
    std::string message = beast::buffers_to_string(message_.cdata());
    message_.consume(message.size());
    if (plan_.events.on_message) plan_.events.on_message(std::move(message), kind);
    read_on();
}

// ---- writing

void Session::take_from_outlet() {
    if (over_) return;
    ServerOutlet::Taken taken = plan_.outlet->take();
    if (taken.cut) return plan_.cut();
    for (ServerOutlet::Piece& piece : taken.pieces) {
        unsent_ += piece.bytes.size();
        queue_.push_back(std::move(piece));
    }
    if (taken.goodbye && !goodbye_) goodbye_ = std::move(taken.goodbye);
    write_on();
}

void Session::say_goodbye(std::uint16_t code) {
    if (!goodbye_) goodbye_ = Outlet::Goodbye{code};
    write_on();
}

void Session::write_on() {
    if (!open_ || writing_ || closing_ || over_) return;
    if (queue_.empty()) {
        if (goodbye_) close();
        return;
    }
    writing_ = true;
    plan_.waiting(true);
    socket_.text(queue_.front().kind == WebSocket::Kind::text);
    socket_.async_write(asio::buffer(queue_.front().bytes),
                        [self = shared_from_this()](const error_code& failure, std::size_t) {
                            self->sent(failure);
                        });
}

void Session::sent(const error_code& failure) {
    writing_ = false;
    if (over_) return;
    // Whoever reads is told the reason.
    if (failure) return reading_ || closing_ ? void() : finish(vanished);
    plan_.waiting(false);
    unsent_ -= queue_.front().bytes.size();
    queue_.pop_front();
    plan_.outlet->report(unsent_);
    read_on();
    write_on();
}

void Session::close() {
    closing_ = true;
    socket_.async_close(reason_of(*goodbye_),
                        [self = shared_from_this()](const error_code& failure) {
                            self->finish(failure ? vanished : code_of(self->socket_.reason()));
                        });
}

}  // namespace vdc::wire
