#include "runtime/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace vdc::runtime {
namespace {

TEST(Signals, AreValuesAndKillNobody) {
    Signals signals = Signals::open().value();
    ::kill(::getpid(), SIGTERM);
    EXPECT_EQ(signals.wait(), SIGTERM);
    ::kill(::getpid(), SIGINT);
    EXPECT_EQ(signals.wait(), SIGINT);
    ::kill(::getpid(), SIGHUP);
    EXPECT_EQ(signals.wait(), SIGHUP);
}

TEST(Signals, AWaiterIsInterruptedByAThreadForGood) {
    Signals signals = Signals::open().value();
    std::thread other([&] { signals.interrupt(); });
    EXPECT_EQ(signals.wait(), std::nullopt);
    EXPECT_EQ(signals.wait(), std::nullopt);
    other.join();
}

TEST(Signals, APeerThatLeftIsAnErrorAndNoSignal) {
    const Signals signals = Signals::open().value();
    Pipe pipe = make_pipe().value();
    pipe.read.reset();
    EXPECT_EQ(::write(pipe.write.get(), "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
}

}  // namespace
}  // namespace vdc::runtime
