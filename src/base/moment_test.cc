#include "base/moment.h"

#include <gtest/gtest.h>

namespace vdc::base {

static Moment read(std::string_view words) {
    const auto moment = parse_moment(words);
    EXPECT_TRUE(moment.ok()) << words << ": " << (moment.ok() ? "" : text(moment.error()));
    return moment.ok() ? *moment : Moment{};
}

static Moment at(const char* instant) {
    return AtInstant{parse_instant(instant).value()};
}

TEST(Moment, IsARevision) {
    for (const char* words : {"4711", "revision 4711", "rev 4711", "  revision   4711 "})
        EXPECT_EQ(read(words), Moment{AtRevision{4711}}) << words;
    EXPECT_EQ(read("0"), Moment{AtRevision{0}});
    EXPECT_EQ(read("2026"), Moment{AtRevision{2026}});
}

TEST(Moment, IsATime) {
    const Moment noon = at("2026-11-22T12:00:00Z");
    for (const char* words : {"2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000Z",
                              "2026-11-22 12:00:00", "2026-11-22T12:00", "2026-11-22 12:00 ",
                              "2026-11-22T14:00:00+02:00", "2026-11-22T06:30:00-05:30"})
        EXPECT_EQ(read(words), noon) << words;
    EXPECT_EQ(read("2026-11-22"), at("2026-11-22T00:00:00Z"));
    EXPECT_EQ(read("2026-11-22T12:00:00.123456789Z"), at("2026-11-22T12:00:00.123456Z"));
    EXPECT_EQ(read("2028-02-29"), at("2028-02-29T00:00:00Z"));
}

TEST(Moment, IsHowLongAgo) {
    for (const char* words : {"-10m", "10m ago", "10 minutes ago", "-600s", "-10 min", "- 10m",
                              "600 seconds ago", "9 minutes 60s ago", "-10 minutes ago"})
        EXPECT_EQ(read(words), Moment{Ago{10min}}) << words;
    EXPECT_EQ(read("1h30m ago"), Moment{Ago{90min}});
    EXPECT_EQ(read("1 hour 30 minutes ago"), Moment{Ago{90min}});
    EXPECT_EQ(read("2 weeks ago"), Moment{Ago{std::chrono::hours{336}}});
    EXPECT_EQ(read("now"), Moment{Ago{}});
}

TEST(Moment, IsReadBackFromItsText) {
    for (const Moment& each :
         {Moment{AtRevision{7}}, at("2026-11-22T12:00:00.5Z"), Moment{Ago{90s}}, Moment{Ago{}}})
        EXPECT_EQ(read(text(each)), each) << text(each);
}

TEST(Moment, ThatMakesNoSenseIsRefusedWithItsPlace) {
    const auto refused = [](std::string_view words, std::string_view why) {
        const auto moment = parse_moment(words);
        ASSERT_FALSE(moment.ok()) << words;
        EXPECT_EQ(moment.error().code, Error::Code::invalid);
        EXPECT_NE(moment.error().message.find(why), std::string::npos) << moment.error().message;
        EXPECT_FALSE(moment.error().hint.empty());
    };
    refused("", "nothing stands here, at character 1");
    refused("yesterday", "these words are not known, at character 1");
    refused("10m", "'ago' must follow, or '-' stand before it, at character 4");
    refused("10 minuts ago", "did you mean 'minutes'?, at character 4");
    refused("-10", "a unit must follow, such as m, hours or days, at character 4");
    refused("-", "a number must follow, at character 2");
    refused("-x", "'x' is no length of time, at character 2");
    refused("10m ago then", "'then' stands after it, at character 9");
    refused("revision x", "a revision is a whole number, at character 10");
    refused("revision -1", "a revision is a whole number, at character 10");
    refused("99999999999999999999", "no revision is so high, at character 1");
    refused("-99999999999999 years", "'years' is no unit of time");
    refused("-9999999999 days", "more than a hundred years, at character 2");
    refused("2026-13-01", "the month is from 1 to 12, at character 6");
    refused("2026-02-30", "this month has no such day, at character 9");
    refused("2026-02-30T", "this month has no such day, at character 9");
    refused("2026-11-22T", "the hour has 2 digits, at character 12");
    refused("2026-11-22T25:00:00Z", "the hour is from 0 to 23, at character 12");
    refused("2026-11-22T12:00:00.Z", "a fraction of a second has digits, at character 21");
    refused("2026-11-22T12:00:00X", "'Z' or an offset such as +02:00 must follow, at character 20");
    refused("2026/11/22", "at character");
}

}  // namespace vdc::base
