#include "drivers/fronts/balancer.h"

#include <signal.h>

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

Status end_balancer(const FrontFiles& files) {
    for (const Daemon& daemon : members(files)) TRY(networks::end(daemon));
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

static Status await_marker(const FrontFiles& files, const std::string& marker) {
    constexpr auto step = std::chrono::milliseconds(2);
    const auto deadline = std::chrono::steady_clock::now() + reload_limit;
    while (std::chrono::steady_clock::now() < deadline) {
        if (marker_in_force(files) == marker) return {};
        // HAProxy gives no other sign to one that is not its parent.
        std::this_thread::sleep_for(step);
    }
    return Error{Error::Code::timed_out, "HAProxy did not take its new configuration within 20 s",
                 "run `haproxy -c -f " + files.config() + "`"};
}

Result<Daemon> start_balancer(const FrontSpec& front, const FrontFiles& files,
                              const std::string& namespace_name) {
    TRY(end_balancer(files));
    const std::string marker = TRY(write_config(front, files));
    TRY(write_note(files.states(), "1\n"));
    TRY(runtime::must_run(
        {.words = {"haproxy", "-W", "-D", "-f", files.config(), "-p", files.pid()},
         .network_namespace = namespace_name}));
    // It goes to the background before it has written its pid; when it answers, it has.
    TRY(await_marker(files, marker));
    const auto master = find_balancer(files);
    if (master) return *master;
    return Error{Error::Code::failed, "HAProxy ended as soon as it had begun",
                 "run `haproxy -c -f " + files.config() + "`"};
}

Status reload_balancer(const FrontSpec& front, const FrontFiles& files, const Daemon& master) {
    const std::string marker = TRY(write_config(front, files));
    const std::string states = TRY(ask(files.admin(), "show servers state"));
    TRY(write_note(files.states(), states));
    TRY(networks::send_signal(master, SIGUSR2));
    return await_marker(files, marker);
}

Status extend_balancer(const FrontSpec& front, const FrontFiles& files,
                       const std::vector<BackendSpec>& fresh) {
    TRY(write_config(front, files));
    for (const BackendSpec& backend : fresh) TRY(tell(files.admin(), addition(front, backend)));
    return {};
}

}  // namespace vdc::drivers::fronts
