#include "wire/client_websocket.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <utility>

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

static Status fill_random(void* bytes, std::size_t size) {
    if (::getrandom(bytes, size, 0) == static_cast<ssize_t>(size)) return {};
    return runtime::system_error(errno, "cannot get random bytes");
}

Result<std::string> make_websocket_key() {
    std::array<unsigned char, 16> random{};
    if (Status filled = fill_random(random.data(), random.size()); !filled.ok())
        return filled.error();
    std::array<unsigned char, 25> text{};
    const int length = EVP_EncodeBlock(text.data(), random.data(), random.size());
    return std::string(reinterpret_cast<const char*>(text.data()),
                       static_cast<std::size_t>(length));
}

Status LinkedWebSocket::send_frame(const Frame& frame) {
    std::uint32_t mask = 0;
    if (Status filled = fill_random(&mask, sizeof mask); !filled.ok()) return filled;
    const Result<ClientLink::Sent> sent =
        link_->send(text(frame, mask), stall_, ClientLink::OnAnswer::go_on);
    return sent.ok() ? Status{} : sent.error();
}

Status LinkedWebSocket::send(std::string_view bytes, WebSocket::Kind kind) {
    if (said_goodbye_) return Error{Error::Code::unavailable, "the WebSocket is closed"};
    const auto opcode = kind == WebSocket::Kind::text ? Frame::Opcode::text : Frame::Opcode::binary;
    return send_frame(Frame{opcode, std::string(bytes)});
}

void LinkedWebSocket::close(std::uint16_t code) {
    if (std::exchange(said_goodbye_, true)) return;
    (void)send_frame(close_frame(code));  // the other side may be gone: then that is goodbye too
}

void LinkedWebSocket::on_frame(Frame frame) {
    switch (frame.opcode) {
        case Frame::Opcode::text:
            messages_.push_back({std::move(frame.payload), WebSocket::Kind::text});
            return;
        case Frame::Opcode::binary:
            messages_.push_back({std::move(frame.payload), WebSocket::Kind::binary});
            return;
        case Frame::Opcode::ping:
            replies_.push_back({Frame::Opcode::pong, std::move(frame.payload)});
            return;
        case Frame::Opcode::close: goodbye_ = close_code(frame.payload); return;
        case Frame::Opcode::pong:
        case Frame::Opcode::continuation: return;
    }
}

Status LinkedWebSocket::take_frames() {
    const std::uint16_t flaw = frames_.feed(link_->received(), [this](Frame frame) {
        on_frame(std::move(frame));
        return goodbye_ == 0;
    });
    link_->use(link_->received().size());
    for (; !replies_.empty(); replies_.pop_front())
        if (Status sent = send_frame(replies_.front()); !sent.ok()) return sent;
    if (flaw != 0) {
        close(flaw);
        return Error{Error::Code::corrupt, link_->name() + " broke the WebSocket's rules"};
    }
    if (goodbye_ == 0) return {};
    close(goodbye_ == 1005 ? 1000 : goodbye_);
    link_->shut_down_writing();
    return {};
}

Result<std::optional<ClientWebSocket::Message>> LinkedWebSocket::receive(
    std::chrono::milliseconds wait) {
    const auto end = Clock::now() + wait;
    while (true) {
        if (Status taken = take_frames(); !taken.ok()) return taken.error();
        if (!messages_.empty()) {
            Message message = std::move(messages_.front());
            messages_.pop_front();
            return std::optional(std::move(message));
        }
        if (goodbye_ != 0)
            return Error{Error::Code::unavailable, link_->name() + " closed the WebSocket (" +
                                                       std::to_string(goodbye_) + ")"};
        const Result<bool> more = link_->receive(end);
        if (more.ok() && *more) continue;
        if (!more.ok() && more.error().code == Error::Code::timed_out)
            return std::optional<Message>();
        return more.ok()
                   ? Error{Error::Code::unavailable, link_->name() + " went away without a goodbye"}
                   : more.error();
    }
}

}  // namespace vdc::wire
