#include <algorithm>

#include "control/places.h"
#include "control/reconcile.h"

namespace vdc::control {

using model::Claim;
using model::Forget;
using model::Link;
using model::Network;
using model::Port;

static std::int64_t lowest_free_number(const model::Snapshot& datacenter) {
    std::set<std::int64_t> taken;
    for (const auto& [id, network] : datacenter.all<Network>())
        taken.insert(network->claimed.number);
    std::int64_t number = 1;
    while (taken.contains(number)) ++number;
    return number;
}

void reconcile_network(Draft& draft, const Network& network) {
    constexpr std::int64_t number_max = 65'535;
    const auto now = drop_left_places(draft, network, "network " + network.name);
    if (network.deleting) {
        const bool used = draft.datacenter().has_linked(Link::network_port, network.id.value);
        if (!used && now->claimed.places.empty())
            draft.must_add(Forget<Network>{network.id}, "network " + network.name + " is gone");
        return;
    }
    if (network.claimed.number != 0) return;
    const std::int64_t number = lowest_free_number(draft.datacenter());
    if (number > number_max) return;
    model::NetworkClaimed claimed = now->claimed;
    claimed.number = number;
    draft.must_add(Claim<Network>{network.id, std::move(claimed)},
                   "network " + network.name + " is number " + std::to_string(number));
}

/// Locally administered, and the same for the same port (IEEE 802c: x2, x6, xA, xE).
static base::Mac mac_of(model::PortId port) {
    constexpr std::uint64_t prefix = 0x0256;
    return {prefix << 32 | (port.value.low & 0xffffffff)};
}

/// The lowest behind the network's own address and the gateway's that no port has or wants; none
/// when only the last one is left, which is the broadcast.
static base::Ipv4 lowest_free_address(const model::Snapshot& datacenter, const Network& network) {
    const base::Ipv4Range& range = network.declared.range;
    const base::Ipv4 first = range.first + 2;
    const auto ports = datacenter.linked_records<Port>(Link::network_port, network.id.value);
    std::vector<bool> taken(2 * ports.size() + 1);  // two for each port at most: one stays free
    const auto take = [&](base::Ipv4 address) {
        const std::size_t offset = address.bits - first.bits;
        if (address >= first && offset < taken.size()) taken[offset] = true;
    };
    for (const Port* port : ports) {
        take(port->claimed.address);
        if (port->declared.address) take(*port->declared.address);
    }
    const auto free = std::find(taken.begin(), taken.end(), false) - taken.begin();
    const base::Ipv4 address = first + static_cast<std::uint32_t>(free);
    return address < range.broadcast() ? address : base::Ipv4{};
}

static bool is_taken(const model::Snapshot& datacenter, const Network& network,
                     base::Ipv4 address) {
    const auto ports = datacenter.linked_records<Port>(Link::network_port, network.id.value);
    return std::any_of(ports.begin(), ports.end(),
                       [&](const Port* port) { return port->claimed.address == address; });
}

void reconcile_port(Draft& draft, const Port& port) {
    if (port.claimed.address) return;
    const auto& network = draft.datacenter().get<Network>(port.declared.network);
    const base::Ipv4 address = port.declared.address
                                   ? *port.declared.address
                                   : lowest_free_address(draft.datacenter(), network);
    const bool taken = port.declared.address && is_taken(draft.datacenter(), network, address);
    if (!address || taken) return draft.wake(draft.now() + std::chrono::seconds(2), port.subject());
    draft.must_add(Claim<Port>{port.id, {address, mac_of(port.id)}},
                   "port " + port.name + " has " + text(address) + " in " + network.name);
}

}  // namespace vdc::control
