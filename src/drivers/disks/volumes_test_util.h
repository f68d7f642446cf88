#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "drivers/disks/volumes.h"
#include "drivers/images/import_test_util.h"

namespace vdc::drivers::disks {

/// Stands in for QEMU: has volumes open as it does, with its locks, and follows snapshots.
class PretendedQemu final : public RunningDisks {
  public:
    void open(model::InstanceId instance, model::VolumeId volume, OpenedDisk disk);
    void close(model::VolumeId volume);

    base::Status grow(model::InstanceId, model::VolumeId, base::Bytes) override;
    base::Status snapshot(model::InstanceId, model::VolumeId, DiskLayer overlay) override;
    base::Result<int> layers(model::InstanceId, model::VolumeId) override;

    /// What its next snapshot does.
    enum class Mood { obeys, refuses, obeys_without_an_answer, hangs };
    Mood mood = Mood::obeys;
    std::vector<std::string> heard;

    /// A file that each snapshot makes, so that we learn of those done by our own copy in another
    /// process: catch_up() then does the same here.
    std::string told;
    void catch_up(model::VolumeId volume, const std::string& overlay);

  private:
    struct Open {
        model::InstanceId instance;
        std::vector<runtime::Fd> layers;  ///< base first
    };
    static void put_on_top(Open& open, runtime::Fd overlay);
    base::Result<Open*> find(model::InstanceId instance, model::VolumeId volume);

    std::map<model::VolumeId, Open> open_;
};

std::string filled(char byte, std::size_t size);

/// A host with images and volumes, and a guest's hand on their bytes.
class VolumeHost : public images::Imported {
  protected:
    using Code = base::Error::Code;
    using VolumeSpec = control::VolumeSpec;

    VolumeHost();

    /// The effect is done; what was seen.
    template <class Effect>
    control::VolumeSighting must_do(const Effect& effect) {
        const auto seen = volumes.run(effect);
        EXPECT_TRUE(seen.ok()) << text(seen.error());
        return seen.value_or({});
    }
    /// The effect is refused; with which code.
    template <class Effect>
    Code refused(const Effect& effect) {
        const auto seen = volumes.run(effect);
        EXPECT_FALSE(seen.ok());
        return seen.ok() ? Code::failed : seen.error().code;
    }

    /// Prepared; with the image when there is one.
    VolumeSpec prepared(int number, std::optional<model::ImageId> image = {}, std::int64_t mib = 2);
    /// The pretended QEMU of `instance` has the volume from here on, and no more.
    void open(VolumeSpec& volume);
    void close(VolumeSpec& volume);

    /// A published image of 1 MiB that holds `forge::content()`.
    model::ImageId publish();
    control::VolumeSpec spec(int number, std::int64_t mib = 2) const;

    /// qemu-io commands on the volume as a guest sees it, whether a QEMU has it open or not.
    void guest(model::VolumeId volume, const std::string& command);
    std::string bytes(model::VolumeId volume);
    std::string bytes(model::VolumeId volume, model::VolumeSnapshotId snapshot);
    Record record(model::VolumeId volume) const;
    /// Names in the volume's folder.
    std::vector<std::string> names(model::VolumeId volume) const;

    /// The record and the folder fit each other, and every file is sound.
    void expect_sound(model::VolumeId volume);

    Volumes volumes;
    PretendedQemu qemu;
    const model::InstanceId instance{base::Uuid{7, 7}};  ///< the one that has volumes open

  private:
    std::string graph(model::VolumeId volume, std::uint64_t top) const;
    std::string bytes_of(const std::string& graph);
};

model::VolumeSnapshotId snapshot_id(int number);

/// Runs `deed` in a process of its own that is killed before its `count`th system call that
/// changes anything. True when it had ended before.
bool ended_before(int count, const std::function<void()>& deed);

}  // namespace vdc::drivers::disks
