#include "model/codec.h"
#include "store/etcd/etcd_test_util.h"
#include "store/store_contract_test_util.h"

namespace vdc::store {

static Result<std::unique_ptr<Store>> open_memory_store(const std::string&) {
    return make_memory_store();
}

/// A real etcd for each folder.
static Result<std::unique_ptr<Store>> open_store_on_etcd(const std::string& folder) {
    static std::string whose;
    static std::optional<EtcdCluster> etcd;
    if (std::exchange(whose, folder) != folder) etcd.emplace();
    return std::unique_ptr<Store>(TRY(open_etcd_store(etcd->servers(), folder)));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         testing::Values(Maker{"memory", /*lasts=*/false, open_memory_store},
                                         Maker{"sqlite", /*lasts=*/true,
                                               [](const std::string& folder) {
                                                   return open_sqlite_store(folder);
                                               }},
                                         Maker{"etcd", /*lasts=*/true, open_store_on_etcd}),
                         [](const auto& of) { return of.param.name; });

TEST_P(StoreContract, ANewStoreHoldsAnEmptyDatacenter) {
    expect_latest_is_the_story();
    EXPECT_EQ(store->log_range().value(), (std::pair<Revision, Revision>{1, 0}));
    EXPECT_TRUE(store->log(0, 10).value().empty());
    EXPECT_TRUE(store->history({}).value().empty());
}

TEST_P(StoreContract, LatestIsWhatTheCommitsMake) {
    tell(150);
    expect_latest_is_the_story();
    reopen();
    expect_latest_is_the_story();
    tell(50);
    expect_latest_is_the_story();
}

TEST_P(StoreContract, CommitsThatFollowAnotherRevisionAreRefusedAndLeaveNoTrace) {
    tell(5);
    Story other(1);
    const auto late = commit(other.next(2));
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, Code::conflict);
    const auto ahead = story.next(3);
    const auto early = commit({ahead[1], ahead[2]});
    ASSERT_FALSE(early.ok());
    EXPECT_EQ(early.error().code, Code::conflict);
    EXPECT_EQ(store->latest().value().revision, 5u);
    EXPECT_TRUE(commit(ahead).ok());
    expect_latest_is_the_story();
}

TEST_P(StoreContract, ALeaderOfAnOlderTermIsRefusedAlsoAfterAReopen) {
    ASSERT_TRUE(commit(story.next(1), 7).ok());
    const auto refused = [&](std::uint64_t term) {
        Story again = story;
        const Status status = commit(again.next(1), term);
        return !status.ok() && status.error().code == Code::conflict;
    };
    EXPECT_TRUE(refused(6));
    reopen();
    EXPECT_TRUE(refused(6));
    EXPECT_TRUE(commit(story.next(1), 8).ok());
    EXPECT_TRUE(refused(7));
}

TEST_P(StoreContract, TheTermIsKeptWhenTheLogIsDropped) {
    std::vector<CommitPtr> commits;
    for (int count = 0; count < 3; ++count) {
        auto commit = *story.next();
        commit.term = 9;
        commits.push_back(std::make_shared<const model::Commit>(commit));
    }
    ASSERT_TRUE(commit(commits, 9).ok());
    ASSERT_TRUE(store->compact(story.snapshot(), 0).ok());
    ASSERT_TRUE(store->settle().ok());
    reopen();
    const Status status = commit(story.next(1), 8);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::conflict);
}

TEST_P(StoreContract, NoCommitsAreFineAndChangeNothing) {
    tell(3);
    EXPECT_TRUE(store->commit(3, 1, {}).ok());
    EXPECT_EQ(store->latest().value().revision, 3u);
}

TEST_P(StoreContract, TheLogGivesWholeCommitsInOrder) {
    tell(40);
    EXPECT_EQ(store->log_range().value(), (std::pair<Revision, Revision>{1, 40}));
    EXPECT_EQ(texts(store->log(0, 1000).value()), texts(told));
    EXPECT_EQ(texts(store->log(38, 1000).value()), texts({told[38], told[39]}));
    EXPECT_EQ(texts(store->log(10, 2).value()), texts({told[10], told[11]}));
    EXPECT_TRUE(store->log(40, 10).value().empty());
    EXPECT_TRUE(store->log(4711, 10).value().empty());
}

TEST_P(StoreContract, CompactionKeepsTheLatestStateAndTheLogThatWasAskedFor) {
    tell(60);
    ASSERT_TRUE(store->compact(story.snapshot(), 20).ok());
    ASSERT_TRUE(store->settle().ok());
    EXPECT_EQ(store->log_range().value(), (std::pair<Revision, Revision>{41, 60}));
    EXPECT_EQ(store->log(39, 10).error().code, Code::not_found);
    EXPECT_EQ(texts(store->log(40, 1).value()), texts({told[40]}));
    reopen();
    expect_latest_is_the_story();
    tell(30);
    reopen();
    expect_latest_is_the_story();
    EXPECT_EQ(store->log_range().value(), (std::pair<Revision, Revision>{41, 90}));
}

