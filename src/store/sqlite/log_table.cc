#include "store/sqlite/log_table.h"

#include <limits>

#include "model/read_json.h"
#include "model/write_json.h"
#include "store/sqlite/segment_table.h"
#include "store/sqlite/sum.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using model::Commit;
using model::CommitPtr;
using model::Revision;

// ---- writing -----------------------------------------------------------------------------------

std::string subject_text(const model::Subject& subject) {
    std::string line(word(subject.noun));
    line += ' ';
    line += text(subject.id);
    return line;
}

LogRow row_of(const Commit& commit, std::uint64_t term) {
    LogRow row{.revision = commit.revision,
               .at = commit.at,
               .term = term,
               .actor = commit.actor,
               .request = commit.request,
               .steps = {},
               .body = {}};
    constexpr std::size_t usual = 1024;  // of a step: a text that grows is copied each time
    row.steps.reserve(commit.steps.size() * usual / 4);
    row.body.reserve(commit.steps.size() * usual);
    for (const model::Step& step : commit.steps) {
        row.steps += verb_of(step.change);
        row.steps += ' ';
        row.steps += subject_text(subject_of(step.change));
        row.steps += ' ';
        base::dump_text_to(row.steps, step.reason);
        row.steps += '\n';
    }
    model::write_commit(row.body, commit);
    return row;
}

