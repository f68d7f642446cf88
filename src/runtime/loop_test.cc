#include "runtime/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

#include "runtime/clock.h"

namespace vdc::runtime {
namespace {

using namespace std::chrono_literals;

/// Waits until every task posted before has run.
void settle(Loop& loop) {
    std::promise<void> done;
    loop.post([&] { done.set_value(); });
    done.get_future().wait();
}

TEST(Clock, NeverGoesBackAndIsNearTheWallClock) {
    const base::Instant wall{std::chrono::duration_cast<base::Duration>(
        std::chrono::system_clock::now().time_since_epoch())};
    base::Instant before = now();
    EXPECT_LT(std::chrono::abs(before - wall), 1min);
    for (int turn = 0; turn < 10000; ++turn) {
        const base::Instant after = now();
        ASSERT_GE(after, before);
        before = after;
    }
}

TEST(Loop, RunsTasksInTheOrderOfTheirPostingAlsoThoseFromBeforeTheStart) {
    std::vector<int> seen;
    Loop loop("test");
    for (int number = 0; number < 100; ++number) loop.post([&, number] { seen.push_back(number); });
    loop.start();
    for (int number = 100; number < 200; ++number)
        loop.post([&, number] { seen.push_back(number); });
    settle(loop);
    ASSERT_EQ(seen.size(), 200u);
    for (int number = 0; number < 200; ++number) EXPECT_EQ(seen[std::size_t(number)], number);
}

TEST(Loop, RunsTasksByTimeThenByPosting) {
    std::vector<std::string> seen;
    std::promise<void> done;
    Loop loop("test");
    const base::Instant soon = loop.now() + 20ms;
    loop.post_at(soon + 2us, [&] { done.set_value(); });
    loop.post_at(soon + 1us, [&] { seen.push_back("third"); });
    loop.post_at(soon, [&] { seen.push_back("first"); });
    loop.post_at(soon, [&] { seen.push_back("second"); });
    loop.start();
    done.get_future().wait();
    EXPECT_EQ(seen, (std::vector<std::string>{"first", "second", "third"}));
}

TEST(Loop, ATaskNeverRunsBeforeItsTimeAndAnEarlierOneWakesTheSleeper) {
    std::promise<base::Instant> ran;
    Loop loop("test");
    loop.start();
    loop.post_at(loop.now() + 1h, [] { FAIL() << "an hour too early"; });
    settle(loop);  // it sleeps now, until the hour is over
    const base::Instant when = loop.now() + 20ms;
    loop.post_at(when, [&] { ran.set_value(loop.now()); });
    EXPECT_GE(ran.get_future().get(), when);
}

TEST(Loop, ATaskMayPostAndStop) {
    std::atomic<int> count = 0;
    Loop loop("test");
    std::function<void()> again = [&] {
        EXPECT_TRUE(loop.on_this_loop());
        if (++count == 1000) loop.stop();
        loop.post(again);
    };
    loop.post(again);
    EXPECT_FALSE(loop.on_this_loop());
    loop.start();
    loop.join();
    EXPECT_EQ(count, 1000);
}

TEST(Loop, StoppingDropsWhatWaitsAndFreesIt) {
    auto held = std::make_shared<int>(1);
    Loop loop("test");
    loop.start();
    loop.post_at(loop.now() + 1h, [held] { FAIL(); });
    loop.stop();
    loop.join();
    loop.post([held] { FAIL(); });
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Loop, WhatIsDroppedMayPostAtItsEnd) {
    Loop loop("test");
    const auto poster = [&](int*) { loop.post([] {}); };
    loop.post([held = std::shared_ptr<int>(nullptr, poster)] {});
    loop.stop();
    loop.join();
}

TEST(Loop, TakesLettersFromManyThreads) {
    int count = 0;  // touched on the loop only
    Loop loop("test");
    loop.start();
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&] {
            for (int turn = 0; turn < 1000; ++turn) loop.post([&] { ++count; });
        });
    for (std::thread& thread : threads) thread.join();
    settle(loop);
    EXPECT_EQ(count, 8000);
}

}  // namespace
}  // namespace vdc::runtime
