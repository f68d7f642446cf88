#include "model/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/json.h"
#include "model/commit.h"
#include "model/random_test_util.h"
#include "model/write_json.h"

namespace vdc::model {
namespace {

using base::Json;
using Code = base::Error::Code;

/// Numbers from rapidcheck, so that what fails is made small.
struct Draw {
    std::int64_t operator()(std::int64_t low, std::int64_t high) const {
        if (low == high) return low;
        return *rc::gen::inRange(low, high + 1);
    }
};
using testing::Random;

Json json_of(const std::string& text) {
    return base::parse_json(text).value();
}

// ---- round trips -------------------------------------------------------------------------------

template <class R>
void expect_round_trip() {
    Random random{Draw{}};
    const R record = random.make<R>();
    const Json json = to_json(record);
    const auto read = record_from_json<R>(json, Unknown::kept);
    RC_ASSERT(read.ok());
    RC_ASSERT(read->unknown.is_null());
    RC_ASSERT(to_json(*read) == json);
    RC_ASSERT(read->id == record.id && read->project == record.project);
    RC_ASSERT(read->created == record.created && read->revision == record.revision);
    RC_ASSERT(read->declared == record.declared);
    RC_ASSERT(read->claimed == record.claimed);
    RC_ASSERT(read->observed == record.observed);
    const auto strict = record_from_json<R>(json, Unknown::refused);
    RC_ASSERT(strict.ok());
    const auto again = base::parse_json(dump(json));
    RC_ASSERT(again.ok() && *again == json);
}

RC_GTEST_PROP(Codec, EveryRecordIsReadBackAsItWas, ()) {
    for_each_noun([]<class R>(std::type_identity<R>) { expect_round_trip<R>(); });
}

RC_GTEST_PROP(Codec, ARecordWrittenStraightIntoTextIsTheSame, ()) {
    for_each_noun([]<class R>(std::type_identity<R>) {
        Random random{Draw{}};
        R record = random.make<R>();
        if (random.once_in(3)) record.unknown = Json::object({{"colour", "blue"}});
        std::string out;
        write_open(out, record);
        RC_ASSERT(out + "}" == dump(to_json(record)));
    });
}

TEST(Codec, MissingMembersTakeTheirDefaults) {
    const auto host = record_from_json<Host>(
        json_of(
            R"({"id":"01890a5d-ac96-774b-bcce-b302099a8057","declared":{"schedulable":false}})"),
        Unknown::refused);
    ASSERT_TRUE(host.ok()) << text(host.error());
    HostDeclared expected;
    expected.schedulable = false;
    EXPECT_EQ(host->declared, expected);
    EXPECT_EQ(host->observed, HostObserved{});
    EXPECT_EQ(record_from_json<Host>(json_of("{}"), Unknown::kept)->declared, HostDeclared{});
}

// ---- unknown members ---------------------------------------------------------------------------

TEST(Codec, UnknownMembersAreRefusedWithWhatMayHaveBeenMeant) {
    const auto part =
        part_from_json<FlavorDeclared>(json_of(R"({"memroy":"1GiB"})"), Unknown::refused);
    ASSERT_FALSE(part.ok());
    EXPECT_EQ(part.error().message, "'memroy' is not known here; did you mean 'memory'?");
    EXPECT_EQ(part.error().hint, "known are vcpus, memory, disk");
}

TEST(Codec, ErrorsNameThePathOfTheMember) {
    const auto refusal = [](const char* json) {
        return part_from_json<ApplicationDeclared>(json_of(json), Unknown::refused).error().message;
    };
    EXPECT_EQ(refusal(R"({"template":{"disk":5}})"),
              "'template.disk' must be a size as text, not a whole number");
    EXPECT_EQ(refusal(R"({"front":{"port":0}})"), "'front.port' is 0, but must be from 1 to 65535");
    EXPECT_EQ(refusal(R"({"front":{"protocol":"htp"}})"),
              "'front.protocol' must be one of tcp, http; did you mean 'http'?");
    EXPECT_EQ(refusal(R"({"template":{"imag":"x"}})"),
              "'template.imag' is not known here; did you mean 'image'?");
    const auto ready = part_from_json<ApplicationObserved>(
        json_of(R"({"ready":["01890a5d-ac96-774b-bcce-b302099a8057","x"]})"), Unknown::refused);
    EXPECT_EQ(ready.error().message, "'ready[1]' is wrong: 'x' is no id");
}

TEST(Codec, UnknownMembersOfStoredRecordsAreKeptAndWrittenAgain) {
    Project project;
    project.id = {{1, 2}};
    Json json = to_json(project);
    json.set("later", json_of(R"({"a":[1,{"b":null}]})"));
    for (auto& member : json.members())
        if (member.name == "declared") member.value.set("colour", "blue");
    const auto read = record_from_json<Project>(json, Unknown::kept);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(to_json(*read), json);
    Project changed = *read;
    changed.declared.description = "new";
    EXPECT_EQ(to_json(changed).at("declared").at("colour"), Json("blue"));
    EXPECT_EQ(to_json(changed).at("declared").at("description"), Json("new"));
}

// ---- kinds and bounds --------------------------------------------------------------------------

template <class Part>
bool takes(const char* json) {
    const auto part = part_from_json<Part>(json_of(json), Unknown::refused);
    EXPECT_TRUE(part.ok() || part.error().code == Code::invalid);
    return part.ok();
}

TEST(Codec, BoundsOfNumbersSizesAndTextsAreKept) {
    EXPECT_TRUE(takes<FlavorDeclared>(R"({"vcpus":1,"memory":"32MiB","disk":"64TiB"})"));
    EXPECT_FALSE(takes<FlavorDeclared>(R"({"vcpus":0})"));
    EXPECT_FALSE(takes<FlavorDeclared>(R"({"vcpus":257})"));
    EXPECT_FALSE(takes<FlavorDeclared>(R"({"memory":"31MiB"})"));
    EXPECT_FALSE(takes<FlavorDeclared>(R"({"disk":"65TiB"})"));
    EXPECT_FALSE(takes<KeyPairDeclared>(R"({"public_key":""})"));
    EXPECT_TRUE(takes<NetworkDeclared>(R"({"mtu":576})"));
    EXPECT_FALSE(takes<NetworkDeclared>(R"({"mtu":575})"));
    const std::string long_text(1001, 'x');
    EXPECT_FALSE(takes<ProjectDeclared>((R"({"description":")" + long_text + "\"}").c_str()));
}

TEST(Codec, ValuesOfAnotherKindAreRefused) {
    EXPECT_FALSE(takes<HostDeclared>(R"({"schedulable":1})"));
    EXPECT_FALSE(takes<HostDeclared>(R"({"schedulable":"true"})"));
    EXPECT_FALSE(takes<FlavorDeclared>(R"({"vcpus":"1"})"));
    EXPECT_FALSE(takes<FlavorDeclared>(R"({"vcpus":1.0})"));
    EXPECT_FALSE(takes<FlavorDeclared>(R"({"memory":"1G"})"));
    EXPECT_FALSE(takes<HostDeclared>(R"({"labels":[]})"));
    EXPECT_FALSE(takes<HostDeclared>(R"({"labels":{"a":1}})"));
    EXPECT_FALSE(takes<NetworkDeclared>(R"({"range":"10.0.0.1/24"})"));
    EXPECT_FALSE(takes<VolumeDeclared>(R"({"image":"tiny"})"));
    EXPECT_FALSE(takes<InstanceDeclared>(R"({"power":"On"})"));
    EXPECT_FALSE(takes<InstanceDeclared>(R"({"starts":-1})"));
    EXPECT_FALSE(takes<InstanceDeclared>(R"({"stop_timeout":"-5s"})"));
    EXPECT_FALSE(takes<ApplicationDeclared>(R"({"template":[]})"));
    EXPECT_TRUE(takes<VolumeDeclared>(R"({"image":null,"instance":null})"));
}

TEST(Codec, AStoredRecordIsReadAlsoWhenItsValuesAreNoLongerWithinBounds) {
    const auto flavor =
        part_from_json<FlavorDeclared>(json_of(R"({"vcpus":1000,"memory":"1MiB"})"), Unknown::kept);
    ASSERT_TRUE(flavor.ok()) << text(flavor.error());
    EXPECT_EQ(flavor->vcpus, Vcpus{1000});
}

// ---- merge -------------------------------------------------------------------------------------

template <class Part>
base::Status merged(Part& part, const char* patch, Writing writing) {
    return merge(part, json_of(patch), writing);
}

TEST(Merge, MembersOfThePatchReplaceAndOthersStay) {
    NetworkDeclared network;
    network.domain = "a.internal";
    ASSERT_TRUE(merged(network, R"({"nat":false})", Writing::updating).ok());
    EXPECT_FALSE(network.nat);
    EXPECT_EQ(network.domain, "a.internal");
}

TEST(Merge, NullGivesAFieldItsDefault) {
    ProjectDeclared project;
    project.instances_max = 1;
    ASSERT_TRUE(merged(project, R"({"instances_max":null})", Writing::updating).ok());
    EXPECT_EQ(project.instances_max, ProjectDeclared{}.instances_max);
    ApplicationDeclared application;
    application.front = Front{};
    ASSERT_TRUE(merged(application, R"({"front":null})", Writing::updating).ok());
    EXPECT_FALSE(application.front);
}

TEST(Merge, ComputedFieldsCannotBeGivenButTheirPresentValueMayStand) {
    VolumeDeclared volume;
    volume.slot = 2;
    for (const Writing writing : {Writing::creating, Writing::updating}) {
        const auto status = merged(volume, R"({"slot":3})", writing);
        ASSERT_FALSE(status.ok());
        EXPECT_EQ(status.error().message, "'slot' is set by the datacenter and cannot be given");
        EXPECT_TRUE(merged(volume, R"({"slot":2})", writing).ok());
    }
}

TEST(Merge, FieldsOfCreationCannotChangeLater) {
    FlavorDeclared flavor;
    ASSERT_TRUE(merged(flavor, R"({"vcpus":4})", Writing::creating).ok());
    EXPECT_EQ(flavor.vcpus, Vcpus{4});
    const auto status = merged(flavor, R"({"vcpus":8})", Writing::updating);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, "'vcpus' cannot change after creation");
    EXPECT_TRUE(merged(flavor, R"({"vcpus":4})", Writing::updating).ok()) << "it does not change";
}

