#include "model/write_json.h"

#include <gtest/gtest.h>

#include "model/codec.h"
#include "model/nouns.h"
#include "model/story_test_util.h"

namespace vdc::model {

using base::Json;

template <class R>
static std::string written(const R& record) {
    std::string out;
    write_open(out, record);
    return out + "}";
}

TEST(WriteJson, WritesEmptyRecordsAsTheCodecDoes) {
    for_each_noun([]<class R>(std::type_identity<R>) {
        const R record{};
        EXPECT_EQ(written(record), base::dump(to_json(record)));
    });
}

static Instance full_instance() {
    Instance instance;
    instance.id = {base::derive_uuid({1, 2}, "i", 3)};
    instance.project = {base::derive_uuid({1, 2}, "p", 3)};
    instance.name = "web-1";
    instance.created = Instant{Duration{1'789'000'000'123'456}};
    instance.declared.user_data = "#!/bin/sh\n\"quoted\" \\ \x01 \x7f gr\xc3\xbc\xc3\x9f \xff end";
    instance.declared.stop_timeout = Duration{90'000'000};
    instance.declared.key = KeyPairId{base::derive_uuid({1, 2}, "k", 3)};
    instance.claimed.host = HostId{base::derive_uuid({1, 2}, "h", 3)};
    instance.claimed.placement = {
        "it fits", 3, {{"memory", 1}, {"labels", 1}}, {{"spread", -4}}, {}};
    instance.observed.since = Instant{Duration{-1}};
    return instance;
}

TEST(WriteJson, WritesAFullRecordAsTheCodecDoes) {
    EXPECT_EQ(written(full_instance()), base::dump(to_json(full_instance())));
    Host host;
    host.declared.labels = {{"rack", "7"}, {"zone", "a\"b"}};
    host.observed.warnings = {"no /dev/kvm", "old kernel"};
    EXPECT_EQ(written(host), base::dump(to_json(host)));
    Network network;
    network.declared.range = base::parse_ipv4_range("10.20.0.0/24").value();
    EXPECT_EQ(written(network), base::dump(to_json(network)));
}

TEST(WriteJson, WritesEveryCommitOfAStoryAsTheCodecDoes) {
    testing::Story story(17);
    for (const CommitPtr& commit : story.next(400)) {
        std::string out;
        write_commit(out, *commit);
        ASSERT_EQ(out, base::dump(to_json(*commit)));
    }
    for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : story.snapshot().all<R>()) {
            std::string out;
            write_record(out, *record);
            ASSERT_EQ(out, base::dump(to_json(*record)));
        }
    });
}

TEST(WriteJson, KeepsWhatANewerBuildStored) {
    Instance instance = full_instance();
    instance.unknown = Json::object({{"colour", "red"}});
    EXPECT_EQ(written(instance), base::dump(to_json(instance)));
}

TEST(WriteJson, WritesEveryMomentAsTextDoes) {
    for (const std::int64_t micros :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{951'782'400'000'000},
          std::int64_t{4'102'444'799'999'999}, std::int64_t{-62'135'596'800'000'000}}) {
        Project project;
        project.created = Instant{Duration{micros}};
        EXPECT_EQ(written(project), base::dump(to_json(project)));
    }
}

}  // namespace vdc::model
