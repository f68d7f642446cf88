#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/addresses.h"
#include "base/units.h"
#include "model/record.h"

/// The nouns of the datacenter. Each is declared, claimed, observed; each field is described once.
namespace vdc::model {

using base::Bytes;
using base::Ipv4;
using base::Ipv4Range;
using base::Mac;
using base::MiB;
using base::Vcpus;

/// Capacity, and what is taken of it.
struct Resources {
    Vcpus vcpus{};
    MiB memory{};
    MiB disk{};

    friend bool operator==(const Resources&, const Resources&) = default;
    Resources& operator+=(const Resources& other) {
        vcpus += other.vcpus;
        memory += other.memory;
        disk += other.disk;
        return *this;
    }
    Resources& operator-=(const Resources& other) {
        vcpus -= other.vcpus;
        memory -= other.memory;
        disk -= other.disk;
        return *this;
    }
    static constexpr auto fields() {
        return std::tuple{field("vcpus", &Resources::vcpus, "virtual processors", {0, 1'000'000}),
                          field("memory", &Resources::memory, "memory"),
                          field("disk", &Resources::disk, "disk space")};
    }
};

// ---- project -----------------------------------------------------------------------------------

struct ProjectDeclared {
    std::string description;
    std::int64_t instances_max = 100'000;
    std::int64_t volumes_max = 200'000;
    Resources resources_max{{1'000'000}, {std::int64_t{1} << 30}, {std::int64_t{1} << 30}};

    friend bool operator==(const ProjectDeclared&, const ProjectDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("description", &ProjectDeclared::description, "what it is for", {0, 1000}),
            field("instances_max", &ProjectDeclared::instances_max, "quota of instances",
                  {0, 1'000'000'000}),
            field("volumes_max", &ProjectDeclared::volumes_max, "quota of volumes",
                  {0, 1'000'000'000}),
            field("resources_max", &ProjectDeclared::resources_max,
                  "quota of processors and memory of instances, and of disk")};
    }
};

struct ProjectKind {
    using Id = ProjectId;
    using Declared = ProjectDeclared;
    using Claimed = Nothing;
    using Observed = Nothing;
    static constexpr Noun noun = Noun::project;
};
using Project = Record<ProjectKind>;

// ---- host --------------------------------------------------------------------------------------

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

// ---- flavor, key pair --------------------------------------------------------------------------

struct FlavorDeclared {
    Vcpus vcpus{1};
    MiB memory{512};
    MiB disk{1024};

    friend bool operator==(const FlavorDeclared&, const FlavorDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("vcpus", &FlavorDeclared::vcpus, "virtual processors", {1, 256},
                  Mutability::at_creation),
            field("memory", &FlavorDeclared::memory, "memory, for example 2GiB", {32, 16 << 20},
                  Mutability::at_creation),
            field("disk", &FlavorDeclared::disk, "size of the root volume, for example 10GiB",
                  {16, 64 << 20}, Mutability::at_creation)};
    }
};

struct FlavorKind {
    using Id = FlavorId;
    using Declared = FlavorDeclared;
    using Claimed = Nothing;
    using Observed = Nothing;
    static constexpr Noun noun = Noun::flavor;
};
using Flavor = Record<FlavorKind>;

struct KeyPairDeclared {
    std::string public_key;

    friend bool operator==(const KeyPairDeclared&, const KeyPairDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{field("public_key", &KeyPairDeclared::public_key,
                                "one line as ssh-keygen writes it", {1, 16'384},
                                Mutability::at_creation)};
    }
};

struct KeyPairKind {
    using Id = KeyPairId;
    using Declared = KeyPairDeclared;
    using Claimed = Nothing;
    using Observed = Nothing;
    static constexpr Noun noun = Noun::key_pair;
};
using KeyPair = Record<KeyPairKind>;

// ---- image -------------------------------------------------------------------------------------

enum class ImageFormat { automatic, raw, qcow2, vmdk, vhd, vhdx };
constexpr auto words(ImageFormat) {
    return Words<ImageFormat, 6>{{{ImageFormat::automatic, "auto"},
                                  {ImageFormat::raw, "raw"},
                                  {ImageFormat::qcow2, "qcow2"},
                                  {ImageFormat::vmdk, "vmdk"},
                                  {ImageFormat::vhd, "vhd"},
                                  {ImageFormat::vhdx, "vhdx"}}};
}

enum class ImagePhase { waiting, importing, ready, failed, absent };
constexpr auto words(ImagePhase) {
    return Words<ImagePhase, 5>{{{ImagePhase::waiting, "waiting"},
                                 {ImagePhase::importing, "importing"},
                                 {ImagePhase::ready, "ready"},
                                 {ImagePhase::failed, "failed"},
                                 {ImagePhase::absent, "absent"}}};
}

struct ImageDeclared {
    ImageFormat format = ImageFormat::automatic;
    std::string sha256;
    std::string description;
    bool uploaded = false;

    friend bool operator==(const ImageDeclared&, const ImageDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("format", &ImageDeclared::format, "of the file to import; auto: found out", {},
                  Mutability::at_creation),
            field("sha256", &ImageDeclared::sha256,
                  "that the file to import must have, 64 hexadecimal digits, or empty", {0, 64},
                  Mutability::at_creation),
            field("description", &ImageDeclared::description, "what it is", {0, 1000}),
            field("uploaded", &ImageDeclared::uploaded, "whether its bytes have arrived", {},
                  Mutability::computed)};
    }
};

struct ImageClaimed {
    std::optional<HostId> host;

    friend bool operator==(const ImageClaimed&, const ImageClaimed&) = default;
    static constexpr auto fields() {
        return std::tuple{field("host", &ImageClaimed::host, "the host that keeps it")};
    }
};

struct ImageObserved {
    ImagePhase phase = ImagePhase::waiting;
    std::string format;
    std::string sha256;
    Bytes virtual_size{};
    Bytes stored_size{};
    std::string message;

    friend bool operator==(const ImageObserved&, const ImageObserved&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("phase", &ImageObserved::phase, "how far the import is"),
            field("format", &ImageObserved::format, "that the imported file had"),
            field("sha256", &ImageObserved::sha256, "of the imported file"),
            field("virtual_size", &ImageObserved::virtual_size, "of the disk, in bytes"),
            field("stored_size", &ImageObserved::stored_size, "on the host's disk, in bytes"),
            field("message", &ImageObserved::message, "why it failed")};
    }
};

struct ImageKind {
    using Id = ImageId;
    using Declared = ImageDeclared;
    using Claimed = ImageClaimed;
    using Observed = ImageObserved;
    static constexpr Noun noun = Noun::image;
};
using Image = Record<ImageKind>;

// ---- network, port -----------------------------------------------------------------------------

enum class Presence { absent, ready, failed };
constexpr auto words(Presence) {
    return Words<Presence, 3>{
        {{Presence::absent, "absent"}, {Presence::ready, "ready"}, {Presence::failed, "failed"}}};
}

struct NetworkDeclared {
    Ipv4Range range;
    std::string domain;
    bool nat = true;
    std::int64_t mtu = 1500;

