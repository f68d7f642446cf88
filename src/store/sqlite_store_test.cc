#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "runtime/files.h"
#include "store/sqlite/database.h"
#include "store/sqlite/schema.h"
#include "store/store_contract_test_util.h"

namespace vdc::store {
namespace {

/// What only this store promises: one owner, its own files, and what becomes of damage.
class SqliteStore : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "vdcsqliteXXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        parent = pattern;
        folder = parent + "/data";
        path = folder + "/datacenter.sqlite";
        open();
    }
    void TearDown() override {
        store.reset();
        EXPECT_TRUE(runtime::remove_tree(parent).ok());
    }
    void open() {
        auto opened = open_sqlite_store(folder);
        ASSERT_TRUE(opened.ok()) << text(opened.error());
        store = std::move(*opened);
    }
    base::Error refusal() {
        const auto opened = open_sqlite_store(folder);
        EXPECT_FALSE(opened.ok());
        return opened.ok() ? base::Error{} : opened.error();
    }
    /// Groups of 64, as they come when many clients write.
    void tell(std::size_t count) {
        while (count > 0) {
            const auto group = story.next(std::min<std::size_t>(count, 64));
            const Status status = store->commit(group.front()->revision - 1, 1, group);
            ASSERT_TRUE(status.ok()) << text(status.error());
            count -= group.size();
        }
    }
    void expect_latest_is_the_story() {
        const auto latest = store->latest();
        ASSERT_TRUE(latest.ok()) << text(latest.error());
        EXPECT_EQ(latest->revision, story.snapshot().revision);
        EXPECT_EQ(hash_of(*latest), hash_of(story.snapshot()));
    }
    Database database() {
        auto opened = Database::open(path, Database::Durability::process);
        EXPECT_TRUE(opened.ok());
        return std::move(*opened);
    }
    static mode_t mode_of(const std::string& path) {
        struct stat seen {};
        EXPECT_EQ(::stat(path.c_str(), &seen), 0) << path;
        return seen.st_mode & 07777;
    }

    std::string parent;
    std::string folder;
    std::string path;
    std::unique_ptr<Store> store;
    Story story{7};
};

TEST_F(SqliteStore, TheLogAheadHasItsRoomBeforeTheFirstCommit) {
    const auto size = [&] {
        struct stat seen {};
        EXPECT_EQ(::stat((path + "-wal").c_str(), &seen), 0);
        return seen.st_size;
    };
    const auto before = size();
    EXPECT_GE(before, 8 << 20);
    tell(500);
    EXPECT_EQ(size(), before);
    store.reset();
    open();
    expect_latest_is_the_story();
}

TEST_F(SqliteStore, ItsFolderAndFilesAreForItsOwnerAlone) {
    tell(10);
    EXPECT_EQ(mode_of(folder), 0700u);
    const std::vector<std::string> names = runtime::list_dir(folder).value();
    EXPECT_GE(names.size(), 2u);
    for (const std::string& name : names) EXPECT_EQ(mode_of(folder + "/" + name), 0600u) << name;
    store.reset();
    ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    open();
    EXPECT_EQ(mode_of(folder), 0700u);
    EXPECT_EQ(mode_of(path), 0600u);
}

TEST_F(SqliteStore, AFolderHasOneOwnerAtATime) {
    const base::Error error = refusal();
    EXPECT_EQ(error.code, Code::conflict);
    EXPECT_NE(error.message.find("another vdc runs on this folder"), std::string::npos);
    EXPECT_NE(error.message.find(std::to_string(::getpid())), std::string::npos);
    EXPECT_FALSE(error.hint.empty());
    store.reset();
    open();
}

