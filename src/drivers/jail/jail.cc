#include "drivers/jail/jail.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string_view>

#include "base/hash.h"
#include "base/text.h"
#include "drivers/jail/cgroup.h"
#include "drivers/jail/filter.h"
#include "drivers/jail/inside.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::drivers::jail {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;
using Clock = std::chrono::steady_clock;

/// Longer than any start takes; a child that does not get there was put into a frozen cgroup.
static constexpr std::chrono::seconds start_limit{10};
static constexpr std::chrono::seconds end_limit{30};

// ---- what must hold before anything is done ----------------------------------------------------

static Status check_handed(const Spec& spec, int fd) {
    struct stat seen {};
    if (::fstat(fd, &seen) != 0)
        return system_error(errno,
                            "cannot hand descriptor " + std::to_string(fd) + " to " + spec.name);
    if (!S_ISDIR(seen.st_mode)) return {};
    return Error{Error::Code::invalid, "descriptor " + std::to_string(fd) + " for " + spec.name +
                                           " is a folder, which is a way out of the jail"};
}

static Status check_spec(const Spec& spec) {
    base::check(!spec.command.empty() && spec.command[0].starts_with('/'),
                "a jailed program is given by its absolute path");
    base::check(spec.uid != 0, "nothing is jailed as root");
    base::check(spec.cgroup.find('/') != std::string::npos, "a jail's cgroup lies below its tag");
    std::set<int> numbers;
    for (const Handed& handed : spec.handed) {
        base::check(handed.as >= 3 && handed.as < inside::descriptors_max &&
                        numbers.insert(handed.as).second,
                    "handed descriptors have numbers of their own");
        TRY(check_handed(spec, handed.fd));
    }
    base::check(numbers.size() < 500, "at most 500 descriptors are handed");
    return spec.output < 0 ? Status() : check_handed(spec, spec.output);
}

// ---- the root, seen from outside ---------------------------------------------------------------

namespace {

/// Everything that a Plan points to. Stays where it is while the child reads it.
struct Outfit {
    std::vector<int> cgroup_tasks;
    std::vector<std::string> texts;
    std::vector<inside::Entry> root;
    std::vector<inside::Move> moves;
    std::vector<inside::Rlimit> limits;
    std::vector<std::string> words;
    std::vector<std::string> variables;
    std::vector<char*> arguments;
    std::vector<char*> environment;
    Fd null;
    Fd program;
    Cgroups::Doors doors;
};

}  // namespace

using inside::Entry;
using inside::Kind;

/// A folder of the machine's root as it is there: a folder, or a link to one.
static void add_system_folder(Outfit& outfit, const char* path) {
    struct stat seen {};
    if (::lstat(path, &seen) != 0) return;
    if (S_ISDIR(seen.st_mode))
        outfit.root.push_back({.kind = Kind::bound_folder, .path = path + 1, .source = path});
    if (!S_ISLNK(seen.st_mode)) return;
    char target[256];
    const ssize_t length = ::readlink(path, target, sizeof target);
    if (length <= 0 || length == sizeof target) return;
    outfit.texts.emplace_back(target, static_cast<std::size_t>(length));
    outfit.root.push_back(
        {.kind = Kind::link, .path = path + 1, .source = outfit.texts.back().c_str()});
}

static void add_device(Outfit& outfit, const char* path, unsigned major, unsigned minor,
                       mode_t mode, std::uint32_t owner) {
    outfit.root.push_back({.kind = Kind::device,
                           .path = path,
                           .mode = mode,
                           .owner = owner,
                           .device = ::makedev(major, minor)});
}

/// Numbers of devices: Linux Documentation/admin-guide/devices.txt.
static void add_devices(Outfit& outfit, const Spec& spec) {
    outfit.root.push_back({.kind = Kind::small_fs, .path = "dev"});
    add_device(outfit, "dev/null", 1, 3, 0666, 0);
    add_device(outfit, "dev/zero", 1, 5, 0666, 0);
    add_device(outfit, "dev/random", 1, 8, 0444, 0);
    add_device(outfit, "dev/urandom", 1, 9, 0444, 0);
    if (spec.kvm) add_device(outfit, "dev/kvm", 10, 232, 0600, spec.uid);
}

