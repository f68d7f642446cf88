#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "drivers/host_paths.h"

namespace vdc::drivers::images {

/// One run of qemu-img in a jail of its own. It sees no file but those lent to it, and those only
/// under the names /dev/fd/3, /dev/fd/4 and so on: first the ones to read, then the ones to write,
/// in their order here.
struct Job {
    std::string what;  ///< for messages: "the conversion of image 1234"
    std::string key;   ///< names its cgroup and its uid; one run at a time has it
    std::vector<std::string> arguments = {};
    std::vector<int> to_read = {};   ///< open to all who hold them (mode 0444)
    std::vector<int> to_write = {};  ///< given to the jail's uid meanwhile, and taken back
    base::Bytes file_size = {};      ///< no file may grow beyond
    int cpu_seconds = 60;
};

/// "/dev/fd/3" for the first file of a job.
std::string name_in_jail(std::size_t index);

/// Waits for its end. exhausted when the disk was full, too_large when a file passed `file_size`,
/// timed_out when it took its processor time or eight times as long by the clock, conflict when
/// another process has one of the files open, failed with the tool's own words otherwise.
base::Status run_qemu_img(const HostPaths& paths, const Job& job);

/// Ends a run of this key that a daemon before us left behind. None: fine.
base::Status end_qemu_img(const HostPaths& paths, const std::string& key);

}  // namespace vdc::drivers::images
