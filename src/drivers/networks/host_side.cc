#include "drivers/networks/host_side.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <sstream>

#include "drivers/networks/namespaces.h"
#include "drivers/networks/rules.h"
#include "runtime/process.h"

namespace vdc::drivers::networks {

using base::Result;
using base::Status;

static const char forwarding[] = "ipv4/ip_forward";

static bool is_on(const Result<std::string>& setting) {
    return setting.ok() && *setting == "1";
}

static bool device_exists(const std::string& name) {
    return ::if_nametoindex(name.c_str()) != 0;
}

static Status remove_device(const std::string& name) {
    if (!device_exists(name)) return {};
    return ip_batch("", "link del " + name + "\n");
}

// ---- connecting --------------------------------------------------------------------------------

/// The host's rules. They remember what forwarding was at the moment they are made.
static Status raise_rules(const HostPaths& paths, const Transit& transit, bool nat) {
    std::optional<bool> before;
    if (!table_exists(TableFamily::inet, host_table(paths))) before = is_on(sysctl(forwarding));
    return nft("", host_rules(paths, before) + host_nat(paths, transit, nat));
}

Result<Transit> connect_to_host(const NetworkSpec& network, const HostPaths& paths,
                                const Inside& inside) {
    const std::string device = host_device(paths, network.number);
    Inside host = TRY(look_around());
    const bool whole = host.has(device) && inside.has(uplink_device);
    if (!whole) {
        TRY(remove_device(device));
        std::erase_if(host.addresses,
                      [&](const Placed& placed) { return placed.device == device; });
        if (inside.has(uplink_device))
            TRY(ip_batch(paths.network_namespace(network.number),
                         fmt::format("link del {}\n", uplink_device)));
    }
    const Transit transit = TRY(choose_transit(paths, network.number, host.addresses));
    TRY(raise_rules(paths, transit, network.nat));
    TRY(ip_batch("", host_links(network, paths, transit, /*make_uplink=*/!whole)));
    if (network.nat && !is_on(sysctl(forwarding))) TRY(set_sysctl(forwarding, "1"));
    return transit;
}

bool connected_to_host(const HostPaths& paths, int number, bool nat) {
    return device_exists(host_device(paths, number)) &&
           table_exists(TableFamily::inet, host_table(paths)) &&
           (!nat || is_on(sysctl(forwarding)));
}

// ---- parting -----------------------------------------------------------------------------------

static std::optional<Transit> transit_in_use(const HostPaths& paths, int number,
                                             const Inside& host) {
    for (int attempt = 0; attempt < transit_attempts; ++attempt) {
        const Transit possible = transit(paths.tag, number, attempt);
        for (const Placed& placed : host.addresses)
            if (placed.device == host_device(paths, number) && placed.address == possible.host)
                return possible;
    }
    return std::nullopt;
}

Status disconnect_from_host(const HostPaths& paths, int number) {
    const auto transit = transit_in_use(paths, number, TRY(look_around()));
    if (transit && table_exists(TableFamily::inet, host_table(paths)))
        TRY(nft("", host_nat(paths, *transit, /*nat=*/false) + host_tunnel_closing(number, paths)));
    return remove_device(host_device(paths, number));
}

/// Tables of datacenters on this host, "vdc" and a tag, without ours.
static Result<std::vector<std::string>> other_tables(const HostPaths& paths) {
    std::istringstream lines(TRY(runtime::must_run({.words = {"nft", "list", "tables"}})));
    std::vector<std::string> found;
    for (std::string word, family, name; lines >> word >> family >> name;)
        if (family == "inet" && name.starts_with("vdc") && name != host_table(paths) &&
            name != guard_table)
            found.push_back(name);
    return found;
}

static Status restore_forwarding(const HostPaths& paths) {
    const std::vector<std::string> others = TRY(other_tables(paths));
    if (others.empty()) return set_sysctl(forwarding, "0");
    return nft("", fmt::format("add chain inet {} {}\n", others.front(), forwarding_mark(false)));
}

static Status lower_rules(const HostPaths& paths) {
    const std::string table = host_table(paths);
    if (!table_exists(TableFamily::inet, table)) return {};
    const std::string chains =
        TRY(runtime::must_run({.words = {"nft", "list", "table", "inet", table}}));
    if (chains.find(forwarding_mark(false)) != std::string::npos) TRY(restore_forwarding(paths));
    return nft("", fmt::format("delete table inet {}\n", table));
}

Status leave_host(const HostPaths& paths) {
    TRY(lower_rules(paths));
    const std::string hole = fmt::format("route del blackhole {} metric {}\n",
                                         base::text(front_pool), hole_metric(paths.tag));
    // There may be none: `ip` has no words for "if it is there".
    TRY(runtime::run({.words = {"ip", "-force", "-batch", "-"}, .input = hole}));
    return {};
}

}  // namespace vdc::drivers::networks
