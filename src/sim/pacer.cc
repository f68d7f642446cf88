#include "sim/pacer.h"

namespace vdc::sim {

/// Of a circle of 2^64: frac(sqrt(2, 3, 5, 7, 11, 13, 17)), as in FIPS 180-4, section 5.3.5. Small
/// counts are spread best by the roots of 2 and 3: boots and launches have them.
static std::uint64_t step_of(Pace pace) {
    switch (pace) {
        case Pace::boot: return 0x6a09e667f3bcc908;
        case Pace::launch: return 0xbb67ae8584caa73b;
        case Pace::apply_network: return 0x3c6ef372fe94f82b;
        case Pace::prepare_volume: return 0xa54ff53a5f1d36f1;
        case Pace::fetch_image: return 0x510e527fade682d1;
        case Pace::stop: return 0x9b05688c2b3e6c1f;
        case Pace::import_image: return 0x1f83d9abfb41bd6b;
    }
    base::broken("a pace without a step");
}

base::Duration Pacer::next(Pace pace) {
    constexpr std::uint64_t half = std::uint64_t{1} << 63;
    const Speed& speed = speeds_[pace];
    const std::uint64_t count = dealt_[static_cast<std::size_t>(pace)]++;
    if (speed.seen.empty()) return speed.takes;
    const std::uint64_t turned = (half + count * step_of(pace)) >> 32;  // of 2^32
    return speed.seen[(turned * speed.seen.size()) >> 32];
}

base::Duration Pacer::next(const control::Effect& effect) {
    const auto pace = pace_of(effect);
    return pace ? next(*pace) : speeds_.of(effect);
}

}  // namespace vdc::sim
