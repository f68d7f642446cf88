#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "drivers/networks/filter_sets.h"
#include "drivers/networks/plan.h"

/// What each port owns, in the sets that the ports' guard looks into (rules.h). The rules declare
/// the sets; what is in them is replaced here alone, because that happens with every instance that
/// comes or goes. A port that is in no set sends nothing.
namespace vdc::drivers::networks {

/// All of them, also the empty ones.
std::vector<FilterSet> port_sets(const std::vector<PortSpec>& ports);

/// Makes the sets in the namespace be as the ports say, in one transaction. The network's rules
/// stand already. `before`: the ports that the sets hold, when that is certain: then only the
/// difference is touched. Taking something out costs some 10 ms, for which the kernel waits.
base::Status fill_port_sets(const std::string& namespace_name, const std::vector<PortSpec>& ports,
                            const std::vector<PortSpec>* before);

}  // namespace vdc::drivers::networks
