#include "drivers/fronts/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "base/text.h"

namespace vdc::drivers::fronts {

using base::Error;
using base::Status;
using base::text;
using control::FrontProtocol;

std::string fronts_folder(const HostPaths& paths, int network_number) {
    return paths.network(network_number) + "/fronts";
}

FrontFiles front_files(const HostPaths& paths, int network_number, model::ApplicationId id) {
    return {fronts_folder(paths, network_number) + "/" + text(id)};
}

// ---- what may be a front -----------------------------------------------------------------------

static Error invalid(const FrontSpec& front, const std::string& what, std::string hint) {
    return {Error::Code::invalid, "front of '" + base::quoted(front.name, 63) + "': " + what,
            std::move(hint)};
}

/// Letters of a path (RFC 3986) without those that quote, escape or comment in a configuration.
static bool harmless(const std::string& path) {
    constexpr std::string_view signs = "/-._~!*+,;=:@%?&";
    return path.size() <= 1024 && std::ranges::all_of(path, [&](char c) {
               const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
               return letter || (c >= '0' && c <= '9') || signs.find(c) != signs.npos;
           });
}

static Status check_path(const FrontSpec& front) {
    if (front.check_path.empty()) return {};
    if (front.check_path[0] != '/' || !harmless(front.check_path))
        return invalid(front, "its check path '" + base::quoted(front.check_path) + "' is no path",
                       "begin with '/', then letters, digits and "
                       "/-._~!*+,;=:@%?&");
    return {};
}

Status check_front(const FrontSpec& front) {
    TRY(base::check_name("application", front.name));
    if (front.port == 0 || front.target_port == 0)
        return invalid(front, "its ports are not within 1 and 65535", "name both ports");
    if (!front.address) return invalid(front, "it has no address", "give it one");
    TRY(check_path(front));
    std::set<model::InstanceId> seen;
    for (const BackendSpec& backend : front.backends) {
        TRY(base::check_name("backend", backend.name));
        if (!seen.insert(backend.instance).second || !backend.address)
            return invalid(front,
                           "its backend " + backend.name + " is named twice or has no address",
                           "name each backend once, with its address");
    }
    return {};
}

// ---- the configuration
// -------------------------------------------------------------------------

std::string server_name(const BackendSpec& backend) {
    return text(backend.instance);
}

static std::string server_address(const FrontSpec& front, const BackendSpec& backend) {
    return fmt::format("{}:{}", text(backend.address), front.target_port);
}

/// F3. The same words in a configuration and at the admin socket.
static constexpr char watched[] =
    "check inter 200ms fall 1 rise 1 observe layer4 error-limit 1 on-error mark-down";

static std::string mode_of(const FrontSpec& front) {
    return front.protocol == FrontProtocol::http ? "http" : "tcp";
}

static std::string http_options(const FrontSpec& front) {
    if (front.protocol != FrontProtocol::http) return "";
    std::string lines =
        "    option http-server-close\n"
        "    option forwardfor\n"
        "    retry-on conn-failure empty-response junk-response response-timeout 502 503 504\n"
        "    http-request disable-l7-retry unless { method GET HEAD OPTIONS }\n";
    if (!front.check_path.empty())
        lines += fmt::format(
            "    option httpchk\n"
            "    http-check send meth GET uri {} ver HTTP/1.1 hdr Host {}\n"
            "    http-check expect status 200-399\n",
            front.check_path, front.name);
    return lines;
}

/// Without this, a worker that a reload retires closes connections whose request is on its way.
static std::string patience(const FrontSpec& front) {
    return front.protocol == FrontProtocol::http ? "    option idle-close-on-response\n" : "";
}

static std::string timeouts(const FrontSpec& front) {
    const char* const idle = front.protocol == FrontProtocol::http ? "60s" : "1h";
    return fmt::format(
        "    timeout connect 150ms\n"
        "    timeout check 1s\n"
        "    timeout client {0}\n"
        "    timeout server {0}\n"
        "    timeout tunnel 1h\n"
        "    timeout http-request 10s\n"
        "    timeout queue 5s\n",
        idle);
}

static std::string servers(const FrontSpec& front) {
    std::string lines;
    for (const BackendSpec& backend : front.backends) {
        const std::string address = server_address(front, backend);
        lines += fmt::format("    # {}\n    server {} {} {}\n", backend.name, server_name(backend),
                             address, watched);
        lines += fmt::format("    server last-{} {} backup\n", server_name(backend), address);
    }
    return lines;
}

std::string haproxy_config(const FrontSpec& front, const FrontFiles& files, const Account& account,
                           const std::string& marker) {
    return fmt::format(
        R"(# Application {name} ({id}). Made by vdc; what is changed here by hand is lost.
global
    description {marker}
    user {user}
    group {group}
    chroot {root}
    nbthread 1
    maxconn 4000
    hard-stop-after 30s
    stats socket {admin} mode 600 level admin expose-fd listeners
    server-state-file {states}

defaults
    mode {mode}
{timeouts}    retries 3
    option redispatch 1
    load-server-state-from-file global

frontend front
    bind {address}:{port}
{patience}    default_backend replicas

backend replicas
    source {address}
    balance roundrobin
    option allbackups
{http}{servers})",
        fmt::arg("name", front.name), fmt::arg("id", text(front.id)), fmt::arg("marker", marker),
        fmt::arg("user", account.user), fmt::arg("group", account.group),
        fmt::arg("root", files.root()), fmt::arg("admin", files.admin()),
        fmt::arg("states", files.states()), fmt::arg("mode", mode_of(front)),
        fmt::arg("timeouts", timeouts(front)), fmt::arg("address", text(front.address)),
        fmt::arg("port", front.port), fmt::arg("patience", patience(front)),
        fmt::arg("http", http_options(front)), fmt::arg("servers", servers(front)));
}

