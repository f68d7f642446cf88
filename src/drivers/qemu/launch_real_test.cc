#include "drivers/qemu/launch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "drivers/jail/cgroup.h"
#include "drivers/qemu/guest_test_util.h"
#include "drivers/qemu/log_file.h"
#include "drivers/qemu/unix_socket.h"
#include "runtime/files.h"

namespace vdc::drivers::qemu {

using Clock = std::chrono::steady_clock;
using runtime::Fd;
using namespace std::chrono_literals;

namespace {

class LaunchReal : public RealHost {
  protected:
    static void await_byte(const Fd& console) {
        pollfd wait{.fd = console.get(), .events = POLLIN, .revents = 0};
        ASSERT_EQ(::poll(&wait, 1, 60'000), 1);
    }

    /// From launch() to the guest's first byte on its console.
    Clock::duration ours(const control::InstanceSpec& made) {
        const auto began = Clock::now();
        EXPECT_TRUE(instances->launch(made).ok());
        const Fd console = instances->open_console(made.id).value();
        await_byte(console);
        const auto took = Clock::now() - began;
        EXPECT_TRUE(instances->kill(made.id).ok());
        EXPECT_TRUE(instances->clean(made.id).ok());
        return took;
    }

    /// The same QEMU with the same words (but -S) and descriptors that are there already, without
    /// jail, record or monitor.
    Clock::duration by_hand(const control::InstanceSpec& made) {
        const std::string folder = paths.run + "/by-hand";
        EXPECT_TRUE(runtime::ensure_dir(folder).ok());
        std::vector<Fd> given;
        const auto give = [&](Fd fd) {
            given.push_back(std::move(fd));
            return static_cast<int>(100 + given.size());
        };
        Wiring wiring;
        wiring.qmp = give(listen_at(folder + "/qmp").value());
        wiring.console = give(listen_at(folder + "/console").value());
        wiring.agent = give(listen_at(folder + "/agent").value());
        wiring.console_log = give(open_log(folder + "/log").value());
        WiredDisk disk{.disk = made.disks[0], .layers = {}};
        OpenedDisk opened = disks->open_disk(made.disks[0].volume).value();
        for (auto layer = opened.layers.rbegin(); layer != opened.layers.rend(); ++layer) {
            WiredLayer wired{.format = layer->format};
            if (!layer->read_only) wired.read_write = give(Fd(::dup(layer->fd)));
            wired.read_only = give(reopened_read_only(layer->fd).value());
            disk.layers.push_back(wired);
        }
        close(opened);
        wiring.disks = {disk};
        std::vector<std::string> words = command_line(made, wiring, Accelerator::tcg);
        std::erase(words, "-S");
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);

        // In a cgroup like ours: the kernel shares processors among groups.
        auto cgroups = jail::Cgroups::of_this_machine().value();
        const std::string group = paths.cgroup() + "/R/by-hand";
        EXPECT_TRUE(cgroups.create(group, {.memory = {1024}}).ok());
        const auto doors = cgroups.doors(group).value();
        const auto began = Clock::now();
        const pid_t pid = ::fork();
        if (pid == 0) {
            for (const Fd& tasks : doors.tasks) (void)!::write(tasks.get(), "0", 1);
            for (std::size_t i = 0; i < given.size(); ++i)
                ::dup2(given[i].get(), static_cast<int>(101 + i));
            ::execv(arguments[0], arguments.data());
            ::_exit(127);
        }
        const Fd console = connect_to(folder + "/console").value();
        await_byte(console);
        const auto took = Clock::now() - began;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        EXPECT_TRUE(cgroups.remove(group).ok());
        EXPECT_TRUE(runtime::remove_tree(folder).ok());
        return took;
    }

    static double median_ms(std::vector<Clock::duration> times) {
        std::nth_element(times.begin(), times.begin() + static_cast<long>(times.size() / 2),
                         times.end());
        return std::chrono::duration<double, std::milli>(times[times.size() / 2]).count();
    }
};

}  // namespace

/// `make bench` holds the ratio against its goal of 1.05 on a quiet machine; here it must only not
/// be far off, whatever else runs.
TEST_F(LaunchReal, CostsLittleMoreThanTheSameQemuByHand) {
    const auto made = spec("web-1", disks->add(tiny_image(), {128}));
    std::vector<Clock::duration> own;
    std::vector<Clock::duration> hand;
    for (int i = 0; i < 7; ++i) {
        own.push_back(ours(made));
        hand.push_back(by_hand(made));
    }
    RecordProperty("ours_ms", std::to_string(median_ms(own)));
    RecordProperty("by_hand_ms", std::to_string(median_ms(hand)));
    EXPECT_LT(median_ms(own), 2 * median_ms(hand) + 100);
}

}  // namespace vdc::drivers::qemu