TEST_F(SqliteStore, AFileOfANewerBuildIsLeftAsItIs) {
    tell(3);
    store.reset();
    const std::string newer = std::to_string(format_version + 1);
    ASSERT_TRUE(database().run("PRAGMA user_version=" + newer).ok());
    const base::Error error = refusal();
    EXPECT_EQ(error.code, Code::unsupported);
    EXPECT_NE(error.message.find("newer vdc (format " + newer), std::string::npos);
    EXPECT_NE(error.hint.find("run that version"), std::string::npos);
    const std::string ours = std::to_string(format_version);
    ASSERT_TRUE(database().run("PRAGMA user_version=" + ours).ok());
    open();
    expect_latest_is_the_story();
}

TEST_F(SqliteStore, AFileThatIsNotOursIsRefused) {
    store.reset();
    ASSERT_TRUE(database().run("PRAGMA application_id=7").ok());
    EXPECT_EQ(refusal().code, Code::corrupt);
    ASSERT_TRUE(runtime::remove_tree(folder).ok());
    ASSERT_TRUE(runtime::ensure_dir(folder).ok());
    ASSERT_TRUE(runtime::write_file_atomic(path, std::string(5000, 'x')).ok());
    const base::Error error = refusal();
    EXPECT_EQ(error.code, Code::corrupt);
    EXPECT_NE(error.message.find(path), std::string::npos);
    EXPECT_FALSE(error.hint.empty());
}

TEST_F(SqliteStore, AnEmptyFileIsWhatACrashDuringTheFirstStartLeavesAndIsFine) {
    store.reset();
    ASSERT_TRUE(runtime::remove_tree(folder).ok());
    ASSERT_TRUE(runtime::ensure_dir(folder).ok());
    ASSERT_TRUE(runtime::write_file_atomic(path, "").ok());
    open();
    tell(2);
}

/// Changes the first `from` in the file, as a disk that returns other bytes would.
void flip(const std::string& path, const std::string& from, const std::string& to) {
    std::string bytes = runtime::read_file(path, 64 << 20).value();
    const std::size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at, from.size(), to);
    ASSERT_TRUE(runtime::write_file_atomic(path, bytes).ok());
}

TEST_F(SqliteStore, ACommitThatTheDiskHasChangedIsFoundOut) {
    tell(50);
    store.reset();
    flip(path, "\"revision\":1,", "\"revision\":7,");
    open();
    const auto latest = store->latest();
    ASSERT_FALSE(latest.ok());
    EXPECT_EQ(latest.error().code, Code::corrupt);
    EXPECT_NE(latest.error().message.find("revision 1 is damaged"), std::string::npos);
    EXPECT_FALSE(latest.error().hint.empty());
}

TEST_F(SqliteStore, ASnapshotThatTheDiskHasChangedIsFoundOut) {
    tell(50);
    ASSERT_TRUE(store->compact(story.snapshot(), 0).ok());
    ASSERT_TRUE(store->settle().ok());
    store.reset();
    flip(path, "\"deleting\":false", "\"deleting\": true");
    open();
    const auto latest = store->latest();
    ASSERT_FALSE(latest.ok());
    EXPECT_EQ(latest.error().code, Code::corrupt);
}

