#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vdc::base {

/// A whole number of one unit. MiB{2} + Vcpus{1} does not compile.
template <class Unit>
struct Quantity {
    std::int64_t count = 0;

    friend auto operator<=>(const Quantity&, const Quantity&) = default;
    friend Quantity operator+(Quantity a, Quantity b) { return {a.count + b.count}; }
    friend Quantity operator-(Quantity a, Quantity b) { return {a.count - b.count}; }
    Quantity& operator+=(Quantity other) { return *this = *this + other; }
    Quantity& operator-=(Quantity other) { return *this = *this - other; }
};

using Vcpus = Quantity<struct VcpusUnit>;
using MiB = Quantity<struct MiBUnit>;  ///< memory and disk sizes; 2^20 bytes
using Bytes = Quantity<struct BytesUnit>;

constexpr Bytes bytes(MiB size) {
    return {size.count << 20};
}

/// Rounds up: the MiB that hold these bytes.
constexpr MiB mib_holding(Bytes size) {
    return {(size.count + (1 << 20) - 1) >> 20};
}

/// "512MiB", "10GiB": the largest unit that divides the size is used.
std::string text(MiB size);

/// A whole number followed by MiB, GiB or TiB, at most 1024 TiB. A bare number or another unit is
/// refused with a sentence that names the units there are.
Result<MiB> parse_mib(std::string_view text);

}  // namespace vdc::base
