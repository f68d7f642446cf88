#include "drivers/qemu/guest_test_util.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>

#include "drivers/jail/jail.h"
#include "runtime/files.h"
#include "runtime/process.h"

namespace vdc::drivers::qemu {

using base::Result;
using base::Status;
using runtime::Fd;
using namespace std::chrono_literals;

static base::Uuid fresh_uuid() {
    std::random_device chance;
    const auto word = [&] { return (std::uint64_t{chance()} << 32) | chance(); };
    return base::make_uuid({word(), word()});
}

// ---- disks and taps ----------------------------------------------------------------------------

static void make_qcow2(const std::string& path, const std::string& backing, base::MiB size) {
    std::vector<std::string> words{"qemu-img", "create", "-q", "-f", "qcow2"};
    if (!backing.empty()) words.insert(words.end(), {"-b", backing, "-F", "qcow2"});
    words.insert(words.end(), {path, std::to_string(size.count) + "M"});
    ASSERT_TRUE(runtime::must_run({.words = words}).ok());
}

model::VolumeId FileDisks::add(const std::string& image, base::MiB size) {
    const model::VolumeId volume{fresh_uuid()};
    add(volume, image, size);
    return volume;
}

void FileDisks::add(model::VolumeId volume, const std::string& image, base::MiB size) {
    files_[volume].clear();
    if (!image.empty()) files_[volume].push_back(image);
    files_[volume].push_back(folder_ + "/" + text(volume) + ".qcow2");
    make_qcow2(top(volume), image, size);
}

static Fd opened(const std::string& path, int flags) {
    Fd file(::open(path.c_str(), flags | O_CLOEXEC));
    EXPECT_TRUE(file) << path;
    return file;
}

DiskLayer FileDisks::add_layer(model::VolumeId volume, base::MiB size) {
    files_[volume].push_back(top(volume) + "." + std::to_string(files_[volume].size()));
    make_qcow2(top(volume), "", size);
    return {.fd = opened(top(volume), O_RDWR).release(), .format = "qcow2", .read_only = false};
}

Result<OpenedDisk> FileDisks::open_disk(model::VolumeId volume) {
    OpenedDisk disk;
    const auto found = files_.find(volume);
    if (found == files_.end())
        return base::Error{base::Error::Code::not_found, "no volume " + text(volume)};
    for (auto file = found->second.rbegin(); file != found->second.rend(); ++file) {
        const bool top = file == found->second.rbegin();
        disk.layers.push_back({.fd = opened(*file, top ? O_RDWR : O_RDONLY).release(),
                               .format = "qcow2",
                               .read_only = !top});
    }
    return disk;
}

Result<int> LooseTaps::open_tap(const control::CardSpec&) {
    int tap = -1;
    std::thread([&] {
        if (::unshare(CLONE_NEWNET) != 0) return;
        tap = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
        ifreq request{};
        std::strcpy(request.ifr_name, "loose0");
        request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
        if (::ioctl(tap, TUNSETIFF, &request) != 0) ::close(std::exchange(tap, -1));
    }).join();
    if (tap < 0) return runtime::system_error(errno, "cannot make a tap");
    return tap;
}

Status LooseTaps::close_tap(model::PortId port, int) {
    closed.push_back(port);
    return {};
}

// ---- the console -------------------------------------------------------------------------------

void Typist::type(const std::string& text) {
    ASSERT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
}

std::string Typist::wait_for(const std::string& text, std::chrono::seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (unread_.find(text) == std::string::npos) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        char bytes[4096];
        ssize_t count = 0;
        if (left.count() > 0 && ::poll(&wait, 1, static_cast<int>(left.count())) > 0)
            count = ::recv(socket_.get(), bytes, sizeof bytes, 0);
        if (count <= 0) {
            ADD_FAILURE() << "no '" << text << "' on the console, but: " << unread_;
            return unread_;
        }
        unread_.append(bytes, static_cast<std::size_t>(count));
    }
    const std::size_t end = unread_.find(text) + text.size();
    const std::string read = unread_.substr(0, end);
    unread_.erase(0, end);
    return read;
}

void Typist::log_in() {
    wait_for("login:");
    type("root\n");
    wait_for("# ");
    type("stty -echo; PS1=\n");
    run("true");
}

std::string Typist::run(const std::string& command) {
    const std::string mark = "done-" + std::to_string(++commands_) + ";";
    type(command + "; echo; echo done''-" + std::to_string(commands_) + "\\;\n");
    const std::string heard = wait_for(mark);
    std::string out;
    for (char c : heard.substr(0, heard.size() - mark.size()))
        if (c != '\r') out += c;
    // The guest's own words come between, whenever its services are ready.
    for (std::size_t at = out.find("vdc-tiny "); at != std::string::npos;
         at = out.find("vdc-tiny "))
        out.erase(at, std::min(out.find('\n', at), out.size() - 1) + 1 - at);
    const std::size_t first = std::min(out.find_first_not_of('\n'), out.size());
    const std::size_t last = out.find_last_not_of('\n');
    return out.substr(first, last == std::string::npos ? 0 : last + 1 - first);
}

// ---- the host ----------------------------------------------------------------------------------

std::string RealHost::tiny_image() {
    static const auto built = runtime::must_run(
        {.words = {VDC_SOURCE_DIR "/images/tiny/build", VDC_BINARY_DIR "/tiny"}, .limit = 300s});
    EXPECT_TRUE(built.ok()) << (built.ok() ? "" : built.error().message);
    return VDC_BINARY_DIR "/tiny/tiny.qcow2";
}

RealHost::RealHost() {
    std::string data = "/tmp/vdc-qemu-XXXXXX";
    std::string run = "/run/vdc-qemu-XXXXXX";
    paths.data = ::mkdtemp(data.data());
    paths.run = ::mkdtemp(run.data());
    paths.tag = text(base::Hasher().add(paths.run).finish()).substr(0, 4);
    disks = std::make_unique<FileDisks>(paths.data);
    open();
}

RealHost::~RealHost() {
    forget();
    EXPECT_TRUE(jail::end_all(paths.cgroup()).ok());
    EXPECT_TRUE(runtime::remove_tree(paths.data).ok());
    EXPECT_TRUE(runtime::remove_tree(paths.run).ok());
}

void RealHost::open() {
    auto opened = Instances::open(paths, Accelerator::tcg, *disks, taps);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    instances = std::move(opened).value();
}

control::InstanceSpec RealHost::spec(const std::string& name, model::VolumeId root) {
    control::InstanceSpec spec;
    spec.id = {fresh_uuid()};
    spec.generation = 1;
    spec.name = name;
    spec.vcpus = {1};
    spec.memory = {128};
    spec.disks = {{.volume = root, .slot = 0}};
    return spec;
}

control::InstanceSpec RealHost::launch(const std::string& name) {
    const auto made = spec(name, disks->add(tiny_image(), {128}));
    const auto seen = instances->launch(made);
    EXPECT_TRUE(seen.ok()) << (seen.ok() ? "" : text(seen.error()));
    return made;
}

Typist RealHost::typist(model::InstanceId instance) {
    return Typist(instances->open_console(instance).value());
}

}  // namespace vdc::drivers::qemu
