#include "sim/pacer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace vdc::sim {

using base::Duration;
using namespace std::chrono_literals;

/// Launches of 1 to 100 ms, boots of 1 to 100 s.
static Speeds spread() {
    Speed launches{51ms, 100, {}};
    Speed boots{51s, 100, {}};
    for (int each = 1; each <= 100; ++each) {
        launches.seen.emplace_back(each * 1ms);
        boots.seen.emplace_back(each * 1s);
    }
    Speeds speeds;
    speeds[Pace::launch] = launches;
    speeds[Pace::boot] = boots;
    return speeds;
}

TEST(Pacer, DealsTheMedianToOne) {
    Pacer pacer(spread());
    EXPECT_EQ(pacer.next(Pace::launch), 51ms);
    EXPECT_EQ(pacer.next(Pace::boot), 51s);
}

TEST(Pacer, SpreadsManyAsWhatWasSeenIsSpread) {
    Pacer pacer(spread());
    std::vector<Duration> dealt;
    for (int each = 0; each < 1000; ++each) dealt.push_back(pacer.next(Pace::launch));
    std::sort(dealt.begin(), dealt.end());
    for (std::size_t percent = 5; percent < 100; percent += 5)
        EXPECT_NEAR(static_cast<double>(dealt[percent * 10].count()),
                    static_cast<double>(percent) * 1000, 1500);
    EXPECT_EQ(dealt.front(), 1ms);
    EXPECT_EQ(dealt.back(), 100ms);
}

TEST(Pacer, GivesTwentyASlowestAsSlowAsThatOfTwentyIs) {
    Pacer pacer(spread());
    Duration slowest{};
    for (int each = 0; each < 20; ++each) slowest = std::max(slowest, pacer.next(Pace::boot));
    EXPECT_GE(slowest, 90s);
}

TEST(Pacer, DoesNotMakeSlowToBootWhatWasSlowToLaunch) {
    Pacer pacer(spread());
    int both_slow = 0;
    for (int each = 0; each < 1000; ++each) {
        const bool late = pacer.next(Pace::launch) > 90ms;
        both_slow += pacer.next(Pace::boot) > 90s && late ? 1 : 0;
    }
    EXPECT_NEAR(both_slow, 10, 4);
}

TEST(Pacer, DealsTheUsualTimeOfWhatWasNeverSeen) {
    Pacer pacer(Speeds{});
    for (int each = 0; each < 3; ++each)
        EXPECT_EQ(pacer.next(Pace::boot), Speeds{}[Pace::boot].takes);
}

TEST(Pacer, DealsTheSameToEffectsWithoutAPace) {
    Pacer pacer(spread());
    const control::LookFront look{};
    EXPECT_EQ(pacer.next(look), pacer.next(look));
    EXPECT_EQ(pacer.next(look), spread().of(look));
}

}  // namespace vdc::sim
