#include "api/api_test_util.h"

namespace vdc::api::test {

TEST(AdviceRoute, AdvisesNothingWhereThereIsNothing) {
    Site site;
    const wire::Response response = site.get("/v1/advice");
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_TRUE(body(response).at("moves").items().empty());
    EXPECT_EQ(body(response).integer_at("gain"), 0);
}

}  // namespace vdc::api::test
