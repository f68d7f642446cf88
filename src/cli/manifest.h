#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace vdc::cli {

/// The documents of a YAML text as JSON objects. Bounds: 1 MiB, depth 32, 1,000 documents. Anchors,
/// aliases and tags are refused: a few lines of them can unfold to any size. Scalars without quotes
/// become numbers or booleans as in JSON; everything else is text. Errors name line and column.
base::Result<std::vector<base::Json>> parse_manifest(const std::string& yaml);

}  // namespace vdc::cli
