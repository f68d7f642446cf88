#include <gtest/gtest.h>

#include "control/decisions_replay_test_util.h"

/// What the log says of a decision is enough to make it again.
namespace vdc::control {

TEST(Replay, OfTheLogPlacesEverybodyWhereTheyWerePlaced) {
    testing::expect_decisions_to_replay(9, 200);
}

}  // namespace vdc::control
