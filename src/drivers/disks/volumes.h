#pragma once

#include <condition_variable>
#include <mutex>
#include <set>

#include "base/result.h"
#include "control/effects.h"
#include "drivers/disks/record.h"
#include "drivers/host_paths.h"
#include "drivers/openers.h"

/// Volumes: folders of qcow2 overlays, and the one place that opens them. What a folder holds and
/// why a crash cannot spoil it: record.h. How space comes back: collapse.h.
///
/// A snapshot freezes the file that was written so far; a new, empty one on top becomes the head.
/// A revert puts a new head on a snapshot's file and forgets the old head; later snapshots lie on
/// files of their own and stay. Dropping a snapshot forgets its file, which then goes or is merged.
namespace vdc::drivers::disks {

class Volumes final : public DiskOpener {
  public:
    using Seen = base::Result<control::VolumeSighting>;

    explicit Volumes(HostPaths paths) : paths_(std::move(paths)) {}

    /// Through whom open volumes grow and are snapshot. Once, before the first run().
    void use(RunningDisks& running) { running_ = &running; }

    /// Once, before the first run(): makes the folder and removes what a crash left behind.
    base::Status start();

    /// All wait for each other when they are about one volume. Errors: invalid (a size that is too
    /// small), not_found (no such volume, image or snapshot), conflict (open in a QEMU that was
    /// not named, or not open where it was named), exhausted (disk full, too many snapshots),
    /// corrupt (the record). After an error the volume is as it was, or an open one's snapshot is
    /// half way and is finished by the next effect on it.
    Seen run(const control::PrepareVolume& effect);
    Seen run(const control::GrowVolume& effect);
    Seen run(const control::TakeSnapshot& effect);
    Seen run(const control::DropSnapshot& effect);
    Seen run(const control::RevertVolume& effect);
    Seen run(const control::RemoveVolume& effect);

    Seen look(model::VolumeId volume);

    base::Result<OpenedDisk> open_disk(model::VolumeId volume) override;

  private:
    using Instance = std::optional<model::InstanceId>;

    /// While it lives nobody else is at work on that volume.
    class Turn {
      public:
        Turn(Volumes& volumes, model::VolumeId volume);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

      private:
        Volumes& volumes_;
        model::VolumeId volume_;
    };

    Seen seen(model::VolumeId volume) const;
    base::Status make(const control::VolumeSpec& volume);
    base::Result<Record> settled(model::VolumeId volume, const Instance& open_in);
    base::Status settle_snapshot(Record& record, const Instance& open_in);
    base::Status take_online(Record& record, model::VolumeSnapshotId snapshot,
                             model::InstanceId instance);
    base::Status switch_over(Record& record, model::InstanceId instance);
    base::Status must_be_closed(const Record& record) const;
    base::Status grow_closed(const Record& record, base::MiB size);
    void collapse_what_can(Record& record, const Instance& open_in);

    HostPaths paths_;
    RunningDisks* running_ = nullptr;
    std::mutex mutex_;
    std::condition_variable free_;
    std::set<model::VolumeId> busy_;
};

}  // namespace vdc::drivers::disks
