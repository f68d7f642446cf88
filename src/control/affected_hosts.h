#pragma once

#include <set>
#include <vector>

#include "model/commit.h"
#include "model/snapshot.h"

/// Whom a change concerns: with thousands of hosts nobody can be told of every commit.
namespace vdc::control {

/// Adds the hosts whose duties (duties.h) may differ between the two snapshots because of what
/// became of the subject. It never misses one; one too many costs a letter (property test: the
/// duties of all others are equal). `before` and `after` may be any number of commits apart, when
/// it is called for each subject that they changed. Cost: of what the subject refers to, and of the
/// places of its network or image.
void add_affected_hosts(const model::Snapshot& before, const model::Snapshot& after,
                        const model::Subject& subject, std::set<model::HostId>& hosts);

/// All of them, of commits that led from one snapshot to the other.
std::set<model::HostId> affected_hosts(const model::Snapshot& before, const model::Snapshot& after,
                                       const std::vector<model::CommitPtr>& commits);

}  // namespace vdc::control
