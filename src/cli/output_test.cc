#include "cli/output.h"

#include <gtest/gtest.h>

namespace vdc::cli {

using base::Json;

static const std::vector<Column> columns{
    {"name", "name"}, {"status", "status.word"}, {"address", "view.addresses.address"}};

static Json items() {
    return base::parse_json(R"([
        {"name": "web-2", "status": {"word": "running"},
         "view": {"addresses": [{"address": "10.0.0.3"}, {"address": "10.1.0.3"}]}},
        {"name": "db, \"old\"", "status": {"word": "stopped"}, "view": {"addresses": []}}])")
        .value();
}

static std::string as(const char* format, Common common = {}) {
    common.format = format;
    const auto text = shown(items(), columns, common);
    return text.ok() ? *text : base::text(text.error());
}

TEST(Output, IsATableWithAlignedColumns) {
    EXPECT_EQ(as("table"),
              "name       status   address\n"
              "web-2      running  10.0.0.3,10.1.0.3\n"
              "db, \"old\"  stopped  \n");
}

TEST(Output, AsCsvQuotesWhatNeedsIt) {
    EXPECT_EQ(as("csv"),
              "name,status,address\n"
              "web-2,running,\"10.0.0.3,10.1.0.3\"\n"
              "\"db, \"\"old\"\"\",stopped,\n");
}

TEST(Output, AsValuesHasNoHeading) {
    Common common;
    common.columns = {"status", "name"};
    EXPECT_EQ(as("value", common), "running web-2\nstopped db, \"old\"\n");
}

TEST(Output, AsJsonAndYamlIsWhole) {
    EXPECT_EQ(base::parse_json(as("json")).value(), items());
    EXPECT_EQ(as("yaml").substr(0, 48), "- name: web-2\n  status:\n    word: running\n  view");
}

TEST(Output, IsSortedByAColumnAndWithoutHeadingWhenAsked) {
    Common common;
    common.sort = "name";
    common.no_header = true;
    common.columns = {"name"};
    EXPECT_EQ(as("table", common), "db, \"old\"\nweb-2\n");
}

TEST(Output, ShowsPathsAndRefusesWhatIsNowhere) {
    Common common;
    common.columns = {"name", "status.word"};
    EXPECT_EQ(as("value", common), "web-2 running\ndb, \"old\" stopped\n");
    common.columns = {"nam"};
    EXPECT_EQ(as("table", common),
              "there is no column 'nam'; did you mean 'name'?; columns are name, status, address; "
              "others go by their path, for example declared.image");
}

TEST(Output, InAnUnknownFormIsRefused) {
    EXPECT_EQ(
        as("jsn"),
        "'jsn' is no output format; did you mean 'json'?; take one of table, json, yaml, csv, "
        "value");
}

TEST(Output, CannotBeMadeToDrawOnTheTerminal) {
    const Json evil = Json::array({Json::object({{"name", "a\x1b[2Jb\nc"}})});
    const auto text = shown(evil, {{"name", "name"}}, {});
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(text->find('\x1b'), std::string::npos) << *text;
    EXPECT_EQ(std::count(text->begin(), text->end(), '\n'), 2) << *text;
}

}  // namespace vdc::cli
