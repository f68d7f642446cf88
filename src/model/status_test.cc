#include "model/status.h"

#include "model/world_test_util.h"

namespace vdc::model {
namespace {

using testing::World;

class StatusOf : public ::testing::Test, public World {
  protected:
    StatusWord of_instance() const { return status_of(snapshot, snapshot.get<Instance>(instance)); }
    StatusWord of_volume() const { return status_of(snapshot, snapshot.get<Volume>(volume)); }
    StatusWord of_application() const {
        return status_of(snapshot, snapshot.get<Application>(application));
    }

    void see(InstancePhase phase, RunEnd ended = RunEnd::none, InstanceId id = {{7, 1}}) {
        must(observe<Instance>(id, [&](InstanceObserved& o) {
            o.generation = snapshot.get<Instance>(id).claimed.generation;
            o.phase = phase;
            o.ended = ended;
        }));
    }
    template <class Edit>
    void wish(Edit edit) {
        must(declare<Instance>(instance, edit));
    }
    void run_on(HostId on) {
        must(place(on));
        see(InstancePhase::running);
    }
    void judge(HostId id, HostHealth health) {
        must(claim<Host>(id, [&](HostClaimed& c) {
            c.health = health;
            c.silent_since = Instant{std::chrono::hours{2}};
        }));
    }
};

// ---- instance ----------------------------------------------------------------------------------

TEST_F(StatusOf, AnInstanceWithoutAHostWaitsAndSaysWhy) {
    EXPECT_EQ(of_instance(), (StatusWord{"waiting", "waits for a host"}));
    must(claim<Instance>(instance, [](InstanceClaimed& c) {
        c.placement.sentence = "no host has 512MiB of memory left";
    }));
    EXPECT_EQ(of_instance(),
              (StatusWord{"waiting", "waits for a host: no host has 512MiB of memory left"}));
}

TEST_F(StatusOf, AnInstanceIsPreparedThenRuns) {
    must(place(host));
    EXPECT_EQ(of_instance(), (StatusWord{"preparing", "is being prepared on h1"}));
    see(InstancePhase::preparing);
    EXPECT_EQ(of_instance().word, "preparing");
    see(InstancePhase::running);
    EXPECT_EQ(of_instance(), (StatusWord{"running", "runs on h1"}));
}

TEST_F(StatusOf, WhatWasSeenUnderAnOlderClaimDoesNotCount) {
    run_on(host);
    see(InstancePhase::stopped);
    must(place(other_host));
    EXPECT_EQ(of_instance(), (StatusWord{"preparing", "is being prepared on h2"}));
}

TEST_F(StatusOf, AnInstanceThatIsToldToStopStopsUntilItIsOff) {
    run_on(host);
    wish([](InstanceDeclared& d) { d.power = Power::off; });
    EXPECT_EQ(of_instance(),
              (StatusWord{"stopping", "is told to power off, and is stopped hard after 30s"}));
    see(InstancePhase::stopped, RunEnd::guest_off);
    EXPECT_EQ(of_instance(), (StatusWord{"stopped", "is off"}));
    must(claim<Instance>(instance, [](InstanceClaimed& c) { c.host.reset(); }));
    EXPECT_EQ(of_instance().word, "stopped");
}

TEST_F(StatusOf, AHardStopSaysSo) {
    run_on(host);
    wish([](InstanceDeclared& d) {
        d.power = Power::off;
        d.stop_hard = true;
    });
    EXPECT_EQ(of_instance(), (StatusWord{"stopping", "is being stopped hard"}));
}

TEST_F(StatusOf, AGuestThatPoweredItselfOffIsStoppedAndOneThatCrashedFailedAsItsRuleSays) {
    run_on(host);
    see(InstancePhase::stopped, RunEnd::guest_off);
    EXPECT_EQ(of_instance(),
              (StatusWord{"stopped", "powered itself off; start it to run it again"}));
    wish([](InstanceDeclared& d) { d.restart = Restart::never; });
    see(InstancePhase::stopped, RunEnd::crashed);
    EXPECT_EQ(of_instance().word, "failed");
}

TEST_F(StatusOf, ACrashedRunIsStartedAgain) {
    run_on(host);
    must(observe<Instance>(instance, [](InstanceObserved& o) {
        o.phase = InstancePhase::stopped;
        o.ended = RunEnd::crashed;
        o.ended_detail = "signal 9";
    }));
    EXPECT_EQ(of_instance(), (StatusWord{"starting",
                                         "ended on its own and is started again on h1: "
                                         "signal 9"}));
}

TEST_F(StatusOf, RebootsResetsAndPausesAreSeen) {
    run_on(host);
    wish([](InstanceDeclared& d) { d.reboots = 1; });
    EXPECT_EQ(of_instance(), (StatusWord{"rebooting", "reboots on h1"}));
    see(InstancePhase::stopped, RunEnd::guest_off);
    EXPECT_EQ(of_instance().word, "rebooting");
    must(observe<Instance>(instance, [](InstanceObserved& o) {
        o.phase = InstancePhase::running;
        o.reboots = 1;
    }));
    EXPECT_EQ(of_instance().word, "running");
    wish([](InstanceDeclared& d) { d.resets = 1; });
    EXPECT_EQ(of_instance().word, "rebooting");
    must(observe<Instance>(instance, [](InstanceObserved& o) { o.resets = 1; }));
    wish([](InstanceDeclared& d) { d.power = Power::paused; });
    EXPECT_EQ(of_instance(), (StatusWord{"running", "runs on h1 and is being paused"}));
    see(InstancePhase::paused);
    EXPECT_EQ(of_instance(), (StatusWord{"paused", "is paused on h1"}));
    wish([](InstanceDeclared& d) { d.power = Power::on; });
    EXPECT_EQ(of_instance(), (StatusWord{"paused", "is paused on h1 and about to go on"}));
}

TEST_F(StatusOf, WhatWasSeenOnALostHostIsNotRepeated) {
    run_on(host);
    judge(host, HostHealth::suspect);
    EXPECT_EQ(of_instance(),
              (StatusWord{"running", "runs on h1; its host has been silent for a while"}));
    judge(host, HostHealth::fencing);
    EXPECT_EQ(of_instance(),
              (StatusWord{"waiting",
                          "waits until it is proven that nothing of it runs on h1, which is "
                          "fencing, silent since 1970-01-01T02:00:00Z"}));
    must(claim<Volume>(root, [&](auto& c) { c = {host, 1}; }));
    must(fenced(host, Evidence::lease_elapsed));
    EXPECT_EQ(of_instance(), (StatusWord{"waiting",
                                         "waits: its disk web-1-root lies on h1, which is down, "
                                         "silent since 1970-01-01T02:00:00Z"}));
    EXPECT_EQ(status_of(snapshot, snapshot.get<Host>(host)).sentence,
              "is down, silent since 1970-01-01T02:00:00Z: its lease elapsed, and its host fenced "
              "itself; 1 instance cannot leave it yet");
}

TEST_F(StatusOf, ADeletedInstanceIsDeletingWhateverElse) {
    run_on(host);
    must(Delete<Instance>{instance});
    EXPECT_EQ(of_instance(), (StatusWord{"deleting", "is being deleted"}));
}

// ---- application -------------------------------------------------------------------------------

class StatusOfApplication : public StatusOf {
  protected:
    void add_replica(std::uint64_t number) {
        InstanceDeclared replica = an_instance();
        replica.application = application;
        replica.template_mark =
            template_mark(snapshot.get<Application>(application).declared.instance);
        must(create<Instance>({{7, 10 + number}}, project, "shop-" + std::to_string(number),
                              replica));
    }
    void run_replica(std::uint64_t number) {
        must(claim<Instance>({{7, 10 + number}}, [&](InstanceClaimed& c) {
            c.host = host;
            c.generation = 1;
        }));
        see(InstancePhase::running, RunEnd::none, {{7, 10 + number}});
    }
};

TEST_F(StatusOfApplication, WithoutAFrontItRunsWhenItsReplicasRun) {
    EXPECT_EQ(of_application(), (StatusWord{"starting", "has 0 of 2 replicas ready"}));
    add_replica(1);
    add_replica(2);
    EXPECT_EQ(of_application(),
              (StatusWord{"starting", "has 0 of 2 replicas ready; shop-1 waits for a host"}));
    run_replica(1);
    EXPECT_EQ(of_application().word, "scaling");
    run_replica(2);
    EXPECT_EQ(of_application(), (StatusWord{"running", "has 2 of 2 replicas ready"}));
}

TEST_F(StatusOfApplication, ALostReplicaDegradesIt) {
    add_replica(1);
    add_replica(2);
    run_replica(1);
    run_replica(2);
    see(InstancePhase::stopped, RunEnd::crashed, {{7, 12}});
    EXPECT_EQ(of_application(),
              (StatusWord{"degraded",
                          "has 1 of 2 replicas ready; shop-2 ended on its own and is "
                          "started again on h1"}));
    see(InstancePhase::stopped, RunEnd::crashed, {{7, 11}});
    EXPECT_EQ(of_application().word, "degraded");
}

TEST_F(StatusOfApplication, MoreOrFewerReplicasThanWantedAreScaling) {
    add_replica(1);
    add_replica(2);
    run_replica(1);
    run_replica(2);
    must(declare<Application>(application, [](auto& d) { d.replicas = 3; }));
    EXPECT_EQ(of_application().word, "scaling");
    must(declare<Application>(application, [](auto& d) { d.replicas = 1; }));
    EXPECT_EQ(of_application().word, "scaling");
    must(declare<Application>(application, [](auto& d) { d.replicas = 0; }));
    EXPECT_EQ(of_application().word, "scaling");
}

TEST_F(StatusOfApplication, OneThatWantsNoReplicaAndHasNoneIsStopped) {
    must(declare<Application>(application, [](auto& d) { d.replicas = 0; }));
    EXPECT_EQ(of_application(), (StatusWord{"stopped", "wants no replica"}));
}

TEST_F(StatusOfApplication, WithAFrontItRunsWhenTheFrontFindsItsReplicasReady) {
    must(declare<Application>(application, [](auto& d) {
        d.front = Front{};
        d.replicas = 1;
    }));
    add_replica(1);
    run_replica(1);
    EXPECT_EQ(of_application(),
              (StatusWord{"starting",
                          "has 0 of 1 replica ready; shop-1 runs on h1 and does not "
                          "answer yet"}));
    must(observe<Application>(application, [](auto& o) {
        o.front = Presence::ready;
        o.ready = {{{7, 11}}};
    }));
    EXPECT_EQ(of_application().word, "running");
    EXPECT_EQ(ready_replicas(snapshot, snapshot.get<Application>(application)), 1);
    must(observe<Application>(application, [](auto& o) {
        o.front = Presence::failed;
        o.message = "port 80 is in use";
    }));
    EXPECT_EQ(of_application(),
              (StatusWord{"degraded", "has 1 of 1 replica ready: port 80 is in use"}));
}

TEST_F(StatusOfApplication, ReplicasOfAnOlderTemplateAreBeingReplaced) {
    add_replica(1);
    add_replica(2);
    run_replica(1);
    run_replica(2);
    must(declare<Application>(application, [](auto& d) { d.instance.user_data = "new"; }));
    EXPECT_EQ(of_application().word, "scaling");
}

// ---- the others --------------------------------------------------------------------------------

TEST_F(StatusOf, AnImageGoesFromItsBytesToReadyOrFailed) {
    const auto of_image = [&] { return status_of(snapshot, snapshot.get<Image>(image)); };
    EXPECT_EQ(of_image(), (StatusWord{"waiting", "waits for its bytes to be uploaded"}));
    must(declare<Image>(image, [](auto& d) { d.uploaded = true; }));
    EXPECT_EQ(of_image(), (StatusWord{"waiting", "waits for its import"}));
    const auto seen = [&](ImagePhase phase, const char* message) {
        must(observe<Image>(image, [&](auto& o) {
            o.phase = phase;
            o.message = message;
            o.virtual_size = {100 << 20};
        }));
    };
    seen(ImagePhase::importing, "");
    EXPECT_EQ(of_image().word, "importing");
    seen(ImagePhase::failed, "it has a backing file");
    EXPECT_EQ(of_image(), (StatusWord{"failed", "was refused: it has a backing file"}));
    seen(ImagePhase::ready, "");
    EXPECT_EQ(of_image(), (StatusWord{"ready", "can be used; its disk has 100MiB"}));
}

TEST_F(StatusOf, AVolumeIsPreparedAttachedGrownRevertedAndDeleted) {
    EXPECT_EQ(of_volume(), (StatusWord{"waiting", "waits for a host"}));
    must(claim<Volume>(volume, [&](auto& c) { c = {host, 1}; }));
    EXPECT_EQ(of_volume(), (StatusWord{"preparing", "is being prepared on h1"}));
    must(observe<Volume>(volume, [](auto& o) {
        o.presence = Presence::ready;
        o.size = {1000};
    }));
    EXPECT_EQ(of_volume(), (StatusWord{"ready", "can be attached"}));
    must(declare<Volume>(volume, [&](auto& d) { d.instance = instance; }));
    EXPECT_EQ(of_volume(), (StatusWord{"attached", "belongs to web-1, which does not run now"}));
    run_on(host);
    EXPECT_EQ(of_volume(), (StatusWord{"ready", "is about to be attached to web-1"}));
    must(observe<Volume>(volume, [&](auto& o) { o.attached = instance; }));
    EXPECT_EQ(of_volume(), (StatusWord{"attached", "is attached to web-1"}));
    must(declare<Volume>(volume, [](auto& d) { d.size = {2048}; }));
    EXPECT_EQ(of_volume(), (StatusWord{"growing", "grows from 1000MiB to 2GiB"}));
    must(observe<Volume>(volume, [](auto& o) { o.size = {2048}; }));
    must(declare<Volume>(volume, [&](auto& d) {
        d.reverts = 1;
        d.revert_to = kept;
    }));
    EXPECT_EQ(of_volume().word, "reverting");
    must(observe<Volume>(volume, [](auto& o) { o.reverts = 1; }));
    must(declare<Volume>(volume, [](auto& d) { d.instance.reset(); }));
    EXPECT_EQ(of_volume(), (StatusWord{"attached", "is being detached from web-1"}));
    must(Delete<Volume>{volume});
    EXPECT_EQ(of_volume().word, "deleting");
}

TEST_F(StatusOf, ANetworkThatNobodyNeedsIsReady) {
    must(create<Network>({{6, 2}}, project, "idle", net("10.1.0.0/24")));
    const auto of_network = [&](NetworkId id) {
        return status_of(snapshot, snapshot.get<Network>(id)).word;
    };
    EXPECT_EQ(of_network({{6, 2}}), "preparing");
    must(claim<Network>({{6, 2}}, [](auto& c) { c.number = 1; }));
    EXPECT_EQ(of_network({{6, 2}}), "ready");
    must(claim<Network>(network, [](auto& c) { c.number = 2; }));
    EXPECT_EQ(of_network(network), "preparing") << "a port is in it";
    must(observe<Network>(network, [](auto& o) { o.presence = Presence::failed; }));
    EXPECT_EQ(of_network(network), "failed");
}

TEST_F(StatusOf, AHostShowsItsHealth) {
    const auto of_host = [&] { return status_of(snapshot, snapshot.get<Host>(host)); };
    EXPECT_EQ(of_host(), (StatusWord{"up", "takes instances"}));
    must(declare<Host>(host, [](auto& d) { d.schedulable = false; }));
    EXPECT_EQ(of_host(), (StatusWord{"up", "runs what it has and takes no new instances"}));
    must(declare<Host>(host, [](auto& d) { d.drain = true; }));
    EXPECT_EQ(of_host(), (StatusWord{"drained", "has no instance left and takes none"}));
    run_on(host);
    EXPECT_EQ(of_host(), (StatusWord{"draining", "has 1 instance left and takes none"}));
    must(fenced(host, Evidence::operator_word));
    EXPECT_EQ(of_host().word, "down");
    must(create<Host>({{2, 3}}, {}, "h3", {}));
    EXPECT_EQ(status_of(snapshot, snapshot.get<Host>({{2, 3}})).word, "waiting");
}

TEST_F(StatusOf, AnOperationSaysWhatItWaitsFor) {
    OperationDeclared wish;
    wish.noun = Noun::instance;
    wish.subject = instance.value;
    wish.subject_name = "web-1";
    wish.goal = Goal::running;
    must(create<Operation>({{12, 1}}, project, "op", wish));
    const auto of_operation = [&] {
        return status_of(snapshot, snapshot.get<Operation>({{12, 1}}));
    };
    EXPECT_EQ(of_operation(), (StatusWord{"running", "goes on until instance web-1 is running"}));
    must(observe<Operation>({{12, 1}}, [](auto& o) {
        o.phase = OperationPhase::failed;
        o.message = "no host fits";
    }));
    EXPECT_EQ(of_operation(), (StatusWord{"failed", "failed: no host fits"}));
}

TEST_F(StatusOf, PortsAndSnapshotsOfVolumesAreReadyWhenTheyHaveWhatTheyNeed) {
    const auto of_port = [&] { return status_of(snapshot, snapshot.get<Port>(port)); };
    EXPECT_EQ(of_port(), (StatusWord{"preparing", "waits for its address"}));
    must(claim<Port>(port, [](auto& c) { c.address = base::parse_ipv4("10.20.0.5").value(); }));
    EXPECT_EQ(of_port(), (StatusWord{"ready", "has the address 10.20.0.5"}));
    const auto of_kept = [&] { return status_of(snapshot, snapshot.get<VolumeSnapshot>(kept)); };
    EXPECT_EQ(of_kept(), (StatusWord{"preparing", "is being taken of data"}));
    must(observe<VolumeSnapshot>(kept, [](auto& o) { o.presence = Presence::ready; }));
    EXPECT_EQ(of_kept(), (StatusWord{"ready", "keeps a past of data"}));
}

}  // namespace
}  // namespace vdc::model
