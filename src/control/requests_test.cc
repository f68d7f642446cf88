#include "control/requests.h"

#include "control/registration.h"
#include "control/requests_test_util.h"
#include "model/apply.h"
#include "model/places.h"

namespace vdc::control {

using base::Error;
using model::Goal;
using model::Instance;
using model::Noun;
using model::OperationPhase;
using model::Power;
using model::Volume;
using testing::Datacenter;
using testing::json;

static std::string refusal(const auto& result) {
    return result.ok() ? "it was accepted" : base::text(result.error());
}

// ---- create ------------------------------------------------------------------------------------

TEST(Create, MakesAnInstanceItsRootVolumeItsPortAndAnOperation) {
    Datacenter dc;
    const Decision decision =
        dc.create(Noun::instance, R"({"name": "web-1", "flavor": "small", "image": "tiny"})");
    const auto& instance = dc.named<Instance>("web-1");
    EXPECT_EQ(decision.subject, instance.subject());
    EXPECT_EQ(instance.declared.memory, model::MiB{512});
    EXPECT_EQ(dc.named<Volume>("web-1-root").declared.size, model::MiB{1024});
    EXPECT_EQ(dc.named<model::Port>("web-1-port0").declared.network,
              dc.named<model::Network>("default").id);
    EXPECT_EQ(dc.operation(decision).declared.goal, Goal::running);
    EXPECT_EQ(dc.operation(decision).observed.phase, OperationPhase::running);
    EXPECT_EQ(decision.steps.front().reason, "admin asked for it: create instance web-1");
}

TEST(Create, TakesReferencesByIdAsWellAsByName) {
    Datacenter dc;
    const std::string image = text(dc.named<model::Image>("tiny").id);
    const auto decision =
        create(dc.snapshot, dc.ask(), Noun::instance,
               json(R"({"name": "a", "flavor": "small", "image": ")" + image + R"("})"));
    EXPECT_TRUE(decision.ok()) << refusal(decision);
}

TEST(Create, OfWhatIsDoneWhenWrittenDownIsBornDone) {
    Datacenter dc;
    const Decision decision = dc.create(Noun::flavor, R"({"name": "huge", "vcpus": 64})");
    EXPECT_EQ(dc.operation(decision).observed.phase, OperationPhase::done);
    EXPECT_EQ(dc.operation(decision).declared.goal, Goal::exists);
}

TEST(Create, NamesWhatIsMissingAndWhatMayHaveBeenMeant) {
    Datacenter dc;
    const auto asked = [&](Noun noun, const char* body) {
        return refusal(create(dc.snapshot, dc.ask(), noun, json(body)));
    };
    EXPECT_EQ(asked(Noun::instance, R"({"name": "a", "flavor": "smal", "image": "tiny"})"),
              "there is no flavor 'smal'; did you mean 'small'?; `vdc flavor list` shows those "
              "there are");
    EXPECT_EQ(asked(Noun::instance, R"({"name": "a", "flavor": "small", "image": "tinny"})"),
              "'image': there is no image 'tinny'; did you mean 'tiny'?; `vdc image list` shows "
              "those there are");
    EXPECT_EQ(asked(Noun::instance, R"({"name": "a", "flavor": "small"})"),
              "'image' is missing; `vdc image list` shows those there are");
    EXPECT_EQ(asked(Noun::instance, R"({"flavor": "small", "image": "tiny"})"),
              "'name' is missing; every thing has a name, for example \"web-1\"");
    EXPECT_EQ(
        asked(Noun::application, R"({"name": "a", "template": {"flavor": "small", "image": "x"}})"),
        "'template.image': there is no image 'x'; `vdc image list` shows those there are");
    EXPECT_EQ(asked(Noun::volume, R"({"name": "a", "size": "10GB"})").substr(0, 6), "'size'");
    EXPECT_EQ(asked(Noun::volume, R"({"name": "a"})"), "'size' is missing; for example \"10GiB\"");
    EXPECT_EQ(
        asked(Noun::volume, R"({"name": "a", "sizes": "10GiB", "size": "1GiB"})"),
        "'sizes' is not known here; did you mean 'size'?; known are name, project, size, image, "
        "instance, delete_with_instance, pool");
    EXPECT_EQ(asked(Noun::flavor, R"({"name": "A B"})").substr(0, 26),
              "'A B' cannot name a flavor");
    EXPECT_EQ(asked(Noun::network, R"({"name": "n", "project": "nobody"})"),
              "there is no project 'nobody'; `vdc project list` shows those there are");
    EXPECT_EQ(asked(Noun::flavor, R"({"name": "f", "project": "default"})"),
              "'project' is not known here: a flavor belongs to the datacenter");
}

TEST(Create, NamesWhatIsUnknownBeforeWhatIsMissing) {
    Datacenter dc;
    const auto asked = [&](Noun noun, const char* body) {
        const std::string said = refusal(create(dc.snapshot, dc.ask(), noun, json(body)));
        return said.substr(0, said.find("; known are"));
    };
    EXPECT_EQ(asked(Noun::instance, R"({"name": "a", "image": "tiny", "flavour": "small"})"),
              "'flavour' is not known here; did you mean 'flavor'?");
    EXPECT_EQ(asked(Noun::instance, R"({"nam": "a"})"),
              "'nam' is not known here; did you mean 'name'?");
    EXPECT_EQ(asked(Noun::instance, R"({"name": "a", "netwrok": "default"})"),
              "'netwrok' is not known here; did you mean 'network'?");
    EXPECT_EQ(asked(Noun::application, R"({"name": "a", "template": {"flavr": "small"}})"),
              "'template.flavr' is not known here; did you mean 'flavor'?");
    EXPECT_EQ(asked(Noun::application, R"({"name": "a", "front": {"prt": 80}})"),
              "'front.prt' is not known here; did you mean 'port'?");
    EXPECT_EQ(asked(Noun::volume, R"({"name": "a", "slot": 3, "size": "1GiB"})"),
              "'slot' is set by the datacenter and cannot be given");
}

TEST(Create, TakesTheOneNetworkOfAnInstanceUnderItsOwnName) {
    Datacenter dc;
    dc.create(Noun::network, R"({"name": "back"})");
    dc.create(Noun::instance,
              R"({"name": "a", "flavor": "small", "image": "tiny", "network": "back"})");
    EXPECT_EQ(dc.named<model::Port>("a-port0").declared.network,
              dc.named<model::Network>("back").id);
    const auto both = create(dc.snapshot, dc.ask(), Noun::instance,
                             json(R"({"name": "b", "flavor": "small", "image": "tiny",
                                      "network": "back", "networks": ["default"]})"));
    EXPECT_EQ(refusal(both),
              "'network' and 'networks' are both given; 'networks' alone names all of them");
    const auto missing = create(dc.snapshot, dc.ask(), Noun::instance,
                                json(R"({"name": "b", "flavor": "small", "image": "tiny",
                                         "network": "bak"})"));
    EXPECT_EQ(refusal(missing).substr(0, 61),
              "'networks': there is no network 'bak'; did you mean 'back'?; ");
}

TEST(Update, OfAnInstanceSaysWhatCannotChangeAndGrowsItsDisk) {
    Datacenter dc;
    dc.create(Noun::instance, R"({"name": "a", "flavor": "small", "image": "tiny"})");
    const auto asked = [&](const char* patch) {
        return refusal(update(dc.snapshot, dc.ask(), Noun::instance, "a", json(patch)));
    };
    EXPECT_EQ(asked(R"({"network": "default"})"), "it was accepted");
    dc.create(Noun::network, R"({"name": "back"})");
    EXPECT_EQ(asked(R"({"network": "back"})"),
              "'networks' cannot change after creation; it is default; make a new instance with "
              "the value wanted");
    EXPECT_EQ(asked(R"({"address": "10.20.0.77"})").substr(0, 41),
              "'address' cannot change after creation; i");
    EXPECT_EQ(asked(R"({"flavor": "large"})"),
              "'flavor' cannot change after creation; make a new one with the value wanted");
    dc.must(update(dc.snapshot, dc.ask(), Noun::instance, "a", json(R"({"disk": "2GiB"})")));
    EXPECT_EQ(dc.named<Volume>("a-root").declared.size, model::MiB{2048});
}

TEST(Create, GivesANetworkItsDomainAndAFreeRange) {
    Datacenter dc;
    dc.create(Noun::network, R"({"name": "back"})");
    const auto& network = dc.named<model::Network>("back");
    EXPECT_EQ(network.declared.domain, "back.internal");
    EXPECT_EQ(text(network.declared.range), "10.21.0.0/24");
}

TEST(Create, GivesAVolumeTheSizeOfItsImage) {
    Datacenter dc;
    dc.create(Noun::volume, R"({"name": "v", "image": "tiny"})");
    EXPECT_EQ(dc.named<Volume>("v").declared.size, model::MiB{100});
}

TEST(Create, RefusesAnAddressThatIsTakenOrOutside) {
    Datacenter dc;
    const char* first =
        R"({"name": "a", "flavor": "small", "image": "tiny", "address": "10.20.0.9"})";
    dc.create(Noun::instance, first);
    const auto refused = [&](const char* address) {
        testing::Json body = json(first);
        body.set("name", "b");
        body.set("address", address);
        return refusal(create(dc.snapshot, dc.ask(), Noun::instance, body));
    };
    EXPECT_EQ(refused("10.20.0.9").substr(0, 54),
              "'address': 10.20.0.9 belongs to port 'a-port0'; take a");
    EXPECT_EQ(refused("10.20.0.1"),
              "'address': 10.20.0.1 is not for instances of network 'default'; take one from "
              "10.20.0.2 to 10.20.0.254");
}

TEST(Create, SeesNothingOfOtherProjects) {
    Datacenter dc;
    dc.create(Noun::network, R"({"name": "secret", "project": "other"})");
    const auto decision =
        create(dc.snapshot, dc.ask(), Noun::instance,
               json(R"({"name":"a","flavor":"small","image":"tiny","networks":["secret"]})"));
    EXPECT_EQ(decision.error().code, Error::Code::not_found);
}

// ---- idempotency -------------------------------------------------------------------------------

TEST(AKey, FindsTheEarlierOperationOfTheSameRequest) {
    Datacenter dc;
    const Ask ask = dc.ask("key-1");
    const auto body = json(R"({"name": "v", "size": "1GiB"})");
    const Decision first = dc.must(create(dc.snapshot, ask, Noun::volume, body));
    const auto second = create(dc.snapshot, ask, Noun::volume, body);
    ASSERT_TRUE(second.ok()) << refusal(second);
    EXPECT_TRUE(second->earlier);
    EXPECT_TRUE(second->steps.empty());
    EXPECT_EQ(second->operation, first.operation);
    EXPECT_EQ(second->subject, first.subject);
}

TEST(AKey, OfAnotherRequestIsRefused) {
    Datacenter dc;
    dc.must(create(dc.snapshot, dc.ask("key-1"), Noun::volume,
                   json(R"({"name": "v", "size": "1GiB"})")));
    const auto second = create(dc.snapshot, dc.ask("key-1"), Noun::volume,
                               json(R"({"name": "w", "size": "1GiB"})"));
    EXPECT_EQ(second.error().code, Error::Code::conflict);
}

TEST(AKey, AnswersADeletionAgainAfterTheEnd) {
    Datacenter dc;
    dc.create(Noun::flavor, R"({"name": "f"})");
    const Ask ask = dc.ask("key-1");
    const Decision first = dc.must(remove(dc.snapshot, ask, Noun::flavor, "f"));
    const auto second = remove(dc.snapshot, ask, Noun::flavor, "f");
    ASSERT_TRUE(second.ok()) << refusal(second);
    EXPECT_EQ(second->operation, first.operation);
}

// ---- update ------------------------------------------------------------------------------------

static const char* const app =
    R"({"name": "hello", "replicas": 2, "template": {"flavor": "small", "image": "tiny"},
        "front": {"port": 80, "target_port": 8080}})";

