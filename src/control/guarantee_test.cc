#include "control/guarantee.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/chance.h"
#include "control/recovery.h"
#include "control/turns_test_util.h"

namespace vdc::control {

using base::Error;
using base::Json;
using base::Status;
using model::Application;
using model::Host;
using model::Instance;
using model::Noun;
using testing::Turns;

namespace {

/// Hosts with room for three replicas of 1 GiB each; nothing else is scarce.
class Site : public ::testing::Test {
  protected:
    explicit Site(int hosts = 3) {
        must(dc.create(Noun::project, R"({"name": "default"})"));
        must(dc.create(Noun::flavor, R"({"name": "f", "memory": "1GiB", "disk": "16MiB"})"));
        must(dc.create(Noun::flavor, R"({"name": "big", "memory": "3GiB", "disk": "16MiB"})"));
        must(dc.create(Noun::image, R"({"name": "tiny"})"));
        must(dc.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/24"})"));
        for (int number = 1; number <= hosts; ++number) begin_host(number);
        dc.follow_up();
    }

    void begin_host(int number) {
        dc.begin_host("h" + std::to_string(number), {{8}, {512 + 3 * 1024}, {100'000}});
        dc.follow_up();
    }
    static void must(const Status& status) { EXPECT_TRUE(status.ok()) << text(status.error()); }

    static Json app(const std::string& name, int replicas, const char* flavor = "f") {
        return Json::object({{"name", name},
                             {"replicas", replicas},
                             {"template", Json::object({{"flavor", flavor}, {"image", "tiny"}})}});
    }
    Status want(const std::string& name, int replicas, const char* flavor = "f") {
        const Status status = dc.ask(create, Noun::application, app(name, replicas, flavor));
        dc.follow_up();
        return status;
    }
    Status change(Noun noun, const std::string& name, Json patch) {
        const Status status = dc.ask(update, noun, name, patch);
        dc.follow_up();
        return status;
    }
    const Instance& instance(const std::string& name) { return *dc.named<Instance>(name); }
    std::size_t gaps() { return dc.guarantee.plans().gaps().size(); }
    /// Where the plan of its host's loss brings it.
    std::optional<model::HostId> target_of(const Instance& of) {
        for (const auto& move : dc.guarantee.plans().plan({{}, {}, *of.claimed.host}))
            if (move.instance == of.id) return move.to;
        return {};
    }
    std::int64_t placed() {
        const auto& all = dc.snapshot.all<Instance>();
        return std::count_if(all.begin(), all.end(), [](const auto& each) {
            return each.second->claimed.host.has_value();
        });
    }

    Turns dc;
};

class AGuarantee : public Site {};

}  // namespace

TEST_F(AGuarantee, OfWhatIsSurvivedIsTheNearestWord) {
    must(want("web", 1));
    const auto survived = [&] { return survives(dc.snapshot, instance("web-1")); };
    EXPECT_EQ(survived(), "host");
    must(change(Noun::project, "default", Json::object({{"survives", "nothing"}})));
    EXPECT_EQ(survived(), "nothing");
    must(change(Noun::application, "web", Json::object({{"survives", "rack"}})));
    EXPECT_EQ(survived(), "rack");
    must(change(Noun::instance, "web-1", Json::object({{"survives", "host"}})));
    EXPECT_EQ(survived(), "host");
}

TEST(AGuaranteeOfOneHost, PromisesNothingUntilThereIsASecond) {
    struct Alone : Site {
        Alone() : Site(1) {}
        void TestBody() override {
            must(want("web", 3));
            EXPECT_EQ(survives(dc.snapshot, instance("web-1")), "nothing");
            EXPECT_EQ(gaps(), 0u);
            begin_host(2);
            EXPECT_EQ(survives(dc.snapshot, instance("web-1")), "host");
            EXPECT_EQ(gaps(), 0u);
        }
    };
    Alone().TestBody();
}

TEST_F(AGuarantee, CoversReplicasAndNotWhatLiesOnItsHost) {
    must(want("web", 1));
    must(dc.create(Noun::instance, R"({"name": "alone", "image": "tiny", "flavor": "f"})"));
    dc.follow_up();
    EXPECT_TRUE(target_of(instance("web-1")));
    EXPECT_NE(target_of(instance("web-1")), instance("web-1").claimed.host);
    EXPECT_FALSE(target_of(instance("alone")));
    EXPECT_EQ(gaps(), 0u);
}

TEST_F(AGuarantee, AdmitsWhatOneHostLessHoldsAndNoMore) {
    must(want("web", 6));  // nine fit on three hosts, six on two
    EXPECT_EQ(placed(), 6);
    const Status refused = want("more", 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Error::Code::exhausted);
    EXPECT_NE(refused.error().message.find("the loss of host h"), std::string::npos);
    EXPECT_EQ(dc.named<Application>("more"), nullptr);
    EXPECT_EQ(gaps(), 0u);
    must(change(Noun::application, "web", Json::object({{"survives", "nothing"}})));
    must(want("more", 1));
    EXPECT_EQ(placed(), 7);
}

TEST_F(AGuarantee, RefusalNamesTheLossTheInstanceAndTheSmallestChange) {
    must(want("web", 6));
    const Status refused = want("more", 1);
    EXPECT_EQ(text(refused.error()),
              "the loss of host h2 could not be covered: web-3 (1GiB) would have no place; it fits "
              "with 1GiB of memory more on h3, or with 'survives' nothing for web-3");
}

TEST_F(AGuarantee, RefusalNamesAHostThatWillDoOnceItIsHeardOf) {
    model::HostClaimed silent = dc.named<Host>("h3")->claimed;
    silent.health = model::HostHealth::suspect;
    must(want("web", 4));
    must(dc.apply({{model::Claim<Host>{dc.named<Host>("h3")->id, silent}, "it is silent"}}));
    dc.follow_up();
    const Status refused = want("more", 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(
        text(refused.error()).find("; it fits as soon as h3, silent now, is heard of, or with"),
        std::string::npos)
        << text(refused.error());
}

TEST_F(AGuarantee, RefusesToCloseAHostWhoseRoomIsPromised) {
    must(want("web", 6));
    const Status refused = change(Noun::host, "h1", Json::object({{"schedulable", false}}));
    ASSERT_FALSE(refused.ok());
    EXPECT_TRUE(dc.named<Host>("h1")->declared.schedulable);
    EXPECT_EQ(gaps(), 0u);
    must(change(Noun::project, "default", Json::object({{"survives", "nothing"}})));
    must(change(Noun::host, "h1", Json::object({{"schedulable", false}})));
}

TEST_F(AGuarantee, RefusesADrainAfterWhichALossCouldNotBeCovered) {
    must(want("web", 4));  // while h1 is drained, two and two are left: each fits on the other
    must(want("more", 1));
    const Status refused = dc.ask(drain, std::string("h1"), Drain::begin);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Error::Code::exhausted);
    EXPECT_NE(text(refused.error()).find("once h1 is drained, the loss of host h"),
              std::string::npos)
        << text(refused.error());
    EXPECT_NE(text(refused.error()).find("it fits with"), std::string::npos);
    EXPECT_FALSE(dc.named<Host>("h1")->declared.drain);
    EXPECT_EQ(gaps(), 0u);
    EXPECT_TRUE(same_plans(dc.guarantee.plans(), Guarantee(dc.snapshot).plans()));
}

TEST_F(AGuarantee, AllowsADrainAfterWhichAllIsCovered) {
    must(want("web", 3));
    must(dc.ask(drain, std::string("h1"), Drain::begin));
    EXPECT_TRUE(dc.named<Host>("h1")->declared.drain);
}

/// While a host is lost, who comes from there is placed without asking: others are not.
TEST_F(AGuarantee, IsNotBrokenByARequestWhileAHostIsLost) {
    must(want("web", 3));
    must(dc.apply(
        loss_of(dc.snapshot, {dc.named<Host>("h1")->id}, model::Evidence::operator_word, dc.now)));
    dc.follow_up();
    EXPECT_EQ(gaps(), 0u) << "three on two hosts";
    EXPECT_FALSE(want("more", 1).ok());
    EXPECT_EQ(dc.named<Application>("more"), nullptr);
    EXPECT_EQ(gaps(), 0u);
}

TEST_F(AGuarantee, RefusesALossThatCannotBeSurvived) {
    must(change(Noun::host, "h1", Json::object({{"labels", Json::object({{"rack", "a"}})}})));
    must(change(Noun::host, "h2", Json::object({{"labels", Json::object({{"rack", "a"}})}})));
    must(change(Noun::host, "h3", Json::object({{"labels", Json::object({{"rack", "b"}})}})));
    must(want("web", 6));
    const Status refused = change(Noun::project, "default", Json::object({{"survives", "rack"}}));
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("the loss of rack a could not be covered"),
              std::string::npos);
    EXPECT_EQ(gaps(), 0u);
}

TEST_F(AGuarantee, IsNotWhatKeepsOutWhatFitsNowhere) {
    must(want("web", 3));
    must(want("big", 1, "big"));  // no host has 3 GiB left: it waits, as it always did
    EXPECT_EQ(placed(), 3);
    EXPECT_FALSE(kept_out(instance("big-1").claimed.placement));
}

TEST_F(AGuarantee, OfThoseWhoWaitForItIsGivenWhenItCanBe) {
    must(want("web", 6));
    must(change(Noun::application, "web", Json::object({{"survives", "nothing"}})));
    must(want("more", 2));
    EXPECT_EQ(placed(), 8);
    EXPECT_EQ(gaps(), 0u) << "one place is left, one is needed at a time";
    const Status refused = change(Noun::application, "more", Json::object({{"replicas", 3}}));
    EXPECT_FALSE(refused.ok());
    begin_host(4);
    must(change(Noun::application, "more", Json::object({{"replicas", 3}})));
    EXPECT_EQ(placed(), 9);
}

/// People ask at random; whatever is accepted leaves nobody without a place after any loss.
TEST_F(AGuarantee, IsBrokenByNothingThatWasAccepted) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        base::Chance chance(seed);
        int refused = 0;
        for (int turn = 0; turn < 60; ++turn) {
            const std::string name = "a" + std::to_string(chance.below(5));
            const std::string host = "h" + std::to_string(1 + chance.below(3));
            switch (chance.below(7)) {
                case 0: (void)dc.ask(remove, Noun::application, name); break;
                case 1:
                    refused += !change(Noun::host, host,
                                       Json::object({{"schedulable", chance.below(2) == 0}}))
                                    .ok();
                    break;
                case 2:
                    refused += !change(Noun::application, name,
                                       Json::object({{"replicas", chance.between(0, 4)}}))
                                    .ok();
                    break;
                default:
                    refused += !want(name, static_cast<int>(chance.between(1, 3)),
                                     chance.below(4) == 0 ? "big" : "f")
                                    .ok();
            }
            dc.pass(std::chrono::seconds(3));
            dc.follow_up();
            ASSERT_EQ(gaps(), 0u) << "seed " << seed << " turn " << turn;
            ASSERT_TRUE(same_plans(dc.guarantee.plans(), Guarantee(dc.snapshot).plans()));
        }
        EXPECT_GT(refused, 0);
    }
}

