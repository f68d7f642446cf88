#include "runtime/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "runtime/fd.h"
#include "runtime/files.h"

namespace vdc::runtime {
namespace {

using namespace std::chrono_literals;
using Code = base::Error::Code;

TEST(Process, GivesBackBothOutputsAndTheStatus) {
    const auto output = run({.words = {"sh", "-c", "echo out; echo err >&2; exit 3"}});
    ASSERT_TRUE(output.ok()) << text(output.error());
    EXPECT_EQ(output->out, "out\n");
    EXPECT_EQ(output->err, "err\n");
    EXPECT_EQ(output->status, 3);
}

TEST(Process, TakesWordsAsTheyAreAndNeverAsAShell) {
    const auto output = must_run({.words = {"printf", "%s|", "$HOME; exit", "a b", ""}});
    ASSERT_TRUE(output.ok()) << text(output.error());
    EXPECT_EQ(*output, "$HOME; exit|a b||");
}

TEST(Process, FeedsAnInputLargerThanAnyPipe) {
    const std::string input(3 << 20, 'x');
    const auto output = must_run({.words = {"cat"}, .input = input});
    ASSERT_TRUE(output.ok()) << text(output.error());
    EXPECT_TRUE(*output == input);
}

TEST(Process, InputCanBeOpenedAsAFile) {
    const auto output = must_run({.words = {"cat", "/dev/stdin"}, .input = "rules"});
    ASSERT_TRUE(output.ok()) << text(output.error());
    EXPECT_EQ(*output, "rules");
}

TEST(Process, WithoutInputReadsNothing) {
    const auto output = must_run({.words = {"cat"}});
    ASSERT_TRUE(output.ok()) << text(output.error());
    EXPECT_EQ(*output, "");
}

TEST(Process, AMissingProgramIsNotFoundByName) {
    const auto output = run({.words = {"no-such-program-here", "x"}});
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().code, Code::not_found);
    EXPECT_NE(output.error().message.find("no-such-program-here x"), std::string::npos);
    EXPECT_NE(output.error().hint.find("install"), std::string::npos);
}

TEST(Process, AFailureCarriesTheCommandAndWhatItSaid) {
    const auto output =
        must_run({.words = {"sh", "-c", "echo first >&2; echo '\033[1m' >&2; false"}});
    ASSERT_FALSE(output.ok());
    EXPECT_NE(output.error().message.find("status 1: first | \\x1b[1m"), std::string::npos)
        << output.error().message;
}

TEST(Process, ASignalIsAStatusAbove128) {
    const auto output = run({.words = {"sh", "-c", "kill -9 $$"}});
    ASSERT_TRUE(output.ok()) << text(output.error());
    EXPECT_EQ(output->status, 128 + SIGKILL);
}

TEST(Process, ATimeOutKillsTheWholeGroup) {
    // The grandchild holds the pipe's other end: it hangs up once the grandchild is gone.
    const std::string path = testing::TempDir() + "group" + std::to_string(::getpid());
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const Fd life(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
    const std::string script = "sleep 1000 3>" + path + " & sleep 1000";
    const auto begun = std::chrono::steady_clock::now();
    const auto output = run({.words = {"sh", "-c", script}, .limit = 100ms});
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s);
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().code, Code::timed_out);
    EXPECT_NE(output.error().message.find("100ms"), std::string::npos) << output.error().message;
    pollfd watched{life.get(), 0, 0};
    EXPECT_EQ(::poll(&watched, 1, 20000), 1);
    EXPECT_TRUE(watched.revents & POLLHUP);
    ::unlink(path.c_str());
}

TEST(Process, EndsWithTheProcessAndLeavesWhatItPutInTheBackground) {
    const auto output = run({.words = {"sh", "-c", "sleep 1000 & echo $!"}, .limit = 20s});
    ASSERT_TRUE(output.ok()) << text(output.error());
    const pid_t background = std::stoi(output->out);
    EXPECT_EQ(::kill(background, SIGKILL), 0) << "it must still run";
}

TEST(Process, InheritsNoDescriptors) {
    const Fd secret(::open("/etc/hostname", O_RDONLY));  // without CLOEXEC
    ASSERT_TRUE(secret);
    const auto output = must_run({.words = {"ls", "/proc/self/fd"}});
    ASSERT_TRUE(output.ok()) << text(output.error());
    EXPECT_EQ(*output, "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST(Process, InheritsNoBlockedSignals) {
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const auto output = must_run({.words = {"grep", "SigBlk", "/proc/self/status"}});
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ASSERT_TRUE(output.ok()) << text(output.error());
    EXPECT_EQ(*output, "SigBlk:\t0000000000000000\n");
}

TEST(Process, AFloodOnStdoutIsAnErrorAndOnStderrIsCut) {
    const auto out = run({.words = {"head", "-c", "17M", "/dev/zero"}});
    ASSERT_FALSE(out.ok());
    EXPECT_EQ(out.error().code, Code::too_large);
    const auto err = run({.words = {"sh", "-c", "head -c 1M /dev/zero >&2"}});
    ASSERT_TRUE(err.ok()) << text(err.error());
    EXPECT_EQ(err->err.size(), 64u << 10);
}

TEST(Process, ManyThreadsMayRunCommandsAtOnce) {
    std::vector<std::thread> threads;
    std::vector<int> right(8, 0);
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([thread, &right] {
            for (int turn = 0; turn < 10; ++turn) {
                const std::string word = std::to_string(thread * 100 + turn);
                const auto output = must_run({.words = {"echo", word}});
                right[static_cast<std::size_t>(thread)] += output.ok() && *output == word + "\n";
            }
        });
    for (std::thread& thread : threads) thread.join();
    for (const int count : right) EXPECT_EQ(count, 10);
}

TEST(Process, AMissingNamespaceIsNamed) {
    const auto output = run({.words = {"true"}, .network_namespace = "no-such-namespace"});
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().code, Code::not_found);
    EXPECT_NE(output.error().message.find("/run/netns/no-such-namespace"), std::string::npos);
}

TEST(Process, AStartTimeNeedsAProcess) {
    EXPECT_GT(process_start_time(::getpid()).value(), 0u);
    EXPECT_EQ(process_start_time(1 << 30).error().code, Code::not_found);
}

TEST(Process, OneThatStaysHasASessionOfItsOwnAndSaysItsWordsToAFile) {
    std::string folder = ::testing::TempDir() + "vdcstayXXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const std::string output = folder + "/said";
    const auto pid = start_to_stay({"sh", "-c", "ps -o sid= -p $$; echo trouble >&2"}, output);
    ASSERT_TRUE(pid.ok()) << text(pid.error());
    while (process_start_time(*pid).ok()) {
        reap(*pid);
        std::this_thread::sleep_for(5ms);
    }
    const std::string said = read_file(output).value();
    EXPECT_NE(said.find(std::to_string(*pid)), std::string::npos) << said;
    EXPECT_NE(said.find("trouble"), std::string::npos) << said;
    EXPECT_EQ(start_to_stay({"no-such-program-here"}, output).error().code, Code::not_found);
    EXPECT_TRUE(remove_tree(folder).ok());
}

}  // namespace
}  // namespace vdc::runtime
