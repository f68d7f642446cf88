#pragma once

#include <string>

namespace vdc::app {

/// What a host is called where nobody says: the machine's name up to its first dot, in small
/// letters; "h1" where that is no name of a host.
std::string machine_name();

}  // namespace vdc::app
