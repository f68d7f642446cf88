#include "base/chance.h"
#include "drivers/disks/volumes_test_util.h"

namespace vdc::drivers::disks {
namespace {

/// Random wishes against a model that keeps plain strings: whatever is done in whatever order,
/// open or closed, head and snapshots read as the model says.
class VolumesModel : public VolumeHost {
  protected:
    void step(base::Chance& chance) {
        switch (chance.below(10)) {
            case 0:
            case 1: return take();
            case 2: return drop(chance);
            case 3: return revert(chance);
            case 4: return toggle();
            case 5: return grow(chance);
            default: return write(chance);
        }
    }
    void write(base::Chance& chance) {
        const std::size_t at = chance.below(head.size() >> 16) << 16;
        const std::size_t size =
            std::min<std::size_t>(head.size() - at, 64 << 10 << chance.below(3));
        const char byte = static_cast<char>(chance.below(3) == 0 ? 0 : 1 + chance.below(250));
        const std::string place = std::to_string(at) + " " + std::to_string(size);
        const int value = static_cast<unsigned char>(byte);
        if (byte != 0)
            guest(volume.id, "write -P " + std::to_string(value) + " " + place);
        else
            guest(volume.id, (chance.below(2) == 0 ? "write -z " : "discard ") + place);
        head.replace(at, size, size, byte);
    }
    void take() {
        if (snapshots.size() > 8) return;
        must_do(control::TakeSnapshot{volume, snapshot_id(++count)});
        snapshots[count] = head;
    }
    int any(base::Chance& chance) const {
        auto at = snapshots.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(chance.below(snapshots.size())));
        return at->first;
    }
    void drop(base::Chance& chance) {
        if (snapshots.empty()) return;
        const int number = any(chance);
        must_do(control::DropSnapshot{volume, snapshot_id(number)});
        snapshots.erase(number);
    }
    void revert(base::Chance& chance) {
        if (snapshots.empty() || volume.open_in) return;
        const int number = any(chance);
        volume.revert_to = snapshot_id(number);
        ++volume.reverts;
        must_do(control::RevertVolume{volume});
        const std::size_t size = head.size();
        head = snapshots[number];
        head.resize(size, '\0');
    }
    void toggle() {
        if (volume.open_in)
            close(volume);
        else
            open(volume);
    }
    void grow(base::Chance& chance) {
        if (volume.open_in || volume.size.count > 8 || chance.below(2) == 0) return;
        ++volume.size.count;
        must_do(control::GrowVolume{volume});
        head.resize(head.size() + (1 << 20), '\0');
    }

    VolumeSpec volume;
    std::string head;
    std::map<int, std::string> snapshots;
    int count = 0;
};

TEST_F(VolumesModel, HoldsAfterAnyOrderOfWishes) {
    volume = prepared(1, publish());
    head = bytes(volume.id);
    base::Chance chance(4711);
    for (int i = 0; i < 150 && !HasFailure(); ++i) {
        SCOPED_TRACE("step " + std::to_string(i));
        step(chance);
        ASSERT_EQ(bytes(volume.id) == head, true);
        if (i % 5 != 0) continue;
        for (const auto& [number, expected] : snapshots)
            ASSERT_EQ(bytes(volume.id, snapshot_id(number)) == expected, true) << number;
        expect_sound(volume.id);
    }
}

}  // namespace
}  // namespace vdc::drivers::disks
