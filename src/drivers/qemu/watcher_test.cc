#include "drivers/qemu/watcher.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <atomic>
#include <future>

namespace vdc::drivers::qemu {

using namespace std::chrono_literals;

TEST(Watcher, CallsWhoseDescriptorIsReady) {
    const auto watcher = Watcher::start().value();
    const runtime::Pipe pipe = runtime::make_pipe().value();
    std::promise<char> heard;
    const auto watch = watcher
                           ->watch(pipe.read.get(), EPOLLIN,
                                   [&](std::uint32_t) {
                                       char byte = 0;
                                       ASSERT_EQ(::read(pipe.read.get(), &byte, 1), 1);
                                       heard.set_value(byte);
                                   })
                           .value();
    ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
    EXPECT_EQ(heard.get_future().get(), 'x');
    watcher->forget(watch);
}

TEST(Watcher, ForgettingWaitsForTheCallbackThatRuns) {
    const auto watcher = Watcher::start().value();
    const runtime::Pipe pipe = runtime::make_pipe().value();
    std::promise<void> entered;
    std::promise<void> leave;
    std::atomic<bool> left = false;
    const auto watch = watcher
                           ->watch(pipe.read.get(), EPOLLIN,
                                   [&](std::uint32_t) {
                                       char byte = 0;
                                       ASSERT_EQ(::read(pipe.read.get(), &byte, 1), 1);
                                       entered.set_value();
                                       leave.get_future().wait();
                                       left = true;
                                   })
                           .value();
    ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
    entered.get_future().wait();
    auto forgotten = std::async(std::launch::async, [&] {
        watcher->forget(watch);
        return left.load();
    });
    leave.set_value();
    EXPECT_TRUE(forgotten.get());
}

TEST(Watcher, ACallbackMayForgetItself) {
    const auto watcher = Watcher::start().value();
    const runtime::Pipe pipe = runtime::make_pipe().value();
    std::promise<void> done;
    std::atomic<Watcher::Watch> watch = 0;
    std::promise<void> known;
    auto is_known = known.get_future().share();
    watch = watcher
                ->watch(pipe.read.get(), EPOLLIN,
                        [&](std::uint32_t) {
                            is_known.wait();
                            watcher->forget(watch);
                            done.set_value();  // a second call would throw here
                        })
                .value();
    known.set_value();
    ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
    done.get_future().wait();
}

TEST(Watcher, TimersComeInTheOrderOfTheirTime) {
    const auto watcher = Watcher::start().value();
    std::string order;
    std::promise<void> done;
    watcher->after(30ms, [&] {
        order += "b";
        done.set_value();
    });
    watcher->after(5ms, [&] { order += "a"; });
    const auto never = watcher->after(10ms, [&] { order += "never"; });
    watcher->forget(never);
    done.get_future().wait();
    EXPECT_EQ(order, "ab");
}

TEST(Watcher, ForgettingNothingReturnsAtOnce) {
    const auto watcher = Watcher::start().value();
    watcher->forget(0);
    watcher->forget(4711);
}

TEST(Watcher, RefusesWhatCannotBeWatched) {
    const auto watcher = Watcher::start().value();
    EXPECT_FALSE(watcher->watch(-1, EPOLLIN, [](std::uint32_t) {}).ok());
}

}  // namespace vdc::drivers::qemu
