#include "model/log_text.h"

#include <charconv>

#include "base/text.h"
#include "model/json_place.h"
#include "model/read_json.h"
#include "model/write_json.h"
#include "model/writer.h"

namespace vdc::model {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using Code = Error::Code;

static constexpr std::string_view first_word = "vdc-log ";
static constexpr std::size_t sum_length = 16;

static std::string sum_of(std::string_view content) {
    return text(base::Hasher{}.add(content).finish()).substr(0, sum_length);
}

// ---- writing -----------------------------------------------------------------------------------

/// Puts the sum before what was written from `begin` on, and ends the line.
static void end_line(std::string& out, std::size_t begin) {
    const std::string sum = sum_of(std::string_view(out).substr(begin + sum_length + 1));
    out.replace(begin, sum_length, sum);
    out += '\n';
}

/// Leaves room for the sum. Where the line begins.
static std::size_t begin_line(std::string& out, std::string_view kind) {
    const std::size_t begin = out.size();
    out.append(sum_length + 1, ' ');
    out += kind;
    out += ' ';
    return begin;
}

void write_log_head(std::string& out, const LogHead& head) {
    out += first_word;
    out += std::to_string(log_format) + "\n";
    const std::size_t begin = begin_line(out, "head");
    dump_to(out, Json::object({{"program", head.program},
                               {"from", static_cast<std::int64_t>(head.from)},
                               {"to", static_cast<std::int64_t>(head.to)},
                               {"at", text(head.at)},
                               {"until", text(head.until)},
                               {"state", text(head.state)}}));
    end_line(out, begin);
}

template <class R>
void write_log_record(std::string& out, const R& record) {
    const std::size_t begin = begin_line(out, "record");
    out += word(R::noun);
    out += ' ';
    write_record(out, record);
    end_line(out, begin);
}

void write_log_commit(std::string& out, const Commit& commit) {
    const std::size_t begin = begin_line(out, "commit");
    write_commit(out, commit);
    end_line(out, begin);
}

void write_log_end(std::string& out, const LogCounts& counts) {
    const std::size_t begin = begin_line(out, "end");
    dump_to(out, Json::object({{"records", static_cast<std::int64_t>(counts.records)},
                               {"commits", static_cast<std::int64_t>(counts.commits)}}));
    end_line(out, begin);
}

// ---- errors ------------------------------------------------------------------------------------

static constexpr const char* make_another = "`vdc log export FILE` makes another one";

Error LogReplay::wrong(std::size_t column, const std::string& what, std::string hint) const {
    return {Code::corrupt,
            "line " + std::to_string(line_) + ", column " + std::to_string(column) + ": " + what,
            hint.empty() ? make_another : std::move(hint)};
}

/// Where in the line JSON stopped being JSON.
static std::size_t column_of(std::string_view line, std::string_view json, const Error& error) {
    const auto begin = static_cast<std::size_t>(json.data() - line.data());
    return begin + byte_of(error) + 1;
}

Error LogReplay::unreadable(std::string_view line, std::string_view json,
                            const Error& error) const {
    if (error.code == Code::corrupt) return wrong(1, error.message, error.hint);
    return wrong(column_of(line, json, error), "the line is damaged: " + error.message, error.hint);
}

// ---- reading -----------------------------------------------------------------------------------

/// Takes the text up to the next space off `rest`.
static std::string_view take_word(std::string_view& rest) {
    const std::size_t at = rest.find(' ');
    const std::string_view taken = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return taken;
}

/// The first line; whether this build reads what follows.
static std::optional<Error> check_format(std::string_view line) {
    if (!line.starts_with(first_word))
        return Error{Code::corrupt, "line 1, column 1: this is no exported log", make_another};
    const std::string_view digits = line.substr(first_word.size());
    int format = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), format);
    const std::string where = "line 1, column " + std::to_string(first_word.size() + 1) + ": ";
    if (failure != std::errc{} || end != digits.data() + digits.size() || format < 1)
        return Error{Code::corrupt, where + "'" + base::quoted(digits, 20) + "' is no format",
                     make_another};
    if (format <= log_format) return std::nullopt;
    return Error{Code::unsupported,
                 where + "this log was written by a newer vdc (format " + std::to_string(format) +
                     "; this one reads up to " + std::to_string(log_format) + ")",
                 "replay it with that version or a newer one"};
}

Result<const Commit*> LogReplay::take(std::string_view line) {
    using Taken = Result<const Commit*>;
    text_ = line;
    has_commit_ = false;
    if (++line_ == 1) {
        if (auto error = check_format(line)) return std::move(*error);
        return Taken(nullptr);
    }
    if (ended_) return wrong(1, "something stands after the end");
    if (line.size() <= sum_length || line[sum_length] != ' ')
        return wrong(1, "the line does not begin with its sum");
    const std::string_view content = line.substr(sum_length + 1);
    if (line.substr(0, sum_length) != sum_of(content)) {
        const std::size_t brace = line.find('{');
        const std::string_view json = line.substr(std::min(brace, line.size()));
        const auto readable = base::parse_json(json);
        if (!readable.ok()) return unreadable(line, json, readable.error());
        return wrong(1, "the line is damaged: its sum is another");
    }
    TRY(take_content(content));
    return Taken(has_commit_ ? &commit_ : nullptr);
}

Status LogReplay::take_content(std::string_view content) {
    const std::string_view kind = take_word(content);
    if (!head_ && kind != "head") return wrong(sum_length + 2, "the head must come first");
    if (kind == "commit") return take_commit(content);
    if (kind == "record") return take_record(content);
    if (kind == "end") return take_end(content);
    if (kind == "head") return take_head(content);
    return wrong(sum_length + 2, "'" + base::quoted(kind, 40) +
                                     "' is no kind of line; they are head, record, commit, end");
}