std::vector<std::string> addition(const FrontSpec& front, const BackendSpec& backend) {
    const std::string server = "replicas/" + server_name(backend);
    const std::string last = "replicas/last-" + server_name(backend);
    const std::string address = server_address(front, backend);
    return {fmt::format("add server {} {} {}", server, address, watched),
            fmt::format("add server {} {} backup", last, address),
            fmt::format("enable health {}", server),
            fmt::format("set server {} state ready", server),
            fmt::format("set server {} state ready", last)};
}

// ---- what it says
// ------------------------------------------------------------------------------

/// `show stat` of the servers: CSV with its header, which begins with "# ".
namespace {
struct Server {
    std::string name;
    std::string status;
    std::string last_check;
    std::string seconds_so;  ///< since the status changed
    std::string sessions;    ///< under way
};
}  // namespace

static std::vector<Server> servers_in(const std::string& stat) {
    std::istringstream lines(stat);
    std::string line;
    std::getline(lines, line);
    const std::vector<std::string> header = base::split(line, ',');
    std::vector<Server> found;
    while (std::getline(lines, line)) {
        const std::vector<std::string> row = base::split(line, ',');
        const auto field = [&](std::string_view name) {
            const auto place = std::ranges::find(header, name) - header.begin();
            const auto at = static_cast<std::size_t>(place);
            return at < row.size() ? row[at] : std::string();
        };
        found.push_back({field("svname"), field("status"), field("check_status"), field("lastchg"),
                         field("scur")});
    }
    return found;
}

/// Up, and not merely because no check was done yet.
static bool passes(const Server& server) {
    return server.status.starts_with("UP") && server.last_check.ends_with("OK");
}

std::vector<model::InstanceId> ready_backends(const FrontSpec& front, const std::string& stat) {
    std::set<std::string> passing;
    for (const Server& server : servers_in(stat))
        if (passes(server)) passing.insert(server.name);
    std::vector<model::InstanceId> ready;
    for (const BackendSpec& backend : front.backends)
        if (passing.contains(server_name(backend))) ready.push_back(backend.instance);
    std::ranges::sort(ready);
    return ready;
}

static bool lost_for_long(const Server& server) {
    constexpr int patience_s = 3;
    int seconds = 0;
    std::from_chars(server.seconds_so.data(), server.seconds_so.data() + server.seconds_so.size(),
                    seconds);
    return server.status == "DOWN" && seconds >= patience_s && server.sessions != "0";
}

std::vector<std::string> hopeless_sessions(const FrontSpec& front, const std::string& stat) {
    std::set<std::string> ours;
    for (const BackendSpec& backend : front.backends) ours.insert(server_name(backend));
    std::vector<std::string> lines;
    for (const Server& server : servers_in(stat))
        if (ours.contains(server.name) && lost_for_long(server))
            lines.push_back("shutdown sessions server replicas/" + server.name);
    return lines;
}

}  // namespace vdc::drivers::fronts
