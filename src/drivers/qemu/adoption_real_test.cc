#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <thread>

#include "drivers/jail/cgroup.h"
#include "drivers/qemu/guest_test_util.h"
#include "runtime/files.h"

namespace vdc::drivers::qemu {

using control::Ending;
using control::InstanceSighting;
using control::RunState;
using namespace std::chrono_literals;

namespace {

class AdoptionReal : public RealHost {
  protected:
    std::string run_folder(const control::InstanceSpec& spec) {
        return paths.instance(spec.id) + "/run-" + std::to_string(spec.generation);
    }
    RunRecord record_of(const control::InstanceSpec& spec) {
        return load({run_folder(spec), ""}).value();
    }
};

}  // namespace

TEST_F(AdoptionReal, ANewDaemonFindsItsGuestsAndTouchesNone) {
    const auto running = launch("web-1");
    const auto paused = launch("web-2");
    Typist before = typist(running.id);
    before.log_in();
    const control::DiskSpec disk{.volume = disks->add("", {16}), .slot = 2};
    ASSERT_TRUE(instances->attach(running.id, disk).ok());
    ASSERT_TRUE(instances->reset(paused.id, 1).ok());
    ASSERT_TRUE(instances->pause(paused.id).ok());
    const InstanceSighting first = instances->look(running.id);
    const InstanceSighting second = instances->look(paused.id);
    forget();

    const auto began = std::chrono::steady_clock::now();
    open();
    RecordProperty("adopted_ms",
                   static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now() - began)
                                        .count()));
    EXPECT_EQ(instances->look(running.id), first);
    EXPECT_EQ(instances->look(paused.id), second);
    EXPECT_EQ(second.run, RunState::paused);
    EXPECT_EQ(second.wishes.resets, 1u);
    EXPECT_EQ(instances->instances()->size(), 2u);

    // They obey as before.
    Typist after = typist(running.id);
    EXPECT_EQ(after.run("uname"), "Linux");
    EXPECT_TRUE(instances->detach(running.id, disk).ok());
    EXPECT_EQ(instances->resume(paused.id).value().run, RunState::running);
    EXPECT_EQ(instances->launch(running).error().code, base::Error::Code::conflict);
}

TEST_F(AdoptionReal, ACrashOfAnAdoptedGuestIsNoticed) {
    const auto made = launch("web-1");
    forget();
    open();
    std::mutex mutex;
    std::condition_variable told;
    InstanceSighting heard;
    instances->on_notice([&](const Notice& notice) {
        const std::lock_guard lock(mutex);
        heard = notice.seen;
        told.notify_all();
    });
    ASSERT_EQ(::kill(static_cast<pid_t>(instances->look(made.id).pid), SIGKILL), 0);
    std::unique_lock lock(mutex);
    ASSERT_TRUE(told.wait_for(lock, 10s, [&] { return heard.ended.has_value(); }));
    EXPECT_EQ(heard.ended, Ending::crashed);
    lock.unlock();
    instances->on_notice(nullptr);
}

TEST_F(AdoptionReal, AGuestThatPoweredOffWhileNobodyListenedDidNotCrash) {
    const auto made = launch("web-1");
    Typist person = typist(made.id);
    person.log_in();
    person.run("(sleep 1; poweroff -f) & true");
    forget();
    // Its QEMU stands still until somebody comes.
    const std::int64_t pid = record_of(made).pid;
    const auto still = [&] {
        return runtime::read_file(paths.consoles() + "/" + text(made.id) + ".log")
                   .value()
                   .find("Power down") != std::string::npos;
    };
    for (int i = 0; i < 600 && !still(); ++i) std::this_thread::sleep_for(50ms);
    ASSERT_TRUE(runtime::exists("/proc/" + std::to_string(pid)));
    open();
    ASSERT_TRUE(instances->kill(made.id).ok());  // waits for the end
    const InstanceSighting ended = instances->look(made.id);
    EXPECT_EQ(ended.ended, Ending::guest_off) << ended.ended_detail;
}

TEST_F(AdoptionReal, AQemuThatDiedWhileNobodyListenedCrashed) {
    const auto made = launch("web-1");
    const std::int64_t pid = instances->look(made.id).pid;
    forget();
    ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(static_cast<pid_t>(pid), &status, 0), pid);
    open();
    const InstanceSighting ended = instances->look(made.id);
    EXPECT_FALSE(ended.alive);
    EXPECT_EQ(ended.ended, Ending::crashed);
    EXPECT_NE(ended.ended_detail.find("while nobody watched"), std::string::npos);
    EXPECT_TRUE(ended.leftovers);
    EXPECT_TRUE(instances->launch(made).ok());  // and it may start again
    EXPECT_TRUE(instances->look(made.id).alive);
}

TEST_F(AdoptionReal, AQemuThatWasNeverRecordedIsEnded) {
    const auto made = launch("web-1");
    const InstanceSighting seen = instances->look(made.id);
    forget();
    // As if the daemon had died between spawn and record.
    RunRecord record = record_of(made);
    record.pid = 0;
    record.start_time = 0;
    ASSERT_TRUE(save(record, {run_folder(made), ""}).ok());
    open();
    EXPECT_EQ(instances->instances().value(), std::vector<model::InstanceId>());
    EXPECT_FALSE(instances->look(made.id).leftovers);
    int status = 0;
    ASSERT_EQ(::waitpid(static_cast<pid_t>(seen.pid), &status, 0), seen.pid);
    EXPECT_TRUE(instances->launch(made).ok());
}

