#pragma once

#include <cstdint>

#include "base/chance.h"
#include "control/lease.h"
#include "sim/time_line.h"

/// What the lease of a host stands on, pretended: clocks with rates of their own, and the guards.
/// Renewal, deadline and fence are decided by the production objects (control/lease.h, lives.h).
namespace vdc::sim {

/// One-line defects of the protocol, each of which the lives must catch.
enum class LeaseFlaw {
    none,
    deadline_from_reply,  ///< the deadline counts from when the answer came
    no_margin,            ///< G = L
    unguarded_fence,      ///< the fence does not look at the renewal's revision
    no_wait_for_freeze,   ///< the leader's G leaves out J and K
    inherited_silence,    ///< a new leader counts from when the one before heard a host
};
constexpr auto words(LeaseFlaw) {
    return model::Words<LeaseFlaw, 6>{{{LeaseFlaw::none, "none"},
                                       {LeaseFlaw::deadline_from_reply, "deadline_from_reply"},
                                       {LeaseFlaw::no_margin, "no_margin"},
                                       {LeaseFlaw::unguarded_fence, "unguarded_fence"},
                                       {LeaseFlaw::no_wait_for_freeze, "no_wait_for_freeze"},
                                       {LeaseFlaw::inherited_silence, "inherited_silence"}}};
}

/// CLOCK_BOOTTIME of one machine: it never jumps, and runs a little too fast or too slow.
class RateClock {
  public:
    std::int64_t ppm = 0;  ///< parts in a million; the lemma allows 1000

    base::Instant shown(base::Instant truly) const {
        return truly + base::Duration((truly - zero).count() * ppm / 1'000'000);
    }
    /// When the clock will show that; never earlier.
    base::Instant when_shown(base::Instant shows) const {
        base::Instant truly =
            zero + base::Duration((shows - zero).count() * 1'000'000 / (1'000'000 + ppm));
        while (shown(truly) < shows) truly += base::Duration(1);
        return truly;
    }
    static constexpr base::Instant zero{base::Duration(1'700'000'000'000'000)};
};

}  // namespace vdc::sim
