#include "control/affected_hosts.h"

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

/// What became of a record: either may be missing.
template <class R>
struct Pair {
    const R* before = nullptr;
    const R* after = nullptr;

    bool both() const { return before != nullptr && after != nullptr; }
    typename R::Id id() const { return (after != nullptr ? after : before)->id; }
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
    Finder(const Snapshot& before, const Snapshot& after, Affected& affected)
        : before_(before), after_(after), affected_(affected) {}

    void look(const model::Subject& subject);

    /// Names of a network, and who is where in it, are told to all hosts that have it: these are
    /// looked up once, after all changes.
    void tell_networks() {
        for (const model::NetworkId id : told_of_) add_places<Network>(id);
    }

  private:
    void found(const Pair<Image>& pair);
    void found(const Pair<Network>& pair);
    void found(const Pair<Volume>& pair);
    void found(const Pair<VolumeSnapshot>& pair);
    void found(const Pair<Port>& pair);
    void found(const Pair<Instance>& pair);
    void found(const Pair<Application>& pair);
    void found(const Pair<KeyPair>& pair);
    void found(const Pair<Host>& pair);

    template <class R>
    void look(base::Uuid id) {
        const Pair<R> pair{before_.find<R>(typename R::Id{id}), after_.find<R>(typename R::Id{id})};
        if (pair.before != pair.after) found(pair);
    }

    void add(const std::optional<HostId>& host, const model::Subject& part) {
        if (host) affected_[*host].insert(part);
    }
    void add(const model::Places& places, const model::Subject& part) {
        for (const Place& place : places) affected_[place.host].insert(part);
    }
    template <class R>
    void add_places(typename R::Id id) {
        for (const Snapshot* s : {&before_, &after_})
            if (const R* record = s->find<R>(id)) add(record->claimed.places, record->subject());
    }
    /// On its host the instance itself.
    void add_run_of(const std::optional<model::InstanceId>& id) {
        if (!id) return;
        for (const Snapshot* s : {&before_, &after_})
            if (const auto* instance = s->find<Instance>(*id)) add_both_ends(*instance);
    }
    /// On its host, and on one that it moves to.
    void add_both_ends(const Instance& instance) {
        add(instance.claimed.host, instance.subject());
        if (instance.claimed.move) affected_[instance.claimed.move->to].insert(instance.subject());
    }
    void add_front_of(const std::optional<model::InstanceId>& id) {
        if (!id) return;
        for (const Snapshot* s : {&before_, &after_})
            if (const auto* instance = s->find<Instance>(*id); instance != nullptr)
                if (instance->declared.application)
                    add_places<Application>(*instance->declared.application);
    }
    /// The networks of an instance, on a host that it comes to or leaves; where other hosts reach
    /// that one, also on them.
    void add_networks_of(const Instance& instance, const Snapshot& s) {
        if (!instance.claimed.host) return;
        if (instance.claimed.move)
            for (const Port* port : s.linked_records<Port>(Link::instance_port, instance.id.value))
                affected_[instance.claimed.move->to].insert(
                    {Noun::network, port->declared.network.value});
        const auto* host = s.find<Host>(*instance.claimed.host);
        const bool reachable = host != nullptr && underlay_of(*host);
        for (const Port* port : s.linked_records<Port>(Link::instance_port, instance.id.value)) {
            add(instance.claimed.host, {Noun::network, port->declared.network.value});
            if (reachable) told_of_.insert(port->declared.network);
        }
    }
    /// The networks of a host that others reach elsewhere than before.
    void add_networks_of(HostId host) {
        for (const Snapshot* s : {&before_, &after_})
            for (const base::Uuid& id : s->linked(Link::host_network, host.value))
                told_of_.insert({id});
    }
    /// Hosts that have another place for it than before, or saw something else of it.
    template <class R>
    void add_changed_places(const Pair<R>& pair);

