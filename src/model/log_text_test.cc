#include "model/log_text.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "model/codec.h"
#include "model/story_test_util.h"

namespace vdc::model {

using Code = base::Error::Code;

/// A log that begins after some commits, line by line.
static std::vector<std::string> lines_of(testing::Story& story, std::size_t before,
                                         std::size_t count) {
    story.next(before);
    const Snapshot base = story.snapshot();
    const std::vector<CommitPtr> commits = story.next(count);
    std::string out;
    write_log_head(out, {"1.2", base.revision, story.snapshot().revision, base.committed,
                         story.snapshot().committed, hash_of(story.snapshot())});
    LogCounts counts{0, count};
    for_each_noun([&]<class R>(std::type_identity<R>) {
        for (const auto& [id, record] : base.all<R>()) {
            write_log_record(out, *record);
            ++counts.records;
        }
    });
    for (const CommitPtr& commit : commits) write_log_commit(out, *commit);
    write_log_end(out, counts);
    std::vector<std::string> lines = base::split(out, '\n');
    lines.pop_back();
    return lines;
}

/// The first error on the way, or of the end.
static base::Status walk(LogReplay& replay, const std::vector<std::string>& lines) {
    for (const std::string& line : lines)
        if (TRY(replay.take(line)) != nullptr) TRY(replay.apply());
    return replay.finish();
}

static void expect_refused(const std::vector<std::string>& lines, Code code,
                           const std::string& why) {
    LogReplay replay;
    const base::Status status = walk(replay, lines);
    ASSERT_FALSE(status.ok()) << why;
    EXPECT_EQ(status.error().code, code) << text(status.error());
    EXPECT_NE(status.error().message.find(why), std::string::npos) << text(status.error());
}

TEST(LogText, MakesTheDatacenterAnewFromAnyRevisionOn) {
    for (const std::size_t before : {0, 1, 60}) {
        testing::Story story(before + 3);
        const auto lines = lines_of(story, before, 80);
        LogReplay replay;
        const base::Status whole = walk(replay, lines);
        // What a story makes up is not all as control would have it; the state must be the same.
        if (!whole.ok()) {
            EXPECT_NE(whole.error().message.find("invariants"), std::string::npos)
                << text(whole.error());
        }
        EXPECT_EQ(hash_of(replay.snapshot()), hash_of(story.snapshot()));
        EXPECT_EQ(replay.snapshot().revision, story.snapshot().revision);
        EXPECT_EQ(replay.snapshot().committed, story.snapshot().committed);
        EXPECT_TRUE(same_indices(replay.snapshot(), story.snapshot()));
        EXPECT_EQ(replay.head()->program, "1.2");
        EXPECT_EQ(replay.counts().commits, 80u);
        EXPECT_GE(replay.changes(), 80u);
    }
}

TEST(LogText, ThatWasCutOffSaysWhereAndKeepsWhatCameBefore) {
    testing::Story story(1);
    auto lines = lines_of(story, 0, 20);
    lines.resize(12);
    expect_refused(lines, Code::corrupt,
                   "line 13, column 1: the log is cut off after revision 10 of 20");
    LogReplay replay;
    EXPECT_FALSE(walk(replay, lines).ok());
    EXPECT_EQ(replay.snapshot().revision, 10u);
    lines[11].resize(60);
    expect_refused(lines, Code::corrupt, "line 12, column 61: the line is damaged");
    expect_refused({}, Code::corrupt, "line 1, column 1: the log is cut off before its head");
}

TEST(LogText, ALineThatWasChangedLostOrMovedIsFoundOut) {
    testing::Story story(2);
    const auto good = lines_of(story, 30, 20);
    const std::size_t at = good.size() - 5;
    const std::string line = "line " + std::to_string(at + 1);
    auto lines = good;
    lines[at].replace(lines[at].find("\"term\":1"), 8, "\"term\":2");
    expect_refused(lines, Code::corrupt, line + ", column 1: the line is damaged: its sum");
    lines = good;
    lines[at][lines[at].find("\"at\"") + 4] = '!';
    expect_refused(lines, Code::corrupt,
                   line + ", column " + std::to_string(good[at].find("\"at\"") + 5));
    lines = good;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
    expect_refused(lines, Code::corrupt, line + ", column 18: revision ");
    lines = good;
    std::swap(lines[at], lines[at + 1]);
    expect_refused(lines, Code::corrupt, line + ", column 18: revision ");
    lines = good;
    lines.erase(lines.begin() + 2);  // a record
    expect_refused(lines, Code::corrupt, "");
    lines = good;
    lines.push_back(good.back());
    expect_refused(lines, Code::corrupt, "something stands after the end");
    lines = good;
    lines[at] = "x";
    expect_refused(lines, Code::corrupt, "does not begin with its sum");
    lines = good;
    lines.erase(lines.begin() + 1);
    expect_refused(lines, Code::corrupt, "line 2, column 18: the head must come first");
}

TEST(LogText, OfANewerBuildOrOfSomethingElseIsRefused) {
    expect_refused({"vdc-log 2"}, Code::unsupported,
                   "line 1, column 9: this log was written by a newer");
    expect_refused({"vdc-log x"}, Code::corrupt, "line 1, column 9: 'x' is no format");
    expect_refused({"kind: app"}, Code::corrupt, "line 1, column 1: this is no exported log");
}

TEST(LogText, AHistoryThatCameOutOtherwiseIsFoundOut) {
    testing::Story story(3);
    const auto good = lines_of(story, 0, 10);
    std::string head;
    write_log_head(head, {"1.2", 0, 10, {}, {}, base::Hash128{1, 2}});
    auto lines = good;
    lines[1] = base::split(head, '\n')[1];
    expect_refused(lines, Code::failed, "the replay came to another state at revision 10");
}

}  // namespace vdc::model
