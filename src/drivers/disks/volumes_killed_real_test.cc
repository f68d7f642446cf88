#include <functional>

#include "drivers/disks/volumes_test_util.h"
#include "runtime/files.h"

namespace vdc::drivers::disks {
namespace {

/// Kills the daemon before each of its deeds in turn; after every kill a new daemon finds a right
/// record, does the same effect to its end, and all bytes are there.
class VolumesKilled : public VolumeHost {
  protected:
    /// `reset` makes the state before; `deed` is what is killed; `check` judges after it was done.
    void kill_everywhere(const std::function<void()>& reset, const std::function<void()>& deed,
                         const std::function<void()>& check) {
        for (int count = 1; count < 1000 && !HasFailure(); ++count) {
            SCOPED_TRACE("killed before deed " + std::to_string(count));
            reset();
            const bool ended = ended_before(count, deed);
            between();
            Volumes next(paths);
            next.use(qemu);
            ASSERT_TRUE(next.start().ok());
            deed();
            check();
            if (!ended) continue;
            RecordProperty("kills", count - 1);
            return;
        }
        FAIL() << "it never ended";
    }
    std::function<void()> between = [] {};  ///< after the kill, before the new daemon
};

TEST_F(VolumesKilled, InPrepare) {
    const VolumeSpec volume = spec(1);
    kill_everywhere([&] { must_do(control::RemoveVolume{volume.id}); },
                    [&] { (void)volumes.run(control::PrepareVolume{volume}); },
                    [&] {
                        EXPECT_TRUE(volumes.look(volume.id)->present);
                        expect_sound(volume.id);
                    });
}

TEST_F(VolumesKilled, InASnapshot) {
    const VolumeSpec volume = spec(1);
    std::string before;
    const auto reset = [&] {
        must_do(control::RemoveVolume{volume.id});
        must_do(control::PrepareVolume{volume});
        guest(volume.id, "write -P 7 0 64k");
        before = bytes(volume.id);
    };
    const auto check = [&] {
        EXPECT_EQ(record(volume.id).snapshots.size(), 1u);
        EXPECT_EQ(bytes(volume.id) == before, true);
        EXPECT_EQ(bytes(volume.id, snapshot_id(1)) == before, true);
        expect_sound(volume.id);
    };
    kill_everywhere(
        reset,
        [&] {
            (void)volumes.run(control::TakeSnapshot{volume, snapshot_id(1)});
        },
        check);
}

TEST_F(VolumesKilled, InASnapshotOfAnOpenOne) {
    VolumeSpec volume = spec(1);
    qemu.told = scratch + "/told";
    std::string before;
    between = [&] {
        const std::uint64_t head = record(volume.id).head;
        qemu.catch_up(volume.id, paths.volume(volume.id) + "/" + file_name(head));
    };
    const auto reset = [&] {
        if (volume.open_in) close(volume);
        must_do(control::RemoveVolume{volume.id});
        must_do(control::PrepareVolume{volume});
        guest(volume.id, "write -P 7 0 64k");
        before = bytes(volume.id);
        open(volume);
        ASSERT_TRUE(runtime::remove_file(qemu.told).ok());
    };
    const auto check = [&] {
        EXPECT_EQ(qemu.layers(instance, volume.id).value(), 2);
        EXPECT_EQ(record(volume.id).snapshots.size(), 1u);
        EXPECT_FALSE(record(volume.id).switching.has_value());
        EXPECT_EQ(bytes(volume.id) == before, true);
        EXPECT_EQ(bytes(volume.id, snapshot_id(1)) == before, true);
        expect_sound(volume.id);
    };
    kill_everywhere(
        reset,
        [&] {
            (void)volumes.run(control::TakeSnapshot{volume, snapshot_id(1)});
        },
        check);
}

TEST_F(VolumesKilled, InDroppingASnapshotThatIsMerged) {
    VolumeSpec volume = spec(1);
    volume.image = publish();
    std::string before, second;
    const auto reset = [&] {
        must_do(control::RemoveVolume{volume.id});
        must_do(control::PrepareVolume{volume});
        guest(volume.id, "write -P 7 0 128k");
        must_do(control::TakeSnapshot{volume, snapshot_id(1)});
        guest(volume.id, "write -P 8 64k 128k");
        second = bytes(volume.id);
        must_do(control::TakeSnapshot{volume, snapshot_id(2)});
        guest(volume.id, "write -P 9 256k 64k");
        before = bytes(volume.id);
    };
    const auto check = [&] {
        EXPECT_EQ(record(volume.id).files.size(), 2u);
        EXPECT_EQ(bytes(volume.id) == before, true);
        EXPECT_EQ(bytes(volume.id, snapshot_id(2)) == second, true);
        expect_sound(volume.id);
    };
    kill_everywhere(
        reset,
        [&] {
            (void)volumes.run(control::DropSnapshot{volume, snapshot_id(1)});
        },
        check);
}

TEST_F(VolumesKilled, InARevert) {
    VolumeSpec volume = spec(1);
    std::string first;
    const auto reset = [&] {
        volume.reverts = 0;
        must_do(control::RemoveVolume{volume.id});
        must_do(control::PrepareVolume{volume});
        guest(volume.id, "write -P 7 0 64k");
        first = bytes(volume.id);
        must_do(control::TakeSnapshot{volume, snapshot_id(1)});
        guest(volume.id, "write -P 8 0 64k");
        volume.revert_to = snapshot_id(1);
        volume.reverts = 1;
    };
    const auto check = [&] {
        EXPECT_EQ(record(volume.id).reverts, 1u);
        EXPECT_EQ(bytes(volume.id) == first, true);
        expect_sound(volume.id);
    };
    kill_everywhere(
        reset, [&] { (void)volumes.run(control::RevertVolume{volume}); }, check);
}

}  // namespace
}  // namespace vdc::drivers::disks
