#include "sim/lease_oracle.h"

namespace vdc::sim {

using namespace std::chrono_literals;
using model::Host;

/// The lease, the guards' lateness and the freeze, as the decision has them.
static base::Duration covered(model::LeaseProfile profile) {
    return (profile == model::LeaseProfile::fast ? 2s : 6s) + 250ms + 50ms;
}

std::string LeaseOracle::fenced(const model::Snapshot& datacenter, model::HostId id,
                                base::Instant truly) const {
    constexpr auto heard_within = 2min;  // a watch may have been stuck
    std::size_t all = 0;
    std::size_t heard = 0;
    for (const auto& [other, host] : datacenter.all<Host>()) {
        if (host->claimed.lease == model::LeaseProfile::none) continue;
        ++all;
        const auto last = renewed_.find(other);
        heard += last != renewed_.end() && truly - last->second < heard_within ? 1 : 0;
    }
    const Host* host = datacenter.find<Host>(id);
    const auto last = renewed_.find(id);
    if (host == nullptr) return "I1: a host without a record is fenced";
    if (last != renewed_.end() && truly - last->second < covered(host->claimed.lease))
        return "I1: " + host->name + " is fenced while its lease may still hold";
    if (heard * 2 < all) return "I11: " + host->name + " is fenced while most hosts are silent";
    return {};
}

}  // namespace vdc::sim
