#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/qemu/qmp.h"
#include "runtime/fd.h"

/// Moving a guest from one QEMU to another, over their monitors: disks by mirrors over NBD, then
/// memory, all through stream sockets that are handed over (docs/migration.md). What is there is
/// always asked of QEMU. Blocking; one caller at a time per QEMU. Options and traps: QEMU 7.2,
/// tried one by one.
namespace vdc::drivers::qemu {

/// What one stream of a move carries: "memory", or the disk of a slot.
inline constexpr const char* memory_channel = "memory";
std::string disk_channel(int slot);
/// The slot of a disk's channel, if it is one.
bool is_disk_channel(const std::string& channel);

// ---- orders and sightings ----------------------------------------------------------------------

using MoveSeen = control::MoveSighting;
using control::MoveRung;
using control::MoveStage;
using control::SendOrder;

/// Opens a stream to the receiver's take_stream(); asked from the thread that gives the order.
using OpenStream = std::function<base::Result<runtime::Fd>(const std::string& channel)>;

// ---- the receiver: a QEMU that was started with `-incoming defer` -------------------------------

/// Lets the disks be written through NBD connections to `listener`, and awaits the memory at the
/// other end of `memory`. The guest stands still when all has come, until end_receiving() and
/// `cont`.
base::Status begin_receiving(Qmp& qmp, const std::vector<control::DiskSpec>& disks,
                             const runtime::Fd& listener, const runtime::Fd& memory);
/// Nobody writes the disks any more but the guest. Before `cont`.
base::Status end_receiving(Qmp& qmp);

// ---- the sender --------------------------------------------------------------------------------

/// Copies the disk to what is at the other end of `channel`, and whatever is written meanwhile. A
/// disk that is one layer on an image is copied without its image: the receiver has it.
base::Status begin_mirror(Qmp& qmp, const control::DiskSpec& disk, const runtime::Fd& channel);

/// Sends the memory; QEMU stops the guest when the rest is small, and waits for finish_sending().
base::Status begin_memory(Qmp& qmp, const runtime::Fd& channel);

/// How far the sending is.
struct Sending {
    enum class Stage {
        none,          ///< nothing was begun, or it was cleared away
        mirroring,     ///< disks are copied
        mirrored,      ///< all disks are as they are here, and followed
        memory,        ///< memory is copied
        stands_still,  ///< QEMU has stopped the guest and waits
        sent,          ///< all of it
        failed
    };
    Stage stage = Stage::none;
    std::int64_t total = 0;  ///< bytes
    std::int64_t left = 0;
    std::chrono::milliseconds pause{};
    std::string trouble;
};
base::Result<Sending> look_at_sending(Qmp& qmp, std::size_t mirrors, bool memory_began);

/// From `stands_still` on: ends the mirrors, which by now are equal, and sends the rest. When it
/// returns all is sent, and the guest stands still.
base::Status finish_sending(Qmp& qmp, std::chrono::milliseconds limit);

/// Ends whatever is under way of a sending. The guest is left as it is.
base::Status abandon_sending(Qmp& qmp);

}  // namespace vdc::drivers::qemu
