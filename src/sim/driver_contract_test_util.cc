#include "sim/driver_contract_test_util.h"

namespace vdc::sim {

using namespace base;
using namespace control;

// ---- the stage ---------------------------------------------------------------------------------

static Uuid id(const char* kind, int number) {
    return derive_uuid({7, 7}, kind, static_cast<std::uint64_t>(number));
}

DriverContract::DriverContract()
    : twin(GetParam().make()), tiny{{id("image", 1)}, "qcow2", "", {1024}} {
    twin->driver().on_notice([this](const drivers::Notice& notice) {
        const std::lock_guard lock(mutex_);
        heard_.push_back(notice);
    });
    twin->upload(twin->driver(), tiny.id);
    EXPECT_TRUE(image(ImportImage{tiny}).present);
}

ImageSighting DriverContract::image(const Effect& effect) {
    return done<ImageSighting>(effect);
}
VolumeSighting DriverContract::volume(const Effect& effect) {
    return done<VolumeSighting>(effect);
}
NetworkSighting DriverContract::network(const Effect& effect) {
    return done<NetworkSighting>(effect);
}
FrontSighting DriverContract::front(const Effect& effect) {
    return done<FrontSighting>(effect);
}
InstanceSighting DriverContract::instance(const Effect& effect) {
    return done<InstanceSighting>(effect);
}

void DriverContract::refused(const Effect& effect, Code code) {
    const auto seen = twin->driver().run(effect);
    ASSERT_FALSE(seen.ok()) << text(effect) << " was done";
    EXPECT_EQ(word(seen.error().code), word(code)) << text(effect) << ": " << text(seen.error());
}

InstanceSighting DriverContract::look(const InstanceSpec& spec) {
    return instance(LookInstance{spec.id});
}

VolumeSpec DriverContract::empty_volume(int number) const {
    VolumeSpec volume;
    volume.id = {id("volume", number)};
    volume.size = {128};
    return volume;
}

VolumeSpec DriverContract::prepared(int number) {
    VolumeSpec spec = empty_volume(number);
    spec.image = tiny.id;
    EXPECT_TRUE(volume(PrepareVolume{spec}).present);
    return spec;
}

NetworkSpec DriverContract::network_spec(int number) const {
    NetworkSpec spec;
    spec.id = {id("network", number)};
    spec.number = number;
    spec.range = parse_ipv4_range("10.20." + std::to_string(number) + ".0/24").value();
    spec.gateway = spec.range.first + 1;
    spec.domain = "net.internal";
    spec.nat = false;
    spec.ports = {{{id("port", number)}, {0x025600000001}, spec.range.first + 2, "web-1", true}};
    return spec;
}

InstanceSpec DriverContract::spec(const std::string& name) {
    const int number = 100 + ++instances_;
    InstanceSpec spec;
    spec.id = {id("instance", number)};
    spec.generation = 2;
    spec.name = name;
    spec.vcpus = {1};
    spec.memory = {128};
    spec.disks = {{prepared(number).id, 0}};
    spec.wishes = {3, 1, 0};
    return spec;
}

InstanceSpec DriverContract::launched(const std::string& name) {
    const InstanceSpec made = spec(name);
    EXPECT_TRUE(instance(Launch{made}).alive);
    return made;
}

bool DriverContract::heard(model::InstanceId of,
                           const std::function<bool(const InstanceSighting&)>& such) {
    const std::lock_guard lock(mutex_);
    return std::any_of(heard_.begin(), heard_.end(), [&](const drivers::Notice& notice) {
        return notice.instance == of && such(notice.seen);
    });
}

// The long tests have this file, and no twin.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DriverContract);

// ---- images ------------------------------------------------------------------------------------

TEST_P(DriverContract, AnImageThatIsHereIsNeitherImportedNorFetchedAgain) {
    const ImageSighting first = image(ImportImage{tiny});
    EXPECT_TRUE(first.present);
    EXPECT_EQ(image(ImportImage{tiny}), first);
    EXPECT_EQ(image(FetchImage{tiny, {{id("host", 2)}, "h2", first}}), first);
}

TEST_P(DriverContract, AnImageStaysWhileAVolumeBeginsWithIt) {
    const VolumeSpec spec = prepared(1);
    refused(RemoveImage{tiny.id}, Code::conflict);
    volume(RemoveVolume{spec.id});
    EXPECT_FALSE(image(RemoveImage{tiny.id}).present);
    EXPECT_FALSE(image(RemoveImage{tiny.id}).present);
}

// ---- volumes -----------------------------------------------------------------------------------

TEST_P(DriverContract, AVolumeIsMadeOnceAndGoneOnce) {
    VolumeSpec spec = empty_volume(1);
    EXPECT_EQ(volume(PrepareVolume{spec}).size, spec.size);
    spec.size = {256};
    EXPECT_EQ(volume(PrepareVolume{spec}).size, MiB{128}) << "what is there stays as it is";
    EXPECT_FALSE(volume(RemoveVolume{spec.id}).present);
    EXPECT_FALSE(volume(RemoveVolume{spec.id}).present);
}

TEST_P(DriverContract, AVolumeNeedsItsImage) {
    VolumeSpec spec = empty_volume(1);
    spec.image = model::ImageId{id("image", 2)};
    refused(PrepareVolume{spec}, Code::not_found);
    spec.image.reset();
    EXPECT_TRUE(volume(PrepareVolume{spec}).present) << "nothing was left in the way";
}

TEST_P(DriverContract, AVolumeThatIsNotThereCannotBeChanged) {
    VolumeSpec spec = empty_volume(1);
    const model::VolumeSnapshotId snapshot{id("snapshot", 1)};
    refused(GrowVolume{spec}, Code::not_found);
    refused(TakeSnapshot{spec, snapshot}, Code::not_found);
    refused(DropSnapshot{spec, snapshot}, Code::not_found);
    spec.revert_to = snapshot;
    spec.reverts = 1;
    refused(RevertVolume{spec}, Code::not_found);
}

TEST_P(DriverContract, AVolumeGrowsAndNeverShrinks) {
    VolumeSpec spec = prepared(1);
    spec.size = {200};
    EXPECT_EQ(volume(GrowVolume{spec}).size, MiB{200});
    EXPECT_EQ(volume(GrowVolume{spec}).size, MiB{200});
    spec.size = {150};
    refused(GrowVolume{spec}, Code::invalid);
    EXPECT_EQ(volume(PrepareVolume{spec}).size, MiB{200});
}

TEST_P(DriverContract, SnapshotsAreTakenAndDroppedOnce) {
    const VolumeSpec spec = prepared(1);
    const model::VolumeSnapshotId one{id("snapshot", 1)};
    const model::VolumeSnapshotId two{id("snapshot", 2)};
    volume(TakeSnapshot{spec, one});
    EXPECT_EQ(volume(TakeSnapshot{spec, one}).snapshots, std::vector{one});
    EXPECT_EQ(volume(TakeSnapshot{spec, two}).snapshots, (std::vector{one, two}));
    EXPECT_EQ(volume(DropSnapshot{spec, one}).snapshots, std::vector{two});
    EXPECT_EQ(volume(DropSnapshot{spec, one}).snapshots, std::vector{two});
}

TEST_P(DriverContract, AVolumeGoesBackToASnapshotThatItHas) {
    VolumeSpec spec = prepared(1);
    const model::VolumeSnapshotId snapshot{id("snapshot", 1)};
    spec.reverts = 1;
    refused(RevertVolume{spec}, Code::not_found);
    spec.revert_to = snapshot;
    refused(RevertVolume{spec}, Code::not_found);
    volume(TakeSnapshot{spec, snapshot});
    EXPECT_EQ(volume(RevertVolume{spec}).reverts, 1u);
    const VolumeSighting again = volume(RevertVolume{spec});
    EXPECT_EQ(again.reverts, 1u);
    EXPECT_EQ(again.snapshots, std::vector{snapshot});
}

TEST_P(DriverContract, AnOpenVolumeIsChangedOnlyWhereItIsOpen) {
    const InstanceSpec runs = launched("web-1");
    VolumeSpec spec = empty_volume(101);
    spec.size = {200};
    refused(GrowVolume{spec}, Code::conflict);
    refused(RemoveVolume{spec.id}, Code::conflict);
    VolumeSpec back = spec;
    back.revert_to = model::VolumeSnapshotId{id("snapshot", 1)};
    back.reverts = 1;
    spec.open_in = runs.id;
    volume(TakeSnapshot{spec, *back.revert_to});
    refused(RevertVolume{back}, Code::conflict);
    EXPECT_EQ(volume(GrowVolume{spec}).size, MiB{200});
    instance(Kill{runs.id});
    spec.size = {220};
    refused(GrowVolume{spec}, Code::conflict);
    spec.open_in.reset();
    EXPECT_EQ(volume(GrowVolume{spec}).size, MiB{220});
}

// ---- networks and fronts -----------------------------------------------------------------------

TEST_P(DriverContract, ANetworkSaysWhatIsInForce) {
    NetworkSpec spec = network_spec(1);
    const NetworkSighting first = network(ApplyNetwork{spec});
    EXPECT_TRUE(first.present);
    EXPECT_EQ(first.applied, fingerprint(spec));
    EXPECT_EQ(network(ApplyNetwork{spec}), first);
    spec.names = {{"late", spec.gateway}};
    EXPECT_EQ(network(ApplyNetwork{spec}).applied, fingerprint(spec));
    EXPECT_FALSE(network(RemoveNetwork{spec.id, spec.number}).present);
    EXPECT_FALSE(network(RemoveNetwork{spec.id, spec.number}).present);
}

TEST_P(DriverContract, ANetworkFollowsWhatOtherHostsHaveOfIt) {
    NetworkSpec spec = network_spec(1);
    spec.vni = 0x050001;
    spec.underlay = parse_ipv4("10.250.0.1").value();
    const Ipv4 second = spec.underlay + 1, third = spec.underlay + 2;
    const Ipv4 address = parse_ipv4("100.96.0.1").value();
    const auto in_force = [&](std::vector<PeerSpec> peers, std::vector<FarFrontSpec> fronts) {
        spec.peers = std::move(peers);
        spec.far_fronts = std::move(fronts);
        EXPECT_EQ(network(ApplyNetwork{spec}).applied, fingerprint(spec));
        EXPECT_EQ(network(ApplyNetwork{spec}).applied, fingerprint(spec)) << "once more";
    };
    const PeerSpec one{{0x025600000002}, spec.range.first + 3, second, true};
    const PeerSpec other{{0x025600000003}, spec.range.first + 4, third, false};
    in_force({}, {});
    in_force({one}, {});
    in_force({one, other}, {{address, third}});
    in_force({{one.mac, one.address, third, true}}, {{address, second}});
    spec.underlay = spec.underlay + 9;
    in_force({one}, {{address, second}});
    in_force({}, {});
    EXPECT_FALSE(network(RemoveNetwork{spec.id, spec.number}).present);
}

TEST_P(DriverContract, WhatANetworkHasHereIsOnNoOtherHost) {
    NetworkSpec spec = network_spec(1);
    spec.vni = 0x050001;
    spec.underlay = parse_ipv4("10.250.0.1").value();
    network(ApplyNetwork{spec});
    NetworkSpec twice = spec;
    const PortSpec& port = spec.ports.front();
    twice.peers = {{port.mac, spec.range.first + 3, spec.underlay + 1, true}};
    refused(ApplyNetwork{twice}, Code::invalid);
    twice.peers = {{{0x025600000002}, port.address, spec.underlay + 1, true}};
    refused(ApplyNetwork{twice}, Code::invalid);
    twice.peers = {{{0x025600000002}, spec.range.first + 3, spec.underlay, true}};
    refused(ApplyNetwork{twice}, Code::invalid);
    EXPECT_EQ(network(ApplyNetwork{spec}).applied, fingerprint(spec));
}

TEST_P(DriverContract, ANumberBelongsToOneNetwork) {
    const NetworkSpec spec = network_spec(1);
    network(ApplyNetwork{spec});
    NetworkSpec other = network_spec(2);
    other.number = spec.number;
    refused(ApplyNetwork{other}, Code::conflict);
    EXPECT_EQ(network(ApplyNetwork{spec}).applied, fingerprint(spec));
}

TEST_P(DriverContract, AFrontStandsInItsNetworkUntilItIsRemoved) {
    const NetworkSpec inside = network_spec(1);
    FrontSpec spec;
    spec.id = {id("application", 1)};
    spec.network = inside.id;
    spec.network_number = inside.number;
    spec.name = "app";
    spec.address = parse_ipv4("100.96.0.1").value();
    spec.port = spec.target_port = 80;
    spec.check_path = "/";
    EXPECT_FALSE(front(LookFront{spec}).present);
    refused(ApplyFront{spec}, Code::conflict);
    network(ApplyNetwork{inside});
    const FrontSighting stands = front(ApplyFront{spec});
    EXPECT_TRUE(stands.present);
    EXPECT_EQ(stands.applied, fingerprint(spec));
    EXPECT_EQ(front(ApplyFront{spec}), stands);
    EXPECT_EQ(front(LookFront{spec}), stands);
    const RemoveFront gone{spec.id, spec.network, spec.network_number};
    EXPECT_FALSE(front(gone).present);
    EXPECT_FALSE(front(gone).present);
    EXPECT_FALSE(front(LookFront{spec}).present);
}

// ---- instances: launch -------------------------------------------------------------------------

TEST_P(DriverContract, WhatWasNeverHereIsOffAndMayBeEndedAndCleaned) {
    const model::InstanceId nobody{id("instance", 1)};
    for (const Effect& effect :
         {Effect{LookInstance{nobody}}, Effect{Kill{nobody}}, Effect{CleanInstance{nobody}}}) {
        const InstanceSighting seen = instance(effect);
        EXPECT_TRUE(seen.looked);
        EXPECT_FALSE(seen.alive);
        EXPECT_FALSE(seen.leftovers);
        EXPECT_FALSE(seen.ended);
    }
    EXPECT_TRUE(twin->driver().instances().value().empty());
}

TEST_P(DriverContract, ARunCarriesWhatItWasLaunchedWith) {
    const InstanceSpec made = launched("web-1");
    const InstanceSighting seen = look(made);
    EXPECT_TRUE(seen.looked);
    EXPECT_TRUE(seen.alive);
    EXPECT_EQ(seen.generation, made.generation);
    EXPECT_EQ(seen.wishes, made.wishes);
    EXPECT_EQ(seen.disks, made.disks);
    EXPECT_EQ(seen.run, RunState::running);
    EXPECT_GT(seen.pid, 0);
    EXPECT_FALSE(seen.leftovers);
    EXPECT_EQ(twin->driver().instances().value(), std::vector{made.id});
}

TEST_P(DriverContract, WhatRunsIsNeverLaunchedAgain) {
    InstanceSpec made = launched("web-1");
    const std::int64_t pid = look(made).pid;
    refused(Launch{made}, Code::conflict);
    ++made.generation;
    refused(Launch{made}, Code::conflict);
    EXPECT_EQ(look(made).pid, pid);
    EXPECT_EQ(look(made).generation, made.generation - 1);
}

TEST_P(DriverContract, AnOlderGenerationIsRefused) {
    InstanceSpec made = launched("web-1");
    instance(Kill{made.id});
    --made.generation;
    refused(Launch{made}, Code::conflict);
    made.generation += 2;
    EXPECT_EQ(instance(Launch{made}).generation, made.generation);
}

TEST_P(DriverContract, ALaunchThatLacksAVolumeOrRulesLeavesNothing) {
    InstanceSpec made = spec("web-1");
    made.disks.push_back({{id("volume", 99)}, 1});
    refused(Launch{made}, Code::not_found);
    EXPECT_FALSE(look(made).leftovers);
    made.disks.pop_back();
    const NetworkSpec inside = network_spec(1);
    const PortSpec& port = inside.ports[0];
    made.cards = {{port.id, inside.id, inside.number, port.mac, inside.mtu}};
    refused(Launch{made}, Code::conflict);
    EXPECT_FALSE(look(made).alive);
    EXPECT_FALSE(look(made).leftovers);
    network(ApplyNetwork{inside});
    EXPECT_TRUE(instance(Launch{made}).alive);
}

TEST_P(DriverContract, AVolumeIsOpenInOneInstanceAtATime) {
    const InstanceSpec first = launched("web-1");
    InstanceSpec second = spec("web-2");
    second.disks.push_back({first.disks[0].volume, 1});
    EXPECT_FALSE(twin->driver().run(Launch{second}).ok());
    EXPECT_FALSE(look(second).alive);
    second.disks.pop_back();
    instance(Launch{second});
    const DiskSpec open{first.disks[0].volume, 1};
    EXPECT_FALSE(twin->driver().run(AttachVolume{second, open, empty_volume(101)}).ok());
    EXPECT_TRUE(look(first).alive);
    EXPECT_EQ(look(first).disks, first.disks);
    EXPECT_EQ(look(second).disks, second.disks);
}

// ---- instances: while they run -----------------------------------------------------------------

TEST_P(DriverContract, WhatIsOffHearsNothing) {
    const InstanceSpec made = spec("web-1");
    refused(PowerDown{made.id}, Code::conflict);
    refused(Pause{made.id}, Code::conflict);
    refused(Resume{made.id}, Code::conflict);
    refused(Reset{made.id, 1}, Code::conflict);
    const VolumeSpec more = prepared(2);
    refused(AttachVolume{made, {more.id, 1}, more}, Code::conflict);
    EXPECT_FALSE(instance(DetachVolume{made, {more.id, 1}}).alive);
}

TEST_P(DriverContract, PausesResumesAndResetsHoweverOften) {
    const InstanceSpec made = launched("web-1");
    EXPECT_EQ(instance(Resume{made.id}).run, RunState::running);
    EXPECT_EQ(instance(Pause{made.id}).run, RunState::paused);
    EXPECT_EQ(instance(Pause{made.id}).run, RunState::paused);
    EXPECT_EQ(look(made).run, RunState::paused);
    EXPECT_EQ(instance(Resume{made.id}).run, RunState::running);
    const InstanceSighting reset = instance(Reset{made.id, 4});
    EXPECT_EQ(reset.wishes.resets, 4u);
    EXPECT_EQ(reset.wishes.starts, made.wishes.starts);
    EXPECT_EQ(reset.generation, made.generation);
    EXPECT_TRUE(reset.alive);
}

TEST_P(DriverContract, AVolumeIsAttachedAndDetachedOnce) {
    const InstanceSpec made = launched("web-1");
    const VolumeSpec more = empty_volume(2);
    const DiskSpec disk{more.id, 1};
    const std::vector<DiskSpec> both{made.disks[0], disk};
    refused(AttachVolume{made, disk, more}, Code::not_found);
    volume(PrepareVolume{more});
    EXPECT_EQ(instance(AttachVolume{made, disk, more}).disks, both);
    EXPECT_EQ(instance(AttachVolume{made, disk, more}).disks, both);
    // A guest that still boots does not let go.
    EXPECT_TRUE(twin->wait([&] { return twin->driver().run(DetachVolume{made, disk}).ok(); }));
    EXPECT_EQ(instance(DetachVolume{made, disk}).disks, made.disks);
}

// ---- instances: ends ---------------------------------------------------------------------------

TEST_P(DriverContract, AKilledRunIsOverAndLeavesSomethingUntilItIsCleaned) {
    const InstanceSpec made = launched("web-1");
    refused(CleanInstance{made.id}, Code::conflict);
    EXPECT_TRUE(look(made).alive);
    for (int times = 0; times < 2; ++times) {
        const InstanceSighting ended = instance(Kill{made.id});
        EXPECT_FALSE(ended.alive);
        EXPECT_EQ(ended.ended, Ending::killed);
        EXPECT_TRUE(ended.leftovers);
        EXPECT_EQ(ended.generation, made.generation);
        EXPECT_EQ(ended.wishes, made.wishes);
        EXPECT_TRUE(ended.disks.empty());
    }
    EXPECT_EQ(twin->driver().instances().value(), std::vector{made.id});
    EXPECT_FALSE(instance(CleanInstance{made.id}).leftovers);
    EXPECT_FALSE(instance(CleanInstance{made.id}).leftovers);
    EXPECT_TRUE(twin->driver().instances().value().empty());
    EXPECT_TRUE(volume(PrepareVolume{empty_volume(101)}).present) << "its volumes stay";
}

TEST_P(DriverContract, ARunThatEndsOnItsOwnIsTold) {
    const InstanceSpec made = launched("web-1");
    twin->crash(made.id);
    EXPECT_TRUE(twin->wait([&] {
        return heard(made.id, [&](const InstanceSighting& seen) {
            return !seen.alive && seen.ended == Ending::crashed &&
                   seen.generation == made.generation;
        });
    }));
    EXPECT_EQ(look(made).ended, Ending::crashed);
    EXPECT_TRUE(look(made).leftovers);
    EXPECT_TRUE(instance(Launch{made}).alive) << "also before anybody cleaned";
}

TEST_P(DriverContract, AGuestObeysTheButtonOnceItHasBooted) {
    const InstanceSpec made = launched("web-1");
    EXPECT_TRUE(instance(PowerDown{made.id}).alive) << "nobody waits for it";
    EXPECT_TRUE(twin->wait([&] {
        (void)twin->driver().run(PowerDown{made.id});
        return heard(made.id, [](const InstanceSighting& seen) { return !seen.alive; });
    }));
    EXPECT_EQ(look(made).ended, Ending::guest_off);
    EXPECT_TRUE(look(made).leftovers);
}

}  // namespace vdc::sim
