#include "wire/http_connection.h"

#include <utility>

#include "wire/problem.h"

/// Connections that stay open: streams and WebSockets.
namespace vdc::wire {

using base::Error;

// ---- streams

void HttpConnection::begin_stream(int status, const Headers& headers,
                                  std::shared_ptr<ServerOutlet> outlet) {
    base::check(phase_ == Phase::handling, "a request is answered once, while it is handled");
    chunked_ = !http_1_0_ && method_ != Method::head;
    keep_alive_ = keep_alive_ && !http_1_0_;
    write_head(status, headers, {});
    if (chunked_) write_header_to(output_.tail(), "Transfer-Encoding", "chunked");
    output_.tail() += "\r\n";
    if (method_ == Method::head || read_ended_) {
        if (chunked_) output_.tail() += "0\r\n\r\n";
        outlet->over();
        end_answer();
    } else {
        outlet_ = std::move(outlet);
        phase_ = Phase::stream;
        deadline_ = SteadyTime::max();
        if (retired_) outlet_->close();
    }
    if (!dispatching_) proceed();
}

static void write_chunk_to(OutQueue& output, std::string bytes) {
    write_chunk_line_to(output.tail(), bytes.size());
    output.push(std::move(bytes));
    output.tail() += "\r\n";
}

void HttpConnection::take_from_outlet() {
    if (outlet_ == nullptr) return;
    ServerOutlet::Taken taken = outlet_->take();
    if (taken.cut) return close();
    if (phase_ == Phase::stream && chunked_ && !taken.bytes.empty())
        write_chunk_to(output_, std::move(taken.bytes));
    else
        output_.push(std::move(taken.bytes));
    if (taken.ends && phase_ == Phase::websocket) {
        said_goodbye_ = true;
        expect_within(linger_time);
    } else if (taken.ends) {
        if (chunked_) output_.tail() += "0\r\n\r\n";
        std::exchange(outlet_, nullptr)->over();
        end_answer();
    }
    proceed();
}

// ---- WebSockets

/// Why this is no good request for a WebSocket: a status and a sentence, or nothing.
static std::optional<std::pair<int, std::string>> flaw_of(const Headers* headers, Method method) {
    if (headers == nullptr || !lists(*headers, "Connection", "upgrade"))
        return std::pair(426, "this is a WebSocket: ask for it with Upgrade: websocket");
    if (method != Method::get) return std::pair(400, "a WebSocket is asked for with GET");
    if (headers->get("Sec-WebSocket-Version") != "13")
        return std::pair(426, "only WebSocket version 13 is spoken here");
    const std::string key = headers->get("Sec-WebSocket-Key");
    if (key.size() != 24 || !key.ends_with("=="))
        return std::pair(400, "the Sec-WebSocket-Key is not 16 bytes in base 64");
    return {};
}

static Response upgrade_refused(int status, const std::string& why, std::string_view request_id) {
    Response response = problem(status, Error{Error::Code::invalid, why}, request_id);
    if (status != 426) return response;
    response.headers.add("Upgrade", "websocket");
    response.headers.add("Sec-WebSocket-Version", "13");
    return response;
}

void HttpConnection::begin_websocket(WebSocketEvents events, std::shared_ptr<ServerOutlet> outlet) {
    base::check(phase_ == Phase::handling, "a request is answered once, while it is handled");
    if (const auto flaw = flaw_of(upgrade_.get(), method_)) {
        outlet->over();
        return respond(upgrade_refused(flaw->first, flaw->second, request_id_));
    }
    Headers headers{{"Upgrade", "websocket"},
                    {"Sec-WebSocket-Accept", accept_key(upgrade_->get("Sec-WebSocket-Key"))}};
    if (!events.protocol.empty() && lists(*upgrade_, "Sec-WebSocket-Protocol", events.protocol))
        headers.add("Sec-WebSocket-Protocol", events.protocol);
    write_head(101, headers, {});
    output_.tail() += "\r\n";
    keep_alive_ = false;
    phase_ = Phase::websocket;
    deadline_ = SteadyTime::max();
    outlet_ = std::move(outlet);
    events_ = std::make_unique<WebSocketEvents>(std::move(events));
    frames_.emplace(FrameReader::From::client, shared_->limits.websocket_message_max);
    if (events_->on_open) events_->on_open(WebSocket(outlet_));
    if (retired_) goodbye(1001);
    proceed();
}

std::size_t HttpConnection::consume_frames(std::string_view bytes) {
    const std::uint16_t code = frames_->feed(bytes, [this](Frame frame) {
        on_frame(std::move(frame));
        return phase_ == Phase::websocket;
    });
    if (code != 0) goodbye(code);
    return bytes.size();
}

void HttpConnection::on_frame(Frame frame) {
    switch (frame.opcode) {
        case Frame::Opcode::text:
        case Frame::Opcode::binary: {
            const auto kind = frame.opcode == Frame::Opcode::text ? WebSocket::Kind::text
                                                                  : WebSocket::Kind::binary;
            if (events_->on_message) events_->on_message(std::move(frame.payload), kind);
            return;
        }
        case Frame::Opcode::ping:
            output_.tail() += text(Frame{Frame::Opcode::pong, std::move(frame.payload)});
            return;
        case Frame::Opcode::close: return goodbye(close_code(frame.payload));
        case Frame::Opcode::pong:
        case Frame::Opcode::continuation: return;
    }
}

/// One side said goodbye, or broke the rules: ours goes out if it has not, and that is all.
void HttpConnection::goodbye(std::uint16_t code) {
    goodbye_code_ = code;
    if (!std::exchange(said_goodbye_, true))
        output_.tail() += text(code == 1005 ? Frame{Frame::Opcode::close, {}} : close_frame(code));
    closing_ = true;
    phase_ = Phase::lingering;
    expect_within(linger_time);
    end_websocket();
}

void HttpConnection::end_websocket() {
    if (events_ == nullptr) return;
    const std::unique_ptr<WebSocketEvents> events = std::move(events_);
    std::exchange(outlet_, nullptr)->over();
    if (events->on_closed) events->on_closed(goodbye_code_);
}

}  // namespace vdc::wire
