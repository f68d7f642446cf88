#include "drivers/networks/namespaces.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/magic.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "base/text.h"
#include "drivers/networks/daemons.h"
#include "runtime/fd.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::drivers::networks {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;

static const std::string folder = "/run/netns";

static std::string path_of(const std::string& name) {
    return name.empty() ? "/proc/thread-self/ns/net" : folder + "/" + name;
}

// ---- making and removing -----------------------------------------------------------------------

bool namespace_exists(const std::string& name) {
    struct statfs what {};
    return ::statfs(path_of(name).c_str(), &what) == 0 && what.f_type == NSFS_MAGIC;
}

Status ensure_namespace(const std::string& name) {
    if (namespace_exists(name)) return {};
    TRY(runtime::remove_file(path_of(name)));
    TRY(runtime::must_run({.words = {"ip", "netns", "add", name}}));
    return {};
}

static Status remove_devices(const std::string& name) {
    std::string lines;
    const auto list = [&]() -> Status {
        for (const std::string& device : TRY(look_around()).devices)
            if (device != "lo") lines += "link del " + device + "\n";
        return {};
    };
    TRY(in_namespace(name, list));
    if (lines.empty()) return {};
    // Taking one device away may take others along, so a line may find nothing to do.
    TRY(runtime::run(
        {.words = {"ip", "-force", "-batch", "-"}, .input = lines, .network_namespace = name}));
    return {};
}

Status remove_namespace(const std::string& name) {
    if (namespace_exists(name)) {
        TRY(end_all([&]() -> Result<std::vector<Daemon>> { return processes_in(name); },
                    "processes in the network namespace " + name));
        TRY(remove_devices(name));
        TRY(runtime::must_run({.words = {"ip", "netns", "delete", name}}));
    }
    return runtime::remove_file(path_of(name));
}

std::vector<std::string> namespaces(const std::string& prefix) {
    const auto all = runtime::list_dir(folder);
    std::vector<std::string> found;
    if (all.ok())
        std::ranges::copy_if(*all, std::back_inserter(found),
                             [&](const std::string& name) { return name.starts_with(prefix); });
    return found;
}

// ---- being inside ------------------------------------------------------------------------------

Status in_namespace(const std::string& name, const std::function<Status()>& deed) {
    if (name.empty()) return deed();
    const Fd home(::open(path_of("").c_str(), O_RDONLY | O_CLOEXEC));
    if (!home) return system_error(errno, "cannot open the network namespace that we are in");
    const Fd file(::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return system_error(errno, "cannot open the network namespace " + name);
    if (::setns(file.get(), CLONE_NEWNET) != 0)
        return system_error(errno, "cannot enter the network namespace " + name);
    Status result = deed();
    base::check(::setns(home.get(), CLONE_NEWNET) == 0,
                "a thread comes back from the network namespace that it entered");
    return result;
}

// ---- looking around ----------------------------------------------------------------------------

static int prefix_of(const sockaddr* mask) {
    if (mask == nullptr) return 32;
    return std::popcount(reinterpret_cast<const sockaddr_in*>(mask)->sin_addr.s_addr);
}

Result<Inside> look_around() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return system_error(errno, "cannot list network devices");
    Inside seen;
    for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr) continue;
        if (entry->ifa_addr->sa_family == AF_PACKET) seen.devices.emplace_back(entry->ifa_name);
        if (entry->ifa_addr->sa_family != AF_INET) continue;
        const auto* address = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
        seen.addresses.push_back(
            {entry->ifa_name, {::ntohl(address->sin_addr.s_addr)}, prefix_of(entry->ifa_netmask)});
    }
    ::freeifaddrs(first);
    return seen;
}

Result<bool> device_exists(const std::string& namespace_name, const std::string& device) {
    bool exists = false;
    const auto look = [&]() -> Status {
        exists = ::if_nametoindex(device.c_str()) != 0;
        return {};
    };
    TRY(in_namespace(namespace_name, look));
    return exists;
}

