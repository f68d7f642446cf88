#include "api/console_calls.h"

#include <gtest/gtest.h>

namespace vdc::api {

using namespace std::chrono_literals;
using base::Error;
using base::Instant;
using base::Result;
using model::HostId;
using model::InstanceId;
using runtime::Fd;

namespace {

class Calls : public ::testing::Test {
  protected:
    static constexpr HostId h1{{1, 1}};
    static constexpr HostId h2{{1, 2}};
    static constexpr InstanceId web{{2, 1}};

    base::Status begin(const std::string& session, HostId host) {
        return calls.begin(
            session, host, web,
            [this, session](const Result<Fd>& got) {
                told[session] = got.ok() ? "a console" : std::string(word(got.error().code));
            },
            now);
    }
    Error::Code code_of_take(const std::string& session, HostId host) {
        const auto taken = calls.take(session, host);
        return taken.ok() ? Error::Code::failed : taken.error().code;
    }

    Instant now{1h};
    ConsoleCalls calls;
    std::map<std::string, std::string> told;
};

}  // namespace

TEST_F(Calls, AreTakenOnceAndByTheHostThatWasAsked) {
    ASSERT_TRUE(begin("s1", h1).ok());
    EXPECT_EQ(code_of_take("s1", h2), Error::Code::not_found);
    EXPECT_EQ(code_of_take("s2", h1), Error::Code::not_found);
    const auto taken = calls.take("s1", h1);
    ASSERT_TRUE(taken.ok());
    EXPECT_EQ(taken->instance, web);
    taken->done(Fd());
    EXPECT_EQ(told["s1"], "a console");
    EXPECT_EQ(code_of_take("s1", h1), Error::Code::not_found);
}

TEST_F(Calls, AreGivenUpWhenTheHostSaysNothing) {
    ASSERT_TRUE(begin("s1", h1).ok());
    now += 1s;
    ASSERT_TRUE(begin("s2", h1).ok());
    now += ConsoleCalls::answered_within - 1s - 1us;
    calls.expire(now);
    EXPECT_TRUE(told.empty());
    calls.expire(now + 1us);
    EXPECT_EQ(told, (std::map<std::string, std::string>{{"s1", "timed_out"}}));
    EXPECT_EQ(code_of_take("s1", h1), Error::Code::not_found) << "it comes too late";
    EXPECT_TRUE(calls.take("s2", h1).ok());
    calls.expire(now + 1h);
    EXPECT_EQ(told.size(), 1u) << "what is open does not expire";
}

TEST_F(Calls, AreRefusedByTheHostThatWasAskedAlone) {
    ASSERT_TRUE(begin("s1", h1).ok());
    const Error off{Error::Code::conflict, "web does not run"};
    calls.refused("s1", h2, off);
    calls.refused("s2", h1, off);
    EXPECT_TRUE(told.empty());
    calls.refused("s1", h1, off);
    EXPECT_EQ(told["s1"], "conflict");
}

TEST_F(Calls, AreLostWithTheirHostUnlessTheyAreOpen) {
    ASSERT_TRUE(begin("s1", h1).ok());
    ASSERT_TRUE(begin("s2", h1).ok());
    ASSERT_TRUE(begin("s3", h2).ok());
    ASSERT_TRUE(calls.take("s2", h1).ok());
    calls.lost(h1);
    EXPECT_EQ(told, (std::map<std::string, std::string>{{"s1", "unavailable"}}));
}

TEST_F(Calls, OfAHostAreBoundedAndEndedOnesMakeRoom) {
    for (std::size_t each = 0; each < ConsoleCalls::per_host_max; ++each) {
        const std::string session = "s" + std::to_string(each);
        ASSERT_TRUE(begin(session, h1).ok());
        ASSERT_TRUE(calls.take(session, h1).ok());
    }
    EXPECT_EQ(begin("more", h1).error().code, Error::Code::exhausted);
    EXPECT_TRUE(begin("elsewhere", h2).ok());
    calls.ended("s0");
    EXPECT_TRUE(begin("more", h1).ok());
}

TEST_F(Calls, MayBeBegunAnewByWhoIsToldThatOneFailed) {
    base::Status second = Error{Error::Code::failed, "it was not begun"};
    const auto done = [&](const Result<Fd>&) { second = begin("s2", h1); };
    ASSERT_TRUE(calls.begin("s1", h1, web, done, now).ok());
    calls.lost(h1);
    EXPECT_TRUE(second.ok());
    EXPECT_TRUE(calls.take("s2", h1).ok());
}

}  // namespace vdc::api