TEST_P(StoreContract, ManyCompactionsInARowKeepTheLatestState) {
    for (int round = 0; round < 12; ++round) {
        tell(25);
        ASSERT_TRUE(store->compact(story.snapshot(), 10).ok());
        if (round % 3 != 0) tell(5);
        ASSERT_TRUE(store->settle().ok());
        if (round % 4 == 0) reopen();
    }
    reopen();
    expect_latest_is_the_story();
}

TEST_P(StoreContract, ACompactionOfTheSameRevisionChangesNothing) {
    tell(30);
    for (const Revision keep : {Revision{30}, Revision{10}, Revision{0}, Revision{0}}) {
        ASSERT_TRUE(store->compact(story.snapshot(), keep).ok());
        ASSERT_TRUE(store->settle().ok());
        EXPECT_EQ(store->log_range().value(), (std::pair<Revision, Revision>{31 - keep, 30}));
    }
    reopen();
    expect_latest_is_the_story();
    EXPECT_TRUE(store->history({}).value().empty());
    tell(1);
    EXPECT_EQ(store->log_range().value(), (std::pair<Revision, Revision>{31, 31}));
}

TEST_P(StoreContract, EveryRevisionIsRebuiltAsItWasFromTheLogAlone) {
    expect_past(0);
    tell(40);
    for (Revision revision = 0; revision <= 40; ++revision) expect_past(revision);
    EXPECT_EQ(store->past().value().first, 0u);
    EXPECT_EQ(store->past().value().since, told.front()->at);
    EXPECT_EQ(store->at(41).error().code, Code::not_found);
}

TEST_P(StoreContract, EveryRevisionThatIsKeptIsRebuiltWhereverTheSnapshotsLie) {
    base::Chance chance(99);
    for (int round = 0; round < 10; ++round) {
        tell(static_cast<std::size_t>(chance.between(1, 40)));
        const auto keep = static_cast<Revision>(chance.between(0, 120));
        ASSERT_TRUE(store->compact(story.snapshot(), keep).ok());
        ASSERT_TRUE(store->settle().ok());
        if (chance.once_in(1, 2)) tell(static_cast<std::size_t>(chance.between(1, 20)));
        if (chance.once_in(1, 3)) reopen();
        const Past reach = store->past().value();
        EXPECT_GE(reach.first + 1, store->log_range().value().first);
        EXPECT_EQ(past[reach.newest_snapshot].revision, reach.newest_snapshot);
        EXPECT_LE(reach.first, reach.newest_snapshot);
        const Revision last = story.snapshot().revision;
        for (const Revision revision : {reach.first, reach.newest_snapshot, last}) {
            expect_past(revision - std::min<Revision>(revision, 1));
            expect_past(revision);
            expect_past(std::min(revision + 1, last));
        }
        for (int any = 0; any < 4; ++any)
            expect_past(static_cast<Revision>(chance.between(0, static_cast<std::int64_t>(last))));
    }
}

TEST_P(StoreContract, SnapshotsStayAsLongAsTheLogReachesBackToThem) {
    for (int round = 0; round < 6; ++round) {
        tell(20);
        ASSERT_TRUE(store->compact(story.snapshot(), 50).ok());
        ASSERT_TRUE(store->settle().ok());
    }
    EXPECT_EQ(store->log_range().value().first, 71u);
    EXPECT_EQ(store->past().value().first, 80u) << "the first snapshot that the log follows";
    EXPECT_EQ(store->past().value().since, past[80].committed);
    EXPECT_EQ(store->past().value().newest_snapshot, 120u);
    const auto old = store->at(79);
    ASSERT_FALSE(old.ok());
    EXPECT_NE(old.error().message.find("the oldest that is, is revision 80"), std::string::npos)
        << old.error().message;
    EXPECT_NE(old.error().hint.find("--keep-log"), std::string::npos);
}

