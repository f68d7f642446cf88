#include "drivers/images/inspect.h"

#include <gtest/gtest.h>

#include "drivers/images/crc32c.h"
#include "drivers/images/forge_test_util.h"

namespace vdc::drivers::images {

static const Limits limits{std::uint64_t{1} << 43};

static Found found(const forge::Bytes& image, std::string_view declared) {
    const MemorySource source(image.data);
    const auto result = inspect(source, declared, limits);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : base::text(result.error()));
    return result.value_or(Found{});
}

TEST(Inspect, TakesSoundImagesOfEveryFormat) {
    EXPECT_EQ(found(forge::qcow2(), "qcow2"), (Found{Format::qcow2, "v3", forge::MiB}));
    EXPECT_EQ(found(forge::qcow2(2), "qcow2"), (Found{Format::qcow2, "v2", forge::MiB}));
    EXPECT_EQ(found(forge::vmdk(), "vmdk"), (Found{Format::vmdk, "monolithicSparse", forge::MiB}));
    EXPECT_EQ(found(forge::vmdk_stream(), "vmdk"),
              (Found{Format::vmdk, "streamOptimized", forge::MiB}));
    EXPECT_EQ(found(forge::vhd_fixed(), "vhd"), (Found{Format::vhd, "fixed", forge::MiB}));
    EXPECT_EQ(found(forge::vhd_dynamic(), "vhd"), (Found{Format::vhd, "dynamic", forge::MiB}));
    EXPECT_EQ(found(forge::vhdx(), "vhdx"), (Found{Format::vhdx, "", 4 * forge::MiB}));
    EXPECT_EQ(found(forge::mbr(0x83, 1, 100), "raw"),
              (Found{Format::raw, "disk", 64 * forge::KiB}));
}

TEST(Inspect, DeclaredAutoTakesTheOneThatMatches) {
    EXPECT_EQ(found(forge::qcow2(), "auto").format, Format::qcow2);
    EXPECT_EQ(found(forge::vmdk(), "auto").format, Format::vmdk);
    EXPECT_EQ(found(forge::vhd_fixed(), "auto").format, Format::vhd);
    EXPECT_EQ(found(forge::vhdx(), "auto").format, Format::vhdx);
    EXPECT_EQ(found(forge::mbr(0x83, 1, 100), "auto").format, Format::raw);
}

TEST(Inspect, TakesAnIsoAsARawDisk) {
    EXPECT_EQ(found(forge::iso(), "auto"), (Found{Format::raw, "iso9660", 64 * forge::KiB}));
    // Hybrid images have a partition over their own boot record.
    EXPECT_EQ(
        found(forge::iso().put(446, forge::mbr(0x17, 0, 100).data.substr(446, 66)), "raw").variant,
        "iso9660");
}

TEST(Inspect, TakesRawDisksWithoutATable) {
    EXPECT_EQ(found(forge::Bytes().resize(1000), "raw").virtual_size, 1024u);
    EXPECT_EQ(found(forge::Bytes().put(0, "x"), "raw").virtual_size, 512u);
    // A FAT boot sector: what stands where the table would be is code.
    forge::Bytes fat = forge::mbr(0xee, 0, 100).put(0, "\xeb\x3c\x90").le16(11, 512);
    EXPECT_EQ(found(fat, "raw").format, Format::raw);
}

TEST(Inspect, TakesAGuidPartitionTableWithEitherSectorSize) {
    EXPECT_EQ(found(forge::mbr(0xee, 1, 127).put(512, "EFI PART"), "raw").format, Format::raw);
    EXPECT_EQ(found(forge::mbr(0xee, 1, 127).put(4096, "EFI PART"), "raw").format, Format::raw);
}

