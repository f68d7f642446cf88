#include "trials/placement_trial.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "trials/table.h"

namespace vdc::trials {

using base::Error;
using base::Json;

namespace {

/// A folder that is gone after the test.
class Folder {
  public:
    Folder() {
        std::string name = testing::TempDir() + "trials-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ + "/" + name) << text;
    }

  private:
    std::string path_;
};

PlacementWish wish(const std::string& trace, const Folder& folder) {
    PlacementWish result;
    result.trace = trace;
    result.data = folder.path();
    return result;
}

/// 400 instances, one every ten seconds, of one processor and 2 GiB, some of 16 and 32.
std::string instances() {
    std::string text = "vmid,cpu,mem,at,lt\n";
    for (int number = 0; number < 400; ++number) {
        const bool large = number % 9 == 0;
        text += std::to_string(number) + (large ? ",16,32," : ",1,2,") +
                std::to_string(number * 10) + ".0," + std::to_string(300 + number % 7 * 500) +
                ".0\n";
    }
    return text;
}

const Json& row(const Json& outcome, const std::string& policy) {
    for (const Json& each : outcome.at("rows").items())
        if (each.text_at("policy") == policy) return each;
    return outcome.at("no such policy");
}

}  // namespace

TEST(Tables, SayWhichColumnAndWhichRowIsWrong) {
    const auto table = Table::parse("a table", "cpu,mem\n1,2\n3,x\n");
    ASSERT_TRUE(table.ok());
    EXPECT_EQ(table->number(0, 1).value(), 2);
    EXPECT_EQ(table->number(1, 1).error().code, Error::Code::invalid);
    EXPECT_EQ(table->column("disk").error().message, "a table has no column 'disk'");
    EXPECT_EQ(Table::parse("a table", "cpu,mem\n1\n").error().message,
              "a table, row 1: it has 1 values");
}

TEST(PlacementTrials, SayWhatIsMissingWhenTheDataIsNotThere) {
    const Folder folder;
    for (const auto& [name, about] : trials()) {
        if (name == "balance" || name == "small") continue;  // they need none
        const auto outcome = run_placement_trial(wish(name, folder));
        ASSERT_FALSE(outcome.ok()) << name;
        EXPECT_EQ(outcome.error().code, Error::Code::not_found) << name;
        EXPECT_NE(outcome.error().message.find(folder.path()), std::string::npos) << name;
    }
    EXPECT_EQ(run_placement_trial(wish("cpu", folder)).error().code, Error::Code::invalid);
}

TEST(PlacementTrials, RefuseNumbersThatMakeNoSense) {
    const Folder folder;
    PlacementWish wrong = wish("numa", folder);
    wrong.points = 0;
    EXPECT_EQ(run_placement_trial(wrong).error().message, "--points is 0");
    wrong = wish("numa", folder);
    wrong.begin = 10;
    wrong.end = 10;
    EXPECT_EQ(run_placement_trial(wrong).error().code, Error::Code::invalid);
}

TEST(PlacementTrials, AllocateWhatFitsWhateverThePolicy) {
    const Folder folder;
    folder.write("machines.csv",
                 "sn,cpu_milli,memory_mib,gpu,model\na,32000,65536,4,X\nb,32000,65536,2,Y\n");
    folder.write("pods_even.csv",
                 "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
                 "p,1000,1024,1,500,\nq,1000,1024,1,1000,X|Y\n");
    PlacementWish gpu = wish("gpu", folder);
    gpu.hosts_file = "machines";
    gpu.seeds = 2;
    const auto outcome = run_placement_trial(gpu);
    ASSERT_TRUE(outcome.ok()) << text(outcome.error());
    EXPECT_EQ(outcome->integer_at("accelerators"), 6);
    for (const char* policy : {"first_fit", "best_fit", "fgd", "ours", "ours_with_moves", "bound"})
        EXPECT_EQ(row(*outcome, policy).at("at_130").real(), 100) << policy;
}

TEST(PlacementTrials, BoundWhatAnybodyCanAllocate) {
    const Folder folder;
    std::string machines = "sn,cpu_milli,memory_mib,gpu,model\n";
    for (int number = 0; number < 40; ++number)
        machines += std::to_string(number) + ",32000,65536,8,X\n";
    folder.write("machines.csv", machines);
    // Nobody fits beside one of 700 thousandths.
    folder.write("pods_mixed.csv",
                 "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
                 "p,100,100,1,700,\nq,100,100,1,1000,\nr,100,100,1,1000,\ns,100,100,1,1000,\n");
    PlacementWish gpu = wish("gpu", folder);
    gpu.hosts_file = "machines";
    gpu.seeds = 2;
    const auto outcome = run_placement_trial(gpu);
    ASSERT_TRUE(outcome.ok()) << text(outcome.error());
    const double bound = row(*outcome, "bound").at("at_130").real();
    EXPECT_LT(bound, 94);
    for (const char* policy : {"first_fit", "best_fit", "fgd", "ours", "ours_with_moves"})
        EXPECT_LE(row(*outcome, policy).at("at_130").real(), bound) << policy;
}

TEST(PlacementTrials, TellTheSameTwice) {
    const Folder folder;
    folder.write("vms_visible.csv", instances());
    PlacementWish numa = wish("numa", folder);
    numa.hosts = 2;
    numa.host_cpus = 20;
    numa.host_memory = 64;
    numa.points = 5;
    const auto once = run_placement_trial(numa);
    ASSERT_TRUE(once.ok()) << text(once.error());
    EXPECT_EQ(once->integer_at("episodes"), 5);
    EXPECT_GT(row(*once, "first_fit").integer_at("wait_s"), 0);
    EXPECT_EQ(run_placement_trial(numa).value(), *once);
}

TEST(PlacementTrials, SayWhoFitsIntoNoHost) {
    const Folder folder;
    folder.write("vms_visible.csv", instances());
    PlacementWish numa = wish("numa", folder);
    numa.hosts = 2;
    numa.host_cpus = 8;
    EXPECT_EQ(run_placement_trial(numa).error().code, Error::Code::invalid);
}

TEST(PlacementTrials, EmptyHostsWithFewMoves) {
    const Folder folder;
    folder.write("vms_visible.csv", instances());
    PlacementWish time = wish("time", folder);
    time.host_cpus = 20;
    time.host_memory = 64;
    time.pass = 100;
    const auto outcome = run_placement_trial(time);
    ASSERT_TRUE(outcome.ok()) << text(outcome.error());
    EXPECT_EQ(run_placement_trial(time).value(), *outcome);
    for (const Json& each : outcome->at("rows").items())
        EXPECT_GE(each.at("of_bound").real(), 1) << each.text_at("policy");
    EXPECT_EQ(row(*outcome, "ours").integer_at("moves"), 0);
    EXPECT_LE(row(*outcome, "ours_with_moves").integer_at("moves"), 40);
    time.host_cpus = 8;
    EXPECT_EQ(run_placement_trial(time).error().code, Error::Code::invalid);
}

TEST(PlacementTrials, BalanceNoWorseThanHbalWithNoMoreMoves) {
    PlacementWish balance;
    balance.trace = "balance";
    balance.hosts = 5;
    balance.seeds = 2;
    const auto outcome = run_placement_trial(balance);
    ASSERT_TRUE(outcome.ok()) << text(outcome.error());
    EXPECT_EQ(outcome->integer_at("ours_as_good"), 2);
    EXPECT_EQ(outcome->integer_at("ours_with_more_moves"), 0);
}

TEST(PlacementTrials, TimeDecisionsThatFindPlaces) {
    const Folder folder;
    folder.write("vms_visible.csv", instances());
    PlacementWish speed = wish("speed", folder);
    speed.hosts = 50;
    speed.decisions = 1000;
    const auto outcome = run_placement_trial(speed);
    ASSERT_TRUE(outcome.ok()) << text(outcome.error());
    const Json& only = outcome->at("rows").items().front();
    EXPECT_GT(only.integer_at("instances"), 50);
    EXPECT_GT(only.integer_at("decisions_per_s"), 0);
}

TEST(PlacementTrials, MoveProcessesWhereTheyCostLess) {
    const Folder folder;
    // One kind that costs 10 beyond what is safe; two hosts of 10, of which 5 are safe; two
    // services; two processes of 4 on the first host. Each move costs 1 for each of three reasons.
    folder.write(
        "model_few.txt",
        "1\n0 10\n2\n0 0 10 5 0 1\n0 1 10 5 1 0\n2\n1 0\n1 0\n2\n0 4 1\n1 4 1\n0\n1 1 1\n");
    folder.write("assignment_few.txt", "0 0\n");
    PlacementWish few = wish("reassign", folder);
    few.workloads = {"few"};
    few.solver_seconds = 1;
    const auto outcome = run_placement_trial(few);
    ASSERT_TRUE(outcome.ok()) << base::text(outcome.error());
    const Json& only = outcome->at("rows").items().front();
    EXPECT_EQ(only.integer_at("before"), 30);
    EXPECT_EQ(only.integer_at("price"), 3);
    EXPECT_EQ(only.integer_at("moves"), 1);
    EXPECT_EQ(only.integer_at("prefixes_broken"), 0);
    folder.write("assignment_few.txt", "0\n");
    EXPECT_EQ(run_placement_trial(few).error().code, Error::Code::invalid);
}

TEST(SmallCases, ArePackedAsWellAsAnExactSolverPacksThem) {
    const Folder none;
    PlacementWish small = wish("small", none);
    small.seeds = 10;
    const auto outcome = run_placement_trial(small);
    ASSERT_TRUE(outcome.ok()) << base::text(outcome.error());
    EXPECT_GE(row(*outcome, "ours").at("of_optimum").real(), 0.98);
    EXPECT_LE(row(*outcome, "ours").at("of_optimum").real(), 1);
    EXPECT_GT(outcome->integer_at("gangs_that_fit"), 0);
    EXPECT_EQ(outcome->integer_at("refused_falsely"), 0);
    EXPECT_EQ(outcome->integer_at("refused_unproven"), 0);
}

}  // namespace vdc::trials
