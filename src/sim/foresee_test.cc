#include "sim/foresee.h"

#include <gtest/gtest.h>

#include "control/recovery.h"
#include "sim/injected_loss_test_util.h"
#include "sim/world.h"

namespace vdc::sim {

using api::Forecast;
using api::WhatIf;
using base::Json;
using model::Instance;
using namespace std::chrono_literals;

/// A datacenter that lives in the simulator, and is asked about.
class Foresee : public ::testing::Test {
  protected:
    void begin(World::Options options) {
        options.seed = 7;
        world_.emplace(options);
        world_->run_for(1s);
        ask("create", "image", "tiny");
        ask("upload", "image", "tiny");
    }

    void ask(const std::string& verb, const std::string& noun, const std::string& name,
             const std::string& body = "{}") {
        world_->ask(verb, noun, name, base::parse_json(body).value());
        world_->run_for(20s);
    }

    void make_app(const std::string& name, int replicas) {
        ask("create", "app", name,
            R"({"template": {"image": "tiny", "flavor": "small", "network": "default"},
                "front": {"port": 80, "target_port": 80}, "replicas": )" +
                std::to_string(replicas) + "}");
    }

    Speeds measured() {
        SpeedMeter meter;
        const auto log = world_->store().log(0, 1'000'000).value();
        for (const model::CommitPtr& commit : log) meter.add(*commit);
        return meter.speeds();
    }

    base::Result<Forecast> foresee(const WhatIf& what_if) {
        return sim::foresee(world_->snapshot(), world_->now(), measured(), what_if);
    }

    /// What is refused, in one line.
    std::string refusal(const WhatIf& what_if) {
        const auto forecast = foresee(what_if);
        return forecast.ok() ? "" : text(forecast.error());
    }

    const Instance& instance(const std::string& name) {
        held_ = world_->snapshot();
        const auto project = held_->named<model::Project>({}, "default")->id;
        return *held_->named<Instance>(project, name);
    }

    std::optional<World> world_;
    engine::SnapshotPtr held_;
};

static double seconds(base::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

TEST_F(Foresee, ACrashIsHealedAsItThenIs) {
    begin({.hosts = 3});
    make_app("web", 6);
    for (const char* name : {"web-1", "web-2", "web-3", "web-4"}) {  // so that it can be measured
        ASSERT_TRUE(world_->crash_instance(name));
        world_->run_for(30s);
    }
    const Forecast forecast = foresee({.fail = {"instance/web-5"}}).value();
    ASSERT_EQ(forecast.recoveries.size(), 1u);
    EXPECT_EQ(forecast.ended, Forecast::End::rest);
    EXPECT_EQ(forecast.recoveries[0].instance.name, "web-5");
    EXPECT_TRUE(forecast.moves.empty()) << "its disk is where it ran";
    EXPECT_TRUE(forecast.cannot_run.empty());
    ASSERT_TRUE(forecast.recoveries[0].ready);
    ASSERT_EQ(forecast.broken.size(), 1u);
    EXPECT_EQ(forecast.broken[0].least, 5);

    const base::Instant crashed = world_->now();
    ASSERT_TRUE(world_->crash_instance("web-5"));
    const auto ready = [&] {
        const Instance& web = instance("web-5");
        return web.observed.crashes == 1 &&
               replica_ready(held_->get<model::Application>(*web.declared.application), web);
    };
    base::Instant recovered = crashed;  // for a moment the front does not know of the crash
    while (world_->now() < crashed + 60s) {
        world_->run_for(10ms);
        if (!ready()) recovered = world_->now();
    }
    const double took = seconds(recovered - crashed);
    EXPECT_NEAR(seconds(*forecast.recoveries[0].ready), took, took * 0.2);
}

TEST_F(Foresee, NothingIsChangedInTheDatacenterItself) {
    begin({.hosts = 2});
    make_app("web", 2);
    const model::Revision before = world_->snapshot()->revision;
    const base::Hash128 hash = hash_of(*world_->snapshot());
    ASSERT_TRUE(foresee({.fail = {"instance/web-1"}}).ok());
    EXPECT_EQ(world_->snapshot()->revision, before);
    EXPECT_EQ(hash_of(*world_->snapshot()), hash);
}

TEST_F(Foresee, WhatWaitsForRoomRunsOnAddedHosts) {
    begin({.hosts = 1, .vcpus = {1}, .memory = {2048}});
    make_app("web", 5);
    const Forecast forecast = foresee({.add_hosts = WhatIf::Hosts{2, "h1"}}).value();
    EXPECT_TRUE(forecast.cannot_run.empty());
    ASSERT_EQ(forecast.moves.size(), 2u);
    EXPECT_EQ(forecast.moves[0].from, "");
    EXPECT_TRUE(forecast.moves[0].to.starts_with("added-"));
    EXPECT_EQ(forecast.cost.hosts_in_use_before, 1);
}

TEST_F(Foresee, DocumentsRunUntilTheyAreReadyOrCannotBe) {
    begin({.hosts = 2, .vcpus = {8}, .memory = {4096}});
    const Json document =
        base::parse_json(
            R"({"kind": "app", "name": "web", "replicas": 20, "survives": "nothing",
                                  "template": {"image": "tiny", "flavor": "small",
                                               "network": "default"}})")
            .value();
    const Forecast forecast = foresee({.run = {document}}).value();
    EXPECT_EQ(forecast.recoveries.size(), 20u);
    EXPECT_EQ(forecast.cannot_run.size(), 6u);
    EXPECT_NE(forecast.cannot_run[0].reason.find("memory"), std::string::npos)
        << forecast.cannot_run[0].reason;
    ASSERT_EQ(forecast.broken.size(), 1u);
    EXPECT_TRUE(forecast.broken[0].for_good);
}