    friend bool operator==(const NetworkDeclared&, const NetworkDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("range", &NetworkDeclared::range, "its addresses, for example 10.20.0.0/24", {},
                  Mutability::at_creation),
            field("domain", &NetworkDeclared::domain,
                  "DNS domain of its instances; by default NAME.internal", {0, 200},
                  Mutability::at_creation),
            field("nat", &NetworkDeclared::nat, "whether instances reach the outside by NAT"),
            field("mtu", &NetworkDeclared::mtu, "largest packet, in bytes", {576, 9000},
                  Mutability::at_creation)};
    }
};

struct NetworkClaimed {
    std::int64_t number = 0;

    friend bool operator==(const NetworkClaimed&, const NetworkClaimed&) = default;
    static constexpr auto fields() {
        return std::tuple{field("number", &NetworkClaimed::number,
                                "unique in the datacenter, 1 to 65535; 0 before it is claimed")};
    }
};

struct NetworkObserved {
    Presence presence = Presence::absent;
    std::string message;

    friend bool operator==(const NetworkObserved&, const NetworkObserved&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("presence", &NetworkObserved::presence, "on the hosts that need it"),
            field("message", &NetworkObserved::message, "why it failed")};
    }
};

struct NetworkKind {
    using Id = NetworkId;
    using Declared = NetworkDeclared;
    using Claimed = NetworkClaimed;
    using Observed = NetworkObserved;
    static constexpr Noun noun = Noun::network;
};
using Network = Record<NetworkKind>;

struct PortDeclared {
    NetworkId network;
    std::optional<InstanceId> instance;
    std::optional<Ipv4> address;
    bool anti_spoof = true;

