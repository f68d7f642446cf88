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

/// Those of a file ("-": stdin), at least one. Errors name the file, too.
base::Result<std::vector<base::Json>> read_manifest(const std::string& file);
/// The only one of a file; `example` says what it might hold.
base::Result<base::Json> read_only_document(const std::string& file, const std::string& example);

}  // namespace vdc::cli
