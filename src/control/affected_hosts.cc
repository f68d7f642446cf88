#include "control/affected_hosts.h"

#include "control/duties.h"
#include "model/places.h"

namespace vdc::control {

using model::Application;
using model::Host;
using model::HostId;
using model::Image;
using model::Instance;
using model::KeyPair;
using model::Link;
using model::Network;
using model::Noun;
using model::Place;
using model::Port;
using model::Snapshot;
using model::Volume;
using model::VolumeSnapshot;

namespace {

using Hosts = std::set<HostId>;

/// What became of a record: either may be missing.
template <class R>
struct Pair {
    const R* before = nullptr;
    const R* after = nullptr;

    bool both() const { return before != nullptr && after != nullptr; }
    /// Whether something beside `observed` is another: all of it where there was no record, or
    /// there is none any more.
    bool same_but_observed() const {
        return both() && before->name == after->name && before->deleting == after->deleting &&
               before->declared == after->declared && before->claimed == after->claimed;
    }
};

/// Looks at one snapshot after the other: what was, and what is.
class Finder {
  public:
    Finder(const Snapshot& before, const Snapshot& after, Hosts& hosts)
        : before_(before), after_(after), hosts_(hosts) {}

    void image(const Pair<Image>& pair);
    void network(const Pair<Network>& pair);
    void volume(const Pair<Volume>& pair);
    void volume_snapshot(const Pair<VolumeSnapshot>& pair);
    void port(const Pair<Port>& pair);
    void instance(const Pair<Instance>& pair);
    void application(const Pair<Application>& pair);
    void key(const Pair<KeyPair>& pair);
    void host(const Pair<Host>& pair);

    template <class R>
    Pair<R> pair(base::Uuid id) const {
        return {before_.find<R>(typename R::Id{id}), after_.find<R>(typename R::Id{id})};
    }

  private:
    void add(const std::optional<HostId>& host) {
        if (host) hosts_.insert(*host);
    }
    void add(const model::Places& places) {
        for (const Place& place : places) hosts_.insert(place.host);
    }
    template <class R>
    void add_places(typename R::Id id) {
        for (const Snapshot* s : {&before_, &after_})
            if (const R* record = s->find<R>(id)) add(record->claimed.places);
    }
    void add_host_of(const std::optional<model::InstanceId>& id) {
        if (!id) return;
        for (const Snapshot* s : {&before_, &after_})
            if (const auto* instance = s->find<Instance>(*id)) add(instance->claimed.host);
    }
    void add_carriers(const std::optional<model::InstanceId>& id) {
        if (!id) return;
        for (const Snapshot* s : {&before_, &after_})
            if (const auto* instance = s->find<Instance>(*id); instance != nullptr)
                if (instance->declared.application)
                    add_places<Application>(*instance->declared.application);
    }
    /// Hosts that have another place for it than before, or saw something else of it.
    template <class R>
    void add_changed_places(const Pair<R>& pair);