static void plan_root(Outfit& outfit, const Spec& spec) {
    outfit.texts.reserve(16);  // entries point into it
    for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"})
        add_system_folder(outfit, path);
    outfit.root.push_back({.kind = Kind::folder, .path = "etc"});
    if (runtime::exists("/etc/ld.so.cache"))
        outfit.root.push_back(
            {.kind = Kind::bound_file, .path = "etc/ld.so.cache", .source = "/etc/ld.so.cache"});
    add_devices(outfit, spec);
    if (!spec.proc) return;
    outfit.root.push_back({.kind = Kind::proc, .path = "proc"});
    outfit.root.push_back({.kind = Kind::link, .path = "dev/fd", .source = "/proc/self/fd"});
}

// ---- the rest of the plan ----------------------------------------------------------------------

static Status plan_descriptors(Outfit& outfit, const Spec& spec) {
    outfit.null = Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!outfit.null) return system_error(errno, "cannot open /dev/null");
    const int output = spec.output < 0 ? outfit.null.get() : spec.output;
    outfit.moves = {{outfit.null.get(), 0}, {output, 1}, {output, 2}};
    for (const Handed& handed : spec.handed) outfit.moves.push_back({handed.fd, handed.as});
    std::sort(outfit.moves.begin(), outfit.moves.end(),
              [](const inside::Move& a, const inside::Move& b) { return a.as < b.as; });
    outfit.program = Fd(::open(spec.command[0].c_str(), O_PATH | O_CLOEXEC));
    if (outfit.program) return {};
    return system_error(errno, "cannot start " + spec.name + " (" + spec.command[0] + ")",
                        errno == ENOENT ? "install the package that brings it" : "");
}

static void plan_limits(Outfit& outfit, const Spec& spec) {
    const auto limit = [&](int resource, std::int64_t value) {
        outfit.limits.push_back({resource, static_cast<rlim_t>(value)});
    };
    // 1 and not 0: a core that is piped to a program (systemd-coredump) passes every other limit,
    // but for 1 the kernel makes none at all (fs/coredump.c).
    limit(RLIMIT_CORE, 1);
    limit(RLIMIT_MEMLOCK, 64 << 10);
    limit(RLIMIT_MSGQUEUE, 0);
    limit(RLIMIT_NICE, 0);
    limit(RLIMIT_RTPRIO, 0);
    if (spec.limits.cpu_seconds > 0) limit(RLIMIT_CPU, spec.limits.cpu_seconds);
    if (spec.limits.file_size.count > 0) limit(RLIMIT_FSIZE, spec.limits.file_size.count);
}

static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> result;
    for (std::string& word : words) result.push_back(word.data());
    result.push_back(nullptr);
    return result;
}

static Status dress(Outfit& outfit, const Spec& spec, const Cgroups& cgroups) {
    TRY(plan_descriptors(outfit, spec));
    plan_root(outfit, spec);
    plan_limits(outfit, spec);
    outfit.words = spec.command;
    outfit.variables = {"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/"};
    outfit.arguments = pointers(outfit.words);
    outfit.environment = pointers(outfit.variables);
    outfit.doors = TRY(cgroups.doors(spec.cgroup));
    for (const Fd& tasks : outfit.doors.tasks) outfit.cgroup_tasks.push_back(tasks.get());
    return {};
}

template <class T>
static inside::List<T> list(const std::vector<T>& items) {
    return {items.data(), items.size()};
}

