#include "control/lease.h"

#include <gtest/gtest.h>

#include "model/world_test_util.h"

namespace vdc::control {
namespace {

using namespace std::chrono_literals;
using model::Evidence;
using model::HostClaimed;
using model::HostHealth;
using model::HostId;
using model::LeaseProfile;
using model::RunClass;

const Instant noon{std::chrono::hours{12}};
const LeaseFigures usual = figures_of(LeaseProfile::usual);

// ---- figures -----------------------------------------------------------------------------------

TEST(LeaseFigures, WhatALeaderWaitsCoversLeaseGuardsFreezeAndBothClocks) {
    EXPECT_EQ(fence_after(usual), 6'362'613us);
    EXPECT_EQ(fence_after(figures_of(LeaseProfile::fast)), 2'354'605us);
}

// ---- the host's half ---------------------------------------------------------------------------

TEST(ALeaseHolder, CountsTheDeadlineFromTheMomentOfSending) {
    LeaseHolder holder(usual, 1, noon);
    const auto renewal = holder.renew(noon);
    ASSERT_TRUE(renewal);
    EXPECT_EQ(holder.deadline(), noon);
    holder.answered(renewal->number);  // whenever that was
    EXPECT_EQ(holder.deadline(), noon + 6s);
}

TEST(ALeaseHolder, RenewsOnceInItsPeriod) {
    LeaseHolder holder(usual, 1, noon);
    EXPECT_TRUE(holder.renew(noon));
    EXPECT_FALSE(holder.renew(noon + 999ms));
    EXPECT_EQ(holder.wake_at(), noon + 1s);
    EXPECT_TRUE(holder.renew(noon + 1s));
}

TEST(ALeaseHolder, TakesAnswersInAnyOrderAndItsDeadlineNeverFalls) {
    LeaseHolder holder(usual, 1, noon);
    const auto first = holder.renew(noon);
    const auto second = holder.renew(noon + 1s);
    holder.answered(second->number);
    EXPECT_EQ(holder.deadline(), noon + 7s);
    holder.answered(first->number);
    EXPECT_EQ(holder.deadline(), noon + 7s);
    holder.answered(4711);
    EXPECT_EQ(holder.deadline(), noon + 7s);
}

TEST(ALeaseHolder, StartsWhatFencesItselfOnlyWithTimeToFreezeIt) {
    LeaseHolder holder(usual, 1, noon);
    EXPECT_FALSE(holder.may_start(RunClass::fences_itself, noon));
    EXPECT_TRUE(holder.may_start(RunClass::rides_through, noon));
    holder.answered(holder.renew(noon)->number);
    EXPECT_TRUE(holder.may_start(RunClass::fences_itself, noon + 5s));
    EXPECT_FALSE(holder.may_start(RunClass::fences_itself, noon + 5700ms));
    EXPECT_TRUE(holder.may_start(RunClass::rides_through, noon + 1h));
}

TEST(ALeaseHolder, IsOverWhenItsEpochIs) {
    LeaseHolder holder(usual, 1, noon);
    const auto renewal = holder.renew(noon);
    holder.ended(noon + 1s);
    holder.answered(renewal->number);
    EXPECT_LE(holder.deadline(), noon + 1s);
    EXPECT_FALSE(holder.renew(noon + 5s));
    EXPECT_FALSE(holder.may_start(RunClass::rides_through, noon + 1s));
}

// ---- the leader's half -------------------------------------------------------------------------

/// h1, h2 and four more live by a lease.
class ALeaseWatch : public ::testing::Test, public model::testing::World {
  protected:
    ALeaseWatch() {
        for (std::uint64_t number = 3; number <= 6; ++number) {
            must(create<model::Host>({{2, number}}, {}, "h" + std::to_string(number), {}));
            must(claim<model::Host>({{2, number}}, [](HostClaimed& c) { c.epoch = 1; }));
        }
        for (std::uint64_t number = 1; number <= 6; ++number)
            must(claim<model::Host>({{2, number}},
                                    [](HostClaimed& c) { c.lease = LeaseProfile::usual; }));
    }
    /// All but h1 are heard.
    void hear_others(std::uint64_t revision, Instant now) {
        for (std::uint64_t number = 2; number <= 6; ++number)
            watch.saw({{2, number}}, revision, now);
    }
    void commit(const LeasePlan& plan) {
        for (const model::Step& step : plan.steps) must(step.change);
    }
    HostHealth health(HostId id) const { return snapshot.get<model::Host>(id).claimed.health; }

