#include "control/wakes.h"

#include <gtest/gtest.h>

namespace vdc::control {

using namespace base;
using model::Noun;

static const model::Subject web{Noun::application, {1, 1}};
static const model::Subject disk{Noun::volume, {1, 2}};
static constexpr Instant noon{Duration{12h}};

TEST(Wakes, ComeWhenTheirTimeComesAndOnce) {
    Wakes wakes;
    wakes.ask(noon + 2s, web);
    wakes.ask(noon + 1s, disk);
    EXPECT_EQ(wakes.next(), noon + 1s);
    Agenda agenda;
    wakes.take_due(noon + 1s, agenda);
    EXPECT_EQ(agenda, Agenda{disk});
    EXPECT_EQ(wakes.next(), noon + 2s);
    agenda.clear();
    wakes.take_due(noon + 1h, agenda);
    EXPECT_EQ(agenda, Agenda{web});
    EXPECT_EQ(wakes.next(), std::nullopt);
}

TEST(Wakes, TheLastWishOfASubjectCounts) {
    Wakes wakes;
    for (int look = 0; look < 1000; ++look) wakes.ask(noon + 1s * look, web);
    EXPECT_EQ(wakes.size(), 1u) << "looking often must not pile up moments";
    Agenda agenda;
    wakes.take_due(noon + 998s, agenda);
    EXPECT_TRUE(agenda.empty());
    wakes.take_due(noon + 999s, agenda);
    EXPECT_EQ(agenda, Agenda{web});
}

}  // namespace vdc::control
