#include "drivers/networks/daemons.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vdc::drivers::networks {
namespace {

/// A child that sleeps until it is killed; reaped at the end.
struct Sleeper {
    pid_t pid = ::fork();
    Sleeper() {
        if (pid != 0) return;
        for (;;) ::pause();
    }
    ~Sleeper() {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
};

TEST(Daemons, AreKnownByPidAndStart) {
    const Sleeper sleeper;
    const auto daemon = daemon_of(sleeper.pid);
    ASSERT_TRUE(daemon);
    EXPECT_TRUE(alive(*daemon));
    Daemon earlier = *daemon;
    earlier.start_time -= 1;
    EXPECT_FALSE(alive(earlier)) << "the pid is the same, the process another";
    EXPECT_EQ(parse_daemon(text(*daemon)), daemon);
}

TEST(Daemons, ThatEndedAreGoneBeforeTheyAreReaped) {
    const Sleeper sleeper;
    const Daemon daemon = daemon_of(sleeper.pid).value();
    ASSERT_TRUE(end(daemon).ok());
    EXPECT_FALSE(alive(daemon));
    EXPECT_TRUE(end(daemon).ok()) << "twice is as good as once";
}

TEST(Daemons, WithAnotherStartAreNotTouched) {
    const Sleeper sleeper;
    const Daemon daemon = daemon_of(sleeper.pid).value();
    Daemon earlier = daemon;
    earlier.start_time -= 1;
    EXPECT_TRUE(end(earlier).ok());
    EXPECT_TRUE(send_signal(earlier, SIGKILL).ok());
    EXPECT_TRUE(alive(daemon));
}

TEST(Daemons, AreNotReadFromNonsense) {
    for (const char* text : {"", "1", "1 2 3", "x 1", "1 x", "1 2x"})
        EXPECT_EQ(parse_daemon(text), std::nullopt) << text;
    EXPECT_EQ(daemon_of(0), std::nullopt);
    EXPECT_EQ(daemon_of(-1), std::nullopt);
}

}  // namespace
}  // namespace vdc::drivers::networks