    friend bool operator==(const PortDeclared&, const PortDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{field("network", &PortDeclared::network, "where it belongs", {},
                                Mutability::at_creation),
                          field("instance", &PortDeclared::instance, "whose network card it is", {},
                                Mutability::at_creation),
                          field("address", &PortDeclared::address, "wanted address, or none: any",
                                {}, Mutability::at_creation),
                          field("anti_spoof", &PortDeclared::anti_spoof,
                                "whether only its own addresses may send")};
    }
};

struct PortClaimed {
    Ipv4 address;
    Mac mac;

    friend bool operator==(const PortClaimed&, const PortClaimed&) = default;
    static constexpr auto fields() {
        return std::tuple{field("address", &PortClaimed::address, "its address"),
                          field("mac", &PortClaimed::mac, "its Ethernet address")};
    }
};

struct PortKind {
    using Id = PortId;
    using Declared = PortDeclared;
    using Claimed = PortClaimed;
    using Observed = Nothing;
    static constexpr Noun noun = Noun::port;
};
using Port = Record<PortKind>;

// ---- volume, volume snapshot -------------------------------------------------------------------

struct VolumeDeclared {
    MiB size{};
    std::optional<ImageId> image;
    std::optional<InstanceId> instance;
    std::int64_t slot = 0;
    bool delete_with_instance = false;
    std::optional<VolumeSnapshotId> revert_to;
    std::uint64_t reverts = 0;

    friend bool operator==(const VolumeDeclared&, const VolumeDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("size", &VolumeDeclared::size, "for example 10GiB; it can grow, never shrink",
                  {1, 64 << 20}),
            field("image", &VolumeDeclared::image, "what it begins with; none: empty", {},
                  Mutability::at_creation),
            field("instance", &VolumeDeclared::instance, "the instance that it is attached to"),
            field("slot", &VolumeDeclared::slot,
                  "place in the instance; 0 is the disk it boots from", {0, 15},
                  Mutability::computed),
            field("delete_with_instance", &VolumeDeclared::delete_with_instance,
                  "whether it ends with its instance"),
            field("revert_to", &VolumeDeclared::revert_to, "the snapshot last gone back to", {},
                  Mutability::computed),
            field("reverts", &VolumeDeclared::reverts, "times that going back was asked for", {},
                  Mutability::computed)};
    }
};

struct VolumeClaimed {
    std::optional<HostId> host;
    Generation generation = 0;

    friend bool operator==(const VolumeClaimed&, const VolumeClaimed&) = default;
    static constexpr auto fields() {
        return std::tuple{field("host", &VolumeClaimed::host, "the host that keeps it"),
                          field("generation", &VolumeClaimed::generation, "claims so far")};
    }
};

struct VolumeObserved {
    Presence presence = Presence::absent;
    MiB size{};
    std::optional<InstanceId> attached;
    std::uint64_t reverts = 0;
    std::string message;

    friend bool operator==(const VolumeObserved&, const VolumeObserved&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("presence", &VolumeObserved::presence, "whether it exists on its host"),
            field("size", &VolumeObserved::size, "its present size"),
            field("attached", &VolumeObserved::attached, "the running instance that has it open"),
            field("reverts", &VolumeObserved::reverts, "times that it went back"),
            field("message", &VolumeObserved::message, "what stands in the way")};
    }
};

struct VolumeKind {
    using Id = VolumeId;
    using Declared = VolumeDeclared;
    using Claimed = VolumeClaimed;
    using Observed = VolumeObserved;
    static constexpr Noun noun = Noun::volume;
};
using Volume = Record<VolumeKind>;

struct VolumeSnapshotDeclared {
    VolumeId volume;
    std::string description;

    friend bool operator==(const VolumeSnapshotDeclared&, const VolumeSnapshotDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{field("volume", &VolumeSnapshotDeclared::volume, "whose past it keeps",
                                {}, Mutability::at_creation),
                          field("description", &VolumeSnapshotDeclared::description,
                                "what it is for", {0, 1000})};
    }
};

struct VolumeSnapshotObserved {
    Presence presence = Presence::absent;
    std::string message;

    friend bool operator==(const VolumeSnapshotObserved&, const VolumeSnapshotObserved&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("presence", &VolumeSnapshotObserved::presence, "whether it was taken"),
            field("message", &VolumeSnapshotObserved::message, "what stands in the way")};
    }
};

struct VolumeSnapshotKind {
    using Id = VolumeSnapshotId;
    using Declared = VolumeSnapshotDeclared;
    using Claimed = Nothing;
    using Observed = VolumeSnapshotObserved;
    static constexpr Noun noun = Noun::volume_snapshot;
};
using VolumeSnapshot = Record<VolumeSnapshotKind>;

