#include "cli/glance.h"

#include <gmock/gmock.h>

namespace vdc::cli {

using base::Json;
using testing::HasSubstr;
using testing::Not;

static Json datacenter(std::int64_t troubles) {
    Json attention = Json::array();
    if (troubles > 0)
        attention.push(Json::object({{"noun", "instance"},
                                     {"name", "web-1"},
                                     {"word", "failed"},
                                     {"sentence", "has failed"}}));
    return Json::object(
        {{"counts", Json::object({{"hosts", 1}, {"apps", 2}, {"instances", 4}})},
         {"claimed", Json::object({{"vcpus", 4}, {"memory", "1GiB"}, {"disk", "2GiB"}})},
         {"claimable", Json::object({{"vcpus", 16}, {"memory", "4GiB"}, {"disk", "8GiB"}})},
         {"running", 3},
         {"attention", std::move(attention)},
         {"attention_count", troubles},
         {"warnings", Json::array({Json::object({{"host", "h1"}, {"text", "no KVM"}})})}});
}

TEST(Glance, SaysWhatThereIsHowFullItIsAndWhatAHostWarnsOf) {
    const std::string page = glance(datacenter(0));
    EXPECT_THAT(page, HasSubstr("1 host, 2 applications, 4 instances (3 running)"));
    EXPECT_THAT(page, HasSubstr("25 %"));
    EXPECT_THAT(page, HasSubstr("all is as it should be"));
    EXPECT_THAT(page, HasSubstr("host h1: no KVM"));
}

TEST(Glance, NamesWhatNeedsAttentionAndHowMuchMoreThereIs) {
    const std::string page = glance(datacenter(3));
    EXPECT_THAT(page, HasSubstr("3 things need attention\n  instance web-1 has failed\n"));
    EXPECT_THAT(page, HasSubstr("and 2 more"));
    EXPECT_THAT(page, Not(HasSubstr("as it should be")));
}

TEST(Glance, AnEmptyDatacenterHasNoShares) {
    EXPECT_THAT(glance(Json::object({{"counts", Json::object({})},
                                     {"claimed", Json::object({})},
                                     {"claimable", Json::object({})},
                                     {"attention", Json::array()},
                                     {"warnings", Json::array()}})),
                HasSubstr("0 hosts"));
}

TEST(Glance, OfLossesSaysWhoHasNoPlaceAndWhereTheOthersGo) {
    const auto move = [](const char* name, Json to) {
        return Json::object({{"name", name}, {"to", std::move(to)}});
    };
    const Json host = Json::object({{"host", "h1"}, {"spare", Json::object({{"memory", "2GiB"}})}});
    const Json loss = Json::object(
        {{"loss", "host h1"},
         {"hosts", Json::array({"h1"})},
         {"moves", Json::array({move("web-1", "h2"), move("web-2", "h2"), move("web-9", {})})},
         {"left_behind", Json::array()}});
    const Json rows =
        loss_rows(Json::object({{"losses", Json::array({loss})}, {"hosts", Json::array({host})}}));
    ASSERT_EQ(rows.items().size(), 1u);
    const Json& row = rows.items().front();
    EXPECT_EQ(row.integer_at("protected"), 3);
    EXPECT_EQ(row.text_at("covered"), "no: web-9");
    EXPECT_EQ(row.text_at("goes to"), "h2 (2)");
    EXPECT_EQ(row.text_at("spare"), "2048 MiB");
}

TEST(Glance, OfRecoveriesSaysHowLongEachPartTook) {
    const Json run = Json::object({{"name", "web-1"},
                                   {"fate", "replaced"},
                                   {"by", "web-3"},
                                   {"to", "h2"},
                                   {"placed", "2026-11-01T10:00:04.250Z"},
                                   {"started", "2026-11-01T10:00:05Z"},
                                   {"ready", nullptr}});
    const Json waits = Json::object({{"name", "db"}, {"fate", "waits"}});
    const Json recovery = Json::object({{"host", "h1"},
                                        {"suspected", "2026-11-01T10:00:00Z"},
                                        {"fenced", "2026-11-01T10:00:04Z"},
                                        {"instances", Json::array({run, waits})}});
    const Json rows = recovery_rows(Json::object({{"items", Json::array({recovery})}}));
    ASSERT_EQ(rows.items().size(), 2u);
    const Json& row = rows.items().front();
    EXPECT_EQ(row.text_at("by"), "web-3");
    EXPECT_EQ(row.text_at("fenced"), "4.00 s");
    EXPECT_EQ(row.text_at("placed"), "0.25 s");
    EXPECT_EQ(row.text_at("started"), "0.75 s");
    EXPECT_EQ(row.text_at("ready"), "");
    EXPECT_EQ(row.text_at("sum"), "5.00 s");
    EXPECT_EQ(rows.items().back().text_at("sum"), "");
}

}  // namespace vdc::cli
