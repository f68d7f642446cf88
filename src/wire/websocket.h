#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// The frames of a WebSocket (RFC 6455), without a connection.
namespace vdc::wire {

struct Frame {
    enum class Opcode : std::uint8_t {
        continuation = 0,
        text = 1,
        binary = 2,
        close = 8,
        ping = 9,
        pong = 10
    };
    Opcode opcode = Opcode::binary;
    std::string payload;
    bool final = true;
};

/// The frame's bytes. A client masks with a fresh random mask, a server does not mask.
std::string text(const Frame& frame, std::optional<std::uint32_t> mask = {});

/// The goodbye; the reason is cut to what fits (123 bytes).
Frame close_frame(std::uint16_t code, std::string_view reason = {});

/// The code of a goodbye's payload; 1005 when it has none.
std::uint16_t close_code(std::string_view payload);

/// What the server answers to this Sec-WebSocket-Key (RFC 6455 section 4.2.2).
std::string accept_key(std::string_view key);

/// Puts messages together from bytes that are cut anywhere. Fragments of a message are joined;
/// control frames between them come at once.
class FrameReader {
  public:
    enum class From { client, server };  ///< who sends: clients must mask, servers must not
    FrameReader(From sender, std::size_t message_max)
        : sender_(sender), message_max_(message_max) {}

    /// Calls `each` with whole messages (text, binary) and control frames (close, ping, pong).
    /// Returns 0, or the code to close with: 1002 broken rules, 1007 bad text, 1009 too large.
    /// After a code nothing more is read. `each` may return false to stop in the same way.
    std::uint16_t feed(std::string_view bytes, const std::function<bool(Frame)>& each);

  private:
    struct Head {
        Frame::Opcode opcode;
        bool final;
        std::size_t size;     ///< of the head
        std::size_t payload;  ///< bytes that follow
        std::uint32_t mask;
    };
    std::uint16_t read_head(std::optional<Head>& head) const;
    std::uint16_t check_head(const Head& head) const;
    std::uint16_t take(Frame frame, const std::function<bool(Frame)>& each);

    From sender_;
    std::size_t message_max_;
    std::string rest_;
    std::size_t at_ = 0;  ///< of rest_, where the next frame begins
    std::optional<Frame> message_;
    bool over_ = false;
};

}  // namespace vdc::wire
