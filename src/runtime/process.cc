#include "runtime/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>

#include "base/text.h"
#include "base/time.h"
#include "runtime/fd.h"
#include "runtime/files.h"

namespace vdc::runtime {

using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

static constexpr std::size_t out_max = 16 << 20;
static constexpr std::size_t err_max = 64 << 10;

static std::string shown(const std::vector<std::string>& words) {
    return "`" + base::quoted(base::join(words, " "), 300) + "`";
}
static std::string shown(const Command& command) {
    return shown(command.words);
}

// ---- starting ----------------------------------------------------------------------------------

namespace {

/// posix_spawn's two bags, freed at their end.
struct Plan {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    Plan() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;
    ~Plan() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
};

/// A started process: reaped, with all of its group killed if it still runs, at the end of this.
struct Child {
    pid_t pid = -1;
    Fd pidfd;
    std::optional<int> status;  ///< as of waitpid, once reaped

    Child() = default;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid > 0 && !status) kill_and_reap();
    }
    void reap() {
        int raw = 0;
        while (::waitpid(pid, &raw, 0) < 0 && errno == EINTR) {
        }
        status = raw;
    }
    void kill_and_reap() {
        ::kill(-pid, SIGKILL);
        ::kill(pid, SIGKILL);
        reap();
    }
};

struct Ends {
    Fd input;
    Pipe out;
    Pipe err;
};

}  // namespace

/// The input lies in a memory file: no writer that could block, no SIGPIPE, and programs that
/// open /dev/stdin (nft does) find a file there.
static Result<Fd> input_file(const std::string& input) {
    if (input.empty()) {
        Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (!null) return system_error(errno, "cannot open /dev/null");
        return null;
    }
    Fd file(::memfd_create("stdin", MFD_CLOEXEC));
    if (!file) return system_error(errno, "cannot make a memory file for a command's input");
    for (std::size_t done = 0; done < input.size();) {
        const ssize_t wrote = ::write(file.get(), input.data() + done, input.size() - done);
        if (wrote < 0) return system_error(errno, "cannot store a command's input");
        done += static_cast<std::size_t>(wrote);
    }
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
}

static Result<Ends> make_ends(const Command& command) {
    Ends ends;
    ends.input = TRY(input_file(command.input));
    ends.out = TRY(make_pipe());
    ends.err = TRY(make_pipe());
    ::fcntl(ends.out.read.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(ends.err.read.get(), F_SETFL, O_NONBLOCK);
    return ends;
}

/// No blocked or ignored signals, no descriptors but these three; `group` says what it does not
/// share with us.
static void fill(Plan& plan, int input, int out, int err, int group) {
    posix_spawn_file_actions_adddup2(&plan.actions, input, 0);
    posix_spawn_file_actions_adddup2(&plan.actions, out, 1);
    posix_spawn_file_actions_adddup2(&plan.actions, err, 2);
    posix_spawn_file_actions_addclosefrom_np(&plan.actions, 3);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&plan.attributes, &none);
    posix_spawnattr_setsigdefault(&plan.attributes, &all);
    posix_spawnattr_setpgroup(&plan.attributes, 0);
    const int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group;
    posix_spawnattr_setflags(&plan.attributes, static_cast<short>(flags));
}

/// Our environment, but messages in English: they are shown beside ours, and some are parsed.
static std::vector<std::string> environment() {
    std::vector<std::string> variables = {"LC_ALL=C"};
    bool has_path = false;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        if (text.starts_with("LC_ALL=")) continue;
        has_path = has_path || text.starts_with("PATH=");
        variables.emplace_back(text);
    }
    if (!has_path) variables.emplace_back("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
    return variables;
}

static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> result;
    for (std::string& word : words) result.push_back(word.data());
    result.push_back(nullptr);
    return result;
}

static Status spawn(Plan& plan, std::vector<std::string> words, pid_t& pid) {
    std::vector<std::string> variables = environment();
    const int failure = ::posix_spawnp(&pid, words[0].c_str(), &plan.actions, &plan.attributes,
                                       pointers(words).data(), pointers(variables).data());
    if (failure == 0) return {};
    return system_error(failure, "cannot start " + shown(words),
                        failure == ENOENT ? "install the package that brings " + words[0] : "");
}

/// Its own group, so that a time-out reaches its children.
static Status spawn_here(const Command& command, const Ends& ends, pid_t& pid) {
    Plan plan;
    fill(plan, ends.input.get(), ends.out.write.get(), ends.err.write.get(), POSIX_SPAWN_SETPGROUP);
    return spawn(plan, command.words, pid);
}

