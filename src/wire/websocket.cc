#include "wire/websocket.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/result.h"
#include "base/text.h"

namespace vdc::wire {

static constexpr std::uint16_t broken_rules = 1002;
static constexpr std::uint16_t bad_text = 1007;
static constexpr std::uint16_t too_large = 1009;
static constexpr std::size_t control_size_max = 125;

static bool is_control(Frame::Opcode opcode) {
    return static_cast<unsigned>(opcode) >= 8;
}

static void append_number(std::string& out, std::uint64_t number, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(number >> shift);
}

static std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint64_t number = 0;
    for (std::size_t i = at; i < at + count; ++i)
        number = number << 8 | static_cast<unsigned char>(bytes[i]);
    return number;
}

static void apply_mask(char* bytes, std::size_t size, std::uint32_t mask) {
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(bytes[i] ^ static_cast<char>(mask >> (24 - 8 * (i % 4))));
}

std::string text(const Frame& frame, std::optional<std::uint32_t> mask) {
    const std::size_t size = frame.payload.size();
    const int mask_bit = mask ? 0x80 : 0;
    std::string out;
    out.reserve(size + 14);
    out += static_cast<char>((frame.final ? 0x80 : 0) | static_cast<int>(frame.opcode));
    if (size <= control_size_max) {
        out += static_cast<char>(mask_bit | static_cast<int>(size));
    } else if (size <= 0xFFFF) {
        out += static_cast<char>(mask_bit | 126);
        append_number(out, size, 2);
    } else {
        out += static_cast<char>(mask_bit | 127);
        append_number(out, size, 8);
    }
    if (mask) append_number(out, *mask, 4);
    out += frame.payload;
    if (mask) apply_mask(out.data() + out.size() - size, size, *mask);
    return out;
}

Frame close_frame(std::uint16_t code, std::string_view reason) {
    Frame frame{Frame::Opcode::close, {}};
    append_number(frame.payload, code, 2);
    std::size_t length = std::min(reason.size(), control_size_max - 2);
    while (length > 0 && !base::is_utf8(reason.substr(0, length))) --length;
    frame.payload += reason.substr(0, length);
    return frame;
}

std::uint16_t close_code(std::string_view payload) {
    return payload.size() < 2 ? 1005 : static_cast<std::uint16_t>(number_at(payload, 0, 2));
}

std::string accept_key(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    const int done =
        EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr);
    base::check(done == 1 && length == 20, "SHA-1 of a WebSocket key");
    std::array<unsigned char, 29> out{};
    EVP_EncodeBlock(out.data(), digest.data(), 20);
    return std::string(reinterpret_cast<const char*>(out.data()), 28);
}

std::uint16_t FrameReader::check_head(const Head& head) const {
    if (is_control(head.opcode))
        return head.final && head.payload <= control_size_max ? 0 : broken_rules;
    const bool continues = head.opcode == Frame::Opcode::continuation;
    if (continues != message_.has_value()) return broken_rules;
    const std::size_t before = message_ ? message_->payload.size() : 0;
    return head.payload > message_max_ - before ? too_large : 0;
}

/// Reads the head at at_; leaves `head` empty while bytes are missing.
std::uint16_t FrameReader::read_head(std::optional<Head>& head) const {
    const std::string_view bytes = std::string_view(rest_).substr(at_);
    if (bytes.size() < 2) return 0;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    const unsigned opcode = first & 0x0FU;
    if ((first & 0x70U) != 0 || (opcode > 2 && opcode < 8) || opcode > 10) return broken_rules;
    if (((second & 0x80U) != 0) != (sender_ == From::client)) return broken_rules;
    const std::size_t wide = (second & 0x7FU) == 126 ? 2 : (second & 0x7FU) == 127 ? 8 : 0;
    const std::size_t mask_size = sender_ == From::client ? 4 : 0;
    const std::size_t size = 2 + wide + mask_size;
    if (bytes.size() < size) return 0;
    const std::uint64_t payload = wide == 0 ? second & 0x7FU : number_at(bytes, 2, wide);
    if ((wide == 2 && payload < 126) || (wide == 8 && payload <= 0xFFFF)) return broken_rules;
    if (payload >> 62 != 0) return too_large;
    const auto mask = static_cast<std::uint32_t>(number_at(bytes, 2 + wide, mask_size));
    head = Head{static_cast<Frame::Opcode>(opcode), (first & 0x80U) != 0, size, payload, mask};
    return check_head(*head);
}

static bool good_close(std::string_view payload) {
    if (payload.empty()) return true;
    const std::uint16_t code = close_code(payload);
    const bool known =
        (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
        (code >= 3000 && code <= 4999);
    return payload.size() >= 2 && known && base::is_utf8(payload.substr(2));
}

std::uint16_t FrameReader::take(Frame frame, const std::function<bool(Frame)>& each) {
    if (is_control(frame.opcode)) {
        if (frame.opcode == Frame::Opcode::close && !good_close(frame.payload)) return broken_rules;
        over_ = !each(std::move(frame)) || over_;
        return 0;
    }
    const bool final = frame.final;
    if (message_)
        message_->payload += frame.payload;
    else
        message_ = std::move(frame);
    if (!final) return 0;
    Frame whole = std::move(*message_);
    message_.reset();
    whole.final = true;
    if (whole.opcode == Frame::Opcode::text && !base::is_utf8(whole.payload)) return bad_text;
    over_ = !each(std::move(whole)) || over_;
    return 0;
}

std::uint16_t FrameReader::feed(std::string_view bytes, const std::function<bool(Frame)>& each) {
    if (over_) return 0;
    rest_ += bytes;
    std::uint16_t code = 0;
    while (!over_ && code == 0) {
        std::optional<Head> head;
        code = read_head(head);
        if (code != 0 || !head || rest_.size() - at_ - head->size < head->payload) break;
        Frame frame{head->opcode, rest_.substr(at_ + head->size, head->payload), head->final};
        if (sender_ == From::client)
            apply_mask(frame.payload.data(), frame.payload.size(), head->mask);
        at_ += head->size + head->payload;
        code = take(std::move(frame), each);
    }
    rest_.erase(0, at_);
    at_ = 0;
    over_ = over_ || code != 0;
    return code;
}

}  // namespace vdc::wire
