#include "control/places.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "model/runs.h"

namespace vdc::control {

using model::Application;
using model::Host;
using model::HostId;
using model::Image;
using model::Instance;
using model::Link;
using model::Network;
using model::Port;
using model::Snapshot;

static std::set<model::NetworkId> networks_of(const Snapshot& s, const Instance& instance) {
    std::set<model::NetworkId> networks;
    for (const Port* port : s.linked_records<Port>(Link::instance_port, instance.id.value))
        networks.insert(port->declared.network);
    return networks;
}

void need_networks(Draft& draft, const Instance& instance, HostId host) {
    for (const model::NetworkId id : networks_of(draft.datacenter(), instance)) {
        const auto& network = draft.datacenter().get<Network>(id);
        if (needed_on(network.claimed.places, host)) continue;
        const std::string name = network.name;
        claim(draft, network, needed_there(network.claimed, host),
              "network " + name + " is needed on " + draft.datacenter().get<Host>(host).name +
                  " by " + instance.name);
    }
}

/// Whether an instance other than `but` is there, or moves there, with a card in that network.
static bool uses(const Snapshot& s, HostId host, model::NetworkId id, const Instance* but) {
    for (const Link link : {Link::host_instance, Link::host_arrival})
        for (const Instance* each : s.linked_records<Instance>(link, host.value))
            if ((but == nullptr || each->id != but->id) && networks_of(s, *each).contains(id))
                return true;
    return false;
}

/// Whether a front before instances of that network is carried there.
static bool carries_front_in(const Snapshot& s, HostId host, model::NetworkId id) {
    for (const Application* each :
         s.linked_records<Application>(Link::network_application, id.value))
        if (needed_on(each->claimed.places, host)) return true;
    return false;
}

static void leave_network(Draft& draft, model::NetworkId id, HostId host) {
    const auto& network = draft.datacenter().get<Network>(id);
    const std::string name = network.name;
    claim(draft, network, not_needed_there(network.claimed, host),
          "network " + name + " is not needed on " + draft.datacenter().get<Host>(host).name +
              " any more");
}

void leave_networks(Draft& draft, const Instance& instance, HostId host) {
    const Snapshot& s = draft.datacenter();
    for (const model::NetworkId id : networks_of(s, instance))
        if (!uses(s, host, id, &instance) && !carries_front_in(s, host, id))
            leave_network(draft, id, host);
}

void leave_network_of_front(Draft& draft, const Application& application, HostId host) {
    const Snapshot& s = draft.datacenter();
    const model::NetworkId id = application.declared.instance.network;
    if (!uses(s, host, id, nullptr) && !carries_front_in(s, host, id))
        leave_network(draft, id, host);
}

void need_image(Draft& draft, model::ImageId id, const Host& host) {
    const auto& image = draft.datacenter().get<Image>(id);
    if (image.deleting || needed_on(image.claimed.places, host.id)) return;
    const std::string name = image.name;
    claim(draft, image, needed_there(image.claimed, host.id),
          "image " + name + " is brought to " + host.name);
}

std::vector<model::Step> bring_images(const Snapshot& datacenter,
                                      const std::vector<HostId>& hosts) {
    std::vector<model::Step> steps;
    for (const auto& [id, image] : datacenter.all<Image>()) {
        if (image->deleting || image->observed.phase != model::ImagePhase::ready) continue;
        model::ImageClaimed claimed = image->claimed;
        for (const HostId host : hosts) {
            const auto* record = datacenter.find<Host>(host);
            const bool up = record != nullptr && record->claimed.health == model::HostHealth::up;
            if (up) claimed = needed_there(std::move(claimed), host);
        }
        if (claimed == image->claimed) continue;
        steps.push_back({model::Claim<Image>{id, std::move(claimed)},
                         "image " + image->name + " is kept on all controllers"});
    }
    return steps;
}

// ---- fronts ------------------------------------------------------------------------------------

/// How many replicas with a card in the front's network each host has.
static std::map<HostId, std::int64_t> replicas_by_host(const Snapshot& s,
                                                       const Application& application) {
    std::map<HostId, std::int64_t> counted;
    const model::NetworkId network = application.declared.instance.network;
    for (const Instance* replica :
         s.linked_records<Instance>(Link::application_instance, application.id.value))
        if (replica->claimed.host && networks_of(s, *replica).contains(network))
            ++counted[*replica->claimed.host];
    return counted;
}

static bool is_down(const Host& host) {
    return host.claimed.health == model::HostHealth::down;
}

static std::int64_t fronts_carried(const Snapshot& s, HostId host) {
    std::int64_t carried = 0;
    for (const Application* each :
         s.linked_records<Application>(Link::host_application, host.value))
        if (needed_on(each->claimed.places, host)) ++carried;
    return carried;
}

std::optional<HostId> carrier_of(const Snapshot& s, const Application& application) {
    std::map<HostId, std::int64_t> candidates = replicas_by_host(s, application);
    const bool some_serve =
        std::any_of(candidates.begin(), candidates.end(),
                    [&](const auto& each) { return !is_down(s.get<Host>(each.first)); });
    for (const model::Place& place : application.claimed.places)
        if (place.needed && some_serve) candidates.try_emplace(place.host, 0);
    using Rank = std::tuple<bool, bool, bool, std::int64_t, std::int64_t, std::string, HostId>;
    std::optional<Rank> best;
    for (const auto& [id, replicas] : candidates) {
        const Host& host = s.get<Host>(id);
        const bool carries = needed_on(application.claimed.places, id);
        const Rank rank{is_down(host),
                        !model::takes_instances(host),
                        !carries,
                        carries ? 0 : -replicas,
                        carries ? 0 : fronts_carried(s, id),
                        host.name,
                        id};
        if (!best || rank < *best) best = rank;
    }
    return best ? std::optional(std::get<HostId>(*best)) : std::nullopt;
}

}  // namespace vdc::control
