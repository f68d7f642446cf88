#include "drivers/networks/port_sets.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>

#include <algorithm>
#include <iterator>

#include "drivers/networks/namespaces.h"
#include "drivers/networks/netlink.h"
#include "drivers/networks/rules.h"

namespace vdc::drivers::networks {

using base::Status;

// ---- what a port owns --------------------------------------------------------------------------

static std::string filled_up(std::string field, std::size_t word) {
    field.resize((field.size() + word - 1) / word * word);
    return field;
}

static std::string device_key(const PortSpec& port) {
    return filled_up(HostPaths{}.tap(port.id), IFNAMSIZ);
}

static std::string number_key(std::uint64_t number, int width) {
    std::string field;
    for (int byte = width - 1; byte >= 0; --byte)
        field += static_cast<char>(number >> (8 * byte) & 0xff);
    return filled_up(field, sizeof(std::uint32_t));
}

static std::string mac_key(const PortSpec& port) {
    return device_key(port) + number_key(port.mac.bits, 6);
}

static std::string address_key(const PortSpec& port) {
    return device_key(port) + number_key(port.address.bits, 4);
}

/// fe80:: and the interface id that the MAC gives (RFC 4291, appendix A).
static std::string local_key(const PortSpec& port) {
    const std::uint64_t flipped = port.mac.bits ^ 0x0200'0000'0000;
    const std::uint64_t interface = (flipped >> 24 << 40) | 0xff'fe00'0000 | (flipped & 0xffffff);
    return device_key(port) + number_key(0xfe80000000000000, 8) + number_key(interface, 8);
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
std::vector<PortSet> port_sets(const std::vector<PortSpec>& ports) {
    const auto macs = keys(ports, /*anti_spoof=*/true, mac_key);
    const auto locals = keys(ports, /*anti_spoof=*/true, local_key);
    return {{"macs", "type ifname . ether_addr", macs},
            {"mac_numbers", "typeof iifname . @nh,64,48", macs},
            {"addresses", "type ifname . ipv4_addr", keys(ports, /*anti_spoof=*/true, address_key)},
            {"locals", "type ifname . ipv6_addr", locals},
            {"local_numbers", "typeof iifname . @th,64,128", locals},
            {"free", "type ifname", keys(ports, /*anti_spoof=*/false, device_key)}};
}

// ---- in the kernel -----------------------------------------------------------------------------

static NetlinkMessage about(const PortSet& set, int type, std::uint16_t flags) {
    const nfgenmsg family{.nfgen_family = NFPROTO_BRIDGE, .version = NFNETLINK_V0, .res_id = 0};
    NetlinkMessage message(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), flags,
                           family);
    message.add_text(NFTA_SET_ELEM_LIST_TABLE, guard_table);
    message.add_text(NFTA_SET_ELEM_LIST_SET, set.name);
    return message;
}

using Keys = std::vector<std::string>;

/// One message for so many keys as one message can hold: 44 bytes each, a list has at most 64 KiB.
static void add_messages(const PortSet& set, int type, std::uint16_t flags, const Keys& keys,
                         std::vector<NetlinkMessage>& messages) {
    constexpr std::size_t keys_max = 1000;
    for (std::size_t first = 0; first < keys.size(); first += keys_max) {
        NetlinkMessage message = about(set, type, flags);
        message.begin(NFTA_SET_ELEM_LIST_ELEMENTS);
        for (std::size_t at = first; at < std::min(first + keys_max, keys.size()); ++at)
            message.begin(NFTA_LIST_ELEM)
                .begin(NFTA_SET_ELEM_KEY)
                .add(NFTA_DATA_VALUE, keys[at])
                .end()
                .end();
        messages.push_back(message.end());
    }
}

static Keys without(const Keys& keys, const Keys& others) {
    Keys rest;
    std::ranges::set_difference(keys, others, std::back_inserter(rest));
    return rest;
}

/// A deletion without keys empties the set.
static void change(const PortSet& set, const PortSet* before,
                   std::vector<NetlinkMessage>& messages) {
    if (before == nullptr)
        messages.push_back(about(set, NFT_MSG_DELSETELEM, 0));
    else
        add_messages(set, NFT_MSG_DELSETELEM, 0, without(before->keys, set.keys), messages);
    add_messages(set, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
                 before == nullptr ? set.keys : without(set.keys, before->keys), messages);
}

Status fill_port_sets(const std::string& namespace_name, const std::vector<PortSpec>& ports,
                      const std::vector<PortSpec>* before) {
    const std::vector<PortSet> sets = port_sets(ports);
    const std::vector<PortSet> old = before != nullptr ? port_sets(*before) : sets;
    std::vector<NetlinkMessage> messages;
    for (std::size_t at = 0; at < sets.size(); ++at)
        change(sets[at], before != nullptr ? &old[at] : nullptr, messages);
    if (messages.empty()) return {};
    return in_namespace(namespace_name, [&] {
        return ask_filter(messages, "cannot set the rules of ports in " + namespace_name);
    });
}

}  // namespace vdc::drivers::networks
