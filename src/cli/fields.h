#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace vdc::cli {

/// "--front.port 80 --user-data @file" as {"front": {"port": 80}, "user_data": "..."}: '-' in names
/// is
/// '_', '.' goes into a part, "@FILE" takes the file's content, true, false and numbers are such.
base::Result<base::Json> parse_fields(const std::vector<std::string>& words);

}  // namespace vdc::cli
