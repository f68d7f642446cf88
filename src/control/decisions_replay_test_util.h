#pragma once

#include <cstdint>

/// Decisions made again from what the log says of them.
namespace vdc::control::testing {

/// Lives histories drawn from `seed` until control has placed so many instances. Each commit that
/// places somebody is read back from its text, its placings are left out, and control decides
/// anew: the test fails unless everybody goes to the same host, with the same explanation.
void expect_decisions_to_replay(std::uint64_t seed, int decisions);

}  // namespace vdc::control::testing
