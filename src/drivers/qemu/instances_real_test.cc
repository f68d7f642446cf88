#include "drivers/qemu/instances.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <condition_variable>
#include <filesystem>

#include "base/text.h"
#include "drivers/jail/jail.h"
#include "drivers/qemu/guest_test_util.h"
#include "drivers/qemu/log_file.h"
#include "runtime/files.h"

namespace vdc::drivers::qemu {

using base::Error;
using control::Ending;
using control::InstanceSighting;
using control::RunState;
using namespace std::chrono_literals;

namespace {

/// Keeps the notices and waits for the one that is wanted.
class Ears {
  public:
    explicit Ears(Instances& instances) {
        instances.on_notice([this](const Notice& notice) {
            const std::lock_guard lock(mutex_);
            heard_.push_back(notice);
            told_.notify_all();
        });
    }
    template <class Wanted>
    InstanceSighting wait(Wanted wanted) {
        std::unique_lock lock(mutex_);
        std::size_t at = 0;
        const bool came = told_.wait_for(lock, 60s, [&] {
            while (at < heard_.size() && !wanted(heard_[at].seen)) ++at;
            return at < heard_.size();
        });
        EXPECT_TRUE(came) << "the notice never came";
        return came ? heard_[at].seen : InstanceSighting();
    }

  private:
    std::mutex mutex_;
    std::condition_variable told_;
    std::vector<Notice> heard_;
};

class InstancesReal : public RealHost {
  protected:
    bool group_exists(model::InstanceId instance) {
        const auto cgroups = jail::Cgroups::of_this_machine().value();
        return runtime::exists(cgroups.layout().v2 + "/" + paths.cgroup() + "/R/" + text(instance));
    }
    void expect_nothing_left(const control::InstanceSpec& spec, std::int64_t pid) {
        EXPECT_FALSE(runtime::exists(paths.instance(spec.id)));
        EXPECT_FALSE(group_exists(spec.id));
        EXPECT_FALSE(runtime::exists("/proc/" + std::to_string(pid)));
        EXPECT_EQ(instances->instances().value(), std::vector<model::InstanceId>());
        const InstanceSighting seen = instances->look(spec.id);
        EXPECT_FALSE(seen.alive);
        EXPECT_FALSE(seen.leftovers);
    }
};

}  // namespace

TEST_F(InstancesReal, LivesFromLaunchToPowerDownAndLeavesNothing) {
    Ears ears(*instances);
    auto made = spec("web-1", disks->add(tiny_image(), {128}));
    made.cards = {{.port = {base::derive_uuid(made.id.value, "port", 0)},
                   .network = {base::derive_uuid(made.id.value, "network", 0)},
                   .network_number = 7,
                   .mac = base::parse_mac("52:54:00:12:34:56").value(),
                   .mtu = 1400}};
    made.seed.meta_data = "instance-id: one\nlocal-hostname: web-1\n";
    const InstanceSighting started = instances->launch(made).value();
    EXPECT_TRUE(started.alive);
    EXPECT_EQ(started.run, RunState::running);
    EXPECT_EQ(started.generation, 1u);
    EXPECT_EQ(started.disks, made.disks);
    EXPECT_EQ(started.accelerator, "tcg");
    EXPECT_EQ(instances->instances().value(), std::vector<model::InstanceId>{made.id});

    Typist typist = this->typist(made.id);
    typist.log_in();
    EXPECT_EQ(typist.run("cat /sys/class/net/eth0/address"), "52:54:00:12:34:56");
    EXPECT_EQ(typist.run("cat /sys/class/net/eth0/mtu"), "1400");
    EXPECT_EQ(typist.run("cat /sys/class/dmi/id/product_name"), "OpenStack Compute");
    EXPECT_EQ(typist.run("cat /sys/class/dmi/id/product_uuid"), text(made.id));
    EXPECT_EQ(typist.run("cat /sys/block/vda/serial"), text(made.disks[0].volume).substr(0, 20));
    EXPECT_EQ(typist.run("modprobe isofs; mkdir -p /s; mount -r /dev/vdb /s; cat /s/meta-data"),
              "instance-id: one\nlocal-hostname: web-1");

    EXPECT_TRUE(instances->power_down(made.id).ok());
    const InstanceSighting ended = ears.wait([](const auto& seen) { return !seen.alive; });
    EXPECT_EQ(ended.ended, Ending::guest_off) << ended.ended_detail;
    EXPECT_TRUE(ended.leftovers);
    const std::string log = paths.consoles() + "/" + text(made.id) + ".log";
    EXPECT_NE(log_tail(log, 1 << 20).value().find("login:"), std::string::npos);
    EXPECT_TRUE(instances->open_log(made.id, 1 << 20, LogFeeds::Until::end_of_file).ok());
    EXPECT_EQ(instances->open_log({{9, 9}}, 1, LogFeeds::Until::end_of_file).error().code,
              base::Error::Code::not_found);

    EXPECT_TRUE(instances->clean(made.id).ok());
    EXPECT_EQ(taps.closed, std::vector<model::PortId>{made.cards[0].port});
    expect_nothing_left(made, started.pid);
}

TEST_F(InstancesReal, PausesResumesAndResets) {
    const auto made = launch("web-1");
    Typist typist = this->typist(made.id);
    typist.log_in();
    EXPECT_EQ(instances->pause(made.id).value().run, RunState::paused);
    EXPECT_EQ(instances->pause(made.id).value().run, RunState::paused);
    typist.type("echo still''here\n");
    EXPECT_EQ(instances->resume(made.id).value().run, RunState::running);
    typist.wait_for("stillhere");
    const InstanceSighting reset = instances->reset(made.id, 1).value();
    EXPECT_EQ(reset.wishes.resets, 1u);
    EXPECT_TRUE(reset.alive);
    typist.wait_for("login:");
}

TEST_F(InstancesReal, AKilledQemuIsNoticedWithin50Milliseconds) {
    Ears ears(*instances);
    const auto made = launch("web-1");
    const std::int64_t pid = instances->look(made.id).pid;
    const auto before = std::chrono::steady_clock::now();
    ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGKILL), 0);
    const InstanceSighting ended = ears.wait([](const auto& seen) { return !seen.alive; });
    const auto took = std::chrono::steady_clock::now() - before;
    EXPECT_LT(took, 50ms);
    RecordProperty(
        "noticed_us",
        static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    EXPECT_EQ(ended.ended, Ending::crashed);
    EXPECT_EQ(ended.ended_detail, "signal 9");
    EXPECT_TRUE(instances->clean(made.id).ok());
    expect_nothing_left(made, pid);
}