static inside::Plan plan_of(const Outfit& outfit, const Spec& spec,
                            const std::vector<sock_filter>& filter, int report) {
    return {.cgroup_tasks = list(outfit.cgroup_tasks),
            .root = list(outfit.root),
            .moves = list(outfit.moves),
            .limits = list(outfit.limits),
            .filter = {static_cast<unsigned short>(filter.size()),
                       const_cast<sock_filter*>(filter.data())},
            .program = outfit.program.get(),
            .report = report,
            .uid = spec.uid,
            .arguments = outfit.arguments.data(),
            .environment = outfit.environment.data()};
}

// ---- starting ----------------------------------------------------------------------------------

namespace {

/// A started child: killed and reaped at its end, unless released.
struct Child {
    std::int64_t pid = 0;
    Fd pidfd;
    Child() = default;
    Child(Child&&) = default;
    ~Child() {
        if (!pidfd) return;
        ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
        siginfo_t info{};
        while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd.get()), &info,
                        WEXITED) < 0 &&
               errno == EINTR) {
        }
    }
};

/// No handler of ours may run in the child, which is a copy of us until it execs.
class SignalsHeld {
  public:
    SignalsHeld() {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsHeld(const SignalsHeld&) = delete;
    SignalsHeld& operator=(const SignalsHeld&) = delete;

  private:
    sigset_t before_;
};

}  // namespace

static Result<Child> begin(const inside::Plan& plan, const Spec& spec, int cgroup_folder) {
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = CLONE_INTO_CGROUP | CLONE_PIDFD | CLONE_CLEAR_SIGHAND | CLONE_NEWNS |
                      CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup_folder);
    const SignalsHeld held;
    const long pid = inside::start(arguments, plan);
    if (pid < 0)
        return system_error(errno, "cannot start " + spec.name + " in its own namespaces",
                            "jails need root and Linux 5.14 or later");
    Child child;
    child.pid = pid;
    child.pidfd = Fd(pidfd);
    return child;
}

static std::string about(const inside::Failure& failure, const Outfit& outfit) {
    const auto index = static_cast<std::size_t>(failure.detail);
    std::string about = inside::word(failure.step);
    if (failure.step == inside::Step::root && index < outfit.root.size())
        about += std::string(" (/") + outfit.root[index].path + ")";
    if (failure.step == inside::Step::descriptors && index < outfit.moves.size())
        about += " (as " + std::to_string(outfit.moves[index].as) + ")";
    return about;
}

/// The pipe closes when the program runs; before, it may bring a Failure.
static Status listen(const Fd& report, const Spec& spec, const Outfit& outfit) {
    pollfd watched{report.get(), POLLIN, 0};
    const auto deadline = Clock::now() + start_limit;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0)
            return Error{Error::Code::timed_out, spec.name + " did not begin within 10s",
                         "see whether the cgroup " + spec.cgroup + " is frozen"};
        if (::poll(&watched, 1, static_cast<int>(left.count())) > 0) break;
    }
    inside::Failure failure;
    if (::read(report.get(), &failure, sizeof failure) != sizeof failure) return {};
    return system_error(failure.error,
                        "cannot start " + spec.name + ": it could not " + about(failure, outfit));
}

static Result<Process> start(const Spec& spec, const Cgroups& cgroups) {
    const std::vector<sock_filter>& filter = *TRY(program_filter());
    Outfit outfit;
    TRY(dress(outfit, spec, cgroups));
    runtime::Pipe report = TRY(runtime::make_pipe());
    const inside::Plan plan = plan_of(outfit, spec, filter, report.write.get());
    Child child = TRY(begin(plan, spec, outfit.doors.folder.get()));
    report.write.reset();
    TRY(listen(report.read, spec, outfit));
    const std::uint64_t start_time =
        TRY(runtime::process_start_time(static_cast<pid_t>(child.pid)));
    return Process{.pid = child.pid, .pidfd = child.pidfd.release(), .start_time = start_time};
}

