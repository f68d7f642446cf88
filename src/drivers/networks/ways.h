#pragma once

#include <map>
#include <set>
#include <string>

#include "drivers/networks/tunnel.h"

/// The ways through a network's tunnel, as the kernel keeps them.
namespace vdc::drivers::networks {

struct Ways {
    std::map<Mac, Ipv4> frames;      ///< to which host (its underlay) a frame to this MAC goes
    std::map<Ipv4, Mac> neighbours;  ///< what ARP would answer
    std::set<Ipv4> routes;           ///< addresses outside the network's range that lie there
    friend bool operator==(const Ways&, const Ways&) = default;
};

Ways ways_of(const Tunnel& tunnel);

/// From the ways that stand to those that shall. Bridge and tunnel are there.
base::Status change_ways(const std::string& namespace_name, const Ways& before, const Ways& now);

/// Takes all ways away, whatever they are, as lines for `ip -batch` in the namespace.
std::string no_ways();

}  // namespace vdc::drivers::networks
