#include "store/sqlite/state_table.h"

#include <limits>

#include "model/codec.h"
#include "model/read_json.h"
#include "model/write_json.h"
#include "model/writer.h"
#include "store/sqlite/log_table.h"
#include "store/sqlite/sum.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using model::Snapshot;
using model::Subject;

static constexpr std::int64_t chunks_max = std::int64_t{1} << 24;  // of one part
static constexpr std::size_t chunk_size = 256 << 10;

// ---- reading -----------------------------------------------------------------------------------

Result<std::vector<Part>> read_parts(Database& database, model::Revision up_to) {
    std::vector<Part> parts;
    Statement rows =
        TRY(database.prepare("SELECT part, whole, revision, at, term, records FROM part WHERE "
                             "revision <= ?1 AND part >= (SELECT max(part) FROM part WHERE whole "
                             "= 1 AND revision <= ?1) ORDER BY part"));
    rows.bind(up_to);
    while (TRY(rows.step()))
        parts.push_back({rows.integer(0), rows.integer(1) != 0, rows.number(2),
                         model::Instant{model::Duration{rows.integer(3)}}, rows.number(4),
                         rows.integer(5)});
    return parts;
}

Result<std::vector<Part>> read_parts(Database& database) {
    return read_parts(database, std::numeric_limits<std::int64_t>::max());
}

Result<std::optional<std::pair<model::Revision, model::Instant>>> oldest_snapshot(
    Database& database, model::Revision least) {
    using Found = std::optional<std::pair<model::Revision, model::Instant>>;
    Statement row = TRY(database.prepare(
        "SELECT revision, at FROM part WHERE revision >= ? ORDER BY part LIMIT 1"));
    row.bind(least);
    if (!TRY(row.step())) return Found{};
    return Found{{row.number(0), model::Instant{model::Duration{row.integer(1)}}}};
}

static Error damaged(const std::string& how) {
    return {Error::Code::corrupt, "the stored snapshot is damaged: " + how,
            "put a backup of the data folder in its place"};
}

template <class R>
static Status load_record(Snapshot& snapshot, std::string_view line) {
    model::Writer{snapshot}.put(TRY(model::read_record<R>(line)));
    return {};
}

static Status load_line(Snapshot& snapshot, std::string_view line) {
    const bool gone = line.starts_with('-');
    if (gone) line.remove_prefix(1);
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return damaged("a line names no noun");
    const std::string_view noun = line.substr(0, space);
    line.remove_prefix(space + 1);
    const auto id = gone ? base::parse_uuid(line) : std::nullopt;
    if (gone && !id) return damaged("a line names no id");
    Status status = damaged("'" + std::string(noun) + "' is no noun");
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (noun != word(R::noun)) return;
        status = gone ? Status{} : load_record<R>(snapshot, line);
        if (gone) model::Writer{snapshot}.take<R>(typename R::Id{*id});
    });
    return status;
}

static Status load_lines(Snapshot& snapshot, std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        TRY(load_line(snapshot, lines.substr(0, end)));
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
    return {};
}

Result<Snapshot> load(Database& database, const std::vector<Part>& parts) {
    Snapshot snapshot;
    Statement chunks = TRY(database.prepare(
        "SELECT sum, lines FROM chunk WHERE chunk >= ? AND chunk < ? ORDER BY chunk"));
    for (const Part& part : parts) {
        chunks.bind(part.number * chunks_max).bind((part.number + 1) * chunks_max);
        std::int64_t records = 0;
        while (TRY(chunks.step())) {
            const std::string_view lines = chunks.bytes(1);
            if (sum_of(lines) != chunks.integer(0)) return damaged("the sum of a chunk is another");
            TRY(load_lines(snapshot, lines));
            records += std::count(lines.begin(), lines.end(), '\n');
        }
        if (records != part.records) return damaged("chunks are missing");
        snapshot.revision = part.revision;
        snapshot.committed = part.at;
    }
    return snapshot;
}

// ---- writing -----------------------------------------------------------------------------------

namespace {

/// Gathers lines and hands them on.
class Lines {
  public:
    explicit Lines(const Flush& flush) : flush_(flush) {}

    template <class R>
    Status put(const R& record) {
        lines_ += word(R::noun);
        lines_ += ' ';
        model::write_record(lines_, record);
        return end_line();
    }
    Status take(const Subject& subject) {
        lines_ += '-';
        lines_ += subject_text(subject);
        return end_line();
    }
    Result<std::int64_t> finish() {
        if (!lines_.empty()) TRY(flush_(lines_));
        return count_;
    }

  private:
    Status end_line() {
        lines_ += '\n';
        ++count_;
        if (lines_.size() < chunk_size) return {};
        TRY(flush_(lines_));
        lines_.clear();
        return {};
    }

    const Flush& flush_;
    std::string lines_;
    std::int64_t count_ = 0;
};

}  // namespace

Result<std::int64_t> write_all_lines(const Snapshot& snapshot, const Flush& flush) {
    Lines lines(flush);
    Status status;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : snapshot.all<R>())
            if (status.ok()) status = lines.put(*record);
    });
    TRY(std::move(status));
    return lines.finish();
}

Result<std::int64_t> write_lines_of(const Snapshot& snapshot, const std::set<Subject>& changed,
                                    const Flush& flush) {
    Lines lines(flush);
    for (const Subject& subject : changed) {
        Status status;
        model::for_each_noun([&]<class R>(std::type_identity<R>) {
            if (subject.noun != R::noun) return;
            const R* record = snapshot.find<R>(typename R::Id{subject.id});
            status = record != nullptr ? lines.put(*record) : lines.take(subject);
        });
        TRY(std::move(status));
    }
    return lines.finish();
}

Status write_chunk(Database& database, std::int64_t part, std::int64_t place,
                   const std::string& lines) {
    base::check(place < chunks_max, "more chunks than a part can have");
    Statement statement =
        TRY(database.prepare("INSERT INTO chunk(chunk, sum, lines) VALUES(?, ?, ?)"));
    statement.bind(part * chunks_max + place).bind(sum_of(lines)).bind_text(lines);
    return statement.run();
}

Status write_part(Database& database, const Part& part) {
    Statement statement = TRY(database.prepare(
        "INSERT INTO part(part, whole, revision, at, term, records) VALUES(?, ?, ?, ?, ?, ?)"));
    statement.bind(part.number)
        .bind(std::int64_t{part.whole})
        .bind(part.revision)
        .bind(std::int64_t{part.at.time_since_epoch().count()})
        .bind(part.term)
        .bind(part.records);
    return statement.run();
}

Status forget_parts_before(Database& database, model::Revision revision) {
    Statement statement = TRY(database.prepare(
        "DELETE FROM part WHERE part < (SELECT max(part) FROM part WHERE whole = 1 AND part <= "
        "(SELECT min(part) FROM part WHERE revision >= ?))"));
    statement.bind(revision);
    return statement.run();
}

Result<bool> remove_some_loose_chunks(Database& database) {
    constexpr int at_once = 16;
    TRY(database.run("DELETE FROM chunk WHERE chunk IN (SELECT chunk FROM chunk WHERE chunk / " +
                     std::to_string(chunks_max) + " NOT IN (SELECT part FROM part) LIMIT " +
                     std::to_string(at_once) + ")"));
    return TRY(database.number("SELECT changes()")) > 0;
}

}  // namespace vdc::store
