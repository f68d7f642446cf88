#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/jail/cgroup.h"
#include "runtime/files.h"

namespace vdc::drivers::jail {
namespace {

using namespace std::chrono_literals;
using Code = base::Error::Code;

class CgroupsReal : public testing::Test {
  protected:
    void TearDown() override {
        const auto removed = cgroups.remove_all(tag);
        EXPECT_TRUE(removed.ok()) << text(removed.error());
        EXPECT_EQ(trees(), 0);
        if (child > 0) ::waitpid(child, nullptr, 0);
    }
    std::string at(const std::string& controller, const std::string& path) const {
        const auto found = cgroups.layout().v1.find(controller);
        const bool on_v2 = found == cgroups.layout().v1.end();
        return (on_v2 ? cgroups.layout().v2 : found->second) + "/" + path;
    }
    /// How many trees have our tag folder.
    int trees() const {
        int count = runtime::exists(cgroups.layout().v2 + "/" + tag);
        for (const auto& [controller, point] : cgroups.layout().v1)
            count += runtime::exists(point + "/" + tag);
        return count;
    }
    void put_a_child_into(const std::string& path) {
        child = ::fork();
        if (child == 0)
            for (;;) ::pause();
        for (const char* controller : {"none", "cpu", "memory", "pids"})
            ASSERT_TRUE(runtime::write_kernel_file(at(controller, path) + "/cgroup.procs",
                                                   std::to_string(child))
                            .ok());
    }

    Cgroups cgroups = Cgroups::of_this_machine().value();
    std::string tag = "vdc-ctest" + std::to_string(::getpid());
    pid_t child = -1;
};

TEST_F(CgroupsReal, TheKernelHoldsTheLimitsThatWereSet) {
    const std::string path = tag + "/R/one";
    const Limits limits{.memory = base::MiB{64}, .cpu_thousandths = 500, .processes = 10};
    ASSERT_TRUE(cgroups.create(path, limits).ok());
    const bool v1_memory = cgroups.layout().v1.contains("memory");
    const bool v1_cpu = cgroups.layout().v1.contains("cpu");
    EXPECT_EQ(runtime::read_file(at("memory", path) +
                                 (v1_memory ? "/memory.limit_in_bytes" : "/memory.max"))
                  .value(),
              "67108864\n");
    EXPECT_EQ(
        runtime::read_file(at("cpu", path) + (v1_cpu ? "/cpu.cfs_quota_us" : "/cpu.max")).value(),
        v1_cpu ? "50000\n" : "50000 100000\n");
    EXPECT_EQ(runtime::read_file(at("pids", path) + "/pids.max").value(), "10\n");
    const Limits more{.memory = base::MiB{128}, .processes = 20};
    EXPECT_TRUE(cgroups.create(path, more).ok()) << "again, and larger";
    EXPECT_TRUE(cgroups.create(path, limits).ok()) << "again, and smaller";
}

TEST_F(CgroupsReal, ADatacenterWeighsTenTasksUntilAnOperatorSaysOtherwise) {
    ASSERT_TRUE(cgroups.create(tag + "/R/one", {}).ok());
    const bool v1_cpu = cgroups.layout().v1.contains("cpu");
    const std::string file = at("cpu", tag) + (v1_cpu ? "/cpu.shares" : "/cpu.weight");
    EXPECT_EQ(runtime::read_file(file).value(), v1_cpu ? "10240\n" : "1000\n");
    ASSERT_TRUE(runtime::write_kernel_file(file, "500").ok());
    ASSERT_TRUE(cgroups.create(tag + "/R/two", {}).ok());
    EXPECT_EQ(runtime::read_file(file).value(), "500\n");
}

TEST_F(CgroupsReal, RemovingTakesEmptyParentsAndLeavesOthers) {
    ASSERT_TRUE(cgroups.create(tag + "/R/one", {}).ok());
    ASSERT_TRUE(cgroups.create(tag + "/R/two", {}).ok());
    ASSERT_TRUE(cgroups.remove(tag + "/R/one").ok());
    EXPECT_TRUE(runtime::exists(cgroups.layout().v2 + "/" + tag + "/R/two"));
    ASSERT_TRUE(cgroups.remove(tag + "/R/two").ok());
    EXPECT_EQ(trees(), 0);
    EXPECT_TRUE(cgroups.remove(tag + "/R/two").ok()) << "nothing there is fine";
}

TEST_F(CgroupsReal, AFrozenParentStaysFrozenWhenItsLastChildGoes) {
    ASSERT_TRUE(cgroups.create(tag + "/S/one", {}).ok());
    ASSERT_TRUE(cgroups.freeze(tag + "/S", true).ok());
    EXPECT_TRUE(cgroups.frozen(tag + "/S/one"));
    ASSERT_TRUE(cgroups.remove(tag + "/S/one").ok());
    EXPECT_TRUE(cgroups.frozen(tag + "/S"));
    EXPECT_FALSE(cgroups.frozen(tag));
}

TEST_F(CgroupsReal, AGroupWithProcessesIsNotRemoved) {
    const std::string path = tag + "/R/one";
    ASSERT_TRUE(cgroups.create(path, {}).ok());
    put_a_child_into(path);
    const auto removed = cgroups.remove(path);
    ASSERT_FALSE(removed.ok());
    EXPECT_EQ(removed.error().code, Code::conflict);
    const auto emptied = cgroups.wait_until_empty(path, 10ms);
    ASSERT_FALSE(emptied.ok());
    EXPECT_EQ(emptied.error().code, Code::timed_out);
    EXPECT_NE(emptied.error().message.find(std::to_string(child)), std::string::npos);
}

TEST_F(CgroupsReal, KillingReachesTheFrozenAndAllBelow) {
    const std::string path = tag + "/R/one";
    ASSERT_TRUE(cgroups.create(path, {}).ok());
    put_a_child_into(path);
    ASSERT_TRUE(cgroups.freeze(path, true).ok());
    EXPECT_EQ(cgroups.pids(tag).value(), std::vector<std::int64_t>{child});
    ASSERT_TRUE(cgroups.kill(tag).ok());
    EXPECT_TRUE(cgroups.wait_until_empty(path, 20s).ok());
    EXPECT_TRUE(cgroups.pids(tag).value().empty());
    EXPECT_TRUE(cgroups.remove(path).ok());
}

TEST_F(CgroupsReal, WhatIsNotThereHasNobodyAndNeedsNothing) {
    EXPECT_TRUE(cgroups.kill(tag + "/none").ok());
    EXPECT_TRUE(cgroups.wait_until_empty(tag + "/none", 1s).ok());
    EXPECT_TRUE(cgroups.pids(tag + "/none").value().empty());
    EXPECT_FALSE(cgroups.frozen(tag + "/none"));
}

}  // namespace
}  // namespace vdc::drivers::jail
