#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "store/sqlite/database.h"

/// The tables `part` and `chunk`: the datacenter at some revision, so that a start need not replay
/// everything. A whole part holds every record; a part after it only the records that changed since
/// the part before. So keeping a snapshot costs what changed, and all of it only when the changes
/// have grown as large as the whole. Older parts stay as long as the log reaches back to them: they
/// are the steps from which an earlier revision is rebuilt. Chunks come first, in slices; the row
/// in `part` comes last and makes them count. Their lines:
///
///     instance {"id": ...}                                  the record is this now
///     -instance 01890a5d-ac96-774b-bcce-b302099a8057        the record is gone
namespace vdc::store {

struct Part {
    std::int64_t number = 0;
    bool whole = false;
    model::Revision revision = 0;
    model::Instant at;
    std::uint64_t term = 0;
    std::int64_t records = 0;
};

/// The parts that make the last stored snapshot of this revision or before, in order, beginning
/// with a whole one; none when there is no such snapshot.
base::Result<std::vector<Part>> read_parts(Database& database, model::Revision up_to);
base::Result<std::vector<Part>> read_parts(Database& database);  ///< of the latest one

/// The oldest stored snapshot of this revision or later: its revision and time.
base::Result<std::optional<std::pair<model::Revision, model::Instant>>> oldest_snapshot(
    Database& database, model::Revision least);

/// The datacenter that they describe; an empty one for no parts.
base::Result<model::Snapshot> load(Database& database, const std::vector<Part>& parts);

/// Hands lines to `flush`, some hundred kilobytes at a time. The number of lines.
using Flush = std::function<base::Status(const std::string& lines)>;
base::Result<std::int64_t> write_all_lines(const model::Snapshot& snapshot, const Flush& flush);
base::Result<std::int64_t> write_lines_of(const model::Snapshot& snapshot,
                                          const std::set<model::Subject>& changed,
                                          const Flush& flush);

base::Status write_chunk(Database& database, std::int64_t part, std::int64_t place,
                         const std::string& lines);
base::Status write_part(Database& database, const Part& part);

/// Removes the parts that no stored snapshot of this revision or later needs, but not their chunks.
base::Status forget_parts_before(Database& database, model::Revision revision);

/// Removes some chunks that belong to no part. False: there was none.
base::Result<bool> remove_some_loose_chunks(Database& database);

}  // namespace vdc::store
