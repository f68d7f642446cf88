#include "sim/concern.h"

#include "model/places.h"

namespace vdc::sim {

using model::HostId;
using model::Link;
using model::Noun;
using model::Snapshot;

static void add(const std::optional<HostId>& host, std::set<HostId>& hosts) {
    if (host) hosts.insert(*host);
}

static void add(const model::Places& places, std::set<HostId>& hosts) {
    for (const model::Place& place : places) hosts.insert(place.host);
}

/// Of an image, those who have it and keep it only learn who else does.
static void of_image(const model::Image& image, std::set<HostId>& hosts) {
    for (const model::Place& place : image.claimed.places) {
        const model::ImageSeen* seen = seen_on(image, place.host);
        const bool settled =
            place.needed && seen != nullptr && seen->phase == model::ImagePhase::ready;
        if (!settled) hosts.insert(place.host);
    }
}

static void of_instance(const Snapshot& s, const model::Instance& instance,
                        std::set<HostId>& hosts) {
    add(instance.claimed.host, hosts);
    if (!instance.declared.application) return;
    if (const auto* application = s.find<model::Application>(*instance.declared.application))
        add(application->claimed.places, hosts);
}

static void of_volume(const Snapshot& s, const model::Volume& volume, std::set<HostId>& hosts) {
    add(volume.claimed.host, hosts);
    if (!volume.declared.instance) return;
    if (const auto* instance = s.find<model::Instance>(*volume.declared.instance))
        add(instance->claimed.host, hosts);
}

static void of_port(const Snapshot& s, const model::Port& port, std::set<HostId>& hosts) {
    if (!port.declared.instance) return;
    if (const auto* instance = s.find<model::Instance>(*port.declared.instance))
        of_instance(s, *instance, hosts);
}

static void of_host(const Snapshot& s, const model::Host& host, std::set<HostId>& hosts) {
    hosts.insert(host.id);
    for (const auto* image : s.linked_records<model::Image>(Link::host_image, host.id.value))
        of_image(*image, hosts);
}

static void of_subject(const Snapshot& s, const model::Subject& subject, std::set<HostId>& hosts) {
    const auto with = [&]<class R>(std::type_identity<R>, auto of) {
        if (const R* record = s.find<R>({subject.id})) of(*record);
    };
    switch (subject.noun) {
        case Noun::host:
            return with(std::type_identity<model::Host>{},
                        [&](const auto& r) { of_host(s, r, hosts); });
        case Noun::image:
            return with(std::type_identity<model::Image>{},
                        [&](const auto& r) { of_image(r, hosts); });
        case Noun::network:
            return with(std::type_identity<model::Network>{},
                        [&](const auto& r) { add(r.claimed.places, hosts); });
        case Noun::volume:
            return with(std::type_identity<model::Volume>{},
                        [&](const auto& r) { of_volume(s, r, hosts); });
        case Noun::volume_snapshot:
            return with(std::type_identity<model::VolumeSnapshot>{}, [&](const auto& r) {
                if (const auto* volume = s.find<model::Volume>(r.declared.volume))
                    of_volume(s, *volume, hosts);
            });
        case Noun::port:
            return with(std::type_identity<model::Port>{},
                        [&](const auto& r) { of_port(s, r, hosts); });
        case Noun::instance:
            return with(std::type_identity<model::Instance>{},
                        [&](const auto& r) { of_instance(s, r, hosts); });
        case Noun::application:
            return with(std::type_identity<model::Application>{},
                        [&](const auto& r) { add(r.claimed.places, hosts); });
        case Noun::project:
        case Noun::flavor:
        case Noun::key_pair:
        case Noun::operation: return;
    }
}

/// What one host saw of a network or a front is told to that host alone.
template <class R>
static bool told_to_one(const model::Change& change, std::set<HostId>& hosts) {
    const auto* sight = std::get_if<model::Sight<R>>(&change);
    if (sight != nullptr) hosts.insert(sight->seen.host);
    return sight != nullptr;
}

void add_concerned(const Snapshot& datacenter, const model::Change& change,
                   std::set<HostId>& hosts) {
    if (told_to_one<model::Network>(change, hosts)) return;
    if (told_to_one<model::Application>(change, hosts)) return;
    of_subject(datacenter, subject_of(change), hosts);
}

}  // namespace vdc::sim
