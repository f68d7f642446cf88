#include "control/plan.h"

#include <algorithm>

#include "model/kept.h"

namespace vdc::control {

using model::Link;
using model::Noun;
using model::Snapshot;
using model::Subject;

static void touch_linked(const Snapshot& s, Link link, base::Uuid parent, Noun noun,
                         Agenda& agenda) {
    for (const base::Uuid& id : s.linked(link, parent)) agenda.insert({noun, id});
}

/// Instances that wait for room: some of them, so that one freed place costs a bounded look.
static void touch_unplaced(const Snapshot& s, Agenda& agenda) {
    constexpr std::size_t looked_at_max = 64;
    for (const model::InstanceId id : s.unplaced(looked_at_max))
        agenda.insert({Noun::instance, id.value});
}

static void touch_instance(const Snapshot& s, base::Uuid id, Agenda& agenda) {
    touch_linked(s, Link::instance_volume, id, Noun::volume, agenda);
    const auto* instance = s.find<model::Instance>({id});
    if (instance == nullptr) return touch_unplaced(s, agenda);
    if (instance->declared.application)
        agenda.insert({Noun::application, instance->declared.application->value});
    if (instance->claimed.host) {
        const auto& host = s.get<model::Host>(*instance->claimed.host);
        if (host.declared.drain) agenda.insert(host.subject());
    }
    if (!takes_capacity(*instance)) touch_unplaced(s, agenda);
    const auto& move = instance->claimed.move;
    if (move && move->cause == model::MoveCause::balanced)
        for (const auto& [balance, record] : s.all<model::Balance>())
            agenda.insert(record->subject());
}

static void touch_volume(const Snapshot& s, base::Uuid id, Agenda& agenda) {
    touch_linked(s, Link::volume_snapshot, id, Noun::volume_snapshot, agenda);
    const auto* volume = s.find<model::Volume>({id});
    if (volume == nullptr) return touch_unplaced(s, agenda);
    if (volume->declared.instance)
        agenda.insert({Noun::instance, volume->declared.instance->value});
}

static void touch_port(const Snapshot& s, base::Uuid id, Agenda& agenda) {
    const auto* port = s.find<model::Port>({id});
    if (port == nullptr) return;
    agenda.insert({Noun::network, port->declared.network.value});
    if (port->declared.instance) agenda.insert({Noun::instance, port->declared.instance->value});
}

static void touch_host(const Snapshot& s, base::Uuid id, Agenda& agenda) {
    touch_linked(s, Link::host_instance, id, Noun::instance, agenda);
    touch_linked(s, Link::host_arrival, id, Noun::instance, agenda);
    touch_linked(s, Link::host_volume, id, Noun::volume, agenda);
    touch_linked(s, Link::host_application, id, Noun::application, agenda);
    for (const auto* instance : s.linked_records<model::Instance>(Link::host_instance, id))
        if (instance->declared.application)  // it might be the better host for the front
            agenda.insert({Noun::application, instance->declared.application->value});
    touch_unplaced(s, agenda);
    touch_linked(s, Link::homeless_image, {}, Noun::image, agenda);
    touch_linked(s, Link::homeless_volume, {}, Noun::volume, agenda);
}

static void touch(const Snapshot& s, const Subject& subject, Agenda& agenda) {
    agenda.insert(subject);
    switch (subject.noun) {
        case Noun::instance: return touch_instance(s, subject.id, agenda);
        case Noun::volume: return touch_volume(s, subject.id, agenda);
        case Noun::port: return touch_port(s, subject.id, agenda);
        case Noun::host: return touch_host(s, subject.id, agenda);
        case Noun::volume_snapshot: {
            const auto* snapshot = s.find<model::VolumeSnapshot>({subject.id});
            if (snapshot != nullptr) agenda.insert({Noun::volume, snapshot->declared.volume.value});
            return;
        }
        case Noun::network:
            return touch_linked(s, Link::network_port, subject.id, Noun::port, agenda);
        case Noun::project:
            touch_unplaced(s, agenda);  // it may survive less than before
            for (const auto& [id, application] : s.all<model::Application>())
                if (application->project.value == subject.id) agenda.insert(application->subject());
            return;
        case Noun::image: return touch_unplaced(s, agenda);
        case Noun::application: return touch_unplaced(s, agenda);
        case Noun::flavor:
        case Noun::key_pair:
        case Noun::balance:
        case Noun::operation: return;
    }
}

static bool takes_of(const model::Instance& instance, model::HostId host) {
    const auto& move = instance.claimed.move;
    return instance.claimed.host == host || (move && move->to == host);
}

/// Whether it takes less of some host than before, as far as one can say without asking how much.
static bool gives_room_back(const model::Instance& before, const model::Instance& after) {
    const auto& host = before.claimed.host;
    const auto& move = before.claimed.move;
    if (!host) return false;
    if (!takes_of(after, *host) || (move && !takes_of(after, move->to))) return true;
    return !(before.declared == after.declared);
}

Touch::Touch(const Snapshot& before, const Subject& subject, Agenda& agenda)
    : subject_(subject), agenda_(agenda) {
    touch(before, subject, agenda);
    if (subject.noun != Noun::instance) return;
    const auto* shared = before.all<model::Instance>().find({subject.id});
    if (shared != nullptr) instance_ = *shared;
}

void Touch::changed(const Snapshot& after) {
    touch(after, subject_, agenda_);
    if (!instance_) return;
    const auto* now = after.find<model::Instance>({subject_.id});
    if (now != nullptr && gives_room_back(*instance_, *now)) touch_unplaced(after, agenda_);
}

Agenda everything(const Snapshot& datacenter) {
    Agenda agenda;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : datacenter.all<R>()) agenda.insert({R::noun, id.value});
    });
    return agenda;
}

