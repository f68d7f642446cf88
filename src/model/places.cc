#include "model/places.h"

#include <tuple>

namespace vdc::model {

const Place* place_on(const Places& places, HostId host) {
    const auto at = place_of_host(places, host);
    return at != places.end() && at->host == host ? &*at : nullptr;
}

bool needed_on(const Places& places, HostId host) {
    const Place* place = place_on(places, host);
    return place != nullptr && place->needed;
}

template <class R>
static void drop_outdated(R& record) {
    std::erase_if(record.observed.hosts, [&](const auto& seen) {
        const Place* place = place_on(record.claimed.places, seen.host);
        return place == nullptr || place->generation != seen.generation;
    });
}

void sum_up(Network& network) {
    drop_outdated(network);
    NetworkObserved& observed = network.observed;
    const Places& places = network.claimed.places;
    observed.message.clear();
    observed.presence = places.empty() ? Presence::absent : Presence::unknown;
    bool needed = false;
    bool all_ready = true;
    for (const Place& place : places) {
        if (!place.needed) continue;
        needed = true;
        const NetworkSeen* seen = seen_on(network, place.host);
        all_ready = all_ready && seen != nullptr && seen->presence == Presence::ready;
        if (seen == nullptr || seen->presence != Presence::failed) continue;
        observed.presence = Presence::failed;
        observed.message = seen->message;
        return;
    }
    if (needed && all_ready) observed.presence = Presence::ready;
}

std::optional<HostId> front_carrier(const Application& application) {
    const Place* best = nullptr;
    const auto rank = [&](const Place& place) {
        const FrontSeen* seen = seen_on(application, place.host);
        const bool stands = seen != nullptr && seen->presence == Presence::ready;
        return std::tuple(stands, stands && !seen->ready.empty(), place.generation);
    };
    for (const Place& place : application.claimed.places)
        if (place.needed && (best == nullptr || rank(*best) < rank(place))) best = &place;
    return best != nullptr ? std::optional(best->host) : std::nullopt;
}

void sum_up(Application& application) {
    drop_outdated(application);
    ApplicationObserved& observed = application.observed;
    const Places& places = application.claimed.places;
    observed.ready.clear();
    observed.front = places.empty() ? Presence::absent : Presence::unknown;
    const auto carrier = front_carrier(application);
    const FrontSeen* seen = carrier ? seen_on(application, *carrier) : nullptr;
    if (seen == nullptr) return;
    observed.front = seen->presence;
    observed.ready = seen->ready;
}

void sum_up(Volume& volume) {
    drop_outdated(volume);
}

void sum_up(Image& image) {
    drop_outdated(image);
    const ImageSeen* seen = image.claimed.host ? seen_on(image, *image.claimed.host) : nullptr;
    if (seen == nullptr) return;
    ImageObserved& observed = image.observed;
    observed.phase = seen->phase;
    observed.format = seen->format;
    observed.sha256 = seen->sha256;
    observed.virtual_size = seen->virtual_size;
    observed.stored_size = seen->stored_size;
    observed.message = seen->message;
}

}  // namespace vdc::model
