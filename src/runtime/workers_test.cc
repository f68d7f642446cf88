#include "runtime/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>

namespace vdc::runtime {
namespace {

TEST(Workers, RunAsManyTasksAtOnceAsThereAreThreads) {
    Workers workers(4);
    std::latch together(4);  // opens only when four tasks wait in it at once
    std::latch done(4);
    for (int task = 0; task < 4; ++task)
        ASSERT_TRUE(workers.submit([&] {
            together.arrive_and_wait();
            done.count_down();
        }));
    done.wait();
}

TEST(Workers, NeverMoreThanThatAndInTheOrderTheyCame) {
    std::atomic<int> running = 0;
    std::vector<int> order;
    std::latch done(50);
    Workers workers(1);
    for (int task = 0; task < 50; ++task)
        ASSERT_TRUE(workers.submit([&, task] {
            EXPECT_EQ(++running, 1);
            order.push_back(task);
            --running;
            done.count_down();
        }));
    done.wait();
    for (int task = 0; task < 50; ++task) EXPECT_EQ(order[std::size_t(task)], task);
}

TEST(Workers, AFullQueueRefuses) {
    std::promise<void> gate;
    std::shared_future<void> open = gate.get_future().share();
    std::promise<void> begun;
    Workers workers(1, "worker", 2);
    ASSERT_TRUE(workers.submit([&begun, open] {
        begun.set_value();
        open.wait();
    }));
    begun.get_future().wait();
    EXPECT_TRUE(workers.submit([] {}));
    EXPECT_TRUE(workers.submit([] {}));
    EXPECT_FALSE(workers.submit([] {}));
    gate.set_value();
}

TEST(Workers, StoppingEndsWhatRunsDropsWhatWaitsAndTakesNoMore) {
    auto held = std::make_shared<int>(1);
    std::promise<void> begun;
    std::atomic<bool> stopping = false;
    std::atomic<bool> ended = false;
    Workers workers(1);
    ASSERT_TRUE(workers.submit([&] {
        begun.set_value();
        while (!stopping) std::this_thread::yield();
        ended = true;
    }));
    begun.get_future().wait();
    ASSERT_TRUE(workers.submit([held] { FAIL() << "it was dropped"; }));
    std::thread opener([&] {
        while (workers.submit([] {})) std::this_thread::yield();
        stopping = true;  // only once stop() has begun
    });
    workers.stop();
    EXPECT_TRUE(ended);
    EXPECT_EQ(held.use_count(), 1);
    opener.join();
}

}  // namespace
}  // namespace vdc::runtime
