#include "control/recovery.h"

#include <gtest/gtest.h>

#include "control/duties.h"
#include "control/lease.h"
#include "control/registration.h"
#include "control/turns_test_util.h"
#include "model/runs.h"
#include "model/status.h"

namespace vdc::control {

using namespace base;
using model::Evidence;
using model::Host;
using model::HostHealth;
using model::Instance;
using model::InstancePhase;
using model::Noun;
using model::Volume;
using testing::Turns;

namespace {

/// Three hosts that live by a lease and reach the pool nas.
class Recovery : public ::testing::Test {
  protected:
    Recovery() {
        must(dc.create(Noun::project, R"({"name": "default", "priority_max": 1000})"));
        must(dc.create(Noun::flavor, R"({"name": "f", "memory": "1GiB", "disk": "16MiB"})"));
        must(dc.create(Noun::image, R"({"name": "tiny"})"));
        must(dc.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/24"})"));
        for (const char* name : {"h1", "h2", "h3"}) begin(name, "boot-1");
        dc.follow_up();
    }
    static void must(const Status& status) { ASSERT_TRUE(status.ok()) << text(status.error()); }

    void begin(const std::string& name, const std::string& boot, model::Epoch fenced_itself = 0) {
        model::HostObserved seen;
        seen.capacity = {{8}, {4608}, {100'000}};
        seen.boot_id = boot;
        seen.pools = {{"nas", model::StorageKind::shared_folder}};
        seen.lease = model::LeaseProfile::usual;
        must(dc.apply(registration(dc.snapshot, host_id("test", name), name, seen, fenced_itself)));
        dc.follow_up();
    }
    const Host& host(const std::string& name) const {
        return *dc.snapshot.named<Host>(model::ProjectId{}, name);
    }
    const Instance& instance(const std::string& name) const { return *dc.named<Instance>(name); }
    std::string host_of(const std::string& name) const {
        const auto& on = instance(name).claimed.host;
        return on ? dc.snapshot.get<Host>(*on).name : "";
    }
    /// Made, placed and running.
    void run(const std::string& name, const std::string& more) {
        must(dc.create(Noun::instance,
                       R"({"flavor": "f", "image": "tiny", "name": ")" + name + "\"" + more + "}"));
        dc.follow_up();
        see(instance(name), InstancePhase::running);
    }
    void see(const Instance& of, InstancePhase phase,
             model::RunEnd ended = model::RunEnd::guest_off) {
        model::InstanceObserved seen = of.observed;
        seen.generation = of.claimed.generation;
        seen.phase = phase;
        seen.starts = of.declared.starts;
        if (phase == InstancePhase::stopped) seen.ended = ended;
        must(dc.apply({{model::Observe<Instance>{of.id, seen}, "seen"}}));
        dc.follow_up();
    }
    void lose(const std::string& name, Evidence evidence) {
        must(dc.apply(loss_of(dc.snapshot, {host(name).id}, evidence, dc.now)));
        dc.follow_up();
    }
    std::string sentence(const std::string& name) const {
        return status_of(dc.snapshot, instance(name)).sentence;
    }

    Turns dc;
};

}  // namespace

TEST_F(Recovery, WhatLiesInASharedPoolStartsElsewhereWhenTheLeaseElapsed) {
    run("web", R"(, "pool": "nas")");
    const std::string before = host_of("web");
    lose(before, Evidence::lease_elapsed);
    EXPECT_NE(host_of("web"), before);
    EXPECT_NE(host_of("web"), "");
    EXPECT_EQ(instance("web").claimed.generation, 2u);
    EXPECT_EQ(instance("web").claimed.proof, Evidence::lease_elapsed);
    const auto& root = *dc.named<Volume>("web-root");
    EXPECT_EQ(root.claimed.host, instance("web").claimed.host);
    EXPECT_EQ(root.claimed.generation, 2u);
}

TEST_F(Recovery, AHostThatBeginsToLiveByALeaseBeginsAnEpochAndItsRunsGoOn) {
    model::HostObserved seen;
    seen.capacity = {{64}, {65536}, {100'000}};
    seen.boot_id = "boot-1";
    const auto say = [&] { return registration(dc.snapshot, host_id("test", "h4"), "h4", seen); };
    must(dc.apply(say()));
    dc.follow_up();
    run("web", "");
    ASSERT_EQ(host_of("web"), "h4");
    EXPECT_TRUE(say().empty());

    seen.lease = model::LeaseProfile::usual;
    must(dc.apply(say()));
    dc.follow_up();
    EXPECT_EQ(host("h4").claimed.epoch, 2u);
    EXPECT_EQ(host("h4").claimed.lease, model::LeaseProfile::usual);
    EXPECT_EQ(host("h4").claimed.fenced, 0u);
    EXPECT_EQ(host_of("web"), "h4");
    EXPECT_EQ(instance("web").claimed.generation, 1u);
    EXPECT_EQ(instance("web").observed.phase, InstancePhase::running);
    EXPECT_TRUE(say().empty());
    lose("h4", Evidence::lease_elapsed);
    EXPECT_EQ(host_of("web"), "h4") << "its own disk rides through, in either epoch";
}

TEST_F(Recovery, AnEndThatWasSeenBeforeTheFenceKeepsNobodyOnTheLostHost) {
    run("web", R"(, "pool": "nas")");
    run("gone", R"(, "pool": "nas")");
    const std::string before = host_of("web");
    see(instance("web"), InstancePhase::stopped, model::RunEnd::crashed);
    EXPECT_EQ(host_of("web"), before) << "it is started again there";
    lose(before, Evidence::lease_elapsed);
    EXPECT_NE(host_of("web"), before);
    EXPECT_EQ(instance("web").claimed.proof, Evidence::lease_elapsed);

    const std::string other = host_of("gone");
    must(dc.ask(remove, Noun::instance, "gone"));
    see(instance("gone"), InstancePhase::stopped);
    EXPECT_NE(dc.named<Instance>("gone"), nullptr) << "its host has to clean up";
    lose(other, Evidence::lease_elapsed);
    EXPECT_EQ(dc.named<Instance>("gone"), nullptr) << "that host hears of it no more";
}

TEST_F(Recovery, AVolumeOfAnInstanceThatAFenceEndedWaitsForNoRun) {
    run("db", "");
    const std::string before = host_of("db");
    must(dc.ask(power, "db", PowerVerb::stop, Force::soft));
    lose(before, Evidence::lease_elapsed);
    must(dc.ask(declare_dead, before));
    dc.follow_up();
    ASSERT_EQ(host_of("db"), "");
    ASSERT_EQ(instance("db").observed.phase, InstancePhase::running) << "nobody saw its end";
    must(dc.create(Noun::volume, R"({"name": "data", "size": "1GiB", "instance": "db"})"));
    dc.follow_up();
    for (const auto& [id, operation] : dc.snapshot.all<model::Operation>()) {
        if (operation->declared.subject_name != "data") continue;
        EXPECT_EQ(operation->observed.phase, model::OperationPhase::done);
    }
}

TEST_F(Recovery, AVolumeThatWasLetGoOfForAnotherHostIsTakenBackWhenThatHasNoRoom) {
    run("web", R"(, "pool": "nas")");
    const std::string before = host_of("web");
    must(dc.ask(power, "web", PowerVerb::stop, Force::soft));
    see(instance("web"), InstancePhase::stopped);
    ASSERT_EQ(host_of("web"), "");
    Volume root = *dc.named<Volume>("web-root");
    root.claimed.leaving = true;
    root.observed.left = root.claimed.generation;
    must(dc.apply({{model::Claim<Volume>{root.id, root.claimed}, "for another host"},
                   {model::Observe<Volume>{root.id, root.observed}, "let go"}}));
    for (const char* name : {"h1", "h2", "h3"})
        must(dc.ask(update, Noun::host, name, Json::object({{"schedulable", false}})));
    must(dc.ask(power, "web", PowerVerb::start, Force::soft));
    dc.follow_up();
    EXPECT_EQ(host_of("web"), "");
    const auto& now = *dc.named<Volume>("web-root");
    EXPECT_FALSE(now.claimed.leaving);
    EXPECT_EQ(dc.snapshot.get<Host>(*now.claimed.host).name, before);
    EXPECT_GT(now.claimed.generation, root.claimed.generation)
        << "what was let go of counts no more";
}

TEST_F(Recovery, AVolumeThatWasLetGoOfIsTakenBackWhenItsInstanceIsOff) {
    run("web", R"(, "pool": "nas")");
    must(dc.ask(power, "web", PowerVerb::stop, Force::soft));
    see(instance("web"), InstancePhase::stopped);
    Volume root = *dc.named<Volume>("web-root");
    root.claimed.leaving = true;
    must(dc.apply({{model::Claim<Volume>{root.id, root.claimed}, "for another host"}}));
    dc.follow_up();
    EXPECT_FALSE(dc.named<Volume>("web-root")->claimed.leaving);
}

TEST_F(Recovery, AHostFindsItsOwnCopyOfAnImageWhenAllOthersAreLost) {
    for (const char* name : {"a", "b", "c"}) run(name, "");
    const auto tiny = [this]() -> const model::Image& { return *dc.named<model::Image>("tiny"); };
    for (const model::Place& place : model::Places(tiny().claimed.places)) {
        model::ImageSeen seen;
        seen.host = place.host;
        seen.generation = place.generation;
        seen.phase = model::ImagePhase::ready;
        must(dc.apply({{model::Sight<model::Image>{tiny().id, seen}, "seen"}}));
    }
    std::vector<std::string> others{"h1", "h2", "h3"};
    std::erase_if(others, [&](const auto& name) { return host(name).id == tiny().claimed.host; });
    const model::HostId left = host(others.back()).id;
    lose(dc.snapshot.get<Host>(*tiny().claimed.host).name, Evidence::power_off);
    lose(others.front(), Evidence::power_off);
    const ImageDuty duty = duties(dc.snapshot, left).images.at(tiny().id);
    ASSERT_TRUE(duty.source) << "a new agent looks for it only where it can be";
    EXPECT_EQ(duty.source->host, left);
}

TEST_F(Recovery, WhatLiesOnTheLostHostWaitsAndSaysWhere) {
    run("db", "");
    const std::string before = host_of("db");
    lose(before, Evidence::lease_elapsed);
    EXPECT_EQ(host_of("db"), before) << "it may still run: it rides through";
    EXPECT_EQ(sentence("db"), "waits: its disk db-root lies on " + before + ", which is down");
    EXPECT_FALSE(is_protected(dc.snapshot, instance("db")));
    must(dc.ask(declare_dead, before));
    dc.follow_up();
    EXPECT_EQ(host(before).claimed.evidence, Evidence::operator_word);
    EXPECT_EQ(host_of("db"), "") << "its run is over, but its disk is there";
    EXPECT_EQ(sentence("db"), "waits for a host: its disk lies on " + before + ", which is down");
}

TEST_F(Recovery, AHostThatReturnsKeepsWhatRodeThroughAndLosesTheRest) {
    run("db", "");
    const std::string home = host_of("db");
    run("web", R"(, "pool": "nas", "priority": 7)");
    lose(home, Evidence::lease_elapsed);
    begin(home, "boot-1");
    EXPECT_EQ(host(home).claimed.health, HostHealth::down) << "it has to fence itself first";
    begin(home, "boot-1", 1);
    begin(home, "boot-1", 1);  // the same again comes too late
    EXPECT_EQ(host(home).claimed.epoch, 2u);
    EXPECT_EQ(host(home).claimed.health, HostHealth::up);
    EXPECT_EQ(host_of("db"), home);
    EXPECT_EQ(instance("db").claimed.generation, 1u) << "the same run goes on";
    EXPECT_EQ(instance("db").claimed.epoch, 2u);
    EXPECT_TRUE(duties(dc.snapshot, host(home).id).instances.contains(instance("db").id));
    EXPECT_TRUE(model::check(dc.snapshot).empty());
}

TEST_F(Recovery, AHostThatBootedAnewStartsWhatItHasUnderANewGeneration) {
    run("db", "");
    const std::string home = host_of("db");
    begin(home, "boot-2");
    EXPECT_EQ(host_of("db"), home);
    EXPECT_EQ(instance("db").claimed.generation, 2u);
    EXPECT_EQ(instance("db").claimed.proof, Evidence::booted);
}

TEST_F(Recovery, WhatWasClaimedBeforeTheFenceIsNoDutyOfTheHostAnyMore) {
    run("web", R"(, "pool": "nas")");
    const model::HostId home = *instance("web").claimed.host;
    model::Snapshot fenced = dc.snapshot;
    for (const auto& step : loss_of(fenced, {home}, Evidence::lease_elapsed, dc.now))
        ASSERT_TRUE(model::apply(fenced, step.change).ok());
    const Duties now = duties(fenced, home);
    EXPECT_TRUE(now.epoch_over);
    EXPECT_TRUE(now.instances.empty());
    EXPECT_TRUE(now.volumes.empty()) << "another host may have it by now";
}

TEST_F(Recovery, TheMostImportantComeFirstWhereRoomIsShort) {
    const std::string least = R"(, "pool": "nas", "survives": "nothing", "priority": 1)";
    const std::string most = R"(, "pool": "nas", "survives": "nothing", "priority": 900)";
    for (const char* name : {"a", "b", "c", "d"}) run(name, least);
    for (const char* name : {"x", "y"}) run(name, most);
    for (const char* name : {"e", "f", "g", "h"}) run(name, least);
    const std::string lost = host_of("x");
    lose(lost, Evidence::lease_elapsed);
    EXPECT_NE(host_of("x"), "");
    EXPECT_NE(host_of("y"), "");
    EXPECT_TRUE(model::check(dc.snapshot).empty());
}

TEST_F(Recovery, AReplicaIsMadeAnewAndTheLostOneCountsNoMore) {
    must(dc.create(Noun::application, R"({"name": "shop", "replicas": 2, "template":
        {"flavor": "f", "image": "tiny", "network": "default"}})"));
    dc.follow_up();
    see(instance("shop-1"), InstancePhase::running);
    see(instance("shop-2"), InstancePhase::running);
    EXPECT_TRUE(is_protected(dc.snapshot, instance("shop-1")));
    lose(host_of("shop-1"), Evidence::lease_elapsed);
    EXPECT_TRUE(instance("shop-1").deleting);
    ASSERT_NE(dc.named<Instance>("shop-3"), nullptr);
    EXPECT_NE(host_of("shop-3"), "");
    see(instance("shop-3"), InstancePhase::running);
    EXPECT_TRUE(settled(dc.snapshot, *dc.named<model::Application>("shop")));
}

TEST_F(Recovery, AnApplicationStaysUntilALostHostHasGivenItsReplicasBack) {
    must(dc.create(Noun::application, R"({"name": "shop", "replicas": 1, "template":
        {"flavor": "f", "image": "tiny", "network": "default"}})"));
    dc.follow_up();
    see(instance("shop-1"), InstancePhase::running);
    lose(host_of("shop-1"), Evidence::lease_elapsed);
    must(dc.ask(remove, Noun::application, "shop"));
    dc.follow_up();
    EXPECT_NE(dc.named<model::Application>("shop"), nullptr);
}

TEST_F(Recovery, TellsBeforehandWhatItDoesThen) {
    run("web", R"(, "pool": "nas", "priority": 9)");
    run("db", R"(, "priority": 500)");
    const model::HostId lost = *instance("web").claimed.host;
    const model::HostId other = *instance("db").claimed.host;
    const auto told = refuges(dc.snapshot, {lost, other}, Evidence::lease_elapsed, dc.now);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].name, "db");
    EXPECT_FALSE(told[0].host);
    EXPECT_NE(told[0].why.find("its disk db-root lies on"), std::string::npos);
    EXPECT_EQ(told[1].name, "web");
    must(dc.apply(loss_of(dc.snapshot, {lost, other}, Evidence::lease_elapsed, dc.now)));
    dc.follow_up();
    EXPECT_EQ(told[1].to, host_of("web"));
}

// ---- drain -------------------------------------------------------------------------------------

TEST_F(Recovery, ADrainStopsInstancesThereAndStartsThemElsewhereByTheBudget) {
    dc.policy.moves_max = 1;
    // With a guarantee for them, the others could not both be drained meanwhile.
    run("a", R"(, "pool": "nas", "survives": "nothing")");
    const std::string home = host_of("a");
    for (const char* name : {"h1", "h2", "h3"})
        if (name != home) must(dc.ask(drain, name, Drain::begin));
    run("b", R"(, "pool": "nas", "survives": "nothing")");
    run("c", "");
    for (const char* name : {"h1", "h2", "h3"})
        if (name != home) must(dc.ask(drain, name, Drain::end));
    dc.follow_up();
    const auto plan = drain_plan(dc.snapshot, host(home).id);
    ASSERT_EQ(plan.size(), 3u);

    must(dc.ask(drain, home, Drain::begin));
    dc.follow_up();
    const auto leaving = [&](const char* name) { return instance(name).claimed.leaving; };
    EXPECT_NE(leaving("a"), leaving("b")) << "one at a time";
    EXPECT_FALSE(leaving("c"));
    const std::string first = leaving("a") ? "a" : "b";
    EXPECT_EQ(duties(dc.snapshot, host(home).id).instances.at(instance(first).id).power,
              model::Power::off);
    see(instance(first), InstancePhase::stopped);
    EXPECT_EQ(host_of(first), "") << "its volume is still in the hand of the old host";
    Volume root = *dc.named<Volume>(first + "-root");
    EXPECT_TRUE(root.claimed.leaving);
    root.observed.left = root.claimed.generation;
    must(dc.apply({{model::Observe<Volume>{root.id, root.observed}, "let go"}}));
    dc.follow_up();
    EXPECT_NE(host_of(first), "");
    EXPECT_NE(host_of(first), home);
    EXPECT_NE(leaving("a"), leaving("b")) << "the next one";
    EXPECT_EQ(host_of("c"), home);
}

TEST_F(Recovery, ADrainIsDoneWhenThoseHaveLeftThatCan) {
    run("db", "");
    const std::string home = host_of("db");
    must(dc.ask(drain, home, Drain::begin));
    dc.follow_up();
    const model::Operation* last = nullptr;
    for (const auto& [id, operation] : dc.snapshot.all<model::Operation>())
        if (operation->declared.goal == model::Goal::drained) last = operation.get();
    ASSERT_NE(last, nullptr);
    EXPECT_EQ(last->observed.phase, model::OperationPhase::done);
    EXPECT_EQ(last->observed.message,
              "db stays: its disk db-root lies on this host and nowhere else");
}

TEST_F(Recovery, ReplicasOfADrainedHostAreReplacedNewOnesFirst) {
    must(dc.create(Noun::application, R"({"name": "shop", "replicas": 1, "template":
        {"flavor": "f", "image": "tiny", "network": "default"}})"));
    dc.follow_up();
    see(instance("shop-1"), InstancePhase::running);
    const std::string home = host_of("shop-1");
    must(dc.ask(drain, home, Drain::begin));
    dc.follow_up();
    EXPECT_FALSE(instance("shop-1").deleting);
    ASSERT_NE(dc.named<Instance>("shop-2"), nullptr);
    EXPECT_NE(host_of("shop-2"), home);
    see(instance("shop-2"), InstancePhase::running);
    EXPECT_TRUE(instance("shop-1").deleting);
}

TEST_F(Recovery, ALiveHostIsNotSaidToBeDead) {
    const Status refused = dc.ask(declare_dead, "h1");
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(text(refused.error()).find("is up"), std::string::npos);
}

}  // namespace vdc::control
