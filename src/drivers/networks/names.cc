#include "drivers/networks/names.h"

#include <fmt/format.h>

#include <sstream>

namespace vdc::drivers::networks {

using base::text;

NameFiles name_files(const HostPaths& paths, int number) {
    return {paths.network(number) + "/names"};
}

/// Clients that know option 121 ignore option 3 (RFC 3442), so the default route stands in both.
/// Without NAT there is no default route: only the metadata service and the fronts.
static std::string route_options(const NetworkSpec& network) {
    const std::string gateway = text(network.gateway);
    const std::string metadata = fmt::format("{}/32,{}", text(metadata_address), gateway);
    if (network.nat)
        return fmt::format("dhcp-option=3,{0}\ndhcp-option=121,{1},0.0.0.0/0,{0}\n", gateway,
                           metadata);
    return fmt::format("dhcp-option=3\ndhcp-option=121,{},{},{}\n", metadata, text(front_pool),
                       gateway);
}

static std::string domain_options(const NetworkSpec& network) {
    if (network.domain.empty()) return "";
    return fmt::format("domain={0}\nlocal=/{0}/\nexpand-hosts\ndhcp-option=119,{0}\n",
                       network.domain);
}

std::string dnsmasq_config(const NetworkSpec& network, const NameFiles& files,
                           const Account& account) {
    return fmt::format(
               R"(# Network {id}. Made by vdc; what is changed here by hand is lost.
user={user}
group={group}
pid-file={pid}
interface={bridge}
except-interface=lo
bind-interfaces
no-hosts
addn-hosts={hosts}
{upstream}
domain-needed
bogus-priv
cache-size=1000
dhcp-range={first},static,{netmask},12h
dhcp-hostsfile={dhcp_hosts}
dhcp-leasefile={leases}
dhcp-authoritative
no-ping
quiet-dhcp
dhcp-option=6,{gateway}
dhcp-option=26,{mtu}
)",
               fmt::arg("id", text(network.id)), fmt::arg("user", account.user),
               fmt::arg("group", account.group), fmt::arg("pid", files.pid()),
               fmt::arg("bridge", bridge_device), fmt::arg("hosts", files.hosts()),
               fmt::arg("upstream", network.nat ? "resolv-file=" + files.resolvers() : "no-resolv"),
               fmt::arg("first", text(network.range.first)),
               fmt::arg("netmask", text(network.range.netmask())),
               fmt::arg("dhcp_hosts", files.dhcp_hosts()), fmt::arg("leases", files.leases()),
               fmt::arg("gateway", text(network.gateway)), fmt::arg("mtu", network.mtu)) +
           route_options(network) + domain_options(network);
}

std::string dhcp_hosts(const NetworkSpec& network) {
    std::string lines;
    for (const PortSpec& port : network.ports) {
        lines += text(port.mac) + "," + text(port.address);
        if (!port.hostname.empty()) lines += "," + port.hostname;
        lines += "\n";
    }
    return lines;
}

std::string hosts(const NetworkSpec& network) {
    std::string lines;
    for (const PortSpec& port : network.ports)
        if (!port.hostname.empty()) lines += text(port.address) + " " + port.hostname + "\n";
    for (const control::NameSpec& name : network.names)
        lines += text(name.address) + " " + name.name + "\n";
    return lines;
}

std::vector<Ipv4> parse_resolvers(const std::string& resolv_conf) {
    constexpr std::size_t servers_max = 8;
    constexpr Ipv4Range loopback{{0x7f000000}, 8};
    std::vector<Ipv4> servers;
    std::istringstream lines(resolv_conf);
    for (std::string line; std::getline(lines, line) && servers.size() < servers_max;) {
        std::istringstream words(line);
        std::string key;
        std::string value;
        words >> key >> value;
        if (key != "nameserver") continue;
        const auto address = base::parse_ipv4(value);
        if (address.ok() && *address && !loopback.holds(*address)) servers.push_back(*address);
    }
    return servers;
}

std::string resolvers(const std::vector<Ipv4>& servers) {
    std::string lines;
    for (const Ipv4 server : servers) lines += "nameserver " + text(server) + "\n";
    return lines;
}

}  // namespace vdc::drivers::networks
