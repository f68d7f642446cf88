#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "drivers/host_paths.h"
#include "model/ids.h"

/// What a volume is made of. Its folder holds `volume.json`, this record, and qcow2 files that are
/// overlays on each other. The record alone says which file lies on which, and that all of them
/// are qcow2: no file is ever asked, for a guest may have written into it.
///
///     image  <-  0.qcow2  <-  1.qcow2  <-  3.qcow2 (head)
///                   ^             \-  (snapshot "b")
///                   \- (snapshot "a")      2.qcow2 lies on 0.qcow2, too: snapshot "c"
///
/// 1. The head is the one file that may be written; nothing lies on it, no snapshot is it.
/// 2. A snapshot is a file; that file is frozen.
/// 3. A file is there because it is the head, a snapshot, or because one of these lies on it.
/// 4. Files are made before the record names them, and removed after it no longer does. So after
///    a crash at any moment the record is right, and what it does not name is rubbish.
namespace vdc::drivers::disks {

struct File {
    std::uint64_t number = 0;                  ///< its name is NUMBER.qcow2
    std::optional<std::uint64_t> parent = {};  ///< the file it lies on; none: the image, or nothing
    friend bool operator==(const File&, const File&) = default;
};

struct Snapshot {
    model::VolumeSnapshotId id;
    std::uint64_t file = 0;
    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

/// A snapshot that was begun while a QEMU had the volume open. The record says already what will
/// be; whether the QEMU followed is seen by how many layers its disk has: `layers` before.
struct Switching {
    model::VolumeSnapshotId snapshot;
    std::int64_t layers = 0;
    friend bool operator==(const Switching&, const Switching&) = default;
};

struct Record {
    model::VolumeId volume;
    std::optional<model::ImageId> image = {};
    std::int64_t size_mib = 0;
    std::uint64_t reverts = 0;
    std::uint64_t next = 0;  ///< the number that the next file gets; never used twice
    std::uint64_t head = 0;
    std::vector<File> files = {};          ///< by number
    std::vector<Snapshot> snapshots = {};  ///< oldest first
    std::optional<Switching> switching = {};
    base::Json whole = {};  ///< as it was read: what a newer build added is kept

    friend bool operator==(const Record&, const Record&) = default;
};

/// The most files a volume may have: QEMU holds a descriptor for each.
constexpr std::size_t files_max = 200;

std::string file_name(std::uint64_t number);

const File* find_file(const Record& record, std::uint64_t number);
const Snapshot* find_snapshot(const Record& record, model::VolumeSnapshotId id);

/// The files from the head down, not with the image.
std::vector<std::uint64_t> chain(const Record& record, std::uint64_t from);
std::vector<std::uint64_t> children(const Record& record, std::uint64_t number);
bool is_snapshot(const Record& record, std::uint64_t number);

std::string record_text(const Record& record);
/// corrupt, with the reason, when the text is not a record or one of the rules above is broken.
base::Result<Record> parse_record(std::string_view text);

std::string record_path(const HostPaths& paths, model::VolumeId volume);
/// not_found when there is no such volume on this host.
base::Result<Record> read_record(const HostPaths& paths, model::VolumeId volume);
base::Status write_record(const HostPaths& paths, const Record& record);

/// The volumes on this host that lie on an image, in id order. A volume whose record cannot be
/// read counts: better to keep an image than to lose a disk.
base::Result<std::vector<model::VolumeId>> volumes_on(const HostPaths& paths, model::ImageId image);

}  // namespace vdc::drivers::disks
