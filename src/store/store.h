#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/commit.h"

namespace vdc::store {

/// One step of the log with the head of its commit: what events and `why` are made of.
struct Entry {
    model::Revision revision = 0;
    std::uint32_t index = 0;  ///< of the step in its commit
    model::Instant at;
    std::string actor;
    std::string request;
    model::Subject subject;
    std::string verb;
    std::string reason;
};

/// What to read of the log. Entries are ordered by (revision, index).
struct Query {
    model::Revision after = 0;              ///< forward: only later revisions
    std::optional<model::Revision> before;  ///< backward: only earlier revisions
    std::optional<model::Subject> subject;
    std::optional<model::Noun> noun;
    bool newest_first = false;
    /// At most 10,000. A page ends at the end of a commit, so that the next page can go on from
    /// the revision of its last entry: it may hold fewer entries than this while there are more
    /// (an empty page is the end), and more only when one commit alone has more.
    std::size_t limit = 100;
};

/// How far back the past can be rebuilt.
struct Past {
    model::Revision first = 0;            ///< the oldest revision that at() can give
    model::Instant since;                 ///< when that one was committed; 0: when the log begins
    model::Revision newest_snapshot = 0;  ///< the last revision of which a snapshot is kept
};

/// Orders changes and keeps them. One contract (store_contract_test_util.h) for memory, SQLite and
/// etcd. latest(), commit() and compact() are called one at a time, the others from any thread.
class Store {
  public:
    virtual ~Store() = default;

    /// The datacenter as of the last commit. Read once at start; costs a load and a replay.
    virtual base::Result<model::Snapshot> latest() = 0;

    /// Makes commits durable, all or none, in one write. `after` is the revision that they follow
    /// (the store's latest, or conflict); their revisions count on from it. `term` is the leader's
    /// (lower than one seen: conflict). When this returns they survive a power cut.
    /// `unavailable` may mean that the outcome is unknown: read latest() before going on.
    virtual base::Status commit(model::Revision after, std::uint64_t term,
                                std::span<const model::CommitPtr> commits) = 0;

    /// Keeps `snapshot` (of a committed revision) so that a start need not replay what came before
    /// it, and drops log entries older than `keep` revisions before it, with the earlier snapshots
    /// that no entry follows any more. Returns soon: the work may
    /// go on in the background beside commits. One at a time: while one goes on, another is not
    /// begun. An error is that of the last one that ended.
    virtual base::Status compact(const model::Snapshot& snapshot, model::Revision keep) = 0;

    /// Waits until nothing goes on in the background; tells how the last compaction ended.
    virtual base::Status settle() = 0;

    /// Revisions whose commits log() can still give: (first, last); first > last when there are
    /// none.
    virtual base::Result<std::pair<model::Revision, model::Revision>> log_range() = 0;

    /// Whole commits after a revision, in order, at most `limit`. `not_found` when they were
    /// dropped.
    virtual base::Result<std::vector<model::CommitPtr>> log(model::Revision after,
                                                            std::size_t limit) = 0;

    /// The datacenter as of an earlier revision: the nearest snapshot that is kept before it, and
    /// the log from there. `not_found` when it is no longer kept, or not reached yet.
    virtual base::Result<model::Snapshot> at(model::Revision revision) = 0;

    /// The last revision that was committed at or before this moment; `not_found` when that was
    /// before the log begins. Where the clock was set back, one of those whose times are around it.
    virtual base::Result<model::Revision> revision_at(model::Instant when) = 0;

    virtual base::Result<Past> past() = 0;

    /// Bytes that all of it takes on the disk.
    virtual base::Result<std::uint64_t> size() = 0;

    /// A page of entries; only of commits that log() can still give.
    virtual base::Result<std::vector<Entry>> history(const Query& query) = 0;

    /// Small values that are not part of the datacenter's value, such as its id; durable.
    virtual base::Result<std::string> note(const std::string& name) = 0;  ///< empty if none
    virtual base::Status set_note(const std::string& name, const std::string& value) = 0;
    virtual base::Result<std::map<std::string, std::string>> notes() = 0;  ///< all but empty ones
};

/// Keeps nothing over its end: for tests and the simulator. Its log begins after `begin`.
std::unique_ptr<Store> make_memory_store(model::Snapshot begin = {});

/// A file of SQLite in WAL mode with synchronous=FULL in the folder (made if missing, mode 0700).
/// Errors: a folder of a newer version (unsupported), damage (corrupt), another daemon (conflict).
base::Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& folder);

/// Where etcd is, and what proves each side to the other: files in PEM. Without an authority the
/// servers must be on this machine, and are spoken to in the clear.
struct EtcdServers {
    std::vector<std::string> addresses;  ///< "10.0.0.1:2379"
    std::string authority = {};
    std::string certificate = {};
    std::string key = {};
    base::Duration answer_within = std::chrono::seconds(5);
};

/// etcd orders the commits and keeps what a controller needs to begin; the folder holds a file of
/// SQLite that follows it, with the past that etcd does not keep. The folder may be lost or old:
/// it is filled again. Several controllers may have the same datacenter open: a commit that follows
/// another revision than etcd's latest is a conflict, whoever made that one.
/// Errors: unavailable (etcd does not answer), conflict (the folder is another datacenter's),
/// unsupported (etcd holds a newer format), corrupt, and those of open_sqlite_store().
class SharedStore;
base::Result<std::unique_ptr<SharedStore>> open_etcd_store(const EtcdServers& servers,
                                                           const std::string& folder);

/// A store that other controllers write to as well.
class SharedStore : public Store {
  public:
    /// Takes over what others have committed, so that latest() has little left to do; the revision
    /// that it has then. As latest(): not beside latest(), commit() and compact().
    virtual base::Result<model::Revision> follow() = 0;
};

/// Has an etcd that holds no datacenter begin with the one in the folder `from` of a store without
/// etcd: its latest state and its notes. Its past becomes that of the etcd store in the folder
/// `to`; `from` is gone then. What broke off is taken up by the next call; done already: fine.
/// Errors: conflict, when etcd holds another datacenter; and those of both stores. Nothing is lost
/// with any of them.
base::Status move_to_etcd(const std::string& from, const EtcdServers& servers,
                          const std::string& to);

}  // namespace vdc::store
