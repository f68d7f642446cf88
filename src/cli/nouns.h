#pragma once

#include <string>
#include <vector>

#include "cli/output.h"

namespace vdc::cli {

/// A noun of the command line, as data: help, completion and manual pages come from these too.
struct NounCommand {
    std::string one;   ///< "instance"
    std::string path;  ///< "/v1/instances"
    std::string about;
    std::vector<Column> columns;
    std::string fields;  ///< what `create` and `edit` take, for the help; empty: neither is there
};

const std::vector<NounCommand>& noun_commands();

}  // namespace vdc::cli
