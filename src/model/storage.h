#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "model/parts.h"

/// Images, volumes and the snapshots of volumes.
namespace vdc::model {

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
    template <class D = ImageDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("format", &D::format, "of the file to import; auto: found out", {},
                  Mutability::at_creation),
            field("sha256", &D::sha256,
                  "that the file to import must have, 64 hexadecimal digits, or empty", {0, 64},
                  Mutability::at_creation),
            field("description", &D::description, "what it is", {0, 1000}),
            field("uploaded", &D::uploaded, "whether its bytes have arrived", {},
                  Mutability::computed)};
    }
};

struct ImageClaimed {
    std::optional<HostId> host;
    Places places;
    Generation generation = 0;

    friend bool operator==(const ImageClaimed&, const ImageClaimed&) = default;
    template <class D = ImageClaimed>
    static constexpr auto fields() {
        return std::tuple{
            field("host", &D::host, "the host that imports it"),
            field("places", &D::places, "hosts that have it, or to which it is brought"),
            field("generation", &D::generation, "the highest of a place so far")};
    }
};

/// What one host saw of an image: the one that imports it, or one to which it is brought.
struct ImageSeen {
    HostId host;
    Generation generation = 0;
    ImagePhase phase = ImagePhase::waiting;
    std::string format;
    std::string sha256;
    Bytes virtual_size{};
    Bytes stored_size{};
    std::string message;

    bool gone() const { return phase == ImagePhase::absent; }
    friend bool operator==(const ImageSeen&, const ImageSeen&) = default;
    template <class D = ImageSeen>
    static constexpr auto fields() {
        return std::tuple{field("host", &D::host, "that saw it"),
                          field("generation", &D::generation, "of its place"),
                          field("phase", &D::phase, "how far it is there"),
                          field("format", &D::format, "that the imported file had"),
                          field("sha256", &D::sha256, "of the imported file"),
                          field("virtual_size", &D::virtual_size, "of the disk, in bytes"),
                          field("stored_size", &D::stored_size, "on the host's disk, in bytes"),
                          field("message", &D::message, "why it failed")};
    }
};

/// The first fields follow from what the importing host saw (apply.h).
struct ImageObserved {
    using OnHost = ImageSeen;

    ImagePhase phase = ImagePhase::waiting;
    std::string format;
    std::string sha256;
    Bytes virtual_size{};
    Bytes stored_size{};
    std::string message;
    std::vector<ImageSeen> hosts;

    friend bool operator==(const ImageObserved&, const ImageObserved&) = default;
    template <class D = ImageObserved>
    static constexpr auto fields() {
        return std::tuple{field("phase", &D::phase, "how far the import is"),
                          field("format", &D::format, "that the imported file had"),
                          field("sha256", &D::sha256, "of the imported file"),
                          field("virtual_size", &D::virtual_size, "of the disk, in bytes"),
                          field("stored_size", &D::stored_size, "on the host's disk, in bytes"),
                          field("message", &D::message, "why it failed"),
                          field("hosts", &D::hosts, "what each host saw of it")};
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

// ---- volume, volume snapshot -------------------------------------------------------------------

struct VolumeDeclared {
    MiB size{};
    std::optional<ImageId> image;
    std::optional<InstanceId> instance;
    std::int64_t slot = 0;
    bool delete_with_instance = false;
    std::string pool{local_pool};
    std::optional<VolumeSnapshotId> revert_to;
    std::uint64_t reverts = 0;

    friend bool operator==(const VolumeDeclared&, const VolumeDeclared&) = default;
    template <class D = VolumeDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("size", &D::size, "for example 10GiB; it can grow, never shrink", {1, 64 << 20}),
            field("image", &D::image, "what it begins with; none: empty", {},
                  Mutability::at_creation),
            field("instance", &D::instance, "the instance that it is attached to"),
            field("slot", &D::slot, "place in the instance; 0 is the disk it boots from", {0, 15},
                  Mutability::computed),
            field("delete_with_instance", &D::delete_with_instance,
                  "whether it ends with its instance"),
            field("pool", &D::pool,
                  "where it is kept: local, on the disks of one host; or a pool that hosts reach",
                  {1, 63}, Mutability::at_creation),
            field("revert_to", &D::revert_to, "the snapshot last gone back to", {},
                  Mutability::computed),
            field("reverts", &D::reverts, "times that going back was asked for", {},
                  Mutability::computed)};
    }
};

/// `places` are hosts that have a copy of a local volume beside `host`: where its instance moves to
/// (needed), and where it was, or should have come, and the copy goes.
struct VolumeClaimed {
    std::optional<HostId> host;
    Generation generation = 0;
    Epoch epoch = 0;
    StorageKind storage = StorageKind::local;
    bool leaving = false;
    Places places{};

    friend bool operator==(const VolumeClaimed&, const VolumeClaimed&) = default;
    template <class D = VolumeClaimed>
    static constexpr auto fields() {
        return std::tuple{
            field("host", &D::host, "the host that keeps it"),
            field("generation", &D::generation, "claims so far"),
            field("epoch", &D::epoch, "of the host, when claimed"),
            field("storage", &D::storage, "what keeps it"),
            field("leaving", &D::leaving, "whether its host shall let go of it, for another one"),
            field("places", &D::places,
                  "other hosts that have a copy: one to which it moves, those it "
                  "goes from")};
    }
};

/// What a host sees of its copy of a volume that lies, or lay, on another one.
struct VolumeSeen {
    HostId host;
    Generation generation = 0;
    Presence presence = Presence::unknown;
    std::string message;

    bool gone() const { return presence == Presence::absent; }
    friend bool operator==(const VolumeSeen&, const VolumeSeen&) = default;
    template <class D = VolumeSeen>
    static constexpr auto fields() {
        return std::tuple{field("host", &D::host, "that saw it"),
                          field("generation", &D::generation, "of its place"),
                          field("presence", &D::presence, "whether the copy is there"),
                          field("message", &D::message, "what stands in the way")};
    }
};

/// `hosts` is what others see than the host that keeps it, who says all the rest.
struct VolumeObserved {
    using OnHost = VolumeSeen;

    Presence presence = Presence::unknown;
    MiB size{};
    std::optional<InstanceId> attached;
    std::uint64_t reverts = 0;
    std::string message;
    Generation left = 0;
    std::vector<VolumeSeen> hosts{};

    friend bool operator==(const VolumeObserved&, const VolumeObserved&) = default;
    template <class D = VolumeObserved>
    static constexpr auto fields() {
        return std::tuple{field("presence", &D::presence, "whether it exists on its host"),
                          field("size", &D::size, "its present size"),
                          field("attached", &D::attached, "the running instance that has it open"),
                          field("reverts", &D::reverts, "times that it went back"),
                          field("left", &D::left, "the claim that its host has let go of"),
                          field("message", &D::message, "what stands in the way"),
                          field("hosts", &D::hosts, "what hosts see that have a copy of it")};
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
    template <class D = VolumeSnapshotDeclared>
    static constexpr auto fields() {
        return std::tuple{
            field("volume", &D::volume, "whose past it keeps", {}, Mutability::at_creation),
            field("description", &D::description, "what it is for", {0, 1000})};
    }
};

struct VolumeSnapshotObserved {
    Presence presence = Presence::unknown;
    std::string message;

    friend bool operator==(const VolumeSnapshotObserved&, const VolumeSnapshotObserved&) = default;
    template <class D = VolumeSnapshotObserved>
    static constexpr auto fields() {
        return std::tuple{field("presence", &D::presence, "whether it was taken"),
                          field("message", &D::message, "what stands in the way")};
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

}  // namespace vdc::model
