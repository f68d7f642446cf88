#include "placement/ranks.h"

#include <gtest/gtest.h>

#include "base/chance.h"

namespace vdc::placement {

static std::vector<Rank> told_by(const Ranks& ranks) {
    std::vector<Rank> told;
    if (ranks.empty()) return told;
    for (std::optional<Rank> rank = ranks.first(); rank; rank = ranks.after(*rank))
        told.push_back(*rank);
    return told;
}

/// Grows and shrinks between nothing and `most`.
static void expect_what_a_plain_set_holds(std::uint64_t seed, std::size_t most) {
    base::Chance chance(seed);
    Ranks ranks;
    std::set<Rank> plain;
    bool grows = true;
    for (int turn = 0; turn < 20'000; ++turn) {
        if (plain.empty() || plain.size() == most) grows = plain.empty();
        const auto rank = static_cast<Rank>(chance.below(10 * most));
        if (chance.once_in(9, 10) == grows) {
            if (plain.insert(rank).second) ranks.insert(rank);
        } else if (const auto at = plain.lower_bound(rank); at != plain.end()) {
            ranks.erase(*at);
            plain.erase(at);
        }
        ASSERT_EQ(ranks.size(), plain.size());
        if (turn % 64 == 0) {
            ASSERT_EQ(told_by(ranks), std::vector<Rank>(plain.begin(), plain.end()));
        }
    }
}

TEST(Ranks, AreThoseOfAPlainSetInOrder) {
    expect_what_a_plain_set_holds(1, 5);
    expect_what_a_plain_set_holds(2, 300);
    expect_what_a_plain_set_holds(3, 2000);
}

TEST(Ranks, AreNoneOnceCleared) {
    Ranks ranks;
    for (Rank rank = 0; rank < 1000; ++rank) ranks.insert(rank);
    ranks.clear();
    EXPECT_TRUE(ranks.empty());
    ranks.insert(7);
    EXPECT_EQ(told_by(ranks), std::vector<Rank>{7});
}

}  // namespace vdc::placement
