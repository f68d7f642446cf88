#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "store/sqlite/database.h"

/// The table `segment`: for each 1,024 commits one sorted list of (key, commit). Keys are the
/// subjects and the nouns that the commits speak of, as hashes of 32 bits: what is found must be
/// held against the log. Written after the commits, in the background; what is not indexed yet is
/// scanned.
namespace vdc::store {

inline constexpr model::Revision segment_length = 1024;

/// The last revision that a segment covers.
base::Result<model::Revision> last_indexed(Database& database);

/// One segment to be written. `keys` is empty when the log is not long enough for another one.
struct Segment {
    model::Revision first = 0;
    model::Revision last = 0;
    std::string keys;
};
base::Result<Segment> next_segment(Database& database);
base::Status write(Database& database, const Segment& segment);

/// The revisions, in order, whose commits may speak of `key` (subject_text() or a noun's word).
std::vector<model::Revision> revisions_of(model::Revision first, std::string_view keys,
                                          std::string_view key);

}  // namespace vdc::store
