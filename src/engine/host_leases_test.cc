#include "engine/host_leases.h"

#include <gtest/gtest.h>

#include "control/registration.h"
#include "engine/engine_test_util.h"

namespace vdc::engine {

using namespace base;
using model::HostHealth;
using testing::HandLoop;
using testing::TestStore;

namespace {

/// Three hosts that live by a lease, and the leader's half of it.
class LeasesOfHosts : public ::testing::Test {
  protected:
    LeasesOfHosts() {
        EXPECT_TRUE(engine.start().ok());
        for (const char* name : {"h1", "h2", "h3"}) say_hello(name);
        loop.run_for(100ms);
        leases.emplace(loop, engine);
    }

    static model::HostId id(const std::string& name) { return control::host_id("test", name); }

    void say_hello(const std::string& name, Duration boot = {}) {
        model::HostObserved observed;
        observed.capacity = {{4}, {4096}, {4096}};
        observed.boot_id = name + text(boot);
        observed.lease = model::LeaseProfile::usual;
        engine.submit({"host " + name,
                       "",
                       [=](const model::Snapshot& s) {
                           return control::registration(s, id(name), name, observed);
                       },
                       {}});
    }
    const model::Host& host(const std::string& name) {
        seen = engine.snapshot();
        return seen->get<model::Host>(id(name));
    }
    HostHealth health(const std::string& name) { return host(name).claimed.health; }

    /// Time passes in which these renew every second.
    void live(Duration duration, const std::vector<std::string>& names) {
        for (Duration passed{}; passed < duration; passed += 1s) {
            for (const std::string& name : names)
                EXPECT_TRUE(leases->renew(id(name), host(name).claimed.epoch)) << name;
            loop.run_for(1s);
        }
    }

    HandLoop loop;
    TestStore store;
    Engine engine{loop, loop, store, {}};
    std::optional<HostLeases> leases;
    SnapshotPtr seen;
};

}  // namespace

TEST_F(LeasesOfHosts, WhoRenewsIsUp) {
    live(60s, {"h1", "h2", "h3"});
    for (const char* name : {"h1", "h2", "h3"}) EXPECT_EQ(health(name), HostHealth::up) << name;
    EXPECT_EQ(host("h1").claimed.epoch, 1u);
}

TEST_F(LeasesOfHosts, WhoIsSilentIsSuspectedAndFencedOnce) {
    live(5s, {"h1", "h2", "h3"});
    live(4s, {"h1", "h2"});
    EXPECT_EQ(health("h3"), HostHealth::suspect);
    live(4s, {"h1", "h2"});
    EXPECT_EQ(health("h3"), HostHealth::down);
    EXPECT_EQ(host("h3").claimed.evidence, model::Evidence::lease_elapsed);
    EXPECT_FALSE(leases->renew(id("h3"), 1)) << "its epoch is over";
    say_hello("h3", 1s);
    live(2s, {"h1", "h2"});
    EXPECT_EQ(health("h3"), HostHealth::up) << "it booted";
    EXPECT_TRUE(leases->renew(id("h3"), 2));
}

TEST_F(LeasesOfHosts, WhoIsHeardAgainInTimeIsUpAgain) {
    live(5s, {"h1", "h2"});
    EXPECT_EQ(health("h3"), HostHealth::suspect);
    live(2s, {"h1", "h2", "h3"});
    EXPECT_EQ(health("h3"), HostHealth::up);
    EXPECT_EQ(host("h3").claimed.epoch, 1u);
}

TEST_F(LeasesOfHosts, NobodyIsFencedWhileMostAreSilent) {
    live(60s, {"h1"});
    EXPECT_EQ(health("h2"), HostHealth::fencing);
    EXPECT_NE(host("h2").claimed.evidence_detail.find("less than half"), std::string::npos);
}

TEST_F(LeasesOfHosts, AfterAPauseOfOursSilenceBeginsAtZero) {
    live(5s, {"h1", "h2", "h3"});
    leases.reset();
    loop.run_for(30s);
    leases.emplace(loop, engine);
    live(2s, {"h1", "h2"});
    EXPECT_EQ(health("h3"), HostHealth::up);
    live(6s, {"h1", "h2"});
    EXPECT_EQ(health("h3"), HostHealth::down);
}

TEST_F(LeasesOfHosts, AFenceWhoseWriteFailedIsTriedAgain) {
    live(5s, {"h1", "h2", "h3"});
    live(6s, {"h1", "h2"});
    store.next = TestStore::Next::refused;
    live(5s, {"h1", "h2"});
    EXPECT_EQ(health("h3"), HostHealth::down);
}

}  // namespace vdc::engine
