#include "drivers/qemu/migration.h"

#include <gtest/gtest.h>

#include <condition_variable>

#include "drivers/qemu/guest_test_util.h"
#include "runtime/files.h"

namespace vdc::drivers::qemu {

using base::Result;
using control::Ending;
using control::InstanceSpec;
using control::RunState;
using runtime::Fd;
using namespace std::chrono_literals;

namespace {

/// Another host beside the test's own.
class Elsewhere final : public RealHost {
  public:
    void TestBody() override {}
    using RealHost::disks;
    using RealHost::forget;
    using RealHost::instances;
    using RealHost::open;
    using RealHost::paths;
    using RealHost::taps;
    using RealHost::tiny_image;
    using RealHost::typist;
};

/// A guest here, and a host to which it may go.
class MigrationReal : public RealHost {
  protected:
    static constexpr model::Generation next = 2;

    /// The tiny guest, with somebody logged in, a file, and a count that goes on in its memory.
    InstanceSpec guest_at_work() {
        InstanceSpec made = launch("web-1");
        Typist typist = this->typist(made.id);
        typist.log_in();
        typist.run("echo kept > /root/file; sync");
        typist.run(
            "(while :; do n=$((n+1)); echo $n > /run/next; mv /run/next /run/count; sleep 0.1; "
            "done)"
            " & true");
        return made;
    }

    /// On empty disks of the same sizes, as its host would make them.
    InstanceSpec awaited(const InstanceSpec& here) {
        InstanceSpec there = here;
        there.generation = next;
        for (const auto& disk : there.disks) elsewhere.disks->add(disk.volume, tiny_image(), {128});
        const auto ready = elsewhere.instances->receive(there, "here");
        EXPECT_TRUE(ready.ok()) << (ready.ok() ? "" : text(ready.error()));
        EXPECT_EQ(stage_there(there), MoveStage::ready);
        return there;
    }

    OpenStream stream_to(const InstanceSpec& there, const std::string& from = "here") {
        return [this, there, from](const std::string& channel) -> Result<Fd> {
            return elsewhere.instances->take_stream(there.id, there.generation, channel, from);
        };
    }

    std::optional<MoveStage> stage_here(const InstanceSpec& guest) {
        const auto seen = instances->move(guest.id);
        return seen ? std::optional(seen->stage) : std::nullopt;
    }
    std::optional<MoveStage> stage_there(const InstanceSpec& guest) {
        const auto seen = elsewhere.instances->move(guest.id);
        return seen ? std::optional(seen->stage) : std::nullopt;
    }

    /// Step by step until `wanted`, or nothing more comes of it.
    void send_until(const InstanceSpec& guest, MoveStage wanted, MoveRung rung = MoveRung::copy) {
        const SendOrder order{.generation = next, .disks = guest.disks, .rung = rung};
        const auto deadline = std::chrono::steady_clock::now() + 120s;
        do {
            const auto sent = instances->send(guest.id, order, stream_to(guest));
            ASSERT_TRUE(sent.ok()) << text(sent.error());
            if (stage_here(guest) == wanted) return;
            ASSERT_NE(stage_here(guest), MoveStage::failed) << instances->move(guest.id)->message;
            wait_for_news(50ms);
        } while (std::chrono::steady_clock::now() < deadline);
        FAIL() << "it was never sent";
    }

    void wait_for_news(std::chrono::milliseconds most) {
        std::unique_lock lock(mutex_);
        told_.wait_for(lock, most, [&] { return std::exchange(news_, false); });
    }
    void listen() {
        const auto tell = [this](const Notice&) {
            const std::lock_guard lock(mutex_);
            news_ = true;
            told_.notify_all();
        };
        instances->on_notice(tell);
        elsewhere.instances->on_notice(tell);
    }
    /// What the other host sees of the guest is heard of on a thread of its own.
    void comes_to(MoveStage stage, const InstanceSpec& guest) {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (stage_there(guest) != stage && std::chrono::steady_clock::now() < deadline)
            wait_for_news(50ms);
        ASSERT_EQ(stage_there(guest), stage);
    }
    void arrives(const InstanceSpec& guest) { comes_to(MoveStage::arrived, guest); }
    template <class SomeHost>
    static void nothing_is_left(SomeHost& host, const InstanceSpec& guest) {
        EXPECT_TRUE(host.instances->kill(guest.id).ok());
        EXPECT_TRUE(host.instances->clean(guest.id).ok());
        EXPECT_FALSE(runtime::exists(host.paths.instance(guest.id)));
        EXPECT_FALSE(host.instances->look(guest.id).leftovers);
    }
    static int number_in(const std::string& text) {
        int number = 0;
        for (const char c : text)
            if (c >= '0' && c <= '9') number = number * 10 + (c - '0');
        return number;
    }

