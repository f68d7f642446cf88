#include "control/reconcile.h"

namespace vdc::control {

using model::Noun;
using model::Subject;

/// After a restore that nobody has released yet nothing is decided; all of it is looked at then.
static constexpr Duration held_look_every = std::chrono::seconds(2);

/// The record by value: the reconciler's own steps may replace the one in the draft.
template <class R, class Reconcile>
static void look(Draft& draft, const Subject& subject, Reconcile reconcile) {
    const model::Shared<R>* record = draft.datacenter().all<R>().find(typename R::Id{subject.id});
    if (record == nullptr) return;
    const model::Shared<R> held = *record;
    reconcile(*held);
}

static void look_at(Draft& draft, const Subject& subject, const Policy& policy) {
    switch (subject.noun) {
        case Noun::host:
            return look<model::Host>(draft, subject,
                                     [&](const auto& r) { reconcile_host(draft, r, policy); });
        case Noun::image:
            return look<model::Image>(draft, subject,
                                      [&](const auto& r) { reconcile_image(draft, r); });
        case Noun::network:
            return look<model::Network>(draft, subject,
                                        [&](const auto& r) { reconcile_network(draft, r); });
        case Noun::volume:
            return look<model::Volume>(draft, subject,
                                       [&](const auto& r) { reconcile_volume(draft, r); });
        case Noun::volume_snapshot:
            return look<model::VolumeSnapshot>(
                draft, subject, [&](const auto& r) { reconcile_volume_snapshot(draft, r); });
        case Noun::port:
            return look<model::Port>(draft, subject,
                                     [&](const auto& r) { reconcile_port(draft, r); });
        case Noun::instance:
            return look<model::Instance>(draft, subject,
                                         [&](const auto& r) { reconcile_instance(draft, r); });
        case Noun::application:
            return look<model::Application>(
                draft, subject, [&](const auto& r) { reconcile_application(draft, r, policy); });
        case Noun::balance:
            return look<model::Balance>(draft, subject,
                                        [&](const auto& r) { reconcile_balance(draft, r); });
        case Noun::operation:
            return look<model::Operation>(
                draft, subject, [&](const auto& r) { reconcile_operation(draft, r, policy); });
        case Noun::project:
        case Noun::flavor:
        case Noun::key_pair: return;
    }
}

Plan reconcile(const model::Snapshot& datacenter, Instant now, Agenda agenda,
               const Policy& policy) {
    Guarantee guarantee(datacenter);
    return reconcile(datacenter, now, std::move(agenda), guarantee, policy);
}

Plan reconcile(const model::Snapshot& datacenter, Instant now, Agenda agenda, Guarantee& guarantee,
               const Policy& policy) {
    Draft draft(datacenter, now, std::move(agenda), guarantee);
    Subject subject;
    if (model::is_held(datacenter)) {
        while (draft.next(subject)) draft.wake(now + held_look_every, subject);
        return std::move(draft).finish();
    }
    while (draft.next(subject)) look_at(draft, subject, policy);
    return std::move(draft).finish();
}

}  // namespace vdc::control