/// proc_net(5): per line device, destination, gateway, five numbers, mask; addresses as the
/// machine's own words.
std::string device_towards(Ipv4 address) {
    const auto table = runtime::read_file("/proc/thread-self/net/route", 64 << 20);
    if (!table.ok()) return "";
    const std::string wanted = fmt::format("{:08X}", ::htonl(address.bits));
    std::istringstream lines(*table);
    for (std::string line; std::getline(lines, line);) {
        const std::vector<std::string> fields = base::split(line, '\t');
        if (fields.size() > 7 && fields[1] == wanted && fields[7] == "FFFFFFFF") return fields[0];
    }
    return "";
}

std::vector<Daemon> processes_in(const std::string& name) {
    struct stat wanted {};
    if (::stat(path_of(name).c_str(), &wanted) != 0) return {};
    return daemons_where([&](const Daemon& daemon) {
        struct stat own {};
        const std::string link = "/proc/" + std::to_string(daemon.pid) + "/ns/net";
        return ::stat(link.c_str(), &own) == 0 && own.st_ino == wanted.st_ino &&
               own.st_dev == wanted.st_dev;
    });
}

namespace {

/// One question to nf_tables: NFT_MSG_GETTABLE with the table's name.
struct TableQuestion {
    nlmsghdr header{};
    nfgenmsg generic{};
    nlattr attribute{};
    char name[64] = {};
};

}  // namespace

static TableQuestion question_for(TableFamily family, const std::string& name) {
    TableQuestion question;
    const std::size_t size = std::min(name.size(), sizeof question.name - 1);
    std::memcpy(question.name, name.data(), size);
    question.header.nlmsg_len = sizeof question;
    question.header.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE;
    question.header.nlmsg_flags = NLM_F_REQUEST;
    question.generic.nfgen_family = family == TableFamily::inet ? NFPROTO_INET : NFPROTO_BRIDGE;
    question.generic.version = NFNETLINK_V0;
    question.attribute.nla_type = NFTA_TABLE_NAME;
    question.attribute.nla_len = static_cast<std::uint16_t>(sizeof question.attribute + size + 1);
    return question;
}

bool table_exists(TableFamily family, const std::string& name) {
    const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    const TableQuestion question = question_for(family, name);
    alignas(nlmsghdr) char answer[4096];
    if (!socket || ::send(socket.get(), &question, sizeof question, 0) < 0) return false;
    ssize_t size = 0;
    do size = ::recv(socket.get(), answer, sizeof answer, 0);
    while (size < 0 && errno == EINTR);
    if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return false;
    nlmsghdr header;
    std::memcpy(&header, answer, sizeof header);
    return header.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE);
}

// ---- settings and tools ------------------------------------------------------------------------

Status set_sysctl(const std::string& name, const std::string& value, Lack lack) {
    const std::string path = "/proc/sys/net/" + name;
    if (lack == Lack::fine && !runtime::exists(path)) return {};
    return runtime::write_kernel_file(path, value);
}

Result<std::string> sysctl(const std::string& name) {
    std::string value = TRY(runtime::read_file("/proc/sys/net/" + name));
    while (!value.empty() && value.back() == '\n') value.pop_back();
    return value;
}

static Status feed(std::vector<std::string> words, const std::string& namespace_name,
                   const std::string& lines) {
    if (lines.empty()) return {};
    TRY(runtime::must_run(
        {.words = std::move(words), .input = lines, .network_namespace = namespace_name}));
    return {};
}

Status ip_batch(const std::string& namespace_name, const std::string& lines) {
    return feed({"ip", "-batch", "-"}, namespace_name, lines);
}

Status nft(const std::string& namespace_name, const std::string& rules) {
    return feed({"nft", "-f", "-"}, namespace_name, rules);
}

}  // namespace vdc::drivers::networks
