#include "drivers/networks/filter_sets.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <iterator>

#include "base/result.h"
#include "drivers/networks/netlink.h"

namespace vdc::drivers::networks {

using base::Status;

std::string text_field(std::string text, std::size_t size) {
    constexpr std::size_t word = sizeof(std::uint32_t);
    base::check(text.size() <= size, "a text fits into its field");
    text.resize((size + word - 1) / word * word);
    return text;
}

static std::string bytes_of(std::uint64_t number, int width) {
    std::string bytes;
    for (int byte = width - 1; byte >= 0; --byte)
        bytes += static_cast<char>(number >> (8 * byte) & 0xff);
    return bytes;
}

std::string mac_bytes(base::Mac mac) {
    return bytes_of(mac.bits, 6);
}

std::string number_field(std::uint64_t number, int width) {
    return text_field(bytes_of(number, width), static_cast<std::size_t>(width));
}

static NetlinkMessage about(const FilterTable& table, const FilterSet& set, int type,
                            std::uint16_t flags) {
    const bool bridge = table.family == TableFamily::bridge;
    const nfgenmsg family{
        .nfgen_family = static_cast<std::uint8_t>(bridge ? NFPROTO_BRIDGE : NFPROTO_INET),
        .version = NFNETLINK_V0,
        .res_id = 0};
    NetlinkMessage message(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), flags,
                           family);
    message.add_text(NFTA_SET_ELEM_LIST_TABLE, table.name);
    message.add_text(NFTA_SET_ELEM_LIST_SET, set.name);
    return message;
}

using Keys = std::vector<std::string>;

/// One message for so many keys as one message can hold: 44 bytes each, a list has at most 64 KiB.
static void add_messages(const NetlinkMessage& head, const Keys& keys,
                         std::vector<NetlinkMessage>& messages) {
    constexpr std::size_t keys_max = 1000;
    for (std::size_t first = 0; first < keys.size(); first += keys_max) {
        NetlinkMessage message = head;
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
static void change(const FilterTable& table, const FilterSet& set, const FilterSet* before,
                   std::vector<NetlinkMessage>& messages) {
    const NetlinkMessage removal = about(table, set, NFT_MSG_DELSETELEM, 0);
    if (before == nullptr)
        messages.push_back(removal);
    else
        add_messages(removal, without(before->keys, set.keys), messages);
    add_messages(about(table, set, NFT_MSG_NEWSETELEM, NLM_F_CREATE),
                 before == nullptr ? set.keys : without(set.keys, before->keys), messages);
}

Status fill_sets(const FilterTable& table, const std::vector<FilterSet>& sets,
                 const std::vector<FilterSet>* before) {
    std::vector<NetlinkMessage> messages;
    for (std::size_t at = 0; at < sets.size(); ++at)
        change(table, sets[at], before != nullptr ? &(*before)[at] : nullptr, messages);
    if (messages.empty()) return {};
    const std::string deed = "cannot fill the sets of rules in table " + table.name +
                             (table.namespace_name.empty() ? "" : " of " + table.namespace_name);
    return in_namespace(table.namespace_name, [&] { return ask_filter(messages, deed); });
}

}  // namespace vdc::drivers::networks
