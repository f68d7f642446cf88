#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "control/effects.h"

/// What the rooms of `drivers` open for each other. A jailed QEMU opens nothing by path: all its
/// disks and cards are descriptors that were opened here, and only here.
namespace vdc::drivers {

/// One file of a disk's chain. `format` ("qcow2" or "raw") comes from our record, never from the
/// bytes. The descriptor belongs to the receiver, who closes it once QEMU has its copy; it is
/// close-on-exec and shares its file offset and lock with nobody else.
struct DiskLayer {
    int fd = -1;
    std::string format;
    bool read_only = true;
};

/// A disk as QEMU shall see it, from the layer that is written (first) down to its base (last).
/// Each layer's backing is the next one; the last has none. Never empty.
struct OpenedDisk {
    std::vector<DiskLayer> layers;
};

/// The one place where a volume's files are opened for a guest. Implemented by drivers/disks.
class DiskOpener {
  public:
    virtual ~DiskOpener() = default;

    /// The volume's chain as it is recorded now. not_found when the volume was never prepared;
    /// nothing stays open after an error. Any thread.
    virtual base::Result<OpenedDisk> open_disk(model::VolumeId volume) = 0;
};

/// Where a guest's card meets its network. Implemented by drivers/networks.
class TapOpener {
  public:
    virtual ~TapOpener() = default;

    /// A descriptor of the card's tap (IFF_TAP | IFF_NO_PI, one queue, no IFF_VNET_HDR), in the
    /// network's bridge with the port's rules in force. The tap is made if it is not there. The
    /// descriptor belongs to the receiver. conflict when the network is not applied on this host or
    /// does not know the port. Any thread.
    virtual base::Result<int> open_tap(const control::CardSpec& card) = 0;

    /// As open_tap(), of a card whose guest is on its way here (docs/migration.md): its port is on
    /// another host still. The tap is outside the bridge and down, so nobody hears or reaches it,
    /// until the network is applied with the port. conflict when it has the port already.
    virtual base::Result<int> open_arriving_tap(const control::CardSpec& card) = 0;

    /// Removes the tap. Nothing there: fine.
    virtual base::Status close_tap(model::PortId port, int network_number) = 0;
};

/// What a running QEMU does with a disk that it has open: no other process may touch those files
/// meanwhile. Implemented by drivers/qemu. All are idempotent, and refuse with conflict when the
/// instance does not run or does not have the volume.
class RunningDisks {
  public:
    virtual ~RunningDisks() = default;

    /// Grows the disk to `size`; the guest sees it at once. Never shrinks.
    virtual base::Status grow(model::InstanceId instance, model::VolumeId volume,
                              base::Bytes size) = 0;

    /// From here on the guest writes to `overlay`; the layer it wrote to so far stays as it is at
    /// this moment (what the guest had in flight is completed first), opened read-only.
    /// `overlay` is a fresh empty file of the disk's present size, for example made by
    /// `qemu-img create -f qcow2 FILE SIZE`. Takes the descriptor in any case. The caller records
    /// the new chain before (so that open_disk() knows it after a crash), and tells a finished
    /// snapshot from a lost one by asking layers().
    virtual base::Status snapshot(model::InstanceId instance, model::VolumeId volume,
                                  DiskLayer overlay) = 0;

    /// How many layers the running disk's chain has, base included.
    virtual base::Result<int> layers(model::InstanceId instance, model::VolumeId volume) = 0;
};

}  // namespace vdc::drivers
