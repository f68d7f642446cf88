#include <future>
#include <set>
#include <thread>

#include "api/api_test_util.h"
#include "wire/events.h"

namespace vdc::api::test {

using wire::Event;

/// Reads events until `enough` says so.
static std::vector<Event> watch(Site& site, const std::string& target, wire::Headers headers,
                                const std::function<bool(const std::vector<Event>&)>& enough) {
    std::vector<Event> events;
    wire::EventReader reader;
    const auto client = site.client();
    const auto head = client->stream(
        request(wire::Method::get, target, {}, std::move(headers)),
        [&](std::string_view bytes) {
            const auto going = reader.feed(bytes, [&](const Event& event) {
                events.push_back(event);
                return !enough(events);
            });
            EXPECT_TRUE(going.ok());
            return going.ok() && *going;
        },
        std::chrono::seconds(20));
    EXPECT_TRUE(enough(events)) << (head.ok() ? "it ended early" : base::text(head.error()));
    return events;
}

static auto count_is(std::size_t count) {
    return [count](const std::vector<Event>& events) { return events.size() >= count; };
}

static std::int64_t revision_of(const Event& event) {
    return json(event.data).integer_at("revision");
}

TEST(Watch, BeginsInTheLogAndIsAsDescribed) {
    Site site;
    const auto revision = site.engine.snapshot()->revision;
    const auto events = watch(site, "/v1/watch?after=0", {}, [&](const auto& seen) {
        return !seen.empty() && revision_of(seen.back()) == static_cast<std::int64_t>(revision);
    });
    EXPECT_EQ(revision_of(events.front()), 1);
    const Json schema = Json::object({{"$ref", "#/components/schemas/Change"}});
    for (const Event& event : events) {
        EXPECT_EQ(event.type, "change");
        EXPECT_EQ(site.schemas.value(schema, json(event.data)), std::vector<std::string>{});
    }
    EXPECT_EQ(json(events[0].data).at("item").text_at("name"), "default");
}

TEST(Watch, CarriesTheIdOnTheLastEventOfACommitOnly) {
    Site site;
    const auto before = site.engine.snapshot()->revision;
    site.post("/v1/instances", R"({"name": "a", "flavor": "small", "image": "tiny"})");
    // instance, root volume, port, operation
    const auto events = watch(site, "/v1/watch?after=" + std::to_string(before), {}, count_is(4));
    EXPECT_EQ(events[0].id, "");
    EXPECT_EQ(events[3].id, std::to_string(before + 1));
    EXPECT_EQ(json(events[0].data).text_at("noun"), "instance");
    EXPECT_EQ(json(events[3].data).text_at("noun"), "operation");
}

/// The names that creations of flavors tell of, with their revisions.
static std::vector<std::int64_t> revisions(const std::vector<Event>& events) {
    std::vector<std::int64_t> all;
    for (const Event& event : events) all.push_back(revision_of(event));
    return all;
}

TEST(Watch, GoesFromTheLogToLiveWithoutGapOrDouble) {
    Site site;
    constexpr int count = 300;
    const auto before = site.engine.snapshot()->revision;
    std::thread others([&] {
        const auto client = site.client();
        for (int number = 0; number < count; ++number)
            (void)client->request(request(wire::Method::post, "/v1/flavors",
                                          R"({"name": "w)" + std::to_string(number) + R"("})"));
    });
    for (int watcher = 0; watcher < 5; ++watcher) {
        const auto seen = watch(site, "/v1/watch?noun=flavor&after=" + std::to_string(before), {},
                                count_is(count));
        const auto order = revisions(seen);
        EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
        EXPECT_EQ(std::set(order.begin(), order.end()).size(), order.size());
        EXPECT_EQ(seen.size(), static_cast<std::size_t>(count));
    }
    others.join();
}

TEST(Watch, ResumesAfterTheLastEventThatCame) {
    Site site;
    for (int number = 0; number < 10; ++number)
        site.post("/v1/flavors", R"({"name": "r)" + std::to_string(number) + R"("})");
    const auto first = watch(site, "/v1/watch?after=0&noun=flavor", {}, count_is(5));
    const auto rest =
        watch(site, "/v1/watch?after=0&noun=flavor", {{"Last-Event-ID", first[4].id}}, count_is(6));
    EXPECT_GT(revision_of(rest[0]), revision_of(first[4]));
    EXPECT_EQ(json(rest.back().data).at("item").text_at("name"), "r9");
}

TEST(Watch, OfOneThingTellsOfItsEnd) {
    Site site;
    site.post("/v1/flavors", R"({"name": "f"})");
    const std::string id = body(site.get("/v1/flavors/f")).text_at("id");
    site.remove("/v1/flavors/f");
    const auto events = watch(site, "/v1/watch?after=0&noun=flavor&subject=" + id, {}, count_is(2));
    EXPECT_EQ(json(events[1].data).text_at("verb"), "forget");
    EXPECT_TRUE(json(events[1].data).at("item").is_null());
}

TEST(Watch, AfterWhatIsCompactedOrNotYetIsGone) {
    Site site;
    const auto revision = site.engine.snapshot()->revision;
    EXPECT_EQ(site.get("/v1/watch?after=" + std::to_string(revision + 100)).status, 410);
    site.store->compact(*site.engine.snapshot(), 2).value();
    const auto gone = site.get("/v1/watch?after=1");
    EXPECT_EQ(gone.status, 410);
    EXPECT_EQ(body(gone).text_at("hint"), "list again, and watch after the revision of that");
    EXPECT_EQ(site.get("/v1/watch?after=x").status, 400);
    EXPECT_EQ(site.get("/v1/watch", {{"Last-Event-ID", "x"}}).status, 400);
}

/// One commit that is far larger than what may wait for a reader comes through whole.
TEST(Watch, CarriesCommitsLargerThanAQueue) {
    wire::HttpLimits limits;
    limits.queue_max = 1 << 20;
    Site site({}, limits);
    const auto before = site.engine.snapshot()->revision;
    std::vector<model::Step> steps;
    constexpr std::size_t count = 5000;
    for (std::uint64_t number = 0; number < count; ++number) {
        model::Flavor one;
        one.id = {base::derive_uuid({7, 7}, "flavor", number)};
        one.name = "bulk-" + std::to_string(number);
        steps.push_back({model::Create<model::Flavor>{std::make_shared<const model::Flavor>(one)},
                         "a test that makes very many flavors in one commit"});
    }
    site.commit(std::move(steps));
    const auto events =
        watch(site, "/v1/watch?after=" + std::to_string(before), {}, count_is(count));
    EXPECT_EQ(events.back().id, std::to_string(before + 1));
}

TEST(Watch, WithAReaderWhoDoesNotReadHoldsNobodyUp) {
    Site site;
    std::promise<void> others_are_done;
    const auto may_read = others_are_done.get_future().share();
    std::thread lazy([&] {
        (void)site.client()->stream(request(wire::Method::get, "/v1/watch?after=0"),
                                    [&](std::string_view) {
                                        may_read.wait();
                                        return false;
                                    });
    });
    for (int number = 0; number < 300; ++number)
        EXPECT_EQ(
            site.post("/v1/flavors", R"({"name": "x)" + std::to_string(number) + R"("})").status,
            201);
    others_are_done.set_value();
    lazy.join();
}

}  // namespace vdc::api::test
