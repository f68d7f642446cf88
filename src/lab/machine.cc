#include "lab/machine.h"

#include <signal.h>

#include <algorithm>

#include "drivers/jail/cgroup.h"
#include "drivers/networks/namespaces.h"
#include "runtime/daemon.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::lab {

using base::Error;
using base::Result;
using base::Status;
using drivers::networks::Daemon;
namespace net = drivers::networks;

// ---- what is there -----------------------------------------------------------------------------

Result<pid_t> Machine::pid() const {
    const auto running = TRY(runtime::read_pid_file(run_ + "/vdc.pid"));
    return running.value_or(0);
}

Result<Machine::State> Machine::state() const {
    const pid_t running = TRY(pid());
    if (running == 0) return State::off;
    const auto daemon = net::daemon_of(running);
    return daemon && net::is_stopped(*daemon) ? State::paused : State::on;
}

bool Machine::has_joined() const {
    return runtime::exists(data_ + "/host/controller");
}

/// The tag is empty before the first start.
Result<drivers::HostPaths> Machine::paths() const {
    drivers::HostPaths paths{data_, run_, ""};
    const std::string file = data_ + "/tag";
    if (runtime::exists(file)) paths.tag = TRY(runtime::read_file(file, 16));
    return paths;
}

/// The daemon and whom it started here, the services of its networks, and its guests, which the
/// jail gives other namespaces.
Result<std::vector<Daemon>> Machine::processes() const {
    std::vector<Daemon> all = net::processes_in(network_);
    const drivers::HostPaths its = TRY(paths());
    if (its.tag.empty()) return all;
    for (const std::string& name : net::namespaces("vdc" + its.tag + "n")) {
        const auto inside = net::processes_in(name);
        all.insert(all.end(), inside.begin(), inside.end());
    }
    const auto groups = TRY(drivers::jail::Cgroups::of_this_machine());
    const std::vector<std::int64_t> jailed_pids = TRY(groups.pids(its.cgroup()));
    for (const std::int64_t pid : jailed_pids)
        if (const auto jailed = net::daemon_of(static_cast<pid_t>(pid))) all.push_back(*jailed);
    return all;
}

// ---- what is done to it ------------------------------------------------------------------------

Result<std::string> Machine::vdc(const std::string& program, std::vector<std::string> words,
                                 const std::string& input) const {
    words.insert(words.begin(), program);
    return runtime::must_run({.words = std::move(words),
                              .input = input,
                              .limit = std::chrono::minutes(3),
                              .network_namespace = network_});
}

Status Machine::signal_all(int signal) const {
    const std::vector<Daemon> all = TRY(processes());
    for (const Daemon& each : all) TRY(net::send_signal(each, signal));
    return {};
}

Status Machine::start(const std::string& program, const std::vector<std::string>& options) const {
    const State present = TRY(state());
    if (present == State::paused) return signal_all(SIGCONT);
    TRY(runtime::ensure_dir(data_, 0711));
    std::vector<std::string> words = {"up", "--data", data_, "--run", run_};
    words.insert(words.end(), options.begin(), options.end());
    TRY(vdc(program, std::move(words)));
    return {};
}

Status Machine::pause() const {
    const State present = TRY(state());
    if (present == State::off)
        return Error{Error::Code::conflict, "its vdc does not run", "`vdc lab heal` starts it"};
    // Twice: what was being started while we looked is found by the second look.
    TRY(signal_all(SIGSTOP));
    return signal_all(SIGSTOP);
}

Status Machine::kill() const {
    return net::end_all([this] { return processes(); }, "processes of the machine " + network_);
}

Status Machine::purge(const std::string& program) const {
    TRY(kill());
    if (runtime::exists(data_) || runtime::exists(run_))
        TRY(vdc(program, {"down", "--purge", "--data", data_, "--run", run_}));
    return {};
}

}  // namespace vdc::lab