// ---- instance ----------------------------------------------------------------------------------

enum class Power { on, off, paused };
constexpr auto words(Power) {
    return Words<Power, 3>{{{Power::on, "on"}, {Power::off, "off"}, {Power::paused, "paused"}}};
}

enum class Restart { always, on_failure, never };
constexpr auto words(Restart) {
    return Words<Restart, 3>{{{Restart::always, "always"},
                              {Restart::on_failure, "on_failure"},
                              {Restart::never, "never"}}};
}

/// How a run ended: by its guest (or a power-down that it obeyed), by us, or on its own.
enum class RunEnd { none, guest_off, killed, crashed };
constexpr auto words(RunEnd) {
    return Words<RunEnd, 4>{{{RunEnd::none, "none"},
                             {RunEnd::guest_off, "guest_off"},
                             {RunEnd::killed, "killed"},
                             {RunEnd::crashed, "crashed"}}};
}

enum class InstancePhase { absent, preparing, running, paused, stopped };
constexpr auto words(InstancePhase) {
    return Words<InstancePhase, 5>{{{InstancePhase::absent, "absent"},
                                    {InstancePhase::preparing, "preparing"},
                                    {InstancePhase::running, "running"},
                                    {InstancePhase::paused, "paused"},
                                    {InstancePhase::stopped, "stopped"}}};
}

struct InstanceDeclared {
    std::string flavor;
    Vcpus vcpus{1};
    MiB memory{512};
    ImageId image;
    std::optional<KeyPairId> key;
    std::string user_data;
    Power power = Power::on;
    Restart restart = Restart::on_failure;
    Duration stop_timeout{30'000'000};
    std::uint64_t starts = 0;
    std::uint64_t reboots = 0;
    std::uint64_t resets = 0;
    std::optional<ApplicationId> application;
    std::int64_t ordinal = 0;
    std::string template_mark;

    friend bool operator==(const InstanceDeclared&, const InstanceDeclared&) = default;
    static constexpr auto fields() {
        constexpr auto computed = Mutability::computed;
        constexpr auto once = Mutability::at_creation;
        using D = InstanceDeclared;
        return std::tuple{
            field("flavor", &D::flavor, "name of the flavor it was made with", {1, 63}, once),
            field("vcpus", &D::vcpus, "virtual processors", {1, 256}, computed),
            field("memory", &D::memory, "memory", {32, 16 << 20}, computed),
            field("image", &D::image, "what its root volume began with", {}, once),
            field("key", &D::key, "key pair that may log in", {}, once),
            field("user_data", &D::user_data, "for cloud-init", {0, 65'536}, once),
            field("power", &D::power, "wanted power"),
            field("restart", &D::restart, "when a run that ended is started again"),
            field("stop_timeout", &D::stop_timeout, "from the ACPI button to the hard stop"),
            field("starts", &D::starts, "times that starting was asked for", {}, computed),
            field("reboots", &D::reboots, "times that a reboot was asked for", {}, computed),
            field("resets", &D::resets, "times that a reset was asked for", {}, computed),
            field("application", &D::application, "whose replica it is", {}, computed),
            field("ordinal", &D::ordinal, "which replica, from 0", {}, computed),
            field("template_mark", &D::template_mark, "of the template it was made by", {},
                  computed)};
    }
};

/// Why a placement came out as it did, as data.
struct RuleCount {
    std::string rule;
    std::int64_t hosts = 0;
    friend bool operator==(const RuleCount&, const RuleCount&) = default;
    static constexpr auto fields() {
        return std::tuple{field("rule", &RuleCount::rule, "what was asked of hosts"),
                          field("hosts", &RuleCount::hosts, "how many hosts it removed")};
    }
};

struct ScorePart {
    std::string part;
    std::int64_t points = 0;
    friend bool operator==(const ScorePart&, const ScorePart&) = default;
    static constexpr auto fields() {
        return std::tuple{field("part", &ScorePart::part, "what was scored"),
                          field("points", &ScorePart::points, "higher is better")};
    }
};

struct Explanation {
    std::string sentence;
    std::int64_t candidates = 0;
    std::vector<RuleCount> removed;
    std::vector<ScorePart> scores;
    std::optional<HostId> runner_up;

    friend bool operator==(const Explanation&, const Explanation&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("sentence", &Explanation::sentence, "the decision in words"),
            field("candidates", &Explanation::candidates, "hosts that were looked at"),
            field("removed", &Explanation::removed, "what each rule removed"),
            field("scores", &Explanation::scores, "of the host that was chosen"),
            field("runner_up", &Explanation::runner_up, "the next best host")};
    }
};

struct InstanceClaimed {
    std::optional<HostId> host;
    Epoch epoch = 0;
    Generation generation = 0;
    std::string evidence;
    Explanation placement;

