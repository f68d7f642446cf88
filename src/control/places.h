#pragma once

#include <string>

#include "control/plan.h"
#include "model/places.h"

/// How control claims places for what stands on several hosts: networks, fronts, images.
namespace vdc::control {

/// The claim with that host among the places that need the thing. A need that begins, also anew,
/// has a generation that none had before.
template <class Claimed>
Claimed needed_there(Claimed claimed, model::HostId host) {
    auto& places = claimed.places;
    const auto at = model::place_of_host(places, host);
    const bool there = at != places.end() && at->host == host;
    if (there && at->needed) return claimed;
    const model::Place place{host, ++claimed.generation, true};
    if (there)
        *at = place;
    else
        places.insert(at, place);
    return claimed;
}

/// The claim without a need on that host: it shall go from there.
template <class Claimed>
Claimed not_needed_there(Claimed claimed, model::HostId host) {
    for (model::Place& place : claimed.places)
        if (place.host == host) place.needed = false;
    return claimed;
}

/// The claim without the places that are neither needed nor there any more.
template <model::OnHosts R>
typename R::Claimed without_left(const R& record) {
    typename R::Claimed claimed = record.claimed;
    std::erase_if(claimed.places, [&](const model::Place& place) {
        const auto* seen = model::seen_on(record, place.host);
        return !place.needed && seen != nullptr && seen->gone();
    });
    return claimed;
}

/// Claims it so, if that is another claim than now.
template <class R>
void claim(Draft& draft, const R& record, typename R::Claimed claimed, std::string reason) {
    if (claimed == record.claimed) return;
    draft.must_add(model::Claim<R>{record.id, std::move(claimed)}, std::move(reason));
}

/// Drops the places that the thing has left; one step for all of them. The record as it is then.
template <class R>
model::Shared<R> drop_left_places(Draft& draft, const R& record, const std::string& name) {
    claim(draft, record, without_left(record), name + " is gone from a host that had it");
    return *draft.datacenter().all<R>().find(record.id);
}

/// The networks of a claimed instance are needed on its host, and on one that it moves to. Called
/// whenever one is looked at.
void need_networks(Draft& draft, const model::Instance& instance, model::HostId host);

/// The instance left `host`, or comes there no more: its networks are needed there no longer,
/// unless others are in them that are there or move there.
void leave_networks(Draft& draft, const model::Instance& instance, model::HostId host);

/// The image is needed on that host, because a volume that begins with it comes there. It stays
/// until it is deleted: the next volume finds it there.
void need_image(Draft& draft, model::ImageId image, const model::Host& host);

/// What brings every image that is ready to each of these hosts that are up, and has it stay there:
/// controllers have them all, so that the next leader can give them to hosts.
std::vector<model::Step> bring_images(const model::Snapshot& datacenter,
                                      const std::vector<model::HostId>& hosts);

/// The front left that host: its network is needed there no longer, unless instances are in it that
/// are there or move there, or another front.
void leave_network_of_front(Draft& draft, const model::Application& application,
                            model::HostId host);

/// The host that shall carry the application's front: one that runs replicas, or that carries it
/// already, and keeps it as long as it may, also when its replicas move on: whoever speaks through
/// it notices nothing. In this order: is not down; is up and takes instances; carries it already;
/// has the most replicas; carries the fewest fronts; has the lowest name. When all replicas are on
/// hosts that are down, one of these. None: no replica has a host.
std::optional<model::HostId> carrier_of(const model::Snapshot& datacenter,
                                        const model::Application& application);

}  // namespace vdc::control
