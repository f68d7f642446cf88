#include <gtest/gtest.h>

#include "control/decisions_replay_test_util.h"

namespace vdc::control {

TEST(LongReplay, OfTenThousandDecisionsPlacesEverybodyWhereTheyWerePlaced) {
    testing::expect_decisions_to_replay(10, 10'000);
}

}  // namespace vdc::control
