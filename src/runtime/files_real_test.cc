#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "runtime/files.h"

namespace vdc::runtime {
namespace {

TEST(FilesReal, RemovingATreeStopsAtAMountPointAndKeepsWhatIsInIt) {
    std::string folder = testing::TempDir() + "vdcmountXXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const std::string point = folder + "/point";
    ASSERT_TRUE(ensure_dir(point).ok());
    ASSERT_EQ(::mount("none", point.c_str(), "tmpfs", 0, nullptr), 0);
    ASSERT_TRUE(write_file_atomic(point + "/precious", "x").ok());
    const auto refused = remove_tree(folder);
    const bool kept = exists(point + "/precious");
    EXPECT_EQ(::umount(point.c_str()), 0);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::Error::Code::conflict);
    EXPECT_NE(refused.error().message.find(point), std::string::npos);
    EXPECT_TRUE(kept);
    EXPECT_TRUE(remove_tree(folder).ok());
}

}  // namespace
}  // namespace vdc::runtime
