#include "base/addresses.h"

#include <charconv>
#include <cstdio>

#include "base/text.h"

namespace vdc::base {

std::string text(Ipv4 address) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += std::to_string((address.bits >> shift) & 0xff);
        if (shift > 0) out += '.';
    }
    return out;
}

std::string text(const Ipv4Range& range) {
    return text(range.first) + "/" + std::to_string(range.prefix);
}

std::string text(Mac mac) {
    char out[18];
    std::snprintf(
        out, sizeof out, "%02x:%02x:%02x:%02x:%02x:%02x",
        static_cast<unsigned>(mac.bits >> 40 & 0xff), static_cast<unsigned>(mac.bits >> 32 & 0xff),
        static_cast<unsigned>(mac.bits >> 24 & 0xff), static_cast<unsigned>(mac.bits >> 16 & 0xff),
        static_cast<unsigned>(mac.bits >> 8 & 0xff), static_cast<unsigned>(mac.bits & 0xff));
    return out;
}

/// A whole number in [0, most] that fills `text`, without a leading zero; -1 if it is none.
static int number(std::string_view text, int most, int radix = 10) {
    int value = -1;
    const auto [end, failure] =
        std::from_chars(text.data(), text.data() + text.size(), value, radix);
    const bool whole = failure == std::errc{} && end == text.data() + text.size();
    if (!whole || text[0] == '-' || value > most) return -1;
    if (radix == 10 && text.size() > 1 && text[0] == '0') return -1;
    return value;
}

Result<Ipv4> parse_ipv4(std::string_view text) {
    const Error refused{Error::Code::invalid, "'" + quoted(text, 60) + "' is no IPv4 address",
                        "write four numbers from 0 to 255, for example 10.20.0.5"};
    const std::vector<std::string> parts = split(text, '.');
    if (parts.size() != 4) return refused;
    std::uint32_t bits = 0;
    for (const std::string& part : parts) {
        const int value = part.empty() || part.size() > 3 ? -1 : number(part, 255);
        if (value < 0) return refused;
        bits = bits << 8 | static_cast<std::uint32_t>(value);
    }
    return Ipv4{bits};
}

Result<Ipv4Range> parse_ipv4_range(std::string_view text) {
    const Error refused{Error::Code::invalid,
                        "'" + quoted(text, 60) + "' is no range of IPv4 addresses",
                        "write an address and a prefix, for example 10.20.0.0/24"};
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return refused;
    const auto first = parse_ipv4(text.substr(0, slash));
    const std::string_view length = text.substr(slash + 1);
    const int prefix = length.empty() || length.size() > 2 ? -1 : number(length, 32);
    if (!first.ok() || prefix < 0) return refused;
    const Ipv4Range range{*first, prefix};
    if ((first->bits & (range.size() - 1)) != 0)
        return Error{
            Error::Code::invalid,
            "'" + std::string(text) + "' names one address inside a range, not the range",
            "the range's first address is " +
                base::text(Ipv4{static_cast<std::uint32_t>(first->bits & ~(range.size() - 1))})};
    return range;
}

Result<Mac> parse_mac(std::string_view text) {
    const Error refused{Error::Code::invalid, "'" + quoted(text, 60) + "' is no MAC address",
                        "write six pairs of hexadecimal digits, for example 52:54:00:12:34:56"};
    const std::vector<std::string> parts = split(text, ':');
    if (parts.size() != 6) return refused;
    std::uint64_t bits = 0;
    for (const std::string& part : parts) {
        const int value = part.size() != 2 ? -1 : number(part, 255, 16);
        if (value < 0) return refused;
        bits = bits << 8 | static_cast<std::uint64_t>(value);
    }
    if (bits == 0 || (bits >> 40 & 1) != 0)
        return Error{Error::Code::invalid,
                     "'" + std::string(text) + "' names no single network card",
                     "the first byte must be even, for example 52:54:00:12:34:56"};
    return Mac{bits};
}

}  // namespace vdc::base
