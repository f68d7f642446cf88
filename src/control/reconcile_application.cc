#include "control/make_instance.h"
#include "control/reconcile.h"

namespace vdc::control {

using model::Application;
using model::Claim;
using model::Instance;
using model::Link;

using Replicas = std::vector<const Instance*>;

static Replicas replicas_of(const Draft& draft, const Application& application) {
    return draft.datacenter().linked_records<Instance>(Link::application_instance,
                                                       application.id.value);
}

static base::Ipv4 lowest_free_front(const model::Snapshot& datacenter,
                                    const base::Ipv4Range& range) {
    std::set<base::Ipv4> taken;
    for (const auto& [id, application] : datacenter.all<Application>())
        taken.insert(application->claimed.address);
    for (base::Ipv4 address = range.first + 1; address < range.broadcast(); address = address + 1)
        if (!taken.contains(address)) return address;
    return {};
}

static void claim_front(Draft& draft, const Application& application, const Policy& policy) {
    const bool wanted = application.declared.front && !application.deleting;
    if (wanted == static_cast<bool>(application.claimed.address)) return;
    if (!wanted) {
        if (application.observed.front != model::Presence::absent) return;
        return draft.must_add(Claim<Application>{application.id, {}},
                              application.name + " has no front any more");
    }
    const base::Ipv4 address = lowest_free_front(draft.datacenter(), policy.front_range);
    if (!address) return;
    model::ApplicationObserved observed = application.observed;
    observed.front = model::Presence::unknown;
    draft.must_add(model::Observe<Application>{application.id, std::move(observed)},
                   application.name + " gets a front");
    draft.must_add(Claim<Application>{application.id, {address}},
                   application.name + " answers at " + text(address) + ":" +
                       std::to_string(application.declared.front->port));
}

/// The next count for this place: a replica that was replaced has an id of its own.
static model::InstanceId replica_id(const Draft& draft, const Application& application,
                                    std::int64_t ordinal) {
    const base::Hash128 moment =
        base::Hasher{}
            .add(static_cast<std::uint64_t>(draft.now().time_since_epoch().count()))
            .add(draft.datacenter().revision)
            .finish();
    const base::Uuid salted =
        base::derive_uuid(application.id.value, "replica", static_cast<std::uint64_t>(ordinal));
    return {base::derive_uuid(salted, text(moment), 0)};
}

/// Makes the replica with this ordinal. What stands against it (a quota, a name) is kept as the
/// application's message by the caller.
static base::Status make_replica(Draft& draft, const Application& application,
                                 std::int64_t ordinal) {
    const model::Template& made_of = application.declared.instance;
    const auto* flavor = draft.datacenter().named<model::Flavor>({}, made_of.flavor);
    if (flavor == nullptr)
        return base::Error{base::Error::Code::not_found,
                           "there is no flavor '" + made_of.flavor + "' any more"};
    NewInstance wanted;
    wanted.id = replica_id(draft, application, ordinal);
    wanted.project = application.project;
    wanted.name = derived_name(application.name, std::to_string(ordinal + 1));
    wanted.flavor = flavor;
    wanted.image = made_of.image;
    wanted.networks = {made_of.network};
    wanted.key = made_of.key;
    wanted.user_data = made_of.user_data;
    wanted.disk = made_of.disk;
    wanted.restart = model::Restart::always;
    wanted.application = application.id;
    wanted.ordinal = ordinal;
    wanted.template_mark = model::template_mark(made_of);
    const std::string reason = application.name + " wants " +
                               std::to_string(application.declared.replicas) + " replicas: make " +
                               wanted.name;
    std::vector<model::Step> steps = make_instance(wanted, reason);
    model::Snapshot trial = draft.datacenter();
    for (const model::Step& step : steps) TRY(model::apply(trial, step.change));
    for (model::Step& step : steps) draft.must_add(std::move(step.change), std::move(step.reason));
    return {};
}

static void note(Draft& draft, const Application& application, const std::string& message) {
    const auto* now = draft.datacenter().find<Application>(application.id);
    if (now == nullptr || now->observed.message == message) return;
    model::ApplicationObserved observed = now->observed;
    observed.message = message;
    draft.must_add(model::Observe<Application>{application.id, std::move(observed)},
                   message.empty() ? application.name + ": nothing stands in the way any more"
                                   : application.name + " waits: " + message);
}

static void make_missing(Draft& draft, const Application& application) {
    std::set<std::int64_t> there;
    for (const Instance* replica : replicas_of(draft, application))
        there.insert(replica->declared.ordinal);
    for (std::int64_t ordinal = 0; ordinal < application.declared.replicas; ++ordinal) {
        if (there.contains(ordinal)) continue;
        const base::Status made = make_replica(draft, application, ordinal);
        if (made.ok()) continue;
        draft.wake(draft.now() + std::chrono::seconds(2), application.subject());
        return note(draft, application, text(made.error()));
    }
    note(draft, application, "");
}

static void end_surplus(Draft& draft, const Application& application) {
    const std::int64_t wanted = application.deleting ? 0 : application.declared.replicas;
    for (const Instance* replica : replicas_of(draft, application)) {
        if (replica->deleting || replica->declared.ordinal < wanted) continue;
        draft.must_add(model::Delete<Instance>{replica->id},
                       application.deleting
                           ? application.name + " ends"
                           : application.name + " wants " + std::to_string(wanted) + " replicas");
    }
}

/// Replicas made by an older template are replaced one after the other, the next one only when all
/// others are ready, so that the application goes on answering.
static void replace_outdated(Draft& draft, const Application& application) {
    const std::string mark = model::template_mark(application.declared.instance);
    const Instance* outdated = nullptr;
    std::int64_t settled = 0;
    for (const Instance* replica : replicas_of(draft, application)) {
        const bool old = replica->declared.template_mark != mark;
        if (replica->deleting || (!old && !replica_ready(application, *replica))) return;
        if (old && outdated == nullptr) outdated = replica;
        ++settled;
    }
    if (outdated == nullptr || settled < application.declared.replicas) return;
    draft.must_add(model::Delete<Instance>{outdated->id},
                   application.name + " has a new template: replace " + outdated->name);
}

void reconcile_application(Draft& draft, const Application& application, const Policy& policy) {
    claim_front(draft, application, policy);
    end_surplus(draft, application);
    if (!application.deleting) {
        make_missing(draft, application);
        return replace_outdated(draft, application);
    }
    const auto* now = draft.datacenter().find<Application>(application.id);
    if (replicas_of(draft, application).empty() && !now->claimed.address)
        draft.must_add(model::Forget<Application>{application.id},
                       "application " + application.name + " is gone");
}

}  // namespace vdc::control
