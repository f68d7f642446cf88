#pragma once

#include "base/time.h"

namespace vdc::runtime {

/// The datacenter's time as this process sees it: the wall clock when the process first asked,
/// plus what CLOCK_BOOTTIME has counted since. So it never goes back and never jumps when someone
/// sets the wall clock, and it counts while the host sleeps. One time line for all threads.
base::Instant now();

}  // namespace vdc::runtime