TEST_F(SqliteStore, ATruncatedFileIsFoundOut) {
    tell(200);
    store.reset();
    ASSERT_EQ(::truncate(path.c_str(), 16'384), 0);
    auto opened = open_sqlite_store(folder);
    const auto latest = opened.ok() ? (*opened)->latest() : Result<model::Snapshot>(opened.error());
    ASSERT_FALSE(latest.ok());
    EXPECT_EQ(latest.error().code, Code::corrupt);
}

TEST_F(SqliteStore, MissingChunksOfASnapshotAreFoundOut) {
    tell(50);
    ASSERT_TRUE(store->compact(story.snapshot(), 0).ok());
    ASSERT_TRUE(store->settle().ok());
    store.reset();
    ASSERT_TRUE(database().run("DELETE FROM chunk").ok());
    open();
    EXPECT_EQ(store->latest().error().code, Code::corrupt);
}

TEST_F(SqliteStore, WhatAnUnfinishedCompactionLeftIsRemovedByTheNextOne) {
    tell(50);
    ASSERT_TRUE(store->compact(story.snapshot(), 10).ok());
    ASSERT_TRUE(store->settle().ok());
    store.reset();
    {
        Database left = database();
        for (int chunk = 0; chunk < 40; ++chunk)
            ASSERT_TRUE(left.run("INSERT INTO chunk(chunk, sum, lines) VALUES((2 << 24) + " +
                                 std::to_string(chunk) + ", 0, 'half')")
                            .ok());
    }
    open();
    expect_latest_is_the_story();
    tell(5);
    ASSERT_TRUE(store->compact(story.snapshot(), 10).ok());
    ASSERT_TRUE(store->settle().ok());
    store.reset();
    EXPECT_EQ(database().number("SELECT count(*) FROM chunk WHERE lines = 'half'").value(), 0);
    open();
    expect_latest_is_the_story();
}

TEST_F(SqliteStore, ASnapshotCostsWhatChangedUntilTheChangesAreAsLargeAsTheWhole) {
    const auto parts = [&](const char* which) {
        return database().number("SELECT " + std::string(which) + " FROM part").value();
    };
    tell(300);
    ASSERT_TRUE(store->compact(story.snapshot(), 0).ok());
    ASSERT_TRUE(store->settle().ok());
    const std::int64_t whole = parts("max(records)");
    tell(2);
    ASSERT_TRUE(store->compact(story.snapshot(), 0).ok());
    ASSERT_TRUE(store->settle().ok());
    EXPECT_EQ(parts("count(*)"), 2);
    EXPECT_LE(parts("min(records)"), 8) << "two commits have at most eight steps";
    for (int round = 0; round < 40 && parts("count(*)") > 1; ++round) {
        tell(50);
        ASSERT_TRUE(store->compact(story.snapshot(), 0).ok());
        ASSERT_TRUE(store->settle().ok());
        EXPECT_LE(parts("sum(records)"), 2 * parts("max(records * whole)"));
    }
    EXPECT_EQ(parts("count(*)"), 1) << "it was written whole again";
    EXPECT_GT(parts("max(records)"), whole);
}

TEST_F(SqliteStore, ANameThatChangedItsOwnerIsKeptRight) {
    model::Commit commit;
    const auto step = [&](model::Change change) {
        commit.revision += 1;
        commit.steps = {{std::move(change), "as asked"}};
        const std::vector one{std::make_shared<const model::Commit>(commit)};
        ASSERT_TRUE(store->commit(commit.revision - 1, 1, one).ok());
    };
    const auto flavor = [](std::uint64_t id) {
        model::Flavor made;
        made.id = {{0, id}};
        made.name = "small";
        return model::Create<model::Flavor>{std::make_shared<const model::Flavor>(made)};
    };
    step(flavor(7));
    ASSERT_TRUE(store->compact(store->latest().value(), 0).ok());
    ASSERT_TRUE(store->settle().ok());
    step(model::Forget<model::Flavor>{{{0, 7}}});
    step(flavor(3));
    ASSERT_TRUE(store->compact(store->latest().value(), 0).ok());
    ASSERT_TRUE(store->settle().ok());
    store.reset();
    open();
    const auto latest = store->latest().value();
    EXPECT_EQ(latest.named<model::Flavor>({}, "small")->id, (model::FlavorId{{0, 3}}));
    EXPECT_TRUE(check(latest).empty());
}

TEST_F(SqliteStore, ALongLogIsIndexedAndStillTellsTheSame) {
    tell(2300);
    ASSERT_TRUE(store->settle().ok());
    EXPECT_EQ(database().number("SELECT count(*) FROM segment").value(), 2);
    const auto told = store->log(0, 10'000).value();
    ASSERT_EQ(told.size(), 2300u);
    const auto expected = [&](const Query& query) {
        std::vector<std::pair<Revision, std::uint32_t>> all;
        for (const CommitPtr& each : told)
            for (std::uint32_t index = 0; index < each->steps.size(); ++index) {
                const auto subject = subject_of(each->steps[index].change);
                if (query.noun && subject.noun != *query.noun) continue;
                if (query.subject && subject != *query.subject) continue;
                if (each->revision > query.after &&
                    (!query.before || each->revision < *query.before))
                    all.emplace_back(each->revision, index);
            }
        if (query.newest_first) std::reverse(all.begin(), all.end());
        return all;
    };
    const auto found = [&](const Query& query) {
        std::vector<std::pair<Revision, std::uint32_t>> all;
        const std::vector<Entry> entries = store->history(query).value();
        for (const Entry& entry : entries) all.emplace_back(entry.revision, entry.index);
        return all;
    };
    Query query;
    query.limit = 10'000;
    for (const bool newest_first : {false, true})
        for (const auto& [after, before] :
             {std::pair<Revision, std::optional<Revision>>{0, {}}, {1000, 1100}, {1500, 2200}}) {
            query.newest_first = newest_first;
            query.after = after;
            query.before = before;
            query.subject.reset();
            query.noun = model::Noun::host;
            EXPECT_EQ(found(query), expected(query));
            query.noun.reset();
            for (const auto& [id, host] : story.snapshot().all<model::Host>()) {
                query.subject = host->subject();
                ASSERT_EQ(found(query), expected(query));
            }
        }
    ASSERT_TRUE(store->compact(story.snapshot(), 700).ok());
    ASSERT_TRUE(store->settle().ok());
    EXPECT_EQ(database().number("SELECT count(*) FROM segment").value(), 1);
    query = {};
    query.limit = 10'000;
    query.noun = model::Noun::host;
    const auto left = found(query);
    query.after = 1600;
    EXPECT_EQ(left, expected(query));
}

TEST_F(SqliteStore, WhatFollowsOnCommitsIsDoneOnceTheyPause) {
    tell(1100);
    const auto is_indexed = [&] {
        return database().number("SELECT count(*) FROM segment").value() > 0;
    };
    for (int look = 0; look < 3000 && !is_indexed(); ++look)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(is_indexed());
}

TEST_F(SqliteStore, WhatFollowsOnCommitsIsNotPutOffForEver) {
    const auto is_indexed = [&] {
        return database().number("SELECT count(*) FROM segment").value() > 0;
    };
    for (int groups = 0; groups < 50'000 && !is_indexed(); groups += 10) tell(640);
    EXPECT_TRUE(is_indexed()) << "though there was no pause";
}

/// For the thread sanitizer too: readers beside a writer see whole commits and never wait for ever.
TEST_F(SqliteStore, ReadersOfOtherThreadsGoOnBesideCommitsAndCompactions) {
    std::atomic<bool> done = false;
    std::atomic<int> read = 0;
    std::vector<std::thread> readers;
    for (int thread = 0; thread < 3; ++thread)
        readers.emplace_back([&] {
            Revision seen = 0;
            while (!done) {
                Query query;
                query.newest_first = true;
                query.limit = 20;
                const auto page = store->history(query);
                ASSERT_TRUE(page.ok()) << text(page.error());
                if (!page->empty()) {
                    EXPECT_GE(page->front().revision, seen);
                    seen = page->front().revision;
                }
                const auto range = store->log_range().value();
                const auto log = store->log(range.second > 5 ? range.second - 5 : 0, 10);
                EXPECT_TRUE(log.ok() || log.error().code == Code::not_found);
                ++read;
            }
        });
    for (int round = 0; round < 20; ++round) {
        tell(64);
        ASSERT_TRUE(store->compact(story.snapshot(), 50).ok());
    }
    while (read < 30) std::this_thread::yield();
    done = true;
    for (std::thread& reader : readers) reader.join();
    ASSERT_TRUE(store->settle().ok());
    expect_latest_is_the_story();
}

}  // namespace
}  // namespace vdc::store