static std::optional<base::Hash128> hash_from(const std::string& digits) {
    base::Hash128 hash;
    if (digits.size() != 32) return std::nullopt;
    const char* at = digits.data();
    const bool good = std::from_chars(at, at + 16, hash.high, 16).ptr == at + 16 &&
                      std::from_chars(at + 16, at + 32, hash.low, 16).ptr == at + 32;
    return good ? std::optional(hash) : std::nullopt;
}

Status LogReplay::take_head(std::string_view content) {
    if (head_) return wrong(sum_length + 2, "a second head");
    const auto json = base::parse_json(content);
    if (!json.ok()) return unreadable(text_, content, json.error());
    const auto at = base::parse_instant(json->text_at("at"));
    const auto until = base::parse_instant(json->text_at("until"));
    const auto state = hash_from(json->text_at("state"));
    if (!at.ok() || !until.ok() || !state)
        return wrong(sum_length + 2, "the head lacks a time or a state");
    head_ = {json->text_at("program"),
             static_cast<Revision>(json->integer_at("from")),
             static_cast<Revision>(json->integer_at("to")),
             *at,
             *until,
             *state};
    snapshot_.revision = head_->from;
    snapshot_.committed = head_->at;
    return {};
}

Status LogReplay::take_record(std::string_view content) {
    if (counts_.commits > 0) return wrong(sum_length + 2, "a record stands after a commit");
    const std::string_view noun = take_word(content);
    Status status = wrong(sum_length + 9, "'" + base::quoted(noun, 40) + "' is no noun",
                          "a newer vdc wrote it; replay it with that one");
    for_each_noun([&]<class R>(std::type_identity<R>) {
        if (noun != word(R::noun)) return;
        auto record = read_record<R>(content);
        status = record.ok() ? Status{} : unreadable(text_, content, record.error());
        if (record.ok()) Writer{snapshot_}.put(std::move(*record));
    });
    TRY(std::move(status));
    ++counts_.records;
    return {};
}

Status LogReplay::take_commit(std::string_view content) {
    auto commit = read_commit(content);
    if (!commit.ok()) return unreadable(text_, content, commit.error());
    if (commit->revision != snapshot_.revision + 1)
        return wrong(sum_length + 2, "revision " + std::to_string(commit->revision) +
                                         " stands after revision " +
                                         std::to_string(snapshot_.revision) +
                                         ": lines are missing, or in another order");
    commit_ = std::move(*commit);
    has_commit_ = true;
    return {};
}

Status LogReplay::take_end(std::string_view content) {
    const auto json = base::parse_json(content);
    if (!json.ok()) return unreadable(text_, content, json.error());
    ended_ = true;
    const LogCounts told{static_cast<std::uint64_t>(json->integer_at("records")),
                         static_cast<std::uint64_t>(json->integer_at("commits"))};
    if (told == counts_ && snapshot_.revision == head_->to) return {};
    return wrong(sum_length + 2, "lines are missing: there were " + std::to_string(told.records) +
                                     " records and " + std::to_string(told.commits) +
                                     " commits, here stand " + std::to_string(counts_.records) +
                                     " and " + std::to_string(counts_.commits));
}

Status LogReplay::apply() {
    base::check(has_commit_, "a commit was taken to be applied");
    has_commit_ = false;
    const Status fits = replay(snapshot_, commit_);
    if (!fits.ok())
        return wrong(1, "revision " + std::to_string(commit_.revision) +
                            " does not fit what stands before it: " + fits.error().message);
    ++counts_.commits;
    changes_ += commit_.steps.size();
    return {};
}

Status LogReplay::arrived() const {
    if (!head_ || !ended_)
        return Error{Code::corrupt,
                     "line " + std::to_string(line_ + 1) + ", column 1: the log is cut off" +
                         (head_ ? " after revision " + std::to_string(snapshot_.revision) + " of " +
                                      std::to_string(head_->to)
                                : std::string(" before its head")),
                     std::string("what stands before that is whole; ") + make_another};
    const base::Hash128 state = hash_of(snapshot_);
    if (state != head_->state)
        return Error{Code::failed, "the replay came to another state at revision " +
                                       std::to_string(snapshot_.revision) + ": " + text(state) +
                                       ", but it was " + text(head_->state)};
    return {};
}

Status LogReplay::finish() const {
    TRY(arrived());
    const std::vector<std::string> violations = check(snapshot_);
    if (violations.empty()) return {};
    return Error{Code::failed, "at revision " + std::to_string(snapshot_.revision) + " " +
                                   std::to_string(violations.size()) +
                                   " invariants are violated; the first: " + violations.front()};
}

#define VDC_LOG_RECORD(R) template void write_log_record<R>(std::string&, const R&);
VDC_LOG_RECORD(Project)
VDC_LOG_RECORD(Host)
VDC_LOG_RECORD(Flavor)
VDC_LOG_RECORD(KeyPair)
VDC_LOG_RECORD(Image)
VDC_LOG_RECORD(Network)
VDC_LOG_RECORD(Volume)
VDC_LOG_RECORD(VolumeSnapshot)
VDC_LOG_RECORD(Port)
VDC_LOG_RECORD(Instance)
VDC_LOG_RECORD(Application)
VDC_LOG_RECORD(Balance)
VDC_LOG_RECORD(Operation)

}  // namespace vdc::model
