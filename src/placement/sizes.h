#pragma once

#include "placement/roster.h"

/// How large requests are beside the hosts there are: who is placed first when several look for
/// room.
namespace vdc::placement {

/// The most that any host can give of each kind while it is empty.
Amounts greatest_host(const Roster& roster);

/// In thousandths of the greatest host, by the kind of which most is needed; accelerators count as
/// if every host had as many as a host can have.
std::int64_t size_of(const Needs& needs, const Amounts& greatest);

}  // namespace vdc::placement
