#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "control/effects.h"
#include "drivers/qemu/block_graph.h"

/// What QEMU is told when it starts. Pure: the same spec and numbers give the same words, which
/// hold no secret and no path of ours. Options and traps: docs/qemu of QEMU 7.2, tried one by one.
namespace vdc::drivers::qemu {

enum class Accelerator { kvm, tcg };
std::string_view word(Accelerator accelerator);

/// A disk's layer by the numbers its descriptors have for QEMU. A layer that is written comes
/// twice: QEMU reopens it read-only when a snapshot freezes it.
struct WiredLayer {
    int read_write = -1;  ///< -1: the layer is only read
    int read_only = -1;
    std::string format;
};

/// From the base up.
struct WiredDisk {
    control::DiskSpec disk;
    std::vector<WiredLayer> layers;
};

/// Descriptors by the numbers they have for QEMU. All sockets listen.
struct Wiring {
    int qmp = -1;
    int console = -1;
    int console_log = -1;
    int agent = -1;
    int seed = -1;          ///< -1: no seed disk
    bool receives = false;  ///< it waits for a guest that runs elsewhere
    std::vector<WiredDisk> disks = {};
    std::vector<int> taps = {};  ///< one per card
};

/// Disks may be plugged into slots 0 to disk_slots(spec) - 1: those it starts with and 8 spare.
int disk_slots(const control::InstanceSpec& spec);

/// Most of what one instance can have (PCI functions that we set aside).
inline constexpr int disk_slots_max = 32;
inline constexpr int cards_max = 8;

/// The program and its arguments. It starts stopped: no guest code runs before `cont`.
std::vector<std::string> command_line(const control::InstanceSpec& spec, const Wiring& wiring,
                                      Accelerator accelerator);

/// What its cgroup must allow: the guest's memory and QEMU's own.
base::MiB memory_limit(const control::InstanceSpec& spec, Accelerator accelerator);

}  // namespace vdc::drivers::qemu
