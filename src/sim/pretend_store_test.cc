#include "sim/pretend_store.h"

#include <gtest/gtest.h>

#include "model/codec.h"
#include "model/story_test_util.h"

/// What the pretended store adds to the memory store, which keeps the contract of all stores
/// (store/store_contract_test.cc) and does all the rest.
namespace vdc::sim {
namespace {

struct PretendStoreTest : testing::Test {
    base::Status commit() {
        const model::CommitPtr next = story.next();
        return store.commit(next->revision - 1, 1, std::vector{next});
    }

    PretendStore store{store::make_memory_store(), /*seed=*/1};
    model::testing::Story story{1};
};

TEST_F(PretendStoreTest, WithoutFaultsKeepsWhatIsCommitted) {
    for (int commits = 0; commits < 5; ++commits) ASSERT_TRUE(commit().ok());
    EXPECT_EQ(hash_of(store.latest().value()), hash_of(story.snapshot()));
    EXPECT_EQ(store.log(0, 10)->size(), 5u);
}

TEST_F(PretendStoreTest, ACommitThatFailsIsNotMade) {
    store.fail_per_mille = 1000;
    const base::Status status = commit();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, base::Error::Code::unavailable);
    EXPECT_EQ(store.latest()->revision, 0u);
}

TEST_F(PretendStoreTest, ACommitOfUnknownOutcomeIsAnsweredTheSameAndMade) {
    store.unknown_per_mille = 1000;
    const base::Status status = commit();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, base::Error::Code::unavailable);
    EXPECT_EQ(hash_of(store.latest().value()), hash_of(story.snapshot()));
}

TEST_F(PretendStoreTest, ACommitThatDoesNotFollowIsRefusedWhateverTheFaults) {
    store.unknown_per_mille = 1000;
    (void)story.next();
    const base::Status status = commit();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, base::Error::Code::conflict);
}

}  // namespace
}  // namespace vdc::sim
