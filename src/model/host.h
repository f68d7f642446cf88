#pragma once

#include <cstdint>
#include <map>
#include <optional>
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

/// How long a host may go on without an answer before it ends what fences itself
/// (control/lease.h has the figures). `none`: nobody else could start its instances.
enum class LeaseProfile { none, usual, fast };
constexpr auto words(LeaseProfile) {
    return Words<LeaseProfile, 3>{{{LeaseProfile::none, "none"},
                                   {LeaseProfile::usual, "default"},
                                   {LeaseProfile::fast, "fast"}}};
}

/// A pool of volumes that a host reaches beside its own disks.
struct Pool {
    std::string name;
    StorageKind kind = StorageKind::shared_folder;

    friend bool operator==(const Pool&, const Pool&) = default;
    template <class D = Pool>
    static constexpr auto fields() {
        return std::tuple{field("name", &D::name, "the same on every host that reaches it"),
                          field("kind", &D::kind, "what keeps the volumes")};
    }
};

/// What a restore of the datacenter's records from a backup means for a host
/// (docs/decisions/0021-after-a-restore-hosts-speak-first.md). While one of them is `unheard` or
/// `held`, control decides nothing, and hosts begin nothing: they look, and say what they find.
///
///     unheard --it registers--> held --released--> watched --no strangers are left--> settled
///        +----released without it--> late --it registers--> watched
enum class AfterRestore {
    none,     ///< there was no restore since it joined
    unheard,  ///< it has not spoken since
    held,     ///< it has
    late,     ///< somebody answered for it that nothing runs there which others may start
    watched,  ///< it lives as any other, and leaves alone what it runs without an order
    settled,  ///< all that it runs is known
};
constexpr auto words(AfterRestore) {
    return Words<AfterRestore, 6>{{{AfterRestore::none, "none"},
                                   {AfterRestore::unheard, "unheard"},
                                   {AfterRestore::held, "held"},
                                   {AfterRestore::late, "late"},
                                   {AfterRestore::watched, "watched"},
                                   {AfterRestore::settled, "settled"}}};
}

/// An instance that runs on a host and is not claimed there: the records are older than it.
struct Stranger {
    InstanceId instance;
    std::string name;
    Generation generation = 0;
    bool moving = false;

    friend bool operator==(const Stranger&, const Stranger&) = default;
    template <class D = Stranger>
    static constexpr auto fields() {
        return std::tuple{field("instance", &D::instance, "its id"),
                          field("name", &D::name, "that it was started under"),
                          field("generation", &D::generation, "of its run"),
                          field("moving", &D::moving,
                                "whether it came, or was about to leave, in a move that is not "
                                "known to be over: it stands still")};
    }
};

/// What a host found on itself after a restore.
struct HostFound {
    HostId host;
    bool looked = false;
    std::vector<Stranger> strangers;

    friend bool operator==(const HostFound&, const HostFound&) = default;
    template <class D = HostFound>
    static constexpr auto fields() {
        return std::tuple{
            field("host", &D::host, "that found it"),
            field("looked", &D::looked, "whether it has looked at all that it has"),
            field("strangers", &D::strangers, "that run there without an order; in id order")};
    }
};

struct HostDeclared {
    bool schedulable = true;
    bool drain = false;
    Epoch dead_epoch = 0;
    std::string dead_says{};
    std::int64_t cpu_overcommit = 8000;
    std::int64_t memory_overcommit = 1000;
    MiB memory_kept{512};
    std::map<std::string, std::string> labels;
    AfterRestore after_restore = AfterRestore::none;
    std::vector<InstanceId> ends{};

    friend bool operator==(const HostDeclared&, const HostDeclared&) = default;
    template <class D = HostDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("schedulable", &D::schedulable, "whether new instances may come here"),
            field("drain", &D::drain,
                  "whether its instances shall leave, those that can; none come meanwhile"),
            field("dead_epoch", &D::dead_epoch,
                  "the epoch of which an operator said that nothing of it runs any more", {},
                  Mutability::computed),
            field("dead_says", &D::dead_says, "who said so", {0, 200}, Mutability::computed),
            field("cpu_overcommit", &D::cpu_overcommit,
                  "virtual processors per processor, in thousandths", {100, 64'000}),
            field("memory_overcommit", &D::memory_overcommit,
                  "memory claimed per memory there is, in thousandths", {100, 4'000}),
            field("memory_kept", &D::memory_kept, "memory kept for the host itself"),
            field("labels", &D::labels,
                  "free words for rules; 'rack' and 'power' name what fails together", {0, 64}),
            field("after_restore", &D::after_restore,
                  "what a restore from a backup means for it still", {}, Mutability::computed),
            field("ends", &D::ends, "strangers there that an operator wants ended", {0, 10'000},
                  Mutability::computed)};
    }
};

struct HostClaimed {
    Epoch epoch = 0;
    HostHealth health = HostHealth::up;
    Instant silent_since{};
    LeaseProfile lease = LeaseProfile::none;
    Epoch fenced = 0;
    Evidence evidence = Evidence::none;
    std::string evidence_detail{};
    Instant fenced_at{};

    friend bool operator==(const HostClaimed&, const HostClaimed&) = default;
    template <class D = HostClaimed>
    static constexpr auto fields() {
        return std::tuple{
            field("epoch", &D::epoch, "registrations so far"),
            field("health", &D::health, "what control holds it to be"),
            field("silent_since", &D::silent_since, "when it was heard last, if it is not up"),
            field("lease", &D::lease, "by which it lives in this epoch"),
            field("fenced", &D::fenced,
                  "what was claimed under epochs up to this one starts no more"),
            field("evidence", &D::evidence, "how that is known to be over"),
            field("evidence_detail", &D::evidence_detail, "in words"),
            field("fenced_at", &D::fenced_at, "when it was down last")};
    }
};

/// `found` is what the host's agent says later, beside what the host is (apply.h).
struct HostObserved {
    using OnHost = HostFound;

    Resources capacity;
    MiB disk_free{};
    std::string accelerator;
    std::string qemu_version;
    std::string kernel;
    std::string boot_id;
    std::string version;
    std::vector<std::string> warnings;
    std::vector<Pool> pools{};
    LeaseProfile lease = LeaseProfile::none;
    Ipv4 underlay{};
    std::string moves_at{};
    std::optional<HostFound> found{};

    friend bool operator==(const HostObserved&, const HostObserved&) = default;
    template <class D = HostObserved>
    static constexpr auto fields() {
        return std::tuple{
            field("capacity", &D::capacity, "what it has"),
            field("disk_free", &D::disk_free, "disk space left when it registered"),
            field("accelerator", &D::accelerator, "kvm or tcg"),
            field("qemu_version", &D::qemu_version, "of its QEMU"),
            field("kernel", &D::kernel, "its kernel's release"),
            field("boot_id", &D::boot_id, "changes with each boot"),
            field("version", &D::version, "of the agent"),
            field("warnings", &D::warnings, "what an operator should know"),
            field("pools", &D::pools, "of volumes, beside its own disks"),
            field("lease", &D::lease, "by which it can fence itself"),
            field("underlay", &D::underlay,
                  "where other hosts reach its part of a network; none: networks end at it"),
            field("moves_at", &D::moves_at,
                  "ADDRESS:PORT where guests come that move here while they run; empty: none do"),
            field("found", &D::found, "what it found on itself after a restore from a backup")};
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
