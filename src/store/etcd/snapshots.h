#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "model/snapshot.h"
#include "runtime/workers.h"
#include "store/etcd/layout.h"

/// Snapshots in etcd, so that a controller that knows nothing, or has been away for long, need not
/// have all of the log; and so that etcd need not keep it.
namespace vdc::store {

/// So many revisions before the snapshot stay in etcd's log: whoever missed no more than these
/// follows the log, and keeps its own past.
inline constexpr model::Revision etcd_log_kept = 5'000;

/// The snapshot that etcd holds; none when there was never one. One that is replaced while it is
/// read is read anew.
base::Result<std::optional<model::Snapshot>> read_etcd_snapshot(EtcdClient& client);

/// Puts a snapshot into etcd, and drops the log before it but for `keep` revisions. Does nothing
/// where a later one is there, or where its revision is not the last one of a group of commits.
/// Meant for a thread beside the commits.
base::Status keep_etcd_snapshot(EtcdClient& client, const model::Snapshot& snapshot,
                                model::Revision keep);

/// Puts a snapshot into an etcd that holds none and has no log: for one that begins with it.
base::Status begin_etcd_with_snapshot(EtcdClient& client, const model::Snapshot& snapshot);

/// Does that on a thread of its own, one at a time.
class EtcdKeeper {
  public:
    explicit EtcdKeeper(EtcdClient& client) : client_(client), worker_(1, "etcd-keeper") {}

    /// As Store::compact and Store::settle.
    base::Status compact(const model::Snapshot& snapshot, model::Revision keep);
    base::Status settle();

  private:
    EtcdClient& client_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool working_ = false;
    base::Status last_outcome_;
    runtime::Workers worker_;  ///< last, so that it ends before what it uses
};

}  // namespace vdc::store
