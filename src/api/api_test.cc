#include "api/api_test_util.h"

namespace vdc::api::test {

using wire::Method;

static const char* const web =
    R"({"name": "web-1", "flavor": "small", "image": "tiny", "user_data": "#!/bin/sh"})";

// ---- reading -----------------------------------------------------------------------------------

TEST(Reading, FindsThingsByNameAndById) {
    Site site;
    site.post("/v1/instances", web);
    const Json by_name = body(site.get("/v1/instances/web-1"));
    EXPECT_EQ(by_name.text_at("name"), "web-1");
    EXPECT_EQ(by_name.at("status").text_at("word"), "waiting");
    EXPECT_EQ(by_name.at("view").text_at("image"), "tiny");
    EXPECT_EQ(by_name.at("view").at("addresses").items()[0].text_at("network"), "default");
    const Json by_id = body(site.get("/v1/instances/" + by_name.text_at("id")));
    EXPECT_EQ(by_id, by_name);
}

TEST(Reading, OfEveryKindAnswersAsDescribed) {
    Site site;
    site.post("/v1/instances", web);
    site.post("/v1/keys", R"({"name": "k", "public_key": "ssh-ed25519 AAAA me"})");
    site.post("/v1/volumes", R"({"name": "v", "size": "1GiB"})");
    site.post("/v1/snapshots", R"({"name": "s", "volume": "v"})");
    site.post("/v1/ports", R"({"name": "p"})");
    site.post("/v1/apps", R"({"name": "hello", "replicas": 2,
        "template": {"flavor": "small", "image": "tiny"}, "front": {"port": 80}})");
    model::Host host;
    host.id = {base::derive_uuid({1, 1}, "host", 1)};
    host.name = "h1";
    host.observed.accelerator = "tcg";
    host.observed.warnings = {"no /dev/kvm"};
    site.commit({{model::Create<model::Host>{std::make_shared<const model::Host>(host)}, "test"}});
    for (const char* noun : {"projects", "hosts", "flavors", "keys", "images", "networks",
                             "volumes", "snapshots", "ports", "instances", "apps", "operations"}) {
        const Json list = body(site.get("/v1/" + std::string(noun)));
        ASSERT_FALSE(list.at("items").items().empty()) << noun;
        const std::string id = list.at("items").items()[0].text_at("id");
        EXPECT_EQ(site.get("/v1/" + std::string(noun) + "/" + id).status, 200);
        EXPECT_EQ(site.get("/v1/" + std::string(noun) + "/" + id + "/why").status, 200);
    }
    const Json datacenter = body(site.get("/v1/datacenter"));
    EXPECT_EQ(datacenter.text_at("accelerator"), "tcg");
    EXPECT_EQ(datacenter.at("warnings").items()[0].text_at("host"), "h1");
    EXPECT_EQ(body(site.get("/v1/version")).text_at("name"), "vdc");
    EXPECT_EQ(body(site.get("/v1/health")).text_at("status"), "ok");
    EXPECT_EQ(site.get("/v1/openapi.json").status, 200);
}

