#include "runtime/random.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

namespace vdc::runtime {
namespace {

TEST(Random, UuidsAreVersion4AndDiffer) {
    std::set<base::Uuid> seen;
    for (int turn = 0; turn < 1000; ++turn) {
        const base::Uuid uuid = random_uuid();
        const std::string written = text(uuid);
        EXPECT_EQ(written[14], '4') << written;
        EXPECT_NE(std::string("89ab").find(written[19]), std::string::npos) << written;
        seen.insert(uuid);
    }
    EXPECT_EQ(seen.size(), 1000u);
}

TEST(Random, FreshUuidsAreVersion7AndComeInTheOrderOfTime) {
    const base::Uuid earlier = fresh_uuid();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const base::Uuid later = fresh_uuid();
    EXPECT_LT(earlier, later);
    EXPECT_EQ(text(later)[14], '7');
    EXPECT_NE(std::string("89ab").find(text(later)[19]), std::string::npos);
    EXPECT_NE(fresh_uuid(), fresh_uuid());
}

TEST(Random, TokensAre43LettersThatFitIntoAHeader) {
    const base::Secret token = random_token();
    EXPECT_EQ(token.reveal().size(), 43u);
    EXPECT_EQ(token.reveal().find_first_not_of(
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_FALSE(random_token().matches(token.reveal()));
}

TEST(Random, BytesHaveTheLengthAskedForAndDiffer) {
    EXPECT_EQ(random_bytes(0), "");
    EXPECT_EQ(random_bytes(1000).size(), 1000u);
    EXPECT_NE(random_bytes(16), random_bytes(16));
    EXPECT_NE(random_seed(), random_seed());
}

}  // namespace
}  // namespace vdc::runtime
