#include "base/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "base/text.h"

namespace vdc::base {
namespace {

using Code = Error::Code;

Json parsed(std::string_view text) {
    auto json = parse_json(text);
    EXPECT_TRUE(json.ok()) << text << ": " << json.error().message;
    return json.ok() ? *json : Json();
}

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
    const auto json = parse_json(text, limits);
    EXPECT_FALSE(json.ok()) << text;
    return json.ok() ? "" : json.error().message;
}

TEST(Json, ValuesOfEveryKindAreRead) {
    EXPECT_TRUE(parsed("null").is_null());
    EXPECT_EQ(parsed("true"), Json(true));
    EXPECT_EQ(parsed(" \t\r\n false \n"), Json(false));
    EXPECT_EQ(parsed("-0"), Json(0));
    EXPECT_EQ(parsed("12"), Json(12));
    EXPECT_EQ(parsed("1.5e3"), Json(1500.0));
    EXPECT_EQ(parsed("\"x\""), Json("x"));
    EXPECT_EQ(parsed("[]"), Json::array());
    EXPECT_EQ(parsed("{}"), Json::object());
    EXPECT_EQ(parsed("[1,[2],{\"a\":null}]"),
              Json::array({1, Json::array({2}), Json::object({{"a", nullptr}})}));
}

TEST(Json, WholeNumbersStayExactUpTo64BitsSigned) {
    EXPECT_EQ(parsed("9223372036854775807").integer(), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(parsed("-9223372036854775808").integer(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(dump(parsed("9007199254740993")), "9007199254740993");
}

TEST(Json, NumbersThatDoNotFitAreRefusedInsteadOfRounded) {
    EXPECT_NE(refusal("9223372036854775808").find("64 bits"), std::string::npos);
    EXPECT_NE(refusal("18446744073709551616"), "");
    EXPECT_NE(refusal("-9223372036854775809"), "");
    EXPECT_NE(refusal("1e999").find("too large"), std::string::npos);
}

TEST(Json, WhatRfc8259DoesNotAllowIsRefused) {
    for (const char* text : {"",
                             " ",
                             "nul",
                             "True",
                             "01",
                             "-",
                             "+1",
                             "1.",
                             ".5",
                             "1e",
                             "0x10",
                             "NaN",
                             "Infinity",
                             "'x'",
                             "\"",
                             "\"\\x41\"",
                             "\"\\u12\"",
                             "\"\\ud800\"",
                             "\"\\udc00x\"",
                             "\"\\ud800\\u0041\"",
                             "\"\x01\"",
                             "\"\n\"",
                             "[1,]",
                             "[,1]",
                             "[1 2]",
                             "[",
                             "]",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{a:1}",
                             "{\"a\":1,}",
                             "{,}",
                             "{1:2}",
                             "/**/1",
                             "// x\n1",
                             "1 2",
                             "{} []",
                             "\xef\xbb\xbf{}",
                             "[1]\x01"})
        EXPECT_NE(refusal(text), "") << text;
}

TEST(Json, BytesThatAreNoUtf8AreRefused) {
    for (const char* text : {"\"\xff\"", "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"",
                             "\"\xf5\x80\x80\x80\"", "\"\xc3\"", "\"\xe6\xbc\""})
        EXPECT_NE(refusal(text), "");
}

TEST(Json, EscapesAreReadAndSurrogatesJoined) {
    EXPECT_EQ(parsed(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00")").text(),
              "\"\\/\b\f\n\r\tA\xc3\xa9\xf0\x9f\x98\x80");
    EXPECT_EQ(parsed(R"("\u0000")").text(), std::string(1, '\0'));
}

TEST(Json, AMemberThatStandsTwiceIsRefused) {
    EXPECT_NE(refusal(R"({"a":1,"b":2,"a":3})").find("'a' stands twice"), std::string::npos);
    EXPECT_NE(refusal(R"({"a":1,"\u0061":3})"), "");
    EXPECT_EQ(parsed(R"([{"a":1},{"a":2}])").items().size(), 2u);
}

TEST(Json, ErrorsNameTheByte) {
    EXPECT_NE(refusal("[1, x]").find("at byte 4"), std::string::npos);
}

TEST(Json, DepthAndSizeAreBounded) {
    const std::string deep = std::string(32, '[') + std::string(32, ']');
    EXPECT_TRUE(parse_json(deep).ok());
    refusal("[" + deep + "]");
    refusal(std::string(100'000, '['));
    JsonLimits limits;
    limits.size_max = 4;
    EXPECT_TRUE(parse_json("1234", limits).ok());
    const auto json = parse_json("12345", limits);
    ASSERT_FALSE(json.ok());
    EXPECT_EQ(json.error().code, Code::too_large);
}

TEST(Json, MembersKeepTheirOrderAndTheFirstOfANameWins) {
    const Json json = parsed(R"({"b":1,"a":2})");
    EXPECT_EQ(dump(json), R"({"b":1,"a":2})");
    EXPECT_EQ(json.at("a").integer(), 2);
    EXPECT_TRUE(json.at("c").is_null());
    EXPECT_TRUE(Json(1).at("a").is_null());
    EXPECT_EQ(Json::object({{"a", 1}, {"a", 2}}).at("a").integer(), 1);
}

TEST(Json, SetReplacesOrAppendsAndPushMakesArrays) {
    Json json;
    json.set("a", 1).set("b", 2).set("a", 3);
    EXPECT_EQ(dump(json), R"({"a":3,"b":2})");
    json.erase("a");
    json.erase("none");
    EXPECT_EQ(dump(json), R"({"b":2})");
    Json list;
    list.push(1);
    list.push("x");
    EXPECT_EQ(dump(list), R"([1,"x"])");
}

TEST(Json, TheShortAskersTakeTheOtherValueForAnotherKind) {
    const Json json = parsed(R"({"t":"x","i":5,"b":true})");
    EXPECT_EQ(json.text_at("t"), "x");
    EXPECT_EQ(json.text_at("i", "none"), "none");
    EXPECT_EQ(json.integer_at("i"), 5);
    EXPECT_EQ(json.integer_at("t", 7), 7);
    EXPECT_TRUE(json.boolean_at("b"));
    EXPECT_TRUE(json.boolean_at("c", true));
}

TEST(JsonDeath, TakingAValueForAnotherKindIsAMistakeOfOurs) {
    EXPECT_DEATH(static_cast<void>(Json(1).text()), "another kind");
}

TEST(Json, ControlCharactersAreEscapedAndBadBytesReplaced) {
    EXPECT_EQ(dump(Json(std::string("\x01\x1f\x7f\n\t\"\\/", 8))),
              R"("\u0001\u001f\u007f\n\u0009\"\\/")");
    EXPECT_EQ(dump(Json("a\xff"
                        "b\xc3")),
              R"("a\ufffdb\ufffd")");
    EXPECT_EQ(dump(Json(std::string(1, '\0'))), R"("\u0000")");
}

TEST(Json, RealNumbersStayRealNumbers) {
    EXPECT_EQ(dump(Json(1.0)), "1.0");
    EXPECT_EQ(dump(Json(-0.5)), "-0.5");
    EXPECT_EQ(parsed(dump(Json(1e300))), Json(1e300));
    EXPECT_EQ(parsed(dump(Json(0.1))), Json(0.1));
}

TEST(Json, PrettyFormIsIndentedAndEqual) {
    const Json json = parsed(R"({"a":[1,2],"b":{},"c":[],"d":{"e":null}})");
    EXPECT_EQ(dump_pretty(json), R"({
  "a": [
    1,
    2
  ],
  "b": {},
  "c": [],
  "d": {
    "e": null
  }
})");
    EXPECT_EQ(parsed(dump_pretty(json)), json);
}

/// Text of whole UTF-8 characters, so that nothing of it is replaced.
rc::Gen<std::string> utf8_text() {
    return rc::gen::map(rc::gen::container<std::vector<std::uint32_t>>(
                            rc::gen::inRange<std::uint32_t>(0, 0x110000)),
                        [](const std::vector<std::uint32_t>& points) {
                            std::string text;
                            for (const std::uint32_t point : points) {
                                std::string one;
                                if (point < 0x80)
                                    one = {static_cast<char>(point)};
                                else if (point < 0x800)
                                    one = {static_cast<char>(0xc0 | point >> 6),
                                           static_cast<char>(0x80 | (point & 0x3f))};
                                else if (point < 0x10000)
                                    one = {static_cast<char>(0xe0 | point >> 12),
                                           static_cast<char>(0x80 | (point >> 6 & 0x3f)),
                                           static_cast<char>(0x80 | (point & 0x3f))};
                                else
                                    one = {static_cast<char>(0xf0 | point >> 18),
                                           static_cast<char>(0x80 | (point >> 12 & 0x3f)),
                                           static_cast<char>(0x80 | (point >> 6 & 0x3f)),
                                           static_cast<char>(0x80 | (point & 0x3f))};
                                if (is_utf8(one)) text += one;  // surrogates are none
                            }
                            return text;
                        });
}

Json any_json(int depth) {
    switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
        case 0: return nullptr;
        case 1: return *rc::gen::arbitrary<bool>();
        case 2: return *rc::gen::arbitrary<std::int64_t>();
        case 3: return static_cast<double>(*rc::gen::inRange(-1000, 1000)) / 8;
        case 4: return *utf8_text();
        case 5: {
            Json list = Json::array();
            for (int left = *rc::gen::inRange(0, 4); left > 0; --left)
                list.push(any_json(depth - 1));
            return list;
        }
        default: {
            Json object = Json::object();
            for (int left = *rc::gen::inRange(0, 4); left > 0; --left)
                object.set(*utf8_text(), any_json(depth - 1));
            return object;
        }
    }
}

RC_GTEST_PROP(Json, WhatIsDumpedIsReadAsTheSameValue, ()) {
    const Json json = any_json(3);
    const auto compact = parse_json(dump(json));
    const auto pretty = parse_json(dump_pretty(json));
    RC_ASSERT(compact.ok() && *compact == json);
    RC_ASSERT(pretty.ok() && *pretty == json);
}

RC_GTEST_PROP(Json, BytesOfAnyKindAreReadOrRefusedButNeverBreakIt, (const std::string& bytes)) {
    const auto json = parse_json(bytes);
    if (json.ok()) RC_ASSERT(parse_json(dump(*json)).ok());
    RC_ASSERT(is_utf8(dump(Json(bytes))));
    RC_ASSERT(parse_json(dump(Json(bytes))).ok());
}

}  // namespace
}  // namespace vdc::base