/// Hosts with room for four small instances each beside what they keep.
static void begin_hosts(Site& site, std::uint64_t count) {
    for (std::uint64_t number = 1; number <= count; ++number) {
        model::Host host;
        host.id = {base::derive_uuid({1, 1}, "host", number)};
        host.name = "h" + std::to_string(number);
        host.observed.capacity = {{4}, {512 + 4 * 512}, {100'000}};
        site.commit(
            {{model::Create<model::Host>{std::make_shared<const model::Host>(host)}, "test"}});
    }
}

TEST(Reading, TheGuaranteeNamesForEachHostWhereItsReplicasGo) {
    Site site;
    begin_hosts(site, 2);
    EXPECT_EQ(site.post("/v1/apps", R"({"name": "hello", "replicas": 4,
        "template": {"flavor": "small", "image": "tiny"}})")
                  .status,
              202);
    const Json guarantee = body(site.get("/v1/guarantee"));
    EXPECT_TRUE(guarantee.boolean_at("covered"));
    ASSERT_EQ(guarantee.at("losses").items().size(), 2u);
    std::size_t moves = 0;
    for (const Json& loss : guarantee.at("losses").items()) {
        for (const Json& move : loss.at("moves").items())
            EXPECT_NE(move.text_at("from"), move.text_at("to"));
        moves += loss.at("moves").items().size();
    }
    EXPECT_EQ(moves, 4u);
    const auto uncovered = [&] {
        std::int64_t count = 0;
        const Json datacenter = body(site.get("/v1/datacenter"));
        for (const Json& row : datacenter.at("attention").items())
            count += row.text_at("word") == "uncovered";
        return count;
    };
    EXPECT_EQ(uncovered(), 0);
    model::HostClaimed lost = site.named<model::Host>("h2").claimed;
    lost.health = model::HostHealth::down;
    lost.epoch = lost.fenced = 1;
    lost.evidence = model::Evidence::power_off;
    site.commit({{model::Claim<model::Host>{site.named<model::Host>("h2").id, lost}, "test"}});
    EXPECT_EQ(uncovered(), 1);
    EXPECT_FALSE(body(site.get("/v1/guarantee")).boolean_at("covered"));
}

TEST(Reading, RecoveriesAreOfTheLastLossesOfHosts) {
    Site site;
    begin_hosts(site, 2);
    EXPECT_TRUE(body(site.get("/v1/recoveries")).at("items").items().empty());
    EXPECT_EQ(site.get("/v1/recoveries?limit=0").status, 400);
    EXPECT_EQ(
        site.post("/v1/instances", R"({"name": "a", "flavor": "small", "image": "tiny"})").status,
        202);
    model::HostClaimed lost = site.named<model::Host>("h1").claimed;
    lost.health = model::HostHealth::down;
    lost.epoch = lost.fenced = 1;
    lost.evidence = model::Evidence::power_off;
    site.commit({{model::Claim<model::Host>{site.named<model::Host>("h1").id, lost}, "it burns"}});
    const Json all = body(site.get("/v1/recoveries"));
    ASSERT_EQ(all.at("items").items().size(), 1u);
    const Json& loss = all.at("items").items().front();
    EXPECT_EQ(loss.text_at("host"), "h1");
    EXPECT_EQ(loss.text_at("evidence"), "it burns");
    EXPECT_TRUE(loss.at("suspected").is_null());
    ASSERT_EQ(loss.at("instances").items().size(), 1u);
    EXPECT_EQ(loss.at("instances").items().front().text_at("name"), "a");
}

TEST(Writing, WhatNoLossLeavesRoomForIsRefusedAndNothingStays) {
    Site site;
    begin_hosts(site, 2);
    const auto refused = site.post("/v1/apps", R"({"name": "hello", "replicas": 5,
        "template": {"flavor": "small", "image": "tiny"}})");
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(body(refused).text_at("code"), "exhausted");
    EXPECT_NE(body(refused).text_at("detail").find("the loss of host h"), std::string::npos);
    EXPECT_EQ(site.get("/v1/apps/hello").status, 404);
    EXPECT_TRUE(site.engine.snapshot()->all<model::Instance>().empty());
}

TEST(Reading, WithItsETagAnswers304UntilSomethingShownChanges) {
    Site site;
    site.post("/v1/instances", web);
    const std::string etag = site.get("/v1/instances/web-1").headers.get("ETag");
    EXPECT_EQ(site.get("/v1/instances/web-1", {{"If-None-Match", etag}}).status, 304);
    EXPECT_EQ(site.get("/v1/instances/web-1", {{"If-None-Match", "\"1-2\", " + etag}}).status, 304);
    model::InstanceClaimed claimed = site.named<model::Instance>("web-1").claimed;
    claimed.placement.sentence = "no host fits";
    site.commit({{model::Claim<model::Instance>{site.named<model::Instance>("web-1").id, claimed},
                  "test"}});
    EXPECT_EQ(site.get("/v1/instances/web-1", {{"If-None-Match", etag}}).status, 200);
}

