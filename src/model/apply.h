#pragma once

#include <string>
#include <vector>

#include "model/change.h"
#include "model/snapshot.h"

namespace vdc::model {

/// The one place where anything happens to the datacenter. Checks the rules below and makes the
/// change, or returns an error and leaves the snapshot as it was. Rules:
///  - names are unique per kind and project, and are DNS labels; ids are new;
///  - what a record refers to exists, belongs to its project (or to the datacenter), and is not
///    being deleted; what others refer to cannot be deleted or forgotten;
///  - quotas hold for what is created or grown, and cannot be set below what is used; volumes never
///    shrink;
///  - generations, epochs and counters never fall; an instance leaves its host, and its
///    generation rises, only with evidence that the run before is over (runs.h), and a volume
///    leaves its host only with evidence that the host has let go of it; observations of an older
///    generation are refused (conflict): the thing was claimed anew meanwhile;
///  - a claim that was restored from a backup, under which its host has seen nothing, leaves it for
///    a host that found the instance running;
///  - a host is down exactly when its present epoch is fenced, with evidence; a new epoch begins
///  up;
///  - instances and applications are at most as important as their project may be;
///  - the places of a thing are given in the order of their hosts; each new one has a new
///  generation, and a sighting of an older one is refused (conflict);
///  - a volume is attached only to an instance whose disks lie on the same host;
///  - a thing that is being deleted takes no new wishes, and is forgotten only when it is gone.
/// Claims are checked against capacity by control and by check(), not here: an observation or a
/// shrunken host must never make a stored log unreadable.
base::Status apply(Snapshot& snapshot, const Change& change);

/// Begins the next commit: its revision and its instant, which apply() writes into records.
void advance(Snapshot& snapshot, Revision revision, Instant now);

/// What is wrong with the snapshot, one sentence each; empty is good. Computed from scratch from
/// the records alone: used by the simulator, the tests and `vdc doctor`. Costs a full pass.
/// Holds: references, unique names, indices as rebuilt, claims within capacity (I6), quotas (I5),
/// addresses unique within their network, network numbers and front addresses unique, nothing
/// claimed under an epoch that its host has not begun, and hosts down with evidence only.
std::vector<std::string> check(const Snapshot& snapshot);

/// Memory and processors that instances may claim on a host in all.
Resources claimable(const Host& host);

}  // namespace vdc::model
