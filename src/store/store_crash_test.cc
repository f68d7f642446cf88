#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <chrono>

#include "base/chance.h"
#include "runtime/fd.h"
#include "runtime/files.h"
#include "store/store_contract_test_util.h"

/// kill -9 in the middle of commits, again and again: what was acknowledged is there, and no group
/// of commits is there in part.
namespace vdc::store {
namespace {

/// What the child tells: it begins to commit up to a revision; that is durable now.
struct Word {
    enum Kind : std::uint64_t { begins, done } kind;
    Revision revision;
};

void say(int pipe, Word word) {
    if (::write(pipe, &word, sizeof word) != sizeof word) ::_exit(3);
}

/// Commits groups of one to eight until it is killed.
[[noreturn]] void commit_for_ever(const std::string& folder, Story story, int pipe,
                                  base::Chance chance) {
    auto store = open_sqlite_store(folder);
    if (!store.ok()) ::_exit(2);
    for (;;) {
        const auto group = story.next(static_cast<std::size_t>(chance.between(1, 8)));
        say(pipe, {Word::begins, group.back()->revision});
        if (!(*store)->commit(group.front()->revision - 1, 1, group).ok()) ::_exit(4);
        say(pipe, {Word::done, group.back()->revision});
        if (chance.once_in(1, 4) && !(*store)->compact(story.snapshot(), 40).ok()) ::_exit(5);
    }
}

class Child {
  public:
    Child(const std::string& folder, const Story& story, base::Chance chance) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        pid_ = ::fork();
        if (pid_ == 0) commit_for_ever(folder, story, ends[1], chance);
        ::close(ends[1]);
        pipe_ = runtime::Fd(ends[0]);
    }
    ~Child() { kill(); }

    /// Hears what it says until `moment`, at least one commit.
    void listen(std::chrono::steady_clock::duration most) {
        const auto end = std::chrono::steady_clock::now() + most;
        while (done == 0 || std::chrono::steady_clock::now() < end) {
            pollfd waiting{pipe_.get(), POLLIN, 0};
            if (::poll(&waiting, 1, 1) > 0 && !hear()) break;
        }
    }
    /// -9; then what it still said.
    void kill() {
        if (pid_ < 0) return;
        ::kill(pid_, SIGKILL);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status)) << "it ended on its own: " << WEXITSTATUS(status);
        pid_ = -1;
        while (hear()) {
        }
    }

    Revision begins = 0;
    Revision done = 0;

  private:
    bool hear() {
        Word word{};
        if (::read(pipe_.get(), &word, sizeof word) != sizeof word) return false;
        (word.kind == Word::begins ? begins : done) = word.revision;
        return true;
    }

    pid_t pid_ = -1;
    runtime::Fd pipe_;
};

TEST(StoreCrash, WhatWasAcknowledgedSurvivesThirtyKillsAndNoGroupIsThereInPart) {
    std::string folder = testing::TempDir() + "vdccrashXXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    base::Chance chance(20'261'122);
    Story story(99);
    for (int round = 0; round < 30 && !testing::Test::HasFailure(); ++round) {
        Child child(folder, story, base::Chance(chance.next()));
        child.listen(std::chrono::microseconds(chance.between(0, 60'000)));
        child.kill();

        auto store = open_sqlite_store(folder);
        ASSERT_TRUE(store.ok()) << text(store.error());
        const auto latest = (*store)->latest();
        ASSERT_TRUE(latest.ok()) << text(latest.error());
        EXPECT_TRUE(latest->revision == child.done || latest->revision == child.begins)
            << latest->revision << " is neither " << child.done << " nor " << child.begins;
        ASSERT_GE(latest->revision, story.snapshot().revision);
        story.next(static_cast<std::size_t>(latest->revision - story.snapshot().revision));
        EXPECT_EQ(hash_of(*latest), hash_of(story.snapshot()));
        EXPECT_EQ((*store)->log_range().value().second, latest->revision);
    }
    EXPECT_GT(story.snapshot().revision, 100u);
    EXPECT_TRUE(runtime::remove_tree(folder).ok());
}

}  // namespace
}  // namespace vdc::store
