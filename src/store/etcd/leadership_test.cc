#include "store/etcd/leadership.h"

#include <gtest/gtest.h>

#include "runtime/files.h"
#include "store/etcd/etcd_test_util.h"
#include "store/etcd/layout.h"
#include "store/store_contract_test_util.h"

namespace vdc::store {

namespace {

using namespace std::chrono_literals;

std::unique_ptr<Leadership> candidate(const EtcdCluster& etcd, const std::string& name) {
    Leadership::Options options;
    options.name = name;
    options.lease = 3s;
    options.look_every = 20ms;
    auto opened = Leadership::open(etcd.servers(), options);
    base::check(opened.ok(), "the addresses are addresses");
    return std::move(*opened);
}

/// The term, trying until etcd answers and nobody else leads.
std::uint64_t win(Leadership& who) {
    for (int tries = 0; tries < 1000; ++tries) {
        const auto term = who.campaign(500ms);
        if (term.ok() && *term) return **term;
    }
    ADD_FAILURE() << "never leads";
    return 0;
}

/// What etcd says once it answers.
std::string leader_of(Leadership& who) {
    for (int tries = 0; tries < 100; ++tries)
        if (const auto leader = who.leader(); leader.ok()) return *leader;
    return "nobody can say";
}

void wait_until_lost(const Leadership& who) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (who.leads() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(10ms);
    EXPECT_FALSE(who.leads());
}

TEST(EtcdLeadership, OneLeadsAndTheNextOneHasAHigherTerm) {
    const EtcdCluster etcd;
    const auto first = candidate(etcd, "c1");
    const auto second = candidate(etcd, "c2");
    EXPECT_EQ(leader_of(*second), "");
    const auto term = win(*first);
    EXPECT_TRUE(first->leads());
    EXPECT_EQ(leader_of(*second), "c1");
    const auto beside = second->campaign(300ms);
    EXPECT_FALSE(beside.ok() && *beside);
    EXPECT_FALSE(second->leads());
    first->resign();
    EXPECT_FALSE(first->leads());
    EXPECT_GT(win(*second), term);
    EXPECT_EQ(leader_of(*first), "c2");
}

TEST(EtcdLeadership, LastsLongerThanOneLease) {
    const EtcdCluster etcd;
    const auto first = candidate(etcd, "c1");
    const auto second = candidate(etcd, "c2");
    win(*first);
    const auto beside = second->campaign(7s);
    EXPECT_FALSE(beside.ok() && *beside);
    EXPECT_EQ(leader_of(*second), "c1");
}

TEST(EtcdLeadership, ALeaderThatCannotRenewKnowsThatItsTimeIsOver) {
    EtcdCluster etcd;
    const auto first = candidate(etcd, "c1");
    win(*first);
    etcd.freeze(0);
    wait_until_lost(*first);
    EXPECT_EQ(first->campaign(100ms).error().code, base::Error::Code::unavailable);
    etcd.thaw(0);
    etcd.wait();
    win(*first);
    EXPECT_TRUE(first->leads());
}

TEST(EtcdLeadership, AnEarlierLeaderCannotWriteOnceTheNextOneLeads) {
    const EtcdCluster etcd;
    std::string folder = ::testing::TempDir() + "vdcleadXXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    {
        const auto first = candidate(etcd, "c1");
        const auto second = candidate(etcd, "c2");
        const auto old_term = win(*first);
        const auto old_store = open_etcd_store(etcd.servers(), folder + "/1").value();
        Story story(7);
        const std::vector<CommitPtr> commits = story.next(2);
        ASSERT_TRUE(old_store->commit(0, old_term, {&commits[0], 1}).ok());
        first->resign();
        const auto term = win(*second);
        // It has written nothing yet, and the old one does not know of it.
        const Status late = old_store->commit(1, old_term, {&commits[1], 1});
        ASSERT_FALSE(late.ok());
        EXPECT_EQ(late.error().code, Code::conflict);
        const auto store = open_etcd_store(etcd.servers(), folder + "/2").value();
        EXPECT_EQ(store->latest().value().revision, 1u);
        EXPECT_TRUE(store->commit(1, term, {&commits[1], 1}).ok());
    }
    EXPECT_TRUE(runtime::remove_tree(folder).ok());
}

TEST(EtcdLeadership, OutlivesTheServersOfEtcdOneAtATime) {
    EtcdCluster etcd(3);
    const auto first = candidate(etcd, "c1");
    const auto second = candidate(etcd, "c2");
    auto term = win(*first);
    for (int server = 0; server < 3; ++server) {
        etcd.kill(server);
        // Either it leads on, or one of the two leads with a higher term.
        if (const auto other = second->campaign(4s); other.ok() && *other) {
            EXPECT_GT(**other, term);
            wait_until_lost(*first);
            second->resign();
        }
        etcd.start(server);
        etcd.wait();
        if (!first->leads()) {
            const auto next = win(*first);
            EXPECT_GT(next, term);
            term = next;
        }
    }
}

}  // namespace

}  // namespace vdc::store
