#include "drivers/jail/jail.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <map>
#include <thread>

#include "base/text.h"
#include "drivers/jail/cgroup.h"
#include "runtime/files.h"
#include "runtime/own_mounts_test_util.h"
#include "runtime/process.h"

namespace vdc::drivers::jail {
namespace {

using Code = base::Error::Code;
using runtime::Fd;

class Jail : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "vdcjailXXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override {
        const auto ended = end_all(tag);
        EXPECT_TRUE(ended.ok()) << text(ended.error());
        EXPECT_TRUE(runtime::remove_tree(folder).ok());
    }
    Spec spec(std::vector<std::string> command) const {
        return {.name = "test program",
                .command = std::move(command),
                .uid = uid_for(tag),
                .cgroup = tag + "/R/one"};
    }
    Output must_run(const Spec& what) const {
        auto output = run(what, 20);
        EXPECT_TRUE(output.ok()) << text(output.error());
        return output.ok() ? *output : Output{.status = -1};
    }

    std::string tag = "vdc-test" + std::to_string(::getpid());
    std::string folder;
};

TEST_F(Jail, RunsAProgramAndGivesBackItsOutputAndStatus) {
    const Output output = must_run(spec({"/usr/bin/printf", "%s", "hello"}));
    EXPECT_EQ(output.text, "hello");
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(must_run(spec({"/usr/bin/false"})).status, 1);
}

TEST_F(Jail, TheRootHoldsSystemFoldersAndDevicesOnly) {
    EXPECT_EQ(must_run(spec({"/usr/bin/ls", "/dev"})).text, "null\nrandom\nurandom\nzero\n");
    EXPECT_EQ(must_run(spec({"/usr/bin/ls", "/etc"})).text, "ld.so.cache\n");
    for (const std::string& name : base::split(must_run(spec({"/usr/bin/ls", "/"})).text, '\n'))
        EXPECT_TRUE(name.empty() || name == "dev" || name == "etc" || name == "usr" ||
                    name == "bin" || name == "sbin" || name.starts_with("lib"))
            << name;
}

TEST_F(Jail, TheEnvironmentIsEmptyButForThreeVariables) {
    EXPECT_EQ(must_run(spec({"/usr/bin/env"})).text, "PATH=/usr/bin:/bin\nLC_ALL=C\nHOME=/\n");
}

TEST_F(Jail, KvmIsThereWhenAskedForAndForItsUidAlone) {
    Spec what = spec({"/usr/bin/stat", "-c", "%t:%T %u:%g %a", "/dev/kvm"});
    EXPECT_EQ(must_run(what).status, 1);
    what.kvm = true;
    const std::string uid = std::to_string(what.uid);
    EXPECT_EQ(must_run(what).text, "a:e8 " + uid + ":" + uid + " 600\n");
}

TEST_F(Jail, ProcShowsNothingButTheProgramItself) {
    Spec what = spec({"/usr/bin/ls", "/proc"});
    what.proc = true;
    EXPECT_EQ(must_run(what).text, "1\nself\nthread-self\n");
}

TEST_F(Jail, SignalsAreAsAProgramExpectsThem) {
    Spec what = spec({"/usr/bin/cat", "/proc/self/status"});
    what.proc = true;
    ::signal(SIGPIPE, SIG_IGN);
    const Output output = must_run(what);
    ::signal(SIGPIPE, SIG_DFL);
    for (const char* line : {"SigBlk", "SigIgn", "SigCgt"})
        EXPECT_NE(output.text.find(std::string(line) + ":\t0000000000000000\n"), std::string::npos)
            << output.text;
}

