#pragma once

#include "base/result.h"

namespace vdc::model {

/// At which byte, from 0, text stopped being JSON: base::parse_json says so in its error. 0 for
/// other errors.
std::size_t byte_of(const base::Error& error);

}  // namespace vdc::model