TEST_F(AdoptionReal, AQemuWithoutAFolderIsEndedToo) {
    const auto made = launch("web-1");
    const InstanceSighting seen = instances->look(made.id);
    forget();
    ASSERT_TRUE(runtime::remove_tree(paths.instance(made.id)).ok());
    open();
    EXPECT_EQ(instances->instances().value(), std::vector<model::InstanceId>());
    int status = 0;
    ASSERT_EQ(::waitpid(static_cast<pid_t>(seen.pid), &status, 0), seen.pid);
}

TEST_F(AdoptionReal, AStrangerWithARecordedNumberIsNotTakenForOurs) {
    const auto made = launch("web-1");
    ASSERT_TRUE(instances->kill(made.id).ok());
    forget();
    // The record says alive, and its pid now belongs to another process: to us.
    RunRecord record = record_of(made);
    record.pid = ::getpid();
    record.ended = false;
    record.ending.reset();
    ASSERT_TRUE(save(record, {run_folder(made), ""}).ok());
    open();
    EXPECT_FALSE(instances->look(made.id).alive);
    EXPECT_EQ(instances->look(made.id).ended, Ending::crashed);
}

TEST_F(AdoptionReal, ARecordThatCannotBeReadIsLeftAloneAndReported) {
    const auto made = launch("web-1");
    const std::int64_t pid = instances->look(made.id).pid;
    forget();
    const std::string path = run_folder(made) + "/run.json";
    ASSERT_TRUE(runtime::write_file_atomic(path, "{\"from\": \"the future\"}").ok());
    open();
    EXPECT_EQ(instances->instances().value(), std::vector<model::InstanceId>{made.id});
    EXPECT_TRUE(instances->look(made.id).leftovers);
    EXPECT_TRUE(runtime::exists("/proc/" + std::to_string(pid)));
    EXPECT_EQ(instances->launch(made).error().code, base::Error::Code::conflict);
    EXPECT_TRUE(instances->clean(made.id).ok());
    EXPECT_FALSE(instances->look(made.id).leftovers);
    int status = 0;
    ASSERT_EQ(::waitpid(static_cast<pid_t>(pid), &status, 0), pid);
}

TEST_F(AdoptionReal, AQemuThatHangsHoldsUpNobody) {
    const auto hung = launch("web-1");
    const auto fine = launch("web-2");
    const std::int64_t pid = instances->look(hung.id).pid;
    forget();
    ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGSTOP), 0);
    const auto began = std::chrono::steady_clock::now();
    open();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
    EXPECT_TRUE(instances->look(hung.id).alive);
    EXPECT_TRUE(instances->pause(fine.id).ok());
    EXPECT_EQ(instances->pause(hung.id).error().code, base::Error::Code::timed_out);
    ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGCONT), 0);
    EXPECT_TRUE(instances->pause(hung.id).ok());
    EXPECT_EQ(instances->look(hung.id).disks, hung.disks);
}

/// A daemon dies at 40 moments, from before its launch begins to after it has ended. Whatever it
/// left, the next one finds either a run that is whole or nothing at all.
TEST_F(AdoptionReal, ADaemonMayDieAtAnyMomentOfALaunch) {
    const auto made = spec("web-1", disks->add(tiny_image(), {128}));
    const auto cgroups = jail::Cgroups::of_this_machine().value();
    int whole = 0;
    int nothing = 0;
    for (int i = 0; i < 40; ++i) {
        forget();  // no threads of ours: the copy may do as it likes
        const runtime::Pipe launched = runtime::make_pipe().value();
        const pid_t daemon = ::fork();
        if (daemon == 0) {
            auto own = Instances::open(paths, Accelerator::tcg, *disks, taps);
            (void)own.value()->launch(made);
            (void)!::write(launched.write.get(), "x", 1);
            ::pause();
        }
        pollfd done{.fd = launched.read.get(), .events = POLLIN, .revents = 0};
        ::poll(&done, 1, i == 39 ? 60'000 : i * 8);
        ::kill(daemon, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(daemon, &status, 0), daemon);

        open();
        const InstanceSighting seen = instances->look(made.id);
        const auto pids = cgroups.pids(paths.cgroup() + "/R/" + text(made.id)).value();
        if (seen.alive) {
            ++whole;
            EXPECT_EQ(pids, std::vector<std::int64_t>{seen.pid});
            EXPECT_EQ(seen.run, RunState::running);
            EXPECT_EQ(seen.disks, made.disks);
            EXPECT_EQ(instances->launch(made).error().code, base::Error::Code::conflict);
        } else {
            ++nothing;
            EXPECT_TRUE(pids.empty());
            EXPECT_FALSE(seen.leftovers);
            EXPECT_TRUE(instances->instances()->empty());
        }
        ASSERT_TRUE(instances->kill(made.id).ok());
        ASSERT_TRUE(instances->clean(made.id).ok());
        EXPECT_FALSE(runtime::exists(paths.instance(made.id)));
    }
    EXPECT_GT(whole, 0);
    EXPECT_GT(nothing, 0);
    RecordProperty("whole", whole);
    RecordProperty("nothing", nothing);
}

}  // namespace vdc::drivers::qemu
