#include "lab/cables.h"

#include <algorithm>

#include "base/json.h"
#include "drivers/networks/namespaces.h"
#include "runtime/process.h"

namespace vdc::lab {

using base::Json;
using base::Result;
using base::Status;
namespace net = drivers::networks;

static constexpr const char* table = "cuts";

Status Cables::lay_switch() const {
    TRY(net::ensure_namespace(prefix_));
    const bool is_there = TRY(net::device_exists(prefix_, "switch"));
    if (!is_there)
        TRY(net::ip_batch(prefix_,
                          "link add switch type bridge forward_delay 0\n"
                          "link set switch up\n"));
    // After the bridge: rules that were there before it are not asked (Linux 6.18). A table that is
    // there keeps its sets, so cuts outlive a second `up`.
    return net::nft(prefix_,
                    "table bridge cuts {\n"
                    "  set to { type ifname; }\n"
                    "  set from { type ifname; }\n"
                    "}\n"
                    "add chain bridge cuts forward { type filter hook forward priority 0; }\n"
                    "flush chain bridge cuts forward\n"
                    "add rule bridge cuts forward oifname @to drop\n"
                    "add rule bridge cuts forward iifname @from drop\n");
}

Status Cables::lay_machine(int number) const {
    const std::string its = machine(number);
    TRY(net::ensure_namespace(its));
    const bool has_cable = TRY(net::device_exists(its, "eth0"));
    if (!has_cable)
        TRY(net::ip_batch(
            prefix_, "link add " + name(number) + " type veth peer name eth0 netns " + its + "\n"));
    TRY(net::ip_batch(its, "addr replace " + address(number) +
                               "/24 dev eth0\n"
                               "link set eth0 up\n"
                               "link set lo up\n"));
    return net::ip_batch(prefix_, "link set " + name(number) + " master switch up\n");
}

Status Cables::lay(int count) const {
    base::check(count >= 1 && count <= machines_max, "a lab has as many machines as it may");
    TRY(lay_switch());
    for (int number = 1; number <= count; ++number) TRY(lay_machine(number));
    return {};
}

int Cables::machines() const {
    int count = 0;
    while (count < machines_max && net::namespace_exists(machine(count + 1))) ++count;
    return count;
}

/// The machines whose plugs are in the set.
static Result<std::vector<int>> members(const std::string& where, const std::string& set) {
    const std::string text = TRY(runtime::must_run(
        {.words = {"nft", "-j", "list", "set", "bridge", table, set}, .network_namespace = where}));
    const Json answer = TRY(base::parse_json(text));
    std::vector<int> found;
    if (!answer.at("nftables").is(Json::Kind::array)) return found;
    for (const Json& each : answer.at("nftables").items()) {
        const Json& elements = each.at("set").at("elem");
        if (!elements.is(Json::Kind::array)) continue;
        for (const Json& element : elements.items())
            if (element.is(Json::Kind::text) && element.text().starts_with("h"))
                found.push_back(std::atoi(element.text().c_str() + 1));
    }
    return found;
}

Result<std::map<int, Cut>> Cables::cuts() const {
    std::map<int, Cut> found;
    if (!net::namespace_exists(prefix_)) return found;
    const std::vector<int> to = TRY(members(prefix_, "to"));
    const std::vector<int> from = TRY(members(prefix_, "from"));
    for (const int number : to) found[number].to = true;
    for (const int number : from) found[number].from = true;
    return found;
}

Status Cables::cut(int machine, Cut wanted) const {
    const std::map<int, Cut> all = TRY(cuts());
    const Cut present = all.contains(machine) ? all.at(machine) : Cut{};
    std::string lines;
    const auto change = [&](const std::string& set, bool is, bool shall) {
        if (is == shall) return;
        lines += std::string(shall ? "add" : "delete") + " element bridge " + table + " " + set +
                 " { \"" + name(machine) + "\" }\n";
    };
    change("to", present.to, wanted.to);
    change("from", present.from, wanted.from);
    return net::nft(prefix_, lines);
}

Status Cables::remove() const {
    for (int number = machines(); number >= 1; --number)
        TRY(net::remove_namespace(machine(number)));
    return net::remove_namespace(prefix_);
}

}  // namespace vdc::lab
