#include "drivers/qemu/kvm.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "drivers/jail/jail.h"
#include "drivers/qemu/seed.h"
#include "runtime/files.h"
#include "runtime/log.h"
#include "runtime/process.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using runtime::Fd;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

Result<AcceleratorWish> parse_accelerator_wish(std::string_view word) {
    if (word == "auto") return AcceleratorWish::automatic;
    if (word == "kvm") return AcceleratorWish::kvm;
    if (word == "tcg") return AcceleratorWish::tcg;
    return Error{Error::Code::invalid,
                 "no accelerator '" + base::quoted(word) + "'; there are auto, kvm and tcg"};
}

// ---- what is seen without trying ---------------------------------------------------------------

KvmSigns kvm_signs() {
    KvmSigns signs;
    signs.device = runtime::exists("/dev/kvm");
    signs.module =
        runtime::exists("/sys/module/kvm_intel") || runtime::exists("/sys/module/kvm_amd");
    const std::string processor = runtime::read_file("/proc/cpuinfo", 4 << 20).value_or("");
    for (const char* flag : {" vmx ", " svm ", " vmx\n", " svm\n"})
        signs.processor = signs.processor || processor.find(flag) != std::string::npos;
    return signs;
}

std::string objection(const KvmSigns& signs) {
    if (!signs.device)
        return "there is no /dev/kvm: switch virtualization on in the firmware, and load kvm_intel "
               "or kvm_amd";
    if (!signs.module)
        return "/dev/kvm is there, but neither kvm_intel nor kvm_amd: such a KVM (paravirtual, "
               "nested) does not boot stock kernels";
    if (!signs.processor) return "the processor shows neither vmx nor svm";
    return "";
}

// ---- trying ------------------------------------------------------------------------------------

static Result<Fd> in_memory(const std::string& path) {
    return sealed_file(TRY(runtime::read_file(path, 256 << 20)));
}

static std::vector<std::string> trial_command(Accelerator accelerator) {
    const bool kvm = accelerator == Accelerator::kvm;
    return {"/usr/bin/qemu-system-x86_64",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-vga",
            "none",
            "-machine",
            "q35",
            "-accel",
            kvm ? "kvm" : "tcg,tb-size=32",
            "-cpu",
            kvm ? "host" : "max,-svm,min-xlevel=0x80000008",
            "-m",
            "96",
            "-no-reboot",
            "-serial",
            "stdio",
            "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-kernel",
            "/dev/fd/3",
            "-initrd",
            "/dev/fd/4",
            "-append",
            "console=ttyS0 quiet panic=-1"};
}

/// Reads until the marker comes.
static Status await_marker(const Fd& output, const BootTrial& trial) {
    std::string said;
    const auto deadline = Clock::now() + trial.limit;
    while (said.find(trial.marker) == std::string::npos) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
        pollfd wait{.fd = output.get(), .events = POLLIN, .revents = 0};
        if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) == 0)
            return Error{Error::Code::failed,
                         "it did not come up within " + base::text(base::Duration(trial.limit))};
        char bytes[4096];
        const ssize_t count = ::read(output.get(), bytes, sizeof bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0)
            return Error{Error::Code::failed,
                         "QEMU ended early, having said '" +
                             base::quoted(said.substr(said.size() -
                                                      std::min<std::size_t>(said.size(), 200))) +
                             "'"};
        said.append(bytes, static_cast<std::size_t>(count));
        if (said.size() > (1 << 20)) said.erase(0, said.size() - 4096);
    }
    return {};
}

Result<milliseconds> try_boot(const HostPaths& paths, const BootTrial& trial) {
    const Fd kernel = TRY(in_memory(trial.kernel));
    const Fd initramfs = TRY(in_memory(trial.initramfs));
    runtime::Pipe pipe = TRY(runtime::make_pipe());
    jail::Spec jail;
    jail.name = "the QEMU that tries an accelerator";
    jail.command = trial_command(trial.accelerator);
    jail.handed = {{kernel.get(), 3}, {initramfs.get(), 4}};
    jail.output = pipe.write.get();
    jail.uid = jail::uid_for("accelerator trial " + paths.tag);
    jail.cgroup = paths.cgroup() + "/trial/accelerator";
    jail.limits.memory = {512};
    jail.kvm = trial.accelerator == Accelerator::kvm;
    jail.proc = true;
    TRY(jail::end(jail.cgroup));  // of a daemon that was killed in the middle
    const auto began = Clock::now();
    const jail::Process process = TRY(jail::spawn(jail));
    const Fd pidfd(process.pidfd);
    pipe.write.reset();
    const Status came = await_marker(pipe.read, trial);
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
    TRY(jail::end(jail.cgroup));
    (void)jail::reap(pidfd.get());  // how it ended is no news: we ended it, or it said why
    TRY(came);
    return took;
}

