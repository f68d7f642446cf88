#include "control/effects.h"

namespace vdc::control {

using base::Hash128;
using base::Hasher;

static std::uint64_t word(int number) {
    return static_cast<std::uint64_t>(number);
}

template <class Tag>
static void add(Hasher& hasher, const base::Id<Tag>& id) {
    hasher.add(id.value.high).add(id.value.low);
}

static void add(Hasher& hasher, const PortSpec& port) {
    add(hasher, port.id);
    hasher.add(port.mac.bits).add(port.address.bits).add(port.hostname);
    hasher.add(std::uint64_t{port.anti_spoof}).add(std::uint64_t{port.is_awaited});
}

static void add(Hasher& hasher, const NameSpec& name) {
    hasher.add(name.name).add(name.address.bits);
}

static void add(Hasher& hasher, const PeerSpec& peer) {
    hasher.add(peer.mac.bits).add(peer.address.bits).add(peer.underlay.bits);
    hasher.add(std::uint64_t{peer.anti_spoof});
}

static void add(Hasher& hasher, const FarFrontSpec& front) {
    hasher.add(front.address.bits).add(front.underlay.bits);
}

static void add(Hasher& hasher, const BackendSpec& backend) {
    add(hasher, backend.instance);
    hasher.add(backend.name).add(backend.address.bits);
}

template <class Item>
static void add(Hasher& hasher, const std::vector<Item>& items) {
    hasher.add(std::uint64_t{items.size()});
    for (const Item& item : items) add(hasher, item);
}

Hash128 fingerprint(const NetworkSpec& network) {
    Hasher hasher;
    hasher.add("network");
    add(hasher, network.id);
    hasher.add(word(network.number)).add(network.range.first.bits).add(word(network.range.prefix));
    hasher.add(network.gateway.bits).add(network.domain).add(std::uint64_t{network.nat});
    hasher.add(word(network.mtu));
    add(hasher, network.ports);
    add(hasher, network.names);
    hasher.add(std::uint64_t{network.vni}).add(network.underlay.bits);
    add(hasher, network.peers);
    add(hasher, network.far_fronts);
    return hasher.finish();
}

Hash128 fingerprint(const FrontSpec& front) {
    Hasher hasher;
    hasher.add("front");
    add(hasher, front.id);
    add(hasher, front.network);
    hasher.add(word(front.network_number)).add(front.name).add(front.address.bits);
    hasher.add(std::uint64_t{front.port}).add(std::uint64_t{front.target_port});
    hasher.add(static_cast<std::uint64_t>(front.protocol)).add(front.check_path);
    add(hasher, front.backends);
    return hasher.finish();
}

}  // namespace vdc::control