    Elsewhere elsewhere;

  private:
    std::mutex mutex_;
    std::condition_variable told_;
    bool news_ = false;
};

}  // namespace

TEST_F(MigrationReal, AGuestGoesOnElsewhereWithItsMemoryAndItsDisk) {
    listen();
    const InstanceSpec guest = guest_at_work();
    Typist before = typist(guest.id);
    const int counted = number_in(before.run("cat /run/count"));
    const InstanceSpec there = awaited(guest);

    send_until(there, MoveStage::sent);
    arrives(there);
    EXPECT_EQ(instances->look(guest.id).run, RunState::paused) << "both ends stand still";
    EXPECT_EQ(elsewhere.instances->look(guest.id).run, RunState::paused);

    ASSERT_TRUE(elsewhere.instances->resume(guest.id).ok());
    EXPECT_FALSE(elsewhere.instances->move(guest.id));
    EXPECT_EQ(elsewhere.instances->look(guest.id).generation, next);
    EXPECT_TRUE(instances->kill(guest.id).ok());
    EXPECT_TRUE(instances->clean(guest.id).ok());

    Typist after = elsewhere.typist(guest.id);
    EXPECT_EQ(after.run("cat /root/file"), "kept");
    EXPECT_GE(number_in(after.run("cat /run/count")), counted);
    EXPECT_EQ(after.run("echo more >> /root/file; sync; cat /root/file"), "kept\nmore");
    nothing_is_left(elsewhere, there);
}

TEST_F(MigrationReal, AGuestThatWasSentGoesOnWhenItsMoveIsCancelled) {
    listen();
    const InstanceSpec guest = guest_at_work();
    const InstanceSpec there = awaited(guest);
    send_until(there, MoveStage::sent);
    arrives(there);
    EXPECT_FALSE(instances->resume(guest.id).ok()) << "it may run there by now";
    EXPECT_FALSE(instances->cancel_send(guest.id, next + 1).ok()) << "another move";
    const auto back = instances->cancel_send(guest.id, next);
    ASSERT_TRUE(back.ok()) << text(back.error());
    EXPECT_EQ(back->run, RunState::running);
    EXPECT_FALSE(back->move);
    EXPECT_TRUE(instances->cancel_send(guest.id, next).ok()) << "it is so already";
    EXPECT_EQ(typist(guest.id).run("echo more >> /root/file; cat /root/file"), "kept\nmore");
    nothing_is_left(elsewhere, there);

    // And it may go once more.
    const InstanceSpec again = awaited(guest);
    send_until(again, MoveStage::sent);
    arrives(again);
    ASSERT_TRUE(elsewhere.instances->resume(guest.id).ok());
    EXPECT_EQ(elsewhere.typist(guest.id).run("cat /root/file"), "kept\nmore");
    nothing_is_left(elsewhere, again);
}

TEST_F(MigrationReal, AGuestRunsOnWhenItsReceiverIsLost) {
    listen();
    const InstanceSpec guest = guest_at_work();
    const InstanceSpec there = awaited(guest);
    const SendOrder order{.generation = next, .disks = guest.disks};
    ASSERT_TRUE(instances->send(guest.id, order, stream_to(there)).ok());
    nothing_is_left(elsewhere, there);
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (stage_here(guest) != MoveStage::failed && std::chrono::steady_clock::now() < deadline) {
        (void)instances->send(guest.id, order, stream_to(there));  // the stage is what counts
        wait_for_news(50ms);
        if (!instances->send(guest.id, order, stream_to(there)).ok()) break;
    }
    ASSERT_TRUE(instances->cancel_send(guest.id, next).ok());
    EXPECT_EQ(instances->look(guest.id).run, RunState::running);
    EXPECT_EQ(typist(guest.id).run("cat /root/file"), "kept");
}

TEST_F(MigrationReal, ANewDaemonFindsAGuestThatWasSentAndLetsItStand) {
    listen();
    const InstanceSpec guest = guest_at_work();
    const InstanceSpec there = awaited(guest);
    send_until(there, MoveStage::sent);
    forget();
    open();
    EXPECT_EQ(stage_here(guest), MoveStage::sent);
    EXPECT_EQ(instances->look(guest.id).run, RunState::paused);
    ASSERT_TRUE(instances->cancel_send(guest.id, next).ok());
    EXPECT_EQ(instances->look(guest.id).run, RunState::running);
    nothing_is_left(elsewhere, there);
}

TEST_F(MigrationReal, ANewDaemonKnowsWhetherAGuestHasArrived) {
    listen();
    const InstanceSpec guest = guest_at_work();
    const InstanceSpec early = awaited(guest);
    elsewhere.forget();
    elsewhere.open();
    comes_to(MoveStage::failed, early);  // its streams went with the daemon, and QEMU with them
    EXPECT_FALSE(elsewhere.instances->resume(guest.id).ok());
    nothing_is_left(elsewhere, early);

    const InstanceSpec there = awaited(guest);
    listen();
    send_until(there, MoveStage::sent);
    arrives(there);
    elsewhere.forget();
    elsewhere.open();
    EXPECT_EQ(elsewhere.instances->look(guest.id).move->stage, MoveStage::arrived);
    ASSERT_TRUE(elsewhere.instances->resume(guest.id).ok());
    EXPECT_FALSE(elsewhere.instances->look(guest.id).move);
    EXPECT_EQ(elsewhere.typist(guest.id).run("cat /root/file"), "kept");
    nothing_is_left(elsewhere, there);
}

TEST_F(MigrationReal, AGuestThatEndsIsNoLongerOnItsWay) {
    listen();
    const InstanceSpec guest = guest_at_work();
    const InstanceSpec there = awaited(guest);
    const SendOrder order{.generation = next, .disks = guest.disks};
    ASSERT_TRUE(instances->send(guest.id, order, stream_to(there)).ok());
    ASSERT_TRUE(instances->kill(guest.id).ok());
    const auto seen = instances->look(guest.id);
    EXPECT_FALSE(seen.alive);
    ASSERT_TRUE(seen.move);
    EXPECT_EQ(seen.move->stage, MoveStage::failed);
    EXPECT_EQ(seen.move->generation, next);
    nothing_is_left(*this, guest);
    EXPECT_FALSE(instances->look(guest.id).move);
    nothing_is_left(elsewhere, there);
}

TEST_F(MigrationReal, AGuestThatWritesFasterThanCanBeSentIsStopped) {
    listen();
    const InstanceSpec guest = guest_at_work();
    typist(guest.id).run(
        "(while :; do dd if=/dev/zero of=/run/noise bs=1M count=24; done) "
        ">/dev/null 2>&1 & true");
    const InstanceSpec there = awaited(guest);
    send_until(there, MoveStage::sent, MoveRung::stop);
    arrives(there);
    ASSERT_TRUE(elsewhere.instances->resume(guest.id).ok());
    EXPECT_EQ(elsewhere.typist(guest.id).run("cat /root/file"), "kept");
    nothing_is_left(elsewhere, there);
}

TEST_F(MigrationReal, NobodyElseSendsAndNothingGoesOnBeforeItHasArrived) {
    const InstanceSpec guest = guest_at_work();
    const InstanceSpec there = awaited(guest);
    EXPECT_FALSE(stream_to(there, "somebody")(memory_channel).ok());
    EXPECT_FALSE(stream_to(there)("disk99x").ok());
    EXPECT_FALSE(elsewhere.instances->resume(guest.id).ok());
    InstanceSpec older = there;
    older.generation = 1;
    EXPECT_FALSE(stream_to(older)(memory_channel).ok());
    nothing_is_left(elsewhere, there);
}

}  // namespace vdc::drivers::qemu