TEST(Merge, ARefusedPatchChangesNothing) {
    NetworkDeclared network;
    const NetworkDeclared before = network;
    for (const char* patch : {R"({"nat":false,"mtu":1})", R"({"nat":false,"nta":true})",
                              R"({"nat":false,"range":"x"})", "[]", "5"}) {
        EXPECT_FALSE(merged(network, patch, Writing::creating).ok()) << patch;
        EXPECT_EQ(network, before);
    }
}

// ---- schema ------------------------------------------------------------------------------------

TEST(Schema, SaysTypesBoundsWordsAndWhoWrites) {
    const Json schema = model::schema<InstanceDeclared>();
    const Json& properties = schema.at("properties");
    EXPECT_EQ(properties.at("power").at("enum"), json_of(R"(["on","off","paused"])"));
    EXPECT_EQ(properties.at("flavor").at("maxLength"), Json(63));
    EXPECT_TRUE(properties.at("vcpus").boolean_at("readOnly"));
    EXPECT_FALSE(properties.at("power").has("readOnly"));
    EXPECT_FALSE(schema.boolean_at("additionalProperties", true));
    EXPECT_EQ(properties.members().size(), std::tuple_size_v<decltype(InstanceDeclared::fields())>);
}

// ---- changes and commits -----------------------------------------------------------------------