    LeaseWatch watch{noon};
};

TEST_F(ALeaseWatch, HoldsASilentHostToBeSuspectThenFencesItByTheRevisionItSaw) {
    watch.saw(host, 7, noon + 1s);
    hear_others(1, noon + 4s);
    LeasePlan plan = watch.look(snapshot, noon + 4s);
    ASSERT_EQ(plan.steps.size(), 1u);
    EXPECT_EQ(plan.steps[0].reason, "host h1 is silent for 3s");
    commit(plan);
    EXPECT_EQ(health(host), HostHealth::suspect);
    EXPECT_EQ(snapshot.get<model::Host>(host).claimed.silent_since, noon + 1s);

    hear_others(2, noon + 7s);
    EXPECT_TRUE(watch.look(snapshot, noon + 1s + fence_after(usual) - 1us).fences.empty());
    plan = watch.look(snapshot, noon + 1s + fence_after(usual));
    ASSERT_EQ(plan.fences.size(), 1u);
    EXPECT_EQ(plan.fences[0].host, host);
    EXPECT_EQ(plan.fences[0].revision, 7u);
    commit(plan);
    EXPECT_EQ(health(host), HostHealth::fencing) << "down only when the fence held";
    must(host_down(snapshot.get<model::Host>(host), Evidence::lease_elapsed, "", noon + 8s).change);
    EXPECT_EQ(health(host), HostHealth::down);
    EXPECT_TRUE(watch.look(snapshot, noon + 8s).fences.empty());
}

TEST_F(ALeaseWatch, HearsAHostAgain) {
    hear_others(1, noon + 3s);
    commit(watch.look(snapshot, noon + 3s));
    EXPECT_EQ(health(host), HostHealth::suspect);
    watch.saw(host, 8, noon + 4s);
    const LeasePlan plan = watch.look(snapshot, noon + 4s);
    ASSERT_EQ(plan.steps.size(), 1u);
    EXPECT_EQ(plan.steps[0].reason, "host h1 is heard again");
}

TEST_F(ALeaseWatch, IsNotMovedByAnOldRenewal) {
    watch.saw(host, 8, noon + 1s);
    watch.saw(host, 7, noon + 5s);
    watch.saw(host, 8, noon + 5s);
    EXPECT_EQ(watch.silence(host, noon + 5s), 4s);
}

TEST_F(ALeaseWatch, OfANewLeaderCountsFromItsFirstMoment) {
    EXPECT_EQ(watch.silence(host, noon + 2s), 2s);
    EXPECT_TRUE(watch.look(snapshot, noon).steps.empty());
}

TEST_F(ALeaseWatch, CountsFromZeroForAllAfterTheStoreWasAway) {
    watch.saw(host, 7, noon);
    watch.pulsed(noon + 1s, usual.pulse_gap);
    EXPECT_EQ(watch.silence(host, noon + 1s), 1s);
    watch.pulsed(noon + 20s, usual.pulse_gap);
    EXPECT_EQ(watch.silence(host, noon + 21s), 1s);
}

TEST_F(ALeaseWatch, LetsARefusedFenceRestForAMoment) {
    watch.saw(host, 7, noon);
    hear_others(1, noon + 7s);
    const LeasePlan plan = watch.look(snapshot, noon + 7s);
    ASSERT_EQ(plan.fences.size(), 1u);
    watch.refused(plan.fences[0], noon + 7s);
    EXPECT_TRUE(watch.look(snapshot, noon + 7500ms).fences.empty());
    EXPECT_EQ(watch.look(snapshot, noon + 8s).fences.size(), 1u);
}

TEST_F(ALeaseWatch, FencesNobodyWhileLessThanHalfOfAllAreHeard) {
    for (std::uint64_t number = 1; number <= 2; ++number) watch.saw({{2, number}}, 5, noon + 6s);
    const LeasePlan plan = watch.look(snapshot, noon + 8s);
    EXPECT_TRUE(plan.fences.empty());
    ASSERT_FALSE(plan.steps.empty());
    EXPECT_NE(plan.steps.back().reason.find("less than half of all hosts are heard"),
              std::string::npos);
}

TEST_F(ALeaseWatch, LeavesHostsWithoutALeaseAlone) {
    must(claim<model::Host>(host, [](HostClaimed& c) { c.lease = LeaseProfile::none; }));
    hear_others(1, noon + 1h);
    EXPECT_TRUE(watch.look(snapshot, noon + 1h).steps.empty());
}

TEST_F(ALeaseWatch, IsBrakedInTheFailureDomainAfterOneOfSix) {
    must(
        host_down(snapshot.get<model::Host>(other_host), Evidence::lease_elapsed, "", noon).change);
    const auto brake = [&](HostId id, Instant now) {
        return storm_brake(snapshot, snapshot.get<model::Host>(id), now);
    };
    EXPECT_NE(brake(host, noon + 9min).find("1 of 6 hosts of the datacenter"), std::string::npos);
    EXPECT_EQ(brake(host, noon + 10min), "");
    must(declare<model::Host>(host, [](auto& d) { d.labels["rack"] = "r2"; }));
    EXPECT_EQ(brake(host, noon + 1min), "") << "another rack";
}

TEST_F(ALeaseWatch, IsNotBrakedByWhatAnOperatorSaid) {
    must(
        host_down(snapshot.get<model::Host>(other_host), Evidence::operator_word, "", noon).change);
    EXPECT_EQ(storm_brake(snapshot, snapshot.get<model::Host>(host), noon), "");
}

}  // namespace
}  // namespace vdc::control
