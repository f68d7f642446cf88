#include <algorithm>

#include "control/places.h"
#include "control/reconcile.h"
#include "control/volumes.h"
#include "model/runs.h"
#include "placement/placement.h"

namespace vdc::control {

using model::Claim;
using model::Forget;
using model::Image;
using model::Link;
using model::Presence;
using model::Volume;
using model::VolumeSnapshot;

/// It goes from all hosts; when the last one has said so, it is forgotten.
static void end_image(Draft& draft, const Image& image) {
    model::ImageClaimed claimed = image.claimed;
    for (model::Place& place : claimed.places) place.needed = false;
    claim(draft, image, std::move(claimed), "image " + image.name + " goes from its hosts");
    const auto ending = *draft.datacenter().all<Image>().find(image.id);
    const auto now = drop_left_places(draft, *ending, "image " + image.name);
    if (!now->claimed.places.empty()) return;
    draft.must_add(Forget<Image>{image.id}, "image " + image.name + " is gone from its host");
}

/// Uploads arrive at the controller. Where hosts on other machines live by leases, the one that
/// lives by none is the controller's own (lease.h); it imports them.
static std::optional<model::HostId> importer(Draft& draft) {
    using model::LeaseProfile;
    std::optional<model::HostId> own;
    bool has_others = false;
    for (const auto& [id, host] : draft.datacenter().all<model::Host>()) {
        const bool is_own = host->claimed.lease == LeaseProfile::none;
        has_others = has_others || !is_own;
        if (is_own && !own) own = id;
    }
    return own && has_others ? own : draft.guarantee().placer().place({}).host;
}

void reconcile_image(Draft& draft, const Image& image) {
    if (image.deleting) return end_image(draft, image);
    model::ImageClaimed claimed = image.claimed;
    if (!claimed.host) claimed.host = importer(draft);
    if (!claimed.host) return;
    const model::HostId keeper = *claimed.host;
    claim(
        draft, image, needed_there(std::move(claimed), keeper),
        "image " + image.name + " is kept on " + draft.datacenter().get<model::Host>(keeper).name);
}

void reconcile_volume_snapshot(Draft& draft, const VolumeSnapshot& snapshot) {
    if (!snapshot.deleting) return;
    const auto& volume = draft.datacenter().get<Volume>(snapshot.declared.volume);
    const bool gone = snapshot.observed.presence == Presence::absent ||
                      volume.observed.presence == Presence::absent || !volume.claimed.host;
    if (!gone) return;
    draft.must_add(Forget<VolumeSnapshot>{snapshot.id}, "snapshot " + snapshot.name + " is gone");
}

/// Whether the host that has the volume in hand serves it.
static bool is_served(const Draft& draft, const Volume& volume) {
    const auto& host = draft.datacenter().get<model::Host>(*volume.claimed.host);
    return !volume.claimed.leaving && host.claimed.health != model::HostHealth::down &&
           !host.declared.drain;
}

/// A volume of a shared pool that no instance has gets another host when its own is lost or
/// drained.
static void rehome(Draft& draft, const Volume& volume) {
    if (volume.claimed.storage == model::StorageKind::local || is_served(draft, volume)) return;
    const auto place = draft.guarantee().placer().place({{}, {}, {}, {volume.declared.pool}});
    if (!place.host || !ask_to_let_go(draft, volume)) return;
    const model::Host host = draft.datacenter().get<model::Host>(*place.host);
    claim_volume(draft, draft.datacenter().get<Volume>(volume.id), host, "");
}

/// Whether its instance moves to that host, and takes it along.
static bool is_awaited_on(const model::Snapshot& datacenter, const Volume& volume,
                          model::HostId host) {
    const auto* instance = volume.declared.instance
                               ? datacenter.find<model::Instance>(*volume.declared.instance)
                               : nullptr;
    if (instance == nullptr || !instance->claimed.move) return false;
    const model::Move& move = *instance->claimed.move;
    return move.to == host &&
           std::find(move.volumes.begin(), move.volumes.end(), volume.id) != move.volumes.end();
}

/// Copies go that no move is for, and their places when they are gone. The volume as it is then.
static model::Shared<Volume> settle_copies(Draft& draft, const Volume& volume) {
    model::VolumeClaimed claimed = volume.claimed;
    for (model::Place& place : claimed.places)
        place.needed &= is_awaited_on(draft.datacenter(), volume, place.host);
    claim(draft, volume, std::move(claimed),
          "the copy of volume " + volume.name + " on another host is not needed any more");
    const auto settled = *draft.datacenter().all<Volume>().find(volume.id);
    return drop_left_places(draft, *settled, "the copy of volume " + volume.name);
}

/// A volume that is being deleted takes its snapshots with it, and is forgotten when its host has
/// nothing of it any more.
static void end_volume(Draft& draft, const Volume& volume) {
    for (const auto* snapshot :
         draft.datacenter().linked_records<VolumeSnapshot>(Link::volume_snapshot, volume.id.value))
        if (!snapshot->deleting)
            draft.must_add(model::Delete<VolumeSnapshot>{snapshot->id},
                           "its volume " + volume.name + " ends");
    if (volume.claimed.host && volume.observed.presence != Presence::absent)
        return rehome(draft, volume);
    if (draft.datacenter().has_linked(Link::volume_snapshot, volume.id.value)) return;
    if (!volume.claimed.places.empty()) return;  // its host has nothing of it, others have still
    draft.must_add(Forget<Volume>{volume.id}, "volume " + volume.name + " is gone from its host");
}

void reconcile_volume(Draft& draft, const Volume& before) {
    const model::Shared<Volume> held = settle_copies(draft, before);
    const Volume& volume = *held;
    if (volume.deleting) return end_volume(draft, volume);
    if (volume.declared.instance) return;
    if (volume.claimed.host) return rehome(draft, volume);
    const bool local = volume.declared.pool == model::local_pool;
    const auto place = place_beside(
        draft.guarantee(), draft.datacenter(),
        {{{}, {}, local ? volume.declared.size : model::MiB{}}, {}, {}, {volume.declared.pool}},
        nullptr);
    if (!place.host) return draft.wake(draft.now() + std::chrono::seconds(2), volume.subject());
    const model::Host host = draft.datacenter().get<model::Host>(*place.host);
    claim_volume(draft, volume, host, "");
}

}  // namespace vdc::control