/// Makes `folder` look like this machine's root, without being a mount, and enters it.
static bool enter_folder_as_root(const std::string& folder) {
    if (!runtime::testing::have_own_mounts()) return false;
    for (const std::string name : {"usr", "etc", "proc", "sys", "dev"}) {
        const std::string place = folder + "/" + name;
        if (::mkdir(place.c_str(), 0755) != 0) return false;
        if (::mount(("/" + name).c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
            return false;
    }
    for (const std::string name : {"bin", "sbin", "lib", "lib64"})
        if (::symlink(("usr/" + name).c_str(), (folder + "/" + name).c_str()) != 0) return false;
    return ::chroot(folder.c_str()) == 0 && ::chdir("/") == 0;
}

/// As after debootstrap and chroot.
TEST_F(Jail, IsAsTightWhenOurOwnRootIsAFolderAndNoMount) {
    const Spec what = spec({"/usr/bin/ls", "/"});
    Spec self = spec({"/usr/bin/readlink", "/proc/self/exe"});
    self.proc = true;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        if (!enter_folder_as_root(folder)) ::_exit(2);
        const auto output = run(what, 20);
        const bool tight = output.ok() && output->status == 0 &&
                           output->text == "bin\ndev\netc\nlib\nlib64\nsbin\nusr\n";
        if (!tight) std::cerr << (output.ok() ? output->text : text(output.error())) << "\n";
        // QEMU looks for its modules beside itself.
        const bool knows_itself = must_run(self).text == "/usr/bin/readlink\n";
        ::_exit(tight && knows_itself ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

// ---- descriptors -------------------------------------------------------------------------------

TEST_F(Jail, DescriptorsMayTradeTheirNumbersAndStandWhereTheJailHasItsOwn) {
    const std::uint32_t uid = uid_for(tag);
    std::vector<Fd> fds;
    for (const int number : {700, 701, 1024, 1025}) {
        const std::string path = folder + "/" + std::to_string(number);
        ASSERT_TRUE(runtime::write_file_atomic(path, std::to_string(number) + " ").ok());
        ASSERT_EQ(::chown(path.c_str(), uid, uid), 0);
        const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        fds.emplace_back(::fcntl(file.get(), F_DUPFD_CLOEXEC, number));
        ASSERT_EQ(fds.back().get(), number);
    }
    Spec what = spec({"/usr/bin/cat", "/dev/fd/700", "/dev/fd/701", "/dev/fd/3", "/dev/fd/1023"});
    what.handed = {{701, 700}, {700, 701}, {1024, 3}, {1025, 1023}};
    what.proc = true;
    EXPECT_EQ(must_run(what).text, "701 700 1024 1025 ");
    what.command = {"/usr/bin/ls", "/proc/self/fd"};
    what.handed.clear();
    EXPECT_EQ(must_run(what).text, "0\n1\n2\n3\n");
}

TEST_F(Jail, AFolderIsNotHandedOver) {
    const Fd out(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Spec what = spec({"/usr/bin/true"});
    what.handed = {{out.get(), 5}};
    const auto output = run(what, 20);
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().code, Code::invalid);
    EXPECT_NE(output.error().message.find("is a folder"), std::string::npos);
}

TEST_F(Jail, OutputIsCutAndItsWriterIsNotStopped) {
    const Output output = must_run(spec({"/usr/bin/head", "-c", "1000000", "/dev/zero"}));
    EXPECT_EQ(output.text.size(), 64u << 10);
    EXPECT_EQ(output.status, 0);
}

// ---- what cannot begin -------------------------------------------------------------------------

TEST_F(Jail, AMissingProgramIsNamedAndLeavesNoCgroup) {
    const auto output = run(spec({"/usr/bin/no-such-program"}), 20);
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().code, Code::not_found);
    EXPECT_NE(output.error().message.find("test program (/usr/bin/no-such-program)"),
              std::string::npos);
    EXPECT_FALSE(runtime::exists(find_layout()->v2 + "/" + tag));
}

TEST_F(Jail, TheChildSaysWhatStoodInItsWay) {
    const std::string path = folder + "/no-program";
    ASSERT_TRUE(runtime::write_file_atomic(path, "no program at all", 0755).ok());
    const auto output = run(spec({path}), 20);
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().message,
              "cannot start test program: it could not run its program: Exec format error");
    EXPECT_FALSE(runtime::exists(find_layout()->v2 + "/" + tag));
}

TEST_F(Jail, NothingStartsInAFencedCgroup) {
    Cgroups cgroups = Cgroups::of_this_machine().value();
    ASSERT_TRUE(cgroups.create(tag + "/R", {}).ok());
    ASSERT_TRUE(cgroups.freeze(tag + "/R", true).ok());
    const auto output = run(spec({"/usr/bin/true"}), 20);
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().code, Code::conflict);
    EXPECT_TRUE(cgroups.frozen(tag + "/R")) << "the fence must outlast the attempt";
}

// ---- its life ----------------------------------------------------------------------------------

/// Lines of /proc/PID/status, by their names.
std::map<std::string, std::string> status_of(std::int64_t pid) {
    std::map<std::string, std::string> status;
    const auto text = runtime::read_file("/proc/" + std::to_string(pid) + "/status");
    for (const std::string& line : base::split(text.value_or(""), '\n')) {
        const std::size_t colon = line.find(":\t");
        if (colon != std::string::npos) status[line.substr(0, colon)] = line.substr(colon + 2);
    }
    return status;
}

TEST_F(Jail, SeenFromOutsideItHasNoPrivilegeAndSharesNoNamespace) {
    const Spec what = spec({"/usr/bin/sleep", "1000"});
    const auto process = spawn(what);
    ASSERT_TRUE(process.ok()) << text(process.error());
    const Fd pidfd(process->pidfd);
    auto status = status_of(process->pid);
    const std::string uid = std::to_string(what.uid);
    for (const char* line : {"Uid", "Gid"})
        EXPECT_EQ(status[line], uid + "\t" + uid + "\t" + uid + "\t" + uid);
    EXPECT_EQ(status["Groups"], " ");
    for (const char* line : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
        EXPECT_EQ(status[line], "0000000000000000") << line;
    EXPECT_EQ(status["NoNewPrivs"], "1");
    EXPECT_EQ(status["Seccomp"], "2");
    EXPECT_EQ(status["Umask"], "0077");
    const std::string theirs = "/proc/" + std::to_string(process->pid) + "/ns/";
    for (const char* kind : {"mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
        struct stat inside {};
        struct stat ours {};
        ASSERT_EQ(::stat((theirs + kind).c_str(), &inside), 0) << kind;
        ASSERT_EQ(::stat((std::string("/proc/self/ns/") + kind).c_str(), &ours), 0);
        EXPECT_NE(inside.st_ino, ours.st_ino) << kind;
    }
    const std::string links =
        runtime::must_run({.words = {"nsenter", "--net=" + theirs + "net", "ip", "-o", "link"}})
            .value();
    EXPECT_NE(links.find("lo: <LOOPBACK> "), std::string::npos) << "there, and down: " << links;
    EXPECT_EQ(std::count(links.begin(), links.end(), '\n'), 1) << links;
}

TEST_F(Jail, OutlivesTheProcessThatStartedItAndIsFoundAgain) {
    runtime::Pipe pipe = runtime::make_pipe().value();
    const pid_t starter = ::fork();
    if (starter == 0) {
        const auto process = spawn(spec({"/usr/bin/sleep", "1000"}));
        if (process.ok()) (void)!::write(pipe.write.get(), &*process, sizeof *process);
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(starter, nullptr, 0), starter);
    Process process;
    ASSERT_EQ(::read(pipe.read.get(), &process, sizeof process), ssize_t(sizeof process));
    const auto found = reopen(process.pid, process.start_time);
    ASSERT_TRUE(found.ok()) << text(found.error());
    EXPECT_FALSE(reap(found->get()).ok()) << "no child of ours";
    EXPECT_EQ(reopen(process.pid, process.start_time + 1).error().code, Code::not_found);
    ASSERT_TRUE(jail::end(tag + "/R/one").ok());
    pollfd watched{found->get(), POLLIN, 0};
    EXPECT_EQ(::poll(&watched, 1, 20000), 1) << "a pidfd tells the end of a stranger too";
    EXPECT_EQ(reopen(process.pid, process.start_time).error().code, Code::not_found);
}

TEST_F(Jail, EndingKillsAlsoTheFrozenAndMayBeRepeated) {
    const auto process = spawn(spec({"/usr/bin/sleep", "1000"}));
    ASSERT_TRUE(process.ok()) << text(process.error());
    const Fd pidfd(process->pidfd);
    Cgroups cgroups = Cgroups::of_this_machine().value();
    EXPECT_EQ(cgroups.pids(tag).value(), std::vector<std::int64_t>{process->pid});
    ASSERT_TRUE(cgroups.freeze(tag + "/R/one", true).ok());
    EXPECT_TRUE(jail::end(tag + "/R/one").ok());
    EXPECT_TRUE(jail::end(tag + "/R/one").ok());
    EXPECT_EQ(reap(pidfd.get()).value(), 128 + SIGKILL);
    EXPECT_FALSE(reap(pidfd.get()).ok()) << "once";
    EXPECT_FALSE(runtime::exists(find_layout()->v2 + "/" + tag));
}

TEST_F(Jail, ManyThreadsMayStartAndEndJailsAtOnce) {
    std::vector<std::thread> threads;
    std::vector<std::string> said(8);
    for (std::size_t thread = 0; thread < said.size(); ++thread)
        threads.emplace_back([&, thread] {
            for (int turn = 0; turn < 5; ++turn) {
                Spec what = spec({"/usr/bin/printf", "%s", "x"});
                what.cgroup = tag + "/R/" + std::to_string(thread);
                const auto output = run(what, 60);
                said[thread] += output.ok() ? output->text : text(output.error());
            }
        });
    for (std::thread& thread : threads) thread.join();
    for (const std::string& word : said) EXPECT_EQ(word, "xxxxx");
}

TEST(Uid, IsTheSameForTheSameIdAndInsideItsRange) {
    EXPECT_EQ(uid_for("a"), uid_for("a"));
    EXPECT_NE(uid_for("a"), uid_for("b"));
    for (int number = 0; number < 1000; ++number) {
        EXPECT_GE(uid_for(std::to_string(number)), 1879048192u);
        EXPECT_LE(uid_for(std::to_string(number)), 2147483646u);
    }
}

// ---- the programs that it is for ---------------------------------------------------------------

/// Reads from `fd` until `word` was seen; what was read.
std::string read_until(int fd, const std::string& word) {
    std::string seen;
    while (seen.find(word) == std::string::npos) {
        pollfd watched{fd, POLLIN, 0};
        char buffer[4096];
        if (::poll(&watched, 1, 30000) <= 0) return seen + "(silence)";
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got <= 0) return seen + "(end)";
        seen.append(buffer, static_cast<std::size_t>(got));
    }
    return seen;
}

TEST_F(Jail, QemuRunsInItWithItsOwnSandboxAndAnswersOnAHandedSocket) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const Fd ours(ends[0]);
    Fd theirs(ends[1]);
    const Fd log(::open((folder + "/log").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    Spec qemu = spec({"/usr/bin/qemu-system-x86_64",
                      "-nodefaults",
                      "-no-user-config",
                      "-display",
                      "none",
                      "-machine",
                      "q35,memory-backend=mem",
                      "-object",
                      "memory-backend-memfd,id=mem,size=64M,share=on",
                      "-m",
                      "64",
                      "-accel",
                      "tcg,tb-size=32",
                      "-cpu",
                      "max,-svm",
                      "-device",
                      "pcie-root-port,id=rp1,chassis=1,slot=1",
                      "-device",
                      "virtio-rng-pci,bus=rp1",
                      "-sandbox",
                      "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
                      "-chardev",
                      "socket,id=qmp,fd=10",
                      "-mon",
                      "chardev=qmp,mode=control"});
    qemu.handed = {{theirs.get(), 10}};
    qemu.output = log.get();
    qemu.limits = {.memory = base::MiB{512}, .processes = 64};
    const auto process = spawn(qemu);
    ASSERT_TRUE(process.ok()) << text(process.error());
    theirs.reset();
    const Fd pidfd(process->pidfd);
    EXPECT_NE(read_until(ours.get(), "\r\n").find("QMP"), std::string::npos)
        << runtime::read_file(folder + "/log").value();
    const std::string ask = "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-status\"}";
    ASSERT_EQ(::write(ours.get(), ask.data(), ask.size()), ssize_t(ask.size()));
    EXPECT_NE(read_until(ours.get(), "\"status\"").find("\"running\": true"), std::string::npos);
    EXPECT_EQ(reap(pidfd.get()).value(), std::nullopt);
    const std::string quit = "{\"execute\":\"quit\"}";
    ASSERT_EQ(::write(ours.get(), quit.data(), quit.size()), ssize_t(quit.size()));
    pollfd watched{pidfd.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&watched, 1, 30000), 1);
    EXPECT_EQ(reap(pidfd.get()).value(), 0);
    EXPECT_TRUE(jail::end(qemu.cgroup).ok());
}

TEST_F(Jail, QemuImgConvertsFilesThatItKnowsByDescriptorOnly) {
    const std::string from = folder + "/from";
    const std::string to = folder + "/to";
    ASSERT_TRUE(runtime::write_file_atomic(from, std::string(1 << 20, 'x')).ok());
    const Fd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    const Fd target(::open(to.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    Spec convert = spec(
        {"/usr/bin/qemu-img", "convert", "-f", "raw", "-O", "qcow2", "/dev/fd/3", "/dev/fd/4"});
    convert.handed = {{source.get(), 3}, {target.get(), 4}};
    convert.proc = true;
    ASSERT_EQ(::fchown(source.get(), convert.uid, convert.uid), 0);
    ASSERT_EQ(::fchown(target.get(), convert.uid, convert.uid), 0);
    const Output output = must_run(convert);
    EXPECT_EQ(output.status, 0) << output.text;
    EXPECT_EQ(
        runtime::must_run({.words = {"qemu-img", "compare", "-f", "raw", "-F", "qcow2", from, to}})
            .value(),
        "Images are identical.\n");
}

// ---- the probe: a program that tries to get out -------------------------------------------------

const std::string probe = VDC_BINARY_DIR "/jail_probe";

Fd listener(const sockaddr* address, std::size_t size) {
    Fd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(fd.get(), address, static_cast<socklen_t>(size)), 0);
    EXPECT_EQ(::listen(fd.get(), 10), 0);
    return fd;
}

/// In a namespace that lives as long as the descriptor.
Fd tap_of_its_own() {
    Fd file;
    std::thread([&] {
        EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
        file = Fd(::open("/dev/net/tun", O_RDWR));
        ifreq request{};
        request.ifr_flags = IFF_TAP | IFF_NO_PI;
        EXPECT_EQ(::ioctl(file.get(), TUNSETIFF, &request), 0);
    }).join();
    return file;
}

/// What the probe tries to reach: a disk and a data folder that its uid might well read, sockets
/// that listen, a process of its own uid. Nothing but the jail is between.
class Probe : public Jail {
  protected:
    void SetUp() override {
        Jail::SetUp();
        ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
        make_files();
        tap = tap_of_its_own();
        listen_all();
        Spec sleeper = spec({"/usr/bin/sleep", "1000"});
        sleeper.cgroup = tag + "/R/outside";
        const auto process = spawn(sleeper);
        ASSERT_TRUE(process.ok()) << text(process.error());
        outside_pid = process->pid;
        outside = Fd(process->pidfd);
    }

    void make_files() {
        for (const char* name : {"disk", "seed", "own"}) {
            const std::string path = folder + "/" + name;
            ASSERT_TRUE(runtime::write_file_atomic(path, std::string(4096, 'x'), 0666).ok());
            ASSERT_EQ(::chown(path.c_str(), uid_for(tag), uid_for(tag)), 0);
        }
        readable = Fd(::open((folder + "/seed").c_str(), O_RDONLY | O_CLOEXEC));
        writable = Fd(::open((folder + "/own").c_str(), O_RDWR | O_CLOEXEC));
    }

    void listen_all() {
        sockaddr_in tcp_address{};
        tcp_address.sin_family = AF_INET;
        tcp_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        tcp = listener(reinterpret_cast<sockaddr*>(&tcp_address), sizeof tcp_address);
        socklen_t size = sizeof tcp_address;
        ::getsockname(tcp.get(), reinterpret_cast<sockaddr*>(&tcp_address), &size);
        port = ntohs(tcp_address.sin_port);
        sockaddr_un path{};
        path.sun_family = AF_UNIX;
        (folder + "/api").copy(path.sun_path, sizeof path.sun_path - 1);
        unix_path = listener(reinterpret_cast<sockaddr*>(&path), sizeof path);
        ::chmod(path.sun_path, 0777);
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        tag.copy(name.sun_path + 1, sizeof name.sun_path - 1);
        abstract = listener(reinterpret_cast<sockaddr*>(&name),
                            offsetof(sockaddr_un, sun_path) + 1 + tag.size());
    }

    std::vector<std::string> words(const std::string& what) const {
        return {probe,
                what,
                "file=" + folder + "/disk",
                "folder=" + folder,
                "unix=" + folder + "/api",
                "abstract=" + tag,
                "port=" + std::to_string(port),
                "pid=" + std::to_string(outside_pid),
                "readable=5",
                "writable=6",
                "tap=7",
                "processes=64"};
    }

    std::int64_t outside_pid = 0;
    int port = 0;
    Fd outside, readable, writable, tap, tcp, unix_path, abstract;
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines = base::split(text, '\n');
    std::erase(lines, "");
    return lines;
}

TEST_F(Probe, EveryAttemptToGetOutIsRefused) {
    Spec what = spec(words("inside"));
    what.handed = {{readable.get(), 5}, {writable.get(), 6}, {tap.get(), 7}};
    what.limits = {.memory = base::MiB{256}, .file_size = base::Bytes{1 << 20}, .processes = 64};
    const Output output = must_run(what);
    EXPECT_EQ(output.status, 0) << output.text;
    const auto lines = lines_of(output.text);
    EXPECT_GE(lines.size(), 160u);
    for (const std::string& line : lines) EXPECT_TRUE(line.starts_with("refused ")) << line;
    EXPECT_EQ(reap(outside.get()).value(), std::nullopt) << "its neighbour must still run";
}

TEST_F(Probe, WithAProcItReachesItselfAndWhatTheFilesPermissionsAllowAndNoMore) {
    ASSERT_EQ(::chown((folder + "/seed").c_str(), 0, 0), 0);
    ASSERT_EQ(::chmod((folder + "/seed").c_str(), 0444), 0);
    Spec what = spec(words("inside"));
    what.handed = {{readable.get(), 5}, {writable.get(), 6}, {tap.get(), 7}};
    what.limits = {.memory = base::MiB{256}, .file_size = base::Bytes{1 << 20}, .processes = 64};
    what.proc = true;
    std::vector<std::string> possible;
    for (const std::string& line : lines_of(must_run(what).text))
        if (!line.starts_with("refused ")) possible.push_back(line);
    EXPECT_EQ(possible, (std::vector<std::string>{"POSSIBLE read /proc/1/root: done",
                                                  "POSSIBLE read /proc/1/environ: done",
                                                  "POSSIBLE read /proc/self/mem: done"}))
        << "process 1 is the program itself";
}

TEST_F(Probe, OutsideOfTheJailTheHarmlessAttemptsArePossibleSoThatTheyProveSomething) {
    const auto output = runtime::must_run({.words = words("harmless")});
    ASSERT_TRUE(output.ok()) << text(output.error());
    const auto lines = lines_of(*output);
    EXPECT_GE(lines.size(), 30u);
    for (const std::string& line : lines) EXPECT_TRUE(line.starts_with("POSSIBLE ")) << line;
}

TEST_F(Probe, OutsideOfTheJailItMakesNoOtherAttempts) {
    const auto output = runtime::run({.words = {probe, "inside"}});
    ASSERT_TRUE(output.ok()) << text(output.error());
    EXPECT_EQ(output->status, 2);
    EXPECT_EQ(output->out.find("POSSIBLE"), std::string::npos) << output->out;
}

TEST_F(Probe, MemoryEndsAtTheLimit) {
    Spec what = spec({probe, "memory"});
    what.limits = {.memory = base::MiB{32}};
    EXPECT_EQ(must_run(what).status, 128 + SIGKILL);
}

TEST_F(Probe, AProgramThatAbortsEndsThoughItIsProcessOne) {
    // SIGABRT does nothing to it; the C library then stops by a forbidden instruction.
    EXPECT_EQ(must_run(spec({probe, "abort"})).status, 128 + SIGSEGV);
}

TEST_F(Probe, ProcessorTimeEndsAtTheLimit) {
    Spec what = spec({probe, "processor"});
    what.limits = {.cpu_seconds = 1};
    EXPECT_EQ(must_run(what).status, 128 + SIGKILL);
}

TEST_F(Probe, AProgramThatDoesNotEndIsKilledAndNothingStays) {
    const auto output = run(spec({probe, "processor"}), 1);
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().code, Code::timed_out);
    EXPECT_NE(output.error().message.find("test program did not end within 1s"), std::string::npos);
}

}  // namespace
}  // namespace vdc::drivers::jail
