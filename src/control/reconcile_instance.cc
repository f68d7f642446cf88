#include "control/moves.h"
#include "control/places.h"
#include "control/reconcile.h"
#include "control/recovery.h"
#include "control/volumes.h"
#include "model/runs.h"
#include "placement/placement.h"

namespace vdc::control {

using model::Claim;
using model::Evidence;
using model::Forget;
using model::Instance;
using model::InstanceClaimed;
using model::InstancePhase;
using model::Link;
using model::Port;
using model::Power;
using model::Volume;

/// The host gives the processors and memory back. Local volumes stay where they lie. With an
/// instance that moves, what was seen of the run that ended for it counts no more: it was no wish.
static void release(Draft& draft, const Instance& instance, Evidence proof,
                    const std::string& reason) {
    InstanceClaimed claimed = instance.claimed;
    const model::HostId host = *claimed.host;
    claimed.host.reset();
    claimed.move.reset();
    claimed.leaving = false;
    claimed.proof = proof;
    claimed.evidence = model::sentence_of(proof);
    claimed.placement = {};
    draft.must_add(Claim<Instance>{instance.id, std::move(claimed)}, reason);
    if (instance.claimed.leaving && instance.observed.phase == InstancePhase::stopped) {
        model::InstanceObserved seen = instance.observed;
        seen.phase = InstancePhase::absent;
        draft.must_add(model::Observe<Instance>{instance.id, std::move(seen)},
                       instance.name + " was stopped to start on another host");
    }
    leave_networks(draft, instance, host);
}

static void end_volumes(Draft& draft, const Instance& instance) {
    for (const auto* volume :
         draft.datacenter().linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        const model::VolumeId id = volume->id;
        const bool ends = volume->declared.delete_with_instance;
        const std::string name = volume->name;
        model::VolumeDeclared detached = volume->declared;
        detached.instance.reset();
        draft.must_add(model::Declare<Volume>{id, detached},
                       "its instance " + instance.name + " ends");
        if (ends)
            draft.must_add(model::Delete<Volume>{id}, "volume " + name + " ends with its instance");
    }
}

static void end_instance(Draft& draft, const Instance& instance) {
    const Evidence proof = model::end_of_run(draft.datacenter(), instance);
    if (proof == Evidence::none) return;
    const bool cleaned =
        proof != Evidence::end_seen || instance.observed.phase == InstancePhase::absent;
    if (instance.claimed.host && !cleaned) return;
    if (instance.claimed.host)
        return release(draft, instance, proof, instance.name + " ended and left its host");
    end_volumes(draft, instance);
    for (const auto* port :
         draft.datacenter().linked_records<Port>(Link::instance_port, instance.id.value))
        draft.must_add(Forget<Port>{port->id}, "its instance " + instance.name + " is gone");
    draft.must_add(Forget<Instance>{instance.id}, "instance " + instance.name + " is gone");
}

/// Where an instance's disks bind it. Local volumes stay on the host that has them; those in shared
/// pools go where it goes, once the host that has them in hand lets go. A new one may lie anywhere
/// in its pool: its image is brought there.
struct Disks {
    std::optional<model::HostId> host;     ///< where local volumes lie
    std::optional<model::HostId> at_hand;  ///< that has the shared ones in hand
    std::vector<std::string> pools;
    model::MiB unclaimed{};       ///< what local ones without a place need
    bool image_homeless = false;  ///< an image that is needed is on no host yet
};

static Disks disks_of(const model::Snapshot& datacenter, const Instance& instance) {
    Disks disks;
    for (const auto* volume :
         datacenter.linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        const bool local = volume->declared.pool == model::local_pool;
        if (!local) disks.pools.push_back(volume->declared.pool);
        if (volume->claimed.host) {
            (local ? disks.host : disks.at_hand) = volume->claimed.host;
            continue;
        }
        if (local) disks.unclaimed += volume->declared.size;
        if (!volume->declared.image) continue;
        const auto& image = datacenter.get<model::Image>(*volume->declared.image);
        if (!image.claimed.host) disks.image_homeless = true;
    }
    return disks;
}

static void claim_volumes(Draft& draft, const Instance& instance, const model::Host& host) {
    for (const auto* volume :
         draft.datacenter().linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        if (volume->claimed.host == host.id && !volume->claimed.leaving) continue;
        claim_volume(draft, *volume, host, "with its instance");
    }
}

/// A port that got no address, or nullptr.
static const Port* without_address(const model::Snapshot& datacenter, const Instance& instance) {
    for (const auto* port : datacenter.linked_records<Port>(Link::instance_port, instance.id.value))
        if (!port->claimed.address) return port;
    return nullptr;
}

/// Keeps why the instance has no place.
static void wait(Draft& draft, const Instance& instance, model::Explanation explanation) {
    InstanceClaimed claimed = instance.claimed;
    claimed.placement = std::move(explanation);
    if (claimed.placement == instance.claimed.placement) return;
    const std::string reason = instance.name + " waits: " + claimed.placement.sentence;
    draft.must_add(Claim<Instance>{instance.id, std::move(claimed)}, reason);
}

/// Where the plan of its loss brings it, if that host takes it still.
static placement::Answer planned_place(Draft& draft, const Instance& instance,
                                       placement::Question question) {
    question.only = draft.refuge(instance.id);
    if (!question.only) return {};
    placement::Answer answer = draft.guarantee().placer().place(question);
    if (answer.host)
        answer.explanation.sentence =
            planned_refuge(draft.datacenter().get<model::Host>(*answer.host));
    return answer;
}

/// Where its volumes are in hand, if that host can take it: then nobody has to let go of them. Who
/// recovers starts where it was planned, or else wherever it fits.
static placement::Answer best_place(Draft& draft, const Instance& instance, const Disks& disks) {
    const model::Snapshot& datacenter = draft.datacenter();
    const bool is_back = recovers(datacenter, instance);
    const auto ask = [&](const placement::Question& question) {
        return is_back ? draft.guarantee().placer().place(question)
                       : place_beside(draft.guarantee(), datacenter, question, &instance);
    };
    placement::Question question{
        {instance.declared.vcpus, instance.declared.memory, disks.unclaimed},
        disks.host,
        instance.declared.application,
        disks.pools};
    if (disks.at_hand && !disks.host) {
        question.only = disks.at_hand;
        placement::Answer there = ask(question);
        if (there.host) return there;
        question.only.reset();
    }
    if (is_back && !disks.host) {
        placement::Answer planned = planned_place(draft, instance, question);
        if (planned.host) return planned;
    }
    placement::Answer answer = ask(question);
    if (answer.host || !disks.host) return answer;
    const auto& bound = datacenter.get<model::Host>(*disks.host);
    if (bound.claimed.health != model::HostHealth::up)
        answer.explanation.sentence = "its disk lies on " + bound.name + ", which is " +
                                      std::string(word(bound.claimed.health));
    return answer;
}

/// Has the volumes of shared pools let go of by hosts other than `host`. What it waits for, or
/// nothing.
static std::string free_volumes(Draft& draft, const Instance& instance, model::HostId host) {
    std::string held;
    for (const auto* volume :
         draft.datacenter().linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        if (!volume->claimed.host || volume->claimed.host == host) continue;
        const std::string name = volume->name;
        const auto& holder = draft.datacenter().get<model::Host>(*volume->claimed.host);
        const std::string holder_name = holder.name;
        if (volume->claimed.storage == model::StorageKind::local) {  // elsewhere it would be empty
            held = "volume " + name + " lies on " + holder_name;
            continue;
        }
        if (ask_to_let_go(draft, *volume)) continue;
        held = holder_name + " has not let go of volume " + name + " yet";
    }
    return held;
}

/// Nobody takes the instance now, or it is off: what was let go of for its sake serves where it
/// was.
static void take_back(Draft& draft, const Instance& instance) {
    for (const auto* volume :
         draft.datacenter().linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        if (!volume->claimed.leaving || !volume->claimed.host) continue;
        const model::Host host = draft.datacenter().get<model::Host>(*volume->claimed.host);
        if (host.claimed.health == model::HostHealth::down || host.declared.drain) continue;
        claim_volume(draft, *volume, host, "again: nobody else takes " + instance.name);
    }
}

static void place(Draft& draft, const Instance& instance) {
    if (const Port* port = without_address(draft.datacenter(), instance)) {
        const auto& network = draft.datacenter().get<model::Network>(port->declared.network);
        return wait(
            draft, instance,
            {"network " + network.name + " has no free address in " + text(network.declared.range),
             {},
             {},
             {},
             {}});
    }
    const Disks disks = disks_of(draft.datacenter(), instance);
    if (disks.image_homeless) return;
    const placement::Answer answer = best_place(draft, instance, disks);
    if (!answer.host) {
        if (kept_out(answer.explanation))  // what would let it in may be far from here
            draft.wake(draft.now() + std::chrono::seconds(2), instance.subject());
        take_back(draft, instance);
        return wait(draft, instance, answer.explanation);
    }
    if (const std::string held = free_volumes(draft, instance, *answer.host); !held.empty())
        return wait(draft, instance, {held, {}, {}, {}, {}});
    InstanceClaimed claimed = instance.claimed;
    claimed.placement = answer.explanation;
    const model::Host host = draft.datacenter().get<model::Host>(*answer.host);
    claimed.host = host.id;
    claimed.epoch = host.claimed.epoch;
    claimed.generation = next_generation(claimed);
    draft.must_add(Claim<Instance>{instance.id, claimed},
                   instance.name + " claimed on " + host.name + ", generation " +
                       std::to_string(claimed.generation) + ": " + answer.explanation.sentence);
    claim_volumes(draft, instance, host);
    need_networks(draft, draft.datacenter().get<Instance>(instance.id), host.id);
}

/// A volume attached to a placed instance lies on its host.
static void claim_late_volumes(Draft& draft, const Instance& instance) {
    const auto* host = draft.datacenter().find<model::Host>(*instance.claimed.host);
    if (host != nullptr) claim_volumes(draft, instance, model::Host(*host));
}

/// Whether its run ended for a reason that sends it to another host, and is known to be over.
static bool moves(const Instance& instance, Evidence proof) {
    if (!instance.claimed.host || proof == Evidence::none) return false;
    return proof != Evidence::end_seen || instance.claimed.leaving;
}

/// Nobody drains its host any more: it stays.
static bool may_stay(const Draft& draft, const Instance& instance) {
    return instance.claimed.leaving &&
           !draft.datacenter().get<model::Host>(*instance.claimed.host).declared.drain;
}

// ---- moves -------------------------------------------------------------------------------------

static void must_add_all(Draft& draft, std::vector<model::Step> steps) {
    for (model::Step& step : steps) draft.must_add(std::move(step.change), std::move(step.reason));
}

/// Its time to run while it moves is over: it is stopped until all is sent.
static void stop_for_move(Draft& draft, const Instance& instance) {
    InstanceClaimed claimed = instance.claimed;
    claimed.move->rung = model::MoveRung::stop;
    draft.must_add(Claim<Instance>{instance.id, std::move(claimed)},
                   instance.name + " is stopped until all of it is sent: it did not end otherwise");
}

/// What it needs where it comes to: its networks, and what its disks began with.
static void prepare_arrival(Draft& draft, const Instance& instance) {
    const model::Host to = draft.datacenter().get<model::Host>(instance.claimed.move->to);
    need_networks(draft, instance, to.id);
    for (const auto* volume :
         draft.datacenter().linked_records<Volume>(Link::instance_volume, instance.id.value))
        if (const auto image = volume->declared.image) need_image(draft, *image, to);
}

/// One step of an instance that moves. Afterwards it is looked at again, if anything changed.
static void move_on(Draft& draft, const Instance& instance) {
    const model::Move& move = *instance.claimed.move;
    if (const auto end = end_of_move(draft.datacenter(), instance, draft.now())) {
        model::Step cancelled = cancel_move(instance, *end, draft.now());
        draft.must_add(std::move(cancelled.change), std::move(cancelled.reason));
        return leave_networks(draft, instance, move.to);
    }
    if (can_be_handed_over(draft.datacenter(), instance)) {
        const model::HostId from = *instance.claimed.host;
        must_add_all(draft, hand_over(draft.datacenter(), instance));
        return leave_networks(draft, instance, from);
    }
    prepare_arrival(draft, instance);
    if (move.rung == model::MoveRung::copy && draft.now() >= move.stop_at)
        return stop_for_move(draft, instance);
    draft.wake(move.rung == model::MoveRung::copy ? move.stop_at : move.until, instance.subject());
}

void reconcile_instance(Draft& draft, const Instance& instance) {
    if (instance.claimed.move) return move_on(draft, instance);
    if (instance.deleting) return end_instance(draft, instance);
    const bool wanted = wanted_power(instance) != Power::off;
    if (!instance.claimed.host) return wanted ? place(draft, instance) : take_back(draft, instance);
    const Evidence proof = model::end_of_run(draft.datacenter(), instance);
    const std::string host = draft.datacenter().get<model::Host>(*instance.claimed.host).name;
    if (moves(instance, proof))
        return release(
            draft, instance, proof,
            instance.name + " leaves " + host + ": " + std::string(model::sentence_of(proof)));
    if (!wanted && proof != Evidence::none)
        return release(draft, instance, proof, instance.name + " is off and gives its room back");
    if (may_stay(draft, instance)) {
        InstanceClaimed claimed = instance.claimed;
        claimed.leaving = false;
        claimed.stays += 1;  // it may have gone off by then, which nobody wanted of it
        return draft.must_add(Claim<Instance>{instance.id, std::move(claimed)},
                              instance.name + " stays on " + host + ", which is drained no more");
    }
    claim_late_volumes(draft, instance);
    need_networks(draft, instance, *instance.claimed.host);
}

}  // namespace vdc::control
