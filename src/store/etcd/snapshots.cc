#include "store/etcd/snapshots.h"

#include "model/log_text.h"
#include "runtime/log.h"

namespace vdc::store {

using base::Error;
using base::Result;
using base::Status;
using model::Revision;
using model::Snapshot;
using Code = Error::Code;

namespace {

struct Pointer {
    EtcdSnapshot to;
    std::int64_t modified = 0;  ///< etcd's revision of it
};

Result<Pointer> read_pointer(EtcdClient& client) {
    const auto found = TRY(client.get(etcd_snapshot_key));
    if (!found) return Pointer{};
    return Pointer{TRY(parse_snapshot(found->value)), found->modified};
}

/// The lines of the datacenter as a log that begins and ends at this revision.
std::string lines_of(const Snapshot& snapshot) {
    std::string lines;
    model::LogHead head;
    head.from = head.to = snapshot.revision;
    head.at = head.until = snapshot.committed;
    head.state = hash_of(snapshot);
    write_log_head(lines, head);
    model::LogCounts counts;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : snapshot.all<R>()) {
            write_log_record(lines, *record);
            ++counts.records;
        }
    });
    write_log_end(lines, counts);
    return lines;
}

/// Takes lines as they come, in pieces that end anywhere.
class Reader {
  public:
    Status add(std::string_view piece) {
        rest_ += piece;
        std::size_t begin = 0;
        for (std::size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
            TRY(replay_.take(std::string_view(rest_).substr(begin, end - begin)));
        rest_.erase(0, begin);
        return {};
    }
    Result<Snapshot> finish() const {
        TRY(replay_.arrived());
        return replay_.snapshot();
    }

  private:
    std::string rest_;
    model::LogReplay replay_;
};

/// That snapshot; nothing when some of it is gone already.
Result<std::optional<Snapshot>> read_pieces(EtcdClient& client, const EtcdSnapshot& whole) {
    Reader reader;
    for (std::size_t number = 0; number < whole.pieces; ++number) {
        const PieceKey key{whole.revision, number, whole.pieces};
        const auto piece = TRY(client.get(text(etcd_snapshot_keys, key)));
        if (!piece) return std::optional<Snapshot>();
        TRY(reader.add(piece->value));
    }
    return std::optional(TRY(reader.finish()));
}

/// Whether no group of commits has this revision in its midst: who reads on after the snapshot
/// begins with a group.
Result<bool> ends_a_group(EtcdClient& client, Revision revision) {
    const auto head = TRY(client.get(etcd_head_key));
    if (head && TRY(parse_head(head->value)).latest.revision == revision) return true;
    const std::string next = text(etcd_log_keys, PieceKey{revision + 1, 0, 0});
    const std::string end = text(etcd_log_keys, PieceKey{revision + 2, 0, 0});
    return !TRY(client.range(next, end, 1)).pairs.empty();
}

/// Removes the snapshots before this one, the log that nobody needs any more, and what etcd keeps
/// of both.
Status trim(EtcdClient& client, Revision revision, Revision keep) {
    const Revision first_kept = revision - std::min(revision, keep);
    const EtcdWrite removed[] = {
        {etcd_snapshot_keys, {}, text(etcd_snapshot_keys, PieceKey{revision, 0, 0})},
        {etcd_log_keys, {}, text(etcd_log_keys, PieceKey{first_kept + 1, 0, 0})}};
    const auto made = TRY(client.write({}, removed));
    return made ? client.forget(*made) : Status{};
}

}  // namespace

Result<std::optional<Snapshot>> read_etcd_snapshot(EtcdClient& client) {
    for (;;) {
        const Pointer pointer = TRY(read_pointer(client));
        if (pointer.to.pieces == 0) return std::optional<Snapshot>();
        auto snapshot = TRY(read_pieces(client, pointer.to));
        if (snapshot) return snapshot;
        if (TRY(read_pointer(client)).modified == pointer.modified)
            return Error{Code::corrupt, "a piece of etcd's snapshot is missing",
                         "restore etcd from a backup"};
    }
}

namespace {

/// False: another controller was quicker; its snapshot is as good.
Result<bool> put_snapshot(EtcdClient& client, const Snapshot& snapshot, const Pointer& before) {
    const std::string lines = lines_of(snapshot);
    const auto pieces = pieces_of(lines);
    for (std::size_t number = 0; number < pieces.size(); ++number) {
        const PieceKey key{snapshot.revision, number, pieces.size()};
        const EtcdWrite write{text(etcd_snapshot_keys, key), std::string(pieces[number])};
        TRY(client.write({}, {&write, 1}));
    }
    const EtcdGuard unchanged{etcd_snapshot_key, before.modified};
    const EtcdWrite moved{etcd_snapshot_key, text(EtcdSnapshot{snapshot.revision, pieces.size()})};
    return TRY(client.write({&unchanged, 1}, {&moved, 1})).has_value();
}

}  // namespace

Status keep_etcd_snapshot(EtcdClient& client, const Snapshot& snapshot, Revision keep) {
    const Pointer before = TRY(read_pointer(client));
    if (before.to.pieces > 0 && before.to.revision >= snapshot.revision) return {};
    if (!TRY(ends_a_group(client, snapshot.revision))) return {};
    if (!TRY(put_snapshot(client, snapshot, before))) return {};
    return trim(client, snapshot.revision, keep);
}

Status begin_etcd_with_snapshot(EtcdClient& client, const Snapshot& snapshot) {
    const Pointer before = TRY(read_pointer(client));
    TRY(put_snapshot(client, snapshot, before));
    return {};
}

Status EtcdKeeper::compact(const Snapshot& snapshot, Revision keep) {
    Status last;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(working_, true)) return {};
        last = std::exchange(last_outcome_, Status{});
    }
    const bool begun = worker_.submit([this, snapshot, keep] {
        Status outcome = keep_etcd_snapshot(client_, snapshot, keep);
        if (!outcome.ok())
            runtime::log().warning("store", "cannot keep a snapshot: " + text(outcome.error()));
        const std::lock_guard lock(mutex_);
        last_outcome_ = std::move(outcome);
        working_ = false;
        changed_.notify_all();
    });
    base::check(begun, "the keeper takes one task at a time");
    return last;
}

Status EtcdKeeper::settle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !working_; });
    return last_outcome_;
}

}  // namespace vdc::store
