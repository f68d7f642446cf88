#include "store/sqlite/segment_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash.h"
#include "store/sqlite/log_table.h"

namespace vdc::store {

using base::Result;
using base::Status;
using model::Revision;

static_assert(std::endian::native == std::endian::little, "keys are stored as they lie in memory");

/// The hash in the upper half, the commit's place in the segment in the lower one.
using Key = std::uint64_t;

static Key key_of(std::string_view text, std::uint64_t place) {
    const std::uint64_t hash = base::Hasher{}.add(text).finish().high;
    return (hash & 0xffffffff00000000) | place;
}

Result<Revision> last_indexed(Database& database) {
    return static_cast<Revision>(TRY(database.number("SELECT max(last) FROM segment")));
}

static std::string packed(std::vector<Key>& keys) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::string bytes(keys.size() * sizeof(Key), '\0');
    std::memcpy(bytes.data(), keys.data(), bytes.size());
    return bytes;
}

Result<Segment> next_segment(Database& database) {
    const auto [log_first, log_last] = TRY(read_range(database));
    Segment segment;
    segment.first = std::max(TRY(last_indexed(database)) + 1, log_first);
    segment.last = segment.first + segment_length - 1;
    if (segment.last > log_last) return segment;
    std::vector<Key> keys;
    Statement rows = TRY(database.prepare(
        "SELECT revision, steps FROM log WHERE revision BETWEEN ? AND ? ORDER BY revision"));
    rows.bind(segment.first).bind(segment.last);
    while (TRY(rows.step())) {
        const std::uint64_t place = rows.number(0) - segment.first;
        TRY(visit_steps(rows.bytes(1), [&](const StepLine& line) {
            keys.push_back(key_of(line.subject, place));
            keys.push_back(key_of(line.noun, place));
        }));
    }
    segment.keys = packed(keys);
    return segment;
}

Status write(Database& database, const Segment& segment) {
    Statement statement =
        TRY(database.prepare("INSERT INTO segment(first, last, keys) VALUES(?, ?, ?)"));
    statement.bind(segment.first).bind(segment.last).bind_blob(segment.keys);
    return statement.run();
}

std::vector<Revision> revisions_of(Revision first, std::string_view keys, std::string_view key) {
    std::vector<Key> all(keys.size() / sizeof(Key));
    std::memcpy(all.data(), keys.data(), all.size() * sizeof(Key));
    const Key least = key_of(key, 0);
    std::vector<Revision> found;
    for (auto each = std::lower_bound(all.begin(), all.end(), least);
         each != all.end() && (*each >> 32) == (least >> 32); ++each)
        found.push_back(first + (*each & 0xffffffff));
    return found;
}

}  // namespace vdc::store
