#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace vdc::runtime {

struct Command {
    std::vector<std::string> words;  ///< program (found by PATH) and arguments; never a shell
    std::string input = {};          ///< written to its stdin
    std::chrono::milliseconds limit = std::chrono::seconds(30);  ///< killed and timed_out after it
    std::string network_namespace = {};  ///< a name as of `ip netns`, or empty: ours
};

struct Output {
    int status = 0;   ///< exit status; 128 + signal when it was killed
    std::string out;  ///< stdout, at most 16 MiB
    std::string err;  ///< stderr, at most 64 KiB
};

/// Runs the command to its end. An error only if it could not run or did not end in time;
/// any exit status is an Output. Inherits no descriptors. Blocking; any thread.
base::Result<Output> run(const Command& command);

/// As run(), but a status other than 0 is an error that carries the command and its stderr.
base::Result<std::string> must_run(const Command& command);

/// Starts a process that outlives us, in a session of its own, with nothing of ours but our
/// environment; what it says is appended to the file `output`. Its pid. While we live it is our
/// child: reap() it when it has ended.
base::Result<pid_t> start_to_stay(const std::vector<std::string>& words, const std::string& output);

/// Takes what is left of a child that has ended; anybody else's process is left alone.
void reap(pid_t pid);

/// Field 22 of /proc/PID/stat: with the pid it names one process for one boot. not_found when
/// there is no such process (a zombie counts as one).
base::Result<std::uint64_t> process_start_time(pid_t pid);

}  // namespace vdc::runtime