    const Snapshot& before_;
    const Snapshot& after_;
    Affected& affected_;
    std::set<model::NetworkId> told_of_;
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
                affected_[place.host].insert(one.subject());
        }
    };
    compare(*pair.before, *pair.after);
    compare(*pair.after, *pair.before);
}

/// A sighting on one host may be what another brings the image from.
void Finder::found(const Pair<Image>& pair) {
    const bool same_for_all =
        pair.both() && pair.before->declared == pair.after->declared &&
        pair.before->claimed.host == pair.after->claimed.host &&
        image_sources(before_, *pair.before) == image_sources(after_, *pair.after);
    if (same_for_all) return add_changed_places(pair);
    for (const Image* image : {pair.before, pair.after})
        if (image != nullptr) add(image->claimed.places, image->subject());
}

void Finder::found(const Pair<Network>& pair) {
    if (pair.both()) {
        model::NetworkClaimed claimed = pair.after->claimed;
        claimed.places = pair.before->claimed.places;
        claimed.generation = pair.before->claimed.generation;
        if (pair.before->name == pair.after->name &&
            pair.before->declared == pair.after->declared && pair.before->claimed == claimed)
            return add_changed_places(pair);
    }
    const model::NetworkId id = pair.id();
    add_places<Network>(id);
    for (const Snapshot* s : {&before_, &after_}) {
        for (const Port* port : s->linked_records<Port>(Link::network_port, id.value))
            add_run_of(port->declared.instance);
        for (const auto* application :
             s->linked_records<Application>(Link::network_application, id.value))
            add(application->claimed.places, application->subject());
    }
}

void Finder::found(const Pair<Volume>& pair) {
    for (const Volume* volume : {pair.before, pair.after}) {
        if (volume == nullptr) continue;
        add(volume->claimed.host, volume->subject());
        add(volume->claimed.places, volume->subject());
        if (!pair.same_but_observed()) add_run_of(volume->declared.instance);
    }
}

void Finder::found(const Pair<VolumeSnapshot>& pair) {
    for (const VolumeSnapshot* snapshot : {pair.before, pair.after}) {
        if (snapshot == nullptr) continue;
        for (const Snapshot* s : {&before_, &after_})
            if (const auto* volume = s->find<Volume>(snapshot->declared.volume))
                add(volume->claimed.host, volume->subject());
    }
}

/// Its address is a name on every host that has the network.
void Finder::found(const Pair<Port>& pair) {
    if (pair.same_but_observed()) return;
    for (const Port* port : {pair.before, pair.after}) {
        if (port == nullptr) continue;
        told_of_.insert(port->declared.network);
        add_run_of(port->declared.instance);
        add_front_of(port->declared.instance);
    }
}

void Finder::found(const Pair<Instance>& pair) {
    const bool same_name = !pair.both() || pair.before->name == pair.after->name;
    const auto goes_to = [](const Instance& instance) {
        const auto& move = instance.claimed.move;
        return move ? std::optional(move->to) : std::nullopt;
    };
    const bool same_host = pair.both() && pair.before->claimed.host == pair.after->claimed.host &&
                           goes_to(*pair.before) == goes_to(*pair.after);
    const bool same_backend =
        same_host && same_name && wanted_power(*pair.before) == wanted_power(*pair.after);
    for (const auto& [instance, s] :
         {std::pair(pair.before, &before_), std::pair(pair.after, &after_)}) {
        if (instance == nullptr) continue;
        add_both_ends(*instance);
        if (!same_host) add_networks_of(*instance, *s);
    }
    if (!same_backend) add_front_of(pair.id());
    if (same_name) return;  // its ports come and go as records of their own
    for (const Port* port : after_.linked_records<Port>(Link::instance_port, pair.id().value))
        told_of_.insert(port->declared.network);
}

