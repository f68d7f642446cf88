#include <gtest/gtest.h>

#include "control/duties.h"
#include "control/lease.h"
#include "control/places.h"
#include "control/registration.h"
#include "control/turns_test_util.h"
#include "model/places.h"

/// Which host carries an application's front.
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
class FrontCarrier : public ::testing::Test {
  protected:
    FrontCarrier() {
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
    Turns dc;
    HostId home;
    HostId other;
};

}  // namespace

TEST_F(FrontCarrier, WhoseReplicasAreAllOnALostHostLeavesTheOther) {
    end_replica_on(home);
    ASSERT_EQ(carriers(), std::vector{home});
    model::HostClaimed claimed = dc.snapshot.get<model::Host>(other).claimed;
    claimed.health = model::HostHealth::down;
    claimed.fenced = claimed.epoch;
    claimed.evidence = model::Evidence::lease_elapsed;
    must(dc.apply({{model::Claim<model::Host>{other, claimed}, "lost"}}));
    const Application now = web();
    EXPECT_EQ(carrier_of(dc.snapshot, now), other);
}

TEST_F(FrontCarrier, ItStaysWhereItIsWhenItsReplicaThereIsGone) {
    end_replica_on(home);
    EXPECT_EQ(carriers(), std::vector{home});
    EXPECT_TRUE(has_network(home)) << "for the front";
    close(home);
    EXPECT_EQ(carriers(), std::vector{other});
    EXPECT_FALSE(has_network(home)) << "nobody uses it there any more";
}

TEST_F(FrontCarrier, WithTheFrontGoesTheNetworkThatOnlyItNeeded) {
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
