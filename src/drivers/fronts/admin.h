#pragma once

#include <string>
#include <vector>

#include "base/result.h"

/// HAProxy's admin socket.
namespace vdc::drivers::fronts {

/// Its answer to one line; at most 1 MiB, at most five seconds. unavailable when nobody listens.
base::Result<std::string> ask(const std::string& socket, const std::string& line);

/// Gives all lines, one by one; an answer that holds more than what a success says is an error.
base::Status tell(const std::string& socket, const std::vector<std::string>& lines);

}  // namespace vdc::drivers::fronts
