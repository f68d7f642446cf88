#include "drivers/jail/cgroup.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "runtime/files.h"

namespace vdc::drivers::jail {
namespace {

using Code = base::Error::Code;

TEST(CgroupLayout, OfAUnifiedHost) {
    const auto layout = parse_layout(
        "proc /proc proc rw 0 0\n"
        "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n");
    ASSERT_TRUE(layout.ok());
    EXPECT_EQ(layout->v2, "/sys/fs/cgroup");
    EXPECT_TRUE(layout->v1.empty());
}

TEST(CgroupLayout, OfAHybridHostWithControllersTogether) {
    const auto layout = parse_layout(
        "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n"
        "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0\n"
        "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0\n"
        "cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0\n"
        "cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0\n");
    ASSERT_TRUE(layout.ok());
    EXPECT_EQ(layout->v2, "/sys/fs/cgroup/unified");
    EXPECT_EQ(layout->v1, (std::map<std::string, std::string>{{"cpu", "/sys/fs/cgroup/cpu,cpuacct"},
                                                              {"memory", "/sys/fs/cgroup/memory"},
                                                              {"pids", "/sys/fs/cgroup/pids"}}));
}

TEST(CgroupLayout, TakesMountPointsWithStrangeNames) {
    EXPECT_EQ(parse_layout("cgroup2 /my\\040cgroups cgroup2 rw 0 0\n")->v2, "/my cgroups");
}

TEST(CgroupLayout, WithoutAV2TreeSaysWhatToDo) {
    const auto layout = parse_layout("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\nrubbish\n");
    ASSERT_FALSE(layout.ok());
    EXPECT_EQ(layout.error().code, Code::unsupported);
    EXPECT_NE(layout.error().hint.find("mount -t cgroup2"), std::string::npos);
}

/// A folder that plays a tree whose root offers the controllers: what would be told the kernel is
/// left in the files.
class PlayedTree : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "vdccgroupXXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override { EXPECT_TRUE(runtime::remove_tree(folder).ok()); }
    void play(const std::string& group, const std::vector<std::string>& files) {
        ASSERT_TRUE(runtime::ensure_dir(folder + group).ok());
        for (const std::string& file : files)
            ASSERT_TRUE(runtime::write_file_atomic(folder + group + "/" + file, "").ok());
    }
    std::string said(const std::string& file) const {
        return runtime::read_file(folder + file).value_or("(no file)");
    }
    std::string folder;
};

TEST_F(PlayedTree, ControllersOfV2ArePassedDownToTheParentAndSetInTheGroup) {
    for (const char* group : {"", "/vdc-1a2b", "/vdc-1a2b/R"})
        play(group, {"cgroup.subtree_control"});
    play("/vdc-1a2b/R/one",
         {"cgroup.subtree_control", "memory.max", "memory.swap.max", "cpu.max", "pids.max"});
    Cgroups cgroups(
        {.v2 = folder, .v1 = {}, .v2_controllers = {"cpuset", "cpu", "memory", "pids"}});
    const auto made = cgroups.create(
        "vdc-1a2b/R/one", {.memory = base::MiB{64}, .cpu_thousandths = 1500, .processes = 32});
    ASSERT_TRUE(made.ok()) << text(made.error());
    EXPECT_EQ(said("/vdc-1a2b/R/one/memory.max"), "67108864");
    EXPECT_EQ(said("/vdc-1a2b/R/one/memory.swap.max"), "0");
    EXPECT_EQ(said("/vdc-1a2b/R/one/cpu.max"), "150000 100000");
    EXPECT_EQ(said("/vdc-1a2b/R/one/pids.max"), "32");
    for (const char* group : {"", "/vdc-1a2b", "/vdc-1a2b/R"})
        EXPECT_EQ(said(std::string(group) + "/cgroup.subtree_control"), "+cpu +memory +pids");
    EXPECT_EQ(said("/vdc-1a2b/R/one/cgroup.subtree_control"), "") << "processes live there";
}

TEST_F(PlayedTree, ALimitThatNoControllerCanHoldIsUnsupported) {
    Cgroups cgroups({.v2 = folder, .v1 = {}, .v2_controllers = {}});
    const auto made = cgroups.create("vdc-1a2b/one", {.memory = base::MiB{64}});
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, Code::unsupported);
    EXPECT_NE(made.error().message.find("'memory'"), std::string::npos);
    EXPECT_TRUE(cgroups.create("vdc-1a2b/one", {.processes = 0}).ok()) << "no limit, no need";
}

}  // namespace
}  // namespace vdc::drivers::jail