TEST(Reading, OfWhatIsNotThereNamesItAndHelps) {
    Site site;
    site.post("/v1/instances", web);
    const auto missing = site.get("/v1/instances/web-2");
    EXPECT_EQ(missing.status, 404);
    const Json problem = body(missing);
    EXPECT_EQ(problem.text_at("detail"), "there is no instance 'web-2'; did you mean 'web-1'?");
    EXPECT_EQ(problem.text_at("code"), "not_found");
    EXPECT_EQ(problem.text_at("request_id"), missing.headers.get("X-Request-Id"));
    EXPECT_EQ(site.get("/v1/instances/web-1?project=other").status, 404);
    const Json path = body(site.get("/v1/instance/web-1"));
    EXPECT_EQ(path.text_at("hint"), "did you mean /v1/instances?");
    EXPECT_EQ(body(site.get("/metrics")).text_at("hint"),
              "paths begin with /v1/, see /v1/openapi.json");
}

TEST(Reading, OfTheHeadGivesNoBody) {
    Site site;
    const auto head = site.client()->request(request(Method::head, "/v1/flavors/small"));
    ASSERT_TRUE(head.ok());
    EXPECT_EQ(head->status, 200);
    EXPECT_TRUE(head->body.empty());
    EXPECT_TRUE(head->headers.has("ETag"));
}

// ---- what every request must keep to -----------------------------------------------------------

TEST(Requests, OfAnotherMethodAreToldWhichThereAre) {
    Site site;
    const auto refused = site.send(request(Method::put, "/v1/instances/web-1"));
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.headers.get("Allow"), "DELETE, GET, HEAD, OPTIONS, PATCH");
    const auto options = site.client()->request(request(Method::options, "/v1/instances"));
    EXPECT_EQ(options->status, 204);
    EXPECT_EQ(options->headers.get("Allow"), "GET, HEAD, OPTIONS, POST");
    EXPECT_EQ(site.post("/v1/hosts", "{}").status, 405);
}

TEST(Requests, WithUnknownMembersOrParametersAreRefused) {
    Site site;
    const auto member = site.post("/v1/volumes", R"({"name": "v", "size": "1GiB", "siz": 3})");
    EXPECT_EQ(member.status, 400);
    EXPECT_EQ(body(member).text_at("detail"), "'siz' is not known here; did you mean 'size'?");
    const auto parameter = site.get("/v1/volumes?limt=3");
    EXPECT_EQ(parameter.status, 400);
    EXPECT_EQ(body(parameter).text_at("detail"),
              "the query parameter 'limt' is not known here; did you mean 'limit'?");
    EXPECT_EQ(site.post("/v1/instances/a/start", R"({"hard": true})").status, 400);
    EXPECT_EQ(site.post("/v1/instances/a/stop", R"({"hard": 1})").status, 400);
}

TEST(Requests, MustBeJsonAndSaySo) {
    Site site;
    const std::string volume = R"({"name": "v", "size": "1GiB"})";
    EXPECT_EQ(site.post("/v1/volumes", volume, {{"Content-Type", "text/yaml"}}).status, 415);
    EXPECT_EQ(site.post("/v1/volumes", "{\"name\": ").status, 400);
    EXPECT_EQ(site.post("/v1/volumes", "[1]").status, 400);
    EXPECT_EQ(site.post("/v1/volumes", "").status, 400);
    EXPECT_EQ(site.post("/v1/volumes", R"({"name": "v", "name": "w"})").status, 400);
    const std::string deep = std::string(40, '[') + std::string(40, ']');
    EXPECT_EQ(site.post("/v1/volumes", R"({"name": )" + deep + "}").status, 400);
    EXPECT_EQ(
        site.post("/v1/volumes", volume, {{"Content-Type", "Application/JSON; charset=utf-8"}})
            .status,
        202);
}