TEST(Update, MergesNestedMembers) {
    Datacenter dc;
    dc.create(Noun::application, app);
    dc.must(update(dc.snapshot, dc.ask(), Noun::application, "hello",
                   json(R"({"template": {"flavor": "large"}, "front": {"protocol": "tcp"}})")));
    const auto& declared = dc.named<model::Application>("hello").declared;
    EXPECT_EQ(declared.instance.flavor, "large");
    EXPECT_EQ(declared.instance.image, dc.named<model::Image>("tiny").id);
    EXPECT_EQ(declared.front->target_port, 8080);
    EXPECT_EQ(declared.front->protocol, model::Protocol::tcp);
}

TEST(Update, TakesAwayWhatIsNull) {
    Datacenter dc;
    dc.create(Noun::application, app);
    dc.must(update(dc.snapshot, dc.ask(), Noun::application, "hello", json(R"({"front": null})")));
    EXPECT_FALSE(dc.named<model::Application>("hello").declared.front.has_value());
}

TEST(Update, ThatChangesNothingIsBornDone) {
    Datacenter dc;
    dc.create(Noun::application, app);
    const Decision decision = dc.must(
        update(dc.snapshot, dc.ask(), Noun::application, "hello", json(R"({"replicas": 2})")));
    EXPECT_EQ(decision.steps.size(), 1u);
    EXPECT_EQ(dc.operation(decision).observed.phase, OperationPhase::done);
}