TEST(Inspect, TakesWhatToolsLeaveInSoundImages) {
    forge::Bytes dirty = forge::qcow2().be64(72, 1);
    EXPECT_EQ(found(dirty, "qcow2").format, Format::qcow2);
    forge::Bytes named = forge::qcow2();
    EXPECT_EQ(found(forge::extend(named, 0x6803f857, std::string(48, 'x')), "qcow2").format,
              Format::qcow2);
    forge::Bytes zero = forge::qcow2().be64(forge::qcow2_l2 + 8, 1);
    EXPECT_EQ(found(zero, "qcow2").format, Format::qcow2);
    forge::Bytes dos = forge::vmdk(
        "# Disk DescriptorFile\r\nversion=1\r\nCID=1\r\nparentCID=FFFFFFFF\r\n"
        "createType=\"monolithicSparse\"\r\nRW 2048 SPARSE \"a b.vmdk\"\r\n");
    EXPECT_EQ(found(dos, "vmdk").format, Format::vmdk);
}

TEST(Inspect, TakesWhatOtherToolsWrite) {
    forge::Bytes fixed = forge::vhd_fixed();
    fixed.be64(forge::MiB + 16, 0xffffffff);
    EXPECT_EQ(found(forge::seal_footer(fixed, forge::MiB), "vhd").variant, "fixed");
    const forge::Bytes named =
        forge::vmdk(forge::vmdk_descriptor("monolithicSparse", "RW 2048 SPARSE \"Größe 1.vmdk\""));
    EXPECT_EQ(found(named, "vmdk").variant, "monolithicSparse");
    const forge::Bytes exported = forge::vmdk_stream(
        forge::vmdk_descriptor("streamOptimized", "RDONLY 2048 SPARSE \"disk1.vmdk\""));
    EXPECT_EQ(found(exported, "vmdk").variant, "streamOptimized");
}

TEST(Inspect, BelievesADiskOf64GiBInAnyFile) {
    forge::Bytes image =
        forge::vhdx().le64(forge::vhdx_metadata_at + 64 * forge::KiB + 8, virtual_size_always);
    EXPECT_EQ(found(image, "vhdx").virtual_size, virtual_size_always);
}

TEST(Inspect, HoldsTheLimitThatItWasGiven) {
    const std::string bytes = forge::qcow2().data;
    const MemorySource image(bytes);
    EXPECT_TRUE(inspect(image, "qcow2", {forge::MiB}).ok());
    const auto refused = inspect(image, "qcow2", {forge::MiB - 1});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::Error::Code::too_large);
}

/// Every cut and every single changed byte of the headers ends in a verdict, never in a broken
/// check; what is still taken has the size it had.
TEST(Inspect, SurvivesEveryTruncationOfEveryFormat) {
    for (const forge::Bytes& image : {forge::qcow2(), forge::vmdk(), forge::vmdk_stream(),
                                      forge::vhd_fixed(), forge::vhd_dynamic()}) {
        for (std::size_t size = 0; size < image.size(); size += size < 2048 ? 1 : 509) {
            const MemorySource source(std::string_view(image.data).substr(0, size));
            const auto result = inspect(source, "auto", limits);
            EXPECT_TRUE(!result.ok() || result->format == Format::raw ||
                        result->virtual_size == forge::MiB);
        }
    }
}

/// Ends in zeros for as long as it is told to.
class Padded : public Source {
  public:
    Padded(const std::string& bytes, std::uint64_t size) : bytes_(bytes), size_(size) {}
    std::uint64_t size() const override { return size_; }
    base::Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
        for (std::size_t i = 0; i < into.size(); ++i)
            into[i] =
                offset + i < bytes_.size() ? static_cast<std::uint8_t>(bytes_[offset + i]) : 0;
        return {};
    }

  private:
    const std::string& bytes_;
    std::uint64_t size_;
};

TEST(Inspect, RefusesAVhdxWhoseBlockTableIsTooSmall) {
    const forge::Bytes image =
        forge::vhdx().le64(forge::vhdx_metadata_at + 64 * forge::KiB + 8, std::uint64_t{200} << 30);
    const auto refused = inspect(Padded(image.data, std::uint64_t{8} << 30), "vhdx", limits);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("block table has"), std::string::npos);
}

TEST(Crc32c, IsThatOfTheRfc) {
    EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
}

}  // namespace vdc::drivers::images
