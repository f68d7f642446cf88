#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <thread>

#include "base/hash.h"
#include "drivers/host_driver.h"
#include "drivers/jail/jail.h"
#include "drivers/networks/namespaces.h"
#include "runtime/fd.h"
#include "runtime/files.h"
#include "runtime/process.h"
#include "sim/driver_contract_test_util.h"

/// The contract, held by the real driver: its QEMUs, bridges and files.
namespace vdc::sim {
namespace {

using namespace std::chrono_literals;

std::string fresh_folder() {
    std::string name = "/tmp/vdccontractXXXXXX";
    base::check(::mkdtemp(name.data()) != nullptr, "a folder for a test can be made");
    ::chmod(name.c_str(), 0755);  // dnsmasq walks through it
    return name;
}

std::string tiny_image() {
    static const auto built = runtime::must_run(
        {.words = {VDC_SOURCE_DIR "/images/tiny/build", VDC_BINARY_DIR "/tiny"}, .limit = 300s});
    EXPECT_TRUE(built.ok()) << (built.ok() ? "" : text(built.error()));
    return VDC_BINARY_DIR "/tiny/tiny.qcow2";
}

/// The calling thread's own network namespace plays the host's; all of it goes at the end.
/// A host in a folder of its own; all of it goes at the end.
class RealHostOf {
  public:
    using StreamsTo = decltype(drivers::HostDriver::Options::streams_to);

    RealHostOf(const char* name, StreamsTo streams_to) : folder_(fresh_folder()) {
        paths_ = {.data = folder_ + "/data",
                  .run = folder_ + "/run",
                  .tag = text(base::Hasher().add(folder_).finish()).substr(0, 4)};
        drivers::HostDriver::Options options;
        options.paths = paths_;
        options.host_name = name;
        options.accelerator = drivers::qemu::AcceleratorWish::tcg;
        options.streams_to = std::move(streams_to);
        auto opened = drivers::HostDriver::open(options);
        base::check(opened.ok(), opened.ok() ? "" : text(opened.error()).c_str());
        driver_ = std::move(*opened);
    }
    ~RealHostOf() {
        driver_.reset();
        EXPECT_TRUE(drivers::jail::end_all(paths_.cgroup()).ok());
        EXPECT_TRUE(drivers::networks::remove_all(paths_).ok());
        EXPECT_TRUE(runtime::remove_tree(folder_).ok());
    }
    drivers::HostDriver& driver() { return *driver_; }
    void upload(model::ImageId image) {
        EXPECT_TRUE(runtime::ensure_dir(paths_.uploads()).ok());
        EXPECT_TRUE(runtime::must_run({.words = {"cp", tiny_image(), paths_.upload(image)}}).ok());
    }

  private:
    std::string folder_;
    drivers::HostPaths paths_;
    std::unique_ptr<drivers::HostDriver> driver_;
};

/// The calling thread's own network namespace plays both hosts'; it goes at the end.
class RealTwin final : public Twin {
  public:
    RealTwin() : home_(::open("/proc/thread-self/ns/net", O_RDONLY)) {
        base::check(::unshare(CLONE_NEWNET) == 0, "tests of real hosts need root");
        EXPECT_TRUE(drivers::networks::ip_batch("", "link set lo up\n").ok());
        host_ = std::make_unique<RealHostOf>(
            "h1", [this](const control::SendInstance& effect) { return streams_of(effect); });
    }
    ~RealTwin() override {
        other_.reset();
        host_.reset();
        EXPECT_EQ(::setns(home_.get(), CLONE_NEWNET), 0);
    }
    drivers::Driver& driver() override { return host_->driver(); }
    drivers::Driver& other() override { return other_host().driver(); }
    void upload(drivers::Driver& host, model::ImageId image) override {
        (&host == &host_->driver() ? *host_ : other_host()).upload(image);
    }
    void crash(model::InstanceId instance) override {
        const auto pid = static_cast<pid_t>(host_->driver().qemus().look(instance).pid);
        ASSERT_GT(pid, 0);
        EXPECT_EQ(::kill(pid, SIGKILL), 0);
    }
    bool wait(const std::function<bool()>& holds) override {
        const auto end = std::chrono::steady_clock::now() + 3min;
        while (std::chrono::steady_clock::now() < end) {
            if (holds()) return true;
            std::this_thread::sleep_for(100ms);
        }
        return false;
    }

  private:
    /// Most rules need one host alone.
    RealHostOf& other_host() {
        if (!other_) other_ = std::make_unique<RealHostOf>("h2", nullptr);
        return *other_;
    }
    /// As the daemons carry them between machines, without the way.
    drivers::qemu::OpenStream streams_of(const control::SendInstance& effect) {
        return [this, effect](const std::string& channel) {
            return other_host().driver().qemus().take_stream(
                effect.instance, effect.order.generation, channel, "h1");
        };
    }

    runtime::Fd home_;
    std::unique_ptr<RealHostOf> host_;
    std::unique_ptr<RealHostOf> other_;
};

INSTANTIATE_TEST_SUITE_P(Real, DriverContract,
                         testing::Values(TwinMaker{"host",
                                                   []() -> std::unique_ptr<Twin> {
                                                       return std::make_unique<RealTwin>();
                                                   }}),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace vdc::sim
