#include <gtest/gtest.h>

#include <filesystem>

#include "runtime/files.h"
#include "store/etcd/controllers.h"
#include "store/etcd/etcd_test_util.h"
#include "store/etcd/snapshots.h"
#include "store/store_contract_test_util.h"

namespace vdc::store {

namespace {

/// One datacenter's history, told to stores on one etcd, each with a folder of its own.
class EtcdStores : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = ::testing::TempDir() + "vdcstoresXXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override { EXPECT_TRUE(runtime::remove_tree(folder).ok()); }

    Result<std::unique_ptr<SharedStore>> try_open(const EtcdCluster& etcd,
                                                  const std::string& name) {
        EtcdServers servers = etcd.servers();
        servers.answer_within = answer_within;
        return open_etcd_store(servers, folder + "/" + name);
    }
    std::unique_ptr<SharedStore> open(const EtcdCluster& etcd, const std::string& name) {
        auto opened = try_open(etcd, name);
        base::check(opened.ok(), opened.ok() ? "" : text(opened.error()));
        return std::move(*opened);
    }

    static Status commit(Store& store, const std::vector<CommitPtr>& commits,
                         std::uint64_t term = 1) {
        return store.commit(commits.front()->revision - 1, term, commits);
    }
    void tell(Store& store, int groups) {
        for (int count = 0; count < groups; ++count) {
            const Status status = commit(store, story.next(3));
            ASSERT_TRUE(status.ok()) << text(status.error());
        }
    }
    void expect_story(Store& store) {
        const auto latest = store.latest();
        ASSERT_TRUE(latest.ok()) << text(latest.error());
        EXPECT_EQ(latest->revision, story.snapshot().revision);
        EXPECT_EQ(hash_of(*latest), hash_of(story.snapshot()));
    }
    /// A commit whose text is larger than one piece.
    CommitPtr large(std::size_t bytes) {
        auto commit = *story.next();
        commit.request.assign(bytes, 'x');
        return std::make_shared<const model::Commit>(commit);
    }

    std::string folder;
    base::Duration answer_within = std::chrono::seconds(10);
    Story story{4711};
};

TEST_F(EtcdStores, AControllerThatKnowsNothingFollowsTheLog) {
    const EtcdCluster etcd;
    const auto first = open(etcd, "first");
    tell(*first, 40);
    const auto second = open(etcd, "second");
    expect_story(*second);
    EXPECT_EQ(second->log_range().value(), first->log_range().value());
    EXPECT_EQ(second->history({}).value().size(), first->history({}).value().size());
    tell(*first, 5);
    expect_story(*second);
}

TEST_F(EtcdStores, AControllerThatMissedWhatIsDroppedBeginsWithTheSnapshot) {
    const EtcdCluster etcd;
    const auto first = open(etcd, "first");
    auto late = open(etcd, "late");
    tell(*first, 2);
    expect_story(*late);
    late.reset();
    tell(*first, 30);
    ASSERT_TRUE(first->compact(story.snapshot(), 10).ok());
    ASSERT_TRUE(first->settle().ok());
    tell(*first, 3);
    const auto fresh = open(etcd, "fresh");
    expect_story(*fresh);
    EXPECT_EQ(fresh->log_range().value().first, 97u) << "after the snapshot";
    late = open(etcd, "late");
    expect_story(*late);
    tell(*late, 3);
    expect_story(*fresh);
}

TEST_F(EtcdStores, OneThatIsOpenBeginsAnewUnderItsReaders) {
    const EtcdCluster etcd;
    const auto first = open(etcd, "first");
    const auto late = open(etcd, "late");
    tell(*first, 30);
    ASSERT_TRUE(first->compact(story.snapshot(), 0).ok());
    ASSERT_TRUE(first->settle().ok());
    expect_story(*late);
    EXPECT_EQ(late->past().value().first, 90u);
    tell(*late, 1);
    expect_story(*first);
}

TEST_F(EtcdStores, OfTwoThatBelieveToLeadOneCommits) {
    const EtcdCluster etcd;
    const auto first = open(etcd, "first");
    const auto second = open(etcd, "second");
    tell(*first, 2);
    expect_story(*second);
    Story other = story;
    tell(*first, 1);
    const Status refused = commit(*second, other.next(2), 2);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::conflict) << text(refused.error());
    expect_story(*second);
    ASSERT_TRUE(commit(*second, story.next(1), 2).ok());
    expect_story(*first);
    Story again = story;
    const Status old = commit(*first, again.next(1), 1);
    EXPECT_EQ(old.error().code, Code::conflict) << "its term is over";
}

TEST_F(EtcdStores, AGroupThatIsLargerThanEtcdTakesIsStillOne) {
    const EtcdCluster etcd;
    const auto first = open(etcd, "first");
    tell(*first, 1);
    const auto second = open(etcd, "second");
    const std::vector<CommitPtr> commits = {large(100), large(20 << 20), story.next()};
    ASSERT_TRUE(commit(*first, commits).ok());
    expect_story(*second);
    EXPECT_EQ(second->log(4, 1).value().front()->request.size(), std::size_t{20} << 20);
    const std::vector<CommitPtr> too_large = {large(std::size_t{130} << 20)};
    const Status refused = commit(*first, too_large);
    EXPECT_EQ(refused.error().code, Code::too_large);
}

