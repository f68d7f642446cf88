#include "control/reconcile.h"
#include "placement/placement.h"

namespace vdc::control {

using model::Claim;
using model::Forget;
using model::Image;
using model::Link;
using model::Presence;
using model::Volume;
using model::VolumeSnapshot;

static std::optional<model::HostId> host_for_image(const model::Snapshot& datacenter) {
    return placement::place(datacenter, {}).host;
}

void reconcile_image(Draft& draft, const Image& image) {
    const bool gone = !image.claimed.host || image.observed.phase == model::ImagePhase::absent;
    if (image.deleting && gone)
        return draft.must_add(Forget<Image>{image.id},
                              "image " + image.name + " is gone from its host");
    if (image.deleting || image.claimed.host) return;
    const auto host = host_for_image(draft.datacenter());
    if (!host) return;
    draft.must_add(
        Claim<Image>{image.id, {host}},
        "image " + image.name + " is kept on " + draft.datacenter().get<model::Host>(*host).name);
}

void reconcile_volume_snapshot(Draft& draft, const VolumeSnapshot& snapshot) {
    if (!snapshot.deleting) return;
    const auto& volume = draft.datacenter().get<Volume>(snapshot.declared.volume);
    const bool gone = snapshot.observed.presence == Presence::absent ||
                      volume.observed.presence == Presence::absent || !volume.claimed.host;
    if (!gone) return;
    draft.must_add(Forget<VolumeSnapshot>{snapshot.id}, "snapshot " + snapshot.name + " is gone");
}

/// A volume that is being deleted takes its snapshots with it, and is forgotten when its host has
/// nothing of it any more.
static void end_volume(Draft& draft, const Volume& volume) {
    for (const auto* snapshot :
         draft.datacenter().linked_records<VolumeSnapshot>(Link::volume_snapshot, volume.id.value))
        if (!snapshot->deleting)
            draft.must_add(model::Delete<VolumeSnapshot>{snapshot->id},
                           "its volume " + volume.name + " ends");
    if (volume.claimed.host && volume.observed.presence != Presence::absent) return;
    if (draft.datacenter().has_linked(Link::volume_snapshot, volume.id.value)) return;
    draft.must_add(Forget<Volume>{volume.id}, "volume " + volume.name + " is gone from its host");
}

void reconcile_volume(Draft& draft, const Volume& volume) {
    if (volume.deleting) return end_volume(draft, volume);
    if (volume.claimed.host || volume.declared.instance) return;
    const auto place =
        placement::place(draft.datacenter(), {{{}, {}, volume.declared.size}, {}, {}});
    if (!place.host) return draft.wake(draft.now() + std::chrono::seconds(2), volume.subject());
    draft.must_add(Claim<Volume>{volume.id, {place.host, volume.claimed.generation + 1}},
                   "volume " + volume.name + " lies on " +
                       draft.datacenter().get<model::Host>(*place.host).name);
}

}  // namespace vdc::control
