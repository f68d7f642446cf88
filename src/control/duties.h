#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/effects.h"
#include "model/snapshot.h"

/// What one host has to make true, as read off a snapshot: the only thing that its agent needs to
/// know of the datacenter. Pure.
namespace vdc::control {

struct ImageDuty {
    ImageSpec image;
    bool keeper = false;                ///< imported here; otherwise brought from another host
    bool uploaded = false;              ///< its bytes lie in the keeper's upload folder
    bool gone = false;                  ///< it shall go
    std::optional<ImageSource> source;  ///< from where to bring it; none: nobody has it yet
    model::ImageSeen reported;
    friend bool operator==(const ImageDuty&, const ImageDuty&) = default;
};

struct VolumeDuty {
    VolumeSpec volume;  ///< open_in is left to the host's mind
    std::optional<model::InstanceId> instance;
    int slot = 0;
    bool gone = false;
    bool leaving = false;  ///< begin nothing with it any more, and say when nothing is under way
    /// Another host keeps it: this is where its instance moves to, or was (`gone`).
    bool is_copy = false;
    model::VolumeSeen copy_reported;  ///< then, in the place of `reported`
    model::Generation generation = 0;
    std::vector<model::VolumeSnapshotId> snapshots_gone;  ///< still there maybe, not wanted
    model::VolumeObserved reported;
    std::map<model::VolumeSnapshotId, model::VolumeSnapshotObserved> snapshots_reported;
    friend bool operator==(const VolumeDuty&, const VolumeDuty&) = default;
};

struct NetworkDuty {
    NetworkSpec network;
    bool needed = false;  ///< by a port here; otherwise it shall not be here
    model::NetworkSeen reported;
    friend bool operator==(const NetworkDuty&, const NetworkDuty&) = default;
};

struct FrontDuty {
    FrontSpec front;
    bool gone = false;
    model::FrontSeen reported;
    friend bool operator==(const FrontDuty&, const FrontDuty&) = default;
};

/// What the metadata service tells a guest about itself.
struct Metadata {
    std::string hostname;
    std::string project;
    std::string public_key;  ///< empty: none
    std::string key_name;
    std::string user_data;
    friend bool operator==(const Metadata&, const Metadata&) = default;
};

/// This host's end of a move. The duty of the receiver is in the generation of the run that comes
/// to be, and is nothing but to receive it; the duty of the sender is in that of the run which it
/// has, and beside the move nothing of it is obeyed: what stands against the move ends it first.
struct MoveDuty {
    model::Generation generation = 0;  ///< of the run that comes to be
    bool receives = false;             ///< otherwise it sends
    std::string other;                 ///< name of the other host
    std::string address;               ///< of a sender: where the other one takes streams
    bool is_awaited = false;           ///< of a sender: the other one is ready
    MoveRung rung = MoveRung::copy;
    friend bool operator==(const MoveDuty&, const MoveDuty&) = default;
};

struct InstanceDuty {
    InstanceSpec instance;
    model::Power power = model::Power::off;
    bool gone = false;  ///< being deleted: end it at once and leave nothing
    model::Restart restart = model::Restart::on_failure;
    std::uint64_t rules = 0;  ///< how often that was changed
    base::Duration stop_timeout{};
    Metadata metadata;
    model::InstanceObserved reported;
    std::optional<MoveDuty> move = {};
    /// Moves up to this generation that are not `move` are over, and will never be handed over to.
    /// Of later ones these duties know nothing yet.
    model::Generation moved = 0;
    /// A run of an earlier generation is this one's: the records were restored from a backup.
    bool adopts = false;
    friend bool operator==(const InstanceDuty&, const InstanceDuty&) = default;
};

/// Whether the duty is to receive a run, and nothing else.
bool receives(const InstanceDuty& duty);

struct Duties {
    model::Revision revision = 0;
    std::string host_name;
    model::Epoch epoch = 0;   ///< of the host, under which these are its duties
    bool epoch_over = false;  ///< it was fenced: nothing is begun before a new one is registered
    model::HostId host;
    /// What a restore means for it; `unheard`, too, when it has no record: then it is not known
    /// either what it may begin.
    model::AfterRestore after_restore = model::AfterRestore::none;
    std::vector<model::InstanceId> ends;       ///< strangers that are to be ended
    std::optional<model::HostFound> reported;  ///< what it said that it found
    std::map<model::ImageId, ImageDuty> images;
    std::map<model::VolumeId, VolumeDuty> volumes;
    std::map<model::NetworkId, NetworkDuty> networks;
    std::map<model::ApplicationId, FrontDuty> fronts;
    std::map<model::InstanceId, InstanceDuty> instances;
    friend bool operator==(const Duties&, const Duties&) = default;
};

Duties duties(const model::Snapshot& datacenter, model::HostId host);

/// Parts of a host's duties, by what each is about: an image, a volume, a network, an application
/// (its front), an instance; the host itself stands for all of them.
using Parts = std::set<model::Subject>;

/// All parts that the host has, one by one.
Parts all_parts(const model::Snapshot& datacenter, model::HostId host);

/// Reads these parts of the duties anew, and what is about the host as a whole; takes away those
/// that are duties no longer. Duties of an earlier snapshot are those of this one afterwards, when
/// the parts are all that changed between them (affected_hosts.h tells them).
void renew(Duties& duties, const model::Snapshot& datacenter, model::HostId host,
           const Parts& parts);

/// From where hosts bring the image: each from the first of these that it is not itself. The keeper
/// comes first, then the others that have it, in order; two, for more are never asked.
std::vector<ImageSource> image_sources(const model::Snapshot& datacenter,
                                       const model::Image& image);

/// The name of an application's front in its network, on all hosts that have the network.
std::optional<NameSpec> front_name(const model::Application& application);

/// Whether a host can have this address and others can reach it: no loopback or multicast one.
bool is_underlay(base::Ipv4 address);

/// Where other hosts reach this host's part of a network; none: nowhere.
base::Ipv4 underlay_of(const model::Host& host);

/// The number by which frames of this network are told from others' between hosts: its own in the
/// datacenter, and eight bits of its id. So two datacenters on one underlay hardly share any, and
/// neither do a network and an earlier one that had its number.
std::uint32_t vni_of(const model::Network& network);

/// The seed disk's three files, for cloud-init's NoCloud source.
SeedSpec seed(const model::Snapshot& datacenter, const model::Instance& instance);

}  // namespace vdc::control
