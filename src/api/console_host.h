#pragma once

#include <optional>

#include "model/snapshot.h"

namespace vdc::api {

/// The host that has the serial console of an instance, and what it said: where the instance is
/// claimed, or, while it is off, where its volumes are. None: it is nowhere yet.
std::optional<model::HostId> console_host(const model::Snapshot& snapshot,
                                          const model::Instance& instance);

}  // namespace vdc::api
