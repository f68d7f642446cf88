#include "control/volumes.h"

#include "control/places.h"
#include "model/runs.h"

namespace vdc::control {

using model::Claim;
using model::Volume;

void claim_volume(Draft& draft, const Volume& volume, const model::Host& host,
                  const std::string& why) {
    model::VolumeClaimed claimed = volume.claimed;
    claimed.host = host.id;
    ++claimed.generation;
    claimed.epoch = host.claimed.epoch;
    claimed.storage = model::kind_of_pool(host, volume.declared.pool);
    claimed.leaving = false;
    const std::optional<model::ImageId> image = volume.declared.image;
    const bool local = claimed.storage == model::StorageKind::local;
    draft.must_add(Claim<Volume>{volume.id, std::move(claimed)},
                   "volume " + volume.name + (local ? " lies on " : " is in the hand of ") +
                       host.name + (why.empty() ? "" : " " + why));
    if (image) need_image(draft, *image, host);
}

bool ask_to_let_go(Draft& draft, const Volume& volume) {
    if (end_of_keeping(draft.datacenter(), volume) != model::Evidence::none) return true;
    if (volume.claimed.leaving) return false;
    const std::string& host = draft.datacenter().get<model::Host>(*volume.claimed.host).name;
    model::VolumeClaimed claimed = volume.claimed;
    claimed.leaving = true;
    draft.must_add(Claim<Volume>{volume.id, std::move(claimed)},
                   host + " shall let go of volume " + volume.name + ", for another host");
    return false;
}

}  // namespace vdc::control
