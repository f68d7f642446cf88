#pragma once

#include <algorithm>
#include <optional>

#include "model/nouns.h"

/// Things that stand on several hosts: what each host saw, and what follows from all of it.
namespace vdc::model {

/// Records of this kind have places, and one entry in `observed.hosts` for each host, in the order
/// of hosts.
template <class R>
concept OnHosts = requires(R record) {
    typename R::Observed::OnHost;
    record.claimed.places;
};

/// Where that host's entry stands in what is kept in the order of hosts, or would be inserted.
auto place_of_host(auto& in_order, HostId host) {
    return std::lower_bound(in_order.begin(), in_order.end(), host,
                            [](const auto& each, HostId id) { return each.host < id; });
}

/// What that host saw under its present place, or nullptr: nothing yet.
template <OnHosts R>
const typename R::Observed::OnHost* seen_on(const R& record, HostId host) {
    const Place* place = place_on(record.claimed.places, host);
    if (place == nullptr) return nullptr;
    const auto& all = record.observed.hosts;
    const auto at = std::lower_bound(all.begin(), all.end(), host,
                                     [](const auto& each, HostId id) { return each.host < id; });
    const bool present = at != all.end() && at->host == host && at->generation == place->generation;
    return present ? &*at : nullptr;
}

/// Enters what a host saw, in the order of hosts.
template <OnHosts R>
void enter_sighting(R& record, const typename R::Observed::OnHost& seen) {
    auto& all = record.observed.hosts;
    const auto at = place_of_host(all, seen.host);
    if (at != all.end() && at->host == seen.host)
        *at = seen;
    else
        all.insert(at, seen);
}

/// The host through which the application's front is reached: the one that carries it (of several,
/// which control does not claim, one where it stands, with replicas that answer, the last one
/// claimed). None: no host carries it.
std::optional<HostId> front_carrier(const Application& application);

/// Drops what was seen under places that are no more, and writes what follows from the rest:
///  - a network is ready when it is on all hosts that need it, failed when it failed on one, absent
///    when no host has a place for it;
///  - a front is what the host through which it is reached saw; absent when no host has a place for
///  it;
///  - an image is what the host that imports it saw;
///  - of a volume nothing: the host that keeps it says what it is.
void sum_up(Network& network);
void sum_up(Application& application);
void sum_up(Image& image);
void sum_up(Volume& volume);

}  // namespace vdc::model
