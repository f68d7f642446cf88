#pragma once

#include <string>
#include <vector>

/// A program that runs in the jail instead of QEMU and tries to get out, one line per attempt.
/// It stands alone (static, nothing of ours), as an attacker's code would.
namespace probe {

/// What is outside and must not be reached. Given by the test on the command line.
struct Outside {
    std::string file;       ///< another instance's disk
    std::string folder;     ///< the data folder
    std::string unix_path;  ///< a socket that listens there
    std::string abstract;   ///< a name, and there listens one too
    int port = 0;           ///< a TCP port that listens on 127.0.0.1
    int pid = 0;            ///< a process with the same uid
    int readable = -1;      ///< descriptors that were handed over: open for reading ...
    int writable = -1;      ///< ... and for writing, with a limit of 1 MiB for files
    int tap = -1;           ///< a network card on the host's side, as a QEMU has it
    int processes = 0;      ///< the limit of processes and threads
};

/// Does it; returns 0 or more when it could, else -errno.
using Deed = long (*)(const Outside&);

struct Attempt {
    const char* what;
    Deed deed;
    /// Safe to try outside of any jail as root: there it must be possible, or the attempt proves
    /// nothing. All others are only ever run inside.
    bool harmless = false;
    /// What counts as a refusal here beside the usual errors.
    std::vector<int> refusals = {};
};

std::vector<Attempt> attempts_on_files();
std::vector<Attempt> attempts_on_networks();
std::vector<Attempt> attempts_on_the_tap();
std::vector<Attempt> attempts_on_processes();
std::vector<Attempt> attempts_on_privileges();
std::vector<Attempt> attempts_on_mounts();
std::vector<Attempt> attempts_on_the_kernel();
std::vector<Attempt> attempts_on_limits();

/// For attempts outside of any jail: a tap in a network namespace of its own.
int tap_of_its_own();

/// The result of a system call wrapper as a Deed returns it; closes what it opened.
long result(long value);
long opened(int fd);

}  // namespace probe