template <class C>
struct Made;
template <class R>
struct Made<Create<R>> {
    static Change make(Random<Draw>& random) {
        return Create<R>{std::make_shared<const R>(random.make<R>())};
    }
};
template <class R>
struct Made<Declare<R>> {
    static Change make(Random<Draw>& random) {
        return Declare<R>{{random.uuid()}, random.make<typename R::Declared>()};
    }
};
template <class R>
struct Made<Claim<R>> {
    static Change make(Random<Draw>& random) {
        return Claim<R>{{random.uuid()}, random.make<typename R::Claimed>()};
    }
};
template <class R>
struct Made<Observe<R>> {
    static Change make(Random<Draw>& random) {
        return Observe<R>{{random.uuid()}, random.make<typename R::Observed>()};
    }
};
template <class R>
struct Made<Sight<R>> {
    static Change make(Random<Draw>& random) {
        return Sight<R>{{random.uuid()}, random.make<typename R::Observed::OnHost>()};
    }
};
template <class R>
struct Made<Delete<R>> {
    static Change make(Random<Draw>& random) { return Delete<R>{{random.uuid()}}; }
};
template <class R>
struct Made<Forget<R>> {
    static Change make(Random<Draw>& random) { return Forget<R>{{random.uuid()}}; }
};

template <class... C>
std::vector<Change> one_of_each(Random<Draw>& random, std::type_identity<std::variant<C...>>) {
    return {Made<C>::make(random)...};
}

