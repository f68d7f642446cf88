#pragma once

#include <array>
#include <cstdint>

#include "sim/speeds.h"

namespace vdc::sim {

/// Deals out how long things take, one after another, to all hosts of a forecast. The first of a
/// pace takes the median, so that what is foreseen of one run is what is most likely; many are
/// spread as what was seen is spread, so that the last of many is as late as the slowest of many
/// are. Were all to take the median, a lost host would be foreseen to be healed when half of its
/// instances are.
///
/// Not by chance, which would need many looks ahead to say the same: each pace walks through what
/// was seen in equal steps around a circle (a Kronecker sequence, see Kuipers and Niederreiter,
/// "Uniform Distribution of Sequences", 1974). The steps are the fractional parts of the square
/// roots of primes; no two of them ever fall into step, so what launches late does not also boot
/// late more often than it should.
class Pacer {
  public:
    explicit Pacer(Speeds speeds) : speeds_(std::move(speeds)) {}

    const Speeds& speeds() const { return speeds_; }

    base::Duration next(Pace pace);
    /// An effect without a pace of its own always takes the same.
    base::Duration next(const control::Effect& effect);

  private:
    Speeds speeds_;
    std::array<std::uint64_t, paces> dealt_{};
};

}  // namespace vdc::sim
