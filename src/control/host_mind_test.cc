#include "control/host_mind.h"

#include <functional>

#include "control/host_mind_test_util.h"

namespace vdc::control {

using namespace base;
using model::Power;
using model::Restart;
using testing::MindTest;

// ---- a table: what shall be, what is seen, what is begun ---------------------------------------

namespace {

struct Row {
    const char* rule;
    std::function<void(InstanceDuty&)> wanted;
    std::function<void(InstanceSighting&)> seen;
    const char* begun;
};

constexpr auto as_is = [](auto&) {};

void killed(InstanceSighting& seen) {
    seen.alive = false;
    seen.ended = Ending::killed;
}
void paused(InstanceSighting& seen) {
    seen.run = RunState::paused;
}
void powered_off(InstanceSighting& seen) {
    seen.alive = false;
    seen.ended = Ending::guest_off;
}
void crashed(InstanceSighting& seen) {
    seen.alive = false;
    seen.ended = Ending::crashed;
}
void off(InstanceDuty& duty) {
    duty.power = Power::off;
}

const std::vector<Row> table{
    {"what runs as wanted is left alone", as_is, as_is, ""},
    {"what is down and wanted is launched", as_is, killed, "launch web"},
    {"what is off and wanted off stays off", off, killed, ""},
    {"off: the guest is asked first", off, as_is, "power down instance web"},
    {"off: a paused guest cannot obey", off, paused, "kill instance web"},
    {"off at once: over the guest's head",
     [](auto& duty) {
         off(duty);
         duty.stop_timeout = {};
     },
     as_is, "kill instance web"},
    {"paused", [](auto& duty) { duty.power = Power::paused; }, as_is, "pause instance web"},
    {"paused already", [](auto& duty) { duty.power = Power::paused; }, paused, ""},
    {"on again", as_is, paused, "resume instance web"},
    {"a reset is done once more than it was", [](auto& duty) { duty.instance.wishes.resets = 1; },
     as_is, "reset instance web"},
    {"a reset that was done is not done again", [](auto& duty) { duty.instance.wishes.resets = 1; },
     [](auto& seen) { seen.wishes.resets = 1; }, ""},
    {"a reboot begins with asking the guest", [](auto& duty) { duty.instance.wishes.reboots = 1; },
     as_is, "power down instance web"},
    {"a reboot that was obeyed is over", [](auto& duty) { duty.instance.wishes.reboots = 1; },
     [](auto& seen) { seen.wishes.reboots = 1; }, ""},
    {"rule 3: another generation is ended first", [](auto& duty) { duty.instance.generation = 2; },
     as_is, "kill instance web"},
    {"what shall go is ended at once", [](auto& duty) { duty.gone = true; }, as_is,
     "kill instance web"},
    {"what shall go and is down needs nothing", [](auto& duty) { duty.gone = true; }, killed, ""},
    {"leftovers are cleaned before anything", as_is,
     [](auto& seen) {
         killed(seen);
         seen.leftovers = true;
     },
     "clean instance web"},
    {"a guest that powered off stays off", as_is, powered_off, ""},
    {"a guest that powered off starts again where the rule is always",
     [](auto& duty) { duty.restart = Restart::always; }, powered_off, "launch web"},
    {"a guest that powered off starts again when somebody starts it",
     [](auto& duty) { duty.instance.wishes.starts = 2; }, powered_off, "launch web"},
    {"a crash is healed", as_is, crashed, "launch web"},
    {"a crash is not healed where the rule is never",
     [](auto& duty) { duty.restart = Restart::never; }, crashed, ""},
    {"the end of an older generation says nothing of this one",
     [](auto& duty) {
         duty.restart = Restart::never;
         duty.instance.generation = 2;
     },
     crashed, "launch web"},
};

class InstanceTable : public MindTest, public ::testing::WithParamInterface<Row> {};
class Mind : public MindTest {};

}  // namespace

/// Web was launched and looked at; then its duty changes, then it is seen anew.
TEST_P(InstanceTable, SaysWhatIsBegun) {
    SCOPED_TRACE(GetParam().rule);
    make_running();
    InstanceSighting seen = alive(web);
    GetParam().seen(seen);
    GetParam().wanted(duties.instances[web]);
    tell();
    // The network and the volume are as they should be; their own duties did not change.
    mind.noticed(web, seen, now);
    EXPECT_EQ(begins(), GetParam().begun);
}

INSTANTIATE_TEST_SUITE_P(Mind, InstanceTable, ::testing::ValuesIn(table));

// ---- rule 1: nothing is launched before it is safe ---------------------------------------------

TEST_F(Mind, LaunchesAfterLookAndVolumeAndNetworkAndNotBefore) {
    tell();
    EXPECT_EQ(begins(), "apply network 1; look at instance web");
    EXPECT_EQ(begins(), "") << "one effect for each noun";
    done("look at instance web", down());
    EXPECT_EQ(begins(), "prepare volume root");
    done("prepare volume root", present(root));
    EXPECT_EQ(begins(), "") << "the network has no rules yet";
    done("apply network 1", applied());
    EXPECT_EQ(begins(), "launch web");
}

TEST_F(Mind, LaunchesNothingBesideRulesThatLackItsPort) {
    make_ready();
    duties.networks[network].network.nat = false;  // another spec than the one in force
    tell();
    EXPECT_EQ(begins(), "apply network 1");
    done("apply network 1", applied());
    EXPECT_EQ(begins(), "launch web");
}

TEST_F(Mind, TakesNoPortsRulesAwayWhileItsInstanceIsLaunched) {
    make_ready();
    EXPECT_EQ(begins(), "launch web");
    duties.networks[network].network.ports.clear();
    tell();
    EXPECT_EQ(begins(), "");
    done("launch web", alive(web));
    EXPECT_EQ(begins(), "apply network 1");
}

TEST_F(Mind, AdoptsWhatRunsAlready) {
    tell();
    mind.found({web});
    EXPECT_EQ(begins(), "apply network 1; look at instance web");
    done("look at instance web", alive(web));
    EXPECT_EQ(begins(), "prepare volume root");
    done("prepare volume root", present(root));
    done("apply network 1", applied());
    EXPECT_EQ(begins(), "");
}

// ---- rule 2: volumes ---------------------------------------------------------------------------

TEST_F(Mind, TouchesNoVolumeOfAnInstanceThatIsBeingLaunched) {
    make_ready();
    EXPECT_EQ(begins(), "launch web");
    duties.volumes[root].volume.size = {2048};
    tell();
    EXPECT_EQ(begins(), "");
    done("launch web", alive(web));
    EXPECT_EQ(begins(), "grow volume root");
}

TEST_F(Mind, LaunchesNothingWhileItsVolumeIsChanged) {
    make_ready();
    duties.volumes[root].volume.size = {2048};
    tell();
    EXPECT_EQ(begins(), "grow volume root");
    EXPECT_EQ(begins(), "");
    done("grow volume root", present(root));
    EXPECT_EQ(begins(), "launch web");
}

TEST_F(Mind, TakesSnapshotsAndDropsThemInTheirOrder) {
    make_running();
    duties.volumes[root].volume.snapshots = {kept};
    tell();
    EXPECT_EQ(begins(), "take snapshot kept");
    done("take snapshot kept", present(root));
    duties.volumes[root].volume.snapshots.clear();
    duties.volumes[root].snapshots_gone = {kept};
    tell();
    EXPECT_EQ(begins(), "drop snapshot kept");
}

TEST_F(Mind, SaysNoSnapshotToBeGoneThatIsBeingTaken) {
    make_running();
    duties.volumes[root].volume.snapshots = {kept};
    duties.volumes[root].snapshots_reported[kept] = {};
    tell();
    reports();
    EXPECT_EQ(begins(), "take snapshot kept");
    duties.volumes[root].volume.snapshots.clear();
    duties.volumes[root].snapshots_gone = {kept};
    tell();
    EXPECT_EQ(reports(), "");
    done("take snapshot kept", present(root));
    EXPECT_EQ(reports(), "the snapshot is gone");
}

TEST_F(Mind, RevertsOnlyWhatIsClosedAndEndsItsInstanceForIt) {
    make_running();
    duties.volumes[root].volume.revert_to = kept;
    duties.volumes[root].volume.reverts = 1;
    tell();
    EXPECT_EQ(begins(), "kill instance web");
    done("kill instance web", ended(Ending::killed));
    EXPECT_EQ(begins(), "revert volume root");
    EXPECT_EQ(begins(), "");
    done("revert volume root", present(root));
    EXPECT_EQ(begins(), "launch web") << "it was ended by us, so it goes on";
}

TEST_F(Mind, RemovesAVolumeOnlyWhenNothingHasItOpen) {
    make_running();
    add_volume(data, web, 1);
    tell();
    EXPECT_EQ(begins(), "prepare volume data");
    done("prepare volume data", present(data));
    EXPECT_EQ(begins(), "attach volume data to web");
    done("attach volume data to web", alive(web));
    EXPECT_EQ(begins(), "");
    duties.volumes[data].instance.reset();
    duties.volumes[data].gone = true;
    duties.instances[web].instance.disks.pop_back();
    tell();
    EXPECT_EQ(begins(), "detach volume data from web");
    EXPECT_EQ(begins(), "");
    done("detach volume data from web", alive(web));
    EXPECT_EQ(begins(), "remove volume data");
}

/// I1: one writer. Nothing but the old holder's QEMU may write until it has let go.
TEST_F(Mind, AttachesAVolumeElsewhereOnlyWhenTheOldHolderHasLetGo) {
    add_instance(db, "db", root2);
    add_volume(data, web, 1);
    tell();
    EXPECT_EQ(begins(), "apply network 1; look at instance web; look at instance db");
    done("apply network 1", applied());
    done("look at instance web", alive(web));
    done("look at instance db", alive(db));
    EXPECT_EQ(begins(), "prepare volume root; prepare volume root2; prepare volume data");
    for (const auto& [id, name] : {std::pair{root, "root"}, {root2, "root2"}, {data, "data"}})
        done(std::string("prepare volume ") + name, present(id));
    EXPECT_EQ(begins(), "");
    duties.volumes[data].instance = db;
    duties.instances[web].instance.disks.pop_back();
    duties.instances[db].instance.disks.push_back({data, 1});
    tell();
    EXPECT_EQ(begins(), "detach volume data from web");
    EXPECT_EQ(begins(), "");
    done("detach volume data from web", alive(web));
    EXPECT_EQ(begins(), "attach volume data to db");
}

TEST_F(Mind, LaunchesNothingWithAVolumeThatAnotherInstanceHasOpen) {
    make_running();
    add_instance(db, "db", root2);
    add_volume(data, db, 1);
    InstanceSighting holds_it = alive(web);
    holds_it.disks.push_back({data, 1});
    tell();
    mind.noticed(web, holds_it, now);
    EXPECT_EQ(begins(), "prepare volume data; apply network 1; look at instance db");
    done("apply network 1", applied());
    done("look at instance db", down());
    EXPECT_EQ(begins(), "prepare volume root2");
    done("prepare volume root2", present(root2));
    EXPECT_EQ(begins(), "") << "a volume is detached when nothing else is done to it";
    done("prepare volume data", present(data));
    EXPECT_EQ(begins(), "detach volume data from web") << "and not launched with before";
    EXPECT_NE(reports().find("db: it waits: its volume is still open in another instance"),
              std::string::npos);
    done("detach volume data from web", alive(web));
    EXPECT_EQ(begins(), "launch db");
}

TEST_F(Mind, AttachesNothingThatALaunchUnderWayMayOpen) {
    add_instance(db, "db", root2);
    add_volume(data, web, 1);
    tell();
    (void)begins();
    done("apply network 1", applied());
    done("look at instance web", down());
    done("look at instance db", alive(db));
    (void)begins();
    for (const auto& [id, name] : {std::pair{root, "root"}, {root2, "root2"}, {data, "data"}})
        done(std::string("prepare volume ") + name, present(id));
    EXPECT_EQ(begins(), "launch web");
    const InstanceSighting launched = alive(web);
    duties.volumes[data].instance = db;
    duties.instances[web].instance.disks.pop_back();
    duties.instances[db].instance.disks.push_back({data, 1});
    tell();
    EXPECT_EQ(begins(), "") << "web is being launched with it";
    done("launch web", launched);
    EXPECT_EQ(begins(), "detach volume data from web");
    done("detach volume data from web", alive(web));
    EXPECT_EQ(begins(), "attach volume data to db");
}

TEST_F(Mind, ANewAgentOpensNoVolumeBeforeItKnowsWhatTheOthersHave) {
    add_instance(db, "db", root2);
    add_volume(data, db, 1);
    tell();
    (void)begins();
    done("apply network 1", applied());
    done("look at instance db", down());
    EXPECT_EQ(begins(), "prepare volume root2") << "nor touches its files";
    done("prepare volume root2", present(root2));
    EXPECT_EQ(begins(), "");
    InstanceSighting holds_it = alive(web);
    holds_it.disks.push_back({data, 1});
    done("look at instance web", holds_it);
    EXPECT_EQ(begins(), "prepare volume root; prepare volume data");
    done("prepare volume root", present(root));
    done("prepare volume data", present(data));
    EXPECT_EQ(begins(), "detach volume data from web");
    done("detach volume data from web", alive(web));
    EXPECT_EQ(begins(), "launch db");
}

TEST_F(Mind, ChangesAVolumeThroughWhoHasItOpenNotThroughWhoShallHaveIt) {
    make_running();
    add_instance(db, "db", root2);
    add_volume(data, db, 1).volume.size = {2048};
    InstanceSighting holds_it = alive(web);
    holds_it.disks.push_back({data, 1});
    tell();
    mind.noticed(web, holds_it, now);
    std::optional<model::InstanceId> open_in;
    for (const Effect& effect : mind.next(now))
        if (const auto* prepare = std::get_if<PrepareVolume>(&effect))
            open_in = prepare->volume.open_in;
    EXPECT_EQ(open_in, web);
}

// ---- images ------------------------------------------------------------------------------------

TEST_F(Mind, ImportsAnImageWhenItsBytesAreThereAndGivesUpOnlyWhatCanNeverSucceed) {
    duties.images[image].image.id = image;
    duties.images[image].keeper = true;
    duties.volumes[root].volume.image = image;
    tell();
    EXPECT_EQ(begins(), "apply network 1; look at instance web") << "its bytes have not come";
    done("look at instance web", down());
    duties.images[image].uploaded = true;
    tell();
    EXPECT_EQ(begins(), "import image tiny") << "no volume begins without it";
    fails("import image tiny");
    now += 250ms;
    EXPECT_EQ(begins(), "import image tiny");
    fails("import image tiny", Error::Code::corrupt);
    EXPECT_EQ(reports().substr(0, 17), "the import failed");
    now += 24h;
    EXPECT_EQ(begins().find("import"), std::string::npos);
}

// ---- failures ----------------------------------------------------------------------------------

TEST_F(Mind, TriesAgainAfterAPauseThatDoublesTo30Seconds) {
    tell();
    (void)begins();
    for (const Duration pause :
         {Duration(250ms), Duration(500ms), Duration(1s), Duration(2s), Duration(4s), Duration(8s),
          Duration(16s), Duration(30s), Duration(30s)}) {
        fails("apply network 1");
        EXPECT_EQ(begins(), "");
        EXPECT_EQ(mind.wake_at(), now + pause);
        now += pause - 1us;
        EXPECT_EQ(begins(), "");
        now += 1us;
        EXPECT_EQ(begins(), "apply network 1");
    }
    done("apply network 1", applied());
    now += 11s;
    (void)begins();
    fails("apply network 1");
    EXPECT_EQ(begins(), "");
    EXPECT_EQ(mind.wake_at(), now + 250ms) << "a success ends the row of failures";
}

TEST_F(Mind, LooksAgainAfterALaunchOfWhichNobodyKnowsHowItEnded) {
    make_ready();
    EXPECT_EQ(begins(), "launch web");
    fails("launch web");
    now += 250ms;
    EXPECT_EQ(begins(), "look at instance web") << "it may run";
    done("look at instance web", alive(web));
    EXPECT_EQ(begins(), "");
}

TEST_F(Mind, PausesLongerTheMoreOftenARunEndsOnItsOwn) {
    make_running();
    const auto crash = [&] { mind.noticed(web, ended(Ending::crashed), now); };
    for (const Duration pause : {0s, 0s, 1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        crash();
        if (pause > 0s) {
            EXPECT_EQ(begins(), "");
            now += pause;
            network_stays();
        }
        launch_again();
    }
}

TEST_F(Mind, ForgetsEndsAfterTenMinutes) {
    make_running();
    for (int end = 0; end < 5; ++end) {
        mind.noticed(web, ended(Ending::crashed), now);
        now += 10min + 1s;
        network_stays();
        launch_again();
    }
}

TEST_F(Mind, PressesTheButtonAgainEveryTwoSecondsThenHardStopsAGuestThatDoesNotObey) {
    make_running();
    shall_be_off();
    const Instant begin = now;
    for (int press = 0; press < 15; ++press) {
        SCOPED_TRACE(press);
        button_is_pressed();
        now += 2s;
    }
    EXPECT_EQ(now, begin + 30s);
    EXPECT_EQ(begins(), "kill instance web");
}

TEST_F(Mind, AsksAGuestOnceMoreWhenTheHostStoodStillUntilItsTimeWasOver) {
    make_running();
    shall_be_off();
    button_is_pressed();
    now += 31s;  // nothing was looked at meanwhile
    button_is_pressed();
    now += 11s;
    EXPECT_NE(begins().find("kill instance web"), std::string::npos);
}

TEST_F(Mind, ObeysAStartByGoingOnWhenNoButtonCanEndTheRunAnyMore) {
    make_running();
    shall_be_off();
    button_is_pressed();
    duties.instances[web].power = Power::on;
    const auto starts = ++duties.instances[web].instance.wishes.starts;
    tell();
    now += 29s;
    begins();
    reports();
    EXPECT_LT(reported().starts, starts);
    now += 1s;
    begins();
    reports();
    EXPECT_EQ(reported().starts, starts);
}

TEST_F(Mind, GivesAGuestItsTimeThatAnAgentBeforeItMayHaveAskedToPowerOff) {
    duties.instances[web].instance.wishes.starts = 2;
    tell();
    begins();
    InstanceSighting seen = alive(web);
    seen.wishes.starts = 1;
    done("look at instance web", seen);
    begins();
    reports();
    EXPECT_LT(reported().starts, 2u);
    now += 30s;
    begins();
    reports();
    EXPECT_EQ(reported().starts, 2u);
}

// ---- rule 4: strangers -------------------------------------------------------------------------

TEST_F(Mind, EndsNoStrangerBeforeTheStoreHasSpoken) {
    mind.found({db});
    EXPECT_EQ(begins(), "");
    tell();
    EXPECT_EQ(begins(), "apply network 1; look at instance web; look at instance db");
    InstanceSighting seen = alive(web);
    seen.disks.clear();
    done("look at instance db", seen);
    EXPECT_EQ(begins(), "kill instance db");
    seen = down();
    seen.leftovers = true;
    done("kill instance db", seen);
    EXPECT_EQ(begins(), "clean instance db");
    done("clean instance db", down());
    EXPECT_EQ(begins(), "");
}

TEST_F(Mind, KeepsANetworkWhileAStrangerMayUseIt) {
    duties.instances.clear();
    duties.volumes.clear();
    duties.networks[network].needed = false;
    mind.found({db});
    tell();
    EXPECT_EQ(begins(), "look at instance db");
    done("look at instance db", [] {
        InstanceSighting seen;
        seen.looked = seen.alive = true;
        return seen;
    }());
    EXPECT_EQ(begins(), "kill instance db");
    EXPECT_EQ(begins(), "");
    done("kill instance db", down());
    EXPECT_EQ(begins(), "remove network 1");
}

TEST_F(Mind, ForgetsNoStrangerOfWhichNobodyKnowsHowItsLaunchEnded) {
    make_ready();
    EXPECT_EQ(begins(), "launch web");
    const InstanceSighting running = alive(web);
    duties.instances.clear();
    duties.networks[network].needed = false;
    tell();
    fails("launch web");
    now += 1s;
    EXPECT_EQ(begins(), "look at instance web");
    done("look at instance web", running);
    EXPECT_EQ(begins(), "kill instance web");
    done("kill instance web", down());
    EXPECT_NE(begins().find("remove network 1"), std::string::npos);
}

// ---- networks and fronts -----------------------------------------------------------------------

TEST_F(Mind, LooksAfterANetworkEveryTenSeconds) {
    make_running();
    EXPECT_EQ(mind.wake_at(), now + 10s);
    now += 10s;
    EXPECT_EQ(begins(), "apply network 1");
}

TEST_F(Mind, AppliesAFrontWhenItsNetworkIsThereAndThenAsksWhoIsReady) {
    FrontDuty& front = duties.fronts[app];
    front.front.id = app;
    front.front.name = "shop";
    front.front.network = network;
    front.front.network_number = 1;
    front.front.backends.push_back({web, "web", {}});
    make_ready();
    EXPECT_EQ(begins(), "apply front of shop; launch web");
    done("apply front of shop", FrontSighting{true, fingerprint(front.front), {}});
    done("launch web", alive(web));
    EXPECT_EQ(begins(), "look at front of shop");
    done("look at front of shop", FrontSighting{true, fingerprint(front.front), {}});
    EXPECT_EQ(begins(), "");
    now += 200ms;
    EXPECT_EQ(begins(), "look at front of shop") << "soon again while somebody is not ready";
    done("look at front of shop", FrontSighting{true, fingerprint(front.front), {web}});
    now += 200ms;
    EXPECT_EQ(begins(), "look at front of shop");
    done("look at front of shop", FrontSighting{true, fingerprint(front.front), {web}});
    now += 999ms;
    EXPECT_EQ(begins(), "");
    now += 1ms;
    EXPECT_EQ(begins(), "look at front of shop");
}

// ---- reports -----------------------------------------------------------------------------------

TEST_F(Mind, ReportsOnceAndAgainOnlyWhenItWasRefused) {
    make_running();
    EXPECT_EQ(reports(), "the volume is ready; the network is ready on h1; web: it runs with tcg");
    EXPECT_EQ(reports(), "");
    mind.report_failed({model::Noun::instance, web.value});
    EXPECT_EQ(reports(), "web: it runs with tcg");
}

TEST_F(Mind, SaysWhatALaunchWaitsFor) {
    tell();
    (void)begins();
    done("look at instance web", down());
    EXPECT_EQ(reports(), "web: it waits: its volume is being prepared");
    EXPECT_EQ(begins(), "prepare volume root");
    fails("prepare volume root");
    EXPECT_EQ(reports(),
              "the volume is not as wanted: it did not work; web: it waits: its volume "
              "is not ready: it did not work");
}

TEST_F(Mind, TellsACrashOnceAndCountsIt) {
    make_running();
    store_reports();
    mind.noticed(web, ended(Ending::crashed, "signal 9"), now);
    EXPECT_EQ(reports(),
              "the volume is detached; web: its QEMU ended on its own: signal 9; it is "
              "started again");
    EXPECT_EQ(reported().crashes, 1);
    EXPECT_EQ(reported().phase, model::InstancePhase::preparing);
    EXPECT_EQ(reports(), "");
}

TEST_F(Mind, TakesNoEndThatWeAskedForAsACrash) {
    make_running();
    duties.instances[web].power = Power::off;
    duties.instances[web].stop_timeout = {};
    tell();
    EXPECT_EQ(begins(), "kill instance web");
    done("kill instance web", ended(Ending::killed));
    (void)reports();
    EXPECT_EQ(reported().crashes, 0);
    EXPECT_EQ(reported().phase, model::InstancePhase::stopped);
    EXPECT_EQ(reported().ended, model::RunEnd::killed);
}

TEST_F(Mind, SaysOfNoInstanceThatItIsOffWhileItIsBeingLaunched) {
    make_ready();
    store_reports();
    EXPECT_EQ(begins(), "launch web");
    shall_be_off();
    EXPECT_EQ(reports(), "");
    done("launch web", alive(web));
    EXPECT_EQ(begins(), "power down instance web");
    done("power down instance web", ended(Ending::guest_off));
    EXPECT_EQ(reports(), "web: its guest powered off");
}

TEST_F(Mind, TakesAStartAsObeyedByARunThatNobodySawAlive) {
    duties.instances[web].instance.wishes.starts = 1;
    make_ready();
    EXPECT_EQ(begins(), "launch web");
    fails("launch web");
    InstanceSighting seen = ended(Ending::guest_off);
    seen.generation = duties.instances[web].instance.generation;
    seen.wishes.starts = 1;
    mind.noticed(web, seen, now);
    now += 1s;
    EXPECT_EQ(begins(), "");
}

TEST_F(Mind, RemembersWhatTheStoreKnowsOfARunThatEndedBeforeTheAgentBegan) {
    model::InstanceObserved& stored = duties.instances[web].reported;
    stored.generation = 1;
    stored.phase = model::InstancePhase::stopped;
    stored.ended = model::RunEnd::guest_off;
    stored.starts = 1;
    make_ready();
    EXPECT_EQ(begins(), "") << "its guest powered it off";
}

TEST_F(Mind, CountsACrashThatHappenedWhileNoAgentWasThere) {
    model::InstanceObserved& stored = duties.instances[web].reported;
    stored.generation = 1;
    stored.phase = model::InstancePhase::running;
    stored.starts = 1;
    stored.crashes = 2;
    tell();
    (void)begins();
    done("look at instance web", ended(Ending::crashed, "signal 9"));
    (void)reports();
    EXPECT_EQ(reported().crashes, 3);
}

TEST_F(Mind, SaysThatAGoneInstanceIsGoneOnlyWhenNothingIsLeft) {
    make_running();
    (void)reports();
    duties.instances[web].gone = true;
    tell();
    EXPECT_EQ(begins(), "kill instance web");
    InstanceSighting seen = ended(Ending::killed);
    seen.leftovers = true;
    done("kill instance web", seen);
    (void)reports();
    EXPECT_EQ(reported().phase, model::InstancePhase::stopped);
    EXPECT_EQ(begins(), "clean instance web");
    done("clean instance web", down());
    (void)reports();
    EXPECT_EQ(reported().phase, model::InstancePhase::absent);
}

}  // namespace vdc::control
