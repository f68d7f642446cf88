#include "drivers/networks/networks.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>

#include "drivers/networks/daemons.h"
#include "drivers/networks/host_side.h"
#include "drivers/networks/name_server.h"
#include "drivers/networks/namespaces.h"
#include "drivers/networks/port_sets.h"
#include "drivers/networks/record.h"
#include "drivers/networks/rules.h"
#include "drivers/networks/taps.h"
#include "drivers/networks/tunnel.h"
#include "runtime/files.h"

namespace vdc::drivers::networks {

using base::Error;
using base::Result;
using base::Status;
using control::CardSpec;
using control::NetworkSighting;
using runtime::Fd;
using runtime::system_error;

Networks::Networks(HostPaths paths, Options options)
    : paths_(std::move(paths)), options_(std::move(options)) {}
Networks::~Networks() = default;

std::unique_lock<std::mutex> Networks::hold(int number) {
    std::mutex* mutex = nullptr;
    {
        const std::lock_guard lock(guard_);
        mutex = &held_[number];
    }
    return std::unique_lock(*mutex);
}

std::vector<Ipv4> Networks::host_resolvers() const {
    for (const std::string& path : options_.resolver_files) {
        const auto text = runtime::read_file(path);
        if (!text.ok()) continue;
        if (std::vector<Ipv4> servers = parse_resolvers(*text); !servers.empty()) return servers;
    }
    return {};
}

// ---- applying ----------------------------------------------------------------------------------

/// A namespace without IPv6 of its own (guests may speak it among themselves), that answers ARP
/// only for the device asked, and whose bridge shows frames to no rules but the bridge's.
static Status set_namespace(bool nat) {
    const char* const ipv6[] = {"ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6"};
    const char* const filters[] = {"bridge/bridge-nf-call-iptables",
                                   "bridge/bridge-nf-call-ip6tables",
                                   "bridge/bridge-nf-call-arptables"};
    for (const char* name : ipv6) TRY(set_sysctl(name, "1", Lack::fine));
    for (const char* name : filters) TRY(set_sysctl(name, "0", Lack::fine));
    TRY(set_sysctl("ipv4/conf/all/arp_ignore", "1"));
    TRY(set_sysctl("ipv4/conf/all/send_redirects", "0"));
    TRY(set_sysctl("ipv4/conf/default/send_redirects", "0"));
    TRY(set_sysctl("ipv4/conf/all/accept_redirects", "0"));
    return set_sysctl("ipv4/ip_forward", nat ? "1" : "0");
}

Status Networks::make_links(const NetworkSpec& network) {
    const std::string inner = paths_.network_namespace(network.number);
    Inside seen;
    const auto prepare = [&]() -> Status {
        TRY(set_namespace(network.nat));
        seen = TRY(look_around());
        return {};
    };
    TRY(in_namespace(inner, prepare));
    const std::lock_guard host(host_);
    const Transit transit = TRY(connect_to_host(network, paths_, seen));
    return ip_batch(inner, inside_links(network, transit, seen));
}

/// The rules come first: whatever is made after them is guarded from its first moment. What
/// `stands` says is in force but for ports and names.
Status Networks::bring_about(const NetworkSpec& network, const Record* stands) {
    const std::string inner = paths_.network_namespace(network.number);
    if (stands == nullptr) {
        TRY(ensure_namespace(inner));
        TRY(nft(inner, inside_rules(network)));
    }
    TRY(fill_port_sets(inner, network.ports, stands != nullptr ? &stands->ports : nullptr));
    if (stands == nullptr) TRY(make_links(network));
    TRY(follow_tunnel(network, paths_, stands != nullptr ? &stands->tunnel : nullptr));
    NetworkSpec told = network;
    told.mtu = TRY(guest_mtu(network));
    return serve_names(told, paths_, host_resolvers());
}

/// Taps of ports that are not as they were.
static Status follow_ports(const HostPaths& paths, const NetworkSpec& network,
                           const std::optional<Record>& before) {
    const std::string inner = paths.network_namespace(network.number);
    Inside seen;
    const auto look = [&]() -> Status {
        seen = TRY(look_around());
        return {};
    };
    TRY(in_namespace(inner, look));
    const std::set<std::string> taps(seen.devices.begin(), seen.devices.end());
    for (const PortSpec& port : network.ports) {
        const PortSpec* const old = before ? before->port(port.id) : nullptr;
        const bool same = old && old->mac == port.mac && old->anti_spoof == port.anti_spoof &&
                          before->mtu == network.mtu;
        if (!same && taps.contains(paths.tap(port.id)))
            TRY(set_tap(inner, port, paths.tap(port.id), network.mtu));
    }
    return {};
}

/// The host may have other resolvers than before (a laptop that moved); that is no change of the
/// spec.
Result<NetworkSighting> Networks::as_it_is(int number, const Record& record) {
    if (record.nat) TRY(follow_resolvers(paths_, number, host_resolvers()));
    return NetworkSighting{true, record.applied};
}

/// Without the ports whose guests are on another host still: it knows those as peers.
static NetworkSpec without_awaited(NetworkSpec network) {
    std::erase_if(network.ports, [](const PortSpec& port) { return port.is_awaited; });
    return network;
}

Result<NetworkSighting> Networks::apply(const NetworkSpec& told) {
    const NetworkSpec network = without_awaited(told);
    TRY(check_spec(network));
    const auto held = hold(network.number);
    const std::optional<Record> before = load_record(paths_, network.number);
    if (before && before->network != network.id)
        return Error{Error::Code::conflict,
                     "number " + std::to_string(network.number) + " is used by network " +
                         text(before->network) + " on this host",
                     "remove that network first"};
    Record wanted = record_of(network);
    wanted.applied = fingerprint(told);
    const bool stood = before && stands(network.number, *before);
    if (stood && before->applied == wanted.applied) return as_it_is(network.number, *before);
    TRY(runtime::ensure_dir(paths_.network(network.number)));
    TRY(drop_record(paths_, network.number));
    const bool same_shape = stood && before->shape == wanted.shape;
    TRY(bring_about(network, same_shape ? &*before : nullptr));
    TRY(follow_ports(paths_, network, before));
    TRY(save_record(paths_, network.number, wanted));
    return NetworkSighting{true, wanted.applied};
}

// ---- looking -----------------------------------------------------------------------------------

bool Networks::stands(int number, const Record& record) {
    const std::string inner = paths_.network_namespace(number);
    if (!namespace_exists(inner) || !names_served(paths_, number)) return false;
    if (!connected_to_host(paths_, number, record.nat)) return false;
    bool whole = false;
    const Status looked = in_namespace(inner, [&]() -> Status {
        const Inside seen = TRY(look_around());
        whole = seen.has(bridge_device) && seen.has(uplink_device) &&
                (record.tunnel.empty() || seen.has(tunnel_device)) &&
                table_exists(TableFamily::bridge, guard_table) &&
                table_exists(TableFamily::inet, guard_table);
        return {};
    });
    return looked.ok() && whole;
}

Result<NetworkSighting> Networks::look(model::NetworkId network, int number) {
    const auto held = hold(number);
    const std::optional<Record> record = load_record(paths_, number);
    if (!record || record->network != network || !stands(number, *record)) return NetworkSighting{};
    return as_it_is(number, *record);
}

static std::optional<int> number_in(std::string_view digits) {
    int number = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failure != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

/// Numbers of this datacenter's networks, by their namespaces and by their folders.
static std::set<int> numbers(const HostPaths& paths) {
    std::set<int> found;
    std::string prefix = paths.network_namespace(0);
    prefix.pop_back();
    for (const std::string& name : namespaces(prefix))
        if (const auto number = number_in(std::string_view(name).substr(prefix.size())))
            found.insert(*number);
    const auto folders = runtime::list_dir(paths.networks());
    if (!folders.ok()) return found;
    for (const std::string& name : *folders)
        if (const auto number = number_in(name)) found.insert(*number);
    return found;
}

std::vector<Listed> Networks::list() {
    std::vector<Listed> all;
    for (const int number : numbers(paths_)) {
        Listed listed{.number = number, .network = {}, .seen = {}};
        if (const auto record = load_record(paths_, number)) {
            listed.network = record->network;
            listed.seen = look(record->network, number).value_or({});
        }
        all.push_back(listed);
    }
    return all;
}

// ---- taps and metadata -------------------------------------------------------------------------

static Error not_ready(const CardSpec& card, const std::string& why) {
    return {Error::Code::conflict,
            "port " + text(card.port) + " cannot open in network " +
                std::to_string(card.network_number) + ": " + why,
            "apply the network with this port first"};
}

/// The card's network, which the caller holds.
Result<Record> Networks::in_force(const CardSpec& card) {
    const std::optional<Record> record = load_record(paths_, card.network_number);
    if (!record || record->network != card.network)
        return not_ready(card, "the network is not in force on this host");
    if (!stands(card.network_number, *record))
        return not_ready(card, "parts of the network are gone");
    return *record;
}

Result<int> Networks::open_tap(const CardSpec& card) {
    const auto held = hold(card.network_number);
    const Record record = TRY(in_force(card));
    const PortSpec* const port = record.port(card.port);
    if (port == nullptr) return not_ready(card, "the network does not know it");
    if (port->mac != card.mac) return not_ready(card, "its MAC there is " + base::text(port->mac));
    Fd tap = TRY(make_tap(paths_.network_namespace(card.network_number), *port,
                          paths_.tap(card.port), record.mtu));
    return tap.release();
}

/// apply() makes it live when the port is new to it.
Result<int> Networks::open_arriving_tap(const CardSpec& card) {
    const auto held = hold(card.network_number);
    const Record record = TRY(in_force(card));
    if (record.port(card.port) != nullptr)
        return Error{Error::Code::conflict,
                     "port " + text(card.port) + " is on this host already, and cannot arrive"};
    Fd tap =
        TRY(make_tap_aside(paths_.network_namespace(card.network_number), paths_.tap(card.port)));
    return tap.release();
}

Status Networks::close_tap(model::PortId port, int network_number) {
    const auto held = hold(network_number);
    return remove_tap(paths_.network_namespace(network_number), paths_.tap(port));
}

/// In the namespace of the calling thread.
static Result<Fd> listen_on(Ipv4 address, std::uint16_t port) {
    constexpr int backlog = 128;
    const int yes = 1;
    Fd file(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = ::htons(port);
    where.sin_addr.s_addr = ::htonl(address.bits);
    const std::string deed = "cannot listen on " + base::text(address) + ":" + std::to_string(port);
    if (!file || ::setsockopt(file.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        ::bind(file.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
        ::listen(file.get(), backlog) != 0)
        return system_error(errno, deed);
    return file;
}

Result<int> Networks::metadata_listener(int number) {
    const auto held = hold(number);
    Fd listener;
    const auto open = [&]() -> Status {
        listener = TRY(listen_on(metadata_address, 80));
        return {};
    };
    TRY(in_namespace(paths_.network_namespace(number), open));
    return listener.release();
}

// ---- removing ----------------------------------------------------------------------------------

static Status remove_one(const HostPaths& paths, int number) {
    TRY(drop_record(paths, number));
    TRY(disconnect_from_host(paths, number));
    TRY(remove_namespace(paths.network_namespace(number)));
    return runtime::remove_tree(paths.network(number));
}

Result<NetworkSighting> Networks::remove(model::NetworkId network, int number) {
    const auto held = hold(number);
    const std::optional<Record> record = load_record(paths_, number);
    if (record && record->network != network) return NetworkSighting{};
    const std::lock_guard host(host_);
    TRY(remove_one(paths_, number));
    if (numbers(paths_).empty()) TRY(leave_host(paths_));
    return NetworkSighting{};
}

/// dnsmasq and HAProxy name their files, which lie below our folder, in their arguments: so they
/// are found even when the namespace that they run in has lost its name.
static Status end_daemons(const HostPaths& paths) {
    const std::string ours = paths.networks() + "/";
    for (const Daemon& daemon : all_daemons()) {
        const std::string program = program_of(daemon);
        if (program != "dnsmasq" && program != "haproxy") continue;
        const auto mentions = [&](const std::string& argument) {
            return argument.find(ours) != std::string::npos;
        };
        if (std::ranges::any_of(arguments_of(daemon), mentions)) TRY(end(daemon));
    }
    return {};
}

Status remove_all(const HostPaths& paths) {
    TRY(end_daemons(paths));
    for (const int number : numbers(paths)) TRY(remove_one(paths, number));
    std::string prefix = host_device(paths, 0);
    prefix.pop_back();
    for (const std::string& device : TRY(look_around()).devices)
        if (device.starts_with(prefix)) TRY(ip_batch("", "link del " + device + "\n"));
    TRY(leave_host(paths));
    return runtime::remove_tree(paths.networks());
}

}  // namespace vdc::drivers::networks
