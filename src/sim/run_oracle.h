#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "model/commit.h"
#include "sim/pretend_host.h"

namespace vdc::sim {

/// Holds what commits say of runs, volumes and snapshots against what is truly on the hosts at that
/// moment. Keeps books of its own.
class RunOracle {
  public:
    /// A machine as it is, and what is under way on it.
    struct Site {
        const PretendHost* host = nullptr;
        const PretendHands* hands = nullptr;
    };
    /// No machine: nullptr in both.
    using Look = std::function<Site(model::HostId)>;

    explicit RunOracle(Look look) : look_(std::move(look)) {}

    /// Begins anew: who is where, as the snapshot has it. What was launched stays known.
    void begin(const model::Snapshot& snapshot);
    void launched(const control::InstanceSpec& instance);
    /// What runs may be taken for what the restored records claim.
    void restored(const model::Snapshot& snapshot);

    /// The first violation, or "". I1: nothing leaves a host that runs it, has it open, or is about
    /// to, unless on the word of an operator, who may lie. I2: what is said to run was launched in
    /// that generation. I8: nothing is forgotten that is there.
    std::string learn(const model::Commit& commit, const model::Snapshot& after);

  private:
    struct Judge;
    std::string leaves(const model::Instance& instance, model::HostId host) const;
    std::string leaves(const model::Volume& volume, model::HostId host) const;

    Look look_;
    std::map<model::InstanceId, model::HostId> runs_at_;
    std::map<model::VolumeId, model::HostId> lies_at_;
    std::map<model::VolumeSnapshotId, model::VolumeId> taken_of_;
    std::set<std::pair<model::InstanceId, model::Generation>> launched_;
};

}  // namespace vdc::sim
