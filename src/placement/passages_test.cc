#include "placement/passages.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "base/chance.h"

namespace vdc::placement {
namespace {

using Walk = std::tuple<Passages::Plan, Passages::Place, Passages::Place>;

/// Some are nothing, some go across the ring's end, some around all of it.
Walk random_walk(base::Chance& chance) {
    const auto shift = static_cast<unsigned>(chance.below(64));
    const Passages::Place start = chance.once_in(1, 3) ? 0 - chance.below(1 << 20) : chance.next();
    return {chance.below(20), start, chance.next() >> shift};
}

std::set<Passages::Plan> met(const Passages& passages, Passages::Place place) {
    std::set<Passages::Plan> plans;
    passages.meet_near(place, [&](Passages::Plan plan) { plans.insert(plan); });
    return plans;
}

bool passes(const Walk& walk, Passages::Place place) {
    const auto& [plan, start, length] = walk;
    return place - start <= length;
}

TEST(Passages, MeetEveryPlanWithAWalkAcrossThePlace) {
    base::Chance chance(1);
    Passages passages;
    std::multiset<Walk> walks;
    for (int turn = 0; turn < 5000; ++turn) {
        const Walk fresh = random_walk(chance);
        std::apply([&](auto... part) { passages.add(part...); }, fresh);
        walks.insert(fresh);
        while (walks.size() > 60) {
            const auto gone = std::next(walks.begin(), static_cast<int>(chance.below(60)));
            std::apply([&](auto... part) { passages.remove(part...); }, *gone);
            walks.erase(gone);
        }
        const auto& [plan, start, length] = fresh;
        for (const Passages::Place place : {start, start + length, chance.next()}) {
            const auto plans = met(passages, place);
            for (const Walk& walk : walks)
                EXPECT_TRUE(!passes(walk, place) || plans.contains(std::get<0>(walk)));
        }
    }
}

TEST(Passages, MeetFewOfManyShortWalks) {
    base::Chance chance(2);
    Passages passages;
    for (Passages::Plan plan = 0; plan < 10'000; ++plan)
        passages.add(plan, chance.next(), chance.below(std::uint64_t{1} << 52));
    EXPECT_LT(met(passages, chance.next()).size(), 50);
}

TEST(Passages, AreEmptyWhenAllWalksAreGone) {
    Passages passages;
    passages.add(1, 5, 7);
    passages.add(1, 5, ~Passages::Place{0});
    passages.remove(1, 5, 7);
    passages.remove(1, 5, ~Passages::Place{0});
    EXPECT_TRUE(met(passages, 5).empty());
}

}  // namespace
}  // namespace vdc::placement
