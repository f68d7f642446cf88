#include "drivers/qemu/hotplug.h"

#include <gtest/gtest.h>

#include "drivers/qemu/guest_test_util.h"
#include "runtime/process.h"

namespace vdc::drivers::qemu {

using base::Error;
using namespace std::chrono_literals;

namespace {

class HotplugReal : public RealHost {
  protected:
    /// A guest that somebody is logged in to, and an empty volume beside it.
    void SetUp() override {
        made = launch("web-1");
        person = std::make_unique<Typist>(instances->open_console(made.id).value());
        person->log_in();
        disk = {.volume = disks->add("", {16}), .slot = 3};
    }

    /// Kernels take a moment to see what came or went.
    std::string eventually(const std::string& command, const std::string& wanted) {
        std::string seen;
        for (int i = 0; i < 100 && seen != wanted; ++i) {
            seen = person->run(command);
            if (seen != wanted) person->run("usleep 50000");
        }
        return seen;
    }

    control::InstanceSpec made;
    std::unique_ptr<Typist> person;
    control::DiskSpec disk;
};

}  // namespace

TEST_F(HotplugReal, AVolumeComesGrowsAndGoesWhileTheGuestRuns) {
    const auto attached = instances->attach(made.id, disk).value();
    EXPECT_EQ(attached.disks, (std::vector<control::DiskSpec>{made.disks[0], disk}));
    EXPECT_EQ(eventually("cat /sys/block/vdb/size", "32768"), "32768");
    EXPECT_EQ(person->run("cat /sys/block/vdb/serial"), text(disk.volume).substr(0, 20));
    EXPECT_EQ(person->run("echo kept | dd of=/dev/vdb conv=fsync 2>/dev/null; head -c4 /dev/vdb"),
              "kept");
    EXPECT_TRUE(instances->attach(made.id, disk).ok());  // it is there already

    EXPECT_TRUE(instances->grow(made.id, disk.volume, base::bytes(base::MiB{32})).ok());
    EXPECT_EQ(eventually("cat /sys/block/vdb/size", "65536"), "65536");
    EXPECT_TRUE(instances->grow(made.id, disk.volume, base::bytes(base::MiB{24})).ok());
    EXPECT_EQ(person->run("cat /sys/block/vdb/size"), "65536");  // never smaller

    const auto detached = instances->detach(made.id, disk).value();
    EXPECT_EQ(detached.disks, made.disks);
    EXPECT_EQ(person->run("test -e /sys/block/vdb || echo gone"), "gone");
    EXPECT_TRUE(instances->detach(made.id, disk).ok());  // it is gone already

    // QEMU has let go of the file: others may write it, and it comes back in another slot.
    EXPECT_TRUE(runtime::must_run({.words = {"qemu-img", "resize", "-q", "-f", "qcow2",
                                             disks->top(disk.volume), "48M"}})
                    .ok());
    disk.slot = 1;
    EXPECT_TRUE(instances->attach(made.id, disk).ok());
    EXPECT_EQ(eventually("head -c4 /dev/vdb", "kept"), "kept");
    EXPECT_EQ(person->run("cat /sys/block/vdb/size"), "98304");
}

TEST_F(HotplugReal, WhileAGuestHasADiskNobodyElseCanWriteIt) {
    ASSERT_TRUE(instances->attach(made.id, disk).ok());
    const auto written = runtime::must_run(
        {.words = {"qemu-img", "resize", "-f", "qcow2", disks->top(disk.volume), "48M"}});
    EXPECT_NE(written.error().message.find("lock"), std::string::npos) << written.error().message;
}

TEST_F(HotplugReal, RefusesWhatHasNoPlace) {
    ASSERT_TRUE(instances->attach(made.id, disk).ok());
    const control::DiskSpec other{.volume = disks->add("", {16}), .slot = 3};
    EXPECT_EQ(instances->attach(made.id, other).error().code, Error::Code::conflict);
    const control::DiskSpec moved{.volume = disk.volume, .slot = 4};
    EXPECT_EQ(instances->attach(made.id, moved).error().code, Error::Code::conflict);
    const control::DiskSpec beyond{.volume = other.volume, .slot = 9};
    EXPECT_EQ(instances->attach(made.id, beyond).error().code, Error::Code::exhausted);
    const control::DiskSpec missing{.volume = {base::Uuid{1, 1}}, .slot = 5};
    EXPECT_EQ(instances->attach(made.id, missing).error().code, Error::Code::not_found);
    EXPECT_EQ(instances->grow(made.id, other.volume, {1 << 30}).error().code,
              Error::Code::conflict);
    EXPECT_EQ(instances->look(made.id).disks.size(), 2u);
}

TEST_F(HotplugReal, ASnapshotFreezesTheLayerBelow) {
    ASSERT_TRUE(instances->attach(made.id, disk).ok());
    const std::string frozen = disks->top(disk.volume);
    eventually("cat /sys/block/vdb/size", "32768");
    person->run("echo before | dd of=/dev/vdb conv=fsync 2>/dev/null");
    EXPECT_EQ(instances->layers(made.id, disk.volume).value(), 1);
    ASSERT_TRUE(
        instances->snapshot(made.id, disk.volume, disks->add_layer(disk.volume, {16})).ok());
    EXPECT_EQ(instances->layers(made.id, disk.volume).value(), 2);
    person->run("echo after! | dd of=/dev/vdb conv=fsync 2>/dev/null");
    EXPECT_EQ(person->run("head -c6 /dev/vdb"), "after!");

    // The frozen file can be read beside QEMU (it holds no write lock on it) and has the old bytes.
    const auto old = runtime::must_run(
        {.words = {"qemu-io", "-r", "-f", "qcow2", "-c", "read -v 0 16", frozen}});
    ASSERT_TRUE(old.ok()) << old.error().message;
    EXPECT_NE(old->find("before"), std::string::npos) << *old;

    // Online growth and detaching work on the longer chain, and so does the next start.
    EXPECT_TRUE(instances->grow(made.id, disk.volume, base::bytes(base::MiB{32})).ok());
    EXPECT_EQ(eventually("cat /sys/block/vdb/size", "65536"), "65536");
    EXPECT_TRUE(instances->detach(made.id, disk).ok());
    EXPECT_TRUE(instances->attach(made.id, disk).ok());
    EXPECT_EQ(eventually("head -c6 /dev/vdb", "after!"), "after!");
}

TEST_F(HotplugReal, ARefusedSnapshotChangesNothing) {
    ASSERT_TRUE(instances->attach(made.id, disk).ok());
    DiskLayer overlay = disks->add_layer(disk.volume, {16});
    overlay.format = "raw";
    EXPECT_FALSE(instances->snapshot(made.id, {base::Uuid{1, 1}}, overlay).ok());
    EXPECT_EQ(instances->layers(made.id, disk.volume).value(), 1);
    const DiskLayer nothing{
        .fd = runtime::make_pipe().value().read.release(), .format = "qcow2", .read_only = true};
    EXPECT_FALSE(instances->snapshot(made.id, disk.volume, nothing).ok());
    EXPECT_EQ(instances->layers(made.id, disk.volume).value(), 1);
    EXPECT_EQ(eventually("cat /sys/block/vdb/size", "32768"), "32768");
}

}  // namespace vdc::drivers::qemu
