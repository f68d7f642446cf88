#include "wire/problem.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace vdc::wire {

using base::Error;

TEST(Problem, CarriesCodeSentenceHintAndRequestId) {
    const Response response =
        problem(Error{Error::Code::not_found, "no flavor 'x'", "see `vdc flavor list`"}, "r-1");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.headers.get("content-type"), "application/problem+json");
    EXPECT_EQ(
        response.body,
        R"({"type":"/problems/not_found","title":"Not found","status":404,"code":"not_found",)"
        R"("detail":"no flavor 'x'","hint":"see `vdc flavor list`","request_id":"r-1"})"
        "\n");
}

TEST(Problem, ComesBackAsTheErrorItWas) {
    for (int code = 0; code <= static_cast<int>(Error::Code::failed); ++code) {
        const Error error{static_cast<Error::Code>(code), "a sentence", "a hint"};
        EXPECT_EQ(error_of(problem(error)), error) << word(error.code);
        EXPECT_GE(status_of(error.code), 400);
    }
}

TEST(Problem, OfAnotherServerIsMadeFromItsStatus) {
    const auto error = error_of(answer(503, "text/html", "<html>"));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Error::Code::unavailable);
    EXPECT_EQ(error->message, "the server answered 503 Service Unavailable");
    EXPECT_EQ(error_of(Response{418, {}, {}})->code, Error::Code::invalid);
    EXPECT_EQ(error_of(Response{599, {}, {}})->code, Error::Code::failed);
    EXPECT_EQ(error_of(Response{409, {}, {}})->code, Error::Code::conflict);
}

TEST(Problem, OfAnUploadWithoutRoomIs507) {
    EXPECT_EQ(upload_status_of(Error::Code::exhausted), 507);
    EXPECT_EQ(upload_status_of(Error::Code::conflict), 409);
}

TEST(Problem, IsNothingBelow400) {
    EXPECT_FALSE(error_of(Response{304, {}, {}}));
}

TEST(Problem, SurvivesABodyOfTheWrongShape) {
    const auto error = error_of(answer(400, "application/json", R"({"detail": 7, "code": []})"));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Error::Code::invalid);
}

}  // namespace vdc::wire