TEST_F(Foresee, AnApplicationRollsToAnotherFlavor) {
    begin({.hosts = 2});
    make_app("web", 2);
    const Forecast forecast = foresee({.flavors = {{"web", "medium"}}}).value();
    EXPECT_TRUE(forecast.cannot_run.empty());
    EXPECT_TRUE(forecast.broken.empty()) << "one more comes before an old one ends";
    EXPECT_EQ(forecast.cost.claimed_after.memory.count, 2 * 2048);
}

TEST_F(Foresee, AnInstanceStopsAndStartsWithAnotherFlavor) {
    begin({.hosts = 1});
    ask("create", "instance", "db", R"({"image": "tiny", "flavor": "small"})");
    const Forecast forecast = foresee({.flavors = {{"db", "large"}}}).value();
    EXPECT_TRUE(forecast.cannot_run.empty());
    EXPECT_EQ(forecast.cost.claimed_after.memory.count, 8192);
    EXPECT_EQ(instance("db").declared.flavor, "small");
}

TEST_F(Foresee, APolicyMakesRoom) {
    begin({.hosts = 1, .vcpus = {8}, .memory = {2048}});
    make_app("web", 4);
    EXPECT_EQ(foresee({.policy = base::parse_json(R"({"project": {"volumes_max": 90}})").value()})
                  .value()
                  .cannot_run.size(),
              1u);
    const Forecast forecast =
        foresee({.policy = base::parse_json(R"({"host": {"memory_overcommit": 2000}})").value()})
            .value();
    EXPECT_TRUE(forecast.cannot_run.empty());
}

TEST_F(Foresee, ReplicasOfALostHostAreMadeAnewWhereTheyThenAre) {
    begin({.hosts = 4});
    make_app("web", 8);
    make_app("api", 5);
    const model::HostId home = *instance("web-1").claimed.host;
    const std::string name = world_->snapshot()->get<model::Host>(home).name;
    const Forecast forecast = foresee({.fail = {"host/" + name}}).value();
    EXPECT_EQ(forecast.ended, Forecast::End::rest);
    ASSERT_FALSE(forecast.moves.empty());

    world_->lose_host(*world_->place_of(home));
    const base::Instant lost = world_->now();
    world_->submit(
        "test", "",
        [&](const model::Snapshot& s) {
            return control::loss_of(s, {home}, model::Evidence::power_off, world_->now());
        },
        [](const base::Error& why) { ADD_FAILURE() << text(why); });
    base::Instant recovered = lost;
    for (int step = 0; step < 600; ++step) {
        world_->run_for(100ms);
        const auto now = world_->snapshot();
        for (const auto& [id, app] : now->all<model::Application>())
            if (!settled(*now, *app)) recovered = world_->now();
    }
    const auto now = world_->snapshot();
    for (const auto& move : forecast.moves) {
        const auto project = now->named<model::Project>({}, "default")->id;
        const auto* there = now->named<Instance>(project, move.instance.name);
        ASSERT_NE(there, nullptr) << move.instance.name;
        EXPECT_EQ(now->get<model::Host>(*there->claimed.host).name, move.to);
    }
    const double took = seconds(recovered - lost);
    base::Duration foreseen{};
    for (const auto& each : forecast.recoveries)
        if (each.ready) foreseen = std::max(foreseen, *each.ready);
    EXPECT_NEAR(seconds(foreseen), took, took * 0.2);
}

