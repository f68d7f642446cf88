#include <atomic>

#include "runtime/files.h"
#include "store/page.h"
#include "store/sqlite/connections.h"
#include "store/sqlite/keeper.h"
#include "store/sqlite/log_table.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/state_table.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using model::CommitPtr;
using model::Revision;
using model::Snapshot;

namespace {

Result<Head> read_head(Database& database) {
    Head head;
    head.revision = TRY(read_range(database)).second;
    head.term = static_cast<std::uint64_t>(TRY(database.number(
        "SELECT max((SELECT coalesce(max(term), 0) FROM part), coalesce((SELECT term FROM log "
        "ORDER BY revision DESC LIMIT 1), 0))")));
    return head;
}

Result<Past> read_past(Database& database) {
    const Revision before = TRY(read_range(database)).first - 1;
    Past past;
    past.newest_snapshot =
        static_cast<Revision>(TRY(database.number("SELECT max(revision) FROM part")));
    if (before == 0) {
        past.since = TRY(first_instant(database));
    } else if (const auto oldest = TRY(oldest_snapshot(database, before))) {
        past.first = oldest->first;
        past.since = oldest->second;
    }
    return past;
}

/// From the nearest snapshot that is stored, and the log after it.
Result<Snapshot> rebuilt(Database& database, Revision revision) {
    const std::vector<Part> parts = TRY(read_parts(database, revision));
    Snapshot snapshot = TRY(load(database, parts));
    TRY(visit_commits(database, snapshot.revision, revision,
                      [&](const model::Commit& commit) { return replay(snapshot, commit); }));
    return snapshot;
}

class SqliteStore final : public Store {
  public:
    SqliteStore(runtime::FileLock lock, std::unique_ptr<Connections> connections, Statement append,
                Head head)
        : lock_(std::move(lock)),
          connections_(std::move(connections)),
          append_(std::move(append)),
          head_(head),
          keeper_(*connections_) {
        keeper_.committed(head_.revision, 0);
    }

    Result<Snapshot> latest() override {
        Connections::Loan reader = TRY(connections_->reader());
        const Transaction transaction =
            TRY(Transaction::begin(*reader, Transaction::Kind::reading));
        head_ = TRY(read_head(*reader));
        return rebuilt(*reader, head_.revision);
    }

    Status commit(Revision after, std::uint64_t term, std::span<const CommitPtr> commits) override {
        TRY(check_follows(head_, after, term, commits));
        if (commits.empty()) return {};
        rows_.clear();
        for (const CommitPtr& each : commits) rows_.push_back(row_of(*each, term));
        const std::int64_t pages = TRY(write_rows());
        head_ = {after + commits.size(), term};
        keeper_.committed(head_.revision, pages);
        return {};
    }

    Status compact(const Snapshot& snapshot, Revision keep) override {
        base::check(snapshot.revision <= head_.revision, "a snapshot of what is not committed");
        return keeper_.compact(snapshot, keep, head_.term);
    }

    Status settle() override { return keeper_.settle(); }

    Result<std::pair<Revision, Revision>> log_range() override {
        Connections::Loan reader = TRY(connections_->reader());
        return read_range(*reader);
    }

    Result<std::vector<CommitPtr>> log(Revision after, std::size_t limit) override {
        Connections::Loan reader = TRY(connections_->reader());
        const Transaction transaction =
            TRY(Transaction::begin(*reader, Transaction::Kind::reading));
        return read_commits(*reader, after, limit);
    }

    Result<Snapshot> at(Revision revision) override {
        Connections::Loan reader = TRY(connections_->reader());
        const Transaction transaction =
            TRY(Transaction::begin(*reader, Transaction::Kind::reading));
        const Revision last = TRY(read_range(*reader)).second;
        if (revision > last) return not_reached(revision, last);
        const Past past = TRY(read_past(*reader));
        if (revision < past.first) return forgotten(revision, past);
        return rebuilt(*reader, revision);
    }

    Result<Revision> revision_at(model::Instant when) override {
        Connections::Loan reader = TRY(connections_->reader());
        const Transaction transaction =
            TRY(Transaction::begin(*reader, Transaction::Kind::reading));
        if (const auto found = TRY(last_at(*reader, when))) return *found;
        const Revision before = TRY(read_range(*reader)).first - 1;
        const Past past = TRY(read_past(*reader));
        const bool just_before = before > 0 && past.first == before && past.since <= when;
        if (just_before) return before;
        return forgotten(when, past);
    }

