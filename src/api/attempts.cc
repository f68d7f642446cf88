#include "api/attempts.h"

#include <algorithm>

namespace vdc::api {

static std::string address_of(const std::string& peer) {
    return peer.substr(0, peer.rfind(':'));
}

bool Attempts::may_try(const std::string& peer, Time now) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_address_.find(address_of(peer));
    return found == by_address_.end() || now - found->second.first >= window ||
           found->second.count < failures_max;
}

void Attempts::failed(const std::string& peer, Time now) {
    const std::lock_guard lock(mutex_);
    std::erase_if(by_address_, [&](const auto& each) { return now - each.second.first >= window; });
    if (by_address_.size() >= addresses_max)
        by_address_.erase(std::min_element(
            by_address_.begin(), by_address_.end(),
            [](const auto& a, const auto& b) { return a.second.first < b.second.first; }));
    Failures& failures = by_address_[address_of(peer)];
    if (failures.count++ == 0) failures.first = now;
}

}  // namespace vdc::api
