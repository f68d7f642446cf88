#pragma once

#include <string>
#include <vector>

#include "model/change.h"
#include "model/snapshot.h"

namespace vdc::control {

/// The id of a host: the same for the same name in the same datacenter.
model::HostId host_id(const std::string& datacenter, const std::string& host_name);

/// What a host's agent asks for when it begins: the host's record, if it is new, and what the host
/// is. A new boot (another boot id) begins a new epoch: nothing of the earlier one can run any
/// more. So does a host whose guards ended what fences itself: `fenced_itself` is that epoch, 0:
/// none. And so does one that begins to live by a lease; what runs there goes on. In the same
/// commit it takes over what is still claimed on it and was not proven to be over. A host that is
/// down and says neither gets nothing: it has to fence itself first
/// (docs/decisions/0012-leases-and-fencing.md). The first word of a host after a restore of the
/// records from a backup begins an epoch, too, and proves nothing.
std::vector<model::Step> registration(const model::Snapshot& datacenter, model::HostId id,
                                      const std::string& name, const model::HostObserved& observed,
                                      model::Epoch fenced_itself = 0);

/// Whether the host may say so: of a volume, its snapshots and an instance only the host speaks on
/// which they are claimed now. What another one says of them was seen before they moved.
base::Status may_say(const model::Snapshot& datacenter, model::HostId host,
                     const model::Change& change);

/// As may_say(), for what comes from another machine, of which nothing is believed but that it is
/// that host: it may say what it sees of the instances, volumes and their snapshots that are
/// claimed on it, and its own part of images, networks and fronts. Everything else is `forbidden`.
base::Status may_report(const model::Snapshot& datacenter, model::HostId host,
                        const model::Change& change);

/// What a new datacenter begins with: the project `default`, its network `default` (10.77.0.0/24),
/// and a few flavors. Nothing where there is a project already.
std::vector<model::Step> beginnings(const model::Snapshot& datacenter, const base::Uuid& fresh);

}  // namespace vdc::control
