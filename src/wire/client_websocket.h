#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "wire/client_link.h"
#include "wire/http_client.h"
#include "wire/websocket.h"

namespace vdc::wire {

/// A fresh Sec-WebSocket-Key.
base::Result<std::string> make_websocket_key();

/// The client's WebSocket on a connection that was upgraded; what its link has received already
/// are frames.
class LinkedWebSocket final : public ClientWebSocket {
  public:
    LinkedWebSocket(std::unique_ptr<ClientLink> link, std::chrono::milliseconds stall)
        : link_(std::move(link)), stall_(stall) {}
    ~LinkedWebSocket() override { close(1000); }

    base::Status send(std::string_view bytes, WebSocket::Kind kind) override;
    base::Result<std::optional<Message>> receive(std::chrono::milliseconds wait) override;
    void close(std::uint16_t code) override;
    std::uint16_t goodbye() const override { return goodbye_; }
    int fd() const override { return link_->fd(); }

  private:
    base::Status send_frame(const Frame& frame);
    base::Status take_frames();
    void on_frame(Frame frame);

    std::unique_ptr<ClientLink> link_;
    const std::chrono::milliseconds stall_;
    FrameReader frames_{FrameReader::From::server, 16 << 20};
    std::deque<Message> messages_;
    std::deque<Frame> replies_;
    bool said_goodbye_ = false;
    std::uint16_t goodbye_ = 0;
};

}  // namespace vdc::wire
