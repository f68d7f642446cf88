#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace vdc::base {

/// 128 bits that name one thing for ever. Written as RFC 9562 text, 36 characters, lower case.
/// The nil value (all zero) names nothing. Order is numeric and equals the order of the text.
struct Uuid {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend auto operator<=>(const Uuid&, const Uuid&) = default;
    explicit operator bool() const { return high != 0 || low != 0; }
};

std::string text(const Uuid& uuid);

/// Accepts exactly 8-4-4-4-12 hexadecimal digits of either case.
std::optional<Uuid> parse_uuid(std::string_view text);

/// A version 8 UUID (RFC 9562 section 5.8) with these 128 bits; six of them are overwritten.
Uuid make_uuid(Hash128 bits);

/// The same UUID for the same parts, always: how pure code names what it makes. `role` says what it
/// is to its parent ("root"), `ordinal` which one. The time of a version 7 parent is its own too.
Uuid derive_uuid(const Uuid& parent, std::string_view role, std::uint64_t ordinal);

/// An identity that cannot be mistaken for another kind's: a HostId is not an InstanceId.
template <class Tag>
struct Id {
    Uuid value;

    friend auto operator<=>(const Id&, const Id&) = default;
    explicit operator bool() const { return static_cast<bool>(value); }
};

template <class Tag>
std::string text(const Id<Tag>& id) {
    return text(id.value);
}

}  // namespace vdc::base
