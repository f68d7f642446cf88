#include "api/api_test_util.h"

namespace vdc::api::test {

TEST(BalanceRoutes, PlanNothingWhereThereIsNothing) {
    Site site;
    const wire::Response response = site.get("/v1/balance");
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_TRUE(body(response).at("moves").items().empty());
    EXPECT_EQ(body(response).text_at("mode"), "off");
}

TEST(BalanceRoutes, AreOneRecordWithModesAndBounds) {
    Site site;
    const auto made = site.post("/v1/balances", R"({"name": "default", "mode": "advise"})");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(body(site.get("/v1/balance")).text_at("mode"), "advise");
    const auto second = site.post("/v1/balances", R"({"name": "other"})");
    EXPECT_EQ(second.status, 409) << second.body;
    for (const char* wrong : {R"({"mode": "on"})", R"({"every": "1s"})", R"({"moves_max": 0})",
                              R"({"moves_per_host": 3})", R"({"runs": 3})"})
        EXPECT_EQ(site.patch("/v1/balances/default", wrong).status, 400) << wrong;
    EXPECT_EQ(site.post("/v1/balances/default/run", "{}").status, 200) << "nothing to move";
    EXPECT_EQ(site.remove("/v1/balances/default").status, 200);
}

}  // namespace vdc::api::test
