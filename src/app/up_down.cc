#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include "app/commands.h"
#include "app/daemon.h"
#include "app/etcd_process.h"
#include "drivers/host_paths.h"
#include "drivers/jail/cgroup.h"
#include "drivers/networks/networks.h"
#include "runtime/daemon.h"
#include "runtime/files.h"
#include "runtime/log.h"
#include "runtime/signals.h"
#include "wire/http_client.h"

namespace vdc::app {

using base::Error;
using base::Result;
using base::Status;

static int say(const Error& error) {
    std::fprintf(stderr, "error: %s\n", text(error).c_str());
    return 1;
}

/// Serves until a signal says to end.
static int serve(const Settings& settings, runtime::Readiness* readiness) {
    Result<runtime::Signals> signals = runtime::Signals::open();
    if (!signals.ok()) return say(signals.error());
    Result<std::unique_ptr<Daemon>> daemon = start_daemon(settings);
    Status ready =
        daemon.ok() ? runtime::write_pid_file(settings.pid_file()) : Status(daemon.error());
    if (!ready.ok()) {
        if (readiness != nullptr) readiness->failed(ready.error());
        runtime::log().error("app", "vdc does not start", {{"error", text(ready.error())}});
        return readiness != nullptr ? 1 : say(ready.error());
    }
    runtime::log().info("app", "vdc is up",
                        {{"version", VDC_VERSION}, {"socket", settings.socket()}});
    if (readiness != nullptr) readiness->ready();
    signals->wait();
    runtime::log().info("app", "vdc ends; instances go on");
    daemon->reset();
    (void)runtime::remove_file(settings.pid_file());  // a stale one is recognised
    return 0;
}

static bool answers(const std::string& socket) {
    wire::ClientLimits limits;
    limits.connect_time = std::chrono::seconds(1);
    limits.answer_time = std::chrono::seconds(5);
    wire::Endpoint endpoint;
    endpoint.path = socket;
    const auto client = wire::Client::connect(endpoint, limits);
    wire::Request anything;
    anything.path = "/";
    return client.ok() && (*client)->request(anything).ok();
}

/// The pid of a daemon that serves here. One that was killed a moment ago is still among the
/// processes, but answers no more: waits until it is gone.
static Result<std::optional<pid_t>> serving(const Settings& settings) {
    std::optional<pid_t> running;
    for (int waited_ms = 0; waited_ms < 30'000; waited_ms += 50) {
        const auto named = runtime::read_pid_file(settings.pid_file());
        // We may be the one that runs, begun anew.
        if (!named.ok() || !*named || **named == ::getpid()) return std::optional<pid_t>();
        running = *named;
        if (answers(settings.socket())) return running;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return Error{Error::Code::timed_out,
                 "vdc runs (pid " + std::to_string(*running) + ") but does not answer",
                 "see " + settings.log_file() + "; `kill -9 " + std::to_string(*running) +
                     "` ends it, instances go on"};
}

int up(const Settings& settings) {
    const auto running = serving(settings);
    if (!running.ok()) return say(running.error());
    if (*running) {
        std::printf("vdc is up already (pid %d), socket %s\n", static_cast<int>(**running),
                    settings.socket().c_str());
        return 0;
    }
    if (settings.foreground) return serve(settings, nullptr);
    if (::geteuid() == 0) {
        const Status folder = runtime::ensure_dir(settings.data, 0711);
        if (!folder.ok()) return say(folder.error());
    } else {
        return say({Error::Code::forbidden,
                    "vdc must run as root: it makes namespaces, devices and control groups",
                    "run `sudo vdc up`"});
    }
    const std::chrono::seconds limit(120 + settings.trial_seconds);
    auto background = runtime::go_to_background({settings.log_file(), limit});
    if (!background.ok()) return say(background.error());
    if (*background) return serve(settings, &**background);
    std::printf("vdc is up, socket %s\n", settings.socket().c_str());
    return 0;
}

static bool ended(const Settings& settings) {
    const auto running = runtime::read_pid_file(settings.pid_file());
    return !running.ok() || !*running;
}

static Status stop_daemon(const Settings& settings) {
    const auto running = TRY(runtime::read_pid_file(settings.pid_file()));
    if (!running) return {};
    ::kill(*running, SIGTERM);
    for (int waited_ms = 0; waited_ms < 30'000; waited_ms += 50) {
        if (ended(settings)) return {};
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return Error{Error::Code::timed_out,
                 "vdc (pid " + std::to_string(*running) + ") did not end within 30 s",
                 "see " + settings.log_file()};
}

static Status purge_all(const Settings& settings) {
    if (runtime::exists(settings.tag_file())) {
        const drivers::HostPaths paths{settings.data, settings.run, TRY(datacenter_tag(settings))};
        drivers::jail::Cgroups cgroups = TRY(drivers::jail::Cgroups::of_this_machine());
        TRY(cgroups.remove_all(paths.cgroup()));
        TRY(drivers::networks::remove_all(paths));
    }
    if (const auto papers = TRY(read_controller_papers(settings.data)))
        TRY(EtcdProcess(settings, *papers, "").end());
    TRY(runtime::remove_tree(settings.run));
    return runtime::remove_tree(settings.data);
}

int down(const Settings& settings, bool purge) {
    Status status = stop_daemon(settings);
    if (status.ok() && purge) status = purge_all(settings);
    if (!status.ok()) return say(status.error());
    std::printf(purge ? "the datacenter is gone\n" : "vdc is down; instances go on\n");
    return 0;
}

}  // namespace vdc::app