TEST_F(InstancesReal, KillEndsItAtOnceAndSaysSo) {
    const auto made = launch("web-1");
    const InstanceSighting ended = instances->kill(made.id).value();
    EXPECT_FALSE(ended.alive);
    EXPECT_EQ(ended.ended, Ending::killed);
    EXPECT_TRUE(instances->kill(made.id).ok());
    EXPECT_EQ(instances->pause(made.id).error().code, Error::Code::conflict);
}

TEST_F(InstancesReal, IsNeverLaunchedTwice) {
    auto made = launch("web-1");
    const std::int64_t pid = instances->look(made.id).pid;
    EXPECT_EQ(instances->launch(made).error().code, Error::Code::conflict);
    made.generation = 2;
    EXPECT_EQ(instances->launch(made).error().code, Error::Code::conflict);
    EXPECT_EQ(instances->clean(made.id).error().code, Error::Code::conflict);
    EXPECT_EQ(instances->look(made.id).pid, pid);
    ASSERT_TRUE(instances->kill(made.id).ok());
    ASSERT_TRUE(instances->launch(made).ok());
    made.generation = 1;
    ASSERT_TRUE(instances->kill(made.id).ok());
    const auto older = instances->launch(made);
    EXPECT_EQ(older.error().code, Error::Code::conflict);
    EXPECT_NE(older.error().message.find("older"), std::string::npos);
}

TEST_F(InstancesReal, ALaunchThatFailsLeavesNothing) {
    auto made = spec("web-1", disks->add(tiny_image(), {128}));
    made.disks.push_back({.volume = {base::derive_uuid(made.id.value, "none", 0)}, .slot = 1});
    EXPECT_EQ(instances->launch(made).error().code, Error::Code::not_found);
    expect_nothing_left(made, 0);

    // A disk that is no qcow2: QEMU itself refuses, and its words are told.
    made.disks.pop_back();
    std::filesystem::resize_file(disks->top(made.disks[0].volume), 100);
    const auto refused = instances->launch(made);
    EXPECT_NE(refused.error().message.find("QEMU said"), std::string::npos)
        << refused.error().message;
    expect_nothing_left(made, 0);
}

TEST_F(InstancesReal, RefusesSpecsThatCannotBe) {
    const auto good = spec("web-1", {base::Uuid{1, 1}});
    auto bad = good;
    bad.disks[0].slot = 1;
    EXPECT_EQ(instances->launch(bad).error().code, Error::Code::invalid);
    bad = good;
    bad.memory = {0};
    EXPECT_EQ(instances->launch(bad).error().code, Error::Code::invalid);
    bad = good;
    bad.cards.resize(9);
    EXPECT_EQ(instances->launch(bad).error().code, Error::Code::invalid);
}

}  // namespace vdc::drivers::qemu
