#include "drivers/jail/jail.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "drivers/jail/cgroup.h"
#include "runtime/files.h"
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

}  // namespace
}  // namespace vdc::drivers::jail
