#include "drivers/networks/name_server.h"

#include <fmt/format.h>
#include <net/if.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/hash.h"
#include "base/text.h"
#include "drivers/networks/daemons.h"
#include "drivers/networks/namespaces.h"
#include "drivers/networks/notes.h"
#include "runtime/fd.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::drivers::networks {

using base::Error;
using base::Result;
using base::Status;

// ---- files -------------------------------------------------------------------------------------

/// dnsmasq reads these without privilege, so all may read them. They hold no secret.
static constexpr mode_t readable = 0644;

/// A folder on the way that is closed to others would make dnsmasq forget names at the next
/// change, long after the cause.
static Status check_way(const std::string& folder) {
    for (std::size_t end = folder.find('/', 1);; end = folder.find('/', end + 1)) {
        const std::string part = folder.substr(0, end);
        struct stat what {};
        if (::stat(part.c_str(), &what) != 0)
            return runtime::system_error(errno, "cannot look at " + part);
        if ((what.st_mode & S_IXOTH) == 0)
            return Error{Error::Code::forbidden,
                         "dnsmasq could not read its files: the folder " + part +
                             " is closed to other users",
                         "run `chmod o+x " + part + "`"};
        if (end == std::string::npos) return {};
    }
}

// ---- the process -------------------------------------------------------------------------------

namespace {

/// The dnsmasq that we started, and what it was started on.
struct Served {
    Daemon daemon;
    std::string ground;
};

}  // namespace

static std::string served_path(const HostPaths& paths, int number) {
    return paths.network(number) + "/dnsmasq.process";
}

/// What a running dnsmasq cannot follow: its configuration, its namespace, and the bridge, to
/// which its sockets are bound by number.
static Result<std::string> ground_of(const std::string& namespace_name, const std::string& config) {
    base::Hasher ground;
    ground.add(config);
    const auto look = [&]() -> Status {
        struct stat here {};
        if (::stat("/proc/thread-self/ns/net", &here) != 0)
            return runtime::system_error(errno, "cannot look at " + namespace_name);
        ground.add(here.st_ino).add(std::uint64_t{::if_nametoindex(bridge_device)});
        return {};
    };
    TRY(in_namespace(namespace_name, look));
    return base::text(ground.finish());
}

static std::optional<Served> load_served(const HostPaths& paths, int number) {
    const auto text = runtime::read_file(served_path(paths, number));
    if (!text.ok()) return std::nullopt;
    const std::size_t space = text->rfind(' ');
    if (space == std::string::npos) return std::nullopt;
    const auto daemon = parse_daemon(text->substr(0, space));
    if (!daemon) return std::nullopt;
    return Served{*daemon, text->substr(space + 1)};
}

static Result<Daemon> started(const NameFiles& files) {
    std::string digits = TRY(runtime::read_file(files.pid()));
    pid_t pid = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), pid);
    const auto daemon = daemon_of(pid);
    if (daemon) return *daemon;
    return Error{Error::Code::failed, "dnsmasq ended as soon as it had begun; see " + files.pid()};
}

/// The one we know, and any that we cannot account for: we died between its start and our note of
/// it, or its namespace lost its name. They would hold the ports and the files of the new one.
static Status end_all(const NameFiles& files) {
    const auto ours = daemons_where([&](const Daemon& daemon) {
        const std::vector<std::string> words = arguments_of(daemon);
        return std::ranges::find(words, "--conf-file=" + files.config()) != words.end();
    });
    for (const Daemon& daemon : ours) TRY(end(daemon));
    return {};
}

/// dnsmasq goes to the background when it serves, and says on stderr why it cannot.
static Status restart(const HostPaths& paths, int number, const std::string& config,
                      const std::string& ground) {
    const NameFiles files = name_files(paths, number);
    TRY(runtime::remove_file(served_path(paths, number)));
    TRY(end_all(files));
    TRY(write_note(files.config(), config, readable));
    TRY(runtime::must_run({.words = {"dnsmasq", "--conf-file=" + files.config()},
                           .network_namespace = paths.network_namespace(number)}));
    const Daemon daemon = TRY(started(files));
    return write_note(served_path(paths, number), text(daemon) + " " + ground);
}

Status follow_resolvers(const HostPaths& paths, int number, const std::vector<Ipv4>& servers) {
    return update_note(name_files(paths, number).resolvers(), resolvers(servers), readable);
}

Status serve_names(const NetworkSpec& network, const HostPaths& paths,
                   const std::vector<Ipv4>& servers) {
    const NameFiles files = name_files(paths, network.number);
    TRY(runtime::ensure_dir(files.folder));
    TRY(check_way(files.folder));
    if (network.nat) TRY(follow_resolvers(paths, network.number, servers));
    TRY(update_note(files.dhcp_hosts(), dhcp_hosts(network), readable));
    TRY(update_note(files.hosts(), hosts(network), readable));
    const Account account = TRY(find_account({"dnsmasq", "nobody"}));
    const std::string config = dnsmasq_config(network, files, account);
    const auto served = load_served(paths, network.number);
    const std::string ground = TRY(ground_of(paths.network_namespace(network.number), config));
    if (!served || !alive(served->daemon) || served->ground != ground)
        return restart(paths, network.number, config, ground);
    return send_signal(served->daemon, SIGHUP);
}

bool names_served(const HostPaths& paths, int number) {
    const auto served = load_served(paths, number);
    return served && alive(served->daemon);
}

}  // namespace vdc::drivers::networks
