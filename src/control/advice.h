#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/plan.h"

/// Which moves would make the hosts more equally full. Pure: advice, and nothing comes of it.
namespace vdc::control {

struct AdvisedMove {
    model::InstanceId instance;
    std::string name;
    model::HostId from;
    model::HostId to;
    model::MiB memory{};     ///< to be copied
    bool made_anew = false;  ///< its disk stays: another replica would take its place
    std::int64_t gain = 0;   ///< of the present unevenness, in thousandths
};

struct Advice {
    std::vector<AdvisedMove> moves;  ///< in an order of which every beginning is valid
    /// What all moves together take off the present unevenness, in thousandths.
    std::int64_t gain = 0;
    std::int64_t movable = 0;    ///< instances that could leave their host
    std::int64_t instances = 0;  ///< on the hosts that were looked at
};

/// Hosts that are up and take instances are to have equal shares of memory and processors claimed
/// (see placement::plan_balance). Who is bound to his host by a disk stays, as does who is leaving,
/// ending or off. After each move everybody has room, reaches his pools, is beside no more replicas
/// of his application than before, and no loss is left uncovered that was covered. Advice that
/// gains less than `least_gain` in all is none.
Advice advise_balance(const model::Snapshot& datacenter, std::size_t moves_max = 32,
                      std::int64_t least_gain = 100);

}  // namespace vdc::control