/// The recovery itself is run for each host in turn of a datacenter that admits no more: all start,
/// where the plan said.
TEST_F(AGuarantee, IsKeptByTheRecoveryOfAnyHost) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        base::Chance chance(seed);
        for (int turn = 0; turn < 20; ++turn) {
            const std::string name = "s" + std::to_string(seed) + "-" + std::to_string(turn);
            (void)want(name, static_cast<int>(chance.between(1, 3)),
                       chance.below(3) == 0 ? "big" : "f");
        }
        ASSERT_EQ(gaps(), 0u);
        for (const auto& [id, host] : dc.snapshot.all<Host>()) {
            std::multiset<std::optional<model::HostId>> planned;
            for (const auto& move : dc.guarantee.plans().plan({{}, {}, id}))
                planned.insert(move.to);
            for (const Refuge& refuge :
                 refuges(dc.snapshot, {id}, model::Evidence::operator_word, dc.now)) {
                EXPECT_TRUE(refuge.host) << "seed " << seed << ": " << host->name << " lost, "
                                         << refuge.name << ": " << refuge.why;
                const auto as_planned = planned.find(refuge.host);
                EXPECT_NE(as_planned, planned.end()) << refuge.name << ": " << refuge.why;
                if (as_planned != planned.end()) planned.erase(as_planned);
            }
            EXPECT_TRUE(planned.empty());
        }
        for (int turn = 0; turn < 20; ++turn)
            if (chance.below(2) == 0)
                (void)dc.ask(remove, Noun::application,
                             "s" + std::to_string(seed) + "-" + std::to_string(turn));
        dc.follow_up();
    }
}

}  // namespace vdc::control