TEST(Requests, WithABodyWhereNoneBelongsAreRefused) {
    Site site;
    EXPECT_EQ(site.send(request(Method::delete_, "/v1/flavors/small", "{}")).status, 400);
}

TEST(Requests, WithTooLargeABodyAreRefused) {
    Site site;
    const std::string large(2 << 20, 'x');
    const auto refused = site.client()->request(request(Method::post, "/v1/volumes", large));
    ASSERT_TRUE(refused.ok()) << base::text(refused.error());
    EXPECT_EQ(refused->status, 413);
}

// ---- writing -----------------------------------------------------------------------------------

TEST(Writing, AnswersWithTheOperationAndTheItem) {
    Site site;
    const auto made = site.post("/v1/instances", web);
    EXPECT_EQ(made.status, 202);
    const Json written = body(made);
    const std::string id = written.at("item").text_at("id");
    EXPECT_EQ(made.headers.get("Location"), "/v1/instances/" + id);
    EXPECT_EQ(written.at("operation").at("observed").text_at("phase"), "running");
    EXPECT_EQ(written.at("operation").at("declared").text_at("goal"), "running");
    EXPECT_EQ(written.at("operation").at("declared").text_at("subject"), id);
    EXPECT_EQ(site.post("/v1/flavors", R"({"name": "f"})").status, 201);
    const auto gone = site.remove("/v1/flavors/f");
    EXPECT_EQ(gone.status, 200);
    EXPECT_TRUE(body(gone).at("item").is_null());
}

TEST(Writing, WithAKeyIsDoneOnce) {
    Site site;
    const wire::Headers key{{"Idempotency-Key", "key-1"}};
    const auto first = site.post("/v1/instances", web, key);
    const auto second = site.post("/v1/instances", web, key);
    EXPECT_EQ(second.status, first.status);
    EXPECT_EQ(body(second).at("operation").text_at("id"),
              body(first).at("operation").text_at("id"));
    const auto other = site.post("/v1/volumes", R"({"name": "v", "size": "1GiB"})", key);
    EXPECT_EQ(other.status, 409);
    EXPECT_EQ(body(other).text_at("code"), "conflict");
    EXPECT_EQ(site.get("/v1/volumes/v").status, 404);
    EXPECT_EQ(site.post("/v1/instances", web, {{"Idempotency-Key", "a b"}}).status, 400);
    EXPECT_EQ(site.post("/v1/instances", web).status, 409);
}

TEST(Writing, HoldsIfMatchAgainstWhatIsDeclared) {
    Site site;
    site.post("/v1/instances", web);
    const std::string etag = site.get("/v1/instances/web-1").headers.get("ETag");
    const std::string target = "/v1/instances/web-1";
    EXPECT_EQ(site.patch(target, R"({"restart": "always"})", {{"If-Match", etag}}).status, 200);
    const auto late = site.patch(target, R"({"restart": "never"})", {{"If-Match", etag}});
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(body(site.get(target)).at("declared").text_at("restart"), "always");
    EXPECT_EQ(site.remove(target, {{"If-Match", etag}}).status, 412);
    const auto revision = body(site.get(target)).integer_at("declared_revision");
    const std::string plain = "\"" + std::to_string(revision) + "\"";
    EXPECT_LT(site.remove(target, {{"If-Match", plain}}).status, 300);
}

