#include "base/ids.h"

namespace vdc::base {

static void append_hex(std::string& out, std::uint64_t bits, int digits) {
    static constexpr char digit[] = "0123456789abcdef";
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += digit[(bits >> shift) & 0xf];
}

std::string text(const Uuid& uuid) {
    std::string out;
    out.reserve(36);
    append_hex(out, uuid.high >> 32, 8);
    out += '-';
    append_hex(out, uuid.high >> 16, 4);
    out += '-';
    append_hex(out, uuid.high, 4);
    out += '-';
    append_hex(out, uuid.low >> 48, 4);
    out += '-';
    append_hex(out, uuid.low, 12);
    return out;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    Uuid uuid;
    int digits = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (at == 8 || at == 13 || at == 18 || at == 23) {
            if (text[at] != '-') return std::nullopt;
            continue;
        }
        const int value = hex_value(text[at]);
        if (value < 0) return std::nullopt;
        std::uint64_t& half = digits < 16 ? uuid.high : uuid.low;
        half = (half << 4) | static_cast<std::uint64_t>(value);
        ++digits;
    }
    return uuid;
}

Uuid make_uuid(Hash128 bits) {
    constexpr std::uint64_t version_mask = 0xf000;
    constexpr std::uint64_t variant_mask = 0xc000000000000000;
    return Uuid{(bits.high & ~version_mask) | 0x8000,
                (bits.low & ~variant_mask) | 0x8000000000000000};
}

Uuid derive_uuid(const Uuid& parent, std::string_view role, std::uint64_t ordinal) {
    const Uuid derived =
        make_uuid(Hasher{}.add(parent.high).add(parent.low).add(role).add(ordinal).finish());
    constexpr std::uint64_t time_and_version = 0xffff'ffff'ffff'f000;
    const bool timed = (parent.high & 0xf000) == 0x7000;
    if (!timed) return derived;
    return {(parent.high & time_and_version) | (derived.high & ~time_and_version), derived.low};
}

}  // namespace vdc::base
