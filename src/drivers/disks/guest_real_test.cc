#include <gtest/gtest.h>

#include "drivers/disks/record.h"
#include "drivers/disks/volumes.h"
#include "drivers/images/graph.h"
#include "drivers/images/importer.h"
#include "drivers/qemu/guest_test_util.h"
#include "runtime/files.h"
#include "runtime/process.h"

/// Volumes under a real guest: what it writes, and what snapshots, growth and reverts do to it
/// while it runs and after.
namespace vdc::drivers::disks {
namespace {

using control::VolumeSpec;
using qemu::Typist;

class GuestDisks : public qemu::RealHost {
  protected:
    GuestDisks() : images(paths) {
        forget();
        EXPECT_TRUE(images.start().ok());
        begin();
    }

    /// As a daemon that starts, with volumes in the place of plain files.
    void begin() {
        instances.reset();
        volumes = std::make_unique<Volumes>(paths);
        ASSERT_TRUE(volumes->start().ok());
        auto opened = qemu::Instances::open(paths, qemu::Accelerator::tcg, *volumes, taps);
        ASSERT_TRUE(opened.ok()) << text(opened.error());
        instances = std::move(*opened);
        volumes->use(*instances);
    }
    ~GuestDisks() override { forget(); }

    model::ImageId import_tiny() {
        const model::ImageId image{base::Uuid{11, 1}};
        EXPECT_TRUE(runtime::must_run({.words = {"cp", tiny_image(), paths.upload(image)}}).ok());
        const auto seen = images.run(control::ImportImage{
            {.id = image, .format = "qcow2", .sha256 = "", .virtual_size_max = {1024}}});
        EXPECT_TRUE(seen.ok()) << text(seen.error());
        return image;
    }
    VolumeSpec prepared(std::uint64_t number, std::optional<model::ImageId> image, int mib) {
        VolumeSpec volume{.id = {base::Uuid{12, number}},
                          .size = {mib},
                          .image = image,
                          .snapshots = {},
                          .revert_to = {},
                          .reverts = 0,
                          .open_in = {}};
        must(volumes->run(control::PrepareVolume{volume}));
        return volume;
    }
    static control::VolumeSighting must(const Volumes::Seen& seen) {
        EXPECT_TRUE(seen.ok()) << text(seen.error());
        return seen.value_or({});
    }
    /// The first bytes of a volume that nobody has open.
    std::string beginning(model::VolumeId volume, std::size_t count) {
        const Record record = read_record(paths, volume).value();
        std::vector<std::string> files;
        for (const std::uint64_t number : chain(record, record.head))
            files.push_back(paths.volume(volume) + "/" + file_name(number));
        const std::string raw = paths.data + "/raw";
        EXPECT_TRUE(runtime::must_run({.words = {"qemu-img", "convert", "-O", "raw",
                                                 images::graph_of_chain(files), raw}})
                        .ok());
        return runtime::read_file(raw, 64 << 20).value().substr(0, count);
    }

    images::Images images;
    std::unique_ptr<Volumes> volumes;
};

/// The kernel and late services may say something on the same console.
testing::AssertionResult prints(Typist& person, const std::string& command,
                                const std::string& wanted) {
    const std::string printed = person.run(command);
    if (printed.find(wanted) != std::string::npos) return testing::AssertionSuccess();
    return testing::AssertionFailure() << command << " printed " << printed;
}

std::string write_word(const std::string& word) {
    return "echo " + word +
           " | dd of=/dev/vdb conv=fsync 2>/dev/null; dd if=/dev/vdb iflag=direct "
           "bs=512 count=1 2>/dev/null | head -c5";
}

TEST_F(GuestDisks, AreSnapshotGrownMergedAndRevertedAroundARunningGuest) {
    const VolumeSpec root = prepared(1, import_tiny(), 128);
    VolumeSpec data = prepared(2, {}, 16);
    control::InstanceSpec made = spec("web-1", root.id);
    made.disks.push_back({.volume = data.id, .slot = 1});
    ASSERT_TRUE(instances->launch(made).ok());
    data.open_in = made.id;
    std::optional<Typist> person = typist(made.id);
    person->log_in();

    const model::VolumeSnapshotId a{base::Uuid{13, 1}}, b{base::Uuid{13, 2}};
    EXPECT_TRUE(prints(*person, write_word("one--"), "one--"));
    EXPECT_EQ(must(volumes->run(control::TakeSnapshot{data, a})).snapshots, std::vector{a});
    EXPECT_EQ(instances->layers(made.id, data.id).value(), 2);
    EXPECT_TRUE(prints(*person, write_word("two--"), "two--"));

    data.size = {32};
    EXPECT_EQ(must(volumes->run(control::GrowVolume{data})).size.count, 32);
    EXPECT_TRUE(prints(*person, "cat /sys/block/vdb/size", "65536"));

    // A daemon that comes anew finds the guest and its disks, and goes on.
    person.reset();
    begin();
    EXPECT_EQ(must(volumes->run(control::TakeSnapshot{data, b})).snapshots, (std::vector{a, b}));
    person = typist(made.id);
    EXPECT_TRUE(prints(*person, write_word("three"), "three"));
    // Merged aside, while QEMU has the two files open.
    EXPECT_EQ(must(volumes->run(control::DropSnapshot{data, a})).snapshots, std::vector{b});
    EXPECT_EQ(read_record(paths, data.id)->files.size(), 2u);
    EXPECT_TRUE(prints(*person, "dd if=/dev/vdb iflag=direct bs=512 count=1 2>/dev/null | head -c5",
                       "three"));

    // Nobody may take the disk for closed.
    VolumeSpec unaware = data;
    unaware.open_in.reset();
    EXPECT_EQ(volumes->run(control::RemoveVolume{data.id}).error().code,
              base::Error::Code::conflict);
    EXPECT_EQ(volumes->run(control::TakeSnapshot{unaware, a}).error().code,
              base::Error::Code::conflict);

    person.reset();
    ASSERT_TRUE(instances->kill(made.id).ok());
    EXPECT_EQ(beginning(data.id, 5), "three");
    unaware.revert_to = b;
    unaware.reverts = 1;
    EXPECT_EQ(must(volumes->run(control::RevertVolume{unaware})).reverts, 1u);
    EXPECT_EQ(beginning(data.id, 5), "two--");
    must(volumes->run(control::DropSnapshot{unaware, b}));
    EXPECT_EQ(beginning(data.id, 5), "two--");
    EXPECT_EQ(read_record(paths, data.id)->files.size(), 1u);
    EXPECT_TRUE(instances->clean(made.id).ok());
}

}  // namespace
}  // namespace vdc::drivers::disks
