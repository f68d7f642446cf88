#include "cli/replay.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>

#include "base/moment.h"
#include "base/text.h"
#include "cli/manifest.h"
#include "cli/output.h"
#include "model/log_text.h"
#include "model/noun_words.h"
#include "model/write_json.h"
#include "runtime/fd.h"
#include "runtime/files.h"

namespace vdc::cli {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using model::Commit;
using model::LogReplay;
using model::Snapshot;
using model::Subject;

static constexpr std::size_t line_max = std::size_t{1} << 30;

// ---- telling -----------------------------------------------------------------------------------

/// What a subject is called: in the datacenter before the commit, or as the commit creates it.
static std::string name_of(const Snapshot& before, const Commit& commit, const Subject& subject) {
    std::string name;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (subject.noun != R::noun) return;
        if (const R* found = before.find<R>(typename R::Id{subject.id})) name = found->name;
        for (const model::Step& step : commit.steps)
            if (const auto* made = std::get_if<model::Create<R>>(&step.change);
                made != nullptr && made->record->id.value == subject.id)
                name = made->record->name;
    });
    return name.empty() ? text(subject.id) : name;
}

static std::string as_table(const Snapshot& before, const Commit& commit) {
    std::string lines;
    for (const model::Step& step : commit.steps) {
        const Subject subject = subject_of(step.change);
        lines += std::to_string(commit.revision) + "  " + text(commit.at) + "  " +
                 base::quoted(commit.actor, 60) + "  " + std::string(verb_of(step.change)) + " " +
                 std::string(model::one_word(subject.noun)) + " " +
                 name_of(before, commit, subject) + "  " + base::quoted(step.reason, 400) + "\n";
    }
    return lines;
}

namespace {

/// Goes through the lines of a log and tells what they hold.
class Walk {
  public:
    Walk(const Common& common, const ReplayWish& wish) : wish_(wish), quiet_(common.quiet) {}

    Status begin(const Common& common) {
        const Format format = TRY(parse_format(common.format));
        if (format != Format::table && format != Format::json)
            return Error{Error::Code::invalid, "replay is shown as table or json"};
        json_ = format == Format::json;
        if (!wish_.file.empty()) {
            from_ = TRY(moment(wish_.from));
            to_ = TRY(moment(wish_.to));
        }
        return {};
    }

    /// Takes some bytes. False: enough, by the person's word.
    Result<bool> take(std::string_view bytes) {
        while (!bytes.empty() && !left_) {
            const std::size_t end = bytes.find('\n');
            if (end == std::string_view::npos) {
                if (rest_.size() + bytes.size() > line_max)
                    return Error{Error::Code::too_large, "a line of the log is too long"};
                rest_ += bytes;
                break;
            }
            if (rest_.empty()) {
                TRY(line(bytes.substr(0, end)));
            } else {
                rest_ += bytes.substr(0, end);
                TRY(line(rest_));
                rest_.clear();
            }
            bytes.remove_prefix(end + 1);
        }
        return !left_;
    }

    Status finish() {
        flush();
        if (left_) {
            summary("left at revision " + std::to_string(revision()));
            return {};
        }
        const Status whole = rest_.empty() ? replay_.finish() : cut_in_a_line();
        TRY(whole);
        summary("the state is as it was, all invariants hold");
        return {};
    }

    /// Says how far it came before an error.
    void break_off() {
        flush();
        if (replay_.head()) summary("not whole");
    }

    void flush() {
        std::fwrite(out_.data(), 1, out_.size(), stdout);
        out_.clear();
    }

  private:
    model::Revision revision() const { return replay_.snapshot().revision; }

    static Result<std::optional<base::Moment>> moment(const std::string& words) {
        if (words.empty()) return std::optional<base::Moment>{};
        base::Moment moment = TRY(base::parse_moment(words));
        if (auto* ago = std::get_if<base::Ago>(&moment)) {
            const auto now = std::chrono::duration_cast<base::Duration>(
                std::chrono::system_clock::now().time_since_epoch());
            moment = base::AtInstant{base::Instant{now - ago->duration}};
        }
        return std::optional(moment);
    }

    static bool before(const Commit& commit, const base::Moment& moment) {
        if (const auto* at = std::get_if<base::AtRevision>(&moment))
            return commit.revision <= at->revision;
        return commit.at <= std::get<base::AtInstant>(moment).instant;
    }

    Status line(std::string_view content) {
        const Commit* commit = TRY(replay_.take(content));
        if (commit == nullptr) return {};
        const bool told = !(from_ && before(*commit, *from_)) && (!to_ || before(*commit, *to_));
        if (told && !quiet_) tell(*commit);
        const bool asks = told && wish_.step;
        TRY(replay_.apply());
        if (asks) ask();
        return {};
    }

