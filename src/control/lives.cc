#include "control/lives.h"

namespace vdc::control {

void Lives::learn(const model::Host& host) {
    Life& life = lives_[host.id];
    if (host.claimed.epoch > life.epoch) life = {host.claimed.epoch, false, life.revision + 1};
    if (host.claimed.health == model::HostHealth::down) life.fenced = true;
}

std::optional<std::uint64_t> Lives::renew(model::HostId host, model::Epoch epoch) {
    Life& life = lives_[host];
    if (life.epoch != epoch || life.fenced) return {};
    return ++life.revision;
}

bool Lives::fence(const FenceOrder& order) {
    Life& life = lives_[order.host];
    if (life.epoch != order.epoch) return false;
    if (!life.fenced && life.revision != order.revision) return false;
    life.fenced = true;
    return true;
}

}  // namespace vdc::control
