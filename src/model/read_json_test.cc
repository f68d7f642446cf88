#include "model/read_json.h"

#include <gtest/gtest.h>

#include "model/codec.h"
#include "model/story_test_util.h"

namespace vdc::model {

using base::dump;
using base::Json;
using base::Result;

static Result<Commit> by_tree(const std::string& text) {
    const auto json = base::parse_json(text);
    return json.ok() ? commit_from_json(*json) : Result<Commit>(json.error());
}

TEST(ReadJson, ReadsEveryCommitAndRecordOfAStoryAsTheCodecDoes) {
    testing::Story story(23);
    std::map<Noun, int> read_of;
    for (int chapter = 0; chapter < 20; ++chapter) {
        for (const CommitPtr& commit : story.next(30)) {
            const std::string text = dump(to_json(*commit));
            const auto read = read_commit(text);
            ASSERT_TRUE(read.ok()) << base::text(read.error()) << text;
            ASSERT_EQ(dump(to_json(*read)), text);
            ASSERT_EQ(dump(to_json(by_tree(text).value())), text);
        }
        for_each_noun([&]<class R>(std::type_identity<R>) {
            for (const auto& [id, record] : story.snapshot().all<R>()) {
                const std::string text = dump(to_json(*record));
                const auto read = read_record<R>(text);
                ASSERT_TRUE(read.ok()) << base::text(read.error()) << text;
                ASSERT_EQ(dump(to_json(*read)), text);
                ++read_of[R::noun];
            }
        });
    }
    for_each_noun([&]<class R>(std::type_identity<R>) {
        EXPECT_GT(read_of[R::noun], 0) << "the story has no " << word(R::noun);
    });
}

TEST(ReadJson, ReadsWhatIsWrittenInAnotherWay) {
    const std::string text =
        R"( {"steps": [{"noun":"instance", "verb":"forget", "reason":"gone \u00e4", )"
        R"("id":"01890A5D-ac96-774b-bcce-b302099a8057"}], "at":"2026-11-22T12:00:00Z", )"
        R"("revision":7, "actor":"admin"})";
    const auto read = read_commit(text);
    ASSERT_TRUE(read.ok()) << base::text(read.error());
    EXPECT_EQ(dump(to_json(*read)), dump(to_json(by_tree(text).value())));
    EXPECT_EQ(read->steps[0].reason, "gone ä");
}

TEST(ReadJson, KeepsWhatANewerBuildStored) {
    Flavor flavor;
    flavor.name = "small";
    Json json = to_json(flavor);
    json.set("colour", "red");
    const auto read = read_record<Flavor>(dump(json));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->unknown.at("colour"), Json("red"));
    EXPECT_EQ(to_json(*read), json);
}

TEST(ReadJson, TextsOfEveryKindAreTakenAndBrokenOnesAreNot) {
    Commit commit;
    commit.revision = 1;
    commit.actor =
        "tab\t, quote\", backslash\\, newline\n, nul" + std::string(1, '\0') + ", del\x7f, é, 𝄞";
    commit.steps.push_back({Forget<Flavor>{{{1, 2}}}, ""});
    const std::string text = dump(to_json(commit));
    EXPECT_EQ(read_commit(text).value().actor, commit.actor);
    std::string broken = text;
    broken.replace(broken.find("é"), 2, "\xc3\x28");
    EXPECT_FALSE(read_commit(broken).ok());
}

/// Whatever becomes of the text, both ways say the same of it.
TEST(ReadJson, ADamagedTextIsReadOrRefusedAsByTheCodec) {
    testing::Story story(5);
    base::Chance chance(77);
    for (const CommitPtr& commit : story.next(150)) {
        std::string text = dump(to_json(*commit));
        for (int damage = 0; damage < 8; ++damage) {
            std::string other = text;
            const auto at = static_cast<std::size_t>(
                chance.between(0, static_cast<std::int64_t>(text.size()) - 1));
            static constexpr char bytes[] = "\"\\{}[],:0-e.\x80 n";
            if (chance.once_in(1, 4))
                other.resize(at);
            else if (chance.once_in(1, 3))
                other.erase(at, 1);
            else
                other[at] = bytes[chance.between(0, 14)];
            const auto fast = read_commit(other);
            const auto slow = by_tree(other);
            ASSERT_EQ(fast.ok(), slow.ok()) << other;
            if (fast.ok()) {
                ASSERT_EQ(dump(to_json(*fast)), dump(to_json(*slow))) << other;
            }
        }
    }
}

}  // namespace vdc::model