    void tell(const Commit& commit) {
        if (json_) {
            model::write_commit(out_, commit);
            out_ += '\n';
        } else {
            out_ += as_table(replay_.snapshot(), commit);
        }
        if (out_.size() > 64 << 10 || wish_.step) flush();
    }

    void ask() {
        std::fflush(stdout);
        std::fprintf(stderr, "revision %llu of %llu; Enter: the next one, q: leave ",
                     static_cast<unsigned long long>(revision()),
                     static_cast<unsigned long long>(replay_.head()->to));
        int first = std::getchar();
        for (int next = first; next != '\n' && next != EOF;) next = std::getchar();
        left_ = first == 'q' || first == EOF;
    }

    /// The file ends within a line: what stands there cannot be taken.
    Status cut_in_a_line() {
        const auto taken = replay_.take(rest_);
        if (!taken.ok()) return taken.error();
        return replay_.finish();
    }

    void summary(const std::string& outcome) {
        const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_);
        const double seconds = std::max(took.count(), 1e-6);
        const auto& counts = replay_.counts();
        const std::string state = text(hash_of(replay_.snapshot()));
        if (json_) {
            out_ = dump(Json::object({{"commits", static_cast<std::int64_t>(counts.commits)},
                                      {"changes", static_cast<std::int64_t>(replay_.changes())},
                                      {"from", static_cast<std::int64_t>(replay_.head()->from)},
                                      {"to", static_cast<std::int64_t>(revision())},
                                      {"state", state},
                                      {"outcome", outcome}})) +
                   "\n";
        } else {
            char speed[64];
            std::snprintf(speed, sizeof speed, "%.2f s (%.0f changes a second)", seconds,
                          static_cast<double>(replay_.changes()) / seconds);
            out_ = "revision " + std::to_string(replay_.head()->from) + " to " +
                   std::to_string(revision()) + ": " + std::to_string(counts.commits) +
                   " commits, " + std::to_string(replay_.changes()) + " changes, " + speed +
                   "\nstate " + state + ": " + outcome + "\n";
        }
        flush();
    }

    const ReplayWish& wish_;
    const bool quiet_;
    bool json_ = false;
    bool left_ = false;
    std::optional<base::Moment> from_;
    std::optional<base::Moment> to_;
    LogReplay replay_;
    std::string rest_;  ///< the beginning of a line
    std::string out_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace

// ---- where the lines come from -----------------------------------------------------------------

static Status read_pieces(const std::string& file,
                          const std::function<Result<bool>(std::string_view)>& take) {
    runtime::Fd opened;
    int fd = STDIN_FILENO;
    if (file != "-") {
        opened = runtime::Fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (!opened) return runtime::system_error(errno, "cannot open " + file);
        fd = opened.get();
    }
    std::string buffer(1 << 20, '\0');
    for (;;) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return runtime::system_error(errno, "cannot read " + file);
        if (count == 0) return {};
        if (!TRY(take({buffer.data(), static_cast<std::size_t>(count)}))) return {};
    }
}

static wire::Query between(const std::string& from, const std::string& to) {
    wire::Query query;
    if (!from.empty()) query.set("from", from);
    if (!to.empty()) query.set("to", to);
    return query;
}

static Status replay_live(Session& session, const ReplayWish& wish, Walk& walk) {
    constexpr std::size_t held_max = 256 << 20;
    Status inner;
    std::string held;  // who looks at each commit for a while must not keep the server waiting
    TRY(session.stream("/v1/log", between(wish.from, wish.to), [&](std::string_view bytes) {
        if (wish.step) {
            held += bytes;
            if (held.size() > held_max)
                inner = Error{Error::Code::too_large, "the log is too long to be held",
                              "`vdc log export FILE`, then `vdc replay --step FILE`"};
            return inner.ok();
        }
        const auto more = walk.take(bytes);
        if (!more.ok()) inner = more.error();
        return more.ok() && *more;
    }));
    TRY(std::move(inner));
    if (wish.step) TRY(walk.take(held));
    return {};
}

