#pragma once

#include <linux/filter.h>

#include <vector>

#include "base/result.h"

namespace vdc::drivers::jail {

/// The system calls that a jailed program has: those that QEMU and qemu-img need on descriptors
/// and files they have, and no others. Beyond QEMU's own `-sandbox`, so that the jail rests on
/// nothing that the program does itself. Refused are among others: every exec but the first
/// (inside.h says how), every fork, new sockets, connect, mounts, namespaces, identities, ptrace,
/// keys, bpf, io_uring, userfaultfd, modules, clocks, raised limits, other architectures' calls,
/// and every ioctl but KVM's and a few questions (so a tap is used as it was handed over).
/// What is unknown gets ENOSYS, which programs take as an older kernel; what programs check for
/// gets EPERM. Built once per process; then the same for all.
base::Result<const std::vector<sock_filter>*> program_filter();

}  // namespace vdc::drivers::jail