TEST(Update, RefusesWhatIsFixedAndWhatIsComputed) {
    Datacenter dc;
    dc.create(Noun::instance, R"({"name": "a", "flavor": "small", "image": "tiny"})");
    const auto patched = [&](const char* patch) {
        return refusal(update(dc.snapshot, dc.ask(), Noun::instance, "a", json(patch)));
    };
    EXPECT_EQ(patched(R"({"flavor": "large"})").substr(0, 37),
              "'flavor' cannot change after creation");
    EXPECT_EQ(patched(R"({"starts": 7})"), "'starts' is set by the datacenter and cannot be given");
    EXPECT_EQ(patched(R"({"name": "b"})").substr(0, 35), "'name' cannot change after creation");
}

// ---- power -------------------------------------------------------------------------------------

class Running : public ::testing::Test {
  protected:
    Running() { dc.create(Noun::instance, R"({"name":"a","flavor":"small","image":"tiny"})"); }
    const model::InstanceDeclared& declared() { return dc.named<Instance>("a").declared; }
    Decision ask(PowerVerb verb, Force force = Force::soft) {
        return dc.must(power(dc.snapshot, dc.ask(), "a", verb, force));
    }
    Datacenter dc;
};

TEST_F(Running, StopsSoftlyOrHardAndStartsAgain) {
    ask(PowerVerb::stop);
    EXPECT_EQ(declared().power, Power::off);
    EXPECT_FALSE(declared().stop_hard);
    ask(PowerVerb::stop, Force::hard);
    EXPECT_TRUE(declared().stop_hard);
    const Decision start = ask(PowerVerb::start);
    EXPECT_EQ(declared().power, Power::on);
    EXPECT_FALSE(declared().stop_hard);
    EXPECT_EQ(declared().starts, 2u);
    EXPECT_EQ(dc.operation(start).declared.goal, Goal::running);
    EXPECT_EQ(dc.operation(start).declared.count, 2u);
}

