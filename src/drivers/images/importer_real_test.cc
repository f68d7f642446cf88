#include "drivers/images/importer.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/chance.h"
#include "drivers/images/attacks_test_util.h"
#include "drivers/images/forge_test_util.h"
#include "drivers/images/import_test_util.h"
#include "drivers/jail/jail.h"
#include "runtime/files.h"

namespace vdc::drivers::images {
namespace {

using Code = base::Error::Code;

std::string random_bytes(std::size_t size) {
    base::Chance chance(size);
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(chance.next() & 0xff);
    return bytes;
}

/// A disk of 40 MiB and three sectors with data here and there.
forge::Bytes disk() {
    forge::Bytes bytes;
    bytes.put(2 << 20, random_bytes(700001)).put(0x543210, random_bytes(123457));
    bytes.put(30 << 20, random_bytes(65536)).resize((40 << 20) + 3 * 512);
    return bytes;
}

class Import : public Imported {
  protected:
    /// What qemu-img makes of the disk in this format, imported, holds the disk.
    void expect_round_trip(const std::string& format, const std::string& options,
                           const std::string& word) {
        SCOPED_TRACE(format + " " + options);
        const std::string raw = scratch + "/disk.raw", file = scratch + "/made";
        ASSERT_TRUE(runtime::write_file_atomic(raw, disk().data).ok());
        std::vector<std::string> words{"qemu-img", "convert", "-f", "raw", "-O", format};
        if (options == "-c") words.push_back(options);
        if (!options.empty() && options != "-c") words.insert(words.end(), {"-o", options});
        words.insert(words.end(), {raw, file});
        must(words);
        const model::ImageId image = upload_file(file);
        const auto seen = images.run(import_of(image, word));
        ASSERT_TRUE(seen.ok()) << text(seen.error());
        EXPECT_EQ(seen->format, word);
        // Some formats round the size up to whole cylinders: compare() takes zeros for those.
        EXPECT_GE(seen->virtual_size.count, static_cast<std::int64_t>(disk().size()));
        must({"qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw, paths.image(image)});
        must({"qemu-img", "check", "-q", "-f", "qcow2", paths.image(image)});
    }
};

TEST_F(Import, HoldsWhatQemuImgMadeInEveryFormat) {
    expect_round_trip("raw", "", "raw");
    expect_round_trip("qcow2", "", "qcow2");
    expect_round_trip("qcow2", "compat=0.10", "qcow2");
    expect_round_trip("qcow2", "-c", "qcow2");
    expect_round_trip("qcow2", "cluster_size=512", "qcow2");
    expect_round_trip("qcow2", "cluster_size=2M", "qcow2");
    expect_round_trip("qcow2", "extended_l2=on", "qcow2");
    expect_round_trip("qcow2", "preallocation=metadata", "qcow2");
    expect_round_trip("vmdk", "", "vmdk");
    expect_round_trip("vmdk", "subformat=streamOptimized", "vmdk");
    expect_round_trip("vpc", "", "vhd");
    expect_round_trip("vpc", "subformat=fixed", "vhd");
    expect_round_trip("vpc", "force_size=on", "vhd");
    expect_round_trip("vpc", "subformat=fixed,force_size=on", "vhd");
    expect_round_trip("vhdx", "", "vhdx");
    expect_round_trip("vhdx", "subformat=fixed", "vhdx");
    expect_round_trip("vhdx", "block_size=1M", "vhdx");
}

/// Our own forged images are what tools other than ours take them for, footers and all.
TEST_F(Import, HoldsWhatWeForged) {
    for (const forge::Bytes& made :
         {forge::qcow2(), forge::qcow2(2), forge::vmdk(), forge::vmdk_stream(), forge::vhd_fixed(),
          forge::vhd_dynamic(), forge::vhdx()}) {
        const model::ImageId image = upload(made.data);
        const auto seen = images.run(import_of(image));
        ASSERT_TRUE(seen.ok()) << text(seen.error());
        SCOPED_TRACE(seen->format);
        const std::string raw = scratch + "/back";
        must({"qemu-img", "convert", "-f", "qcow2", "-O", "raw", paths.image(image), raw});
        const std::string back = runtime::read_file(raw, 64 << 20).value_or("");
        EXPECT_EQ(back.size(), static_cast<std::size_t>(seen->virtual_size.count));
        EXPECT_TRUE(back.starts_with(forge::content()));
        EXPECT_EQ(back.find_first_not_of('\0', forge::content_size), std::string::npos);
    }
}

TEST_F(Import, RoundsARawDiskUpToWholeSectors) {
    const model::ImageId image = upload("#!/bin/sh\n" + random_bytes(990));
    const auto seen = images.run(import_of(image, "raw"));
    ASSERT_TRUE(seen.ok()) << text(seen.error());
    EXPECT_EQ(seen->virtual_size.count, 1024);
}

TEST_F(Import, PublishesReadOnlyWithItsRecordAndRemovesTheUpload) {
    const model::ImageId image = upload(forge::vmdk().data);
    const auto seen = images.run(import_of(image, "vmdk"));
    ASSERT_TRUE(seen.ok()) << text(seen.error());
    EXPECT_TRUE(seen->present);
    EXPECT_EQ(seen->virtual_size.count, 1 << 20);
    EXPECT_EQ(seen->sha256.size(), 64u);
    EXPECT_GT(seen->stored_size.count, 64 << 10);
    struct stat file {};
    ASSERT_EQ(::stat(paths.image(image).c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 07777, 0444u);
    EXPECT_EQ(file.st_uid, 0u);
    EXPECT_EQ(files(), (std::vector<std::string>{"images/" + text(image) + ".json",
                                                 "images/" + text(image) + ".qcow2"}));
    struct stat folder {};
    ASSERT_EQ(::stat(paths.images().c_str(), &folder), 0);
    EXPECT_EQ(folder.st_mode & 07777, 0700u);
}

TEST_F(Import, DoneTwiceChangesNothing) {
    const model::ImageId image = upload(forge::vhdx().data);
    const auto first = images.run(import_of(image));
    const auto second = images.run(import_of(image));
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(*first, *second);
}

TEST_F(Import, HoldsTheDeclaredSum) {
    const std::string bytes = forge::mbr(0x83, 8, 8).data;
    const model::ImageId image = upload(bytes);
    control::ImportImage effect = import_of(image, "raw");
    effect.image.sha256 = std::string(64, '0');
    const auto refused = images.run(effect);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::corrupt);
    const std::string sum = must({"sha256sum", paths.upload(image)}).substr(0, 64);
    effect.image.sha256 = sum;
    const auto taken = images.run(effect);
    ASSERT_TRUE(taken.ok()) << text(taken.error());
    EXPECT_EQ(taken->sha256, sum);
}

TEST_F(Import, WithoutAnUploadSaysSo) {
    const auto refused = images.run(import_of({base::Uuid{9, 9}}));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::not_found);
    EXPECT_EQ(files(), std::vector<std::string>{});
}

TEST_F(Import, TakesNoLinkAndNoPipeForAnUpload) {
    const model::ImageId image = upload("x");
    ASSERT_TRUE(runtime::remove_file(paths.upload(image)).ok());
    ASSERT_EQ(::symlink("/etc/passwd", paths.upload(image).c_str()), 0);
    EXPECT_FALSE(images.run(import_of(image, "raw")).ok());
    ASSERT_EQ(::unlink(paths.upload(image).c_str()), 0);
    ASSERT_EQ(::mkfifo(paths.upload(image).c_str(), 0600), 0);
    EXPECT_FALSE(images.run(import_of(image, "raw")).ok());
    ASSERT_EQ(::unlink(paths.upload(image).c_str()), 0);
    ASSERT_TRUE(runtime::write_file_atomic(scratch + "/other", "y").ok());
    ASSERT_EQ(::link((scratch + "/other").c_str(), paths.upload(image).c_str()), 0);
    EXPECT_FALSE(images.run(import_of(image, "raw")).ok());
}

TEST_F(Import, OfAnImageThatLiesAboutItsSizeIsRefused) {
    const model::ImageId image = upload(forge::qcow2().be64(24, std::uint64_t{100} << 40).data);
    const auto refused = images.run(import_of(image));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::too_large);
    EXPECT_EQ(files(), std::vector<std::string>{"uploads/" + text(image)});
}

TEST_F(Import, RemovesImageRecordAndUpload) {
    const model::ImageId image = upload(forge::vmdk().data);
    ASSERT_TRUE(images.run(import_of(image)).ok());
    const auto gone = images.run(control::RemoveImage{image});
    ASSERT_TRUE(gone.ok()) << text(gone.error());
    EXPECT_FALSE(gone->present);
    EXPECT_EQ(files(), std::vector<std::string>{});
    EXPECT_TRUE(images.run(control::RemoveImage{image}).ok());
    const model::ImageId never = upload("bytes");
    EXPECT_TRUE(images.run(control::RemoveImage{never}).ok());
    EXPECT_EQ(files(), std::vector<std::string>{});
}

/// A file system of 24 MiB over the data folder.
TEST_F(Import, OnAFullDiskLeavesNothingAndSaysWhy) {
    ASSERT_EQ(::mount("tmpfs", paths.data.c_str(), "tmpfs", 0, "size=24m"), 0);
    ASSERT_TRUE(images.start().ok());
    const model::ImageId image = upload(random_bytes(16 << 20));
    const auto refused = images.run(import_of(image, "raw"));
    EXPECT_EQ(refused.ok() ? Code::failed : refused.error().code, Code::exhausted);
    EXPECT_EQ(files(), std::vector<std::string>{"uploads/" + text(image)});
    ASSERT_EQ(::umount(paths.data.c_str()), 0);
}

/// Killed at 20 moments; what a new start leaves is all or nothing.
TEST_F(Import, KilledInTheMiddleLeavesNothingHalfMade) {
    const std::string bytes = random_bytes(32 << 20);
    for (int round = 0; round < 20; ++round) {
        const model::ImageId image = upload(bytes);
        const pid_t child = ::fork();
        if (child == 0) {
            const bool done = images.run(import_of(image, "raw")).ok();
            ::_exit(done ? 0 : 1);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(25 * round));
        ::kill(child, SIGKILL);
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);
        Images next(paths);
        ASSERT_TRUE(next.start().ok());
        const auto seen = next.look(image);
        ASSERT_TRUE(seen.ok()) << text(seen.error());
        EXPECT_EQ(runtime::list_dir(paths.images() + "/.tmp").value(), std::vector<std::string>{});
        const auto again = next.run(import_of(image, "raw"));
        ASSERT_TRUE(again.ok()) << text(again.error());
        EXPECT_EQ(again->virtual_size.count, 32 << 20);
        ASSERT_TRUE(next.run(control::RemoveImage{image}).ok());
        EXPECT_EQ(files(), std::vector<std::string>{});
    }
}

}  // namespace
}  // namespace vdc::drivers::images
