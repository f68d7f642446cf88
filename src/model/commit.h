#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/apply.h"

namespace vdc::model {

/// One entry of the log: steps that happened together, wholly or not at all.
struct Commit {
    Revision revision = 0;
    Instant at;
    std::uint64_t term = 0;   ///< of the leader that made it
    std::string actor;        ///< "admin", "control", "host h1", ...
    std::string request;      ///< id of the request that asked for it, or empty
    std::vector<Step> steps;  ///< never empty
};

using CommitPtr = std::shared_ptr<const Commit>;

base::Json to_json(const Commit& commit);
base::Result<Commit> commit_from_json(const base::Json& json);

/// Applies a commit that was made before (from a log): its revision must follow the snapshot's.
/// An error means that the log does not fit the snapshot; the snapshot is then of no use.
base::Status replay(Snapshot& snapshot, const Commit& commit);

}  // namespace vdc::model
