#pragma once

#include <string>

#include "control/plan.h"

/// How control gives volumes to hosts. A local volume stays on the host that has it. One in a
/// shared pool is in the hand of one host at a time, which lets go before another takes it.
namespace vdc::control {

/// The volume is in the host's hand from now on, under a new generation, and its image comes there.
/// `why` ends the sentence "volume data lies on h1 ...".
void claim_volume(Draft& draft, const model::Volume& volume, const model::Host& host,
                  const std::string& why);

/// Asks the volume's host to let go of it, unless it is known to have done so, or to be fenced.
/// Whether another host may have it now.
bool ask_to_let_go(Draft& draft, const model::Volume& volume);

}  // namespace vdc::control
