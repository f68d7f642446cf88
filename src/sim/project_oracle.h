#pragma once

#include <string>
#include <vector>

#include "model/commit.h"
#include "sim/pretend_host.h"

/// I14: projects are isolated, judged by the records alone. Each returns the first violation, or
/// "".
namespace vdc::sim {

/// What is on the hosts of one project has nothing of another: networks with their ports and names,
/// fronts with what stands behind them, runs with their disks and cards.
std::string projects_apart(const model::Snapshot& datacenter,
                           const std::vector<const PretendHost*>& hosts);

/// A commit that somebody of `project` asked for touches that project's things, and those that
/// belong to no project. `before` and `after` have the things that it ends and makes.
std::string stays_in_project(const model::Commit& commit, model::ProjectId project,
                             const model::Snapshot& before, const model::Snapshot& after);

}  // namespace vdc::sim