TEST_P(StoreContract, AMomentFindsTheLastRevisionBeforeIt) {
    const auto none = store->revision_at(model::Instant{});
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, Code::not_found);
    tell(60);
    ASSERT_TRUE(store->compact(story.snapshot(), 40).ok());
    ASSERT_TRUE(store->settle().ok());
    tell(10);
    for (const CommitPtr& each : told) {
        if (each->revision <= 20) continue;
        EXPECT_EQ(store->revision_at(each->at).value(), each->revision);
        const auto before = store->revision_at(each->at - model::Duration{1});
        if (each->revision > 21)
            EXPECT_EQ(before.value(), each->revision - 1);
        else
            EXPECT_EQ(before.error().code, Code::not_found);
    }
    EXPECT_EQ(store->revision_at(told.back()->at + std::chrono::hours{1}).value(), 70u);
    ASSERT_TRUE(store->compact(story.snapshot(), 0).ok());
    ASSERT_TRUE(store->settle().ok());
    EXPECT_EQ(store->revision_at(told.back()->at).value(), 70u) << "of the snapshot alone";
    EXPECT_FALSE(store->revision_at(told.back()->at - model::Duration{1}).ok());
}

TEST_P(StoreContract, HistoryTellsEveryStepInBothDirections) {
    tell(120);
    for (const bool newest_first : {false, true})
        for (const std::size_t limit : {std::size_t{7}, std::size_t{50}, std::size_t{10'000}}) {
            Query query;
            query.newest_first = newest_first;
            query.limit = limit;
            expect_history(query);
            query.after = 30;
            query.before = 90;
            expect_history(query);
        }
}

TEST_P(StoreContract, HistoryOfASubjectOrANounIsNothingElse) {
    tell(300);
    for (int more = 0; more < 50 && story.snapshot().all<model::Instance>().empty(); ++more)
        tell(20);
    const auto& instances = story.snapshot().all<model::Instance>();
    ASSERT_FALSE(instances.empty());
    for (const bool newest_first : {false, true}) {
        Query query;
        query.newest_first = newest_first;
        query.limit = 5;
        query.noun = model::Noun::instance;
        expect_history(query);
        query.noun.reset();
        query.subject = instances.begin()->second->subject();
        expect_history(query);
        query.before = 250;
        query.after = 20;
        expect_history(query);
        query.subject = model::Subject{model::Noun::instance, {1, 2}};
        EXPECT_TRUE(store->history(query).value().empty());
    }
}

TEST_P(StoreContract, APageEndsWithACommitAndHoldsMoreThanItsLimitOnlyForOneCommit) {
    tell(100);
    Query query;
    query.limit = 1;
    for (const CommitPtr& each : told) {
        const auto page = store->history(query).value();
        ASSERT_EQ(page.size(), each->steps.size());
        query.after = page.back().revision;
    }
    query = {};
    query.limit = 6;
    const auto page = store->history(query).value();
    EXPECT_LE(page.size(), 6u);
    EXPECT_EQ(page.back().index + 1, told[page.back().revision - 1]->steps.size());
    query.limit = 0;
    EXPECT_TRUE(store->history(query).value().empty());
}

TEST_P(StoreContract, MembersThatThisBuildDoesNotKnowSurvive) {
    model::Project project;
    project.id = {{1, 2}};
    project.name = "old";
    base::Json json = to_json(project);
    json.set("from_the_future", base::Json::array({1, "x"}));
    for (auto& member : json.members())
        if (member.name == "declared") member.value.set("colour", "blue");
    const auto read = model::record_from_json<model::Project>(json, model::Unknown::kept);
    model::Commit commit;
    commit.revision = 1;
    commit.steps.push_back(
        {model::Create<model::Project>{std::make_shared<const model::Project>(*read)}, "as asked"});
    ASSERT_TRUE(
        store->commit(0, 1, std::vector{std::make_shared<const model::Commit>(commit)}).ok());
    const auto survived = [&] {
        const auto latest = store->latest().value();
        const base::Json found = to_json(latest.get<model::Project>(project.id));
        return found.at("from_the_future") == base::Json::array({1, "x"}) &&
               found.at("declared").at("colour") == base::Json("blue");
    };
    EXPECT_TRUE(survived());
    reopen();
    EXPECT_TRUE(survived());
    ASSERT_TRUE(store->compact(store->latest().value(), 0).ok());
    ASSERT_TRUE(store->settle().ok());
    reopen();
    EXPECT_TRUE(survived());
}

TEST_P(StoreContract, NotesAreKept) {
    EXPECT_EQ(store->note("id").value(), "");
    ASSERT_TRUE(store->set_note("id", "one").ok());
    ASSERT_TRUE(store->set_note("id", "two\n\"three\"").ok());
    ASSERT_TRUE(store->set_note("other", "").ok());
    reopen();
    EXPECT_EQ(store->note("id").value(), "two\n\"three\"");
    EXPECT_EQ(store->note("other").value(), "");
    const std::map<std::string, std::string> all = {{"id", "two\n\"three\""}};
    EXPECT_EQ(store->notes().value(), all);
}

}  // namespace vdc::store
