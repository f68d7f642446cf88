#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "store/sqlite/database.h"

/// The tables `part` and `chunk`: the datacenter at some revision, so that a start need not replay
/// everything. A whole part holds every record; a part after it only the records that changed since
/// the part before. So keeping a snapshot costs what changed, and all of it only when the changes
/// have grown as large as the whole. Chunks come first, in slices; the row in `part` comes last and
/// makes them count. Their lines:
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

/// The parts that make the latest stored snapshot, in order, beginning with a whole one.
base::Result<std::vector<Part>> read_parts(Database& database);

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

/// Removes the parts before a part, but not their chunks.
base::Status forget_parts_before(Database& database, std::int64_t part);

/// Removes some chunks that belong to no part. False: there was none.
base::Result<bool> remove_some_loose_chunks(Database& database);

}  // namespace vdc::store