// ---- the verdict -------------------------------------------------------------------------------

Json encode(const VerdictKey& key, const AcceleratorVerdict& verdict) {
    return Json::object({{"boot_id", key.boot_id},
                         {"kernel", key.kernel},
                         {"qemu", key.qemu},
                         {"accelerator", word(verdict.accelerator)},
                         {"reason", verdict.reason}});
}

std::optional<AcceleratorVerdict> decode_verdict(const Json& json, const VerdictKey& key) {
    const std::string accelerator = json.text_at("accelerator");
    const VerdictKey kept{json.text_at("boot_id"), json.text_at("kernel"), json.text_at("qemu")};
    if (kept != key || (accelerator != "kvm" && accelerator != "tcg")) return std::nullopt;
    return AcceleratorVerdict{accelerator == "kvm" ? Accelerator::kvm : Accelerator::tcg,
                              json.text_at("reason")};
}

std::string parse_qemu_version(std::string_view printed) {
    constexpr std::string_view before = "version ";
    const std::size_t at = printed.find(before);
    if (at == std::string_view::npos) return "";
    const std::string_view rest = printed.substr(at + before.size());
    return base::quoted(rest.substr(0, rest.find('\n')));
}

Result<std::string> qemu_version() {
    // On a host that can hardly breathe its libraries alone take half a minute to load.
    const auto printed = runtime::must_run(
        {.words = {"qemu-system-x86_64", "--version"}, .limit = std::chrono::minutes(2)});
    if (!printed.ok() && printed.error().code == Error::Code::timed_out) return printed.error();
    const std::string version = parse_qemu_version(printed.value_or(""));
    if (!version.empty()) return version;
    return Error{Error::Code::not_found, "there is no QEMU here", "install qemu-system-x86"};
}

static Result<VerdictKey> key_of_this_boot() {
    VerdictKey key;
    key.boot_id = TRY(runtime::read_file("/proc/sys/kernel/random/boot_id"));
    utsname kernel{};
    ::uname(&kernel);
    key.kernel = kernel.release;
    key.qemu = TRY(qemu_version());
    return key;
}

static std::string verdict_file(const HostPaths& paths) {
    return paths.data + "/accelerator.json";
}

std::optional<AcceleratorVerdict> kept_verdict(const HostPaths& paths) {
    const auto key = key_of_this_boot();
    const auto kept = base::parse_json(runtime::read_file(verdict_file(paths)).value_or(""));
    return key.ok() ? decode_verdict(kept.value_or({}), *key) : std::nullopt;
}

/// A trial that could not be made proves nothing, and is not kept.
static Result<AcceleratorVerdict> found_by_trial(const HostPaths& paths, const BootTrial& trial) {
    const auto took = try_boot(paths, trial);
    if (took)
        return AcceleratorVerdict{Accelerator::kvm, "a guest was tried with KVM and came up in " +
                                                        base::text(base::Duration(*took))};
    if (took.error().code != Error::Code::failed) return took.error();
    return AcceleratorVerdict{Accelerator::tcg,
                              "a guest was tried with KVM: " + took.error().message};
}

static Result<AcceleratorVerdict> tried(const HostPaths& paths, AcceleratorWish wish,
                                        const BootTrial& trial) {
    const VerdictKey key = TRY(key_of_this_boot());
    const auto known = kept_verdict(paths);
    // Who insists on KVM has perhaps mended it.
    if (known && (wish == AcceleratorWish::automatic || known->accelerator == Accelerator::kvm))
        return *known;
    const AcceleratorVerdict verdict = TRY(found_by_trial(paths, trial));
    TRY(runtime::ensure_dir(paths.data));
    TRY(runtime::write_file_atomic(verdict_file(paths), base::dump(encode(key, verdict)) + "\n"));
    return verdict;
}

Result<AcceleratorVerdict> choose_accelerator(const HostPaths& paths, AcceleratorWish wish,
                                              const BootTrial& trial) {
    if (wish == AcceleratorWish::tcg)
        return AcceleratorVerdict{Accelerator::tcg, "the configuration says so"};
    const std::string against = objection(kvm_signs());
    if (wish == AcceleratorWish::automatic && !against.empty())
        return AcceleratorVerdict{Accelerator::tcg, against};
    auto verdict = tried(paths, wish, trial);
    if (wish == AcceleratorWish::automatic && !verdict)
        return AcceleratorVerdict{Accelerator::tcg,
                                  "KVM could not be tried: " + verdict.error().message};
    if (verdict && verdict->accelerator == Accelerator::tcg && wish == AcceleratorWish::kvm)
        return Error{Error::Code::unsupported,
                     "the configuration asks for KVM, which does not work here: " + verdict->reason,
                     "say auto or tcg"};
    return verdict;
}

}  // namespace vdc::drivers::qemu