    friend bool operator==(const InstanceClaimed&, const InstanceClaimed&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("host", &InstanceClaimed::host, "where it may run; none: nowhere now"),
            field("epoch", &InstanceClaimed::epoch, "of the host, when it was claimed"),
            field("generation", &InstanceClaimed::generation, "claims so far"),
            field("evidence", &InstanceClaimed::evidence, "why the run before is known to be over"),
            field("placement", &InstanceClaimed::placement, "why there")};
    }
};

struct InstanceObserved {
    Generation generation = 0;
    InstancePhase phase = InstancePhase::absent;
    Instant since;
    RunEnd ended = RunEnd::none;
    std::string ended_detail;
    std::int64_t crashes = 0;
    std::uint64_t starts = 0;
    std::uint64_t reboots = 0;
    std::uint64_t resets = 0;
    std::string accelerator;
    std::string message;

    friend bool operator==(const InstanceObserved&, const InstanceObserved&) = default;
    static constexpr auto fields() {
        using O = InstanceObserved;
        return std::tuple{
            field("generation", &O::generation, "of the claim that this was seen under"),
            field("phase", &O::phase, "what its host sees of it"),
            field("since", &O::since, "when that began"),
            field("ended", &O::ended, "how the last run ended"),
            field("ended_detail", &O::ended_detail, "in words"),
            field("crashes", &O::crashes, "runs that ended on their own, so far"),
            field("starts", &O::starts, "wishes to start that were obeyed"),
            field("reboots", &O::reboots, "wishes to reboot that were obeyed"),
            field("resets", &O::resets, "wishes to reset that were obeyed"),
            field("accelerator", &O::accelerator, "kvm or tcg"),
            field("message", &O::message, "what stands in the way")};
    }
};

struct InstanceKind {
    using Id = InstanceId;
    using Declared = InstanceDeclared;
    using Claimed = InstanceClaimed;
    using Observed = InstanceObserved;
    static constexpr Noun noun = Noun::instance;
};
using Instance = Record<InstanceKind>;

// ---- application -------------------------------------------------------------------------------

enum class Protocol { tcp, http };
constexpr auto words(Protocol) {
    return Words<Protocol, 2>{{{Protocol::tcp, "tcp"}, {Protocol::http, "http"}}};
}

struct Template {
    std::string flavor;
    ImageId image;
    NetworkId network;
    std::optional<KeyPairId> key;
    std::string user_data;
    MiB disk{};

