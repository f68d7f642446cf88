#include <atomic>
#include <set>
#include <thread>

#include "api/api_test_util.h"

namespace vdc::api::test {

static std::string flavor(int number) {
    return R"({"name": "f)" + std::to_string(number) + R"("})";
}

/// All names of a noun, page by page.
static std::vector<std::string> names_by_page(Site& site, const std::string& target) {
    std::vector<std::string> names;
    std::string marker;
    do {
        const Json page = body(site.get(target + (marker.empty() ? "" : "&marker=" + marker)));
        for (const Json& item : page.at("items").items()) names.push_back(item.text_at("name"));
        marker = page.text_at("next");
    } while (!marker.empty());
    return names;
}

TEST(Lists, EndWithAMarkerUntilTheLastPage) {
    Site site;
    for (int number = 0; number < 25; ++number) site.post("/v1/flavors", flavor(number));
    for (const char* limit : {"1", "7", "13", "26", "1000"}) {
        const auto names = names_by_page(site, "/v1/flavors?limit=" + std::string(limit));
        EXPECT_EQ(names.size(), 26u) << limit;
        EXPECT_EQ(std::set(names.begin(), names.end()).size(), 26u) << limit;
    }
}

TEST(Lists, MissNothingAndRepeatNothingWhileOthersCreate) {
    Site site;
    std::set<std::string> before;
    for (int number = 0; number < 60; ++number) {
        site.post("/v1/flavors", flavor(number));
        before.insert("f" + std::to_string(number));
    }
    std::atomic<bool> over = false;
    std::thread others([&] {
        const auto client = site.client();
        for (int number = 1000; number < 1400 && !over; ++number)
            (void)client->request(request(wire::Method::post, "/v1/flavors", flavor(number)));
    });
    for (int round = 0; round < 4; ++round) {
        const auto names = names_by_page(site, "/v1/flavors?limit=9");
        const std::set<std::string> seen(names.begin(), names.end());
        EXPECT_EQ(seen.size(), names.size());
        for (const std::string& name : before) EXPECT_TRUE(seen.contains(name)) << name;
    }
    over = true;
    others.join();
}

TEST(Lists, ShowTheProjectAskedFor) {
    Site site;
    site.post("/v1/volumes", R"({"name": "mine", "size": "1GiB"})");
    site.post("/v1/volumes?project=other", R"({"name": "theirs", "size": "1GiB"})");
    EXPECT_EQ(names_by_page(site, "/v1/volumes?limit=9"), std::vector<std::string>{"mine"});
    EXPECT_EQ(names_by_page(site, "/v1/volumes?project=other"), std::vector<std::string>{"theirs"});
    EXPECT_EQ(names_by_page(site, "/v1/volumes?project=*").size(), 2u);
    EXPECT_EQ(names_by_page(site, "/v1/images?project=other"), std::vector<std::string>{"tiny"});
    EXPECT_EQ(site.get("/v1/volumes?project=nobody").status, 404);
}

TEST(Lists, AreNarrowedByNameReferenceAndWord) {
    Site site;
    for (const char* name : {"a", "b"})
        site.post("/v1/instances", R"({"name": ")" + std::string(name) +
                                       R"(", "flavor": "small", "image": "tiny"})");
    EXPECT_EQ(names_by_page(site, "/v1/instances?name=b"), std::vector<std::string>{"b"});
    EXPECT_EQ(names_by_page(site, "/v1/volumes?instance=a"), std::vector<std::string>{"a-root"});
    EXPECT_EQ(names_by_page(site, "/v1/ports?network=default&instance=b"),
              std::vector<std::string>{"b-port0"});
    EXPECT_EQ(names_by_page(site, "/v1/operations?phase=running").size(), 2u);
    EXPECT_EQ(site.get("/v1/operations?phase=runing").status, 400);
    EXPECT_EQ(site.get("/v1/volumes?instance=c").status, 404);
    EXPECT_EQ(site.get("/v1/volumes?limit=1001").status, 400);
    EXPECT_EQ(site.get("/v1/volumes?marker=x").status, 400);
}

TEST(Lists, OfEverythingAreStreamedFromOneRevision) {
    Site site;
    std::vector<model::Step> steps;
    constexpr std::uint64_t count = 3000;
    for (std::uint64_t number = 0; number < count; ++number) {
        model::Flavor one;
        one.id = {base::derive_uuid({7, 7}, "flavor", number)};
        one.name = "bulk-" + std::to_string(number);
        steps.push_back(
            {model::Create<model::Flavor>{std::make_shared<const model::Flavor>(one)}, "a test"});
    }
    site.commit(std::move(steps));
    const auto all = site.get("/v1/flavors?limit=all");
    EXPECT_FALSE(all.headers.has("Content-Length"));
    const Json list = body(all);
    EXPECT_EQ(list.at("items").items().size(), count + 1);
    EXPECT_TRUE(list.at("next").is_null());
    EXPECT_EQ(site.get("/v1/health").status, 200);
}

}  // namespace vdc::api::test
