#include "control/requests_test_util.h"

namespace vdc::control {

using base::Error;
using base::Json;
using model::Noun;
using testing::Datacenter;
using testing::json;

static std::vector<Json> documents(const char* list) {
    return json(list).items();
}

static const char* const hello = R"([
    {"kind": "network", "name": "front", "range": "10.30.0.0/24"},
    {"kind": "app", "name": "hello", "replicas": 2,
     "template": {"flavor": "small", "image": "tiny", "network": "front"},
     "front": {"port": 80, "target_port": 8080}},
    {"kind": "instance", "name": "db", "flavor": "small", "image": "tiny",
     "networks": ["front"], "disk": "2GiB"}])";

TEST(Documents, MayReferToWhatEarlierOnesMake) {
    Datacenter dc;
    const Applied applied = dc.must(apply_documents(dc.snapshot, dc.ask(), documents(hello)));
    ASSERT_EQ(applied.results.size(), 3u);
    for (const auto& result : applied.results) EXPECT_EQ(result.action, Action::create);
    EXPECT_EQ(applied.operations.size(), 3u);
    EXPECT_EQ(dc.named<model::Application>("hello").declared.instance.network,
              dc.named<model::Network>("front").id);
}

TEST(Documents, AppliedTwiceChangeNothing) {
    Datacenter dc;
    dc.must(apply_documents(dc.snapshot, dc.ask(), documents(hello)));
    const auto again = apply_documents(dc.snapshot, dc.ask(), documents(hello));
    ASSERT_TRUE(again.ok()) << base::text(again.error());
    EXPECT_TRUE(again->steps.empty());
    EXPECT_TRUE(again->operations.empty());
    for (const auto& result : again->results) EXPECT_EQ(result.action, Action::none);
}

TEST(Documents, TakeAPublicKeyAsItStandsInItsFile) {
    Datacenter dc;
    const char* key =
        R"([{"kind": "key", "name": "mine", "public_key": "ssh-ed25519 AAAA me@here\n"}])";
    dc.must(apply_documents(dc.snapshot, dc.ask(), documents(key)));
    EXPECT_EQ(dc.named<model::KeyPair>("mine").declared.public_key, "ssh-ed25519 AAAA me@here");
    const auto again = apply_documents(dc.snapshot, dc.ask(), documents(key));
    ASSERT_TRUE(again.ok()) << base::text(again.error());
    EXPECT_TRUE(again->steps.empty());
}

TEST(Documents, SayWhatDiffersWithNames) {
    Datacenter dc;
    dc.must(apply_documents(dc.snapshot, dc.ask(), documents(hello)));
    const auto changed = apply_documents(
        dc.snapshot, dc.ask(), documents(R"([{"kind": "app", "name": "hello", "replicas": 3,
                       "template": {"network": "default"}}])"));
    ASSERT_TRUE(changed.ok()) << base::text(changed.error());
    const auto& differences = changed->results[0].differences;
    ASSERT_EQ(differences.size(), 2u);
    EXPECT_EQ(differences[0].field, "replicas");
    EXPECT_EQ(differences[0].from, Json(2));
    EXPECT_EQ(differences[0].to, Json(3));
    EXPECT_EQ(differences[1].field, "template.network");
    EXPECT_EQ(differences[1].from, Json("front"));
    EXPECT_EQ(differences[1].to, Json("default"));
}

TEST(Documents, AreAppliedWhollyOrNotAtAllAndTheErrorNamesTheOne) {
    Datacenter dc;
    const auto refused = apply_documents(dc.snapshot, dc.ask(), documents(R"([
        {"kind": "network", "name": "front"},
        {"kind": "ap", "name": "hello"}])"));
    EXPECT_EQ(refused.error().message.substr(0, 77),
              "document 2 (ap hello): there is no kind 'ap'; did you mean 'app'?");
    const auto unknown = apply_documents(dc.snapshot, dc.ask(), documents(R"([
        {"kind": "network", "name": "front"},
        {"kind": "volume", "name": "v", "size": "1GiB", "colour": "red"}])"));
    EXPECT_EQ(unknown.error().message, "document 2 (volume v): 'colour' is not known here");
    EXPECT_EQ(unknown.error().code, Error::Code::invalid);
}

TEST(Documents, ObeyTheRulesOfTheModelOnTheirWay) {
    Datacenter dc;
    const auto refused = apply_documents(dc.snapshot, dc.ask(), documents(R"([
        {"kind": "network", "name": "a", "range": "10.30.0.0/24"},
        {"kind": "network", "name": "b", "range": "127.0.0.0/24"}])"));
    ASSERT_FALSE(refused.ok());
    EXPECT_TRUE(refused.error().message.starts_with("document 2 (network b): the range"));
}

TEST(Documents, GrowTheRootVolumeOfAnInstanceThatIsThere) {
    Datacenter dc;
    dc.must(apply_documents(dc.snapshot, dc.ask(), documents(hello)));
    const Applied grown = dc.must(
        apply_documents(dc.snapshot, dc.ask(),
                        documents(R"([{"kind": "instance", "name": "db", "disk": "3GiB"}])")));
    EXPECT_EQ(dc.named<model::Volume>("db-root").declared.size, model::MiB{3072});
    EXPECT_EQ(grown.results[0].action, Action::update);
}

TEST(Documents, CannotMoveAnInstanceToOtherNetworks) {
    Datacenter dc;
    dc.must(apply_documents(dc.snapshot, dc.ask(), documents(hello)));
    const auto refused = apply_documents(
        dc.snapshot, dc.ask(),
        documents(R"([{"kind": "instance", "name": "db", "networks": ["default"]}])"));
    EXPECT_EQ(refused.error().message,
              "document 1 (instance db): 'networks' cannot change after creation; it is front");
}

TEST(Documents, TakeOfAnInstanceWhatARequestTakes) {
    Datacenter dc;
    const char* whole = R"([{"kind": "instance", "name": "db", "flavor": "small", "image": "tiny",
        "network": "default", "address": "10.20.0.9", "disk": "2GiB", "restart": "always",
        "stop_timeout": "5s", "user_data": "#!/bin/sh", "power": "off"}])";
    dc.must(apply_documents(dc.snapshot, dc.ask(), documents(whole)));
    EXPECT_EQ(text(*dc.named<model::Port>("db-port0").declared.address), "10.20.0.9");
    const auto again = apply_documents(dc.snapshot, dc.ask(), documents(whole));
    ASSERT_TRUE(again.ok()) << base::text(again.error());
    EXPECT_TRUE(again->steps.empty());
    const auto unknown = apply_documents(
        dc.snapshot, dc.ask(), documents(R"([{"kind": "instance", "name": "db", "adress": "x"}])"));
    EXPECT_EQ(unknown.error().message,
              "document 1 (instance db): 'adress' is not known here; did you mean 'address'?");
}

TEST(Documents, RepeatedWithTheirKeyFindTheEarlierOperations) {
    Datacenter dc;
    const Ask ask = dc.ask("key-1");
    const Applied first = dc.must(apply_documents(dc.snapshot, ask, documents(hello)));
    const auto second = apply_documents(dc.snapshot, ask, documents(hello));
    ASSERT_TRUE(second.ok());
    EXPECT_TRUE(second->steps.empty());
    EXPECT_EQ(second->operations, first.operations);
    const auto other = apply_documents(dc.snapshot, dc.ask("key-1"),
                                       documents(R"([{"kind": "flavor", "name": "f"}])"));
    EXPECT_EQ(other.error().code, Error::Code::conflict);
}

}  // namespace vdc::control