TEST_F(Running, StartsAGuestThatPoweredItselfOff) {
    model::InstanceClaimed claimed;
    claimed.generation = 1;
    model::InstanceObserved observed;
    observed.generation = 1;
    observed.phase = model::InstancePhase::stopped;
    observed.ended = model::RunEnd::guest_off;
    observed.starts = 1;
    const auto id = dc.named<Instance>("a").id;
    dc.apply(
        {{model::Claim<Instance>{id, claimed}, ""}, {model::Observe<Instance>{id, observed}, ""}});
    ask(PowerVerb::start);
    EXPECT_EQ(declared().starts, 2u);
}

TEST_F(Running, CountsRebootsAndResets) {
    const Decision soft = ask(PowerVerb::reboot);
    EXPECT_EQ(dc.operation(soft).declared.goal, Goal::rebooted);
    EXPECT_EQ(dc.operation(soft).declared.count, 1u);
    const Decision hard = ask(PowerVerb::reboot, Force::hard);
    EXPECT_EQ(dc.operation(hard).declared.goal, Goal::reset);
    EXPECT_EQ(declared().resets, 1u);
    ask(PowerVerb::reset);
    EXPECT_EQ(declared().resets, 2u);
}

TEST_F(Running, PausesAndResumes) {
    ask(PowerVerb::pause);
    EXPECT_EQ(declared().power, Power::paused);
    const Decision resumed = ask(PowerVerb::resume);
    EXPECT_EQ(declared().power, Power::on);
    EXPECT_EQ(declared().starts, 1u);
    EXPECT_EQ(dc.operation(resumed).declared.goal, Goal::running);
}

