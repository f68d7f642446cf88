#include "drivers/fronts/balancer.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>
#include <thread>

#include "drivers/fronts/admin.h"
#include "drivers/networks/notes.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::drivers::fronts {

using base::Error;
using base::Result;
using base::Status;
using networks::Daemon;
using networks::write_note;

// ---- files -------------------------------------------------------------------------------------

/// No two configurations bear the same marker, also when they say the same.
static std::string next_marker(const FrontSpec& front) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    return base::text(fingerprint(front)) + "-" + std::to_string(now);
}

/// Answers the marker.
static Result<std::string> write_config(const FrontSpec& front, const FrontFiles& files) {
    const Account account = TRY(networks::find_account({"haproxy", "nobody"}));
    const std::string marker = next_marker(front);
    TRY(runtime::ensure_dir(files.root(), 0555));
    TRY(write_note(files.config(), haproxy_config(front, files, account, marker)));
    return marker;
}

// ---- finding and ending ------------------------------------------------------------------------

/// Masters and workers alike bear the configuration's path in their arguments.
static std::vector<Daemon> members(const FrontFiles& files) {
    return networks::daemons_where([&](const Daemon& daemon) {
        if (networks::program_of(daemon) != "haproxy") return false;
        const std::vector<std::string> words = networks::arguments_of(daemon);
        return std::ranges::find(words, files.config()) != words.end();
    });
}

std::optional<Daemon> find_balancer(const FrontFiles& files) {
    const auto digits = runtime::read_file(files.pid());
    if (!digits.ok()) return std::nullopt;
    pid_t pid = 0;
    std::from_chars(digits->data(), digits->data() + digits->size(), pid);
    const auto daemon = networks::daemon_of(pid);
    if (!daemon || networks::program_of(*daemon) != "haproxy") return std::nullopt;
    const std::vector<std::string> words = networks::arguments_of(*daemon);
    if (std::ranges::find(words, files.config()) == words.end()) return std::nullopt;
    return daemon;
}

/// Until a look finds none: a master may have forked a worker after the look before.
Status end_balancer(const FrontFiles& files) {
    for (std::vector<Daemon> left = members(files); !left.empty(); left = members(files))
        for (const Daemon& daemon : left) TRY(networks::end(daemon));
    return {};
}

// ---- starting and changing ---------------------------------------------------------------------

/// The marker of the worker that answers now.
static std::string marker_in_force(const FrontFiles& files) {
    const auto info = ask(files.admin(), "show info");
    if (!info.ok()) return "";
    constexpr std::string_view key = "description: ";
    const std::size_t begin = info->find(key);
    if (begin == std::string::npos) return "";
    const std::size_t end = info->find('\n', begin);
    return info->substr(begin + key.size(), end - begin - key.size());
}

/// Long, for what follows is a restart that ends connections: an overloaded host is no reason.
static constexpr auto reload_limit = std::chrono::seconds(20);

template <class Reached>
static Status await(const std::string& otherwise, const FrontFiles& files, const Reached& reached) {
    constexpr auto step = std::chrono::milliseconds(2);
    const auto deadline = std::chrono::steady_clock::now() + reload_limit;
    while (std::chrono::steady_clock::now() < deadline) {
        if (reached()) return {};
        // HAProxy gives no other sign to one that is not its parent.
        std::this_thread::sleep_for(step);
    }
    return Error{Error::Code::timed_out, "HAProxy did not come up within 20 s: " + otherwise,
                 "run `haproxy -c -f " + files.config() + "`"};
}

static Status await_marker(const FrontFiles& files, const std::string& marker) {
    return await("it has not taken its new configuration", files,
                 [&] { return marker_in_force(files) == marker; });
}

/// The new worker answers before the master has executed itself anew to wait for it. Only then does
/// the master answer: from here on it is found, and takes its next order.
static Status await_master(const FrontFiles& files) {
    return await("its master does not answer", files, [&] {
        const auto answer = ask(files.master(), "show proc;quit");
        return answer.ok() && answer->find("master") != std::string::npos;
    });
}

Result<Daemon> start_balancer(const FrontSpec& front, const FrontFiles& files,
                              const std::string& namespace_name) {
    TRY(end_balancer(files));
    const std::string marker = TRY(write_config(front, files));
    TRY(write_note(files.states(), "1\n"));
    TRY(runtime::must_run({.words = {"haproxy", "-W", "-D", "-f", files.config(), "-p", files.pid(),
                                     "-S", files.master() + ",mode,600"},
                           .network_namespace = namespace_name}));
    TRY(await_marker(files, marker));
    TRY(await_master(files));
    if (const auto master = find_balancer(files)) return *master;
    return Error{Error::Code::failed, "HAProxy ended as soon as it had begun",
                 "run `haproxy -c -f " + files.config() + "`"};
}

/// Through its socket, not by SIGUSR2: a signal that comes while the master executes itself anew
/// is lost without a trace, a connection waits until somebody accepts it. The master answers by
/// executing itself, which ends the connection; whether it went well, the marker tells.
static Status ask_for_reload(const FrontFiles& files) {
    const auto answer = ask(files.master(), "reload");
    if (answer.ok() || answer.error().code != Error::Code::unavailable) return {};
    return answer.error();
}

Status reload_balancer(const FrontSpec& front, const FrontFiles& files) {
    const std::string marker = TRY(write_config(front, files));
    const std::string states = TRY(ask(files.admin(), "show servers state"));
    TRY(write_note(files.states(), states));
    TRY(ask_for_reload(files));
    TRY(await_marker(files, marker));
    return await_master(files);
}

Status extend_balancer(const FrontSpec& front, const FrontFiles& files,
                       const std::vector<BackendSpec>& fresh) {
    TRY(write_config(front, files));
    for (const BackendSpec& backend : fresh) TRY(tell(files.admin(), addition(front, backend)));
    return {};
}

}  // namespace vdc::drivers::fronts
