#include "api/api_test_util.h"
#include "base/text.h"
#include "model/log_text.h"

namespace vdc::api::test {

static std::string key(const std::string& name) {
    return R"({"name": ")" + name + R"(", "public_key": "ssh-ed25519 AAAA x"})";
}

static std::vector<std::string> names(const Json& list) {
    std::vector<std::string> all;
    for (const Json& item : list.at("items").items()) all.push_back(item.text_at("name"));
    std::sort(all.begin(), all.end());
    return all;
}

using Names = std::vector<std::string>;

static std::string revision(const wire::Response& response) {
    return response.headers.get("Vdc-Revision");
}

TEST(Past, IsReadAtARevisionOrATime) {
    Site site;
    site.post("/v1/keys", key("first"));
    const auto then = *site.engine.snapshot();
    const std::string at = std::to_string(then.revision);
    site.remove("/v1/keys/first");
    site.post("/v1/keys", key("second"));

    EXPECT_EQ(names(body(site.get("/v1/keys"))), Names{"second"});
    const auto list = site.get("/v1/keys?at=" + at);
    EXPECT_EQ(names(body(list)), Names{"first"});
    EXPECT_EQ(revision(list), at);
    EXPECT_EQ(names(body(site.get("/v1/keys?at=revision%20" + at))), Names{"first"});
    EXPECT_EQ(names(body(site.get("/v1/keys?at=" + text(then.committed)))), Names{"first"});
    EXPECT_EQ(names(body(site.get("/v1/keys?limit=all&at=" + at))), Names{"first"});
    EXPECT_EQ(names(body(site.get("/v1/keys?at=now"))), Names{"second"});

    const auto shown = site.get("/v1/keys/first?at=" + at);
    EXPECT_EQ(shown.status, 200);
    EXPECT_EQ(revision(shown), at);
    EXPECT_EQ(site.get("/v1/keys/first").status, 404);
    EXPECT_EQ(site.get("/v1/keys/second?at=" + at).status, 404);
    EXPECT_EQ(body(site.get("/v1/datacenter?at=" + at)).integer_at("revision"),
              static_cast<std::int64_t>(then.revision));
}

TEST(Past, TellsItsStoryUpToThatMomentOnly) {
    Site site;
    site.post("/v1/volumes", R"({"name": "data", "size": "1GiB"})");
    const std::string at = std::to_string(site.engine.snapshot()->revision);
    site.patch("/v1/volumes/data", R"({"size": "2GiB"})");
    const auto last = [](const Json& why) {
        return why.at("sentences").items().back().integer_at("revision");
    };
    const auto then = site.get("/v1/volumes/data/why?at=" + at);
    EXPECT_EQ(revision(then), at);
    EXPECT_LE(last(body(then)), std::stoll(at));
    EXPECT_GT(last(body(site.get("/v1/volumes/data/why"))), std::stoll(at));
    const Json events = body(site.get("/v1/events?limit=1&at=" + at));
    EXPECT_EQ(events.at("items").items().front().integer_at("revision"), std::stoll(at));
}

TEST(Past, SaysWhichRevisionAMomentMeans) {
    Site site;
    const auto latest = site.engine.snapshot();
    const Json now = body(site.get("/v1/moment"));
    EXPECT_EQ(now.integer_at("revision"), static_cast<std::int64_t>(latest->revision));
    EXPECT_EQ(now.at("oldest").integer_at("revision"), 0);
    EXPECT_EQ(now.at("latest").text_at("at"), text(latest->committed));
    const Json first = body(site.get("/v1/moment?at=1"));
    EXPECT_EQ(first.integer_at("revision"), 1);
    EXPECT_EQ(first.text_at("at"), first.text_at("committed"));
}

TEST(Past, ThatCannotBeReadIsRefusedWithTheReason) {
    Site site;
    const auto refused = [&](const std::string& at, int status, const char* why) {
        for (const char* path : {"/v1/keys?at=", "/v1/moment?at="}) {
            const auto response = site.get(path + at);
            EXPECT_EQ(response.status, status) << at;
            EXPECT_NE(response.body.find(why), std::string::npos) << response.body;
        }
    };
    refused("yesterday", 400, "at character 1");
    refused("-10x", 400, "at character 4");
    refused("99999", 404, "is not reached yet: the latest is ");
    refused("2999-01-01", 404, "is in the future");
    refused("1999-01-01", 404, "there was no datacenter yet");
    site.post("/v1/keys", key("one"));
    const auto latest = *site.engine.snapshot();
    ASSERT_TRUE(site.store->compact(latest, 0).ok());
    ASSERT_TRUE(site.store->settle().ok());
    site.post("/v1/keys", key("two"));
    refused("2", 404,
            ("the oldest that is, is revision " + std::to_string(latest.revision)).c_str());
    refused("1999-01-01", 404, "is no longer kept");
    EXPECT_EQ(site.get("/v1/keys?at=" + std::to_string(latest.revision)).status, 200);
    EXPECT_EQ(site.post("/v1/keys?at=2", key("three")).status, 400);
}

TEST(Past, IsGivenAsALogThatMakesItAnew) {
    Site site;
    for (int count = 0; count < 300; ++count)
        site.post("/v1/keys", key("k" + std::to_string(count)));
    const auto expect_log = [&](const std::string& query, model::Revision from,
                                const model::Snapshot& end) {
        const auto response = site.get("/v1/log" + query);
        EXPECT_EQ(response.status, 200);
        model::LogReplay replay;
        std::vector<std::string> lines = base::split(response.body, '\n');
        lines.pop_back();
        for (const std::string& line : lines) {
            const auto taken = replay.take(line);
            ASSERT_TRUE(taken.ok()) << text(taken.error());
            if (*taken != nullptr) {
                ASSERT_TRUE(replay.apply().ok());
            }
        }
        const auto whole = replay.finish();
        EXPECT_TRUE(whole.ok()) << text(whole.error());
        EXPECT_EQ(replay.head()->from, from);
        EXPECT_EQ(replay.snapshot().revision, end.revision);
        EXPECT_EQ(hash_of(replay.snapshot()), hash_of(end));
    };
    const auto latest = site.engine.snapshot();
    expect_log("", 0, *latest);
    expect_log("?from=100&to=now", 100, *latest);
    expect_log("?from=7&to=7", 7, *site.store->at(7));
    expect_log("?from=3&to=5", 3, *site.store->at(5));
    EXPECT_EQ(site.get("/v1/log?from=7&to=6").status, 400);
    EXPECT_EQ(site.get("/v1/log?from=never").status, 400);
    EXPECT_EQ(site.get("/v1/log?to=99999").status, 404);
}

}  // namespace vdc::api::test
