#include "api/api_test_util.h"

namespace vdc::api::test {

TEST(WhyNotRoute, SaysWhatStandsInTheWay) {
    Site site;
    const wire::Response response = site.post("/v1/why-not", R"({"documents": [
        {"kind": "instance", "name": "web", "flavor": "small", "image": "tiny"}]})");
    ASSERT_EQ(response.status, 200) << response.body;
    const Json answer = body(response);
    EXPECT_FALSE(answer.boolean_at("fits"));
    EXPECT_EQ(answer.text_at("instance"), "web");
    EXPECT_EQ(answer.text_at("sentence"), "its image is on no host yet");
    EXPECT_TRUE(answer.at("change").items().empty()) << "nothing in the document would help";
    EXPECT_EQ(site.get("/v1/instances/web").status, 404) << "nothing came of it";
}

TEST(WhyNotRoute, RefusesWhatIsNoDocument) {
    Site site;
    EXPECT_EQ(site.post("/v1/why-not", R"({"documents": 7})").status, 400);
    EXPECT_EQ(site.post("/v1/why-not", R"({"documents": [{"kind": "cloud"}]})").status, 400);
    EXPECT_EQ(site.post("/v1/why-not", R"({"documents": [
        {"kind": "instance", "name": "web", "flavor": "none", "image": "tiny"}]})")
                  .status,
              404);
}

}  // namespace vdc::api::test
