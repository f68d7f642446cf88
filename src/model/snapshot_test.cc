#include "model/snapshot.h"

#include <rapidcheck/gtest.h>

#include "model/story_test_util.h"
#include "model/world_test_util.h"
#include "model/writer.h"

namespace vdc::model {
namespace {

using testing::Story;
using testing::World;

// ---- indices, hashes, replay -------------------------------------------------------------------

RC_GTEST_PROP(Snapshot, IndicesAreAsRebuiltAfterAnyChanges, (std::uint64_t seed)) {
    Story story(seed);
    story.next(static_cast<std::size_t>(*rc::gen::inRange(1, 150)));
    const Snapshot& told = story.snapshot();
    Snapshot rebuilt;
    for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : told.all<R>()) Writer{rebuilt}.put(*record);
    });
    RC_ASSERT(same_indices(told, rebuilt));
    RC_ASSERT(hash_of(told) == hash_of(rebuilt));
}

RC_GTEST_PROP(Snapshot, ALogThatIsReplayedMakesTheSameDatacenter, (std::uint64_t seed)) {
    Story story(seed);
    Snapshot replayed;
    for (const CommitPtr& commit : story.next(static_cast<std::size_t>(*rc::gen::inRange(1, 80)))) {
        const auto read = commit_from_json(to_json(*commit));
        RC_ASSERT(read.ok());
        RC_ASSERT(replay(replayed, *read).ok());
    }
    RC_ASSERT(hash_of(replayed) == hash_of(story.snapshot()));
    RC_ASSERT(same_indices(replayed, story.snapshot()));
    RC_ASSERT(replayed.revision == story.snapshot().revision);
    RC_ASSERT(replayed.committed == story.snapshot().committed);
}

RC_GTEST_PROP(Snapshot, AStoryBreaksNoInvariantButCapacity, (std::uint64_t seed)) {
    Story story(seed);
    story.next(100);
    for (const std::string& finding : check(story.snapshot()))
        RC_ASSERT(finding.find("more claimed than it may") != std::string::npos ||
                  finding.find("address") != std::string::npos ||
                  finding.find("number of network") != std::string::npos);
}

TEST(Snapshot, ALogWithAGapIsRefused) {
    Story story(1);
    const auto commits = story.next(3);
    Snapshot snapshot;
    ASSERT_TRUE(replay(snapshot, *commits[0]).ok());
    const auto gap = replay(snapshot, *commits[2]);
    ASSERT_FALSE(gap.ok());
    EXPECT_EQ(gap.error().code, base::Error::Code::corrupt);
}

class InSnapshot : public ::testing::Test, public World {};

TEST_F(InSnapshot, CopiesAreIndependent) {
    Snapshot copy = snapshot;
    must(declare<Network>(network, [](auto& d) { d.nat = false; }));
    EXPECT_TRUE(copy.get<Network>(network).declared.nat);
    EXPECT_NE(hash_of(copy), hash_of(snapshot));
    ASSERT_TRUE(model::apply(copy, Forget<Port>{port}).ok());
    EXPECT_NE(snapshot.find<Port>(port), nullptr);
}

TEST_F(InSnapshot, TheHashIsOfTheRecordsAndNotOfTheWayThere) {
    const base::Hash128 before = hash_of(snapshot);
    must(declare<Project>(project, [](auto& d) { d.description = "x"; }));
    EXPECT_NE(hash_of(snapshot), before);
    must(declare<Project>(project, [](auto& d) { d.description = ""; }));
    EXPECT_EQ(hash_of(snapshot), before);
}

TEST_F(InSnapshot, NamesAreSortedAndOfOneKindAndProject) {
    must(create<Network>({{6, 2}}, project, "alpha", net("10.1.0.0/24")));
    must(create<Network>({{6, 3}}, other_project, "other", net("10.2.0.0/24")));
    EXPECT_EQ(snapshot.names(Noun::network, project), (std::vector<std::string>{"alpha", "net"}));
    EXPECT_TRUE(snapshot.names(Noun::network, {}).empty());
    EXPECT_EQ(snapshot.named<Network>(other_project, "net"), nullptr);
    EXPECT_EQ(snapshot.named<Image>({}, "tiny")->id, image);
}

