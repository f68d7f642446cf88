#pragma once

#include <string>

#include "base/result.h"

/// The file `datacenter.sqlite`, format 3. Its tables:
///
///     log      one row per commit: its head, one line per step (log_table.h), the commit as JSON
///     segment  which commits speak of what, for each 1,024 rows of the log
///     part     a part of a stored snapshot that is complete: whole, or what changed since the
///              part before
///     chunk    lines of records, numbered by part and place (state_table.h)
///     note     small values by name
///
/// A format that an older build cannot read has a higher number. Format 2 has what each host saw of
/// networks, fronts and images, format 3 the goals of operations on hosts. A file of a lower format
/// is read, and is of the present one from then on. Texts carry a sum, because SQLite does not
/// notice when a disk returns other bytes than were written.
namespace vdc::store {

inline constexpr int format_version = 3;

/// Makes the folder (0700) and the file (0600) if they are missing, or holds them against what this
/// build can read. Errors: unsupported (of a newer build), corrupt (no file of ours). The path of
/// the file. Call it with the folder's lock held.
base::Result<std::string> prepare_file(const std::string& folder);

}  // namespace vdc::store
