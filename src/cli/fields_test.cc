#include "cli/fields.h"

#include <gtest/gtest.h>

namespace vdc::cli {

static std::string parsed(const std::vector<std::string>& words) {
    const auto fields = parse_fields(words);
    return fields.ok() ? dump(*fields) : base::text(fields.error());
}

TEST(Fields, BecomeJsonByTheirLooks) {
    EXPECT_EQ(parsed({"--replicas", "3", "--front.port=80", "--user-data", "x"}),
              R"({"replicas":3,"front":{"port":80},"user_data":"x"})");
    EXPECT_EQ(parsed({"--nat", "false", "--key", "null", "--disk", "10GiB"}),
              R"({"nat":false,"key":null,"disk":"10GiB"})");
    EXPECT_EQ(parsed({"--front.port", "80", "--front.target_port", "8080"}),
              R"({"front":{"port":80,"target_port":8080}})");
    EXPECT_EQ(parsed({"--a="}), R"({"a":""})");
    EXPECT_EQ(parsed({"--a", "b=c"}), R"({"a":"b=c"})");
}

TEST(Fields, ThatMakeNoSenseAreNamed) {
    EXPECT_EQ(parsed({"web"}), "'web' was not expected here; fields are written --NAME VALUE");
    EXPECT_EQ(parsed({"--"}), "'--' was not expected here; fields are written --NAME VALUE");
    EXPECT_EQ(parsed({"--replicas"}), "'--replicas' needs a value");
    EXPECT_NE(parsed({"--key", "@/nowhere/at/all"}).find("/nowhere/at/all"), std::string::npos);
}

}  // namespace vdc::cli