TEST(Writing, WhatThePresentStateForbidsIsAConflict) {
    Site site;
    site.post("/v1/instances", web);
    EXPECT_EQ(site.remove("/v1/images/tiny").status, 409);
    EXPECT_LT(site.post("/v1/instances/web-1/stop", "").status, 300);
    EXPECT_EQ(site.post("/v1/instances/web-1/reboot", "").status, 409);
    EXPECT_EQ(site.patch("/v1/projects/other", R"({"instances_max": 0})").status, 200);
    EXPECT_EQ(site.post("/v1/networks", R"({"name": "n", "project": "other"})").status, 201);
    const auto quota =
        site.post("/v1/instances?project=other",
                  R"({"name": "x", "flavor": "small", "image": "tiny", "networks": ["n"]})");
    EXPECT_EQ(quota.status, 409);
    EXPECT_EQ(body(quota).text_at("code"), "exhausted");
}

TEST(Writing, CoversVolumesFromAttachToDetach) {
    Site site;
    site.post("/v1/instances", web);
    site.post("/v1/volumes", R"({"name": "v", "size": "1GiB"})");
    EXPECT_LT(site.post("/v1/volumes/v/attach", R"({"instance": "web-1"})").status, 300);
    EXPECT_EQ(body(site.get("/v1/volumes/v")).at("view").text_at("instance"), "web-1");
    EXPECT_LT(site.post("/v1/volumes/v/grow", R"({"size": "2GiB"})").status, 300);
    EXPECT_EQ(site.post("/v1/volumes/v/grow", R"({"size": "1GiB"})").status, 400);
    EXPECT_EQ(site.post("/v1/volumes/v/grow", R"({"size": "2GB"})").status, 400);
    EXPECT_EQ(site.remove("/v1/volumes/v").status, 409);
    EXPECT_LT(site.post("/v1/volumes/v/detach", "").status, 300);
    EXPECT_EQ(site.post("/v1/volumes/v/attach", "{}").status, 400);
}

TEST(Writing, SaysWhyAnInstanceCannotMove) {
    Site site;
    site.post("/v1/instances", web);
    const std::string target = "/v1/instances/web-1/migrate";
    EXPECT_EQ(site.post(target, R"({"to": 5})").status, 400);
    EXPECT_EQ(site.post(target, R"({"plan": "yes"})").status, 400);
    EXPECT_EQ(site.post(target, R"({"to": "nowhere"})").status, 404);
    EXPECT_EQ(site.post(target, R"({"to": "nowhere", "plan": true})").status, 404);
    EXPECT_EQ(site.post("/v1/instances/web-9/migrate", "").status, 404);
    const auto before = site.engine.snapshot()->revision;
    const auto plan = site.post(target, R"({"plan": true})");
    EXPECT_EQ(plan.status, 200);
    EXPECT_TRUE(body(plan).at("to").is_null());
    EXPECT_NE(body(plan).text_at("why"), "");
    EXPECT_EQ(site.post(target, "").status, 409);
    EXPECT_EQ(site.engine.snapshot()->revision, before) << "nothing was done";
}

TEST(Writing, CancelsAnOperation) {
    Site site;
    const Json made = body(site.post("/v1/instances", web));
    const std::string target = "/v1/operations/" + made.at("operation").text_at("id") + "/cancel";
    const auto cancelled = site.post(target, "");
    EXPECT_EQ(cancelled.status, 200);
    EXPECT_EQ(body(cancelled).at("operation").at("observed").text_at("phase"), "cancelled");
    EXPECT_EQ(site.get("/v1/instances/web-1").status, 200);
}

// ---- documents ---------------------------------------------------------------------------------

static const char* const hello = R"({"documents": [
    {"kind": "network", "name": "front"},
    {"kind": "app", "name": "hello", "replicas": 2, "front": {"port": 80},
     "template": {"flavor": "small", "image": "tiny", "network": "front"}}]})";

TEST(Apply, MakesAllInOneCommitAndThenNothing) {
    Site site;
    const auto before = site.engine.snapshot()->revision;
    const auto made = site.post("/v1/apply", hello);
    EXPECT_EQ(made.status, 202);
    EXPECT_EQ(body(made).at("operations").items().size(), 2u);
    const auto log = site.store->log(before, 10);
    EXPECT_EQ((*log)[0]->steps.size(), 4u);
    const Json again = body(site.post("/v1/apply", hello));
    for (const Json& result : again.at("results").items())
        EXPECT_EQ(result.text_at("action"), "none");
}