    const Snapshot& before_;
    const Snapshot& after_;
    Hosts& hosts_;
};

template <class R>
void Finder::add_changed_places(const Pair<R>& pair) {
    const auto seen = [](const R& record, HostId host) {
        const auto* found = seen_on(record, host);
        return found != nullptr ? std::optional(*found) : std::nullopt;
    };
    const auto compare = [&](const R& one, const R& other) {
        for (const Place& place : one.claimed.places) {
            const Place* there = place_on(other.claimed.places, place.host);
            if (there == nullptr || *there != place ||
                seen(one, place.host) != seen(other, place.host))
                hosts_.insert(place.host);
        }
    };
    compare(*pair.before, *pair.after);
    compare(*pair.after, *pair.before);
}

/// A sighting on one host may be what another brings the image from.
void Finder::image(const Pair<Image>& pair) {
    for (const Image* image : {pair.before, pair.after}) {
        if (image == nullptr) continue;
        for (const Place& place : image->claimed.places) {
            const Place* then =
                pair.both() ? place_on(pair.before->claimed.places, place.host) : nullptr;
            const Place* now =
                pair.both() ? place_on(pair.after->claimed.places, place.host) : nullptr;
            if (then == nullptr || now == nullptr ||
                image_duty(before_, *pair.before, *then) != image_duty(after_, *pair.after, *now))
                hosts_.insert(place.host);
        }
    }
}

void Finder::network(const Pair<Network>& pair) {
    if (pair.both()) {
        model::NetworkClaimed claimed = pair.after->claimed;
        claimed.places = pair.before->claimed.places;
        claimed.generation = pair.before->claimed.generation;
        if (pair.before->name == pair.after->name &&
            pair.before->declared == pair.after->declared && pair.before->claimed == claimed)
            return add_changed_places(pair);
    }
    const model::NetworkId id = (pair.after != nullptr ? pair.after : pair.before)->id;
    add_places<Network>(id);
    for (const Snapshot* s : {&before_, &after_}) {
        for (const Port* port : s->linked_records<Port>(Link::network_port, id.value))
            add_host_of(port->declared.instance);
        for (const auto* application :
             s->linked_records<Application>(Link::network_application, id.value))
            add(application->claimed.places);
    }
}

void Finder::volume(const Pair<Volume>& pair) {
    for (const Volume* volume : {pair.before, pair.after}) {
        if (volume == nullptr) continue;
        add(volume->claimed.host);
        if (!pair.same_but_observed()) add_host_of(volume->declared.instance);
    }
}

void Finder::volume_snapshot(const Pair<VolumeSnapshot>& pair) {
    for (const VolumeSnapshot* snapshot : {pair.before, pair.after}) {
        if (snapshot == nullptr) continue;
        for (const Snapshot* s : {&before_, &after_})
            if (const auto* volume = s->find<Volume>(snapshot->declared.volume))
                add(volume->claimed.host);
    }
}

/// Its address is a name on every host that has the network.
void Finder::port(const Pair<Port>& pair) {
    if (pair.same_but_observed()) return;
    for (const Port* port : {pair.before, pair.after}) {
        if (port == nullptr) continue;
        add_places<Network>(port->declared.network);
        add_host_of(port->declared.instance);
        add_carriers(port->declared.instance);
    }
}

void Finder::instance(const Pair<Instance>& pair) {
    for (const Instance* instance : {pair.before, pair.after})
        if (instance != nullptr) add(instance->claimed.host);
    const model::InstanceId id = (pair.after != nullptr ? pair.after : pair.before)->id;
    const bool same_name = !pair.both() || pair.before->name == pair.after->name;
    const bool same_backend = pair.both() && same_name &&
                              pair.before->claimed.host == pair.after->claimed.host &&
                              wanted_power(*pair.before) == wanted_power(*pair.after);
    if (!same_backend) add_carriers(id);
    if (same_name) return;  // its ports come and go as records of their own
    for (const Port* port : after_.linked_records<Port>(Link::instance_port, id.value))
        add_places<Network>(port->declared.network);
}

void Finder::application(const Pair<Application>& pair) {
    if (pair.same_but_observed()) return add_changed_places(pair);
    for (const Application* application : {pair.before, pair.after}) {
        if (application == nullptr) continue;
        add(application->claimed.places);
        add_places<Network>(application->declared.instance.network);
    }
}

void Finder::key(const Pair<KeyPair>& pair) {
    const model::KeyPairId id = (pair.after != nullptr ? pair.after : pair.before)->id;
    for (const Snapshot* s : {&before_, &after_})
        for (const auto* instance : s->linked_records<Instance>(Link::key_instance, id.value))
            add(instance->claimed.host);
}

/// Others may bring images from it.
void Finder::host(const Pair<Host>& pair) {
    const HostId id = (pair.after != nullptr ? pair.after : pair.before)->id;
    hosts_.insert(id);
    if (pair.both() && pair.before->name == pair.after->name &&
        pair.before->claimed.health == pair.after->claimed.health)
        return;
    for (const Snapshot* s : {&before_, &after_})
        for (const auto* image : s->linked_records<Image>(Link::host_image, id.value))
            add(image->claimed.places);
}

}  // namespace

void add_affected_hosts(const Snapshot& before, const Snapshot& after,
                        const model::Subject& subject, std::set<HostId>& hosts) {
    Finder finder(before, after, hosts);
    const auto look = [&]<class R>(void (Finder::*found)(const Pair<R>&)) {
        const Pair<R> pair = finder.pair<R>(subject.id);
        if (pair.before != pair.after) (finder.*found)(pair);
    };
    switch (subject.noun) {
        case Noun::image: return look(&Finder::image);
        case Noun::network: return look(&Finder::network);
        case Noun::volume: return look(&Finder::volume);
        case Noun::volume_snapshot: return look(&Finder::volume_snapshot);
        case Noun::port: return look(&Finder::port);
        case Noun::instance: return look(&Finder::instance);
        case Noun::application: return look(&Finder::application);
        case Noun::key_pair: return look(&Finder::key);
        case Noun::host: return look(&Finder::host);
        case Noun::project:
        case Noun::flavor:
        case Noun::operation: return;
    }
}

std::set<HostId> affected_hosts(const Snapshot& before, const Snapshot& after,
                                const std::vector<model::CommitPtr>& commits) {
    std::set<model::Subject> subjects;
    for (const model::CommitPtr& commit : commits)
        for (const model::Step& step : commit->steps) subjects.insert(subject_of(step.change));
    std::set<HostId> hosts;
    for (const model::Subject& subject : subjects)
        add_affected_hosts(before, after, subject, hosts);
    return hosts;
}

}  // namespace vdc::control
