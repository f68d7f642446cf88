#include "metering/recoveries.h"

#include <gtest/gtest.h>

#include "sim/world.h"

/// What the books tell of losses that were lived by the production code.
namespace vdc::sim {

using base::Json;
using metering::RecoveredRun;
using metering::Recovery;
using metering::RecoveryBook;
using namespace std::chrono_literals;
using Fate = RecoveredRun::Fate;

class RecoveriesTest : public ::testing::Test {
  protected:
    RecoveriesTest() {
        World::Options options;
        options.hosts = 3;
        options.lease = model::LeaseProfile::usual;
        options.on_commit = [this](const model::CommitPtr& commit) {
            EXPECT_TRUE(book_.add(*commit).ok());
        };
        world_.emplace(options);
        world_->run_for(1s);
        ask("create", "image", "tiny");
        ask("upload", "image", "tiny");
    }

    void ask(const std::string& verb, const std::string& noun, const std::string& name,
             const std::string& body = "{}") {
        world_->ask(verb, noun, name, base::parse_json(body).value());
        world_->run_for(15s);
    }
    std::size_t host_of(const std::string& instance) {
        for (const auto& [id, each] : world_->snapshot()->all<model::Instance>())
            if (each->name == instance) return *world_->place_of(*each->claimed.host);
        ADD_FAILURE() << "there is no " << instance;
        return 0;
    }

    RecoveryBook book_{{}};
    std::optional<World> world_;
};

TEST_F(RecoveriesTest, TellWhenAnInstanceOnASharedPoolWasLostPlacedAndStarted) {
    ask("create", "instance", "first", R"({"image": "tiny", "flavor": "tiny"})");
    ask("create", "instance", "a", R"({"image": "tiny", "flavor": "tiny", "pool": "nas"})");
    ASSERT_NE(host_of("a"), host_of("first"));  // whose host keeps the image
    const base::Instant before = world_->now();
    world_->lose_host(host_of("a"));
    world_->run_for(60s);

    ASSERT_EQ(book_.recoveries().size(), 1u);
    const Recovery& recovery = book_.recoveries()[0];
    EXPECT_TRUE(is_over(recovery));
    ASSERT_TRUE(recovery.suspected);
    EXPECT_LT(before, *recovery.suspected);
    EXPECT_LT(*recovery.suspected, recovery.fenced);
    EXPECT_NE(recovery.evidence.find("lease"), std::string::npos) << recovery.evidence;
    ASSERT_EQ(recovery.runs.size(), 1u);
    const RecoveredRun& run = recovery.runs[0];
    EXPECT_EQ(run.fate, Fate::restarted);
    EXPECT_EQ(run.by_name, "a");
    EXPECT_NE(run.host, recovery.name);
    EXPECT_LE(recovery.fenced, run.placed.value());
    EXPECT_LT(*run.placed, run.started.value());
    EXPECT_LT(*run.started, recovery.fenced + 10s);
}

TEST_F(RecoveriesTest, NameTheReplicaThatStandsInAndWhenItsFrontSaidThatItAnswers) {
    ask("create", "app", "shop",
        R"({"replicas": 3, "template": {"image": "tiny", "flavor": "tiny", "network": "default"},
            "front": {"port": 80, "target_port": 80}})");
    world_->run_for(30s);
    world_->lose_host(host_of("shop-2"));
    world_->run_for(90s);

    ASSERT_EQ(book_.recoveries().size(), 1u);
    const Recovery& recovery = book_.recoveries()[0];
    ASSERT_FALSE(recovery.runs.empty());
    for (const RecoveredRun& run : recovery.runs) {
        EXPECT_EQ(run.application, "shop");
        EXPECT_EQ(run.fate, Fate::replaced);
        EXPECT_NE(run.by_name, run.name);
        EXPECT_LE(run.started.value(), run.ready.value());
    }
}

TEST_F(RecoveriesTest, LetWhatLiesOnTheHostsOwnDiskWaitForIt) {
    ask("create", "instance", "a", R"({"image": "tiny", "flavor": "tiny"})");
    const std::size_t host = host_of("a");
    world_->cut(host, World::Way::up, true);
    world_->cut(host, World::Way::down, true);
    world_->run_for(60s);
    ASSERT_EQ(book_.recoveries().size(), 1u);
    ASSERT_EQ(book_.recoveries()[0].runs.size(), 1u);
    EXPECT_EQ(book_.recoveries()[0].runs[0].fate, Fate::waits);
    EXPECT_FALSE(is_over(book_.recoveries()[0]));

    world_->heal();
    world_->run_for(60s);
    EXPECT_EQ(book_.recoveries()[0].runs[0].fate, Fate::returned);
    EXPECT_TRUE(is_over(book_.recoveries()[0]));
}

TEST_F(RecoveriesTest, ForgetWhatNobodyWantsAnyMore) {
    ask("create", "instance", "a", R"({"image": "tiny", "flavor": "tiny"})");
    world_->lose_host(host_of("a"));
    world_->run_for(60s);
    ask("stop", "instance", "a");
    ASSERT_EQ(book_.recoveries().size(), 1u);
    EXPECT_EQ(book_.recoveries()[0].runs[0].fate, Fate::unwanted);
}

}  // namespace vdc::sim