RC_GTEST_PROP(ChangeJson, EveryAlternativeIsReadBackAsItWas, ()) {
    Random random{Draw{}};
    for (const Change& change : one_of_each(random, std::type_identity<AnyChange>{})) {
        const auto read = change_from_json(change_to_json(change));
        RC_ASSERT(read.ok());
        RC_ASSERT(read->index() == change.index());
        RC_ASSERT(subject_of(*read) == subject_of(change));
        RC_ASSERT(verb_of(*read) == verb_of(change));
        RC_ASSERT(change_to_json(*read) == change_to_json(change));
    }
}

RC_GTEST_PROP(ChangeJson, ACommitIsReadBackAsItWas, ()) {
    Random random{Draw{}};
    Commit commit;
    commit.revision = random.make<Revision>();
    commit.at = random.make<Instant>();
    commit.term = random.make<std::uint64_t>();
    commit.actor = random.make_text(0, 10);
    commit.request = random.make_text(0, 10);
    for (Change& change : one_of_each(random, std::type_identity<AnyChange>{}))
        if (random.once_in(10))
            commit.steps.push_back({std::move(change), random.make_text(0, 20)});
    const auto read = commit_from_json(to_json(commit));
    RC_ASSERT(read.ok());
    RC_ASSERT(to_json(*read) == to_json(commit));
    RC_ASSERT(read->revision == commit.revision && read->at == commit.at);
    RC_ASSERT(read->term == commit.term && read->steps.size() == commit.steps.size());
}

TEST(ChangeJson, AChangeOfANewerBuildIsNamed) {
    const auto change = change_from_json(json_of(
        R"({"verb":"paint","noun":"instance","id":"01890a5d-ac96-774b-bcce-b302099a8057"})"));
    ASSERT_FALSE(change.ok());
    EXPECT_EQ(change.error().code, Code::corrupt);
    EXPECT_NE(change.error().message.find("'paint instance'"), std::string::npos);
    EXPECT_FALSE(change.error().hint.empty());
    EXPECT_FALSE(change_from_json(json_of(R"({"verb":"delete","noun":"image"})")).ok());
    EXPECT_FALSE(commit_from_json(json_of("{}")).ok());
    EXPECT_FALSE(commit_from_json(json_of(R"({"at":"1970-01-01T00:00:00Z"})")).ok());
}

}  // namespace
}  // namespace vdc::model
