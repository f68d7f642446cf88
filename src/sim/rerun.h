#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "sim/tally.h"

/// The same inputs under other settings: what people asked for and what happened outside, taken
/// from an exported log (model/log_text.h), asked and happening again in virtual time. What control
/// decided then is not an input: it decides anew.
namespace vdc::sim {

/// Settings that differ from those of the log: patches of what hosts and projects declare.
struct OtherPolicy {
    base::Json host = base::Json::object();
    base::Json project = base::Json::object();
};

/// Reads {"host": {"memory_overcommit": 1500}, "project": {"instances_max": 50}}. Errors name the
/// member.
base::Result<OtherPolicy> read_policy(const base::Json& json);

/// The present settings of every host and project, patched.
std::vector<model::Step> patched(const model::Snapshot& snapshot, const OtherPolicy& policy);

/// One run of the inputs.
struct Run {
    Sums sums;
    std::uint64_t refused = 0;      ///< requests that were not possible this time
    std::string first_refusal;      ///< the first of them, and why
    std::uint64_t not_running = 0;  ///< ends of runs that had no run to end
    std::string violation;          ///< an invariant that did not hold
};

struct Comparison {
    base::Duration lasted{};
    std::uint64_t requests = 0;
    std::uint64_t ends = 0;  ///< runs that ended by a crash or by their guest
    std::size_t hosts = 0;
    Sums then;    ///< the log itself
    Run present;  ///< its inputs in the simulator under its own settings
    Run other;    ///< and under the other ones
};

/// Lines are handed over by next(): false at the end. Errors are those of a damaged log, or of a
/// policy that does not fit.
using NextLine = std::function<bool(std::string_view& line)>;
base::Result<Comparison> compare(const NextLine& next, const OtherPolicy& policy);

}  // namespace vdc::sim
