#pragma once

#include <map>
#include <string>

#include "model/snapshot.h"

namespace vdc::sim {

/// Whether fences come as late as the lemma of leases wants it
/// (docs/decisions/0012-leases-and-fencing.md), by true time and by what the store committed: no
/// leader's clock and no leader's memory is asked. Shares no code with the product but the records.
class LeaseOracle {
  public:
    /// The store committed a renewal of the host.
    void renewed(model::HostId host, base::Instant truly) { renewed_[host] = truly; }

    /// A fence of the host was committed, because its lease elapsed. I1: its last renewal was
    /// committed so long ago that guards and freeze are over, too. I11: at least half of the hosts
    /// that live by a lease are heard. The first violation, or "".
    std::string fenced(const model::Snapshot& datacenter, model::HostId host,
                       base::Instant truly) const;

  private:
    std::map<model::HostId, base::Instant> renewed_;
};

}  // namespace vdc::sim
