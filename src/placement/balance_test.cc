#include "placement/balance.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/chance.h"

namespace vdc::placement {

using base::Chance;

namespace {

const std::vector<Measure> memory_and_count{{1, true}, {16, false}};

std::vector<Loads> equal_hosts(std::size_t count, std::int64_t memory) {
    return std::vector<Loads>(count, Loads{memory, 1});
}

Load on(std::size_t host, std::int64_t memory, bool stays = false) {
    return {host, {memory, 1}, stays};
}

std::vector<Load> after(std::vector<Load> loads, const std::vector<BalanceMove>& moves) {
    for (const BalanceMove& move : moves) loads[move.load].host = move.to;
    return loads;
}

}  // namespace

TEST(Balance, NeedsNoMoveWhereAllAreEqual) {
    EXPECT_TRUE(
        plan_balance(memory_and_count, equal_hosts(2, 8), {on(0, 2), on(1, 2)}, 10).empty());
}

TEST(Balance, MovesFromTheFullToTheEmpty) {
    const std::vector<Load> loads{on(0, 2), on(0, 2), on(0, 2), on(0, 2)};
    const auto moves = plan_balance(memory_and_count, equal_hosts(2, 8), loads, 10);
    EXPECT_EQ(moves.size(), 2U);
    EXPECT_EQ(unevenness(memory_and_count, equal_hosts(2, 8), after(loads, moves)), 0);
    EXPECT_EQ(plan_balance(memory_and_count, equal_hosts(2, 8), loads, 1).size(), 1U);
}

TEST(Balance, ExchangesWhereSingleMovesDoNotHelp) {
    // Whoever moves first makes it worse for the other: descent alone ends at 5 and 3.
    const std::vector<Load> loads{on(0, 4), on(0, 3), on(0, 1), on(0, 0)};
    const auto moves = plan_balance(memory_and_count, equal_hosts(2, 8), loads, 10);
    EXPECT_EQ(moves.size(), 2U);
    EXPECT_EQ(unevenness(memory_and_count, equal_hosts(2, 8), after(loads, moves)), 0);
}

TEST(Balance, LeavesAloneWhoStays) {
    const std::vector<Load> loads{on(0, 2, true), on(0, 2, true)};
    EXPECT_TRUE(plan_balance(memory_and_count, equal_hosts(2, 8), loads, 10).empty());
}

RC_GTEST_PROP(Balance, EveryBeginningKeepsTheLimits, (std::uint64_t seed)) {
    Chance chance(seed);
    const auto hosts = static_cast<std::size_t>(chance.between(1, 8));
    std::vector<Loads> capacities;
    for (std::size_t host = 0; host < hosts; ++host)
        capacities.push_back({chance.between(4, 20), chance.between(1, 3)});
    std::vector<std::int64_t> used(hosts);
    std::vector<Load> loads;
    for (int count = 0; count < 30; ++count) {
        const Load load{chance.below(hosts), {chance.between(0, 5), 1}, chance.once_in(1, 6)};
        if (used[load.host] + load.of[0] > capacities[load.host][0]) continue;
        used[load.host] += load.of[0];
        loads.push_back(load);
    }
    const auto most = static_cast<std::size_t>(chance.between(0, 12));
    const auto moves = plan_balance(memory_and_count, capacities, loads, most);
    RC_ASSERT(moves == plan_balance(memory_and_count, capacities, loads, most));
    RC_ASSERT(moves.size() <= most);
    std::set<std::size_t> moved;
    for (const BalanceMove& move : moves) {
        RC_ASSERT(moved.insert(move.load).second);
        RC_ASSERT(!loads[move.load].stays);
        RC_ASSERT(loads[move.load].host == move.from);
        RC_ASSERT(move.from != move.to);
        used[move.from] -= loads[move.load].of[0];
        used[move.to] += loads[move.load].of[0];
        RC_ASSERT(used[move.to] <= capacities[move.to][0]);
    }
    const std::int64_t before = unevenness(memory_and_count, capacities, loads);
    const std::int64_t then = unevenness(memory_and_count, capacities, after(loads, moves));
    RC_ASSERT((moves.empty() ? then == before : then < before));
}

}  // namespace vdc::placement
