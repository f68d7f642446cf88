#include "drivers/disks/volumes.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/disks/volumes_test_util.h"
#include "drivers/images/forge_test_util.h"
#include "runtime/files.h"

namespace vdc::drivers::disks {
namespace {

using runtime::Fd;

class VolumesReal : public VolumeHost {};

// ---- making, looking, removing -----------------------------------------------------------------

TEST_F(VolumesReal, AnEmptyOneReadsAsZeros) {
    const VolumeSpec volume = prepared(1);
    EXPECT_EQ(bytes(volume.id), filled('\0', 2 << 20));
    expect_sound(volume.id);
    const auto seen = volumes.look(volume.id);
    ASSERT_TRUE(seen.ok());
    EXPECT_TRUE(seen->present);
    EXPECT_EQ(seen->size.count, 2);
    EXPECT_GT(seen->stored_size.count, 0);
}

TEST_F(VolumesReal, OneFromAnImageReadsAsTheImageAndThenZeros) {
    const VolumeSpec volume = prepared(1, publish());
    const std::string all = bytes(volume.id);
    EXPECT_EQ(all.size(), std::size_t{2} << 20);
    EXPECT_TRUE(all.starts_with(images::forge::content()));
    EXPECT_EQ(all.find_first_not_of('\0', images::forge::content_size), std::string::npos);
}

TEST_F(VolumesReal, WritesOfOneNeverReachItsImageOrItsSibling) {
    const model::ImageId image = publish();
    const VolumeSpec one = prepared(1, image), two = prepared(2, image);
    guest(one.id, "write -P 0xaa 0 128k");
    EXPECT_EQ(bytes(one.id).substr(0, 128 << 10), filled('\xaa', 128 << 10));
    EXPECT_TRUE(bytes(two.id).starts_with(images::forge::content()));
}

TEST_F(VolumesReal, PreparingTwiceKeepsWhatIsThere) {
    const VolumeSpec volume = prepared(1);
    guest(volume.id, "write -P 0x11 0 4k");
    must_do(control::PrepareVolume{volume});
    EXPECT_EQ(bytes(volume.id)[0], '\x11');
}

TEST_F(VolumesReal, OneSmallerThanItsImageIsRefusedAndNothingStays) {
    VolumeSpec volume = spec(1, 1);
    const model::ImageId image = upload(images::forge::vhdx().data);
    ASSERT_TRUE(images.run(import_of(image)).ok());
    volume.image = image;
    EXPECT_EQ(refused(control::PrepareVolume{volume}), Code::invalid);
    volume.image = model::ImageId{base::Uuid{5, 5}};
    EXPECT_EQ(refused(control::PrepareVolume{volume}), Code::not_found);
    volume.image.reset();
    volume.size = {0};
    EXPECT_EQ(refused(control::PrepareVolume{volume}), Code::invalid);
    EXPECT_EQ(runtime::list_dir(paths.volumes()).value(), std::vector<std::string>{});
}

TEST_F(VolumesReal, RemovingTakesAllAndTwiceIsFine) {
    const VolumeSpec volume = prepared(1);
    must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    EXPECT_FALSE(must_do(control::RemoveVolume{volume.id}).present);
    EXPECT_FALSE(must_do(control::RemoveVolume{volume.id}).present);
    EXPECT_EQ(runtime::list_dir(paths.volumes()).value(), std::vector<std::string>{});
    EXPECT_EQ(refused(control::GrowVolume{volume}), Code::not_found);
    EXPECT_EQ(volumes.open_disk(volume.id).error().code, Code::not_found);
}

TEST_F(VolumesReal, AnImageStaysWhileAVolumeNeedsIt) {
    const model::ImageId image = publish();
    const VolumeSpec volume = prepared(1, image);
    const auto kept = images.run(control::RemoveImage{image});
    ASSERT_FALSE(kept.ok());
    EXPECT_EQ(kept.error().code, Code::conflict);
    must_do(control::RemoveVolume{volume.id});
    EXPECT_TRUE(images.run(control::RemoveImage{image}).ok());
}

TEST_F(VolumesReal, ADamagedRecordIsSaidAndTouchesNothing) {
    const VolumeSpec volume = prepared(1);
    ASSERT_TRUE(runtime::write_file_atomic(record_path(paths, volume.id), "{}").ok());
    EXPECT_EQ(refused(control::GrowVolume{volume}), Code::corrupt);
    EXPECT_EQ(volumes.look(volume.id).error().code, Code::corrupt);
    EXPECT_EQ(names(volume.id), (std::vector<std::string>{"0.qcow2", "volume.json"}));
    EXPECT_FALSE(must_do(control::RemoveVolume{volume.id}).present);
}

// ---- growing -----------------------------------------------------------------------------------

TEST_F(VolumesReal, GrowsAndNeverShrinks) {
    VolumeSpec volume = prepared(1, publish());
    guest(volume.id, "write -P 0x22 1M 64k");
    const std::string before = bytes(volume.id);
    volume.size = {5};
    EXPECT_EQ(must_do(control::GrowVolume{volume}).size.count, 5);
    EXPECT_EQ(must_do(control::GrowVolume{volume}).size.count, 5);
    EXPECT_EQ(bytes(volume.id), before + filled('\0', 3 << 20));
    expect_sound(volume.id);
    volume.size = {4};
    EXPECT_EQ(refused(control::GrowVolume{volume}), Code::invalid);
    EXPECT_EQ(volumes.look(volume.id)->size.count, 5);
}

TEST_F(VolumesReal, AnOpenOneGrowsThroughItsQemu) {
    VolumeSpec volume = prepared(1);
    open(volume);
    volume.size = {6};
    EXPECT_EQ(must_do(control::GrowVolume{volume}).size.count, 6);
    EXPECT_EQ(qemu.heard, std::vector<std::string>{"grow 6291456"});
}

// ---- snapshots ---------------------------------------------------------------------------------

TEST_F(VolumesReal, ASnapshotKeepsWhatWasAndARevertBringsItBack) {
    VolumeSpec volume = prepared(1, publish());
    guest(volume.id, "write -P 1 0 64k");
    const std::string first = bytes(volume.id);
    EXPECT_EQ(must_do(control::TakeSnapshot{volume, snapshot_id(1)}).snapshots,
              std::vector{snapshot_id(1)});
    guest(volume.id, "write -P 2 0 64k");
    const std::string second = bytes(volume.id);
    must_do(control::TakeSnapshot{volume, snapshot_id(2)});
    guest(volume.id, "write -P 3 0 64k");
    EXPECT_EQ(bytes(volume.id, snapshot_id(1)), first);
    EXPECT_EQ(bytes(volume.id, snapshot_id(2)), second);

    volume.revert_to = snapshot_id(1);
    volume.reverts = 1;
    const auto seen = must_do(control::RevertVolume{volume});
    EXPECT_EQ(seen.reverts, 1u);
    EXPECT_EQ(seen.snapshots, (std::vector{snapshot_id(1), snapshot_id(2)}));
    EXPECT_EQ(bytes(volume.id), first);
    guest(volume.id, "write -P 4 0 64k");
    must_do(control::RevertVolume{volume});  // the same wish once more changes nothing
    EXPECT_EQ(bytes(volume.id)[0], 4);
    EXPECT_EQ(bytes(volume.id, snapshot_id(2)), second);  // the later one stays usable

    volume.revert_to = snapshot_id(2);
    volume.reverts = 2;
    must_do(control::RevertVolume{volume});
    EXPECT_EQ(bytes(volume.id), second);
    expect_sound(volume.id);
}

TEST_F(VolumesReal, ARevertKeepsTheSizeGrownTo) {
    VolumeSpec volume = prepared(1);
    guest(volume.id, "write -P 1 0 64k");
    must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    volume.size = {4};
    must_do(control::GrowVolume{volume});
    guest(volume.id, "write -P 9 3M 64k");
    volume.revert_to = snapshot_id(1);
    volume.reverts = 1;
    EXPECT_EQ(must_do(control::RevertVolume{volume}).size.count, 4);
    EXPECT_EQ(bytes(volume.id), filled(1, 64 << 10) + filled('\0', (4 << 20) - (64 << 10)));
}

TEST_F(VolumesReal, ARevertToNothingIsRefused) {
    VolumeSpec volume = prepared(1);
    volume.reverts = 1;
    EXPECT_EQ(refused(control::RevertVolume{volume}), Code::not_found);
    volume.revert_to = snapshot_id(8);
    EXPECT_EQ(refused(control::RevertVolume{volume}), Code::not_found);
    EXPECT_EQ(record(volume.id).reverts, 0u);
}

TEST_F(VolumesReal, DroppedSnapshotsGiveTheirSpaceBack) {
    VolumeSpec volume = prepared(1, publish());
    for (int i = 1; i <= 4; ++i) {
        guest(volume.id, "write -P " + std::to_string(i) + " 0 1M");
        must_do(control::TakeSnapshot{volume, snapshot_id(i)});
    }
    const std::string all = bytes(volume.id), third = bytes(volume.id, snapshot_id(3));
    const auto before = volumes.look(volume.id)->stored_size;
    must_do(control::DropSnapshot{volume, snapshot_id(2)});
    must_do(control::DropSnapshot{volume, snapshot_id(1)});
    must_do(control::DropSnapshot{volume, snapshot_id(1)});
    EXPECT_EQ(bytes(volume.id, snapshot_id(3)), third);
    EXPECT_LT(volumes.look(volume.id)->stored_size.count, before.count - (3 << 19));
    must_do(control::DropSnapshot{volume, snapshot_id(3)});
    must_do(control::DropSnapshot{volume, snapshot_id(4)});
    EXPECT_EQ(bytes(volume.id), all);
    EXPECT_EQ(record(volume.id).files.size(), 1u);
    expect_sound(volume.id);
}

TEST_F(VolumesReal, ADroppedSnapshotThatTwoLieOnStaysAsALinkUntilOneIsGone) {
    VolumeSpec volume = prepared(1);
    guest(volume.id, "write -P 1 0 64k");
    must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    guest(volume.id, "write -P 2 64k 64k");
    must_do(control::TakeSnapshot{volume, snapshot_id(2)});
    volume.revert_to = snapshot_id(1);
    volume.reverts = 1;
    must_do(control::RevertVolume{volume});
    guest(volume.id, "write -P 3 64k 64k");
    const std::string head = bytes(volume.id), second = bytes(volume.id, snapshot_id(2));
    must_do(control::DropSnapshot{volume, snapshot_id(1)});
    EXPECT_EQ(record(volume.id).files.size(), 3u);
    EXPECT_EQ(bytes(volume.id), head);
    EXPECT_EQ(bytes(volume.id, snapshot_id(2)), second);
    must_do(control::DropSnapshot{volume, snapshot_id(2)});
    EXPECT_EQ(record(volume.id).files.size(), 1u);
    EXPECT_EQ(bytes(volume.id), head);
    expect_sound(volume.id);
}

TEST_F(VolumesReal, AsManyFilesAsAllowedAndNotOneMore) {
    VolumeSpec volume = prepared(1);
    for (std::size_t i = 1; i < files_max; ++i)
        must_do(control::TakeSnapshot{volume, snapshot_id(static_cast<int>(i))});
    EXPECT_EQ(refused(control::TakeSnapshot{volume, snapshot_id(1000)}), Code::exhausted);
    auto disk = volumes.open_disk(volume.id);
    ASSERT_TRUE(disk.ok());
    EXPECT_EQ(disk->layers.size(), files_max);
    for (const DiskLayer& layer : disk->layers) ::close(layer.fd);
}

// ---- open volumes ------------------------------------------------------------------------------

TEST_F(VolumesReal, OpensHeadToBaseWithWhatTheRecordSays) {
    VolumeSpec volume = prepared(1, publish());
    must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    const auto disk = volumes.open_disk(volume.id);
    ASSERT_TRUE(disk.ok()) << text(disk.error());
    ASSERT_EQ(disk->layers.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        const Fd file(disk->layers[i].fd);
        EXPECT_EQ(disk->layers[i].format, "qcow2");
        EXPECT_EQ(disk->layers[i].read_only, i != 0);
        EXPECT_EQ(::fcntl(file.get(), F_GETFL) & O_ACCMODE, i == 0 ? O_RDWR : O_RDONLY);
        EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
        char magic[4] = {};
        EXPECT_EQ(::pread(file.get(), magic, 4, 0), 4);
        EXPECT_EQ(std::string(magic, 4), "QFI\xfb");
    }
}

TEST_F(VolumesReal, OpensNothingThatSomebodyPutInAFilesPlace) {
    const VolumeSpec volume = prepared(1);
    const std::string path = paths.volume(volume.id) + "/0.qcow2";
    const std::string other = scratch + "/other";
    ASSERT_EQ(::rename(path.c_str(), other.c_str()), 0);
    ASSERT_EQ(::symlink(other.c_str(), path.c_str()), 0);
    EXPECT_FALSE(volumes.open_disk(volume.id).ok());
    ASSERT_EQ(::unlink(path.c_str()), 0);
    ASSERT_EQ(::link(other.c_str(), path.c_str()), 0);
    EXPECT_EQ(volumes.open_disk(volume.id).error().code, Code::corrupt);
    ASSERT_EQ(::unlink(path.c_str()), 0);
    EXPECT_EQ(volumes.open_disk(volume.id).error().code, Code::not_found);
    ASSERT_EQ(::rename(other.c_str(), path.c_str()), 0);
    auto disk = volumes.open_disk(volume.id);
    ASSERT_TRUE(disk.ok());
    ::close(disk->layers[0].fd);
}

TEST_F(VolumesReal, OneThatARunningQemuHasIsLeftAloneWhenNobodySaidSo) {
    VolumeSpec volume = prepared(1);
    must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    open(volume);
    VolumeSpec unaware = volume;
    unaware.open_in.reset();
    unaware.reverts = 1;
    unaware.revert_to = snapshot_id(1);
    unaware.size = {9};
    EXPECT_EQ(refused(control::TakeSnapshot{unaware, snapshot_id(2)}), Code::conflict);
    EXPECT_EQ(refused(control::GrowVolume{unaware}), Code::conflict);
    EXPECT_EQ(refused(control::RevertVolume{unaware}), Code::conflict);
    EXPECT_EQ(refused(control::RemoveVolume{unaware.id}), Code::conflict);
    EXPECT_EQ(record(volume.id).snapshots.size(), 1u);
    EXPECT_EQ(refused(control::RevertVolume{volume}), Code::conflict);
}

TEST_F(VolumesReal, ASnapshotOfAnOpenOneGoesThroughItsQemu) {
    VolumeSpec volume = prepared(1);
    open(volume);
    guest(volume.id, "write -P 1 0 64k");
    const std::string before = bytes(volume.id);
    const auto seen = must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    EXPECT_EQ(seen.snapshots, std::vector{snapshot_id(1)});
    EXPECT_EQ(qemu.heard, std::vector<std::string>{"snapshot"});
    EXPECT_EQ(qemu.layers(instance, volume.id).value(), 2);
    guest(volume.id, "write -P 2 0 64k");
    EXPECT_EQ(bytes(volume.id, snapshot_id(1)), before);
    must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    EXPECT_EQ(qemu.heard.size(), 1u);
    expect_sound(volume.id);
}

TEST_F(VolumesReal, ASnapshotThatQemuRefusedLeavesTheVolumeAsItWas) {
    VolumeSpec volume = prepared(1);
    open(volume);
    const Record before = record(volume.id);
    qemu.mood = PretendedQemu::Mood::refuses;
    EXPECT_EQ(refused(control::TakeSnapshot{volume, snapshot_id(1)}), Code::failed);
    Record after = record(volume.id);
    EXPECT_EQ(after.files, before.files);
    EXPECT_EQ(after.head, before.head);
    EXPECT_EQ(after.snapshots, before.snapshots);
    EXPECT_FALSE(after.switching.has_value());
    expect_sound(volume.id);
    qemu.mood = PretendedQemu::Mood::obeys;
    must_do(control::TakeSnapshot{volume, snapshot_id(1)});
}

TEST_F(VolumesReal, ASnapshotWithoutAnAnswerIsFinishedByTheNextEffect) {
    VolumeSpec volume = prepared(1);
    open(volume);
    qemu.mood = PretendedQemu::Mood::obeys_without_an_answer;
    EXPECT_EQ(refused(control::TakeSnapshot{volume, snapshot_id(1)}), Code::timed_out);
    EXPECT_EQ(volumes.look(volume.id)->snapshots.size(), 0u);
    qemu.mood = PretendedQemu::Mood::obeys;
    const auto seen = must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    EXPECT_EQ(seen.snapshots, std::vector{snapshot_id(1)});
    EXPECT_EQ(qemu.heard.size(), 1u);
    EXPECT_EQ(qemu.layers(instance, volume.id).value(), 2);
}

TEST_F(VolumesReal, AQemuThatDiedInASnapshotLosesNoWrite) {
    VolumeSpec volume = prepared(1);
    open(volume);
    guest(volume.id, "write -P 5 0 64k");
    qemu.mood = PretendedQemu::Mood::hangs;
    EXPECT_EQ(refused(control::TakeSnapshot{volume, snapshot_id(1)}), Code::timed_out);
    close(volume);
    EXPECT_EQ(bytes(volume.id).substr(0, 64 << 10), filled(5, 64 << 10));
    qemu.mood = PretendedQemu::Mood::obeys;
    open(volume);
    EXPECT_EQ(qemu.layers(instance, volume.id).value(), 2);
    const auto seen = must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    EXPECT_EQ(seen.snapshots, std::vector{snapshot_id(1)});
    EXPECT_EQ(qemu.heard.size(), 1u);
    expect_sound(volume.id);
}

/// A guest that took over its QEMU may write into the head whatever it likes, its header too. The
/// tools that work on the volume later are told all by the record, and see no other file.
TEST_F(VolumesReal, AHeaderThatAHostileQemuRewroteLeaksNothing) {
    const std::string secret = scratch + "/secret", mark = "host-bytes-4712";
    ASSERT_TRUE(runtime::write_file_atomic(secret, filled('s', 1000) + mark, 0644).ok());
    images::forge::Bytes lies[2];
    images::forge::back(lies[0].resize(images::forge::KiB), secret, "raw");
    images::forge::extend(lies[1].resize(images::forge::KiB), 0x44415441, secret).be64(72, 4);
    for (int i = 0; i < 2; ++i) {
        VolumeSpec volume = prepared(i);
        const std::string head = paths.volume(volume.id) + "/0.qcow2";
        const Fd file(::open(head.c_str(), O_RDWR | O_CLOEXEC));
        std::string sound(112, '\0');
        ASSERT_EQ(::pread(file.get(), sound.data(), 112, 0), 112);
        std::string rewritten = lies[i].data;
        for (std::size_t at = 0; at < 112; ++at)
            rewritten[at] = static_cast<char>(rewritten[at] | sound[at]);
        ASSERT_GT(::pwrite(file.get(), rewritten.data(), rewritten.size(), 0), 0);

        (void)volumes.run(control::TakeSnapshot{volume, snapshot_id(1)});
        volume.size = {4};
        (void)volumes.run(control::GrowVolume{volume});
        (void)volumes.run(control::DropSnapshot{volume, snapshot_id(1)});
        for (const std::string& name : names(volume.id)) {
            const std::string bytes =
                runtime::read_file(paths.volume(volume.id) + "/" + name, 64 << 20).value_or(mark);
            EXPECT_EQ(bytes.find(mark), std::string::npos) << name;
        }
        must_do(control::RemoveVolume{volume.id});
    }
}

/// The rotation that people run for ever: a new one each day, the oldest goes.
TEST_F(VolumesReal, AnOpenOnesChainStaysShortWhenSnapshotsRotate) {
    VolumeSpec volume = prepared(1, publish());
    open(volume);
    std::map<int, std::string> expected;
    for (int day = 1; day <= 12; ++day) {
        guest(volume.id,
              "write -P " + std::to_string(day) + " " + std::to_string(day * 64) + "k 128k");
        expected[day] = bytes(volume.id);
        must_do(control::TakeSnapshot{volume, snapshot_id(day)});
        if (day > 3) must_do(control::DropSnapshot{volume, snapshot_id(day - 3)});
        EXPECT_LE(record(volume.id).files.size(), 5u);
    }
    for (int day = 10; day <= 12; ++day)
        EXPECT_EQ(bytes(volume.id, snapshot_id(day)), expected[day]) << day;
    const std::string head = bytes(volume.id);
    EXPECT_EQ(head, expected[12]);
    close(volume);
    for (int day = 10; day <= 12; ++day) must_do(control::DropSnapshot{volume, snapshot_id(day)});
    EXPECT_EQ(bytes(volume.id), head);
    EXPECT_EQ(record(volume.id).files.size(), 1u);
    expect_sound(volume.id);
}

// ---- a full disk -------------------------------------------------------------------------------

TEST_F(VolumesReal, OnAFullDiskEffectsFailWithNothingHalfMade) {
    ASSERT_EQ(::mount("tmpfs", paths.data.c_str(), "tmpfs", 0, "size=4m"), 0);
    ASSERT_TRUE(images.start().ok());
    ASSERT_TRUE(volumes.start().ok());
    const VolumeSpec volume = prepared(1);
    guest(volume.id, "write -P 1 0 1M");
    const Record before = record(volume.id);
    const Fd filler(::open((paths.data + "/filler").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const std::string block(64 << 10, 'x');
    while (::write(filler.get(), block.data(), block.size()) > 0) {
    }
    EXPECT_EQ(refused(control::TakeSnapshot{volume, snapshot_id(1)}), Code::exhausted);
    EXPECT_EQ(refused(control::PrepareVolume{spec(2)}), Code::exhausted);
    EXPECT_EQ(record(volume.id), before);
    expect_sound(volume.id);
    EXPECT_EQ(runtime::list_dir(paths.volumes()).value(),
              std::vector<std::string>{text(volume.id)});
    ASSERT_EQ(::ftruncate(filler.get(), 0), 0);
    must_do(control::TakeSnapshot{volume, snapshot_id(1)});
    ASSERT_EQ(::umount2(paths.data.c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace vdc::drivers::disks
