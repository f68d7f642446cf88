#include "placement/level.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/chance.h"

namespace vdc::placement {

namespace {

const std::vector<Measure> measures{Measure{}, Measure{}};

struct Crowd {
    std::vector<Loads> capacities;
    std::vector<Loads> used;
    std::vector<std::size_t> at;  ///< of the guests
    std::vector<Loads> of;

    void add_host(std::int64_t memory, std::int64_t vcpus) {
        capacities.push_back({memory, vcpus});
        used.push_back({});
    }
    void add(std::size_t host, std::int64_t memory, std::int64_t vcpus) {
        at.push_back(host);
        of.push_back({memory, vcpus});
        used[host][0] += memory;
        used[host][1] += vcpus;
    }
    void move(const LevelMove& move) {
        for (std::size_t each = 0; each < 2; ++each) {
            used[move.from][each] -= of[move.guest][each];
            used[move.to][each] += of[move.guest][each];
        }
        at[move.guest] = move.to;
    }
    Levels levels() const {
        return Levels(measures, capacities, used, std::vector<bool>(used.size(), true));
    }
    std::vector<LevelMove> plan(std::int64_t least_gain, std::size_t moves_max) const {
        std::vector<std::vector<LevelGuest>> guests(used.size());
        for (std::size_t guest = 0; guest < at.size(); ++guest)
            guests[at[guest]].push_back({guest, of[guest], of[guest][0], least_gain});
        Levels now = levels();
        return now.plan([&](std::size_t host) { return guests[host]; },
                        [](const LevelMove&) { return true; }, least_gain, moves_max);
    }
};

/// At most so many guests: those that find room where they are drawn to.
Crowd some_crowd(base::Chance& chance, std::size_t hosts, std::size_t guests) {
    Crowd crowd;
    for (std::size_t host = 0; host < hosts; ++host)
        crowd.add_host(chance.between(64, 128) * 1024, chance.between(128, 512));
    for (std::size_t number = 0; number < guests; ++number) {
        const std::size_t host = chance.below(hosts);
        const std::int64_t memory = std::int64_t{512} << chance.below(5);
        const std::int64_t vcpus = std::int64_t{1} << chance.below(4);
        if (crowd.used[host][0] + memory <= crowd.capacities[host][0] &&
            crowd.used[host][1] + vcpus <= crowd.capacities[host][1])
            crowd.add(host, memory, vcpus);
    }
    return crowd;
}

}  // namespace

TEST(Levels, AreZeroWhereAllAreEquallyFull) {
    Crowd crowd;
    for (std::size_t host = 0; host < 3; ++host) {
        crowd.add_host(1000, 10);
        crowd.add(host, 500, 5);
    }
    EXPECT_EQ(crowd.levels().unevenness(), 0);
    EXPECT_TRUE(crowd.plan(0, 10).empty());
}

TEST(Levels, TellHowFarAHostIsFromTheMiddle) {
    Crowd crowd;
    crowd.add_host(1000, 10);
    crowd.add_host(1000, 10);
    crowd.add(0, 400, 4);
    EXPECT_EQ(crowd.levels().unevenness(), 200) << "40 % and nothing";
}

TEST(Levels, GainIsHowMuchEmptierTheNewHostIsWithoutTheGuest) {
    Crowd crowd;
    crowd.add_host(1000, 1000);
    crowd.add_host(1000, 1000);
    crowd.add(0, 500, 500);
    crowd.add(0, 100, 100);
    crowd.add(1, 200, 200);
    const Levels levels = crowd.levels();
    EXPECT_NEAR(static_cast<double>(levels.gain({100, 100}, 0, 1)), 300, 2) << "500 and 200";
    EXPECT_NEAR(static_cast<double>(levels.gain({500, 500}, 0, 1)), -100, 2) << "100 and 200";
}

TEST(Levels, RelieveAHostOverItsLimitWhateverItGains) {
    Crowd crowd;
    crowd.add_host(1000, 1000);
    crowd.add_host(1100, 1000);
    for (int guest = 0; guest < 11; ++guest) crowd.add(0, 100, 10);
    for (int guest = 0; guest < 10; ++guest) crowd.add(1, 100, 10);
    const auto moves = crowd.plan(/*least_gain=*/900, 10);
    ASSERT_EQ(moves.size(), 1u);
    EXPECT_EQ(moves[0].from, 0u);
}

TEST(Levels, AskBeforeEachMove) {
    Crowd crowd;
    crowd.add_host(1000, 1000);
    crowd.add_host(1000, 1000);
    for (int guest = 0; guest < 8; ++guest) crowd.add(0, 100, 10);
    Levels levels = crowd.levels();
    std::vector<LevelGuest> guests;
    for (std::size_t guest = 0; guest < 8; ++guest) guests.push_back({guest, {100, 10}, 100, 0});
    int asked = 0;
    const auto moves = levels.plan(
        [&](std::size_t host) { return host == 0 ? guests : std::vector<LevelGuest>{}; },
        [&](const LevelMove& move) { return ++asked, move.guest % 2 == 1; }, 0, 10);
    EXPECT_EQ(moves.size(), 4u);
    for (const LevelMove& move : moves) EXPECT_EQ(move.guest % 2, 1u);
    EXPECT_LE(asked, 20);
}

RC_GTEST_PROP(LevelsProperty, EveryBeginningKeepsLimitsAndLowersTheUnevenness, ()) {
    base::Chance chance(*rc::gen::inRange<std::uint64_t>(0, 1'000'000));
    Crowd crowd = some_crowd(chance, 2 + chance.below(12), chance.below(80));
    const std::int64_t least_gain = chance.between(0, 300);
    std::set<std::size_t> moved;
    std::int64_t before = crowd.levels().unevenness();
    for (const LevelMove& move : crowd.plan(least_gain, 1000)) {
        RC_ASSERT(crowd.at[move.guest] == move.from);
        RC_ASSERT(moved.insert(move.guest).second);
        RC_ASSERT(move.gain >= least_gain);
        RC_ASSERT(crowd.levels().gain(crowd.of[move.guest], move.from, move.to) == move.gain);
        crowd.move(move);
        RC_ASSERT(!crowd.levels().is_over(move.to));
        const std::int64_t after = crowd.levels().unevenness();
        RC_ASSERT(after <= before);
        before = after;
        RC_ASSERT(crowd.levels().gain(crowd.of[move.guest], move.to, move.from) <= 0);
    }
    int passes = 0;
    for (auto moves = crowd.plan(least_gain, 1000); !moves.empty();
         moves = crowd.plan(least_gain, 1000)) {
        for (const LevelMove& move : moves) crowd.move(move);
        RC_ASSERT(++passes < 20);
    }
}

}  // namespace vdc::placement
