#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/commit.h"
#include "model/snapshot.h"

/// What was lost with a host, and when it ran again: read off the log, which has the moment of
/// every decision. Pure.
namespace vdc::metering {

/// What became of one instance that ran, or was to run, on a host that was lost.
struct RecoveredRun {
    model::InstanceId instance;
    std::string name;
    std::string project;
    std::string application;           ///< empty: it is nobody's replica
    model::Generation generation = 0;  ///< of the run that was lost

    enum class Fate {
        waits,      ///< it has no place yet
        restarted,  ///< it itself was started again
        returned,   ///< it came back with its host, on which it may have run on
        replaced,   ///< another replica was made in its place
        unwanted,   ///< nobody wants it any more
    };
    Fate fate = Fate::waits;
    model::InstanceId by;  ///< who runs in its place: itself, or that replica
    std::string by_name;
    std::string host;                       ///< where; empty before it is placed
    std::optional<model::Instant> placed;   ///< a host was claimed for it
    std::optional<model::Instant> started;  ///< its host said that it runs
    std::optional<model::Instant> ready;    ///< its application's front said that it answers
};
std::string_view word(RecoveredRun::Fate fate);

/// The loss of a host.
struct Recovery {
    model::HostId host;
    std::string name;
    model::Revision revision = 0;             ///< of the commit that said that it is lost
    std::optional<model::Instant> suspected;  ///< not heard of for too long; none: said by a person
    std::string suspicion;                    ///< the sentence
    model::Instant fenced;                    ///< from here on others may run what ran there
    std::string evidence;                     ///< the sentence
    std::vector<RecoveredRun> runs;           ///< by name
};

/// Whether every run of it runs again, is ready if a front stands before it, or is not wanted.
bool is_over(const Recovery& recovery);

/// Reads recoveries off a history, commit by commit.
class RecoveryBook {
  public:
    /// The datacenter before the first commit that is added.
    explicit RecoveryBook(model::Snapshot begin) : snapshot_(std::move(begin)) {}

    /// The next commit. One that does not fit is an error.
    base::Status add(const model::Commit& commit);

    /// In the order of their losses.
    const std::vector<Recovery>& recoveries() const { return recoveries_; }

  private:
    struct Suspicion {
        model::Instant since;
        std::string reason;
    };
    void note_health(const model::Claim<model::Host>& claim, const model::Commit& commit,
                     const std::string& reason);
    void open(const model::Host& host, const model::Commit& commit, const std::string& reason);
    void replace(Recovery& recovery, const model::Create<model::Instance>& created) const;
    void choose_fate(RecoveredRun& run, const Recovery& recovery) const;
    void look(RecoveredRun& run, const Recovery& recovery, model::Instant at) const;

    model::Snapshot snapshot_;
    std::map<model::HostId, Suspicion> suspicions_;
    std::vector<Recovery> recoveries_;
};

}  // namespace vdc::metering
