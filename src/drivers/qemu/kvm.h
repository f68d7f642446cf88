#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "drivers/host_paths.h"
#include "drivers/qemu/command_line.h"

/// Whether guests run by KVM here or by QEMU's own emulation. /dev/kvm may be there and answer
/// every question well, and yet not boot a stock kernel (nested, paravirtual): so the verdict comes
/// from booting one. Nothing here waits without a limit.
namespace vdc::drivers::qemu {

enum class AcceleratorWish { automatic, kvm, tcg };
/// "auto", "kvm" or "tcg"; the error names these.
base::Result<AcceleratorWish> parse_accelerator_wish(std::string_view word);

struct AcceleratorVerdict {
    Accelerator accelerator = Accelerator::tcg;
    std::string reason;  ///< a sentence for `vdc doctor`
    friend bool operator==(const AcceleratorVerdict&, const AcceleratorVerdict&) = default;
};

/// What is seen without trying.
struct KvmSigns {
    bool device = false;     ///< /dev/kvm is there
    bool module = false;     ///< kvm_intel or kvm_amd is loaded or built in
    bool processor = false;  ///< vmx or svm among the processor's flags
};
KvmSigns kvm_signs();

/// Why not to try at all, or "".
std::string objection(const KvmSigns& signs);

/// What is booted to see whether a guest runs: images/tiny's kernel and ram.img.
struct BootTrial {
    std::string kernel;
    std::string initramfs;
    std::string marker = "vdc-tiny";  ///< on the serial console it says that user space runs
    std::chrono::seconds limit{5};    ///< healthy KVM needs well under one
    Accelerator accelerator = Accelerator::kvm;  ///< what is tried
};

/// Boots it in a jail of this datacenter. The time it took to the marker, or, as failed, why it
/// did not get there. Ends it in any case, within the limit and a moment.
base::Result<std::chrono::milliseconds> try_boot(const HostPaths& paths, const BootTrial& trial);

/// By the wish:
///     tcg        asks nothing
///     automatic  tcg when there is an objection or the trial fails, else kvm; never an error
///     kvm        the trial decides, whatever the objections; unsupported when it fails
/// The outcome of a trial is kept in HostPaths::data/accelerator.json, and holds for this boot,
/// this kernel and this QEMU.
base::Result<AcceleratorVerdict> choose_accelerator(const HostPaths& paths, AcceleratorWish wish,
                                                    const BootTrial& trial);

/// What the last trial found, if that holds still.
std::optional<AcceleratorVerdict> kept_verdict(const HostPaths& paths);

/// "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)". not_found, with what to install, without QEMU.
base::Result<std::string> qemu_version();

// ---- the kept verdict, pure --------------------------------------------------------------------

/// What a verdict holds for.
struct VerdictKey {
    std::string boot_id;
    std::string kernel;
    std::string qemu;
    friend bool operator==(const VerdictKey&, const VerdictKey&) = default;
};
base::Json encode(const VerdictKey& key, const AcceleratorVerdict& verdict);
/// Nothing when it is of another boot, kernel or QEMU, or not readable.
std::optional<AcceleratorVerdict> decode_verdict(const base::Json& json, const VerdictKey& key);
/// The version in what `qemu-system-x86_64 --version` prints, or "".
std::string parse_qemu_version(std::string_view printed);

}  // namespace vdc::drivers::qemu
