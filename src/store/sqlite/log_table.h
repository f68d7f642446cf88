#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/page.h"
#include "store/sqlite/database.h"

/// The table `log`: commits are only added at its end, which makes an append as cheap as SQLite can
/// be. A B-tree index over the subjects would cost one page write per step, because their ids are
/// random: measured six times slower at 64 commits in a group. So the log is indexed afterwards, in
/// segments (segment_table.h).
///
/// Each row carries the steps of its commit as lines that can be searched without parsing the body:
///
///     create instance 01890a5d-ac96-774b-bcce-b302099a8057 "admin asked for it"
namespace vdc::store {

struct LogRow {
    model::Revision revision = 0;
    model::Instant at;
    std::uint64_t term = 0;
    std::string actor;
    std::string request;
    std::string steps;
    std::string body;
};

/// The row of a commit that a leader of `term` makes.
LogRow row_of(const model::Commit& commit, std::uint64_t term);

/// The statement that append() uses.
base::Result<Statement> prepare_append(Database& database);
base::Status append(Statement& statement, const LogRow& row);

/// (first, last) revision of the log; first > last when it is empty.
base::Result<std::pair<model::Revision, model::Revision>> read_range(Database& database);

/// Whole commits after a revision, in order.
base::Result<std::vector<model::CommitPtr>> read_commits(Database& database, model::Revision after,
                                                         std::size_t limit);

/// The last revision committed at or before a moment; none when all of the log is later.
base::Result<std::optional<model::Revision>> last_at(Database& database, model::Instant when);

/// When the first commit of the log was made.
base::Result<model::Instant> first_instant(Database& database);

/// Calls visit(commit) for each commit after a revision up to another, in order, until it returns
/// an error.
base::Status visit_commits(Database& database, model::Revision after, model::Revision last,
                           const std::function<base::Status(const model::Commit&)>& visit);

/// "instance 01890a5d-ac96-774b-bcce-b302099a8057": how a line names its subject.
std::string subject_text(const model::Subject& subject);

/// One line of a row's steps, taken apart.
struct StepLine {
    std::string_view verb;
    std::string_view noun;
    std::string_view subject;  ///< noun and id, as subject_text()
    std::string_view id;
    std::string_view reason;  ///< as JSON
};

/// Calls visit(line) for each line. Corrupt when they are no lines of ours.
base::Status visit_steps(std::string_view steps, const std::function<void(const StepLine&)>& visit);

base::Result<std::vector<Entry>> read_history(Database& database, const Query& query);

}  // namespace vdc::store
