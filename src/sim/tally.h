#pragma once

#include <map>

#include "model/commit.h"

namespace vdc::sim {

/// What a history came to: sums over time, counted from its commits alone.
struct Sums {
    std::uint64_t commits = 0;
    std::uint64_t moves = 0;             ///< instances claimed on another host than before
    base::Duration wanted_replicas{};    ///< replica-time that applications were promised
    base::Duration ready_replicas{};     ///< and that was kept
    base::Duration missing_instances{};  ///< instance-time wanted to run and not running
    base::Duration hosts_in_use{};       ///< host-time with an instance claimed on it: the cost
};

/// Adds up a history, commit by commit.
class Tally {
  public:
    /// Begins with this datacenter, at its own time.
    explicit Tally(model::Snapshot begin)
        : snapshot_(std::move(begin)), counted_to_(snapshot_.committed) {}

    /// The next commit. One that does not fit is an error.
    base::Status add(const model::Commit& commit);

    /// Counts on to this moment, at which the history ends.
    Sums finish(base::Instant end);

    const model::Snapshot& snapshot() const { return snapshot_; }

  private:
    void count_to(base::Instant now);

    model::Snapshot snapshot_;
    base::Instant counted_to_;
    bool begun_ = false;
    std::map<model::InstanceId, model::HostId> last_host_;
    Sums sums_;
};

}  // namespace vdc::sim
