#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vdc::base {

/// An IPv4 address, host byte order.
struct Ipv4 {
    std::uint32_t bits = 0;

    friend auto operator<=>(const Ipv4&, const Ipv4&) = default;
    explicit operator bool() const { return bits != 0; }
    friend Ipv4 operator+(Ipv4 address, std::uint32_t offset) { return {address.bits + offset}; }
};

/// A range of addresses: "10.20.0.0/24". Host bits are zero.
struct Ipv4Range {
    Ipv4 first;
    int prefix = 32;  ///< 0 to 32

    friend auto operator<=>(const Ipv4Range&, const Ipv4Range&) = default;

    std::uint64_t size() const { return std::uint64_t{1} << (32 - prefix); }
    bool holds(Ipv4 address) const { return address.bits - first.bits < size(); }
    bool overlaps(const Ipv4Range& other) const { return holds(other.first) || other.holds(first); }
    Ipv4 broadcast() const { return first + static_cast<std::uint32_t>(size() - 1); }
    Ipv4 netmask() const { return {static_cast<std::uint32_t>(~(size() - 1))}; }
};

/// An Ethernet address, 48 bits.
struct Mac {
    std::uint64_t bits = 0;

    friend auto operator<=>(const Mac&, const Mac&) = default;
    explicit operator bool() const { return bits != 0; }
};

std::string text(Ipv4 address);            ///< "10.20.0.5"
std::string text(const Ipv4Range& range);  ///< "10.20.0.0/24"
std::string text(Mac mac);                 ///< "52:54:00:12:34:56"

/// Four decimal numbers without leading zeros; no other form is taken.
Result<Ipv4> parse_ipv4(std::string_view text);
/// An address, '/', a prefix; host bits must be zero.
Result<Ipv4Range> parse_ipv4_range(std::string_view text);
/// Six pairs of hexadecimal digits with ':'; multicast addresses are refused.
Result<Mac> parse_mac(std::string_view text);

}  // namespace vdc::base