void Finder::found(const Pair<Application>& pair) {
    if (pair.same_but_observed()) {
        if (model::front_carrier(*pair.before) != model::front_carrier(*pair.after))
            told_of_.insert(pair.after->declared.instance.network);
        return add_changed_places(pair);
    }
    const auto name = [](const Application* application) {
        return application != nullptr ? front_name(*application) : std::nullopt;
    };
    const bool same_for_all =
        pair.both() && name(pair.before) == name(pair.after) &&
        model::front_carrier(*pair.before) == model::front_carrier(*pair.after) &&
        pair.before->declared.instance.network == pair.after->declared.instance.network;
    for (const Application* application : {pair.before, pair.after}) {
        if (application == nullptr) continue;
        add(application->claimed.places, application->subject());
        if (!same_for_all) told_of_.insert(application->declared.instance.network);
    }
}

void Finder::found(const Pair<KeyPair>& pair) {
    for (const Snapshot* s : {&before_, &after_})
        for (const auto* instance :
             s->linked_records<Instance>(Link::key_instance, pair.id().value))
            add_both_ends(*instance);
}

/// What was claimed under an epoch that is fenced is no duty any more. Others may bring images from
/// the host, and reach its networks.
void Finder::found(const Pair<Host>& pair) {
    Parts& parts = affected_[pair.id()];
    const bool same_duties =
        pair.both() && pair.before->claimed.fenced == pair.after->claimed.fenced &&
        pair.before->declared.after_restore == pair.after->declared.after_restore;
    if (!same_duties) parts.insert({Noun::host, pair.id().value});
    const auto underlay = [](const Host* host) {
        return host != nullptr ? underlay_of(*host) : base::Ipv4{};
    };
    if (underlay(pair.before) != underlay(pair.after)) add_networks_of(pair.id());
    if (!pair.both() || pair.before->observed.moves_at != pair.after->observed.moves_at)
        for (const auto* instance :
             after_.linked_records<Instance>(Link::host_arrival, pair.id().value))
            add(instance->claimed.host, instance->subject());
    std::set<model::ImageId> images;
    for (const Snapshot* s : {&before_, &after_})
        for (const base::Uuid& id : s->linked(Link::host_image, pair.id().value))
            images.insert({id});
    for (const model::ImageId id : images) {
        const auto* before = before_.find<Image>(id);
        const auto* after = after_.find<Image>(id);
        const bool both = before != nullptr && after != nullptr;
        if (both && image_sources(before_, *before) == image_sources(after_, *after)) continue;
        for (const Image* image : {before, after})
            if (image != nullptr) add(image->claimed.places, image->subject());
    }
}

void Finder::look(const model::Subject& subject) {
    switch (subject.noun) {
        case Noun::image: return look<Image>(subject.id);
        case Noun::network: return look<Network>(subject.id);
        case Noun::volume: return look<Volume>(subject.id);
        case Noun::volume_snapshot: return look<VolumeSnapshot>(subject.id);
        case Noun::port: return look<Port>(subject.id);
        case Noun::instance: return look<Instance>(subject.id);
        case Noun::application: return look<Application>(subject.id);
        case Noun::key_pair: return look<KeyPair>(subject.id);
        case Noun::host: return look<Host>(subject.id);
        case Noun::project:
        case Noun::flavor:
        case Noun::balance:
        case Noun::operation: return;
    }
}

}  // namespace

Affected affected_hosts(const Snapshot& before, const Snapshot& after,
                        const std::set<model::Subject>& subjects) {
    Affected affected;
    Finder finder(before, after, affected);
    for (const model::Subject& subject : subjects) finder.look(subject);
    finder.tell_networks();
    return affected;
}

Affected affected_hosts(const Snapshot& before, const Snapshot& after,
                        const std::vector<model::CommitPtr>& commits) {
    std::set<model::Subject> subjects;
    for (const model::CommitPtr& commit : commits)
        for (const model::Step& step : commit->steps) subjects.insert(subject_of(step.change));
    return affected_hosts(before, after, subjects);
}

}  // namespace vdc::control