TEST_F(InSnapshot, LinksFollowTheRecords) {
    EXPECT_EQ(snapshot.linked(Link::instance_volume, instance.value),
              std::vector<base::Uuid>{root.value});
    EXPECT_EQ(snapshot.unplaced(9), std::vector<InstanceId>{instance});
    must(place(host));
    EXPECT_TRUE(snapshot.unplaced(9).empty());
    EXPECT_EQ(snapshot.linked(Link::host_instance, host.value),
              std::vector<base::Uuid>{instance.value});
    EXPECT_EQ(snapshot.linked_records<Port>(Link::network_port, network.value).front()->name,
              "web-1-0");
    EXPECT_TRUE(snapshot.has_linked(Link::image_application, image.value));
    OperationDeclared about;
    about.subject = instance.value;
    must(create<Operation>({{12, 1}}, project, "op", about));
    EXPECT_TRUE(snapshot.has_linked(Link::subject_operation, instance.value));
    must(observe<Operation>({{12, 1}}, [](auto& o) { o.phase = OperationPhase::done; }));
    EXPECT_FALSE(snapshot.has_linked(Link::subject_operation, instance.value));
    EXPECT_TRUE(snapshot.has_linked(Link::finished_operation, {}));
}

TEST_F(InSnapshot, WhoWaitsForAHostWaitsInTheOrderOfImportance) {
    const auto add = [&](std::uint64_t number, std::int64_t priority) {
        InstanceDeclared declared = an_instance();
        declared.priority = priority;
        must(create<Instance>({{7, number}}, project, "i" + std::to_string(number), declared));
    };
    add(2, 10);
    add(3, 100);
    add(4, 99);
    EXPECT_EQ(snapshot.unplaced(9),
              (std::vector<InstanceId>{{{7, 1}}, {{7, 3}}, {{7, 4}}, {{7, 2}}}));
    EXPECT_EQ(snapshot.unplaced(2), (std::vector<InstanceId>{{{7, 1}}, {{7, 3}}}));
}

TEST_F(InSnapshot, WhatLiesInASharedPoolTakesNoDiskOfAHost) {
    must(claim<Volume>(root, [&](auto& c) {
        c = {host, 1};
        c.storage = StorageKind::shared_folder;
    }));
    EXPECT_EQ(snapshot.claimed(host), Resources{});
}

TEST_F(InSnapshot, UsageCountsWhatAProjectHas) {
    const Snapshot::Usage usage = snapshot.usage(project);
    EXPECT_EQ(usage.instances, 1);
    EXPECT_EQ(usage.volumes, 2);
    EXPECT_EQ(usage.resources, (Resources{{1}, {512}, {2000}}));
    EXPECT_EQ(snapshot.usage(other_project), Snapshot::Usage{});
}

TEST_F(InSnapshot, AHostGivesProcessorsWhileItIsClaimedAndDiskForGood) {
    must(place(host));
    must(claim<Volume>(root, [&](auto& c) { c = {host, 1}; }));
    EXPECT_EQ(snapshot.claimed(host), (Resources{{1}, {512}, {1000}}));
    must(declare<Instance>(instance, [](auto& d) { d.power = Power::off; }));
    EXPECT_EQ(snapshot.claimed(host), (Resources{{1}, {512}, {1000}})) << "it may still run";
    must(ended());
    must(claim<Instance>(instance, [](auto& c) { c.host.reset(); }));
    EXPECT_EQ(snapshot.claimed(host), (Resources{{}, {}, {1000}}));
}

// ---- wanted power ------------------------------------------------------------------------------

Power wanted(Power declared, Restart restart, RunEnd ended, std::uint64_t starts_later) {
    Instance instance;
    instance.declared.power = declared;
    instance.declared.restart = restart;
    instance.declared.starts = starts_later;
    instance.observed.phase = InstancePhase::stopped;
    instance.observed.ended = ended;
    return wanted_power(instance);
}

