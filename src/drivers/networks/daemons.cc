#include "drivers/networks/daemons.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <thread>

#include "base/text.h"
#include "runtime/fd.h"
#include "runtime/files.h"

namespace vdc::drivers::networks {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;

template <class Number>
static std::optional<Number> number(std::string_view text) {
    Number value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

static std::string file_of(pid_t pid, const char* name) {
    return "/proc/" + std::to_string(pid) + "/" + name;
}

/// proc(5): "pid (name) state ppid ..."; the name may hold anything, so counts from its last ')'.
/// The fields from the state on; empty when there is no such process.
static std::vector<std::string> stat_of(pid_t pid) {
    const auto stat = runtime::read_file(file_of(pid, "stat"));
    if (pid <= 0 || !stat.ok()) return {};
    const std::size_t name_end = stat->rfind(')');
    if (name_end == std::string::npos) return {};
    return base::split(std::string_view(*stat).substr(std::min(name_end + 2, stat->size())), ' ');
}

std::optional<Daemon> daemon_of(pid_t pid) {
    const std::vector<std::string> fields = stat_of(pid);
    constexpr std::size_t state = 0;
    constexpr std::size_t start_time = 22 - 3;
    if (fields.size() <= start_time || fields[state] == "Z" || fields[state] == "X")
        return std::nullopt;
    const auto started = number<std::uint64_t>(fields[start_time]);
    if (!started) return std::nullopt;
    return Daemon{pid, *started};
}

bool is_stopped(const Daemon& daemon) {
    const std::vector<std::string> fields = stat_of(daemon.pid);
    return !fields.empty() && fields.front() == "T" && alive(daemon);
}

std::string program_of(const Daemon& daemon) {
    const auto name = runtime::read_file(file_of(daemon.pid, "comm"));
    if (!name.ok() || name->empty() || !alive(daemon)) return "";
    return name->substr(0, name->size() - 1);
}

/// What has a program has arguments, but for some microseconds of execve(2), when its old memory is
/// gone and the new one not filled: looked at again. Threads of the kernel have no program.
static std::string arguments_line(const Daemon& daemon) {
    for (int looks = 0; looks < 1000; ++looks) {
        const auto line = runtime::read_file(file_of(daemon.pid, "cmdline"));
        if (!line.ok() || !alive(daemon)) return "";
        if (!line->empty()) return *line;
        if (::access(file_of(daemon.pid, "exe").c_str(), F_OK) != 0) return "";
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return "";
}

std::vector<std::string> arguments_of(const Daemon& daemon) {
    const std::string line = arguments_line(daemon);
    if (line.empty()) return {};
    return base::split(std::string_view(line).substr(0, line.size() - 1), '\0');
}

std::vector<Daemon> all_daemons() {
    std::vector<Daemon> found;
    const auto names = runtime::list_dir("/proc");
    if (!names.ok()) return found;
    for (const std::string& name : *names)
        if (const auto pid = number<pid_t>(name))
            if (const auto daemon = daemon_of(*pid)) found.push_back(*daemon);
    std::ranges::sort(found, {}, &Daemon::pid);
    return found;
}

/// A handle that is certain to be this process's and no later one's: it is opened first and the
/// start time compared after.
static Fd handle_of(const Daemon& daemon) {
    Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, daemon.pid, 0)));
    if (handle && !alive(daemon)) handle.reset();
    return handle;
}

static Status signal_by(const Fd& handle, const Daemon& daemon, int signal) {
    if (::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) == 0 || errno == ESRCH)
        return {};
    return system_error(errno, "cannot signal process " + std::to_string(daemon.pid));
}

Status send_signal(const Daemon& daemon, int signal) {
    const Fd handle = handle_of(daemon);
    if (!handle) return {};
    return signal_by(handle, daemon, signal);
}

/// Until the process has ended; false when it has not within five seconds.
static bool await_end(const Fd& handle) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds(5);
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd ended{handle.get(), POLLIN, 0};
        const int ready = ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

Status end(const Daemon& daemon) {
    const Fd handle = handle_of(daemon);
    if (!handle) return {};
    TRY(signal_by(handle, daemon, SIGKILL));
    if (await_end(handle)) return {};
    return Error{Error::Code::timed_out, "process " + std::to_string(daemon.pid) +
                                             " was killed and did not end within 5 s"};
}

Status end_all(const std::function<Result<std::vector<Daemon>>()>& living, const std::string& who) {
    constexpr int rounds_max = 10;
    for (int round = 0; round < rounds_max; ++round) {
        const std::vector<Daemon> all = TRY(living());
        if (all.empty()) return {};
        for (const Daemon& each : all) TRY(send_signal(each, SIGKILL));
        for (const Daemon& each : all) TRY(end(each));
    }
    return Error{Error::Code::failed, who + " do not end"};
}

std::string text(const Daemon& daemon) {
    return std::to_string(daemon.pid) + " " + std::to_string(daemon.start_time);
}

std::optional<Daemon> parse_daemon(const std::string& text) {
    const std::vector<std::string> words = base::split(text, ' ');
    if (words.size() != 2) return std::nullopt;
    const auto pid = number<pid_t>(words[0]);
    const auto start_time = number<std::uint64_t>(words[1]);
    if (!pid || !start_time) return std::nullopt;
    return Daemon{*pid, *start_time};
}

}  // namespace vdc::drivers::networks