TEST_F(Running, WhenOffTakesNoRebootResetPauseOrResume) {
    ask(PowerVerb::stop);
    for (const auto verb :
         {PowerVerb::reboot, PowerVerb::reset, PowerVerb::pause, PowerVerb::resume}) {
        const auto refused = power(dc.snapshot, dc.ask(), "a", verb, Force::soft);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, Error::Code::conflict);
    }
}

// ---- storage -----------------------------------------------------------------------------------

TEST_F(Running, TakesVolumesInFreePlacesAndGivesThemBack) {
    dc.create(Noun::volume, R"({"name": "v", "size": "1GiB"})");
    dc.create(Noun::volume, R"({"name": "w", "size": "1GiB"})");
    dc.must(attach(dc.snapshot, dc.ask(), "v", "a"));
    const Decision second = dc.must(attach(dc.snapshot, dc.ask(), "w", "a"));
    EXPECT_EQ(dc.named<Volume>("v").declared.slot, 1);
    EXPECT_EQ(dc.named<Volume>("w").declared.slot, 2);
    EXPECT_EQ(dc.operation(second).declared.goal, Goal::attached);
    dc.must(detach(dc.snapshot, dc.ask(), "v"));
    EXPECT_FALSE(dc.named<Volume>("v").declared.instance.has_value());
    dc.must(attach(dc.snapshot, dc.ask(), "v", "a"));
    EXPECT_EQ(dc.named<Volume>("v").declared.slot, 1);
    const auto again = dc.must(attach(dc.snapshot, dc.ask(), "v", "a"));
    EXPECT_EQ(dc.operation(again).observed.phase, OperationPhase::done);
}

TEST(Grow, WaitsForTheSizeAndNeverShrinks) {
    Datacenter dc;
    dc.create(Noun::volume, R"({"name": "v", "size": "2GiB"})");
    const Decision grown = dc.must(grow(dc.snapshot, dc.ask(), "v", {3072}));
    EXPECT_EQ(dc.operation(grown).declared.goal, Goal::grown);
    const auto shrunk = grow(dc.snapshot, dc.ask(), "v", {1024});
    ASSERT_TRUE(shrunk.ok());
    EXPECT_FALSE(model::apply(dc.snapshot, shrunk->steps.front().change).ok());
}

TEST(Revert, NeedsAReadySnapshotOfThisVolume) {
    Datacenter dc;
    dc.create(Noun::volume, R"({"name": "v", "size": "2GiB"})");
    dc.create(Noun::volume, R"({"name": "w", "size": "2GiB"})");
    const Decision taken = dc.create(Noun::volume_snapshot, R"({"name": "s", "volume": "v"})");
    EXPECT_EQ(dc.operation(taken).declared.goal, Goal::taken);
    EXPECT_EQ(refusal(revert(dc.snapshot, dc.ask(), "v", "s")).substr(0, 27),
              "snapshot 's' is not ready; ");
    const auto& past = dc.named<model::VolumeSnapshot>("s");
    dc.apply(
        {{model::Observe<model::VolumeSnapshot>{past.id, {model::Presence::ready, ""}}, "seen"}});
    EXPECT_EQ(refusal(revert(dc.snapshot, dc.ask(), "w", "s")).substr(0, 41),
              "snapshot 's' is of another volume than 'w");
    const Decision back = dc.must(revert(dc.snapshot, dc.ask(), "v", "s"));
    EXPECT_EQ(dc.named<Volume>("v").declared.reverts, 1u);
    EXPECT_EQ(dc.operation(back).declared.count, 1u);
    EXPECT_EQ(refusal(remove(dc.snapshot, dc.ask(), Noun::volume, "v")).substr(0, 24),
              "volume 'v' has snapshots");
}