TEST(WantedPower, IsWhatIsDeclaredExceptForGuestsThatEndedAsTheirRestartRuleSays) {
    using R = Restart;
    using E = RunEnd;
    constexpr Power on = Power::on, off = Power::off;
    EXPECT_EQ(wanted(on, R::always, E::guest_off, 0), on);
    EXPECT_EQ(wanted(on, R::always, E::crashed, 0), on);
    EXPECT_EQ(wanted(on, R::on_failure, E::guest_off, 0), off);
    EXPECT_EQ(wanted(on, R::on_failure, E::crashed, 0), on);
    EXPECT_EQ(wanted(on, R::on_failure, E::killed, 0), on);
    EXPECT_EQ(wanted(on, R::never, E::guest_off, 0), off);
    EXPECT_EQ(wanted(on, R::never, E::crashed, 0), off);
    EXPECT_EQ(wanted(on, R::never, E::none, 0), on);
    EXPECT_EQ(wanted(on, R::never, E::crashed, 1), on) << "it was started again since";
    EXPECT_EQ(wanted(off, R::always, E::crashed, 1), off);
    EXPECT_EQ(wanted(Power::paused, R::always, E::crashed, 0), Power::paused);
}

TEST(WantedPower, HeedsNoEndOfAnEarlierClaim) {
    Instance instance;
    instance.declared.restart = Restart::never;
    instance.observed.phase = InstancePhase::stopped;
    instance.observed.ended = RunEnd::guest_off;
    EXPECT_EQ(wanted_power(instance), Power::off);
    instance.claimed.generation = 1;
    EXPECT_EQ(wanted_power(instance), Power::on);
}

TEST(WantedPower, IsOffWhileItIsBeingDeleted) {
    Instance instance;
    EXPECT_EQ(wanted_power(instance), Power::on);
    instance.deleting = true;
    EXPECT_EQ(wanted_power(instance), Power::off);
}

// ---- check -------------------------------------------------------------------------------------

/// Plants a change past apply(), as a bug of ours would.
template <class R, class Edit>
void plant(Snapshot& snapshot, typename R::Id id, Edit edit) {
    R record = snapshot.get<R>(id);
    edit(record);
    Writer{snapshot}.put(std::move(record));
}

class Check : public InSnapshot {
  protected:
    std::string only_finding() {
        const auto found = check(snapshot);
        EXPECT_EQ(found.size(), 1u) << ::testing::PrintToString(found);
        return found.empty() ? "" : found.front();
    }
};

TEST_F(Check, FindsNothingInASoundDatacenter) {
    must(place(host));
    EXPECT_EQ(check(snapshot), std::vector<std::string>{});
}

TEST_F(Check, FindsReferencesToWhatIsMissing) {
    Writer{snapshot}.take<Image>(image);
    const auto found = check(snapshot);
    EXPECT_EQ(found.size(), 4u) << "two volumes, an instance, an application";
    EXPECT_EQ(found.front(), "volume web-1-root refers to a missing image " + text(image));
}

TEST_F(Check, FindsEachKindOfBrokenReference) {
    const auto broken = [&]<class R>(std::type_identity<R>, typename R::Id id, auto edit) {
        const Snapshot before = snapshot;
        plant<R>(snapshot, id, edit);
        EXPECT_NE(only_finding().find("refers to a missing"), std::string::npos);
        snapshot = before;
    };
    constexpr base::Uuid none{99, 99};
    broken(std::type_identity<Port>{}, port, [&](Port& r) { r.declared.network = {none}; });
    broken(std::type_identity<Port>{}, port, [&](Port& r) { r.declared.instance = {{none}}; });
    broken(std::type_identity<Volume>{}, volume, [&](Volume& r) { r.claimed.host = {{none}}; });
    broken(std::type_identity<Volume>{}, volume,
           [&](Volume& r) { r.declared.instance = {{none}}; });
    broken(std::type_identity<VolumeSnapshot>{}, kept,
           [&](VolumeSnapshot& r) { r.declared.volume = {none}; });
    broken(std::type_identity<Instance>{}, instance,
           [&](Instance& r) { r.declared.key = {{none}}; });
    broken(std::type_identity<Instance>{}, instance,
           [&](Instance& r) { r.declared.application = {{none}}; });
    broken(std::type_identity<Instance>{}, instance,
           [&](Instance& r) { r.claimed.host = {{none}}; });
    broken(std::type_identity<Image>{}, image, [&](Image& r) { r.claimed.host = {{none}}; });
    broken(std::type_identity<Application>{}, application,
           [&](Application& r) { r.declared.instance.network = {none}; });
    broken(std::type_identity<Image>{}, image, [&](Image& r) { r.project = {none}; });
}

