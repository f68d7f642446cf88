#pragma once

#include "base/addresses.h"

namespace vdc::control {

/// Where the addresses of application fronts come from: 100.96.0.0/16, in the shared address space
/// (RFC 6598), so that no network of a project overlaps it. Control gives them out; hosts route
/// them.
inline constexpr base::Ipv4Range front_pool{{100u << 24 | 96u << 16}, 16};

}  // namespace vdc::control
