#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace vdc::base {
namespace {

Result<int> half(int number) {
    if (number % 2 == 0) return number / 2;
    return Error{Error::Code::invalid, std::to_string(number) + " is odd", "take another one"};
}

Result<int> quarter(int number) {
    const int once = TRY(half(number));
    return half(once);
}

TEST(Result, TryGivesTheValueOrReturnsTheError) {
    EXPECT_EQ(quarter(12).value(), 3);
    EXPECT_EQ(quarter(6).error().message, "3 is odd");
    EXPECT_EQ(quarter(5).error().code, Error::Code::invalid);
}

TEST(Result, ValuesThatCannotBeCopiedMoveThrough) {
    const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
    const auto pass = [&]() -> Result<std::unique_ptr<int>> {
        std::unique_ptr<int> made = TRY(make());
        return made;
    };
    EXPECT_EQ(**pass(), 7);
}

TEST(Result, OfAnythingConvertibleTakesTheShortForm) {
    const auto make = []() -> Result<std::string> { return "x"; };
    EXPECT_EQ(make().value(), "x");
    EXPECT_EQ(half(3).value_or(7), 7);
    EXPECT_EQ(half(4).value_or(7), 2);
}

TEST(Result, AnErrorReadsAsOneLine) {
    EXPECT_EQ(text(half(3).error()), "3 is odd; take another one");
    EXPECT_EQ(text(Error{Error::Code::failed, "no"}), "no");
}

TEST(Result, EveryCodeHasItsWord) {
    for (int code = 0; code <= static_cast<int>(Error::Code::failed); ++code)
        EXPECT_EQ(error_code(word(static_cast<Error::Code>(code))), static_cast<Error::Code>(code));
    EXPECT_FALSE(error_code("nonsense"));
}

TEST(ResultDeath, TakingWhatIsNotThereStopsTheProgram) {
    EXPECT_DEATH(static_cast<void>(half(3).value()), "3 is odd");
    EXPECT_DEATH(static_cast<void>(half(4).error()), "holds a value");
    EXPECT_DEATH(Status(Error{Error::Code::failed, "why"}).value(), "why");
    EXPECT_DEATH(check(false, "the claim"), "the claim");
}

}  // namespace
}  // namespace vdc::base