TEST(Apply, PlansWithoutDoing) {
    Site site;
    Json planned = json(hello);
    planned.set("plan", true);
    const Json plan = body(site.post("/v1/apply", base::dump(planned)));
    EXPECT_EQ(plan.at("results").items()[1].text_at("action"), "create");
    EXPECT_EQ(site.get("/v1/apps/hello").status, 404);
}

TEST(Apply, RefusesAllWhenOneIsWrong) {
    Site site;
    const auto refused = site.post("/v1/apply", R"({"documents": [
        {"kind": "network", "name": "front"}, {"kind": "volume", "name": "v", "size": "1"}]})");
    EXPECT_EQ(refused.status, 400);
    EXPECT_TRUE(body(refused).text_at("detail").starts_with("document 2 (volume v): 'size'"));
    EXPECT_EQ(site.get("/v1/networks/front").status, 404);
    EXPECT_EQ(site.post("/v1/apply", R"({"documents": 3})").status, 400);
}

// ---- history -----------------------------------------------------------------------------------

TEST(Events, ArePagedBackwardAndForward) {
    Site site;
    site.post("/v1/instances", web);
    site.post("/v1/instances/web-1/stop", "");
    const Json newest = body(site.get("/v1/events?limit=1&subject=web-1&noun=instance"));
    ASSERT_EQ(newest.at("items").items().size(), 1u);
    EXPECT_EQ(newest.at("items").items()[0].text_at("reason"),
              "admin asked for it: stop instance web-1");
    EXPECT_EQ(newest.at("items").items()[0].text_at("actor"), "admin");
    const std::string next = std::to_string(newest.integer_at("next"));
    const Json before =
        body(site.get("/v1/events?limit=100&noun=instance&subject=web-1&before=" + next));
    EXPECT_EQ(before.at("items").items().back().text_at("verb"), "create");
    const Json forward = body(site.get("/v1/events?after=0&limit=2"));
    EXPECT_EQ(forward.at("items").items()[0].integer_at("revision"), 1);
    EXPECT_EQ(site.get("/v1/events?subject=web-1").status, 400);
    EXPECT_EQ(site.get("/v1/events?noun=server").status, 400);
    EXPECT_EQ(site.get("/v1/events?limit=0").status, 400);
}

TEST(Events, NameWhatIsGoneAndSayWhatAnOperationWasFor) {
    Site site;
    site.post("/v1/flavors", R"({"name": "odd", "vcpus": 1})");
    const std::string id = body(site.get("/v1/flavors/odd")).text_at("id");
    EXPECT_EQ(site.send(request(Method::delete_, "/v1/flavors/odd")).status, 200);
    const Json gone = body(site.get("/v1/events?noun=flavor&subject=" + id));
    ASSERT_EQ(gone.at("items").items().size(), 2u);
    for (const Json& event : gone.at("items").items()) EXPECT_EQ(event.text_at("name"), "odd");
    const Json operations = body(site.get("/v1/events?noun=operation&limit=2"));
    for (const Json& event : operations.at("items").items())
        EXPECT_EQ(event.text_at("name"), "odd");
}

TEST(Why, TellsTheStoryInSentences) {
    Site site;
    site.post("/v1/instances", web);
    const Json why = body(site.get("/v1/instances/web-1/why"));
    EXPECT_EQ(why.at("subject").text_at("name"), "web-1");
    EXPECT_EQ(why.at("sentences").items()[0].text_at("text"),
              "admin asked for it: create instance web-1");
    EXPECT_TRUE(why.text_at("now").starts_with("web-1 waits for a host"));
    EXPECT_TRUE(why.at("placement").is(Json::Kind::object));
}

}  // namespace vdc::api::test
