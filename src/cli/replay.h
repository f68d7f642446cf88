#pragma once

#include <string>

#include "cli/session.h"

/// The past, commit by commit.
namespace vdc::cli {

struct ReplayWish {
    std::string file;  ///< an exported log, "-" for stdin; empty: that of the datacenter
    std::string from;  ///< moments (base/moment.h); empty: as far back, or as near, as can be
    std::string to;
    bool step = false;  ///< waits for a line on stdin after each commit
};

/// Makes the datacenter anew from its log, telling each commit with its reasons, and holds the end
/// against what was.
int replay(Session& session, const ReplayWish& wish);

/// Writes the log between two moments into a file (or to stdout, "-"), whole or not at all.
int export_log(Session& session, const std::string& file, const std::string& from,
               const std::string& to);

}  // namespace vdc::cli
