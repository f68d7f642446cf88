#include "runtime/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <charconv>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::runtime {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

// ---- the daemon's side -------------------------------------------------------------------------

void Readiness::say(const std::string& words) {
    // Who started us may have gone: then nobody wants to know.
    [[maybe_unused]] const ssize_t said = ::write(line_.get(), words.data(), words.size());
    line_.reset();
}

void Readiness::ready() {
    say("{}");
}

void Readiness::failed(const Error& error) {
    say(dump(Json::object({{"code", std::string(word(error.code))},
                           {"message", base::quoted(error.message, 3000)},
                           {"hint", base::quoted(error.hint, 500)}})));
}

static Status take_stdio(const Background& background) {
    const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Fd output(
        ::open(background.output.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!output) return system_error(errno, "cannot open " + base::quoted(background.output));
    if (::dup2(null.get(), 0) < 0 || ::dup2(output.get(), 1) < 0 || ::dup2(output.get(), 2) < 0)
        return system_error(errno, "cannot give up the terminal");
    if (::chdir("/") != 0) return system_error(errno, "cannot go to /");
    return {};
}

// ---- the starter's side ------------------------------------------------------------------------

static Status heard(const std::string& words) {
    const auto said = base::parse_json(words);
    if (!said.ok())
        return Error{Error::Code::failed, "the daemon ended before it was ready",
                     "its output tells why"};
    if (!said->has("message")) return {};
    return Error{base::error_code(said->text_at("code")).value_or(Error::Code::failed),
                 said->text_at("message"), said->text_at("hint")};
}

/// What the daemon says until it hangs up or the time is over.
static Result<std::string> listen(const Fd& line, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    std::string words;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            return Error{Error::Code::timed_out, "the daemon was not ready within " +
                                                     base::text(base::Duration(limit)) +
                                                     " and was killed"};
        pollfd watched{line.get(), POLLIN, 0};
        if (::poll(&watched, 1, static_cast<int>(left.count())) <= 0) continue;
        char buffer[4096];
        const ssize_t got = ::read(line.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return words;
        words.append(buffer, static_cast<std::size_t>(got));
    }
}

/// The middle process tells the daemon's pid first, as 4 bytes, and ends.
static Status follow(pid_t middle, const Fd& line, std::chrono::milliseconds limit) {
    while (::waitpid(middle, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_t daemon = 0;
    if (::read(line.get(), &daemon, sizeof daemon) != sizeof daemon)
        return Error{Error::Code::failed, "the daemon could not be started"};
    const Result<std::string> words = listen(line, limit);
    if (words.ok()) return heard(*words);
    ::kill(-daemon, SIGKILL);
    return words.error();
}

Result<std::optional<Readiness>> go_to_background(const Background& background) {
    Pipe line = TRY(make_pipe());
    const pid_t middle = ::fork();
    if (middle < 0) return system_error(errno, "cannot fork");
    if (middle > 0) {
        line.write.reset();
        TRY(follow(middle, line.read, background.limit));
        return std::optional<Readiness>();
    }
    ::setsid();
    // The second fork: not the leader of its session, the daemon can never get a terminal again.
    const pid_t second = ::fork();
    if (second != 0) ::_exit(second < 0);
    ::setpgid(0, 0);
    line.read.reset();
    const pid_t own = ::getpid();
    if (::write(line.write.get(), &own, sizeof own) != sizeof own) ::_exit(1);
    Readiness readiness(std::move(line.write));
    const Status taken = take_stdio(background);
    if (!taken.ok()) {
        readiness.failed(taken.error());
        ::_exit(1);
    }
    return std::optional<Readiness>(std::move(readiness));
}

// ---- who runs ----------------------------------------------------------------------------------

static std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return {};
    return value;
}

Status write_pid_file(const std::string& path) {
    const std::uint64_t start = TRY(process_start_time(::getpid()));
    return write_file_atomic(path, std::to_string(::getpid()) + " " + std::to_string(start) + "\n",
                             0644);
}

/// Whether only a zombie is left, that nobody has waited for.
static bool ended(pid_t pid) {
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
    const std::size_t name_end = stat.ok() ? stat->rfind(')') : std::string::npos;
    return name_end == std::string::npos || name_end + 2 >= stat->size() ||
           (*stat)[name_end + 2] == 'Z';
}

Result<std::optional<pid_t>> read_pid_file(const std::string& path) {
    const Result<std::string> content = read_file(path, 100);
    if (!content.ok() && content.error().code == Error::Code::not_found)
        return std::optional<pid_t>();
    const auto parts = base::split(TRY(content), ' ');
    const auto pid = number(parts[0]);
    const auto start = parts.size() == 2 && parts[1].ends_with('\n')
                           ? number(std::string_view(parts[1]).substr(0, parts[1].size() - 1))
                           : std::nullopt;
    if (!pid || !start || *pid > (1u << 30))
        return Error{Error::Code::corrupt, path + " holds no pid and start time",
                     "remove it if no daemon runs"};
    const auto seen = process_start_time(static_cast<pid_t>(*pid));
    if (!seen.ok() || *seen != *start || ended(static_cast<pid_t>(*pid)))
        return std::optional<pid_t>();
    return std::optional<pid_t>(static_cast<pid_t>(*pid));
}

}  // namespace vdc::runtime