    Result<Past> past() override {
        Connections::Loan reader = TRY(connections_->reader());
        const Transaction transaction =
            TRY(Transaction::begin(*reader, Transaction::Kind::reading));
        return read_past(*reader);
    }

    Result<std::uint64_t> size() override {
        Connections::Loan reader = TRY(connections_->reader());
        const std::int64_t pages = TRY(reader->number("PRAGMA page_count"));
        const std::int64_t free = TRY(reader->number("PRAGMA freelist_count"));
        const std::int64_t page_size = TRY(reader->number("PRAGMA page_size"));
        return static_cast<std::uint64_t>((pages - free) * page_size);
    }

    Result<std::vector<Entry>> history(const Query& query) override {
        Connections::Loan reader = TRY(connections_->reader());
        return read_history(*reader, query);
    }

    Result<std::string> note(const std::string& name) override {
        Connections::Loan reader = TRY(connections_->reader());
        Statement statement = TRY(reader->prepare("SELECT value FROM note WHERE name = ?"));
        statement.bind_text(name);
        const bool found = TRY(statement.step());
        return found ? std::string(statement.bytes(0)) : "";
    }

    Status set_note(const std::string& name, const std::string& value) override {
        const Turns::Turn turn = connections_->turns().take(Turns::For::commit);
        Statement statement = TRY(connections_->writer().prepare(
            "INSERT INTO note(name, value) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET value = ?2"));
        statement.bind_text(name).bind_text(value);
        return statement.run();
    }

    Result<std::map<std::string, std::string>> notes() override {
        Connections::Loan reader = TRY(connections_->reader());
        Statement statement =
            TRY(reader->prepare("SELECT name, value FROM note WHERE value <> ''"));
        std::map<std::string, std::string> all;
        while (TRY(statement.step())) all.emplace(statement.bytes(0), statement.bytes(1));
        return all;
    }

  private:
    /// Pages that wait in the log ahead afterwards.
    Result<std::int64_t> write_rows() {
        const Turns::Turn turn = connections_->turns().take(Turns::For::commit);
        Transaction transaction =
            TRY(Transaction::begin(connections_->writer(), Transaction::Kind::writing));
        for (const LogRow& row : rows_) TRY(append(append_, row));
        TRY(transaction.commit());
        return connections_->writer().pages_ahead();
    }

    runtime::FileLock lock_;
    std::unique_ptr<Connections> connections_;
    Statement append_;
    Head head_;
    std::vector<LogRow> rows_;
    Keeper keeper_;
};

Result<runtime::FileLock> lock_folder(const std::string& folder) {
    auto lock = runtime::lock_file(folder + "/lock");
    if (lock.ok() || lock.error().code != Error::Code::conflict) return lock;
    return Error{Error::Code::conflict, "another vdc runs on this folder: " + lock.error().message,
                 lock.error().hint};
}

/// Lets a new file begin with this datacenter.
Status begin_with(Connections& connections, const Snapshot& snapshot) {
    Keeper keeper(connections);
    TRY(keeper.compact(snapshot, 0, 0));
    return keeper.settle();
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& folder,
                                                 const SqliteOptions& options) {
    TRY(runtime::ensure_dir(folder, 0700));
    runtime::FileLock lock = TRY(lock_folder(folder));
    const std::string path = TRY(prepare_file(folder));
    std::unique_ptr<Connections> connections = TRY(Connections::open(path, options.durability));
    // And a quarter for what is committed while the keeper moves.
    TRY(connections->writer().make_room_ahead(checkpoint_pages + checkpoint_pages / 4));
    Statement append = TRY(prepare_append(connections->writer()));
    Head head = TRY(read_head(connections->writer()));
    if (head.revision == 0 && options.begin.revision > 0) {
        TRY(begin_with(*connections, options.begin));
        head = TRY(read_head(connections->writer()));
    }
    return std::unique_ptr<Store>(std::make_unique<SqliteStore>(
        std::move(lock), std::move(connections), std::move(append), head));
}

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& folder) {
    return open_sqlite_store(folder, SqliteOptions{});
}

}  // namespace vdc::store
