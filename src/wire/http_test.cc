#include "wire/http.h"

#include <gtest/gtest.h>

namespace vdc::wire {

static std::string path_of(std::string_view target) {
    const auto parsed = parse_target(target);
    return parsed.ok() ? parsed->path : "refused: " + parsed.error().message;
}

static bool refused(std::string_view target) {
    return !parse_target(target).ok();
}

TEST(Method, IsReadInCapitalsOnly) {
    EXPECT_EQ(method("DELETE"), Method::delete_);
    EXPECT_EQ(word(Method::delete_), "DELETE");
    EXPECT_FALSE(method("get"));
    EXPECT_FALSE(method("CONNECT"));
}

TEST(StatusWord, OfAnUnknownNumberIsStatus) {
    EXPECT_EQ(status_word(100), "Continue");
    EXPECT_EQ(status_word(404), "Not Found");
    EXPECT_EQ(status_word(507), "Insufficient Storage");
    EXPECT_EQ(status_word(299), "Status");
    EXPECT_EQ(status_word(999), "Status");
}

TEST(Headers, AreFoundInEitherCaseAndKeepTheirOrder) {
    Headers headers{{"Accept", "a"}, {"X", "1"}, {"accept", "b"}};
    EXPECT_EQ(*headers.find("ACCEPT"), "a");
    EXPECT_EQ(headers.size(), 3U);
    headers.set("aCCept", "c");
    EXPECT_EQ(headers, (Headers{{"X", "1"}, {"aCCept", "c"}}));
    EXPECT_EQ(headers.get("none", "otherwise"), "otherwise");
}

TEST(Target, IsSplitAndDecoded) {
    const auto target = parse_target("/v1/a%20b?limit=10&name=a+b%2Bc&flag&&x=%E2%82%AC=");
    ASSERT_TRUE(target.ok());
    EXPECT_EQ(target->path, "/v1/a b");
    const Query expected{{"limit", "10"}, {"name", "a b+c"}, {"flag", ""}, {"x", "\u20ac="}};
    EXPECT_EQ(target->query, expected);
}

TEST(Target, SurvivesTheRoundTrip) {
    const Target target{"/v1/a b/%/\u20ac", {{"a&b", "c=d+e f"}, {"", "%"}, {"x", "1,2/3"}}};
    const auto back = parse_target(text(target));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->path, target.path);
    EXPECT_EQ(back->query, target.query);
}

TEST(Target, KeepsPlusInThePath) {
    EXPECT_EQ(path_of("/a+b"), "/a+b");
}

TEST(Target, ThatHidesASlashIsRefused) {
    EXPECT_TRUE(refused("/v1/a%2Fb"));
    EXPECT_TRUE(refused("/v1/a%2fb"));
}

TEST(Target, WithDotSegmentsIsRefused) {
    EXPECT_TRUE(refused("/v1/../etc"));
    EXPECT_TRUE(refused("/v1/%2e%2E/etc"));
    EXPECT_TRUE(refused("/v1/."));
    EXPECT_TRUE(refused("/.."));
    EXPECT_EQ(path_of("/v1/..."), "/v1/...");
    EXPECT_EQ(path_of("/a..b/.c"), "/a..b/.c");
}

TEST(Target, WithBytesThatMustBeEncodedIsRefused) {
    EXPECT_TRUE(refused(std::string_view("/a\0b", 4)));
    EXPECT_TRUE(refused("/a b"));
    EXPECT_TRUE(refused("/a\xC3\xA4"));
    EXPECT_TRUE(refused("/a#b"));
    EXPECT_TRUE(refused("/a%00b"));
    EXPECT_TRUE(refused("/a%0Ab"));
    EXPECT_TRUE(refused("/a%7f"));
    EXPECT_TRUE(refused("/a?b=%00"));
    EXPECT_TRUE(refused("/a%FF"));
    EXPECT_TRUE(refused("/a?b=%C0%80"));
}

TEST(Target, WithBrokenEscapesIsRefused) {
    for (const auto* target : {"/%", "/%4", "/%4x", "/%x4", "/?%", "/?a=%2", "/% 41"})
        EXPECT_TRUE(refused(target)) << target;
}

TEST(Target, InAnotherFormIsRefused) {
    for (const auto* target : {"", "*", "http://host/a", "host:80", "?a=b"})
        EXPECT_TRUE(refused(target)) << target;
}

TEST(Target, IsBounded) {
    EXPECT_FALSE(refused("/" + std::string(target_size_max - 1, 'a')));
    EXPECT_TRUE(refused("/" + std::string(target_size_max, 'a')));
    std::string fields = "/?a";
    for (std::size_t i = 1; i < query_fields_max; ++i) fields += "&a";
    EXPECT_FALSE(refused(fields));
    EXPECT_TRUE(refused(fields + "&a"));
}

TEST(Percent, EncodedTextFitsOneSegment) {
    EXPECT_EQ(percent_encoded("a/b?c d\xff~"), "a%2Fb%3Fc%20d%FF~");
    EXPECT_EQ(percent_decoded("a%2Fb+c"), "a/b+c");
    EXPECT_EQ(percent_decoded("a+c", Plus::is_blank), "a c");
}

}  // namespace vdc::wire