// ---- images, ends, operations ------------------------------------------------------------------

TEST(Images, BelongToTheDatacenterUnlessAProjectIsNamed) {
    Datacenter dc;
    dc.create(Noun::image, R"({"name": "mine", "project": "other"})");
    const auto* other = dc.snapshot.named<model::Project>(model::ProjectId{}, "other");
    EXPECT_NE(dc.snapshot.named<model::Image>(other->id, "mine"), nullptr);
    EXPECT_FALSE(dc.named<model::Image>("tiny").project);
}

TEST(Delete, EndsSlowlyWhereAgentsMustAct) {
    Datacenter dc;
    dc.create(Noun::instance, R"({"name":"a","flavor":"small","image":"tiny"})");
    const Decision first = dc.must(remove(dc.snapshot, dc.ask(), Noun::instance, "a"));
    EXPECT_TRUE(dc.named<Instance>("a").deleting);
    EXPECT_EQ(dc.operation(first).observed.phase, OperationPhase::running);
    const Decision second = dc.must(remove(dc.snapshot, dc.ask(), Noun::instance, "a"));
    EXPECT_EQ(dc.operation(second).declared.goal, Goal::gone);
}

TEST(Cancel, EndsARunningOperationAndNothingElse) {
    Datacenter dc;
    const Decision made =
        dc.create(Noun::instance, R"({"name":"a","flavor":"small","image":"tiny"})");
    dc.must(cancel(dc.snapshot, dc.ask(), text(made.operation)));
    EXPECT_EQ(dc.operation(made).observed.phase, OperationPhase::cancelled);
    EXPECT_FALSE(dc.named<Instance>("a").deleting);
    const Decision flavor = dc.create(Noun::flavor, R"({"name": "f"})");
    EXPECT_EQ(cancel(dc.snapshot, dc.ask(), text(flavor.operation)).error().code,
              Error::Code::conflict);
}

TEST(AnImage, IsImportedWhereItsBytesCame) {
    Datacenter dc;
    for (const char* name : {"h1", "h2"}) {
        model::Host host;
        host.id = host_id("test", name);
        host.name = name;
        const auto record = std::make_shared<const model::Host>(host);
        ASSERT_TRUE(model::apply(dc.snapshot, model::Create<model::Host>{record}).ok());
    }
    dc.create(Noun::image, R"({"name": "new"})");
    const auto image = image_to_upload(dc.snapshot, "", "new");
    ASSERT_TRUE(image.ok()) << refusal(image);
    const model::ImageId id = (*image)->id;
    dc.must(image_arrived(dc.snapshot, dc.ask(), id, host_id("test", "h2")));
    const auto& now = dc.snapshot.get<model::Image>(id);
    EXPECT_EQ(now.claimed.host, host_id("test", "h2"));
    EXPECT_TRUE(model::needed_on(now.claimed.places, host_id("test", "h2")));
}

TEST(AnImage, TakesItsBytesOnce) {
    Datacenter dc;
    dc.create(Noun::image, R"({"name": "new"})");
    const auto image = image_to_upload(dc.snapshot, "", "new");
    ASSERT_TRUE(image.ok()) << refusal(image);
    const Decision arrived = dc.must(image_arrived(dc.snapshot, dc.ask(), (*image)->id));
    EXPECT_EQ(dc.operation(arrived).declared.goal, Goal::ready);
    EXPECT_EQ(image_to_upload(dc.snapshot, "", "new").error().code, Error::Code::conflict);
}

}  // namespace vdc::control
