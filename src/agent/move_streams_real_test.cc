#include "agent/move_streams.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <filesystem>
#include <random>
#include <thread>

#include "drivers/host_driver.h"
#include "drivers/jail/jail.h"
#include "drivers/networks/namespaces.h"
#include "runtime/clock.h"
#include "runtime/files.h"
#include "runtime/process.h"
#include "wire/authority.h"

namespace vdc::agent {

using base::Status;
using control::RunState;
using drivers::qemu::MoveStage;
using runtime::Fd;
using namespace std::chrono_literals;

namespace {

base::Uuid fresh_uuid() {
    std::random_device chance;
    const auto word = [&] { return (std::uint64_t{chance()} << 32) | chance(); };
    return base::make_uuid({word(), word()});
}

std::string tiny_image() {
    const auto built = runtime::must_run(
        {.words = {VDC_SOURCE_DIR "/images/tiny/build", VDC_BINARY_DIR "/tiny"}, .limit = 300s});
    EXPECT_TRUE(built.ok()) << (built.ok() ? "" : built.error().message);
    return VDC_BINARY_DIR "/tiny/tiny.qcow2";
}

/// A host with real hands and a network namespace of its own.
struct Host {
    Host(std::string name_, std::string address_, const wire::Identity& authority)
        : name(std::move(name_)), address(std::move(address_)) {
        std::string data = "/tmp/vdc-move-XXXXXX";
        std::string run = "/run/vdc-move-XXXXXX";
        paths.data = ::mkdtemp(data.data());
        paths.run = ::mkdtemp(run.data());
        paths.tag = text(base::Hasher().add(paths.run).finish()).substr(0, 4);
        space = "vdc" + paths.tag + "move";
        const std::string key = wire::make_key().value();
        const wire::Party party{wire::Party::Kind::host, name};
        const auto certificate =
            wire::sign(authority, wire::make_signing_request(key).value(),
                       {.party = party, .now = runtime::now(), .lifetime = 24h});
        proof = {{certificate.value(), key}, authority.certificate};
        drivers::HostDriver::Options options;
        options.paths = paths;
        options.host_name = name;
        options.accelerator = drivers::qemu::AcceleratorWish::tcg;
        driver = drivers::HostDriver::open(std::move(options)).value();
        EXPECT_TRUE(drivers::networks::ensure_namespace(space).ok());
    }
    ~Host() {
        streams.reset();
        driver.reset();
        EXPECT_TRUE(drivers::jail::end_all(paths.cgroup()).ok());
        EXPECT_TRUE(drivers::networks::remove_namespace(space).ok());
        EXPECT_TRUE(runtime::remove_tree(paths.data).ok());
        EXPECT_TRUE(runtime::remove_tree(paths.run).ok());
    }

    Status inside(const std::function<Status()>& deed) {
        return drivers::networks::in_namespace(space, deed);
    }
    void listen() {
        const Status listening = inside([&]() -> Status {
            streams = TRY(MoveStreams::start(
                address, [this] { return proof; }, driver->qemus()));
            return {};
        });
        ASSERT_TRUE(listening.ok()) << text(listening.error());
    }
    void run(const control::Effect& effect) {
        const auto done = driver->run(effect);
        ASSERT_TRUE(done.ok()) << text(done.error());
    }
    /// A root disk on the tiny guest's image, as any host would have it.
    void prepare(model::ImageId image, model::VolumeId volume) {
        ASSERT_TRUE(runtime::ensure_dir(paths.uploads()).ok());
        std::filesystem::copy_file(tiny_image(), paths.upload(image));
        run(control::ImportImage{{image, "qcow2", "", {1024}}});
        control::VolumeSpec root;
        root.id = volume;
        root.size = {128};
        root.image = image;
        run(control::PrepareVolume{root});
    }
    drivers::qemu::Instances& qemus() { return driver->qemus(); }
    std::optional<MoveStage> stage(model::InstanceId instance) {
        const auto seen = qemus().move(instance);
        return seen ? std::optional(seen->stage) : std::nullopt;
    }

    std::string name;
    std::string address;
    drivers::HostPaths paths;
    std::string space;
    wire::HostProof proof;
    std::unique_ptr<drivers::HostDriver> driver;
    std::unique_ptr<MoveStreams> streams;
};

/// Types at a console and waits for what it says.
class Console {
  public:
    explicit Console(Fd socket) : socket_(std::move(socket)) {}

