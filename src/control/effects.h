#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/addresses.h"
#include "base/hash.h"
#include "base/one_of.h"
#include "base/time.h"
#include "base/units.h"
#include "model/compute.h"
#include "model/ids.h"

/// The language between a host's mind and its hands: effects say what to do, one idempotent step
/// each; sightings say what is there. Specs are complete: an effect needs no other knowledge than
/// what it carries and what the driver finds on the host.
namespace vdc::control {

using base::Bytes;
using base::Instant;
using base::Ipv4;
using base::Ipv4Range;
using base::Mac;
using base::MiB;
using base::Vcpus;

// ---- images ------------------------------------------------------------------------------------

/// Formats as users name them: "raw", "qcow2", "vmdk", "vhd", "vhdx". The bytes to import lie in
/// the host's upload folder under the image's id.
struct ImageSpec {
    model::ImageId id;
    std::string format;      ///< as declared; "auto" lets the parser say (exactly one may match)
    std::string sha256;      ///< of the uploaded bytes, 64 hexadecimal digits, or empty
    MiB virtual_size_max{};  ///< larger virtual disks are refused
    friend bool operator==(const ImageSpec&, const ImageSpec&) = default;
};

struct ImageSighting {
    bool present = false;  ///< published: complete, checked, read-only, in our own qcow2
    std::string format;    ///< what the uploaded bytes were
    std::string sha256;    ///< of the uploaded bytes
    Bytes virtual_size{};
    Bytes stored_size{};
    friend bool operator==(const ImageSighting&, const ImageSighting&) = default;
};

struct ImportImage {
    ImageSpec image;
};

/// A host that has the published image, and what it has.
struct ImageSource {
    model::HostId host;
    std::string host_name;
    ImageSighting image;
    friend bool operator==(const ImageSource&, const ImageSource&) = default;
};

/// Brings the published image from another host, complete and checked, or leaves nothing. An image
/// that is here already is left alone.
struct FetchImage {
    ImageSpec image;
    ImageSource source;
};
struct RemoveImage {
    model::ImageId image;
};  ///< the published image and its upload, if there

// ---- volumes -----------------------------------------------------------------------------------

/// A disk. From an image it is a qcow2 overlay on the published image (which stays as long as
/// volumes need it); otherwise empty. All its files lie in the volume's own folder.
struct VolumeSpec {
    model::VolumeId id;
    MiB size{};  ///< never smaller than before
    std::optional<model::ImageId> image;
    std::vector<model::VolumeSnapshotId> snapshots;  ///< wanted, oldest first
    std::optional<model::VolumeSnapshotId> revert_to;
    std::uint64_t reverts = 0;  ///< grows with each wish to revert
    /// The running instance that has it open: then growing and snapshots go through its QEMU.
    std::optional<model::InstanceId> open_in{};
    std::string pool = "local";  ///< where its folder is: this host's own disks, or a shared pool
    bool is_kept = false;  ///< it was made long ago: what is not there is not made anew, but missed
    friend bool operator==(const VolumeSpec&, const VolumeSpec&) = default;
};

struct VolumeSighting {
    bool present = false;
    MiB size{};
    std::vector<model::VolumeSnapshotId> snapshots;  ///< oldest first
    std::uint64_t reverts = 0;                       ///< the last one done
    Bytes stored_size{};
    friend bool operator==(const VolumeSighting&, const VolumeSighting&) = default;
};

struct PrepareVolume {
    VolumeSpec volume;
};  ///< make it, if it is not there; not_found, if it is not there and `is_kept`
struct GrowVolume {
    VolumeSpec volume;
};
struct TakeSnapshot {
    VolumeSpec volume;
    model::VolumeSnapshotId snapshot;
};
struct DropSnapshot {
    VolumeSpec volume;
    model::VolumeSnapshotId snapshot;
};
/// Back to `revert_to`; later snapshots stay usable. The volume is not open in any instance: the
/// mind powers a running one off around it and on again.
struct RevertVolume {
    VolumeSpec volume;
};
struct RemoveVolume {
    model::VolumeId volume;
};

// ---- networks ----------------------------------------------------------------------------------

/// One network card's place in a network. Its rules are in place before it opens.
struct PortSpec {
    model::PortId id;
    Mac mac;
    Ipv4 address;
    std::string hostname;  ///< what DNS answers for it, without the domain
    bool anti_spoof = true;
    /// Its instance runs on another host still, and comes here: the card and its rules are as of
    /// any port, and frames for it go to the peer of the same mac, which is among `peers`.
    bool is_awaited = false;
    friend bool operator==(const PortSpec&, const PortSpec&) = default;
};

/// A name that DNS of the network answers beside its ports' hostnames.
struct NameSpec {
    std::string name;
    Ipv4 address;
    friend bool operator==(const NameSpec&, const NameSpec&) = default;
};

/// A port of the network on another host: the way to it, and what may come from there.
struct PeerSpec {
    Mac mac;
    Ipv4 address;
    Ipv4 underlay;  ///< of its host
    bool anti_spoof = true;
    friend bool operator==(const PeerSpec&, const PeerSpec&) = default;
};

/// An application's front in the network that another host carries.
struct FarFrontSpec {
    Ipv4 address;
    Ipv4 underlay;  ///< of its carrier
    friend bool operator==(const FarFrontSpec&, const FarFrontSpec&) = default;
};

/// As many ports of other hosts as one host is told of; those with the lowest ids.
inline constexpr std::size_t peers_max = 16'384;

/// A network as it must be on this host: namespace, bridge, gateway address, DHCP, DNS, metadata
/// address, NAT to the outside, the rules of all its ports here, and the tunnel to other hosts.
struct NetworkSpec {
    model::NetworkId id;
    int number = 0;  ///< 1 to 65535, unique in the datacenter; names devices
    Ipv4Range range;
    Ipv4 gateway;
    std::string domain;  ///< DNS domain of its instances, for example "net.internal"
    bool nat = true;
    int mtu = 1500;
    std::vector<PortSpec> ports;  ///< in id order
    std::vector<NameSpec> names;  ///< in name order
    /// Names it in the tunnel: 24 bits, unique in the datacenter; the lower 16 are the number.
    std::uint32_t vni = 0;
    Ipv4 underlay;                ///< this host's end of the tunnel; none: it has no tunnel
    std::vector<PeerSpec> peers;  ///< in the order of their ports' ids
    std::vector<FarFrontSpec> far_fronts;  ///< in the order of their applications' ids
    friend bool operator==(const NetworkSpec&, const NetworkSpec&) = default;
};

/// What tells one spec from another; equal specs have equal fingerprints.
base::Hash128 fingerprint(const NetworkSpec& network);

struct NetworkSighting {
    bool present = false;
    base::Hash128 applied;  ///< fingerprint of the spec that is in force
    friend bool operator==(const NetworkSighting&, const NetworkSighting&) = default;
};

struct ApplyNetwork {
    NetworkSpec network;
};  ///< all of it, from nothing or from another spec
struct RemoveNetwork {
    model::NetworkId network;
    int number = 0;
};

// ---- application fronts ------------------------------------------------------------------------

enum class FrontProtocol { tcp, http };

struct BackendSpec {
    model::InstanceId instance;
    std::string name;
    Ipv4 address;
    friend bool operator==(const BackendSpec&, const BackendSpec&) = default;
};

/// One address and port before an application's replicas. The address is unique in the datacenter
/// and reachable from the host and from the network.
struct FrontSpec {
    model::ApplicationId id;
    model::NetworkId network;
    int network_number = 0;
    std::string name;
    Ipv4 address;
    std::uint16_t port = 0;
    std::uint16_t target_port = 0;
    FrontProtocol protocol = FrontProtocol::http;
    std::string check_path;  ///< http only: a replica is ready when GET answers 2xx or 3xx; empty:
                             ///< when it connects
    std::vector<BackendSpec> backends;  ///< those that should run, in id order
    friend bool operator==(const FrontSpec&, const FrontSpec&) = default;
};

base::Hash128 fingerprint(const FrontSpec& front);

struct FrontSighting {
    bool present = false;
    base::Hash128 applied;
    std::vector<model::InstanceId> ready;  ///< backends whose check passes now, in id order
    friend bool operator==(const FrontSighting&, const FrontSighting&) = default;
};

struct ApplyFront {
    FrontSpec front;
};
struct LookFront {
    FrontSpec front;
};  ///< asks the running front who is ready
struct RemoveFront {
    model::ApplicationId application;
    model::NetworkId network;
    int network_number = 0;
};

// ---- instances ---------------------------------------------------------------------------------

struct DiskSpec {
    model::VolumeId volume;
    int slot = 0;  ///< 0 is the disk it boots from
    friend bool operator==(const DiskSpec&, const DiskSpec&) = default;
};

struct CardSpec {
    model::PortId port;
    model::NetworkId network;
    int network_number = 0;
    Mac mac;
    int mtu = 1500;
    friend bool operator==(const CardSpec&, const CardSpec&) = default;
};

/// The NoCloud seed: what cloud-init reads from the seed disk.
struct SeedSpec {
    std::string meta_data;
    std::string user_data;
    std::string network_config;
    friend bool operator==(const SeedSpec&, const SeedSpec&) = default;
};

/// How often each was asked for when a run began, or, for resets, when it was reset last. The run
/// carries them, so that a new agent knows which wishes were obeyed.
struct Wishes {
    std::uint64_t starts = 0;
    std::uint64_t reboots = 0;
    std::uint64_t resets = 0;
    friend bool operator==(const Wishes&, const Wishes&) = default;
};

struct InstanceSpec {
    model::InstanceId id;
    model::Generation generation = 0;
    std::string name;
    Vcpus vcpus{};
    MiB memory{};
    std::vector<DiskSpec> disks;  ///< in slot order; slot 0 is there
    std::vector<CardSpec> cards;
    SeedSpec seed;
    Wishes wishes;  ///< that this run obeys
    friend bool operator==(const InstanceSpec&, const InstanceSpec&) = default;
};

enum class RunState { running, paused };

// ---- moves (docs/migration.md) -----------------------------------------------------------------

using model::MoveRung;
using model::MoveStage;

/// One end of a move, on the host that sends the run or receives it.
struct MoveSighting {
    MoveStage stage = MoveStage::ready;
    model::Generation generation = 0;  ///< of the run that comes to be
    Bytes total{};                     ///< to send; what is sent again counts again
    Bytes left{};
    std::chrono::milliseconds pause{};  ///< of the guest, as far as the sender knows
    std::string message{};              ///< why it failed
    bool is_due = false;                ///< of a sender: the next step can be made now
    friend bool operator==(const MoveSighting&, const MoveSighting&) = default;
};

struct SendOrder {
    model::Generation generation = 0;  ///< of the run that comes to be
    std::vector<DiskSpec> disks{};     ///< that are copied
    MoveRung rung = MoveRung::copy;
    friend bool operator==(const SendOrder&, const SendOrder&) = default;
};

/// How a run ended. `guest_off`: the guest powered itself off (or obeyed PowerDown).
enum class Ending { guest_off, killed, crashed };

struct InstanceSighting {
    bool looked = false;               ///< false only before the first LookInstance
    bool alive = false;                ///< its QEMU process exists
    model::Generation generation = 0;  ///< of the run that is alive, or of the last one
    RunState run = RunState::running;  ///< meaningful while alive
    std::int64_t pid = 0;              ///< while alive
    Instant started;                   ///< of the run; the epoch if unknown
    Wishes wishes;                ///< that the run was launched with; resets as of the last Reset
    std::vector<DiskSpec> disks;  ///< attached now, in slot order
    std::optional<Ending> ended;  ///< of the last run, when not alive
    std::string ended_detail;     ///< "exit status 1: ...", "signal 9"
    std::string accelerator;      ///< "kvm" or "tcg", while alive
    bool leftovers = false;       ///< not alive, but its run folder, cgroup or taps are there
    /// Of a run that is being sent or received, from the order on; also when it is over, as long as
    /// it is not cleaned away: then `failed`. None again after CancelSend, and after the Resume of
    /// one that arrived.
    std::optional<MoveSighting> move{};
    std::string name{};  ///< that the run was launched under
    friend bool operator==(const InstanceSighting&, const InstanceSighting&) = default;
};

struct LookInstance {
    model::InstanceId instance;
};
struct Launch {
    InstanceSpec instance;
};  ///< refused when it is alive already
struct PowerDown {
    model::InstanceId instance;
};  ///< presses the ACPI button; does not wait
struct Kill {
    model::InstanceId instance;
};  ///< ends the process at once and waits for its end
struct Pause {
    model::InstanceId instance;
};
/// Also of a run that arrived: it is this host's own from then on. Refused while it is being sent,
/// or has not arrived.
struct Resume {
    model::InstanceId instance;
};
struct Reset {
    model::InstanceId instance;
    std::uint64_t resets = 0;  ///< becomes wishes.resets of the run
};
struct AttachVolume {
    InstanceSpec instance;
    DiskSpec disk;
    VolumeSpec volume;
};
struct DetachVolume {
    InstanceSpec instance;
    DiskSpec disk;
};
struct CleanInstance {
    model::InstanceId instance;
};  ///< removes leftovers; keeps volumes

/// Starts a run, in the spec's generation, that waits for a guest that runs on the host `from`.
/// Its volumes are there and hold nothing yet. Refused when it is alive already.
struct ReceiveInstance {
    InstanceSpec instance;
    std::string from;
};
/// Makes the next step of sending, and says how far it is. It is asked for again until `sent` or
/// `failed`. Refused while it is being sent in another generation.
struct SendInstance {
    model::InstanceId instance;
    SendOrder order;
    std::string address;   ///< where the receiver takes streams
    std::string receiver;  ///< the name of its host
};
/// Ends what is under way of the sending in that generation, and lets the guest go on. Not being
/// sent: fine. Refused when it is being sent in another generation.
struct CancelSend {
    model::InstanceId instance;
    model::Generation generation = 0;
};

// ------------------------------------------------------------------------------------------------

using AnyEffect =
    std::variant<ImportImage, FetchImage, RemoveImage, PrepareVolume, GrowVolume, TakeSnapshot,
                 DropSnapshot, RevertVolume, RemoveVolume, ApplyNetwork, RemoveNetwork, ApplyFront,
                 LookFront, RemoveFront, LookInstance, Launch, PowerDown, Kill, Pause, Resume,
                 Reset, AttachVolume, DetachVolume, CleanInstance, ReceiveInstance, SendInstance,
                 CancelSend>;

using AnySighting =
    std::variant<ImageSighting, VolumeSighting, NetworkSighting, FrontSighting, InstanceSighting>;

/// One thing that an agent does.
struct Effect : base::OneOf<AnyEffect> {
    using OneOf::OneOf;
};

/// What was seen of one thing.
struct Sighting : base::OneOf<AnySighting> {
    using OneOf::OneOf;
};

/// One line for logs: "launch web-1", "apply network 3".
std::string text(const Effect& effect);

}  // namespace vdc::control

extern template class vdc::base::OneOf<vdc::control::AnyEffect>;
extern template class vdc::base::OneOf<vdc::control::AnySighting>;