TEST_F(EtcdStores, WhatALeaderLeftHalfMadeIsNobodysCommit) {
    const EtcdCluster etcd;
    const auto first = open(etcd, "first");
    tell(*first, 1);
    const auto client = EtcdClient::open(etcd.servers()).value();
    const Revision next = story.snapshot().revision + 1;
    const auto leave = [&](Revision revision, std::size_t number, std::size_t count) {
        const EtcdWrite left{text(etcd_log_keys, {revision, number, count}), "half a commit"};
        ASSERT_TRUE(client->write({}, {&left, 1}).value());
    };
    leave(next, 0, 2);
    leave(next, 0, 3);
    // More than are read at once, before and behind the piece that counts.
    for (std::size_t number = 0; number < 40; ++number) leave(next + 1, number, 60);
    for (std::size_t count = 2; count < 40; ++count) leave(next + 2, 0, count);
    expect_story(*first);
    ASSERT_TRUE(commit(*first, {large(5 << 20)}).ok());
    ASSERT_TRUE(commit(*first, {story.next()}).ok());
    ASSERT_TRUE(commit(*first, {large(5 << 20)}).ok());
    tell(*first, 2);
    const auto second = open(etcd, "second");
    expect_story(*second);
}

TEST_F(EtcdStores, AFolderOfAnotherDatacenterIsRefused) {
    const EtcdCluster etcd;
    { tell(*open(etcd, "here"), 2); }
    const EtcdCluster other;
    const auto refused = try_open(other, "here");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::conflict);
    EXPECT_NE(refused.error().message.find("another datacenter"), std::string::npos);
    ASSERT_TRUE(open_sqlite_store(folder + "/embedded").ok());
    EXPECT_EQ(try_open(other, "embedded").error().code, Code::conflict);
}

TEST_F(EtcdStores, ANewerFormatAndDamageAreNamed) {
    const EtcdCluster etcd;
    const auto client = EtcdClient::open(etcd.servers()).value();
    const auto opened_with = [&](const std::string& head) {
        const EtcdWrite write{etcd_head_key, head};
        EXPECT_TRUE(client->write({}, {&write, 1}).value());
        return try_open(etcd, "here").error();
    };
    const auto newer = opened_with(R"({"format": 2, "datacenter": "d", "revision": 1, "term": 1})");
    EXPECT_EQ(newer.code, Code::unsupported) << text(newer);
    EXPECT_EQ(opened_with("nonsense").code, Code::corrupt);
    EXPECT_EQ(opened_with(R"({"format": 1})").code, Code::corrupt);
    const auto lost = opened_with(R"({"format": 1, "datacenter": "d", "revision": 9, "term": 1})");
    EXPECT_EQ(lost.code, Code::corrupt) << text(lost);
    EXPECT_NE(lost.hint.find("backup"), std::string::npos);
}

TEST_F(EtcdStores, WithoutEncryptionOnlyThisMachineIsSpokenTo) {
    EtcdServers servers;
    EXPECT_EQ(EtcdClient::open(servers).error().code, Code::invalid);
    servers.addresses = {"10.0.0.1:2379"};
    const auto clear = EtcdClient::open(servers);
    ASSERT_FALSE(clear.ok());
    EXPECT_NE(clear.error().message.find("encryption"), std::string::npos);
    servers.addresses = {"127.0.0.1"};
    EXPECT_EQ(EtcdClient::open(servers).error().code, Code::invalid);
    servers.addresses = {"10.0.0.1:2379"};
    servers.authority = folder + "/none.pem";
    EXPECT_EQ(EtcdClient::open(servers).error().code, Code::not_found);
}

TEST_F(EtcdStores, AnEtcdThatDoesNotAnswerIsUnavailableUntilItDoes) {
    EtcdCluster etcd;
    answer_within = std::chrono::milliseconds(500);
    const auto store = open(etcd, "here");
    tell(*store, 3);
    etcd.freeze(0);
    const auto lost = story.next(2);
    EXPECT_EQ(commit(*store, lost).error().code, Code::unavailable);
    EXPECT_EQ(store->latest().error().code, Code::unavailable);
    EXPECT_TRUE(store->log(0, 100).ok()) << "what is known stays readable";
    etcd.thaw(0);
    etcd.wait();
    // The write may have been made, or not; never a part of it.
    const auto latest = store->latest().value();
    EXPECT_TRUE(latest.revision == lost.front()->revision - 1 ||
                latest.revision == lost.back()->revision);
    if (latest.revision < lost.back()->revision) {
        ASSERT_TRUE(commit(*store, lost).ok());
    }
    expect_story(*store);
}

