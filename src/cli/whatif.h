#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/session.h"

namespace vdc::cli {

/// What `vdc whatif` is asked, as the words were.
struct WhatIfWish {
    std::vector<std::string> fail;
    std::vector<std::string> drain;
    std::int64_t add_hosts = 0;
    std::string like;
    std::vector<std::string> run;      ///< manifests
    std::vector<std::string> flavors;  ///< "NAME=FLAVOR"
    std::string policy;                ///< a file of settings
    std::string plot;                  ///< file for a drawing; empty: none
    std::string within;
    std::int64_t seed = 0;
};

/// Asks, and shows the answer: as tables with a chart, or as JSON or YAML.
int what_if(Session& session, const WhatIfWish& wish);

}  // namespace vdc::cli
