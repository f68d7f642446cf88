#pragma once

#include <map>
#include <set>
#include <vector>

#include "control/duties.h"
#include "model/commit.h"

/// Whom a change concerns: with thousands of hosts nobody can be told of every commit, and nobody
/// can read all duties of a host anew for each.
namespace vdc::control {

/// Hosts whose duties (duties.h) may differ between two snapshots, and which parts of them may.
using Affected = std::map<model::HostId, Parts>;

/// The hosts that are affected by what became of these subjects, any number of commits apart, when
/// they are all that changed. None is missed, and no part of one; one too many costs a letter
/// (property test: the duties of all others are equal, and to renew the parts is to read all).
/// Cost: of what the subjects refer to, and of the places of their networks and images.
Affected affected_hosts(const model::Snapshot& before, const model::Snapshot& after,
                        const std::set<model::Subject>& subjects);

/// The same of commits that led from one snapshot to the other.
Affected affected_hosts(const model::Snapshot& before, const model::Snapshot& after,
                        const std::vector<model::CommitPtr>& commits);

}  // namespace vdc::control
