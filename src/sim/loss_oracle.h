#pragma once

#include <string>

#include "model/snapshot.h"

/// Whether losses of hosts can be survived, judged by a solver of its own that tries all ways.
namespace vdc::sim {

/// Whether the waiting instance could be on that host, and the replicas of each host still start on
/// the others if that one were lost, as far as they could before.
bool leaves_room_for_losses(const model::Snapshot& datacenter, const model::Instance& waiting,
                            model::HostId host);

/// Each host's standing plan brings every replica that shall survive to another host that takes
/// instances and holds it beside all others, or tells who has no place. "" or what is wrong.
std::string plans_hold(const model::Snapshot& datacenter);

}  // namespace vdc::sim
