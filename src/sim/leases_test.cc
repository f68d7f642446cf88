#include "sim/leases.h"

#include <gtest/gtest.h>

#include "sim/scenario.h"

/// Lives of three hosts with nothing but what leases stand on going wrong, without a defect and
/// with each.
namespace vdc::sim {
namespace {

using base::Chance;

std::string one_of(Chance& chance, const std::vector<std::string>& all) {
    return all[static_cast<std::size_t>(chance.below(all.size()))];
}

std::string some_fault(Chance& chance) {
    const std::string host = "h" + std::to_string(1 + chance.below(3));
    const std::string seconds = std::to_string(chance.between(1, 9)) + "s";
    switch (chance.below(8)) {
        case 0:
        case 1: return "cut " + host + " " + one_of(chance, {"up", "down", "both"});
        case 2:
        case 3: return "mend " + host;
        case 4: return "stall " + host + " " + seconds;
        case 5: return one_of(chance, {"kill engine", "start engine", "start engine"});
        case 6: return "stick " + seconds;
        default: return "gap " + seconds;
    }
}

/// Slow ways show whether the deadline counts from the sending or from the answer.
std::vector<std::string> life(std::uint64_t seed, LeaseFlaw flaw) {
    Chance chance(seed);
    std::vector<std::string> lines{
        "hosts 3 vcpus=4 memory=4GiB lease=fast flaw=" + std::string(model::word(flaw)),
        "seed " + std::to_string(seed), "create image tiny", "upload image tiny", "run 5s"};
    for (const char* name : {"a", "b", "c", "d", "e", "f"})
        lines.push_back(std::string("create instance ") + name +
                        R"( {"image": "tiny", "flavor": "tiny", "pool": "nas"})");
    lines.emplace_back("run 10s");
    lines.push_back("ways delay=" + one_of(chance, {"2ms", "2ms", "300ms", "800ms"}));
    for (int step = 0; step < 40; ++step) {
        lines.push_back(some_fault(chance));
        lines.push_back("run " + std::to_string(chance.between(100, 4000)) + "ms");
    }
    lines.emplace_back("heal");
    lines.emplace_back("rest 15m");
    return lines;
}

TEST(Leases, HoldInLivesOfEveryFault) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        const Played played = play_lines(life(seed, LeaseFlaw::none), Telling::nothing);
        ASSERT_EQ(played.violation, "") << "seed " << seed;
    }
}

/// The first seed whose life shows it.
std::uint64_t caught_by(LeaseFlaw flaw, std::uint64_t most) {
    for (std::uint64_t seed = 1; seed <= most; ++seed)
        if (!play_lines(life(seed, flaw), Telling::nothing).violation.empty()) return seed;
    return 0;
}

class Flaw : public ::testing::TestWithParam<LeaseFlaw> {};

TEST_P(Flaw, IsCaught) {
    const std::uint64_t seed = caught_by(GetParam(), 200);
    EXPECT_NE(seed, 0u);
    RecordProperty("seeds", static_cast<int>(seed));
}

INSTANTIATE_TEST_SUITE_P(Leases, Flaw,
                         ::testing::Values(LeaseFlaw::deadline_from_reply, LeaseFlaw::no_margin,
                                           LeaseFlaw::unguarded_fence,
                                           LeaseFlaw::no_wait_for_freeze,
                                           LeaseFlaw::inherited_silence),
                         [](const auto& flaw) { return std::string(model::word(flaw.param)); });

TEST(ARateClock, ShowsAMomentWhenItSaysSo) {
    for (const std::int64_t ppm : {-1000, -1, 0, 7, 1000}) {
        RateClock clock;
        clock.ppm = ppm;
        const base::Instant moment = RateClock::zero + base::Duration(987'654'321);
        EXPECT_GE(clock.shown(clock.when_shown(moment)), moment);
        EXPECT_LT(clock.shown(clock.when_shown(moment) - base::Duration(2'000)), moment);
    }
}

}  // namespace
}  // namespace vdc::sim
