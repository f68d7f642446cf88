#include "api/console_host.h"

namespace vdc::api {

std::optional<model::HostId> console_host(const model::Snapshot& snapshot,
                                          const model::Instance& instance) {
    if (instance.claimed.host) return instance.claimed.host;
    for (const base::Uuid& id : snapshot.linked(model::Link::instance_volume, instance.id.value)) {
        const auto* volume = snapshot.find<model::Volume>({id});
        if (volume != nullptr && volume->claimed.host) return volume->claimed.host;
    }
    return {};
}

}  // namespace vdc::api
