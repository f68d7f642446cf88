#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "model/parts.h"

/// The machines that run instances.
namespace vdc::model {

enum class HostHealth { up, suspect, fencing, down };
constexpr auto words(HostHealth) {
    return Words<HostHealth, 4>{{{HostHealth::up, "up"},
                                 {HostHealth::suspect, "suspect"},
                                 {HostHealth::fencing, "fencing"},
                                 {HostHealth::down, "down"}}};
}

struct HostDeclared {
    bool schedulable = true;
    std::int64_t cpu_overcommit = 8000;
    std::int64_t memory_overcommit = 1000;
    MiB memory_kept{512};
    std::map<std::string, std::string> labels;

    friend bool operator==(const HostDeclared&, const HostDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("schedulable", &HostDeclared::schedulable, "whether new instances may come here"),
            field("cpu_overcommit", &HostDeclared::cpu_overcommit,
                  "virtual processors per processor, in thousandths", {100, 64'000}),
            field("memory_overcommit", &HostDeclared::memory_overcommit,
                  "memory claimed per memory there is, in thousandths", {100, 4'000}),
            field("memory_kept", &HostDeclared::memory_kept, "memory kept for the host itself"),
            field("labels", &HostDeclared::labels, "free words for rules", {0, 64})};
    }
};

struct HostClaimed {
    Epoch epoch = 0;
    HostHealth health = HostHealth::up;

    friend bool operator==(const HostClaimed&, const HostClaimed&) = default;
    static constexpr auto fields() {
        return std::tuple{field("epoch", &HostClaimed::epoch, "registrations so far"),
                          field("health", &HostClaimed::health, "what control holds it to be")};
    }
};

struct HostObserved {
    Resources capacity;
    MiB disk_free{};
    std::string accelerator;
    std::string qemu_version;
    std::string kernel;
    std::string boot_id;
    std::string version;
    std::vector<std::string> warnings;

    friend bool operator==(const HostObserved&, const HostObserved&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("capacity", &HostObserved::capacity, "what it has"),
            field("disk_free", &HostObserved::disk_free, "disk space left when it registered"),
            field("accelerator", &HostObserved::accelerator, "kvm or tcg"),
            field("qemu_version", &HostObserved::qemu_version, "of its QEMU"),
            field("kernel", &HostObserved::kernel, "its kernel's release"),
            field("boot_id", &HostObserved::boot_id, "changes with each boot"),
            field("version", &HostObserved::version, "of the agent"),
            field("warnings", &HostObserved::warnings, "what an operator should know")};
    }
};

struct HostKind {
    using Id = HostId;
    using Declared = HostDeclared;
    using Claimed = HostClaimed;
    using Observed = HostObserved;
    static constexpr Noun noun = Noun::host;
};
using Host = Record<HostKind>;

}  // namespace vdc::model