TEST(ForeseeALoss, HostsOfManyRecoverAsForeseen) {
    InjectedLoss datacenter(10, /*seed=*/3);
    expect_loss_as_foreseen(datacenter, {"h7", "h8"}, 0.2);
}

TEST_F(Foresee, ADrainedHostStaysWithWhatCannotLeave) {
    begin({.hosts = 3});
    make_app("web", 2);
    ask("create", "instance", "db", R"({"image": "tiny", "flavor": "small"})");
    const model::HostId home = *instance("db").claimed.host;
    const std::string name = world_->snapshot()->get<model::Host>(home).name;
    const Forecast forecast = foresee({.drain = {"host/" + name}}).value();
    EXPECT_TRUE(forecast.cannot_run.empty()) << forecast.cannot_run[0].reason;
    EXPECT_EQ(forecast.happened, std::vector<std::string>{"host " + name + " is drained"});
    for (const auto& move : forecast.moves) EXPECT_NE(move.to, name);
}

TEST_F(Foresee, EqualQuestionsHaveEqualAnswers) {
    begin({.hosts = 3});
    make_app("web", 4);
    const Forecast one = foresee({.fail = {"instance/web-1"}}).value();
    const Forecast two = foresee({.fail = {"instance/web-1"}}).value();
    EXPECT_EQ(one.lasted, two.lasted);
    EXPECT_EQ(one.recoveries[0].ready, two.recoveries[0].ready);
}

TEST_F(Foresee, WhatMeansNothingIsRefusedByName) {
    begin({.hosts = 2});
    make_app("web", 1);
    ask("create", "instance", "off", R"({"image": "tiny", "flavor": "tiny", "power": "off"})");
    const auto has = [](const std::string& text, const char* part) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    has(refusal({}), "nothing is asked");
    has(refusal({.fail = {"host/h9"}}), "no host 'h9'");
    has(refusal({.fail = {"rack/r1"}}), "'rack' is neither host nor instance");
    has(refusal({.fail = {"h1"}}), "does not say what");
    has(refusal({.fail = {"instance/wbe-1"}}), "did you mean");
    has(refusal({.fail = {"instance/off"}}), "does not run");
    has(refusal({.drain = {"instance/web-1"}}), "only hosts are drained");
    has(refusal({.fail = {"host/h1"}, .drain = {"host/h1"}}), "to fail and to be drained");
    const std::string home =
        world_->snapshot()->get<model::Host>(*instance("web-1").claimed.host).name;
    has(refusal({.fail = {"host/" + home, "instance/web-1"}}), "is to crash, and so is its host");
    has(refusal({.add_hosts = WhatIf::Hosts{0, "h1"}}), "1 to 10000");
    has(refusal({.add_hosts = WhatIf::Hosts{1, "h7"}}), "no host 'h7'");
    has(refusal({.flavors = {{"web", "huge"}}}), "no flavor 'huge'");
    has(refusal({.flavors = {{"wob", "small"}}}), "no application and no instance 'wob'");
    has(refusal({.flavors = {{"web-1", "small"}}}), "is a replica");
    has(refusal({.policy = base::parse_json(R"({"hosts": {}})").value()}), "'hosts'");
    has(refusal({.run = {base::parse_json(R"({"kind": "ap", "name": "x"})").value()}}), "ap");
}

}  // namespace vdc::sim
