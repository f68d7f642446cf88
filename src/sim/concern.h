#pragma once

#include "control/affected_hosts.h"
#include "model/change.h"

/// What a change wakes, where hosts rest: of their duties, the parts that it may give something to
/// do about.
namespace vdc::sim {

/// Adds the hosts to which a change may give something to do, and about what. Parts about which a
/// host only learns something, such as a name in a network, are left out (control/affected_hosts.h
/// has them all). `before` and `after` may be any number of commits apart.
void add_concerned(const model::Snapshot& before, const model::Snapshot& after,
                   const model::Change& change, control::Affected& concerned);

/// The parts with those on which a host's mind looks when it decides about them: the volumes and
/// networks of an instance, the image and the instance of a volume, the network of a front.
control::Parts with_what_hangs_on(const model::Snapshot& datacenter, model::HostId host,
                                  const control::Parts& parts);

}  // namespace vdc::sim
