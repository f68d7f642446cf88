#include "store/store_contract_test_util.h"

#include <stdlib.h>

#include <algorithm>

#include "model/codec.h"
#include "runtime/files.h"

namespace vdc::store {

void StoreContract::SetUp() {
    std::string pattern = testing::TempDir() + "vdcstoreXXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    open();
}

void StoreContract::TearDown() {
    store.reset();
    EXPECT_TRUE(runtime::remove_tree(folder).ok());
}

void StoreContract::open() {
    auto opened = GetParam().open(folder);
    ASSERT_TRUE(opened.ok()) << text(opened.error());
    store = std::move(*opened);
}

void StoreContract::reopen() {
    if (!GetParam().lasts) return;
    store.reset();
    open();
}

Status StoreContract::commit(const std::vector<CommitPtr>& commits, std::uint64_t term) {
    return store->commit(commits.front()->revision - 1, term, commits);
}

void StoreContract::tell(std::size_t count) {
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

void StoreContract::expect_past(Revision revision) {
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

void StoreContract::expect_latest_is_the_story() {
    const auto latest = store->latest();
    ASSERT_TRUE(latest.ok()) << text(latest.error());
    EXPECT_EQ(latest->revision, story.snapshot().revision);
    EXPECT_EQ(latest->committed, story.snapshot().committed);
    EXPECT_EQ(hash_of(*latest), hash_of(story.snapshot()));
    EXPECT_TRUE(same_indices(*latest, story.snapshot()));
}

std::vector<std::string> StoreContract::texts(const std::vector<CommitPtr>& commits) {
    std::vector<std::string> all;
    for (const CommitPtr& each : commits) all.push_back(dump(to_json(*each)));
    return all;
}

std::vector<Entry> StoreContract::pages(Query query) {
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

std::vector<Entry> StoreContract::expected(const Query& query) const {
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

std::string StoreContract::line(const Entry& entry) {
    return std::to_string(entry.revision) + "." + std::to_string(entry.index) + " " +
           text(entry.at) + " " + entry.actor + " " + entry.request + " " +
           std::string(word(entry.subject.noun)) + " " + text(entry.subject.id) + " " + entry.verb +
           " " + entry.reason;
}

std::vector<std::string> StoreContract::lines(const std::vector<Entry>& entries) {
    std::vector<std::string> all;
    for (const Entry& each : entries) all.push_back(line(each));
    return all;
}

void StoreContract::expect_history(const Query& query) {
    EXPECT_EQ(lines(pages(query)), lines(expected(query)));
}

}  // namespace vdc::store
