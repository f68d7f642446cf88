#include "api/attempts.h"

#include <gtest/gtest.h>

namespace vdc::api {

using namespace std::chrono_literals;

static const Attempts::Time noon{};

TEST(Attempts, AreEndedByTenFailuresWithinAMinute) {
    Attempts attempts;
    for (int i = 0; i < Attempts::failures_max; ++i) {
        EXPECT_TRUE(attempts.may_try("10.0.0.1:" + std::to_string(i), noon + i * 1s));
        attempts.failed("10.0.0.1:" + std::to_string(i), noon + i * 1s);
    }
    EXPECT_FALSE(attempts.may_try("10.0.0.1:99", noon + 59s));
    EXPECT_TRUE(attempts.may_try("10.0.0.2:99", noon + 59s));
    EXPECT_TRUE(attempts.may_try("10.0.0.1:99", noon + 60s));
}

TEST(Attempts, OfMoreAddressesThanAreRememberedForgetTheOldest) {
    Attempts attempts;
    const auto address = [](std::size_t i) { return "10.0.0." + std::to_string(i) + ":1"; };
    for (int i = 0; i < Attempts::failures_max; ++i) {
        attempts.failed("[fe80::1]:1", noon);
        attempts.failed("[fe80::2]:1", noon + 1s);
    }
    for (std::size_t i = 0; i < Attempts::addresses_max - 1; ++i)
        attempts.failed(address(i), noon + 2s);
    EXPECT_TRUE(attempts.may_try("[fe80::1]:1", noon + 3s));
    EXPECT_FALSE(attempts.may_try("[fe80::2]:1", noon + 3s));
}

}  // namespace vdc::api
