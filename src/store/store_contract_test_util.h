#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/codec.h"
#include "model/story_test_util.h"
#include "runtime/files.h"
#include "store/store.h"

/// How what every store promises is tested, whichever it is (store_contract_test.cc).
namespace vdc::store {

using base::Result;
using base::Status;
using Code = base::Error::Code;
using model::CommitPtr;
using model::Revision;
using model::testing::Story;

struct Maker {
    std::string name;
    bool lasts;  ///< whether what is committed outlives the store
    std::function<Result<std::unique_ptr<Store>>(const std::string& folder)> open;
};
inline std::ostream& operator<<(std::ostream& out, const Maker& maker) {
    return out << maker.name;
}

class StoreContract : public testing::TestWithParam<Maker> {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "vdcstoreXXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        open();
    }
    void TearDown() override {
        store.reset();
        EXPECT_TRUE(runtime::remove_tree(folder).ok());
    }

    void open() {
        auto opened = GetParam().open(folder);
        ASSERT_TRUE(opened.ok()) << text(opened.error());
        store = std::move(*opened);
    }
    /// Ends the store and opens what it left; one that does not last just goes on.
    void reopen() {
        if (!GetParam().lasts) return;
        store.reset();
        open();
    }

    Status commit(const std::vector<CommitPtr>& commits, std::uint64_t term = 1) {
        return store->commit(commits.front()->revision - 1, term, commits);
    }
    /// Commits that many commits of the story, a few at a time.
    void tell(std::size_t count) {
        for (std::size_t done = 0; done < count;) {
            std::vector<CommitPtr> group;
            while (group.size() < std::min<std::size_t>(count - done, 1 + done % 7)) {
                group.push_back(story.next());
                past.push_back(story.snapshot());
            }
            const Status status = commit(group);
            ASSERT_TRUE(status.ok()) << text(status.error());
            done += group.size();
            told.insert(told.end(), group.begin(), group.end());
        }
    }
    /// That a revision is rebuilt as it was if it is kept, and refused if it is not.
    void expect_past(Revision revision) {
        const model::Snapshot& was = past[revision];
        const auto reach = store->past();
        ASSERT_TRUE(reach.ok()) << text(reach.error());
        const auto rebuilt = store->at(revision);
        ASSERT_EQ(rebuilt.ok(), revision >= reach->first) << revision;
        if (!rebuilt.ok()) {
            EXPECT_EQ(rebuilt.error().code, Code::not_found);
            return;
        }
        EXPECT_EQ(rebuilt->revision, revision);
        EXPECT_EQ(rebuilt->committed, was.committed);
        EXPECT_EQ(hash_of(*rebuilt), hash_of(was)) << revision;
        EXPECT_TRUE(same_indices(*rebuilt, was)) << revision;
    }
    void expect_latest_is_the_story() {
        const auto latest = store->latest();
        ASSERT_TRUE(latest.ok()) << text(latest.error());
        EXPECT_EQ(latest->revision, story.snapshot().revision);
        EXPECT_EQ(latest->committed, story.snapshot().committed);
        EXPECT_EQ(hash_of(*latest), hash_of(story.snapshot()));
        EXPECT_TRUE(same_indices(*latest, story.snapshot()));
    }
    static std::vector<std::string> texts(const std::vector<CommitPtr>& commits) {
        std::vector<std::string> all;
        for (const CommitPtr& each : commits) all.push_back(dump(to_json(*each)));
        return all;
    }

    /// Every entry that the query asks for, page by page; each page must go on from the last one.
    std::vector<Entry> pages(Query query) {
        std::vector<Entry> all;
        for (;;) {
            const auto page = store->history(query);
            EXPECT_TRUE(page.ok()) << text(page.error());
            if (!page.ok() || page->empty()) return all;
            all.insert(all.end(), page->begin(), page->end());
            if (query.newest_first)
                query.before = page->back().revision;
            else
                query.after = page->back().revision;
        }
    }
    /// What history() should say: made from the commits themselves.
    std::vector<Entry> expected(const Query& query) const {
        std::vector<Entry> all;
        for (const CommitPtr& each : told) {
            std::uint32_t index = 0;
            for (const model::Step& step : each->steps) {
                const Entry entry{each->revision,
                                  index++,
                                  each->at,
                                  each->actor,
                                  each->request,
                                  subject_of(step.change),
                                  std::string(verb_of(step.change)),
                                  step.reason};
                if (each->revision <= query.after) continue;
                if (query.before && each->revision >= *query.before) continue;
                if (query.subject && entry.subject != *query.subject) continue;
                if (query.noun && entry.subject.noun != *query.noun) continue;
                all.push_back(entry);
            }
        }
        if (query.newest_first) std::reverse(all.begin(), all.end());
        return all;
    }
    static std::string line(const Entry& entry) {
        return std::to_string(entry.revision) + "." + std::to_string(entry.index) + " " +
               text(entry.at) + " " + entry.actor + " " + entry.request + " " +
               std::string(word(entry.subject.noun)) + " " + text(entry.subject.id) + " " +
               entry.verb + " " + entry.reason;
    }
    static std::vector<std::string> lines(const std::vector<Entry>& entries) {
        std::vector<std::string> all;
        for (const Entry& each : entries) all.push_back(line(each));
        return all;
    }
    void expect_history(const Query& query) {
        EXPECT_EQ(lines(pages(query)), lines(expected(query)));
    }

    std::string folder;
    std::unique_ptr<Store> store;
    Story story{4711};
    std::vector<CommitPtr> told;
    std::vector<model::Snapshot> past{model::Snapshot{}};  ///< after each commit
};

}  // namespace vdc::store