Result<pid_t> start_to_stay(const std::vector<std::string>& words, const std::string& output) {
    base::check(!words.empty(), "a command without words");
    const Fd input = TRY(input_file({}));
    const Fd out(::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (!out) return system_error(errno, "cannot open '" + output + "'");
    Plan plan;
    fill(plan, input.get(), out.get(), out.get(), POSIX_SPAWN_SETSID);
    pid_t pid = -1;
    TRY(spawn(plan, words, pid));
    return pid;
}

void reap(pid_t pid) {
    ::waitpid(pid, nullptr, WNOHANG);
}

static Status enter_namespace(const std::string& name) {
    const std::string path = "/run/netns/" + name;
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return system_error(errno, "cannot open the network namespace " + path);
    if (::setns(file.get(), CLONE_NEWNET) != 0)
        return system_error(errno, "cannot enter the network namespace " + path);
    return {};
}

/// A thread may change its own namespace, and its children inherit it: so one thread is spent on
/// it and never has to find the way back.
static Status spawn_there(const Command& command, const Ends& ends, pid_t& pid) {
    Status result;
    const auto travel = [&] {
        result = enter_namespace(command.network_namespace);
        if (result.ok()) result = spawn_here(command, ends, pid);
    };
    try {
        std::thread(travel).join();
    } catch (const std::system_error& problem) {
        return system_error(problem.code().value(), "cannot start a thread");
    }
    return result;
}

static Status start(const Command& command, Ends& ends, Child& child) {
    TRY(command.network_namespace.empty() ? spawn_here(command, ends, child.pid)
                                          : spawn_there(command, ends, child.pid));
    ends.out.write.reset();
    ends.err.write.reset();
    // Ours and not reaped yet: the number cannot have passed to another process.
    child.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
    if (!child.pidfd) return system_error(errno, "cannot watch " + shown(command));
    return {};
}

// ---- listening ---------------------------------------------------------------------------------

/// Takes what is there now; closes `from` at its end. What passes `size_max` is dropped.
static void drain(Fd& from, std::string& into, std::size_t size_max, bool& passed) {
    char buffer[16 << 10];
    while (from) {
        const ssize_t got = ::read(from.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) return from.reset();
        const std::size_t room = size_max - into.size();
        const auto size = static_cast<std::size_t>(got);
        into.append(buffer, std::min(room, size));
        passed = passed || size > room;
        if (passed) return;
    }
}

static int remaining_ms(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30));
}

/// Until the process itself has ended: what it left in the background may hold the pipes open.
static Status listen(const Command& command, Ends& ends, Child& child, Output& output) {
    const auto deadline = Clock::now() + command.limit;
    bool ended = false;
    while (!ended) {
        pollfd watched[] = {{ends.out.read.get(), POLLIN, 0},
                            {ends.err.read.get(), POLLIN, 0},
                            {child.pidfd.get(), POLLIN, 0}};
        const int wait_ms = remaining_ms(deadline);
        const int ready = ::poll(watched, 3, wait_ms);
        if (ready < 0 && errno != EINTR) return system_error(errno, "cannot wait for a command");
        if (ready == 0 && wait_ms == 0)
            return Error{Error::Code::timed_out, shown(command) + " did not end within " +
                                                     base::text(base::Duration(command.limit)) +
                                                     " and was killed"};
        ended = ready > 0 && watched[2].revents != 0;
        bool out_passed = false;
        bool err_passed = false;
        drain(ends.out.read, output.out, out_max, out_passed);
        drain(ends.err.read, output.err, err_max, err_passed);
        if (out_passed)
            return Error{Error::Code::too_large, shown(command) + " wrote more than 16 MiB"};
    }
    return {};
}

static int exit_status(int raw) {
    return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

Result<Output> run(const Command& command) {
    base::check(!command.words.empty(), "a command without words");
    Ends ends = TRY(make_ends(command));
    Child child;
    TRY(start(command, ends, child));
    Output output;
    TRY(listen(command, ends, child, output));
    child.reap();
    output.status = exit_status(*child.status);
    return output;
}

/// What a program said, on one line.
static std::string one_line(std::string_view said) {
    std::string line;
    for (const std::string& part : base::split(said, '\n'))
        if (!part.empty()) line += (line.empty() ? "" : " | ") + part;
    return base::quoted(line, 1000);
}

Result<std::string> must_run(const Command& command) {
    Output output = TRY(run(command));
    if (output.status == 0) return std::move(output.out);
    const std::string& said = output.err.empty() ? output.out : output.err;
    return Error{Error::Code::failed, shown(command) + " ended with status " +
                                          std::to_string(output.status) + ": " + one_line(said)};
}

// ---- who a process is --------------------------------------------------------------------------

/// 0 when it is no number.
static std::uint64_t number(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Result<std::uint64_t> process_start_time(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const std::string stat = TRY(read_file(path, 4096));
    // The second field, the name, may hold anything but ends with the last ')'.
    const std::size_t name_end = stat.rfind(')');
    if (name_end != std::string::npos) {
        const auto fields = base::split(std::string_view(stat).substr(name_end + 1), ' ');
        const auto start = fields.size() > 20 ? number(fields[20]) : 0;
        if (start > 0) return start;
    }
    return Error{Error::Code::corrupt, path + " has no start time"};
}

}  // namespace vdc::runtime