    void type(const std::string& line) {
        const std::string bytes = line + "\n";
        ASSERT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    void wait_for(const std::string& wanted) {
        const auto deadline = std::chrono::steady_clock::now() + 90s;
        while (heard_.find(wanted) == std::string::npos) {
            pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
            ::poll(&wait, 1, 1000);
            char bytes[4096];
            const ssize_t count = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
            if (count > 0) heard_.append(bytes, static_cast<std::size_t>(count));
            ASSERT_LT(std::chrono::steady_clock::now(), deadline)
                << "no '" << wanted << "' on the console, but: " << heard_;
        }
        heard_.clear();
    }

  private:
    Fd socket_;
    std::string heard_;
};

/// Two hosts with a cable between them, and a guest on the first.
class MoveStreamsReal : public testing::Test {
  protected:
    MoveStreamsReal() {
        const std::string cable = "link add c" + one.paths.tag + " netns " + one.space +
                                  " type veth peer name c" + two.paths.tag + " netns " + two.space +
                                  "\n";
        EXPECT_TRUE(drivers::networks::ip_batch("", cable).ok());
        for (Host* host : {&one, &two}) {
            const std::string device = "c" + host->paths.tag;
            EXPECT_TRUE(drivers::networks::ip_batch(
                            host->space, "addr add " + host->address + "/24 dev " + device +
                                             "\nlink set " + device + " up\nlink set lo up\n")
                            .ok());
            host->listen();
            host->prepare(image, volume);
        }
        guest.id = {fresh_uuid()};
        guest.generation = 1;
        guest.name = "web-1";
        guest.vcpus = {1};
        guest.memory = {128};
        guest.disks = {{.volume = volume, .slot = 0}};
        there = guest;
        there.generation = 2;
    }

    /// Steps from the first host to the second until it is sent, or a step fails.
    Status send() {
        const drivers::qemu::SendOrder order{.generation = 2, .disks = guest.disks};
        const auto open = one.streams->to(two.streams->address(), two.name, guest.id, 2);
        const auto deadline = std::chrono::steady_clock::now() + 120s;
        while (one.stage(guest.id) != MoveStage::sent) {
            const Status step = one.inside([&]() -> Status {
                TRY(one.qemus().send(guest.id, order, open));
                return {};
            });
            if (!step.ok()) return step;
            if (std::chrono::steady_clock::now() > deadline)
                return base::Error{base::Error::Code::timed_out, "it was never sent"};
            std::this_thread::sleep_for(20ms);  // between two looks at how far it is
        }
        return {};
    }

    wire::Identity authority = wire::make_authority("dc-1", runtime::now()).value();
    model::ImageId image{fresh_uuid()};
    model::VolumeId volume{fresh_uuid()};
    Host one{"h1", "10.99.0.1", authority};
    Host two{"h2", "10.99.0.2", authority};
    control::InstanceSpec guest;
    control::InstanceSpec there;
};

}  // namespace

TEST_F(MoveStreamsReal, AGuestMovesBetweenHostsThatHaveProvenWhoTheyAre) {
    one.run(control::Launch{guest});
    Console here(one.qemus().open_console(guest.id).value());
    here.wait_for("login:");
    here.type("root");
    here.wait_for("# ");
    here.type("echo kept > /root/file; sync; word=memory; echo wri''tten");
    here.wait_for("written");

    const auto ready = two.qemus().receive(there, "h1");
    ASSERT_TRUE(ready.ok()) << text(ready.error());
    const Status sent = send();
    ASSERT_TRUE(sent.ok()) << text(sent.error());
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (two.stage(guest.id) != MoveStage::arrived) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        std::this_thread::sleep_for(5ms);
    }
    EXPECT_EQ(one.qemus().look(guest.id).run, RunState::paused);
    const auto resumed = two.qemus().resume(guest.id);
    ASSERT_TRUE(resumed.ok()) << text(resumed.error());
    one.run(control::Kill{guest.id});
    one.run(control::CleanInstance{guest.id});
    one.run(control::RemoveVolume{volume});

    Console elsewhere(two.qemus().open_console(guest.id).value());
    elsewhere.type("echo $(cat /root/file)-$word.");
    elsewhere.wait_for("kept-memory.");
}

TEST_F(MoveStreamsReal, AHostSendsOnlyWhatIsAwaitedFromIt) {
    one.run(control::Launch{guest});
    ASSERT_TRUE(two.qemus().receive(there, "h3").ok());
    const Status sent = send();
    ASSERT_FALSE(sent.ok());
    EXPECT_NE(sent.error().message.find("is not awaited here from h1"), std::string::npos)
        << text(sent.error());
    ASSERT_TRUE(one.qemus().cancel_send(guest.id, 2).ok());
    EXPECT_EQ(one.qemus().look(guest.id).run, RunState::running);
}

}  // namespace vdc::agent
