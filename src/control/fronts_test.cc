#include <gtest/gtest.h>

#include "control/duties.h"
#include "control/lease.h"
#include "control/places.h"
#include "control/registration.h"
#include "control/turns_test_util.h"
#include "model/places.h"

/// Which host carries an application's front, and how another one takes it over.
namespace vdc::control {

using model::Application;
using model::HostId;
using model::Instance;
using model::Network;
using model::Noun;
using model::Presence;
using testing::Turns;

namespace {

/// Two replicas on two of three hosts, and a front that stands on one of them.
class FrontHandOver : public ::testing::Test {
  protected:
    FrontHandOver() {
        must(dc.create(Noun::project, R"({"name": "default"})"));
        must(dc.create(Noun::flavor, R"({"name": "f", "memory": "1GiB", "disk": "16MiB"})"));
        must(dc.create(Noun::image, R"({"name": "tiny"})"));
        must(dc.create(Noun::network, R"({"name": "default", "range": "10.9.0.0/24"})"));
        std::uint32_t underlay = 0x0afa0001;
        for (const char* name : {"h1", "h2", "h3"})
            dc.begin_host(name, {{1}, {512 + 1024}, {100'000}}, {underlay++});
        dc.follow_up();
        must(dc.create(Noun::application, R"({"name": "web", "replicas": 2, "front": {"port": 80},
            "survives": "nothing", "template": {"image": "tiny", "flavor": "f"}})"));
        dc.follow_up();
        home = carrier();
        for (const auto& [id, replica] : dc.snapshot.all<Instance>())
            if (replica->claimed.host != home) other = *replica->claimed.host;
        see(home, 2);
    }
    static void must(const base::Status& status) {
        ASSERT_TRUE(status.ok()) << text(status.error());
    }

    const Application& web() const { return *dc.named<Application>("web"); }
    HostId carrier() const { return model::front_carrier(web()).value_or(HostId{}); }
    std::vector<HostId> carriers() const {
        std::vector<HostId> found;
        for (const model::Place& place : web().claimed.places)
            if (place.needed) found.push_back(place.host);
        return found;
    }
    bool has_network(HostId host) const {
        return needed_on(dc.named<Network>("default")->claimed.places, host);
    }
    /// That host sees the front, and how many replicas answer it.
    void see(HostId host, std::size_t answer) {
        const model::Place* place = place_on(web().claimed.places, host);
        ASSERT_NE(place, nullptr);
        model::FrontSeen seen;
        seen.host = host;
        seen.generation = place->generation;
        seen.presence = Presence::ready;
        for (const auto& [id, replica] : dc.snapshot.all<Instance>())
            if (seen.ready.size() < answer) seen.ready.push_back(id);
        must(dc.apply({{model::Sight<Application>{web().id, seen}, "it stands"}}));
        dc.follow_up();
    }
    void see_gone(HostId host) {
        model::FrontSeen seen;
        seen.host = host;
        seen.generation = place_on(web().claimed.places, host)->generation;
        seen.presence = Presence::absent;
        must(dc.apply({{model::Sight<Application>{web().id, seen}, "it is gone"}}));
        dc.follow_up();
    }
    void close(HostId host) {
        model::HostDeclared declared = dc.snapshot.get<model::Host>(host).declared;
        declared.schedulable = false;
        must(dc.apply({{model::Declare<model::Host>{host, declared}, "closed"}}));
        dc.follow_up();
    }
    /// One replica is enough, and the one on that host ends.
    void end_replica_on(HostId host) {
        const auto on_host =
            dc.snapshot.linked_records<Instance>(model::Link::host_instance, host.value);
        ASSERT_EQ(on_host.size(), 1u);
        const model::InstanceId id = on_host.front()->id;
        model::ApplicationDeclared declared = web().declared;
        declared.replicas = 1;
        must(dc.apply({{model::Declare<Application>{web().id, declared}, "one is enough"},
                       {model::Delete<Instance>{id}, "this one ends"}}));
        dc.follow_up();
        model::InstanceObserved ended = dc.snapshot.get<Instance>(id).observed;
        ended.generation = dc.snapshot.get<Instance>(id).claimed.generation;
        ended.phase = model::InstancePhase::absent;
        must(dc.apply({{model::Observe<Instance>{id, ended}, "it ended"}}));
        dc.follow_up();
    }
    /// To which host the third one, or whoever does not carry the front, sends what is for it.
    base::Ipv4 way_from(HostId host) const {
        const Duties all = duties(dc.snapshot, host);
        const auto& fronts = all.networks.begin()->second.network.far_fronts;
        return fronts.empty() ? base::Ipv4{} : fronts.front().underlay;
    }
    base::Ipv4 underlay(HostId host) const {
        return underlay_of(dc.snapshot.get<model::Host>(host));
    }

    Turns dc;
    HostId home;
    HostId other;
};

}  // namespace

TEST_F(FrontHandOver, TheNextOneHasItBeforeItsCarrierLetsGo) {
    close(home);
    EXPECT_EQ(carriers(), (std::vector<HostId>{std::min(home, other), std::max(home, other)}));
    EXPECT_EQ(carrier(), home) << "it is reached where it stands";
    EXPECT_EQ(way_from(other), underlay(home));
    EXPECT_EQ(web().observed.ready.size(), 2u);
    see(other, 0);
    EXPECT_EQ(carrier(), home) << "there it knows of nobody yet";
    see(other, 1);
    EXPECT_EQ(carriers(), std::vector{other});
    EXPECT_EQ(way_from(home), underlay(other));
    see_gone(home);
    EXPECT_EQ(web().claimed.places.size(), 1u);
}

TEST_F(FrontHandOver, ACarrierThatIsNotUpIsNotWaitedFor) {
    model::HostClaimed claimed = dc.snapshot.get<model::Host>(home).claimed;
    claimed.health = model::HostHealth::suspect;
    must(dc.apply({{model::Claim<model::Host>{home, claimed}, "silent"}}));
    dc.follow_up();
    EXPECT_EQ(carriers(), std::vector{other});
    EXPECT_EQ(carrier(), other);
}

TEST_F(FrontHandOver, WhoseReplicasAreAllOnALostHostLeavesTheOther) {
    end_replica_on(home);
    ASSERT_EQ(carriers(), std::vector{home});
    model::HostClaimed claimed = dc.snapshot.get<model::Host>(other).claimed;
    claimed.health = model::HostHealth::down;
    claimed.fenced = claimed.epoch;
    claimed.evidence = model::Evidence::lease_elapsed;
    must(dc.apply({{model::Claim<model::Host>{other, claimed}, "lost"}}));
    const Application now = web();
    EXPECT_EQ(carrier_of(dc.snapshot, now), other);
    EXPECT_FALSE(keeps_front_meanwhile(dc.snapshot, now, home, other)) << "nobody takes it over";
}

TEST_F(FrontHandOver, ATakeOverThatIsTakenBackLeavesItWhereItWas) {
    close(home);
    ASSERT_EQ(carriers().size(), 2u);
    model::HostDeclared declared = dc.snapshot.get<model::Host>(home).declared;
    declared.schedulable = true;
    must(dc.apply({{model::Declare<model::Host>{home, declared}, "open"}}));
    dc.follow_up();
    see(other, 2);
    EXPECT_EQ(carriers().size(), 1u) << "one of both, and it stays so";
    const HostId now = carrier();
    close(now == home ? other : home);
    EXPECT_EQ(carriers(), std::vector{now});
}

TEST_F(FrontHandOver, ItStaysWhereItIsWhenItsReplicaThereIsGone) {
    end_replica_on(home);
    EXPECT_EQ(carriers(), std::vector{home});
    EXPECT_TRUE(has_network(home)) << "for the front";
    close(home);
    ASSERT_EQ(carriers().size(), 2u);
    EXPECT_TRUE(has_network(home));
    see(other, 1);
    EXPECT_EQ(carriers(), std::vector{other});
    EXPECT_FALSE(has_network(home)) << "nobody uses it there any more";
}

TEST_F(FrontHandOver, WithTheFrontGoesTheNetworkThatOnlyItNeeded) {
    end_replica_on(home);
    ASSERT_TRUE(has_network(home));
    model::ApplicationDeclared declared = web().declared;
    declared.front.reset();
    must(dc.apply({{model::Declare<Application>{web().id, declared}, "no front"}}));
    dc.follow_up();
    EXPECT_TRUE(carriers().empty());
    EXPECT_FALSE(has_network(home));
}

}  // namespace vdc::control