TEST_F(EtcdStores, NothingAcknowledgedIsLostWhenServersDieInTurn) {
    EtcdCluster etcd(3);
    answer_within = std::chrono::seconds(2);
    const auto store = open(etcd, "here");
    for (int round = 0; round < 6; ++round) {
        tell(*store, 10);
        const int server = round % 3;
        etcd.kill(server);
        for (int made = 0; made < 5;) {
            const auto group = story.next(2);
            Status status = commit(*store, group);
            for (int tries = 0; !status.ok() && tries < 100; ++tries) {
                ASSERT_EQ(status.error().code, Code::unavailable) << text(status.error());
                const auto latest = store->latest();
                if (!latest.ok()) continue;
                status =
                    latest->revision == group.back()->revision ? Status() : commit(*store, group);
            }
            ASSERT_TRUE(status.ok()) << text(status.error());
            ++made;
        }
        etcd.start(server);
        etcd.wait();
        expect_story(*store);
    }
    expect_story(*open(etcd, "fresh"));
}

TEST_F(EtcdStores, ADatacenterWithoutEtcdMovesThereWithItsPastAndItsNotes) {
    {
        const auto left = open_sqlite_store(folder + "/left").value();
        tell(*left, 20);
        ASSERT_TRUE(left->set_note("datacenter", "one").ok());
    }
    EtcdCluster etcd;
    const auto move = [&] {
        return move_to_etcd(folder + "/left", etcd.servers(), folder + "/here");
    };
    ASSERT_TRUE(move().ok());
    EXPECT_FALSE(runtime::exists(folder + "/left"));
    EXPECT_TRUE(move().ok());  // done already

    const auto here = open(etcd, "here");
    expect_story(*here);
    EXPECT_EQ(here->log_range().value().first, 1U);
    EXPECT_EQ(here->notes().value(), (std::map<std::string, std::string>{{"datacenter", "one"}}));
    tell(*here, 5);
    expect_story(*open(etcd, "another"));
}

TEST_F(EtcdStores, AMoveThatBrokeOffIsTakenUpAndAnotherDatacentersEtcdIsRefused) {
    tell(*open_sqlite_store(folder + "/left").value(), 20);
    EtcdCluster etcd;
    // The files cannot be moved yet, but etcd has the datacenter.
    ASSERT_TRUE(runtime::write_file_atomic(folder + "/here", "in the way").ok());
    EXPECT_FALSE(move_to_etcd(folder + "/left", etcd.servers(), folder + "/here").ok());
    ASSERT_TRUE(runtime::remove_file(folder + "/here").ok());
    ASSERT_TRUE(move_to_etcd(folder + "/left", etcd.servers(), folder + "/here").ok());
    expect_story(*open(etcd, "here"));

    ASSERT_TRUE(open_sqlite_store(folder + "/other").ok());
    const auto refused = move_to_etcd(folder + "/other", etcd.servers(), folder + "/there");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::conflict);
    EXPECT_TRUE(runtime::exists(folder + "/other"));
}

TEST_F(EtcdStores, WhatOthersCommittedIsFollowed) {
    EtcdCluster etcd;
    const auto leader = open(etcd, "leader");
    const auto follower = open(etcd, "follower");
    tell(*leader, 20);
    EXPECT_EQ(follower->follow().value(), story.snapshot().revision);
    EXPECT_EQ(follower->log_range().value().second, story.snapshot().revision);
}

TEST_F(EtcdStores, AnotherServerOfEtcdLeadsWhenItIsLet) {
    EtcdCluster etcd(3);
    const auto any = EtcdClient::open(etcd.servers()).value();
    const std::uint64_t before = any->health()->leader;
    EtcdServers leader = etcd.servers();
    std::uint64_t other = 0;
    const auto members = any->members().value();
    for (const EtcdMember& each : members) {
        if (each.id != before)
            other = each.id;
        else
            leader.addresses = {each.client.substr(std::string("http://").size())};
    }
    const auto asked = EtcdClient::open(leader).value();
    ASSERT_TRUE(asked->let_lead(other).ok());
    EXPECT_EQ(asked->health()->leader, other);
    EXPECT_FALSE(asked->let_lead(before).ok()) << "it does not lead any more";
    tell(*open(etcd, "here"), 5);
}

TEST_F(EtcdStores, ControllersSayOfThemselvesWhereTheyAre) {
    EtcdCluster etcd;
    const auto client = EtcdClient::open(etcd.servers()).value();
    EXPECT_TRUE(controllers_of(*client).value().empty());
    const base::Instant noon = base::parse_instant("2026-11-22T12:00:00Z").value();
    for (const char* name : {"h2", "h1", "h2"}) {
        const Controller controller{name, std::string(name) + ":7443", 7, noon};
        ASSERT_TRUE(tell_of_controller(*client, controller).ok());
    }
    auto all = controllers_of(*client).value();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].name, "h1");
    EXPECT_EQ(all[1].address, "h2:7443");
    EXPECT_EQ(all[1].revision, 7U);
    EXPECT_EQ(all[1].at, noon);
    ASSERT_TRUE(forget_controller(*client, "h1").ok());
    EXPECT_EQ(controllers_of(*client).value().size(), 1U);
    ASSERT_EQ(client->members().value().size(), 1U);
    EXPECT_NE(client->health()->leader, 0U);
}

}  // namespace

}  // namespace vdc::store
