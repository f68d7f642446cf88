#include "store/sqlite/keeper.h"

#include <algorithm>
#include <chrono>

#include "runtime/log.h"
#include "store/sqlite/log_table.h"
#include "store/sqlite/segment_table.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using model::Revision;
using model::Subject;

Keeper::Keeper(Connections& connections)
    : connections_(connections), checkpoint_at_(checkpoint_pages), thread_([this] { run(); }) {}

Keeper::~Keeper() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Keeper::committed(Revision latest, std::int64_t pages_ahead) {
    {
        const std::lock_guard lock(mutex_);
        latest_ = latest;
        pages_ahead_ = pages_ahead;
        if (!is_late() && !(idle_ && has_work())) return;
    }
    changed_.notify_all();
}

Status Keeper::compact(const model::Snapshot& snapshot, Revision keep, std::uint64_t term) {
    Status last;
    {
        const std::lock_guard lock(mutex_);
        if (wish_) return {};
        wish_ = Wish{snapshot, keep, term};
        last = std::exchange(last_outcome_, Status{});
    }
    changed_.notify_all();
    return last;
}

Status Keeper::settle() {
    std::unique_lock lock(mutex_);
    ++settling_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return stopped_ || (!working_ && !has_work()); });
    --settling_;
    return last_outcome_;
}

// ---- the thread --------------------------------------------------------------------------------

bool Keeper::has_work() const {
    return wish_ || pages_ahead_ >= checkpoint_at_ || latest_ >= indexed_ + segment_length;
}

/// Not to be put off any longer.
bool Keeper::is_late() const {
    constexpr Revision segments_late = 32;
    return pages_ahead_ >= checkpoint_at_ + checkpoint_pages_late ||
           latest_ >= indexed_ + segments_late * segment_length || settling_ > 0;
}

/// Returns once nothing was committed for a while, or there is no time left for that: 2 s.
void Keeper::wait_for_quiet(std::unique_lock<std::mutex>& lock) {
    constexpr auto quiet = std::chrono::milliseconds(20);
    constexpr int looks = 100;
    for (int look = 0; look < looks; ++look) {
        const Revision seen = latest_;
        if (changed_.wait_for(lock, quiet, [this] { return stopped_ || is_late(); })) return;
        if (latest_ == seen) return;
    }
}

bool Keeper::stopping() {
    const std::lock_guard lock(mutex_);
    return stopped_;
}

void Keeper::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        working_ = false;
        idle_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return stopped_ || has_work(); });
        idle_ = false;
        working_ = true;
        wait_for_quiet(lock);
        if (stopped_) return;
        const bool full = pages_ahead_ >= checkpoint_at_;
        const bool long_enough = latest_ >= indexed_ + segment_length;
        lock.unlock();
        if (full) checkpoint();
        if (long_enough) index();
        lock.lock();
        if (!wish_) continue;
        const Wish wish = *wish_;
        lock.unlock();
        Status outcome = compact_now(wish);
        if (!outcome.ok() && !stopping())
            runtime::log().warning("store", "cannot keep a snapshot: " + text(outcome.error()));
        lock.lock();
        wish_.reset();
        last_outcome_ = std::move(outcome);
    }
}

template <class Fn>
Status Keeper::slice(Fn fn) {
    if (stopping()) return Error{Error::Code::unavailable, "the store is being closed"};
    const Turns::Turn turn = connections_.turns().take(Turns::For::background);
    Transaction transaction =
        TRY(Transaction::begin(connections_.background(), Transaction::Kind::writing));
    TRY(fn(connections_.background()));
    return transaction.commit();
}

/// Most of the pages while commits go on, the rest while none can: only when all are moved does the
/// log ahead begin anew instead of growing.
void Keeper::checkpoint() {
    const auto moved = [&]() -> Result<std::int64_t> {
        Connections::Loan reader = TRY(connections_.reader());
        TRY(reader->checkpoint());
        const Turns::Turn turn = connections_.turns().take(Turns::For::background);
        return reader->checkpoint();
    }();
    if (!moved.ok())
        runtime::log().warning("store",
                               "cannot move commits into the data file: " + text(moved.error()));
    const std::lock_guard lock(mutex_);
    const bool all = moved.ok() && *moved == 0;
    pages_ahead_ = all ? 0 : pages_ahead_;
    checkpoint_at_ = all ? checkpoint_pages : pages_ahead_ + checkpoint_pages;
}

