#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vdc::base {

struct Hash128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

/// 32 hexadecimal digits.
std::string text(const Hash128& hash);

/// A stable hash: the same input gives the same 128 bits on every machine and in every build.
/// For naming and for comparing histories; it withstands no attacker.
/// Two lanes of the multiply-and-fold step of wyhash (Wang Yi, final version 4).
class Hasher {
  public:
    Hasher& add(std::uint64_t word);
    Hasher& add(std::string_view bytes);
    Hash128 finish() const;

  private:
    std::uint64_t high_ = 0xa0761d6478bd642f;
    std::uint64_t low_ = 0xe7037ed1a0b428db;
};

}  // namespace vdc::base
