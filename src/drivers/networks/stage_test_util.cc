#include "drivers/networks/stage_test_util.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>

#include "base/hash.h"
#include "drivers/networks/namespaces.h"
#include "drivers/networks/taps.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::drivers::networks {

using control::NetworkSpec;
using control::PortSpec;
using runtime::Fd;

static std::string a_folder() {
    std::string name = "/tmp/vdcstageXXXXXX";
    base::check(::mkdtemp(name.data()) != nullptr, "a test needs a folder in /tmp");
    ::chmod(name.c_str(), 0755);
    return name;
}

/// Four digits that no other stage has now: names of namespaces are the machine's.
static std::string a_tag(const std::string& folder) {
    for (std::uint64_t attempt = 0;; ++attempt) {
        const auto hash = base::Hasher().add(folder).add(attempt).finish().low;
        std::string tag = fmt::format("{:04x}", hash & 0xffff);
        if (namespaces("vdc" + tag).empty() && namespaces("vdct" + tag).empty()) return tag;
    }
}

Stage::Stage() : folder(a_folder()), home_(::open("/proc/thread-self/ns/net", O_RDONLY)) {
    paths = {.data = folder + "/data", .run = folder + "/run", .tag = a_tag(folder)};
    base::check(::unshare(CLONE_NEWNET) == 0, "tests of networks need root");
    must(ip_batch("", "link set lo up\n"));
}

Stage::~Stage() {
    const auto removed = remove_all(paths);
    if (!removed.ok()) std::cerr << base::text(removed.error()) << "\n";
    for (const std::string& name : namespaces_)
        if (const auto gone = remove_namespace(name); !gone.ok())
            std::cerr << base::text(gone.error()) << "\n";
    ::setns(home_.get(), CLONE_NEWNET);
    (void)runtime::remove_tree(folder);
}

std::string Stage::make_namespace(const std::string& suffix) {
    const std::string name = "vdct" + paths.tag + suffix;
    must(ensure_namespace(name));
    namespaces_.push_back(name);
    return name;
}

std::string Stage::outside(const std::string& address) {
    const std::string name = make_namespace("out");
    must(ip_batch("", fmt::format("link add out0 type veth peer name eth0 netns {}\n"
                                  "addr add 198.51.100.1/24 dev out0\nlink set out0 up\n"
                                  "route add default via 198.51.100.2\n",
                                  name)));
    must(
        ip_batch(name, fmt::format("link set lo up\nlink set eth0 up\naddr add 198.51.100.2/24 dev "
                                   "eth0\naddr add {}/32 dev eth0\n",
                                   address)));
    return name;
}

std::string Stage::plug(const NetworkSpec& network, const PortSpec& port) {
    const std::string guest = make_namespace("g" + std::to_string(plugged_++));
    const std::string tap = paths.tap(port.id);
    const std::string inner = paths.network_namespace(network.number);
    must(ip_batch(inner, fmt::format("link add {} type veth peer name eth0 address {} netns {}\n",
                                     tap, base::text(port.mac), guest)));
    must(set_tap(inner, port, tap, network.mtu));
    must(ip_batch(guest, "link set lo up\nlink set eth0 up\n"));
    return guest;
}

void Stage::cut(const NetworkSpec& network, const PortSpec& port) {
    must(
        ip_batch(paths.network_namespace(network.number), "link del " + paths.tap(port.id) + "\n"));
}

std::string Stage::ask_dhcp(const std::string& guest) {
    const std::string script = folder + "/udhcpc.sh";
    const std::string answer = folder + "/answer-" + guest;
    must(runtime::write_file_atomic(
        script,
        "#!/bin/sh\n"
        "[ \"$1\" = bound ] || exit 0\n"
        "ip addr replace $ip/$mask dev $interface\n"
        "[ -n \"$mtu\" ] && ip link set $interface mtu $mtu\n"
        "set -- $staticroutes\n"
        "while [ $# -ge 2 ]; do ip route replace $1 via $2; shift 2; done\n"
        "set | grep -E '^(ip|mask|router|dns|staticroutes|mtu|hostname|"
        "domain|search)=' > \"$ANSWER\"\n",
        0755));
    shell(guest, {"env",     "ANSWER=" + answer,
                  "busybox", "udhcpc",
                  "-i",      "eth0",
                  "-n",      "-q",
                  "-t",      "20",
                  "-T",      "1",
                  "-s",      script,
                  "-O",      "staticroutes",
                  "-O",      "mtu",
                  "-O",      "hostname",
                  "-O",      "search"});
    return must(runtime::read_file(answer));
}

void Stage::set_address(const std::string& guest, const NetworkSpec& network,
                        const PortSpec& port) {
    must(ip_batch(
        guest,
        fmt::format("link set eth0 mtu {}\naddr add {}/{} dev eth0\nroute add default via {}\n",
                    network.mtu, base::text(port.address), network.range.prefix,
                    base::text(network.gateway))));
}

NetworkSpec a_network(int number, int ports) {
    NetworkSpec network{.id = {{0x6e65740000000000, static_cast<std::uint64_t>(number)}},
                        .number = number,
                        .range = must(base::parse_ipv4_range("10.20.0.0/24")),
                        .gateway = must(base::parse_ipv4("10.20.0.1")),
                        .domain = "net.internal",
                        .nat = true,
                        .mtu = 1450,
                        .ports = {},
                        .names = {{"app", must(base::parse_ipv4("100.96.0.1"))}},
                        .underlay = {},
                        .peers = {},
                        .far_fronts = {}};
    for (int i = 0; i < ports; ++i) {
        const auto last = static_cast<std::uint32_t>(11 + i);
        network.ports.push_back(
            {.id = {{0x706f727400000000, static_cast<std::uint64_t>(number) << 16 | last}},
             .mac = {0x525400000000u + last},
             .address = network.range.first + last,
             .hostname = "web-" + std::to_string(i + 1)});
    }
    return network;
}

std::string shell(const std::string& namespace_name, const std::vector<std::string>& words) {
    return must(runtime::must_run({.words = words, .network_namespace = namespace_name}));
}

int status_of(const std::string& namespace_name, const std::vector<std::string>& words) {
    return must(runtime::run({.words = words, .network_namespace = namespace_name})).status;
}

}  // namespace vdc::drivers::networks
