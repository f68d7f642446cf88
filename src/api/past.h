#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "api/route.h"
#include "engine/engine.h"
#include "runtime/executor.h"

/// Reads as of an earlier moment: the query parameter `at`.
namespace vdc::api {

/// The datacenter as it was. Every member may be called from any thread; all but the constructor
/// may block for as long as a rebuild takes.
class Past {
  public:
    Past(engine::Engine& engine, runtime::Executor& executor)
        : engine_(engine), executor_(executor) {}

    /// The revision that was the latest at the moment these words name (base/moment.h). Errors:
    /// invalid (no moment), not_found (no longer kept, not reached yet).
    base::Result<model::Revision> revision(const std::string& words);

    /// The datacenter at a revision. The last few that were asked for are remembered, so that the
    /// pages of one list cost one rebuild.
    base::Result<engine::SnapshotPtr> at(model::Revision revision);

  private:
    engine::Engine& engine_;
    runtime::Executor& executor_;
    std::mutex mutex_;
    std::vector<engine::SnapshotPtr> rebuilt_;  ///< the one that was used last stands last
};

/// Calls show(snapshot): with the present one at once, or with that of `at` on a thread that may
/// block. Refuses the call when there is none.
void look(Desk& desk, const CallPtr& call,
          std::function<void(const engine::SnapshotPtr& snapshot)> show);

/// Of which revision an answer is.
wire::Headers revision_header(const model::Snapshot& snapshot);

}  // namespace vdc::api
