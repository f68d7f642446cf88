#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

/// Where every QEMU and every qemu-img runs (DESIGN.md section 6): its own uid, no capabilities,
/// no_new_privs, own mount, pid, ipc, uts and (empty) network namespace, a root that holds only
/// read-only system folders, /dev/null, /dev/zero, /dev/urandom (and /dev/kvm when asked), limits
/// by cgroup and rlimit. All else is handed over as descriptors.
namespace vdc::drivers::jail {

/// A descriptor of ours that the jailed program shall have under the number `as` (>= 3).
struct Handed {
    int fd = -1;
    int as = -1;
};

struct Limits {
    base::MiB memory{};                ///< 0: none
    std::int64_t cpu_thousandths = 0;  ///< of one processor; 0: none
    std::int64_t cpu_seconds = 0;      ///< RLIMIT_CPU; 0: none
    base::Bytes file_size{};           ///< RLIMIT_FSIZE; 0: none
    int processes = 64;
};

struct Spec {
    std::string name;                  ///< for messages: "qemu of web-1"
    std::vector<std::string> command;  ///< program path and arguments
    std::vector<Handed> handed;
    int output = -1;        ///< stdout and stderr; -1: /dev/null
    std::uint32_t uid = 0;  ///< and gid; not 0
    std::string cgroup;     ///< below the v2 root, for example "vdc-1a2b/R/<id>"
    Limits limits;
    bool kvm = false;
};

/// A jailed process. It outlives us unless it is ended.
struct Process {
    std::int64_t pid = 0;
    int pidfd = -1;  ///< owned by the caller
    std::uint64_t start_time =
        0;  ///< field 22 of /proc/PID/stat: with the pid it names one process for a boot
};

/// Starts the command. The error carries what the child said when it could not begin.
base::Result<Process> spawn(const Spec& spec);

struct Output {
    int status = 0;    ///< exit status; 128 + signal when it was killed
    std::string text;  ///< its output, at most 64 KiB
};

/// Starts it, waits at most `seconds`, kills it then. Removes its cgroup.
base::Result<Output> run(const Spec& spec, int seconds);

/// Kills all in the cgroup, waits for its end, removes it. Nothing there: fine.
base::Status end(const std::string& cgroup);

/// A uid of our range (by default 1879048192 + the low 16 bits of the id's hash, unique among the
/// living). The same for the same id.
std::uint32_t uid_for(const std::string& id);

}  // namespace vdc::drivers::jail
