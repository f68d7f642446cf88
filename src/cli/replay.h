#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/session.h"

/// The past, commit by commit.
namespace vdc::cli {

/// What a file of settings may hold.
inline constexpr const char* policy_example = "host: {memory_overcommit: 1500}";

struct ReplayWish {
    std::string file;  ///< an exported log, "-" for stdin; empty: that of the datacenter
    std::string from;  ///< moments (base/moment.h); empty: as far back, or as near, as can be
    std::string to;
    std::string policy;  ///< a file of settings: its differences are shown instead
    bool step = false;   ///< waits for a line on stdin after each commit
};

/// Makes the datacenter anew from its log, telling each commit with its reasons, and holds the end
/// against what was.
int replay(Session& session, const ReplayWish& wish);

/// Runs the inputs of the log again under the policy of a file.
using Rerun =
    std::function<base::Status(const base::Json& policy, std::string_view log, bool as_json)>;
int replay_policy(Session& session, const ReplayWish& wish, const Rerun& rerun);

/// Writes the log between two moments into a file (or to stdout, "-"), whole or not at all.
/// Writes what a path of the API streams into a new file of mode 0600 ("-" is stdout), if it came
/// with the last line of a log; else no file is left. `what` names it in errors.
base::Status save_stream(Session& session, const std::string& path, const wire::Query& query,
                         const std::string& file, const std::string& what);

int export_log(Session& session, const std::string& file, const std::string& from,
               const std::string& to);

}  // namespace vdc::cli
