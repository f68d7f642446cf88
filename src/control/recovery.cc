#include "control/recovery.h"

#include <algorithm>

#include "control/lease.h"
#include "control/moves.h"
#include "control/reconcile.h"
#include "model/runs.h"
#include "model/status.h"
#include "model/writer.h"
#include "placement/placement.h"

namespace vdc::control {

using model::Host;
using model::HostId;
using model::Instance;
using model::Link;
using model::Snapshot;
using model::Volume;

const Volume* bound_volume(const Snapshot& s, const Instance& instance) {
    for (const Volume* volume : s.linked_records<Volume>(Link::instance_volume, instance.id.value))
        if (volume->declared.pool == model::local_pool && volume->claimed.host) return volume;
    return nullptr;
}

bool can_be_made_anew(const Snapshot& s, const Instance& instance) {
    if (!instance.declared.application) return false;
    const auto volumes = s.linked_records<Volume>(Link::instance_volume, instance.id.value);
    return std::all_of(volumes.begin(), volumes.end(), [](const Volume* volume) {
        return volume->declared.delete_with_instance && volume->declared.image &&
               volume->declared.pool == model::local_pool;
    });
}

std::string unprotected_because(const Snapshot& s, const Instance& instance) {
    if (can_be_made_anew(s, instance)) return {};
    for (const Volume* volume :
         s.linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        if (volume->declared.pool != model::local_pool) continue;
        const Host* host = volume->claimed.host ? s.find<Host>(*volume->claimed.host) : nullptr;
        return "its disk " + volume->name + " lies on the disks of " +
               (host != nullptr ? host->name : "one host") + " and nowhere else";
    }
    return {};
}

bool is_protected(const Snapshot& s, const Instance& instance) {
    return unprotected_because(s, instance).empty();
}

bool is_left(const Host& host) {
    return host.declared.drain || host.claimed.health == model::HostHealth::down;
}

bool recovers(const Snapshot& s, const Instance& instance) {
    if (instance.claimed.generation == 0 && !instance.declared.application) return false;
    return s.has_linked(Link::emptied_host, {});
}

std::vector<model::Step> loss_of(const Snapshot& s, const std::set<HostId>& hosts,
                                 model::Evidence evidence, Instant now) {
    std::vector<model::Step> steps;
    for (const HostId id : hosts) {
        const Host* host = s.find<Host>(id);
        if (host == nullptr || host->claimed.health == model::HostHealth::down) continue;
        model::Step step = host_down(*host, evidence, {}, now);
        steps.push_back(std::move(step));
    }
    return steps;
}

// ---- what would become of them -----------------------------------------------------------------

static std::string name_of(const Snapshot& s, const std::optional<HostId>& id) {
    const Host* host = id ? s.find<Host>(*id) : nullptr;
    return host != nullptr ? host->name : "";
}

std::vector<const Instance*> by_importance(std::vector<const Instance*> instances) {
    std::stable_sort(instances.begin(), instances.end(), [](const auto* a, const auto* b) {
        return a->declared.priority > b->declared.priority;
    });
    return instances;
}

static std::vector<const Instance*> on_hosts(const Snapshot& s, const std::set<HostId>& hosts) {
    std::vector<const Instance*> found;
    for (const HostId host : hosts)
        for (const Instance* each : s.linked_records<Instance>(Link::host_instance, host.value))
            if (!each->deleting && wanted_power(*each) != model::Power::off) found.push_back(each);
    return by_importance(std::move(found));
}

/// Replicas that the plan makes, by application, in the order in which it places them.
using Made = std::map<model::ApplicationId, std::vector<const Instance*>>;

static Made made_by(const Plan& plan, const Snapshot& before, const Snapshot& after) {
    Made made;
    for (const model::Step& step : plan.steps) {
        const auto* claim = std::get_if<model::Claim<Instance>>(&step.change);
        if (claim == nullptr || before.find<Instance>(claim->id) != nullptr) continue;
        const Instance* replica = after.find<Instance>(claim->id);
        if (replica != nullptr && replica->declared.application && replica->claimed.host)
            made[*replica->declared.application].push_back(replica);
    }
    for (auto& [application, replicas] : made) {
        std::reverse(replicas.begin(), replicas.end());  // taken from the back
        replicas.erase(std::unique(replicas.begin(), replicas.end()), replicas.end());
    }
    return made;
}

static Refuge refuge_of(const Snapshot& before, const Snapshot& after, const Instance& instance,
                        Made& made) {
    Refuge refuge{instance.id, instance.name, name_of(before, instance.claimed.host), {}, {}, {},
                  {}};
    const Instance* then = after.find<Instance>(instance.id);
    if (then != nullptr && !then->deleting) {
        const bool left = then->claimed.generation > instance.claimed.generation;
        if (left) refuge.host = then->claimed.host;
        refuge.why = left ? then->claimed.placement.sentence : status_of(after, *then).sentence;
    } else if (instance.declared.application && !made[*instance.declared.application].empty()) {
        auto& replicas = made[*instance.declared.application];
        refuge.host = replicas.back()->claimed.host;
        refuge.made_anew = true;
        refuge.why = replicas.back()->name + " takes its place";
        replicas.pop_back();
    } else {
        refuge.why = "its application makes no other replica now";
    }
    refuge.to = name_of(after, refuge.host);
    return refuge;
}

/// Everything that control does about the steps, as if they were committed now.
static Plan follow_up(Snapshot& datacenter, const std::vector<model::Step>& steps, Instant now) {
    constexpr int plans_max = 1000;
    Agenda agenda;
    Plan all;
    for (const model::Step& step : steps) {
        Touch touch(datacenter, subject_of(step.change), agenda);
        base::check(model::apply(datacenter, step.change).ok(), "a host that is up can be lost");
        touch.changed(datacenter);
    }
    Guarantee guarantee(datacenter);
    for (int round = 0; round < plans_max && !agenda.empty(); ++round) {
        Plan plan = reconcile(datacenter, now, std::exchange(agenda, {}), guarantee);
        for (model::Step& step : plan.steps) {
            base::check(model::apply(datacenter, step.change).ok(), "a plan fits its snapshot");
            all.steps.push_back(std::move(step));
        }
        agenda = std::move(plan.rest);
    }
    return all;
}

std::vector<Refuge> refuges(const Snapshot& datacenter, const std::set<HostId>& lost,
                            model::Evidence evidence, Instant now) {
    Snapshot after = datacenter;
    const Plan plan = follow_up(after, loss_of(datacenter, lost, evidence, now), now);
    Made made = made_by(plan, datacenter, after);
    std::vector<Refuge> found;
    for (const Instance* instance : on_hosts(datacenter, lost))
        found.push_back(refuge_of(datacenter, after, *instance, made));
    return found;
}

// ---- drain -------------------------------------------------------------------------------------

Way way_out(placement::Placer& placer, const Snapshot& s, const Instance& instance) {
    if (const Volume* bound = bound_volume(s, instance); bound && !can_be_made_anew(s, instance))
        return {{}, "its disk " + bound->name + " lies on this host and nowhere else"};
    placement::Question question{{instance.declared.vcpus, instance.declared.memory, {}},
                                 {},
                                 instance.declared.application,
                                 {}};
    for (const Volume* volume :
         s.linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        if (volume->declared.pool == model::local_pool)
            question.needs.disk += volume->declared.size;
        else
            question.pools.push_back(volume->declared.pool);
    }
    placement::Answer answer = placer.place(question);
    return {answer.host, answer.explanation.sentence};
}

std::string planned_refuge(const Host& host) {
    return host.name + " is where the plan for this loss brings it";
}

/// Where the plan of the host's loss brings those who are in it.
static std::map<model::InstanceId, HostId> planned(Guarantee& guarantee, HostId host) {
    std::map<model::InstanceId, HostId> targets;
    for (const placement::Move& move : guarantee.plans().plan({{}, {}, host}))
        if (move.to) targets[move.instance] = *move.to;
    return targets;
}

/// Who can move while it runs is not stopped.
static void prefer_move(Guarantee& guarantee, const Snapshot& s, const Instance& instance,
                        Way& way) {
    const MovePlan move = move_plan_of_drain(guarantee, s, instance);
    if (!move.to) return;
    way = {move.to, "it moves there while it runs: " + move.why};
}

std::vector<Refuge> drain_plan(const Snapshot& datacenter, HostId id) {
    Snapshot after = datacenter;
    model::HostDeclared declared = datacenter.get<Host>(id).declared;
    declared.drain = true;
    base::check(model::apply(after, model::Declare<Host>{id, declared}).ok(), "any host can drain");
    Guarantee guarantee(after);
    const auto targets = planned(guarantee, id);
    std::vector<Refuge> plan;
    for (const Instance* instance : on_hosts(datacenter, {id})) {
        Way way = way_out(guarantee.placer(), after, *instance);
        if (const auto target = targets.find(instance->id); target != targets.end())
            way = {target->second, planned_refuge(after.get<Host>(target->second))};
        if (!can_be_made_anew(datacenter, *instance)) prefer_move(guarantee, after, *instance, way);
        plan.push_back({instance->id, instance->name, name_of(datacenter, id), way.host,
                        name_of(after, way.host), can_be_made_anew(datacenter, *instance),
                        way.why});
        if (!way.host) continue;
        // Its room is taken for those that come after it.
        model::Instance there = *instance;
        there.claimed.host = way.host;
        there.claimed.epoch = after.get<Host>(*way.host).claimed.epoch;
        model::Writer{after}.put(std::move(there));
        guarantee.look(after, instance->subject());
    }
    return plan;
}

}  // namespace vdc::control