base::Status Draft::add(model::Change change, std::string reason) {
    std::vector<model::Step> steps;
    steps.push_back({std::move(change), std::move(reason)});
    return add_all(std::move(steps));
}

base::Status Draft::add_all(std::vector<model::Step> steps) {
    Agenda touched;
    std::vector<std::pair<Subject, model::Kept>> kept;
    const auto restore = [&] {
        for (auto each = kept.rbegin(); each != kept.rend(); ++each) {
            each->second.restore(datacenter_);
            guarantee_.look(datacenter_, each->first);
        }
    };
    for (const model::Step& step : steps) {
        const Subject subject = subject_of(step.change);
        Touch touch(datacenter_, subject, touched);
        model::Kept before(datacenter_, subject);
        const base::Status applied = model::apply(datacenter_, step.change);
        if (!applied.ok()) {
            restore();
            return applied;
        }
        kept.emplace_back(subject, std::move(before));
        guarantee_.look(datacenter_, subject);
        touch.changed(datacenter_);
    }
    agenda_.merge(touched);
    std::move(steps.begin(), steps.end(), std::back_inserter(plan_.steps));
    return {};
}

void Draft::must_add(model::Change change, std::string reason) {
    const base::Status status = add(std::move(change), std::move(reason));
    if (!status.ok())
        base::broken("control made a step that is against the rules: " + text(status.error()));
}

bool Draft::wants_host(const Subject& subject) const {
    if (subject.noun != Noun::instance) return false;
    const auto* instance = datacenter_.find<model::Instance>({subject.id});
    return instance != nullptr && !instance->claimed.host && !instance->deleting &&
           wanted_power(*instance) != model::Power::off;
}

void Draft::put_off_placing() {
    while (!agenda_.empty() && wants_host(*agenda_.begin())) {
        const auto taken = agenda_.extract(agenda_.begin());
        const auto& instance = datacenter_.get<model::Instance>({taken.value().id});
        to_place_.insert({model::priority_most - instance.declared.priority, taken.value()});
    }
}

void Draft::begin_placing() {
    placing_ = true;
    refuges_.clear();
    std::vector<model::InstanceId> waiting;
    for (const auto& [rank, subject] : to_place_) waiting.push_back({subject.id});
    for (const placement::Move& move : guarantee_.refuges(datacenter_, waiting)) {
        if (!move.to) continue;
        refuges_[move.instance] = *move.to;
        refugees_.push_back({Noun::instance, move.instance.value});
    }
    std::reverse(refugees_.begin(), refugees_.end());
    std::erase_if(to_place_, [&](const auto& each) { return refuges_.contains({each.second.id}); });
}

std::optional<model::HostId> Draft::refuge(model::InstanceId instance) const {
    const auto found = refuges_.find(instance);
    return found != refuges_.end() ? std::optional(found->second) : std::nullopt;
}

Subject Draft::next_to_place() {
    if (!placing_) begin_placing();
    if (refugees_.empty()) return to_place_.extract(to_place_.begin()).value().second;
    const Subject next = refugees_.back();
    refugees_.pop_back();
    return next;
}

bool Draft::next(Subject& subject) {
    if (plan_.steps.size() >= steps_max) return false;
    put_off_placing();
    const bool some_wait = !to_place_.empty() || !refugees_.empty();
    placing_ = placing_ && some_wait;
    const Noun last_before = placing_ ? Noun::instance : Noun::application;
    const bool others_first = !agenda_.empty() && agenda_.begin()->noun <= last_before;
    if (some_wait && !others_first) {
        subject = next_to_place();
    } else if (!agenda_.empty()) {
        subject = agenda_.extract(agenda_.begin()).value();
    } else {
        return false;
    }
    // Whoever waits for the subject looks at it too: operations come last in the order of nouns.
    touch_linked(datacenter_, Link::subject_operation, subject.id, Noun::operation, agenda_);
    return true;
}

Plan Draft::finish() && {
    for (const auto& [rank, subject] : to_place_) agenda_.insert(subject);
    agenda_.insert(refugees_.begin(), refugees_.end());
    plan_.rest = std::move(agenda_);
    return std::move(plan_);
}

}  // namespace vdc::control