TEST_F(Check, FindsNamesAddressesAndNumbersThatAreGivenTwice) {
    must(create<KeyPair>({{4, 2}}, project, "other", {"ssh-ed25519 AAAA"}));
    plant<KeyPair>(snapshot, {{4, 2}}, [](KeyPair& r) { r.name = "mine"; });
    EXPECT_EQ(only_finding(), "the name of key pair mine is given twice");
}

TEST_F(Check, FindsAddressesGivenTwiceOrOutsideOfTheirNetwork) {
    PortDeclared card;
    card.network = network;
    must(create<Port>({{10, 2}}, project, "p2", card));
    const auto at = [&](PortId id, const char* address) {
        must(claim<Port>(id, [&](auto& c) { c.address = base::parse_ipv4(address).value(); }));
    };
    at(port, "10.20.0.5");
    at({{10, 2}}, "10.20.0.6");
    EXPECT_TRUE(check(snapshot).empty());
    at({{10, 2}}, "10.20.0.5");
    EXPECT_EQ(only_finding(), "address 10.20.0.5 of port p2 is given twice");
    at({{10, 2}}, "10.21.0.5");
    EXPECT_EQ(only_finding(), "port p2 has an address outside of its network");
}

TEST_F(Check, FindsNetworkNumbersAndFrontAddressesGivenTwice) {
    must(create<Network>({{6, 2}}, project, "second", net("10.1.0.0/24")));
    must(claim<Network>(network, [](auto& c) { c.number = 7; }));
    must(claim<Network>({{6, 2}}, [](auto& c) { c.number = 7; }));
    EXPECT_EQ(only_finding(), "number of network second is given twice");
    must(claim<Network>({{6, 2}}, [](auto& c) { c.number = 8; }));
    must(create<Application>({{11, 2}}, project, "second", an_application()));
    must(claim<Application>(application, [](auto& c) { c.address = {1}; }));
    must(claim<Application>({{11, 2}}, [](auto& c) { c.address = {1}; }));
    EXPECT_EQ(only_finding(), "front address of second is given twice");
}

TEST_F(Check, FindsMoreClaimsThanAHostHas) {
    must(declare<Host>(host, [](auto& d) {
        d.cpu_overcommit = 1000;
        d.memory_kept = {0};
    }));
    must(declare<Instance>(instance, [](auto& d) {
        d.vcpus = {4};
        d.memory = {8192};
    }));
    must(place(host));
    EXPECT_TRUE(check(snapshot).empty()) << "it fits exactly";
    must(observe<Host>(host, [](auto& o) { o.capacity.memory = {8191}; }));
    EXPECT_EQ(only_finding(), "host h1 has more claimed than it may");
    must(declare<Host>(host, [](auto& d) { d.memory_overcommit = 2000; }));
    EXPECT_TRUE(check(snapshot).empty());
}

TEST_F(Check, FindsUsageAboveQuota) {
    plant<Project>(snapshot, project, [](Project& p) { p.declared.volumes_max = 1; });
    EXPECT_EQ(only_finding(), "project blue uses more than its quota");
}

TEST_F(Check, FindsAGenerationThatWasSeenButNeverClaimed) {
    plant<Instance>(snapshot, instance, [](Instance& i) { i.observed.generation = 1; });
    EXPECT_EQ(only_finding(), "instance web-1 was seen in a generation that was never claimed");
}

TEST_F(Check, WhatMayBeClaimedIsCapacityTimesOvercommitWithoutWhatIsKept) {
    const Resources most = claimable(snapshot.get<Host>(host));
    EXPECT_EQ(most, (Resources{{32}, {8192 - 512}, {100'000}}));
}

TEST_F(Check, ATakenNameIsNotForgottenWithItsOldOwner) {
    // A stored snapshot may bring the new owner of a name before the end of the old one.
    KeyPair again = snapshot.get<KeyPair>(key);
    again.id = {{4, 7}};
    Writer{snapshot}.put(again);
    Writer{snapshot}.take<KeyPair>(key);
    EXPECT_EQ(snapshot.named<KeyPair>(project, "mine")->id, again.id);
}

}  // namespace
}  // namespace vdc::model
