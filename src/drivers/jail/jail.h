#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "runtime/fd.h"

/// Where every QEMU and every qemu-img runs: its own uid, no capabilities,
/// no_new_privs, own mount, pid, ipc, uts, cgroup and (empty) network namespace, a read-only root
/// that holds only read-only system folders (/usr, /bin, /sbin, /lib*, /etc/ld.so.cache) and
/// /dev/null, /dev/zero, /dev/random, /dev/urandom (and /dev/kvm when asked), limits by cgroup and
/// rlimit, and a filter of system calls of our own (filter.h): no second exec, no fork, no new
/// sockets. All else is handed over as descriptors. Needs root, and Linux 5.14 or later.
///
/// The program is pid 1 of its pid namespace: a signal that it does not handle does nothing to it,
/// but SIGKILL from outside ends it. abort() ends it with SIGSEGV.
namespace vdc::drivers::jail {

/// A descriptor of ours that the jailed program shall have under the number `as` (3 to 1023).
/// Folders are refused: they are a way out. What is connected or listening stays so.
struct Handed {
    int fd = -1;
    int as = -1;
};

struct Limits {
    base::MiB memory{};                ///< 0: none
    std::int64_t cpu_thousandths = 0;  ///< of one processor; 0: none
    std::int64_t cpu_seconds = 0;      ///< RLIMIT_CPU; 0: none
    base::Bytes file_size{};           ///< RLIMIT_FSIZE; 0: none
    /// And threads; 0: none. A QEMU that gets no thread aborts, and its block layer alone may take
    /// 64: give it 128 or more.
    int processes = 128;
};

struct Spec {
    std::string name = {};  ///< for messages: "qemu of web-1"
    /// Absolute program path and arguments. The program may lie anywhere, its libraries must lie in
    /// /usr or /lib.
    std::vector<std::string> command = {};
    std::vector<Handed> handed = {};
    int output = -1;          ///< stdout and stderr; -1: /dev/null. stdin is /dev/null
    std::uint32_t uid = 0;    ///< and gid; not 0
    std::string cgroup = {};  ///< below the v2 root, for example "vdc-1a2b/R/<id>"
    Limits limits = {};
    bool kvm = false;  ///< /dev/kvm, its own node, open to this uid alone
    /// A /proc with nothing but the jail's own process, and /dev/fd, for programs that open
    /// descriptors by the name /dev/fd/N. Opening by name asks for the file's permissions anew:
    /// the file must be the jail's uid's, or open to all. And it can open for writing what it was
    /// handed for reading, if the permissions allow: hand over what must not change as a file that
    /// the uid may only read.
    bool proc = false;
};

/// A jailed process. It outlives us unless it is ended.
struct Process {
    std::int64_t pid = 0;
    int pidfd = -1;  ///< owned by the caller
    /// Field 22 of /proc/PID/stat: with the pid it names one process for a boot.
    std::uint64_t start_time = 0;
};

/// Starts the command; returns once the program runs. The error carries what the child said when
/// it could not begin; then nothing stays behind. conflict when the cgroup was fenced (frozen).
base::Result<Process> spawn(const Spec& spec);

/// How a child of ours ended: exit status, or 128 + signal. Nothing: it still runs. Once; an error
/// when it is no child of ours (it was re-adopted) or was asked for before.
base::Result<std::optional<int>> reap(int pidfd);

/// A pidfd of the process that has this pid and this start time; not_found when it is gone, also
/// when its number passed to another.
base::Result<runtime::Fd> reopen(std::int64_t pid, std::uint64_t start_time);

struct Output {
    int status = 0;         ///< exit status; 128 + signal when it was killed
    std::string text = {};  ///< its output, at most 64 KiB
};

/// Starts it, waits at most `seconds`, kills it then (timed_out). Removes its cgroup.
/// `spec.output` stays -1.
base::Result<Output> run(const Spec& spec, int seconds);

/// Kills all in the cgroup, waits for its end, removes it. Nothing there: fine. Children stay to
/// be reaped.
base::Status end(const std::string& cgroup);

/// Kills all that runs in this datacenter's cgroups and removes the whole tree:
/// HostPaths::cgroup().
base::Status end_all(const std::string& tag_folder);

/// A uid of our range, 1879048192 to 2147483646, by the id's hash. The same for the same id. Two
/// of 1,000 living ids share one with a chance of 1 in 540; then their namespaces still part them.
std::uint32_t uid_for(const std::string& id);

}  // namespace vdc::drivers::jail