void Keeper::index() {
    const auto indexed = [&]() -> Result<Revision> {
        for (;;) {
            Segment segment;
            {
                Connections::Loan reader = TRY(connections_.reader());
                segment = TRY(next_segment(*reader));
            }
            if (segment.keys.empty()) return segment.first - 1;
            TRY(slice([&](Database& database) { return write(database, segment); }));
        }
    }();
    if (!indexed.ok() && !stopping())
        runtime::log().warning("store", "cannot index the log: " + text(indexed.error()));
    const std::lock_guard lock(mutex_);
    indexed_ = indexed.ok() ? *indexed : latest_;
}

// ---- compaction --------------------------------------------------------------------------------

Result<std::set<Subject>> Keeper::changed_since(Revision revision) {
    std::set<Subject> changed;
    Connections::Loan reader = TRY(connections_.reader());
    Statement rows = TRY(reader->prepare("SELECT steps FROM log WHERE revision > ?"));
    rows.bind(revision);
    while (TRY(rows.step())) {
        TRY(visit_steps(rows.bytes(0), [&](const StepLine& line) {
            const auto id = base::parse_uuid(line.id);
            for (const auto& each : words(model::Noun{}))
                if (id && each.word == line.noun) changed.insert({each.value, *id});
        }));
    }
    return changed;
}

static bool must_be_whole(const std::vector<Part>& before, std::size_t changed) {
    if (before.empty()) return true;
    std::int64_t later = static_cast<std::int64_t>(changed);
    for (const Part& part : before)
        if (!part.whole) later += part.records;
    return later > before.front().records;
}

Result<Part> Keeper::write_chunks(const Wish& wish, const std::vector<Part>& before) {
    const model::Snapshot& snapshot = wish.snapshot;
    Part part{.number = before.empty() ? 1 : before.back().number + 1,
              .whole = false,
              .revision = snapshot.revision,
              .at = snapshot.committed,
              .term = wish.term,
              .records = 0};
    std::set<Subject> changed;
    if (!before.empty()) changed = TRY(changed_since(before.back().revision));
    part.whole = must_be_whole(before, changed.size());
    std::int64_t place = 0;
    const Flush flush = [&](const std::string& lines) {
        return slice(
            [&](Database& database) { return write_chunk(database, part.number, place++, lines); });
    };
    part.records = TRY(part.whole ? write_all_lines(snapshot, flush)
                                  : write_lines_of(snapshot, changed, flush));
    return part;
}

Status Keeper::compact_now(const Wish& wish) {
    TRY(remove_loose_chunks());
    std::vector<Part> before;
    {
        Connections::Loan reader = TRY(connections_.reader());
        before = TRY(read_parts(*reader));
    }
    const Revision revision = wish.snapshot.revision;
    if (before.empty() || before.back().revision < revision) {
        const Part part = TRY(write_chunks(wish, before));
        const Turns::Turn turn = connections_.turns().take(Turns::For::background);
        Transaction transaction =
            TRY(Transaction::begin(connections_.writer(), Transaction::Kind::writing));
        TRY(write_part(connections_.writer(), part));
        TRY(transaction.commit());
    }
    const Revision last_dropped = revision > wish.keep ? revision - wish.keep : 0;
    TRY(trim(last_dropped));
    TRY(slice([&](Database& database) { return forget_parts_before(database, last_dropped); }));
    return remove_loose_chunks();
}

Status Keeper::remove_loose_chunks() {
    bool more = true;
    const auto remove_some = [&](Database& database) -> Status {
        more = TRY(remove_some_loose_chunks(database));
        return {};
    };
    while (more) TRY(slice(remove_some));
    return {};
}

Status Keeper::trim(Revision last_dropped) {
    constexpr Revision at_once = 256;
    Revision first = 0;
    {
        Connections::Loan reader = TRY(connections_.reader());
        first = TRY(read_range(*reader)).first;
    }
    while (first <= last_dropped) {
        first = std::min(first + at_once, last_dropped + 1);
        TRY(slice([&](Database& database) {
            const std::string bound = std::to_string(first);
            return database.run("DELETE FROM log WHERE revision < " + bound +
                                "; DELETE FROM segment WHERE last < " + bound);
        }));
    }
    return {};
}

}  // namespace vdc::store
