#pragma once

#include <set>

#include "model/change.h"
#include "model/snapshot.h"

namespace vdc::sim {

/// Adds the hosts to which a change may give something to do, as this snapshot has them: call it on
/// the snapshot before and on the one after the change. Hosts that only learn something from it,
/// such as a name in a network, are left out (control/affected_hosts.h has them all).
void add_concerned(const model::Snapshot& datacenter, const model::Change& change,
                   std::set<model::HostId>& hosts);

}  // namespace vdc::sim
