#pragma once

#include <string>
#include <vector>

#include "drivers/host_paths.h"
#include "drivers/networks/accounts.h"
#include "drivers/networks/plan.h"

/// What dnsmasq reads, as pure text: one dnsmasq per network answers DHCP (leases fixed by MAC)
/// and DNS (names of instances and applications; the outside too where there is NAT).
///
/// The configuration stays as long as the network's shape does. What comes and goes (ports, names,
/// the host's resolvers) is in files of their own, which dnsmasq reads again on SIGHUP.
/// Typed values only: check_spec() has seen every text that gets here.
namespace vdc::drivers::networks {

/// dnsmasq reads these as its own unprivileged user.
struct NameFiles {
    std::string folder;
    std::string config() const { return folder + "/dnsmasq.conf"; }
    std::string pid() const { return folder + "/dnsmasq.pid"; }
    std::string leases() const { return folder + "/leases"; }
    std::string hosts() const { return folder + "/hosts"; }
    std::string dhcp_hosts() const { return folder + "/dhcp-hosts"; }
    std::string resolvers() const { return folder + "/resolvers"; }
};
NameFiles name_files(const HostPaths& paths, int number);

std::string dnsmasq_config(const NetworkSpec& network, const NameFiles& files,
                           const Account& account);

/// One line per port: MAC, address, hostname.
std::string dhcp_hosts(const NetworkSpec& network);

/// One line per name, as of hosts(5).
std::string hosts(const NetworkSpec& network);

/// The addresses of the `nameserver` lines of a resolv.conf(5) that a namespace can reach: IPv4
/// and not this machine's loopback. In their order, at most eight.
std::vector<Ipv4> parse_resolvers(const std::string& resolv_conf);
std::string resolvers(const std::vector<Ipv4>& servers);

}  // namespace vdc::drivers::networks
