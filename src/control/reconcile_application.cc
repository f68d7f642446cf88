#include <algorithm>
#include <set>

#include "base/text.h"
#include "control/make_instance.h"
#include "control/places.h"
#include "control/reconcile.h"
#include "control/recovery.h"
#include "model/runs.h"

namespace vdc::control {

using model::Application;
using model::Claim;
using model::Instance;
using model::Link;

using Replicas = std::vector<const Instance*>;

/// Those that were given up with their host count for nothing.
static Replicas replicas_of(const Draft& draft, const Application& application) {
    Replicas replicas = draft.datacenter().linked_records<Instance>(Link::application_instance,
                                                                    application.id.value);
    std::erase_if(replicas, [&](const Instance* replica) {
        return left_behind(draft.datacenter(), *replica);
    });
    return replicas;
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

/// Claims or gives back the address of the front. Returns what stands in the way, or nothing.
static std::string claim_front(Draft& draft, const Application& application, const Policy& policy) {
    const bool wanted = application.declared.front && !application.deleting;
    if (wanted == static_cast<bool>(application.claimed.address)) return {};
    model::ApplicationClaimed claimed = application.claimed;
    if (!wanted) {
        claimed.address = {};
        if (claimed.places.empty())
            draft.must_add(Claim<Application>{application.id, std::move(claimed)},
                           application.name + " has no front any more");
        return {};
    }
    claimed.address = lowest_free_front(draft.datacenter(), policy.front_range);
    if (!claimed.address) return "there is no free front address in " + text(policy.front_range);
    draft.must_add(Claim<Application>{application.id, claimed},
                   application.name + " answers at " + text(claimed.address) + ":" +
                       std::to_string(application.declared.front->port));
    return {};
}

/// One host carries the front (docs/decisions/0010-places.md, 0022); those that did before let go
/// of it.
static void claim_carrier(Draft& draft, const Application& application) {
    const auto now = drop_left_places(draft, application, application.name + "'s front");
    const bool wanted = application.declared.front && !application.deleting && now->claimed.address;
    const auto carrier = wanted ? carrier_of(draft.datacenter(), *now) : std::nullopt;
    model::ApplicationClaimed claimed = now->claimed;
    std::vector<model::HostId> left;
    for (model::Place& place : claimed.places) {
        if (!place.needed || place.host == carrier) continue;
        place.needed = false;
        left.push_back(place.host);
    }
    if (carrier) claimed = needed_there(std::move(claimed), *carrier);
    claim(draft, *now, std::move(claimed),
          carrier ? draft.datacenter().get<model::Host>(*carrier).name + " carries the front of " +
                        application.name
                  : "no host carries the front of " + application.name + " any more");
    for (const model::HostId host : left) leave_network_of_front(draft, *now, host);
}

/// The record as the plan has it by now.
static Application latest(const Draft& draft, const Application& application) {
    return draft.datacenter().get<Application>(application.id);
}

/// A replica that was replaced has an id of its own. Its first half is that of the application and
/// the ordinal alone: so those made at once are placed in the same order whenever that is, and what
/// `vdc whatif` foresees is what happens. A hash throughout: with the application's time in it, too
/// little of that half would be left to tell the ordinals apart.
static model::InstanceId replica_id(const Draft& draft, const Application& application,
                                    std::int64_t ordinal) {
    const base::Hash128 moment =
        base::Hasher{}
            .add(static_cast<std::uint64_t>(draft.now().time_since_epoch().count()))
            .add(draft.datacenter().revision)
            .finish();
    const base::Uuid salted = base::make_uuid(base::Hasher{}
                                                  .add(application.id.value.high)
                                                  .add(application.id.value.low)
                                                  .add("replica")
                                                  .add(static_cast<std::uint64_t>(ordinal))
                                                  .finish());
    return {{salted.high, base::derive_uuid(salted, text(moment), 0).low}};
}

static std::string replica_name(const Application& application, std::int64_t ordinal) {
    return derived_name(application.name, std::to_string(ordinal + 1));
}

/// The lowest ordinal from `from` on that no replica has and whose names nothing else has: not even
/// the root volume of a replica that is gone, which goes a moment later.
static std::int64_t free_ordinal(const Draft& draft, const Application& application,
                                 std::int64_t from = 0) {
    std::set<std::int64_t> taken;
    for (const Instance* replica : draft.datacenter().linked_records<Instance>(
             Link::application_instance, application.id.value))
        taken.insert(replica->declared.ordinal);
    std::int64_t ordinal = from;
    while (taken.contains(ordinal) || !names_are_free(draft.datacenter(), application.project,
                                                      replica_name(application, ordinal)))
        ++ordinal;
    return ordinal;
}

/// An error, for example of a quota, leaves nothing.
static base::Status make_replica(Draft& draft, const Application& application, std::int64_t ordinal,
                                 const std::string& why) {
    const model::Template& made_of = application.declared.instance;
    const auto* flavor = draft.datacenter().named<model::Flavor>({}, made_of.flavor);
    if (flavor == nullptr)
        return base::Error{base::Error::Code::not_found,
                           "there is no flavor '" + made_of.flavor + "' any more"};
    NewInstance wanted;
    wanted.id = replica_id(draft, application, ordinal);
    wanted.project = application.project;
    wanted.name = replica_name(application, ordinal);
    wanted.flavor = flavor;
    wanted.image = made_of.image;
    wanted.networks = {made_of.network};
    wanted.key = made_of.key;
    wanted.user_data = made_of.user_data;
    wanted.disk = made_of.disk;
    wanted.restart = model::Restart::always;
    wanted.priority = application.declared.priority;
    wanted.application = application.id;
    wanted.ordinal = ordinal;
    wanted.template_mark = model::template_mark(made_of);
    return draft.add_all(
        make_instance(wanted, application.name + " " + why + ": make " + wanted.name));
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

static std::string wants(std::int64_t replicas) {
    return "wants " + base::counted(replicas, "replica");
}

/// Makes replicas until there are as many as wanted; one that is going still has its place.
/// Returns what stands in the way, or nothing.
static std::string make_missing(Draft& draft, const Application& application) {
    const std::int64_t wanted = application.declared.replicas;
    std::int64_t ordinal = 0;
    for (auto there = std::ssize(replicas_of(draft, application)); there < wanted; ++there) {
        ordinal = free_ordinal(draft, application, ordinal);
        const base::Status made = make_replica(draft, application, ordinal, wants(wanted));
        if (!made.ok()) return text(made.error());
    }
    return {};
}

// ---- lost replicas -----------------------------------------------------------------------------

/// The host of its disk is down: another replica is made of the image, and this one ends when the
/// host is back.
static void give_up_lost(Draft& draft, const Application& application) {
    for (const Instance* replica : replicas_of(draft, application)) {
        if (replica->deleting || !can_be_made_anew(draft.datacenter(), *replica)) continue;
        const model::Volume* bound = bound_volume(draft.datacenter(), *replica);
        if (bound == nullptr) continue;
        const auto& host = draft.datacenter().get<model::Host>(*bound->claimed.host);
        if (host.claimed.health != model::HostHealth::down) continue;
        draft.must_add(model::Delete<Instance>{replica->id},
                       replica->name + " is given up with " + host.name +
                           ", which is down: another one is made");
    }
}

static void pass_on_priority(Draft& draft, const Application& application) {
    for (const Instance* replica : replicas_of(draft, application)) {
        if (replica->deleting) continue;
        model::InstanceDeclared declared = replica->declared;
        if (std::exchange(declared.priority, application.declared.priority) ==
            application.declared.priority)
            continue;
        // The project may have been given less since: then the replica keeps what it has.
        (void)draft.add(model::Declare<Instance>{replica->id, std::move(declared)},
                        application.name + " has another priority");
    }
}

// ---- a new template ----------------------------------------------------------------------------

/// Whether the replica's host is drained, and it leaves by being replaced.
static bool shall_leave(const model::Snapshot& datacenter, const Instance& replica) {
    if (!replica.claimed.host || !can_be_made_anew(datacenter, replica)) return false;
    return datacenter.get<model::Host>(*replica.claimed.host).declared.drain;
}

/// How far the replicas have got with the present template, on hosts that keep them. Rolls begin
/// with one replica more; when it is ready an old one ends, and so on, so that never fewer are
/// ready than wanted. Where one more is against the rules or finds no room, an old one ends first.
struct Roll {
    std::vector<const Instance*> staying;  ///< not being deleted; who ends first stands first
    std::int64_t outdated = 0;             ///< of them, made by an older template or to leave
    bool template_is_new = false;          ///< some are made by an older template
    bool ending = false;                   ///< some replica is being deleted
    bool comes_up = false;                 ///< one of the present template will be ready soon
    const Instance* waits = nullptr;       ///< one of the present template that finds no room
};

static bool finds_no_room(const Instance& instance) {
    return !instance.claimed.host && !instance.claimed.placement.sentence.empty();
}

static Roll roll_of(const Draft& draft, const Application& application) {
    const std::string mark = model::template_mark(application.declared.instance);
    const auto current = [&](const Instance* replica) {
        return replica->declared.template_mark == mark &&
               !shall_leave(draft.datacenter(), *replica);
    };
    const auto last_to_end = [&](const Instance* replica) {
        return std::tuple(current(replica), replica_ready(application, *replica),
                          -replica->declared.ordinal);
    };
    Roll roll;
    for (const Instance* replica : replicas_of(draft, application)) {
        roll.ending |= replica->deleting;
        if (replica->deleting) continue;
        roll.staying.push_back(replica);
        roll.template_is_new |= replica->declared.template_mark != mark;
        if (!current(replica))
            ++roll.outdated;
        else if (finds_no_room(*replica))
            roll.waits = replica;
        else if (!replica_ready(application, *replica))
            roll.comes_up = true;
    }
    std::stable_sort(roll.staying.begin(), roll.staying.end(),
                     [&](const auto* a, const auto* b) { return last_to_end(a) < last_to_end(b); });
    return roll;
}

static std::string why_surplus(const Application& application, const Roll& roll) {
    const bool rolls = roll.outdated > 0 && roll.outdated < std::ssize(roll.staying);
    if (application.deleting) return "ends";
    if (!rolls) return wants(application.declared.replicas);
    if (!roll.template_is_new) return "left a drained host, and what was made for it is ready";
    if (roll.waits == nullptr) return "has a new template, and what was made by it is ready";
    return "has a new template, and no room for one more: " + roll.waits->name + " waits for it";
}

/// One more than wanted may stay while a replica of the new template comes up.
static void end_surplus(Draft& draft, const Application& application) {
    const Roll roll = roll_of(draft, application);
    // To end one of a drained host would free no room for the one that waits.
    const bool awaited = roll.comes_up || (roll.waits != nullptr && !roll.template_is_new);
    const std::int64_t spare = roll.outdated > 0 && awaited ? 1 : 0;
    const std::int64_t most = application.deleting ? 0 : application.declared.replicas + spare;
    const std::string why = why_surplus(application, roll);
    std::int64_t surplus = std::ssize(roll.staying) - most;
    for (const Instance* replica : roll.staying) {
        if (surplus-- <= 0) return;
        draft.must_add(model::Delete<Instance>{replica->id},
                       application.name + " " + why + ": end " + replica->name);
    }
}

/// Begins the next turn of a roll. Returns what stands in the way, or nothing.
static std::string replace_outdated(Draft& draft, const Application& application) {
    const Roll roll = roll_of(draft, application);
    const bool at_rest = !roll.ending && !roll.comes_up && roll.waits == nullptr &&
                         std::ssize(roll.staying) == application.declared.replicas;
    if (roll.outdated == 0 || !at_rest) return {};
    const base::Status made =
        make_replica(draft, application, free_ordinal(draft, application),
                     roll.template_is_new ? "has a new template; one comes before an old one ends"
                                          : "leaves a drained host; one comes before one ends");
    if (made.ok()) return {};
    const bool in_exchange =
        made.error().code == base::Error::Code::exhausted && roll.template_is_new;
    if (!in_exchange) return text(made.error());
    const Instance& first = *roll.staying.front();
    draft.must_add(model::Delete<Instance>{first.id},
                   application.name + " has a new template and cannot have one more (" +
                       text(made.error()) + "): end " + first.name);
    return {};
}

static std::string first_of(std::string trouble, std::string other) {
    return trouble.empty() ? other : trouble;
}

void reconcile_application(Draft& draft, const Application& application, const Policy& policy) {
    claim_carrier(draft, application);
    std::string trouble = claim_front(draft, latest(draft, application), policy);
    claim_carrier(draft, latest(draft, application));
    end_surplus(draft, application);
    if (!application.deleting) {
        give_up_lost(draft, application);
        pass_on_priority(draft, application);
        trouble = first_of(make_missing(draft, application), std::move(trouble));
        trouble = first_of(replace_outdated(draft, application), std::move(trouble));
        note(draft, application, trouble);
        if (!trouble.empty())
            draft.wake(draft.now() + std::chrono::seconds(2), application.subject());
        return;
    }
    const auto* now = draft.datacenter().find<Application>(application.id);
    // Those that were left behind with a lost host hold it until that is back.
    const bool has_replicas =
        draft.datacenter().has_linked(Link::application_instance, application.id.value);
    if (!has_replicas && !now->claimed.address)
        draft.must_add(model::Forget<Application>{application.id},
                       "application " + application.name + " is gone");
}

}  // namespace vdc::control
