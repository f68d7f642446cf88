#include "sim/tally.h"

#include <algorithm>

namespace vdc::sim {

using base::Duration;
using base::Instant;
using base::Status;

/// Adds what stood from the moment counted to up to now.
void Tally::count_to(Instant now) {
    const Duration lasted = now - counted_to_;
    counted_to_ = std::max(now, counted_to_);
    if (!std::exchange(begun_, true) && snapshot_.revision == 0) return;
    if (lasted <= Duration{}) return;
    for (const auto& [id, application] : snapshot_.all<model::Application>()) {
        if (application->deleting) continue;
        std::int64_t ready = 0;
        for (const auto* replica :
             snapshot_.linked_records<model::Instance>(model::Link::application_instance, id.value))
            if (model::replica_ready(*application, *replica)) ++ready;
        const std::int64_t wanted = application->declared.replicas;
        sums_.wanted_replicas += lasted * wanted;
        sums_.ready_replicas += lasted * std::min(wanted, ready);
    }
    for (const auto& [id, instance] : snapshot_.all<model::Instance>())
        if (model::wanted_power(*instance) == model::Power::on &&
            instance->observed.phase != model::InstancePhase::running)
            sums_.missing_instances += lasted;
    for (const auto& [id, host] : snapshot_.all<model::Host>())
        if (snapshot_.has_linked(model::Link::host_instance, id.value))
            sums_.hosts_in_use += lasted;
}

Status Tally::add(const model::Commit& commit) {
    count_to(commit.at);
    for (const model::Step& step : commit.steps) {
        const auto* claim = std::get_if<model::Claim<model::Instance>>(&step.change);
        if (claim == nullptr || !claim->claimed.host) continue;
        const auto [known, fresh] = last_host_.try_emplace(claim->id, *claim->claimed.host);
        if (!fresh && known->second != *claim->claimed.host) ++sums_.moves;
        known->second = *claim->claimed.host;
    }
    ++sums_.commits;
    return model::replay(snapshot_, commit);
}

Sums Tally::finish(Instant end) {
    count_to(end);
    return sums_;
}

}  // namespace vdc::sim