int replay(Session& session, const ReplayWish& wish) {
    if (wish.step && wish.file == "-")
        return say({Error::Code::invalid, "--step reads the keys from stdin, so the log cannot"});
    Walk walk(session.common(), wish);
    const Status done = [&]() -> Status {
        TRY(walk.begin(session.common()));
        if (wish.file.empty())
            TRY(replay_live(session, wish, walk));
        else
            TRY(read_pieces(wish.file, [&](std::string_view bytes) { return walk.take(bytes); }));
        return walk.finish();
    }();
    if (done.ok()) return 0;
    walk.break_off();
    const std::string where = wish.file.empty() ? "" : wish.file + ": ";
    return say({done.error().code, where + done.error().message, done.error().hint});
}

// ---- under another policy ----------------------------------------------------------------------

/// The whole log, from a file or from the API.
static Result<std::string> read_log(Session& session, const ReplayWish& wish) {
    std::string log;
    Status inner;
    const auto take = [&](std::string_view bytes) {
        log += bytes;
        if (log.size() > line_max)
            inner = Error{Error::Code::too_large, "the log is longer than 1 GiB",
                          "begin later, with --from"};
        return inner.ok();
    };
    if (wish.file.empty())
        TRY(session.stream("/v1/log", between(wish.from, wish.to), take));
    else
        TRY(read_pieces(wish.file,
                        [&](std::string_view bytes) -> Result<bool> { return take(bytes); }));
    TRY(std::move(inner));
    return log;
}

/// An error about the log names its file.
static Status in_its_file(Status status, const ReplayWish& wish) {
    if (status.ok() || wish.file.empty()) return status;
    const Error& error = status.error();
    const bool of_log =
        error.code == Error::Code::corrupt || error.code == Error::Code::unsupported;
    if (!of_log) return status;
    return Error{error.code, wish.file + ": " + error.message, error.hint};
}

int replay_policy(Session& session, const ReplayWish& wish, const Rerun& rerun) {
    const Status done = [&]() -> Status {
        const Format format = TRY(parse_format(session.common().format));
        if (wish.step || (format != Format::table && format != Format::json))
            return Error{Error::Code::invalid,
                         "a policy's differences are shown at once, as table or json"};
        const bool part_of_file = !wish.file.empty() && !(wish.from + wish.to).empty();
        if (part_of_file)
            return Error{Error::Code::invalid, "--policy takes a file whole",
                         "export the part that is wanted: vdc log export FILE --from ... --to ..."};
        const Json policy = TRY(read_only_document(wish.policy, policy_example));
        const std::string log = TRY(read_log(session, wish));
        return in_its_file(rerun(policy, log, format == Format::json), wish);
    }();
    return done.ok() ? 0 : say(done.error());
}

// ---- export ------------------------------------------------------------------------------------

/// Hands the log on and says whether its last line came.
static Result<bool> pass_on(Session& session, const std::string& path, const wire::Query& query,
                            int fd, const std::string& file) {
    Status inner;
    std::string tail;
    TRY(session.stream(path, query, [&](std::string_view bytes) {
        inner = runtime::write_all(fd, bytes, file);
        tail += bytes;
        constexpr std::size_t line = 200;
        if (tail.size() > line) tail.erase(0, tail.size() - line);
        return inner.ok();
    }));
    TRY(std::move(inner));
    const std::size_t last = tail.rfind('\n', tail.size() < 2 ? 0 : tail.size() - 2);
    return tail.ends_with('\n') &&
           tail.find(" end {", last == std::string::npos ? 0 : last) != std::string::npos;
}

Status save_stream(Session& session, const std::string& path, const wire::Query& query,
                   const std::string& file, const std::string& what) {
    const bool to_stdout = file == "-";
    const std::string beside = file + ".tmp-" + std::to_string(::getpid());
    runtime::Fd made;
    if (!to_stdout) {
        made = runtime::Fd(
            ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!made) return runtime::system_error(errno, "cannot make " + beside);
    }
    const auto whole = pass_on(session, path, query, to_stdout ? STDOUT_FILENO : made.get(), file);
    Status done = whole.ok() ? Status{} : Status(whole.error());
    if (whole.ok() && !*whole)
        done = Error{Error::Code::unavailable, what + " came only in part",
                     "look at the daemon's log, and try again"};
    if (to_stdout) return done;
    if (done.ok() && ::fsync(made.get()) != 0)
        done = runtime::system_error(errno, "cannot write " + beside);
    if (done.ok() && ::rename(beside.c_str(), file.c_str()) != 0)
        done = runtime::system_error(errno, "cannot make " + file);
    if (!done.ok()) ::unlink(beside.c_str());
    return done;
}

int export_log(Session& session, const std::string& file, const std::string& from,
               const std::string& to) {
    const Status done = save_stream(session, "/v1/log", between(from, to), file, "the log");
    return done.ok() ? 0 : say(done.error());
}

}  // namespace vdc::cli
