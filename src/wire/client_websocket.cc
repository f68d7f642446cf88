#include "wire/client_websocket.h"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <optional>
#include <utility>

#include "wire/problem.h"

namespace vdc::wire {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

static constexpr std::size_t message_max = 16 << 20;
static constexpr milliseconds goodbye_time = 2s;

namespace {

/// By Boost.Beast. At most one message is read ahead; the rest waits in the kernel.
class LinkedWebSocket final : public ClientWebSocket {
  public:
    LinkedWebSocket(std::unique_ptr<ClientLink> link, milliseconds stall)
        : link_(std::move(link)), stall_(stall), socket_(link_->channel()) {
        socket_.read_message_max(message_max);
        socket_.auto_fragment(false);
    }
    ~LinkedWebSocket() override { close(1000); }

    Status shake_hands(const Request& request, const std::string& host,
                       websocket::response_type& response, milliseconds limit);

    Status send(std::string_view bytes, WebSocket::Kind kind) override;
    Result<std::optional<Message>> receive(milliseconds wait) override;
    void close(std::uint16_t code) override;
    std::uint16_t goodbye() const override;
    int fd() const override { return link_->channel().fd(); }

  private:
    void read_on();
    Error gone() const;

    const std::unique_ptr<ClientLink> link_;
    const milliseconds stall_;
    std::string sending_;
    beast::flat_buffer message_;
    bool reading_ = false;
    bool has_message_ = false;
    error_code end_;  ///< nothing will be read after it
    bool said_goodbye_ = false;
    websocket::stream<Channel&, /*deflate=*/false> socket_;
};

}  // namespace

Status LinkedWebSocket::shake_hands(const Request& request, const std::string& host,
                                    websocket::response_type& response, milliseconds limit) {
    socket_.set_option(websocket::stream_base::decorator([&](websocket::request_type& asked) {
        for (const Field& field : request.headers) asked.set(field.name, field.value);
    }));
    said_goodbye_ = true;  // until there is somebody to say it to
    std::optional<error_code> result;
    socket_.async_handshake(response, host, text(Target{request.path, request.query}),
                            [&](const error_code& failure) { result = failure; });
    const auto end = Clock::now() + limit;
    if (Status waited = link_->run_until([&] { return result.has_value(); }, end); !waited.ok())
        return waited;
    said_goodbye_ = result->failed();
    if (!*result || *result == websocket::error::upgrade_declined) return {};
    if (result->category() == make_error_code(websocket::error::closed).category())
        return Error{Error::Code::corrupt,
                     link_->name() + " broke the rules of WebSockets: " + result->message()};
    return link_->broken(*result);
}

Status LinkedWebSocket::send(std::string_view bytes, WebSocket::Kind kind) {
    if (said_goodbye_ || end_) return Error{Error::Code::unavailable, "the WebSocket is closed"};
    sending_ = bytes;
    std::optional<error_code> result;
    socket_.text(kind == WebSocket::Kind::text);
    socket_.async_write(asio::buffer(sending_),
                        [&](const error_code& failure, std::size_t) { result = failure; });
    const auto sent = [&] { return result.has_value(); };
    if (Status waited = link_->run_until(sent, Clock::now() + stall_); !waited.ok()) {
        link_->channel().close();  // half of a message is none; its end refers to what is here
        (void)link_->run_until(sent, Clock::time_point::max());
        said_goodbye_ = true;
        return waited;
    }
    return *result ? link_->broken(*result) : Status{};
}

void LinkedWebSocket::read_on() {
    if (reading_ || has_message_ || end_) return;
    reading_ = true;
    socket_.async_read(message_, [this](const error_code& failure, std::size_t) {
        reading_ = false;
        end_ = failure;
        has_message_ = !failure;
    });
}

Error LinkedWebSocket::gone() const {
    if (end_ == websocket::error::closed)
        return Error{Error::Code::unavailable,
                     link_->name() + " closed the WebSocket (" + std::to_string(goodbye()) + ")"};
    if (end_ == websocket::condition::protocol_violation)
        return Error{Error::Code::corrupt, link_->name() + " broke the WebSocket's rules"};
    return Error{Error::Code::unavailable, link_->name() + " went away without a goodbye"};
}

Result<std::optional<ClientWebSocket::Message>> LinkedWebSocket::receive(milliseconds wait) {
    read_on();
    const Status came = link_->run_until([&] { return has_message_ || end_; }, Clock::now() + wait);
    if (!came.ok()) return std::optional<Message>();
    if (!has_message_) return gone();
    Message message{beast::buffers_to_string(message_.cdata()),
                    socket_.got_text() ? WebSocket::Kind::text : WebSocket::Kind::binary};
    message_.clear();
    has_message_ = false;
    return std::optional(std::move(message));
}

void LinkedWebSocket::close(std::uint16_t code) {
    if (std::exchange(said_goodbye_, true) || end_) return;
    auto closed = std::make_shared<bool>(false);
    socket_.async_close(websocket::close_code(code),
                        [closed](const error_code&) { *closed = true; });
    // The other side may be gone: then that is goodbye too.
    (void)link_->run_until([&] { return *closed; }, Clock::now() + std::min(stall_, goodbye_time));
}

std::uint16_t LinkedWebSocket::goodbye() const {
    const std::uint16_t code = socket_.reason().code;
    return code == 0 && end_ == websocket::error::closed ? std::uint16_t{1005} : code;
}

Result<std::unique_ptr<ClientWebSocket>> open_websocket(std::unique_ptr<ClientLink> link,
                                                        const Request& request,
                                                        const std::string& host,
                                                        const ClientLimits& limits) {
    const std::string name = link->name();
    websocket::response_type response;
    auto socket = std::make_unique<LinkedWebSocket>(std::move(link), limits.stall_time);
    const Status shaken = socket->shake_hands(request, host, response, limits.answer_time);
    if (!shaken.ok()) return shaken.error();
    if (response.result() == beast::http::status::switching_protocols)
        return std::unique_ptr<ClientWebSocket>(std::move(socket));
    const Response refusal{static_cast<int>(response.result_int()), {}, response.body()};
    return error_of(refusal).value_or(
        Error{Error::Code::unsupported, name + " speaks no WebSocket here"});
}

}  // namespace vdc::wire
