#include "lab/cables.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "drivers/networks/namespaces.h"
#include "runtime/process.h"

namespace vdc::lab {
namespace {

class CablesTest : public ::testing::Test {
  protected:
    ~CablesTest() override { EXPECT_TRUE(cables_.remove().ok()); }

    /// Whether a packet of one machine comes to another and its answer back.
    bool reaches(int from, int to) const {
        const auto answer =
            runtime::run({.words = {"ping", "-c", "1", "-W", "1", Cables::address(to)},
                          .network_namespace = cables_.machine(from)});
        return answer.ok() && answer->status == 0;
    }

    /// Within some seconds: a machine that asked in vain who has an address gives up on it once
    /// more before it asks anew.
    bool reaches_again(int from, int to) const {
        for (int attempt = 0; attempt < 20; ++attempt)
            if (reaches(from, to)) return true;
        return false;
    }

    Cables cables_{"vdct" + std::to_string(::getpid())};
};

TEST_F(CablesTest, MachinesReachEachOther) {
    EXPECT_EQ(cables_.machines(), 0);
    ASSERT_TRUE(cables_.lay(3).ok());
    EXPECT_EQ(cables_.machines(), 3);
    EXPECT_TRUE(reaches(1, 2));
    EXPECT_TRUE(reaches(3, 1));
}

TEST_F(CablesTest, ACutIsOneWayOrBothAndHeals) {
    ASSERT_TRUE(cables_.lay(3).ok());
    for (const Cut cut : {Cut{true, false}, Cut{false, true}, Cut{true, true}}) {
        ASSERT_TRUE(cables_.cut(2, cut).ok());
        EXPECT_EQ(*cables_.cuts(), (std::map<int, Cut>{{2, cut}}));
        EXPECT_FALSE(reaches(1, 2));
        EXPECT_TRUE(reaches(1, 3));
    }
    ASSERT_TRUE(cables_.cut(2, {}).ok());
    EXPECT_TRUE(cables_.cuts()->empty());
    EXPECT_TRUE(reaches_again(1, 2));
}

TEST_F(CablesTest, LayingAgainAddsMachinesAndKeepsCuts) {
    ASSERT_TRUE(cables_.lay(2).ok());
    ASSERT_TRUE(cables_.cut(2, {true, true}).ok());
    ASSERT_TRUE(cables_.lay(3).ok());
    EXPECT_EQ(cables_.machines(), 3);
    EXPECT_FALSE(reaches(1, 2));
    EXPECT_TRUE(reaches(1, 3));
}

TEST_F(CablesTest, NothingIsLeft) {
    ASSERT_TRUE(cables_.lay(2).ok());
    ASSERT_TRUE(cables_.remove().ok());
    EXPECT_EQ(cables_.machines(), 0);
    EXPECT_TRUE(drivers::networks::namespaces("vdct" + std::to_string(::getpid())).empty());
    EXPECT_TRUE(cables_.remove().ok());
}

}  // namespace
}  // namespace vdc::lab
