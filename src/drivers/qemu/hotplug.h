#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/openers.h"
#include "drivers/qemu/qmp.h"

/// Disks of a running QEMU, over its monitor. What is there is always asked of QEMU: nothing here
/// remembers anything, so it does not matter who plugged a disk in, or how far they came.
/// Blocking; one caller at a time per QEMU.
namespace vdc::drivers::qemu {

/// The disks that the guest has, in slot order.
base::Result<std::vector<control::DiskSpec>> attached_disks(Qmp& qmp);

/// Removes what plugging left half-done: nodes and descriptors of slots that no disk is in.
base::Status drop_remains(Qmp& qmp);

/// Plugs a disk into a free slot. Takes the descriptors in any case. On failure nothing of it
/// stays.
base::Status attach(Qmp& qmp, const control::DiskSpec& disk, OpenedDisk opened);

/// Asks the guest to let the disk go, and again every few seconds, until `gone(patience)` says
/// that QEMU reported its end, or `limit` has passed: timed_out. Then closes its files.
using WaitGone = std::function<bool(const std::string& device, std::chrono::milliseconds patience)>;
base::Status detach(Qmp& qmp, const control::DiskSpec& disk, const WaitGone& gone,
                    std::chrono::milliseconds limit);

/// See RunningDisks.
base::Status grow(Qmp& qmp, const control::DiskSpec& disk, base::Bytes size);
base::Status snapshot(Qmp& qmp, const control::DiskSpec& disk, DiskLayer overlay);
base::Result<int> layers(Qmp& qmp, const control::DiskSpec& disk);

/// Closes them.
void close(OpenedDisk& disk);

/// The same file opened once more, read-only, with a lock and an offset of its own.
base::Result<runtime::Fd> reopened_read_only(int fd);

}  // namespace vdc::drivers::qemu
