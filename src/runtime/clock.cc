#include "runtime/clock.h"

#include <time.h>

namespace vdc::runtime {

static base::Duration reading(clockid_t clock) {
    timespec time{};
    base::check(::clock_gettime(clock, &time) == 0, "a clock that every kernel has");
    return std::chrono::duration_cast<base::Duration>(std::chrono::seconds(time.tv_sec) +
                                                      std::chrono::nanoseconds(time.tv_nsec));
}

base::Instant now() {
    static const base::Duration boot = reading(CLOCK_REALTIME) - reading(CLOCK_BOOTTIME);
    return base::Instant(boot + reading(CLOCK_BOOTTIME));
}

}  // namespace vdc::runtime
