#include "control/places.h"
#include "control/reconcile.h"
#include "placement/placement.h"

namespace vdc::control {

using model::Claim;
using model::Forget;
using model::Instance;
using model::InstanceClaimed;
using model::InstancePhase;
using model::Link;
using model::Port;
using model::Power;
using model::Volume;

/// Whether its host is known to have no process of it.
static bool known_dead(const Instance& instance) {
    if (!instance.claimed.host) return true;
    const bool current = instance.observed.generation == instance.claimed.generation;
    return current && (instance.observed.phase == InstancePhase::stopped ||
                       instance.observed.phase == InstancePhase::absent);
}

/// The host gives the processors and memory back; the volumes stay where they lie.
static void release(Draft& draft, const Instance& instance, const std::string& reason) {
    InstanceClaimed claimed = instance.claimed;
    const model::HostId host = *claimed.host;
    claimed.host.reset();
    claimed.evidence = "its host saw its end";
    claimed.placement = {};
    draft.must_add(Claim<Instance>{instance.id, std::move(claimed)}, reason);
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
    if (!known_dead(instance)) return;
    if (instance.claimed.host && instance.observed.phase != InstancePhase::absent) return;
    if (instance.claimed.host)
        return release(draft, instance, instance.name + " ended and left its host");
    end_volumes(draft, instance);
    for (const auto* port :
         draft.datacenter().linked_records<Port>(Link::instance_port, instance.id.value))
        draft.must_add(Forget<Port>{port->id}, "its instance " + instance.name + " is gone");
    draft.must_add(Forget<Instance>{instance.id}, "instance " + instance.name + " is gone");
}

/// Where an instance's disks bind it: volumes stay on the host that has them. A new one may lie
/// anywhere: its image is brought there.
struct Disks {
    std::optional<model::HostId> host;
    model::MiB unclaimed{};       ///< what those without a place need
    bool image_homeless = false;  ///< an image that is needed is on no host yet
};

static Disks disks_of(const model::Snapshot& datacenter, const Instance& instance) {
    Disks disks;
    for (const auto* volume :
         datacenter.linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        if (volume->claimed.host) {
            disks.host = volume->claimed.host;
            continue;
        }
        disks.unclaimed += volume->declared.size;
        if (!volume->declared.image) continue;
        const auto& image = datacenter.get<model::Image>(*volume->declared.image);
        if (!image.claimed.host) disks.image_homeless = true;
    }
    return disks;
}

static void claim_volumes(Draft& draft, const Instance& instance, const model::Host& host) {
    for (const auto* volume :
         draft.datacenter().linked_records<Volume>(Link::instance_volume, instance.id.value)) {
        if (volume->claimed.host) continue;
        const std::optional<model::ImageId> image = volume->declared.image;
        draft.must_add(Claim<Volume>{volume->id, {host.id, volume->claimed.generation + 1}},
                       "volume " + volume->name + " lies on " + host.name + " with its instance");
        if (image) need_image(draft, *image, host);
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
    const placement::Answer answer =
        place_beside(draft.guarantee(), draft.datacenter(),
                     {{instance.declared.vcpus, instance.declared.memory, disks.unclaimed},
                      disks.host,
                      instance.declared.application},
                     &instance);
    if (!answer.host) {
        if (kept_out(answer.explanation))  // what would let it in may be far from here
            draft.wake(draft.now() + std::chrono::seconds(2), instance.subject());
        return wait(draft, instance, answer.explanation);
    }
    InstanceClaimed claimed = instance.claimed;
    claimed.placement = answer.explanation;
    const model::Host host = draft.datacenter().get<model::Host>(*answer.host);
    claimed.host = host.id;
    claimed.epoch = host.claimed.epoch;
    claimed.generation += 1;
    draft.must_add(Claim<Instance>{instance.id, claimed},
                   instance.name + " claimed on " + host.name + ", generation " +
                       std::to_string(claimed.generation) + ": " + answer.explanation.sentence);
    claim_volumes(draft, instance, host);
    need_networks(draft, draft.datacenter().get<Instance>(instance.id));
}

/// A volume attached to a placed instance lies on its host.
static void claim_late_volumes(Draft& draft, const Instance& instance) {
    const auto* host = draft.datacenter().find<model::Host>(*instance.claimed.host);
    if (host != nullptr) claim_volumes(draft, instance, model::Host(*host));
}

void reconcile_instance(Draft& draft, const Instance& instance) {
    if (instance.deleting) return end_instance(draft, instance);
    const bool wanted = wanted_power(instance) != Power::off;
    if (wanted && !instance.claimed.host) return place(draft, instance);
    if (!wanted && instance.claimed.host && known_dead(instance))
        return release(draft, instance, instance.name + " is off and gives its room back");
    if (!instance.claimed.host) return;
    claim_late_volumes(draft, instance);
    need_networks(draft, instance);
}

}  // namespace vdc::control
