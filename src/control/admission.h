#pragma once

#include <vector>

#include "control/plan.h"

/// What a request may not do, because the standing guarantee would be broken by it
/// (docs/guarantee.md).
namespace vdc::control {

/// Whether such steps can break the guarantee: new wishes of people. What hosts say is never
/// refused, nor is an end.
bool may_break_guarantee(const model::Snapshot& datacenter, const std::vector<model::Step>& steps);

/// Whether steps that were just applied may stay. Refused (exhausted) is
///  - what leaves an instance without a place after some loss, where it had one before;
///  - what asks for an instance or a replica that control could place only so.
/// What finds no room at all is not refused here: it waits, as before. `guarantee` was fresh before
/// the steps and has looked at each; it is left as it is. Control itself is run forward to see what
/// it would do, at most one plan of it.
base::Status admit(const model::Snapshot& datacenter, Instant now,
                   const std::vector<model::Step>& steps, Guarantee& guarantee);

}  // namespace vdc::control
