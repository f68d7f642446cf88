#pragma once

#include <cstdint>

#include "base/result.h"

namespace vdc::base {

/// Seeded chance: the same seed gives the same numbers on every machine. Never used for secrets.
/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
class Chance {
  public:
    explicit Chance(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// Uniform in [0, bound); bound is at least 1.
    std::uint64_t below(std::uint64_t bound) {
        check(bound > 0, "chance below zero");
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
    }

    /// Uniform in [low, high].
    std::int64_t between(std::int64_t low, std::int64_t high) {
        check(low <= high, "chance between crossed bounds");
        const auto first = static_cast<std::uint64_t>(low);
        const std::uint64_t span = static_cast<std::uint64_t>(high) - first;
        const std::uint64_t offset = span == ~std::uint64_t{0} ? next() : below(span + 1);
        return static_cast<std::int64_t>(first + offset);
    }

    /// True in `part` of `whole` cases.
    bool once_in(std::uint64_t part, std::uint64_t whole) { return below(whole) < part; }

  private:
    std::uint64_t state_;
};

}  // namespace vdc::base
