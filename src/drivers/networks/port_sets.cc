#include "drivers/networks/port_sets.h"

#include <net/if.h>

#include <algorithm>
#include <optional>

#include "drivers/networks/rules.h"

namespace vdc::drivers::networks {

using base::Status;

// ---- what a port owns --------------------------------------------------------------------------

static std::string device_key(const PortSpec& port) {
    return text_field(HostPaths{}.tap(port.id), IFNAMSIZ);
}

static std::string mac_key(const PortSpec& port) {
    return device_key(port) + mac_field(port.mac);
}

static std::string address_key(const PortSpec& port) {
    return device_key(port) + address_field(port.address);
}

/// fe80:: and the interface id that the MAC gives (RFC 4291, appendix A).
static std::string local_key(const PortSpec& port) {
    const std::uint64_t flipped = port.mac.bits ^ 0x0200'0000'0000;
    const std::uint64_t interface = (flipped >> 24 << 40) | 0xff'fe00'0000 | (flipped & 0xffffff);
    return device_key(port) + number_field(0xfe80000000000000, 8) + number_field(interface, 8);
}

static std::vector<std::string> keys(const std::vector<PortSpec>& ports, bool anti_spoof,
                                     std::string (*key)(const PortSpec&)) {
    std::vector<std::string> all;
    for (const PortSpec& port : ports)
        if (port.anti_spoof == anti_spoof) all.push_back(key(port));
    std::ranges::sort(all);
    return all;
}

/// nft reads a field of a payload by its type; where two protocols lay a MAC or an address at
/// places that nft has no name for, the same value stands in a set of plain numbers.
std::vector<FilterSet> port_sets(const std::vector<PortSpec>& ports) {
    const auto macs = keys(ports, /*anti_spoof=*/true, mac_key);
    const auto locals = keys(ports, /*anti_spoof=*/true, local_key);
    return {{"macs", "type ifname . ether_addr", macs},
            {"mac_numbers", "typeof iifname . @nh,64,48", macs},
            {"addresses", "type ifname . ipv4_addr", keys(ports, /*anti_spoof=*/true, address_key)},
            {"locals", "type ifname . ipv6_addr", locals},
            {"local_numbers", "typeof iifname . @th,64,128", locals},
            {"free", "type ifname", keys(ports, /*anti_spoof=*/false, device_key)}};
}

Status fill_port_sets(const std::string& namespace_name, const std::vector<PortSpec>& ports,
                      const std::vector<PortSpec>* before) {
    std::optional<std::vector<FilterSet>> old;
    if (before != nullptr) old = port_sets(*before);
    return fill_sets({namespace_name, TableFamily::bridge, guard_table}, port_sets(ports),
                     old ? &*old : nullptr);
}

}  // namespace vdc::drivers::networks
