#pragma once

#include "control/front_pool.h"
#include "control/plan.h"

/// The datacenter's mind: one reconciler per noun. Pure: a snapshot, a time and what to look at
/// in; a plan out. Looking at nothing but what changed gives the same datacenter as looking at
/// everything (property test).
namespace vdc::control {

struct Policy {
    base::Ipv4Range front_range = front_pool;  ///< front addresses come from here
    Duration finished_operations_kept = std::chrono::hours(1);
    std::int64_t moves_max = 4;  ///< instances on their way from drained hosts at a time
};

/// What to do about the subjects of the agenda and whatever their steps touch, in order of noun and
/// id. `guarantee` has seen the datacenter, and afterwards also the steps of the plan.
Plan reconcile(const model::Snapshot& datacenter, Instant now, Agenda agenda, Guarantee& guarantee,
               const Policy& policy = {});

/// As above with a guarantee made for it alone.
Plan reconcile(const model::Snapshot& datacenter, Instant now, Agenda agenda,
               const Policy& policy = {});

/// One reconciler per noun; each looks at one thing and adds the steps that it needs now.
void reconcile_host(Draft& draft, const model::Host& host, const Policy& policy);
void reconcile_image(Draft& draft, const model::Image& image);
void reconcile_network(Draft& draft, const model::Network& network);
void reconcile_volume(Draft& draft, const model::Volume& volume);
void reconcile_volume_snapshot(Draft& draft, const model::VolumeSnapshot& snapshot);
void reconcile_port(Draft& draft, const model::Port& port);
void reconcile_instance(Draft& draft, const model::Instance& instance);
void reconcile_application(Draft& draft, const model::Application& application,
                           const Policy& policy);
void reconcile_balance(Draft& draft, const model::Balance& balance);
void reconcile_operation(Draft& draft, const model::Operation& operation, const Policy& policy);

}  // namespace vdc::control
