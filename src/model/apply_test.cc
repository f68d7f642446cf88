#include "model/apply.h"

#include "model/codec.h"
#include "model/world_test_util.h"

namespace vdc::model {
namespace {

using testing::Code;
using testing::World;

class Apply : public ::testing::Test, public World {};

// ---- values ------------------------------------------------------------------------------------

TEST_F(Apply, WhatIsSurvivedIsAHostALabelOrNothing) {
    for (const char* loss : {"", "nothing", "host", "rack", "topology.example/zone_1"})
        must(declare<Project>(project, [&](ProjectDeclared& d) { d.survives = loss; }));
    for (const char* loss : {"Rack", "two racks", "rack=r1"})
        EXPECT_EQ(code(declare<Project>(project, [&](ProjectDeclared& d) { d.survives = loss; })),
                  Code::invalid)
            << loss;
}

// ---- names and ids -----------------------------------------------------------------------------

TEST_F(Apply, ANameIsTakenOncePerKindAndProject) {
    EXPECT_EQ(code(create<Network>({{6, 9}}, project, "net", net("10.1.0.0/24"))), Code::exists);
    must(create<Network>({{6, 9}}, other_project, "net", net("10.1.0.0/24")));
    must(create<KeyPair>({{4, 9}}, project, "net", {"ssh-ed25519 AAAA"}));
}

TEST_F(Apply, ANameIsFreeAgainWhenItsThingIsGoneButNotWhileItIsBeingDeleted) {
    must(Delete<Application>{application});
    const Change again = create<Application>({{11, 2}}, project, "shop", an_application());
    EXPECT_EQ(code(again), Code::exists);
    must(Forget<Application>{application});
    must(again);
    EXPECT_EQ(snapshot.named<Application>(project, "shop")->id, (ApplicationId{{11, 2}}));
}

TEST_F(Apply, NamesAreDnsLabelsExceptThoseOfOperations) {
    for (const char* name : {"", "Net", "n_t", "-n", "a.b"})
        EXPECT_EQ(code(create<Network>({{6, 9}}, project, name, net("10.1.0.0/24"))), Code::invalid)
            << name;
    must(create<Operation>({{12, 1}}, {}, "Any Key / 7", {}));
    EXPECT_EQ(code(create<Operation>({{12, 2}}, {}, "Any Key / 7", {})), Code::exists);
}

TEST_F(Apply, AnIdIsNewAndNotNil) {
    EXPECT_EQ(code(create<Network>(network, other_project, "x", net("10.1.0.0/24"))), Code::exists);
    EXPECT_EQ(code(create<Network>({}, project, "x", net("10.1.0.0/24"))), Code::invalid);
}

TEST_F(Apply, WhatAProjectOwnsNamesAProjectThatIsThere) {
    EXPECT_EQ(code(create<Network>({{6, 9}}, {}, "x", net("10.1.0.0/24"))), Code::invalid);
    EXPECT_EQ(code(create<Network>({{6, 9}}, {{1, 9}}, "x", net("10.1.0.0/24"))), Code::not_found);
    must(create<Image>({{5, 9}}, {}, "of-all", {}));
    must(create<Image>({{5, 8}}, project, "of-one", {}));
}

TEST_F(Apply, ARecordIsStampedWithItsCommit) {
    advance(snapshot, 2, Instant{std::chrono::hours{2}});
    must(declare<Network>(network, [](NetworkDeclared& d) { d.nat = false; }));
    const Network& changed = snapshot.get<Network>(network);
    EXPECT_EQ(changed.created, Instant{std::chrono::hours{1}});
    EXPECT_EQ(changed.revision, 2u);
    EXPECT_EQ(changed.declared_revision, 2u);
    advance(snapshot, 3, Instant{std::chrono::hours{3}});
    must(observe<Network>(network, [](NetworkObserved& o) { o.presence = Presence::ready; }));
    EXPECT_EQ(snapshot.get<Network>(network).revision, 3u);
    EXPECT_EQ(snapshot.get<Network>(network).declared_revision, 2u);
}

TEST_F(Apply, AChangeThatChangesNothingLeavesTheRevision) {
    advance(snapshot, 2, Instant{std::chrono::hours{2}});
    must(declare<Network>(network, [](NetworkDeclared&) {}));
    must(claim<Network>(network, [](NetworkClaimed&) {}));
    must(observe<Network>(network, [](NetworkObserved&) {}));
    EXPECT_EQ(snapshot.get<Network>(network).revision, 1u);
}

TEST(ApplyDeath, RevisionsFollowOneAnother) {
    Snapshot snapshot;
    EXPECT_DEATH(advance(snapshot, 2, {}), "follow one another");
}

// ---- references --------------------------------------------------------------------------------

TEST_F(Apply, WhatARecordRefersToIsThere) {
    InstanceDeclared instance_of = an_instance();
    instance_of.image = {{5, 9}};
    EXPECT_EQ(code(create<Instance>({{7, 9}}, project, "x", instance_of)), Code::not_found);
    instance_of = an_instance();
    instance_of.key = KeyPairId{{4, 9}};
    EXPECT_EQ(code(create<Instance>({{7, 9}}, project, "x", instance_of)), Code::not_found);
    instance_of = an_instance();
    instance_of.application = ApplicationId{{11, 9}};
    EXPECT_EQ(code(create<Instance>({{7, 9}}, project, "x", instance_of)), Code::not_found);
    PortDeclared card;
    card.network = {{6, 9}};
    EXPECT_EQ(code(create<Port>({{10, 9}}, project, "x", card)), Code::not_found);
    EXPECT_EQ(code(create<Volume>({{8, 9}}, project, "x", a_volume(InstanceId{{7, 9}}, 1))),
              Code::not_found);
    EXPECT_EQ(code(create<VolumeSnapshot>({{9, 9}}, project, "x", {{{8, 9}}, ""})),
              Code::not_found);
    ApplicationDeclared app = an_application();
    app.instance.network = {{6, 9}};
    EXPECT_EQ(code(create<Application>({{11, 9}}, project, "x", app)), Code::not_found);
}

TEST_F(Apply, AFlavorThatIsNotThereIsNotFoundAndTheNearestIsNamed) {
    ApplicationDeclared app = an_application();
    app.instance.flavor = "smal";
    const base::Error error = refusal(create<Application>({{11, 9}}, project, "x", app));
    EXPECT_EQ(error.code, Code::not_found);
    EXPECT_NE(error.message.find("did you mean 'small'?"), std::string::npos);
}

TEST_F(Apply, WhatARecordRefersToIsOfItsProjectOrOfTheDatacenter) {
    InstanceDeclared foreign = an_instance();
    EXPECT_EQ(code(create<Instance>({{7, 9}}, other_project, "x", foreign)), Code::not_found)
        << "the key is of another project";
    foreign.key.reset();
    must(create<Instance>({{7, 9}}, other_project, "x", foreign));
    PortDeclared card;
    card.network = network;
    EXPECT_EQ(code(create<Port>({{10, 9}}, other_project, "x", card)), Code::not_found);
    EXPECT_EQ(code(declare<Volume>(volume,
                                   [](auto& d) {
                                       d.instance = InstanceId{{7, 9}};
                                   })),
              Code::not_found);
    must(create<Image>({{5, 9}}, other_project, "theirs", {}));
    foreign = an_instance();
    foreign.image = {{5, 9}};
    EXPECT_EQ(code(create<Instance>({{7, 8}}, project, "y", foreign)), Code::not_found);
}

TEST_F(Apply, NothingNewRefersToWhatIsBeingDeleted) {
    must(create<Image>({{5, 9}}, {}, "leaving", {}));
    must(Delete<Image>{{{5, 9}}});
    InstanceDeclared late = an_instance();
    late.image = {{5, 9}};
    EXPECT_EQ(code(create<Instance>({{7, 9}}, project, "x", late)), Code::conflict);
}

TEST_F(Apply, WhatOthersReferToCannotBeDeleted) {
    EXPECT_EQ(code(Delete<Image>{image}), Code::conflict);
    EXPECT_EQ(code(Delete<Network>{network}), Code::conflict);
    EXPECT_EQ(code(Delete<Volume>{root}), Code::conflict) << "it is attached";
    EXPECT_EQ(code(Forget<KeyPair>{key}), Code::conflict);
    EXPECT_EQ(code(Forget<Flavor>{{{3, 1}}}), Code::conflict) << "an application names it";
    EXPECT_EQ(code(Forget<Project>{project}), Code::conflict);
    must(Delete<Volume>{volume});
    EXPECT_EQ(code(Forget<Volume>{volume}), Code::conflict) << "its snapshot is there";
    must(Forget<VolumeSnapshot>{kept});
    must(Forget<Volume>{volume});
}

TEST_F(Apply, AHostThatHoldsSomethingCannotBeForgotten) {
    must(place(host));
    EXPECT_EQ(code(Forget<Host>{host}), Code::conflict);
    must(claim<Volume>(volume, [&](auto& c) { c = {other_host, 1}; }));
    EXPECT_EQ(code(Forget<Host>{other_host}), Code::conflict);
    must(create<Host>({{2, 3}}, {}, "h3", {}));
    must(claim<Image>(image, [&](auto& c) { c.host = HostId{{2, 3}}; }));
    EXPECT_EQ(code(Forget<Host>{{{2, 3}}}), Code::conflict);
    must(claim<Image>(image, [&](auto& c) { c.host.reset(); }));
    must(Forget<Host>{{{2, 3}}});
}

TEST_F(Apply, ClaimsAreOnHostsThatAreThere) {
    EXPECT_EQ(code(place({{2, 9}})), Code::not_found);
    EXPECT_EQ(code(claim<Volume>(volume,
                                 [](auto& c) {
                                     c = {HostId{{2, 9}}, 1};
                                 })),
              Code::not_found);
    EXPECT_EQ(code(claim<Image>(image, [](auto& c) { c.host = HostId{{2, 9}}; })), Code::not_found);
}

TEST_F(Apply, AProjectIsForgottenOnlyWhenItIsEmpty) {
    must(create<Image>({{5, 9}}, other_project, "theirs", {}));
    EXPECT_EQ(code(Forget<Project>{other_project}), Code::conflict);
    must(Forget<Image>{{{5, 9}}});
    must(Forget<Project>{other_project});
}

TEST_F(Apply, AThingIsForgottenOnlyWhenNothingHangsOnIt) {
    must(Delete<Instance>{instance});
    EXPECT_EQ(code(Forget<Instance>{instance}), Code::conflict);
    must(declare<Volume>(root, [](auto& d) { d.instance.reset(); }));
    EXPECT_EQ(code(Forget<Instance>{instance}), Code::conflict) << "its port is there";
    must(Forget<Port>{port});
    must(Forget<Instance>{instance});
    InstanceDeclared replica = an_instance();
    replica.application = application;
    must(create<Instance>({{7, 2}}, project, "shop-1", replica));
    must(Delete<Application>{application});
    EXPECT_EQ(code(Forget<Application>{application}), Code::conflict);
    must(Delete<Instance>{{{7, 2}}});
    must(Forget<Instance>{{{7, 2}}});
    must(Forget<Application>{application});
}

TEST_F(Apply, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(code(Delete<Instance>{{{7, 9}}}), Code::not_found);
    EXPECT_EQ(code(Forget<Port>{{{10, 9}}}), Code::not_found);
    EXPECT_EQ(code(Declare<Network>{{{6, 9}}, {}}), Code::not_found);
    EXPECT_EQ(code(Claim<Instance>{{{7, 9}}, {}}), Code::not_found);
    EXPECT_EQ(code(Observe<Volume>{{{8, 9}}, {}}), Code::not_found);
}

TEST_F(Apply, DeletingTwiceIsDeletingOnce) {
    must(Delete<Instance>{instance});
    const Snapshot before = snapshot;
    advance(snapshot, 2, {});
    must(Delete<Instance>{instance});
    EXPECT_EQ(hash_of(before), hash_of(snapshot));
}

TEST_F(Apply, AThingThatIsBeingDeletedTakesNoNewWishesButIsStillSeenAndClaimed) {
    must(place(host));
    must(Delete<Instance>{instance});
    EXPECT_EQ(code(declare<Instance>(instance, [](auto& d) { d.power = Power::off; })),
              Code::conflict);
    must(observe<Instance>(instance, [](auto& o) {
        o.generation = 1;
        o.phase = InstancePhase::stopped;
    }));
    must(claim<Instance>(instance, [](auto& c) { c.host.reset(); }));
}

// ---- values ------------------------------------------------------------------------------------

TEST_F(Apply, RangesOfNetworksAreOrdinaryAndOfUsefulSize) {
    for (const char* range :
         {"10.0.0.0/30", "10.0.0.0/32", "10.0.0.0/7", "0.0.0.0/0", "127.0.1.0/24", "169.254.0.0/24",
          "100.64.0.0/24", "224.0.0.0/24", "255.0.0.0/8", "0.1.0.0/16"})
        EXPECT_EQ(code(create<Network>({{6, 9}}, project, "x", net(range))), Code::invalid)
            << range;
    must(create<Network>({{6, 9}}, project, "x", net("192.168.7.0/29")));
    must(create<Network>({{6, 8}}, project, "y", net("11.0.0.0/8")));
}

TEST_F(Apply, AKeyIsOneLineOfOpenSsh) {
    for (const char* line : {"AAAA", "ssh-ed25519", "ssh-ed25519 AAAA\nssh-rsa BBBB",
                             "ssh-ed25519 AAAA\r", "-----BEGIN PRIVATE KEY-----"})
        EXPECT_EQ(code(create<KeyPair>({{4, 9}}, project, "x", {line})), Code::invalid) << line;
    must(create<KeyPair>({{4, 9}}, project, "x", {"ecdsa-sha2-nistp256 AAAA you@there"}));
}

TEST_F(Apply, AChecksumIs64HexadecimalDigitsOrNone) {
    ImageDeclared declared;
    for (const std::string& sum :
         {std::string("0"), std::string(63, 'a'), std::string(64, 'A'), std::string(64, 'g')}) {
        declared.sha256 = sum;
        EXPECT_EQ(code(create<Image>({{5, 9}}, {}, "x", declared)), Code::invalid);
    }
    declared.sha256 = std::string(64, 'a');
    must(create<Image>({{5, 9}}, {}, "x", declared));
}

TEST_F(Apply, ACheckPathIsAPathAndNeedsHttp) {
    ApplicationDeclared app = an_application();
    app.front = Front{};
    for (const char* path : {"health", "/a b", "/a\"", "/a\n", "/a#b", "/${x}"}) {
        app.front->check_path = path;
        EXPECT_EQ(code(create<Application>({{11, 9}}, project, "x", app)), Code::invalid) << path;
    }
    app.front->check_path = "/health?deep=1";
    app.front->protocol = Protocol::tcp;
    EXPECT_EQ(code(create<Application>({{11, 9}}, project, "x", app)), Code::invalid);
    app.front->protocol = Protocol::http;
    must(create<Application>({{11, 9}}, project, "x", app));
}

// ---- quotas ------------------------------------------------------------------------------------

TEST_F(Apply, QuotasHoldForWhatIsCreated) {
    const auto allow = [&](auto edit) { must(declare<Project>(project, edit)); };
    const auto one_more = [&] {
        return create<Instance>({{7, 9}}, project, "more", an_instance());
    };
    allow([](auto& d) { d.instances_max = 1; });
    EXPECT_EQ(code(one_more()), Code::exhausted);
    allow([](auto& d) {
        d.instances_max = 2;
        d.resources_max.vcpus = {1};
    });
    EXPECT_EQ(code(one_more()), Code::exhausted);
    allow([](auto& d) {
        d.resources_max.vcpus = {2};
        d.resources_max.memory = {1023};
    });
    EXPECT_EQ(code(one_more()), Code::exhausted);
    allow([](auto& d) { d.resources_max.memory = {1024}; });
    must(one_more());
    allow([](auto& d) { d.volumes_max = 2; });
    EXPECT_EQ(code(create<Volume>({{8, 9}}, project, "more", a_volume({}, 1))), Code::exhausted);
    must(create<Volume>({{8, 9}}, other_project, "more", a_volume({}, 1)));
}

TEST_F(Apply, QuotasHoldForWhatGrows) {
    must(declare<Project>(project, [](auto& d) { d.resources_max.disk = {2500}; }));
    EXPECT_EQ(code(declare<Volume>(volume, [](auto& d) { d.size = {1501}; })), Code::exhausted);
    must(declare<Volume>(volume, [](auto& d) { d.size = {1500}; }));
}

TEST_F(Apply, WhatIsForgottenGivesItsQuotaBack) {
    EXPECT_EQ(snapshot.usage(project).volumes, 2);
    must(Delete<Volume>{volume});
    EXPECT_EQ(snapshot.usage(project).volumes, 2) << "it is there until it is gone";
    must(Forget<VolumeSnapshot>{kept});
    must(Forget<Volume>{volume});
    EXPECT_EQ(snapshot.usage(project).volumes, 1);
    EXPECT_EQ(snapshot.usage(project).resources.disk, MiB{1000});
}

TEST_F(Apply, AQuotaCannotBeSetBelowWhatIsUsed) {
    EXPECT_EQ(code(declare<Project>(project, [](auto& d) { d.volumes_max = 1; })), Code::exhausted);
    EXPECT_EQ(code(declare<Project>(project, [](auto& d) { d.resources_max.disk = {1999}; })),
              Code::exhausted);
    must(declare<Project>(project, [](auto& d) { d.resources_max.disk = {2000}; }));
}

// ---- volumes -----------------------------------------------------------------------------------

TEST_F(Apply, VolumesGrowAndNeverShrink) {
    must(declare<Volume>(volume, [](auto& d) { d.size = {2000}; }));
    EXPECT_EQ(code(declare<Volume>(volume, [](auto& d) { d.size = {1999}; })), Code::invalid);
    EXPECT_EQ(code(create<Volume>({{8, 9}}, project, "x", {})), Code::invalid) << "of no size";
}

TEST_F(Apply, AnAttachedVolumeMovesOnlyOverDetaching) {
    must(create<Instance>({{7, 2}}, project, "web-2", an_instance()));
    must(declare<Volume>(volume, [&](auto& d) { d.instance = instance; }));
    const auto move = declare<Volume>(volume, [&](auto& d) { d.instance = InstanceId{{7, 2}}; });
    EXPECT_EQ(code(move), Code::conflict);
    must(declare<Volume>(volume, [](auto& d) { d.instance.reset(); }));
    must(move);
}

TEST_F(Apply, ARootVolumeLeavesItsInstanceOnlyWhenThatIsBeingDeleted) {
    const auto detach = declare<Volume>(root, [](auto& d) { d.instance.reset(); });
    EXPECT_EQ(code(detach), Code::conflict);
    must(Delete<Instance>{instance});
    must(detach);
}

TEST_F(Apply, AVolumeGoesBackOnlyToASnapshotOfItsOwn) {
    const auto back_to = [&](VolumeSnapshotId id) {
        return declare<Volume>(volume, [&](auto& d) {
            d.revert_to = id;
            ++d.reverts;
        });
    };
    must(create<VolumeSnapshot>({{9, 2}}, project, "of-root", {root, ""}));
    EXPECT_EQ(code(back_to({{9, 2}})), Code::not_found);
    EXPECT_EQ(code(back_to({{9, 9}})), Code::not_found);
    must(back_to(kept));
    EXPECT_EQ(code(declare<Volume>(volume, [](auto& d) { d.reverts = 0; })), Code::conflict);
}

TEST_F(Apply, ASnapshotThatAVolumeGoesBackToStaysUntilItIsThere) {
    must(declare<Volume>(volume, [&](auto& d) {
        d.revert_to = kept;
        d.reverts = 1;
    }));
    EXPECT_EQ(code(Delete<VolumeSnapshot>{kept}), Code::conflict);
    must(observe<Volume>(volume, [](auto& o) { o.reverts = 1; }));
    must(Delete<VolumeSnapshot>{kept});
    EXPECT_EQ(code(declare<Volume>(volume, [](auto& d) { d.reverts = 2; })), Code::conflict)
        << "it is being deleted";
    must(Forget<VolumeSnapshot>{kept});
    must(declare<Volume>(volume, [](auto& d) { d.size = {3000}; }));
}

// ---- generations, epochs, counters -------------------------------------------------------------

TEST_F(Apply, AMoveToAHostNeedsAHigherGeneration) {
    must(place(host));
    EXPECT_EQ(code(claim<Instance>(instance, [&](auto& c) { c.host = other_host; })),
              Code::conflict);
    EXPECT_EQ(code(claim<Instance>(instance, [](auto& c) { c.generation = 0; })), Code::conflict);
    EXPECT_EQ(code(claim<Instance>(instance, [](auto& c) { c.host.reset(); })), Code::conflict)
        << "it may run";
    must(ended());
    must(claim<Instance>(instance, [](auto& c) { c.host.reset(); }));
    EXPECT_EQ(code(claim<Instance>(instance, [&](auto& c) { c.host = host; })), Code::conflict)
        << "also back to where it was";
    must(place(other_host));
    EXPECT_EQ(snapshot.get<Instance>(instance).claimed.generation, 2u);
}

TEST_F(Apply, ANewGenerationNeedsEvidenceThatTheRunBeforeIsOver) {
    must(place(host));
    const auto again = [&](const char* evidence) {
        return claim<Instance>(instance, [&](auto& c) {
            c.host = other_host;
            c.generation = 2;
            c.evidence = evidence;
        });
    };
    EXPECT_EQ(code(again("I think it is over")), Code::conflict) << "nothing on record says so";
    must(fenced(host, Evidence::power_off));
    EXPECT_EQ(code(again("")), Code::conflict) << "the claim does not say which evidence";
    must(again("power switch confirmed"));
}

TEST_F(Apply, TheProofOfAClaimIsTheOneOnRecord) {
    must(place(host));
    must(fenced(host, Evidence::power_off));
    const auto by = [&](Evidence proof) {
        return claim<Instance>(instance, [&](auto& c) {
            c.host.reset();
            c.proof = proof;
        });
    };
    EXPECT_EQ(code(by(Evidence::operator_word)), Code::conflict);
    must(by(Evidence::power_off));
}

TEST_F(Apply, AnElapsedLeaseProvesTheEndOnlyOfWhatFencesItself) {
    must(place(host));
    must(fenced(host, Evidence::lease_elapsed));
    const auto away = claim<Instance>(instance, [](auto& c) { c.host.reset(); });
    EXPECT_EQ(code(away), Code::conflict) << "its disk is local: it rides through";
    must(claim<Volume>(root, [&](auto& c) {
        c = {host, 1};
        c.epoch = 1;
        c.storage = StorageKind::shared_folder;
    }));
    must(away);
}

TEST_F(Apply, AVolumeThatWouldChangeTheClassOfARunWaitsUntilThatIsOver) {
    must(observe<Host>(host, [](auto& o) { o.pools = {{"nas", StorageKind::shared_folder}}; }));
    must(place(host));
    VolumeDeclared shared = a_volume({}, 0);
    shared.pool = "nas";
    const VolumeId late{{8, 9}};
    must(create<Volume>(late, project, "late", shared));
    const auto attached = [&] {
        return declare<Volume>(late, [&](auto& d) { d.instance = instance, d.slot = 1; });
    };
    must(attached());
    must(declare<Volume>(late, [](auto& d) { d.instance.reset(); }));

    must(claim<Host>(host, [](auto& c) { c.lease = LeaseProfile::usual; }));
    EXPECT_EQ(code(attached()), Code::conflict) << "it rides through, and would fence itself";
    shared.instance = instance;
    shared.slot = 2;
    EXPECT_EQ(code(create<Volume>({{8, 10}}, project, "later", shared)), Code::conflict);
    must(ended());
    must(claim<Instance>(instance, [](auto& c) { c.host.reset(); }));
    must(attached());
}

TEST_F(Apply, AFenceOfAnEarlierEpochSaysNothingOfALaterClaim) {
    must(fenced(host, Evidence::power_off));
    must(claim<Host>(host, [](auto& c) {
        c.epoch = 2;
        c.health = HostHealth::up;
    }));
    must(place(host));
    must(claim<Instance>(instance, [](auto& c) { c.epoch = 2; }));
    EXPECT_EQ(code(claim<Instance>(instance, [](auto& c) { c.host.reset(); })), Code::conflict);
}

TEST_F(Apply, AVolumeLeavesItsHostWhenThatHasLetGo) {
    must(claim<Volume>(volume, [&](auto& c) {
        c = {host, 1};
        c.epoch = 1;
    }));
    const auto elsewhere = claim<Volume>(volume, [&](auto& c) { c = {other_host, 2}; });
    EXPECT_EQ(code(elsewhere), Code::conflict);
    must(observe<Volume>(volume, [](auto& o) { o.presence = Presence::ready; }));
    EXPECT_EQ(code(elsewhere), Code::conflict);
    must(observe<Volume>(volume, [](auto& o) { o.left = 1; }));
    must(elsewhere);
}

TEST_F(Apply, AHostIsDownWithEvidenceAndUpAgainInANewEpoch) {
    EXPECT_EQ(code(fenced(host, Evidence::none)), Code::conflict);
    EXPECT_EQ(code(claim<Host>(host, [](auto& c) { c.health = HostHealth::down; })),
              Code::conflict);
    must(claim<Host>(host, [](auto& c) { c.health = HostHealth::fencing; }));
    must(fenced(host, Evidence::lease_elapsed));
    EXPECT_EQ(code(claim<Host>(host, [](auto& c) { c.health = HostHealth::up; })), Code::conflict);
    must(claim<Host>(host, [](auto& c) {
        c.health = HostHealth::up;
        c.epoch = 2;
    }));
    EXPECT_EQ(code(claim<Host>(host, [](auto& c) { c.fenced = 0; })), Code::conflict);
    EXPECT_TRUE(check(snapshot).empty());
}

TEST_F(Apply, PrioritiesAreAtMostTheProjects) {
    const auto important = declare<Instance>(instance, [](auto& d) { d.priority = 500; });
    EXPECT_EQ(code(important), Code::exhausted);
    EXPECT_EQ(code(declare<Application>(application, [](auto& d) { d.priority = 101; })),
              Code::exhausted);
    must(declare<Project>(project, [](auto& d) { d.priority_max = 500; }));
    must(important);
    must(declare<Project>(project, [](auto& d) { d.priority_max = 50; }));
    must(declare<Instance>(instance, [](auto& d) { d.priority = 400; }));
}

TEST_F(Apply, ObservationsOfAnotherGenerationAreRefused) {
    must(place(host));
    const auto seen = [&](Generation generation, InstancePhase phase) {
        return observe<Instance>(instance, [&](auto& o) {
            o.generation = generation;
            o.phase = phase;
        });
    };
    EXPECT_EQ(code(seen(2, InstancePhase::running)), Code::conflict) << "not claimed yet";
    must(seen(1, InstancePhase::stopped));
    must(place(other_host));
    must(seen(2, InstancePhase::preparing));
    EXPECT_EQ(code(seen(1, InstancePhase::stopped)), Code::conflict) << "claimed anew meanwhile";
}

TEST_F(Apply, GenerationsOfVolumesAndEpochsOfHostsNeverFall) {
    must(claim<Volume>(volume, [&](auto& c) { c = {host, 3}; }));
    EXPECT_EQ(code(claim<Volume>(volume, [&](auto& c) { c.generation = 2; })), Code::conflict);
    must(claim<Host>(host, [](auto& c) { c.epoch = 5; }));
    EXPECT_EQ(code(claim<Host>(host, [](auto& c) { c.epoch = 4; })), Code::conflict);
}

TEST_F(Apply, CountersOfWishesNeverFall) {
    must(declare<Instance>(instance, [](auto& d) { d.starts = d.reboots = d.resets = 2; }));
    EXPECT_EQ(code(declare<Instance>(instance, [](auto& d) { d.starts = 1; })), Code::conflict);
    EXPECT_EQ(code(declare<Instance>(instance, [](auto& d) { d.reboots = 1; })), Code::conflict);
    EXPECT_EQ(code(declare<Instance>(instance, [](auto& d) { d.resets = 1; })), Code::conflict);
}

TEST_F(Apply, ClaimsPastCapacityAreTakenBecauseHostsShrinkAndLogsMustStayReadable) {
    must(declare<Instance>(instance, [](auto& d) { d.memory = {100'000}; }));
    must(place(host));
    EXPECT_FALSE(check(snapshot).empty());
}

}  // namespace
}  // namespace vdc::model
