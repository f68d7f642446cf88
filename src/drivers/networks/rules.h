#pragma once

#include <optional>
#include <string>

#include "drivers/host_paths.h"
#include "drivers/networks/plan.h"

/// The packet rules of a network, as pure text for `nft -f -`. Each text is one transaction: all
/// of it is in force at one moment, or none; packets between two transactions meet the old rules
/// or the new ones, never a gap.
///
/// In the namespace, `table bridge vdc` guards the ports (default drop comes first) and
/// `table inet vdc` guards the namespace itself:
///  P1  A frame bears its port's MAC, is untagged, and is IPv4, IPv6, ARP or RARP.
///  P2  ARP speaks for the port's own MAC and address (or asks whether its own one is free).
///      RARP speaks for its own MAC (a migrated QEMU announces itself so).
///  P3  IPv4 comes from the port's address, or from 0.0.0.0 to ask for DHCP. No options but
///      IGMP's. Fragments only where nothing is hidden by them: never to many, never so small
///      that they overlap a header.
///  P4  IPv6 comes from the link-local address that its MAC gives (EUI-64), or from :: to ask
///      whether that one is free. No extension header at all, so TCP, UDP or ICMPv6 stands first.
///  P5  Nobody serves DHCP or DHCPv6, advertises a router, or redirects. A DHCP client speaks of
///      its own MAC only.
///  P6  A neighbour solicitation or advertisement speaks of its own MAC and address only.
///  P7  Ports without `anti_spoof` may send what they like (a router that a project runs itself).
///  N1  The namespace answers DHCP, DNS on the gateway, metadata, ping, and its fronts; nothing
///  else. N2  Only connections begun by instances leave, when the network has NAT, from the transit
///      address.
///
/// From the tunnel, whatever the host there let into it:
///  T1  Only IPv4 without options, from one to one: no ARP, no broadcast, no IPv6. P5 holds, too.
///
///  T2  It comes from a port of another host, MAC and address together (with `anti_spoof` off: its
///      MAC), or from a front there; and it goes to a port.
///
///  T3  Or it comes from another host's gateway, for an address of a port there, and goes to a
///      front here. Nothing else of the namespace is reached: DHCP, names, metadata, the outside.
///
/// On the host, `table inet vdc<tag>`:
///  H1  No network opens a connection to the host itself.
///  H2  Nobody but the host opens a connection into a network, another network least of all.
///  H3  Nothing of ours is forwarded to link-local, transit or front addresses.
///  H4  What leaves for the outside bears the host's address.
///  H5  No network sends to the port of tunnels: it would bear the address of a host.
///  H6  A network's tunnel takes frames from a MAC only of the host that has it now. Frames of
///      tunnels that are not ours are left alone.
namespace vdc::drivers::networks {

inline constexpr char guard_table[] = "vdc";  ///< in the namespace: families bridge and inet

/// The table of a datacenter on its host.
std::string host_table(const HostPaths& paths);

/// Everything of the namespace but what is in its sets: what ports own (port_sets.h), what is on
/// other hosts (tunnel.h) and the fronts' addresses. That is kept as it is.
std::string inside_rules(const NetworkSpec& network);

/// Lets a front's address and port in, or no more.
std::string front_opening(Ipv4 address, std::uint16_t port);
std::string front_closing(Ipv4 address, std::uint16_t port);

/// The host's table. `forwarding_before` is what net.ipv4.ip_forward was when the table is made:
/// the table remembers it (see forwarding_mark).
std::string host_rules(const HostPaths& paths, std::optional<bool> forwarding_before);

/// Lets a network out by NAT, or no more.
std::string host_nat(const HostPaths& paths, const Transit& transit, bool nat);

/// The host's end of a network's tunnel, H6: lets in what is in its sender_set(), which stays as it
/// is; or no more.
std::string host_tunnel_opening(const NetworkSpec& network, const HostPaths& paths);
std::string host_tunnel_closing(int number, const HostPaths& paths);

/// An empty chain that says what net.ipv4.ip_forward was before us. It lives and dies with what it
/// tells of, and needs no file.
std::string forwarding_mark(bool before);

}  // namespace vdc::drivers::networks
