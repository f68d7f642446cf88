#include "sim/concern.h"

#include "model/places.h"

namespace vdc::sim {

using control::Affected;
using control::Parts;
using model::HostId;
using model::Link;
using model::Noun;
using model::Snapshot;
using model::Subject;

namespace {

/// What a change concerns, as one snapshot has it.
class Concern {
  public:
    Concern(const Snapshot& datacenter, Affected& concerned)
        : datacenter_(datacenter), concerned_(concerned) {}

    void look(const Subject& subject);

  private:
    void of(const model::Host& host);
    void of(const model::Image& image);
    void of(const model::Network&) {}  // see of_network()
    void of(const model::Volume& volume);
    void of(const model::VolumeSnapshot& snapshot);
    void of(const model::Port& port);
    void of(const model::Instance& instance);
    void of(const model::Application& application);

    template <class R>
    void look(base::Uuid id) {
        if (const R* record = datacenter_.find<R>(typename R::Id{id})) of(*record);
    }
    void add(const std::optional<HostId>& host, const Subject& part) {
        if (host) concerned_[*host].insert(part);
    }

    const Snapshot& datacenter_;
    Affected& concerned_;
};

/// Those who have it and keep it only learn who else does.
void Concern::of(const model::Image& image) {
    for (const model::Place& place : image.claimed.places) {
        const model::ImageSeen* seen = seen_on(image, place.host);
        const bool settled =
            place.needed && seen != nullptr && seen->phase == model::ImagePhase::ready;
        if (!settled) add(place.host, image.subject());
    }
}

void Concern::of(const model::Application& application) {
    for (const model::Place& place : application.claimed.places)
        add(place.host, application.subject());
}

void Concern::of(const model::Instance& instance) {
    add(instance.claimed.host, instance.subject());
    if (instance.claimed.move) add(instance.claimed.move->to, instance.subject());
    if (!instance.declared.application) return;
    look<model::Application>(instance.declared.application->value);
}

void Concern::of(const model::Volume& volume) {
    add(volume.claimed.host, volume.subject());
    for (const model::Place& place : volume.claimed.places) add(place.host, volume.subject());
    if (!volume.declared.instance) return;
    if (const auto* instance = datacenter_.find<model::Instance>(*volume.declared.instance))
        add(instance->claimed.host, instance->subject());
}

void Concern::of(const model::VolumeSnapshot& snapshot) {
    look<model::Volume>(snapshot.declared.volume.value);
}

void Concern::of(const model::Port& port) {
    if (port.declared.instance) look<model::Instance>(port.declared.instance->value);
}

void Concern::of(const model::Host& host) {
    concerned_[host.id];
    for (const auto* image :
         datacenter_.linked_records<model::Image>(Link::host_image, host.id.value))
        of(*image);
}

void Concern::look(const Subject& subject) {
    switch (subject.noun) {
        case Noun::host: return look<model::Host>(subject.id);
        case Noun::image: return look<model::Image>(subject.id);
        case Noun::network: return look<model::Network>(subject.id);
        case Noun::volume: return look<model::Volume>(subject.id);
        case Noun::volume_snapshot: return look<model::VolumeSnapshot>(subject.id);
        case Noun::port: return look<model::Port>(subject.id);
        case Noun::instance: return look<model::Instance>(subject.id);
        case Noun::application: return look<model::Application>(subject.id);
        case Noun::project:
        case Noun::flavor:
        case Noun::key_pair:
        case Noun::balance:
        case Noun::operation: return;
    }
}

/// A host that has the network only learns who else does, unless the network itself is another.
void of_network(const Snapshot& before, const Snapshot& after, model::NetworkId id,
                Affected& concerned) {
    const auto* then = before.find<model::Network>(id);
    const auto* now = after.find<model::Network>(id);
    const bool same = then != nullptr && now != nullptr && then->declared == now->declared &&
                      then->claimed.number == now->claimed.number;
    for (const model::Network* network : {then, now}) {
        if (network == nullptr) continue;
        for (const model::Place& place : network->claimed.places) {
            const auto* other =
                same ? place_on((network == now ? then : now)->claimed.places, place.host)
                     : nullptr;
            if (other == nullptr || *other != place)
                concerned[place.host].insert(network->subject());
        }
    }
}

/// What one host saw of a network or a front is told to that host alone.
template <class R>
bool told_to_one(const model::Change& change, Affected& concerned) {
    const auto* sight = std::get_if<model::Sight<R>>(&change);
    if (sight != nullptr) concerned[sight->seen.host].insert(subject_of(change));
    return sight != nullptr;
}

}  // namespace

void add_concerned(const Snapshot& before, const Snapshot& after, const model::Change& change,
                   Affected& concerned) {
    if (told_to_one<model::Network>(change, concerned)) return;
    if (told_to_one<model::Application>(change, concerned)) return;
    const Subject subject = subject_of(change);
    if (subject.noun == Noun::network) return of_network(before, after, {subject.id}, concerned);
    for (const Snapshot* s : {&before, &after}) Concern(*s, concerned).look(subject);
}

// ---- what hangs together -----------------------------------------------------------------------

namespace {

/// Collects parts of one host's duties, each with those that its host's mind looks at with it.
class Whole {
  public:
    Whole(const Snapshot& datacenter, HostId host, Parts& parts)
        : datacenter_(datacenter), host_(host), parts_(parts) {}

    void add(const Subject& part) {
        if (!parts_.insert(part).second) return;
        if (part.noun == Noun::instance) of_instance(part.id);
        if (part.noun == Noun::volume) of_volume(part.id);
        if (part.noun == Noun::application) of_front(part.id);
    }

  private:
    void of_instance(base::Uuid id) {
        for (const base::Uuid& volume : datacenter_.linked(Link::instance_volume, id))
            add({Noun::volume, volume});
        for (const auto* port : datacenter_.linked_records<model::Port>(Link::instance_port, id))
            add({Noun::network, port->declared.network.value});
    }
    void of_volume(base::Uuid id) {
        const auto* volume = datacenter_.find<model::Volume>({id});
        if (volume == nullptr) return;
        if (volume->declared.image) add({Noun::image, volume->declared.image->value});
        const auto* instance = volume->declared.instance
                                   ? datacenter_.find<model::Instance>(*volume->declared.instance)
                                   : nullptr;
        if (instance == nullptr) return;
        const auto& move = instance->claimed.move;
        if (instance->claimed.host == host_ || (move && move->to == host_))
            add(instance->subject());
    }
    void of_front(base::Uuid id) {
        if (const auto* application = datacenter_.find<model::Application>({id}))
            add({Noun::network, application->declared.instance.network.value});
    }

    const Snapshot& datacenter_;
    const HostId host_;
    Parts& parts_;
};

}  // namespace

Parts with_what_hangs_on(const Snapshot& datacenter, HostId host, const Parts& parts) {
    Parts all;
    Whole whole(datacenter, host, all);
    for (const Subject& part : parts) whole.add(part);
    return all;
}

}  // namespace vdc::sim
