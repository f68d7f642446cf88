#include "runtime/daemon.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/files.h"

namespace vdc::runtime {
namespace {

using namespace std::chrono_literals;
using Code = base::Error::Code;

/// The daemon has two parents before it: here we become the one that inherits it, so that every
/// test can wait for its end.
class Daemon : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        std::string pattern = testing::TempDir() + "vdcdaemonXXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override {
        while (::waitpid(-1, nullptr, 0) > 0) {
        }
        EXPECT_TRUE(remove_tree(folder).ok());
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    }
    Background background() const { return {.output = folder + "/output", .limit = 20s}; }
    std::string folder;
};

/// Goes to the background; `life` is what the daemon does before it ends with `status`.
template <class Life>
base::Status start(const Background& background, Life life) {
    auto side = TRY(go_to_background(background));
    if (!side) return {};
    life(*side);
    ::_exit(0);
}

TEST_F(Daemon, TheStarterReturnsOnceTheDaemonIsReady) {
    const std::string marker = folder + "/marker";
    const auto status = start(background(), [&](Readiness& readiness) {
        (void)write_file_atomic(marker, "made before");
        readiness.ready();
    });
    EXPECT_TRUE(status.ok()) << text(status.error());
    EXPECT_TRUE(exists(marker));
}

TEST_F(Daemon, TheStarterGetsTheDaemonsErrorWhole) {
    const auto status = start(background(), [&](Readiness& readiness) {
        readiness.failed({Code::conflict, "port 80 is taken", "choose another"});
    });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error(), (base::Error{Code::conflict, "port 80 is taken", "choose another"}));
}

TEST_F(Daemon, ADaemonThatDiesWithoutAWordIsAFailure) {
    const auto status = start(background(), [](Readiness&) { ::raise(SIGKILL); });
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().message.find("ended before it was ready"), std::string::npos);
}

TEST_F(Daemon, ADaemonThatIsNotReadyInTimeIsKilled) {
    Background brief = background();
    brief.limit = 50ms;
    const auto status = start(brief, [](Readiness&) {
        for (;;) ::pause();
    });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Code::timed_out);
}

TEST_F(Daemon, HasNoTerminalItsOwnSessionAndItsOutputInTheFile) {
    const pid_t session = ::getsid(0);
    const auto status = start(background(), [&](Readiness& readiness) {
        char folder_now[10] = {};
        const bool at_root =
            ::getcwd(folder_now, sizeof folder_now) && folder_now[0] == '/' && folder_now[1] == 0;
        ::dprintf(1, "%d %d %d", ::getsid(0) != session, ::getsid(0) != ::getpid(), at_root);
        ::dprintf(2, " %d", static_cast<int>(::read(0, folder_now, 1)));
        readiness.ready();
    });
    EXPECT_TRUE(status.ok()) << text(status.error());
    EXPECT_EQ(read_file(folder + "/output").value(), "1 1 1 0");
}

TEST_F(Daemon, AnOutputFileThatCannotBeMadeIsNamed) {
    const auto status = start({.output = folder + "/none/output", .limit = 20s}, [](Readiness&) {});
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().message.find("/none/output"), std::string::npos);
}

TEST_F(Daemon, APidFileNamesTheOneProcessAndNoLaterBearerOfItsNumber) {
    const std::string path = folder + "/pid";
    EXPECT_EQ(read_pid_file(path).value(), std::nullopt);
    ASSERT_TRUE(write_pid_file(path).ok());
    EXPECT_EQ(read_pid_file(path).value(), ::getpid());
    ASSERT_TRUE(write_file_atomic(path, std::to_string(::getpid()) + " 1\n").ok());
    EXPECT_EQ(read_pid_file(path).value(), std::nullopt);
    ASSERT_TRUE(write_file_atomic(path, "rubbish").ok());
    EXPECT_EQ(read_pid_file(path).error().code, Code::corrupt);
}

}  // namespace
}  // namespace vdc::runtime
