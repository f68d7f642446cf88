#include "drivers/qemu/seed.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::drivers::qemu {

namespace {

/// A folder that goes with the test.
class SeedDisk : public testing::Test {
  protected:
    SeedDisk() { folder = ::mkdtemp(folder.data()); }
    ~SeedDisk() override { std::filesystem::remove_all(folder); }

    /// What an independent reader of ISO 9660 makes of the image.
    std::string extracted(const std::string& image, const std::string& name) {
        std::ofstream(folder + "/seed.iso", std::ios::binary) << image;
        const auto out =
            runtime::run({.words = {"xorriso", "-indev", folder + "/seed.iso", "-osirrox", "on",
                                    "-extract", "/", folder + "/files"}})
                .value();
        EXPECT_EQ(out.status, 0) << out.err;
        EXPECT_EQ(out.err.find("WARNING"), std::string::npos) << out.err;
        return runtime::read_file(folder + "/files/" + name, 4 << 20).value_or("(missing)");
    }

    std::string folder = "/tmp/vdc-seed-XXXXXX";
};

}  // namespace

TEST_F(SeedDisk, HoldsItsFilesUnderTheirRealNames) {
    const std::string long_text(200'000, 'x');
    const std::string image =
        seed_image({.meta_data = "instance-id: 1\n", .user_data = long_text, .network_config = "n"})
            .value();
    EXPECT_EQ(extracted(image, "meta-data"), "instance-id: 1\n");
    EXPECT_EQ(extracted(image, "user-data"), long_text);
    EXPECT_EQ(extracted(image, "network-config"), "n");
}

TEST_F(SeedDisk, IsFoundByItsLabel) {
    std::ofstream(folder + "/seed.iso", std::ios::binary)
        << seed_image({.meta_data = "x", .user_data = "", .network_config = ""}).value();
    const auto label = runtime::must_run(
        {.words = {"blkid", "-p", "-o", "value", "-s", "LABEL", folder + "/seed.iso"}});
    EXPECT_EQ(label.value(), "CIDATA\n");
}

TEST_F(SeedDisk, LeavesOutWhatIsEmpty) {
    const std::string image =
        seed_image({.meta_data = "x", .user_data = "", .network_config = ""}).value();
    EXPECT_EQ(extracted(image, "user-data"), "(missing)");
    EXPECT_EQ(seed_image({}).value(), "");
}

TEST_F(SeedDisk, RefusesFilesThatAreTooLarge) {
    const auto image = seed_image(
        {.meta_data = "x", .user_data = std::string((1 << 20) + 1, 'x'), .network_config = ""});
    EXPECT_EQ(image.error().code, base::Error::Code::too_large);
    EXPECT_NE(image.error().message.find("user-data"), std::string::npos);
}

TEST_F(SeedDisk, EqualSeedsGiveEqualBytes) {
    const control::SeedSpec seed{.meta_data = "a", .user_data = "b", .network_config = "c"};
    EXPECT_EQ(seed_image(seed).value(), seed_image(seed).value());
}

TEST_F(SeedDisk, CannotBeChangedByWhoHasItsDescriptor) {
    const runtime::Fd file = sealed_file("bytes").value();
    EXPECT_EQ(::write(file.get(), "x", 1), -1);
    EXPECT_EQ(::ftruncate(file.get(), 0), -1);
    char bytes[8] = {};
    EXPECT_EQ(::pread(file.get(), bytes, sizeof bytes, 0), 5);
    EXPECT_STREQ(bytes, "bytes");
}

}  // namespace vdc::drivers::qemu