Result<Statement> prepare_append(Database& database) {
    return database.prepare(
        "INSERT INTO log(revision, at, term, actor, request, steps, sum, body) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
}

Status append(Statement& statement, const LogRow& row) {
    statement.bind(row.revision)
        .bind(std::int64_t{row.at.time_since_epoch().count()})
        .bind(row.term)
        .bind_text(row.actor)
        .bind_text(row.request)
        .bind_text(row.steps)
        .bind(sum_of(row.body))
        .bind_text(row.body);
    return statement.run();
}

// ---- reading commits ---------------------------------------------------------------------------

Result<std::pair<Revision, Revision>> read_range(Database& database) {
    Statement statement = TRY(
        database.prepare("SELECT (SELECT min(revision) FROM log), (SELECT max(revision) FROM log), "
                         "(SELECT max(revision) FROM part)"));
    if (!TRY(statement.step())) return std::pair<Revision, Revision>{1, 0};
    const Revision first = statement.number(0);
    const Revision last = std::max(statement.number(1), statement.number(2));
    return std::pair{first != 0 ? first : last + 1, last};
}

static Error damaged(Revision revision, const std::string& how) {
    return {Error::Code::corrupt,
            "the stored commit of revision " + std::to_string(revision) + " is damaged: " + how,
            "put a backup of the data folder in its place"};
}

/// The commit of a row (revision, sum, body).
static Result<Commit> commit_of(const Statement& row) {
    const Revision revision = row.number(0);
    const std::string_view body = row.bytes(2);
    if (sum_of(body) != row.integer(1)) return damaged(revision, "its sum is another");
    auto commit = model::read_commit(body);
    if (!commit.ok()) return damaged(revision, text(commit.error()));
    if (commit->revision != revision) return damaged(revision, "it names another revision");
    return commit;
}

Result<model::Instant> first_instant(Database& database) {
    return model::Instant{
        model::Duration{TRY(database.number("SELECT at FROM log ORDER BY revision LIMIT 1"))}};
}

/// By halves: no index over the times is needed, because they rise with the revisions.
Result<std::optional<Revision>> last_at(Database& database, model::Instant when) {
    auto [low, high] = TRY(read_range(database));
    Statement row = TRY(
        database.prepare("SELECT at FROM log WHERE revision <= ? ORDER BY revision DESC LIMIT 1"));
    std::optional<Revision> found;
    while (low <= high) {
        const Revision middle = low + (high - low) / 2;
        row.bind(middle);
        if (!TRY(row.step())) return found;
        const bool later = row.integer(0) > when.time_since_epoch().count();
        row.reset();
        if (!later) found = middle;
        if (later)
            high = middle - 1;
        else
            low = middle + 1;
    }
    return found;
}

Status visit_commits(Database& database, Revision after, Revision last,
                     const std::function<Status(const Commit&)>& visit) {
    Statement statement = TRY(
        database.prepare("SELECT revision, sum, body FROM log WHERE revision > ? AND revision <= ? "
                         "ORDER BY revision"));
    statement.bind(after).bind(last);
    while (TRY(statement.step())) {
        const Commit commit = TRY(commit_of(statement));
        TRY(visit(commit));
    }
    return {};
}

Result<std::vector<CommitPtr>> read_commits(Database& database, Revision after, std::size_t limit) {
    const auto [first, last] = TRY(read_range(database));
    if (after + 1 < first) return dropped(after);
    std::vector<CommitPtr> commits;
    Statement statement = TRY(database.prepare(
        "SELECT revision, sum, body FROM log WHERE revision > ? ORDER BY revision LIMIT ?"));
    statement.bind(after).bind(std::uint64_t{std::min<std::size_t>(limit, 1 << 30)});
    while (TRY(statement.step()))
        commits.push_back(std::make_shared<const Commit>(TRY(commit_of(statement))));
    return commits;
}

// ---- steps and history -------------------------------------------------------------------------

/// Takes the text up to the separator, and both, off `rest`.
static std::string_view take_to(std::string_view& rest, char separator) {
    const std::size_t at = rest.find(separator);
    const std::string_view taken = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return taken;
}

Status visit_steps(std::string_view steps, const std::function<void(const StepLine&)>& visit) {
    while (!steps.empty()) {
        std::string_view rest = take_to(steps, '\n');
        StepLine line;
        line.verb = take_to(rest, ' ');
        line.subject = rest.substr(0, rest.find(' ', rest.find(' ') + 1));
        line.noun = take_to(rest, ' ');
        line.id = take_to(rest, ' ');
        line.reason = rest;
        if (line.id.size() != 36 || rest.empty())
            return Error{Error::Code::corrupt, "the steps of a stored commit are damaged",
                         "put a backup of the data folder in its place"};
        visit(line);
    }
    return {};
}

/// What a word of another build's noun becomes: nothing that a query asks for.
static std::optional<model::Noun> noun_of_word(std::string_view noun) {
    for (const auto& each : words(model::Noun{}))
        if (each.word == noun) return each.value;
    return std::nullopt;
}

/// The entries of a row (revision, at, actor, request, steps).
static Result<std::vector<Entry>> entries_of_row(const Statement& row) {
    std::vector<Entry> entries;
    std::uint32_t index = 0;
    TRY(visit_steps(row.bytes(4), [&](const StepLine& line) {
        Entry entry;
        entry.revision = row.number(0);
        entry.index = index++;
        entry.at = model::Instant{model::Duration{row.integer(1)}};
        entry.actor = row.bytes(2);
        entry.request = row.bytes(3);
        const auto noun = noun_of_word(line.noun);
        const auto id = base::parse_uuid(line.id);
        const auto reason = base::parse_json(line.reason);
        if (!noun || !id) return;
        entry.subject = {*noun, *id};
        entry.verb = line.verb;
        entry.reason = reason.ok() && reason->is(base::Json::Kind::text) ? reason->text() : "";
        entries.push_back(std::move(entry));
    }));
    return entries;
}

namespace {

/// Goes through the log for one query. A step of it answers whether the page has its end.
class Search {
  public:
    Search(Database& database, const Query& query)
        : database_(database), query_(query), page_(query) {
        if (query.subject)
            needle_ = " " + subject_text(*query.subject) + " ";
        else if (query.noun)
            needle_ = " " + std::string(word(*query.noun)) + " ";
    }

    Result<std::vector<Entry>> run() {
        if (needle_.empty()) {
            TRY(scan(query_.after, end()));
            return page_.take();
        }
        const Revision indexed = TRY(last_indexed(database_));
        const Revision tail = std::max(indexed, query_.after);
        if (query_.newest_first) {
            if (!TRY(scan(tail, end()))) TRY(look_up());
        } else {
            if (!TRY(look_up())) TRY(scan(tail, end()));
        }
        return page_.take();
    }

  private:
    using Ended = bool;

    Revision end() const {
        constexpr Revision last = std::numeric_limits<std::int64_t>::max();
        return std::min(query_.before.value_or(last), last);
    }
    std::string ordered(const std::string& select, const std::string& column) const {
        return select + " ORDER BY " + column + (query_.newest_first ? " DESC" : "");
    }

    Result<Ended> take(const Statement& row) {
        if (!needle_.empty() && row.bytes(4).find(needle_) == std::string_view::npos) return false;
        return !page_.add(TRY(entries_of_row(row)));
    }

    /// All rows between two revisions, both excluded.
    Result<Ended> scan(Revision after, Revision before) {
        Statement rows =
            TRY(database_.prepare(ordered("SELECT revision, at, actor, request, steps FROM log "
                                          "WHERE revision > ? AND revision < ?",
                                          "revision")));
        rows.bind(after).bind(before);
        while (TRY(rows.step()))
            if (TRY(take(rows))) return true;
        return false;
    }

    /// The rows that the segments point at.
    Result<Ended> look_up() {
        const std::string_view key = std::string_view(needle_).substr(1, needle_.size() - 2);
        Statement segments = TRY(database_.prepare(
            ordered("SELECT first, keys FROM segment WHERE last > ? AND first < ?", "first")));
        Statement one = TRY(database_.prepare(
            "SELECT revision, at, actor, request, steps FROM log WHERE revision = ?"));
        segments.bind(query_.after).bind(end());
        while (TRY(segments.step())) {
            std::vector<Revision> found = revisions_of(segments.number(0), segments.bytes(1), key);
            if (query_.newest_first) std::reverse(found.begin(), found.end());
            for (const Revision revision : found) {
                if (!in_range(query_, revision)) continue;
                one.bind(revision);
                const bool there = TRY(one.step());
                if (there && TRY(take(one))) return true;
                one.reset();
            }
        }
        return false;
    }

    Database& database_;
    const Query& query_;
    Page page_;
    std::string needle_;
};

}  // namespace

Result<std::vector<Entry>> read_history(Database& database, const Query& query) {
    const Transaction transaction = TRY(Transaction::begin(database, Transaction::Kind::reading));
    return Search(database, query).run();
}

}  // namespace vdc::store