    friend bool operator==(const Template&, const Template&) = default;
    static constexpr auto fields() {
        return std::tuple{field("flavor", &Template::flavor, "name of a flavor", {1, 63}),
                          field("image", &Template::image, "an image, by name or id"),
                          field("network", &Template::network, "a network, by name or id"),
                          field("key", &Template::key, "a key pair, by name or id"),
                          field("user_data", &Template::user_data, "for cloud-init", {0, 65'536}),
                          field("disk", &Template::disk,
                                "size of the root volume; 0MiB: the flavor's", {0, 64 << 20})};
    }
};

struct Front {
    std::int64_t port = 80;
    std::int64_t target_port = 80;
    Protocol protocol = Protocol::http;
    std::string check_path;

    friend bool operator==(const Front&, const Front&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("port", &Front::port, "where the application answers", {1, 65'535}),
            field("target_port", &Front::target_port, "where its replicas answer", {1, 65'535}),
            field("protocol", &Front::protocol, "tcp or http"),
            field("check_path", &Front::check_path,
                  "http: a replica is ready when this path answers 2xx or 3xx; empty: when it "
                  "connects",
                  {0, 200})};
    }
};

struct ApplicationDeclared {
    std::int64_t replicas = 1;
    Template instance;
    std::optional<Front> front;

    friend bool operator==(const ApplicationDeclared&, const ApplicationDeclared&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("replicas", &ApplicationDeclared::replicas, "instances that shall run",
                  {0, 1000}),
            field("template", &ApplicationDeclared::instance, "what each replica is made of"),
            field("front", &ApplicationDeclared::front, "one address before all replicas")};
    }
};

struct ApplicationClaimed {
    Ipv4 address;

    friend bool operator==(const ApplicationClaimed&, const ApplicationClaimed&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("address", &ApplicationClaimed::address, "of its front; 0.0.0.0: none")};
    }
};

struct ApplicationObserved {
    Presence front = Presence::absent;
    std::vector<InstanceId> ready;
    std::string message;

    friend bool operator==(const ApplicationObserved&, const ApplicationObserved&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("front", &ApplicationObserved::front, "whether its front stands"),
            field("ready", &ApplicationObserved::ready, "replicas that the front finds ready"),
            field("message", &ApplicationObserved::message, "what stands in the way")};
    }
};

struct ApplicationKind {
    using Id = ApplicationId;
    using Declared = ApplicationDeclared;
    using Claimed = ApplicationClaimed;
    using Observed = ApplicationObserved;
    static constexpr Noun noun = Noun::application;
};
using Application = Record<ApplicationKind>;

// ---- operation ---------------------------------------------------------------------------------

/// What a request asked for; its operation is done when that holds.
enum class Goal {
    exists,
    running,
    stopped,
    paused,
    rebooted,
    reset,
    ready,
    attached,
    detached,
    grown,
    taken,
    reverted,
    gone
};
constexpr auto words(Goal) {
    return Words<Goal, 13>{{{Goal::exists, "exists"},
                            {Goal::running, "running"},
                            {Goal::stopped, "stopped"},
                            {Goal::paused, "paused"},
                            {Goal::rebooted, "rebooted"},
                            {Goal::reset, "reset"},
                            {Goal::ready, "ready"},
                            {Goal::attached, "attached"},
                            {Goal::detached, "detached"},
                            {Goal::grown, "grown"},
                            {Goal::taken, "taken"},
                            {Goal::reverted, "reverted"},
                            {Goal::gone, "gone"}}};
}

enum class OperationPhase { running, done, failed, cancelled };
constexpr auto words(OperationPhase) {
    return Words<OperationPhase, 4>{{{OperationPhase::running, "running"},
                                     {OperationPhase::done, "done"},
                                     {OperationPhase::failed, "failed"},
                                     {OperationPhase::cancelled, "cancelled"}}};
}

/// One request of a person or a program, followed to its end. Its name is the idempotency key of the
/// request, or its own id: repeating a request with a key finds the first one's operation.
struct OperationDeclared {
    Noun noun = Noun::instance;
    base::Uuid subject;
    std::string subject_name;
    Goal goal = Goal::exists;
    std::uint64_t count = 0;
    std::string actor;
    std::string request;

    friend bool operator==(const OperationDeclared&, const OperationDeclared&) = default;
    static constexpr auto fields() {
        using D = OperationDeclared;
        return std::tuple{field("noun", &D::noun, "what kind of thing it is about"),
                          field("subject", &D::subject, "which one"),
                          field("subject_name", &D::subject_name, "its name when it began"),
                          field("goal", &D::goal, "what shall hold at its end"),
                          field("count", &D::count, "for reboots, resets, reverts: which one"),
                          field("actor", &D::actor, "who asked"),
                          field("request", &D::request, "id of the request")};
    }
};

struct OperationObserved {
    OperationPhase phase = OperationPhase::running;
    std::string message;
    Instant finished;

    friend bool operator==(const OperationObserved&, const OperationObserved&) = default;
    static constexpr auto fields() {
        return std::tuple{
            field("phase", &OperationObserved::phase, "how far it is"),
            field("message", &OperationObserved::message, "what it waits for, or why it failed"),
            field("finished", &OperationObserved::finished, "when it ended")};
    }
};

struct OperationKind {
    using Id = OperationId;
    using Declared = OperationDeclared;
    using Claimed = Nothing;
    using Observed = OperationObserved;
    static constexpr Noun noun = Noun::operation;
};
using Operation = Record<OperationKind>;

/// All of them, in the order of Noun.
template <class Visit>
constexpr void for_each_noun(Visit&& visit) {
    const auto all = [&]<class... R>(std::type_identity<std::tuple<R...>>) {
        (visit(std::type_identity<R>{}), ...);
    };
    all(std::type_identity<std::tuple<Project, Host, Flavor, KeyPair, Image, Network, Volume,
                                      VolumeSnapshot, Port, Instance, Application, Operation>>{});
}

}  // namespace vdc::model