Result<Process> spawn(const Spec& spec) {
    TRY(check_spec(spec));
    Cgroups cgroups = TRY(Cgroups::of_this_machine());
    if (cgroups.frozen(spec.cgroup))
        return Error{Error::Code::conflict,
                     "cannot start " + spec.name + ": its cgroup is frozen, the host was fenced"};
    const Status made = cgroups.create(spec.cgroup, spec.limits);
    Result<Process> started = made.ok() ? start(spec, cgroups) : made.error();
    // What failed to start leaves nothing; what else runs in the group keeps it.
    if (!started.ok()) (void)cgroups.remove(spec.cgroup);
    return started;
}

// ---- watching and ending -----------------------------------------------------------------------

Result<std::optional<int>> reap(int pidfd) {
    siginfo_t info{};
    while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info,
                    WEXITED | WNOHANG) < 0)
        if (errno != EINTR) return system_error(errno, "cannot learn how a process ended");
    if (info.si_pid == 0) return std::optional<int>();
    return std::optional<int>(info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status);
}

Result<Fd> reopen(std::int64_t pid, std::uint64_t start_time) {
    // First hold whoever has the number, then see who it is.
    Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
    const auto seen = runtime::process_start_time(static_cast<pid_t>(pid));
    pollfd watched{pidfd.get(), POLLIN, 0};
    const bool ended = ::poll(&watched, 1, 0) != 0;  // a zombie, until its parent asks for it
    if (pidfd && seen.ok() && *seen == start_time && !ended) return pidfd;
    return Error{Error::Code::not_found, "process " + std::to_string(pid) + " is gone"};
}

Status end(const std::string& cgroup) {
    Cgroups cgroups = TRY(Cgroups::of_this_machine());
    TRY(cgroups.kill(cgroup));
    TRY(cgroups.wait_until_empty(cgroup, end_limit));
    return cgroups.remove(cgroup);
}

Status end_all(const std::string& tag_folder) {
    Cgroups cgroups = TRY(Cgroups::of_this_machine());
    return cgroups.remove_all(tag_folder);
}

/// Takes what is there; what passes the bound is dropped. False at its end.
static bool drain(const Fd& from, std::string& text) {
    static constexpr std::size_t text_max = 64 << 10;
    char buffer[4096];
    const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    text.append(buffer, std::min(static_cast<std::size_t>(got), text_max - text.size()));
    return got > 0;
}

/// The output ends when the program does: it cannot fork.
static Status collect(const Fd& from, std::string& text, const Spec& spec, int seconds) {
    const auto deadline = Clock::now() + std::chrono::seconds(seconds);
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0)
            return Error{Error::Code::timed_out, spec.name + " did not end within " +
                                                     std::to_string(seconds) + "s and was killed"};
        pollfd watched{from.get(), POLLIN, 0};
        if (::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1 << 30))) >
                0 &&
            !drain(from, text))
            return {};
    }
}

Result<Output> run(const Spec& spec, int seconds) {
    base::check(spec.output < 0, "run() takes the output itself");
    runtime::Pipe pipe = TRY(runtime::make_pipe());
    Spec own = spec;
    own.output = pipe.write.get();
    const Process process = TRY(spawn(own));
    pipe.write.reset();
    const Fd pidfd(process.pidfd);
    Output output;
    const Status collected = collect(pipe.read, output.text, spec, seconds);
    // It has closed its output and may still do something: the limit is the same.
    pollfd watched{pidfd.get(), POLLIN, 0};
    if (collected.ok()) ::poll(&watched, 1, seconds * 1000);
    const Status ended = end(spec.cgroup);
    const Result<std::optional<int>> status = reap(pidfd.get());
    TRY(collected);
    TRY(ended);
    output.status = TRY(status).value_or(128 + SIGKILL);
    return output;
}

std::uint32_t uid_for(const std::string& id) {
    static constexpr std::uint32_t first = 0x70000000;
    static constexpr std::uint32_t count = 0x0fffffff;
    return first + static_cast<std::uint32_t>(base::Hasher().add(id).finish().low % count);
}

}  // namespace vdc::drivers::jail
