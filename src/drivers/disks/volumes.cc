#include "drivers/disks/volumes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "drivers/disks/chain_files.h"
#include "drivers/disks/collapse.h"
#include "drivers/images/graph.h"
#include "drivers/images/own_files.h"
#include "drivers/images/published.h"
#include "drivers/images/qemu_img.h"
#include "runtime/files.h"

namespace vdc::drivers::disks {

using base::Error;
using base::MiB;
using base::Result;
using base::Status;
using control::VolumeSighting;
using control::VolumeSpec;
using runtime::Fd;

// ---- turns -------------------------------------------------------------------------------------

Volumes::Turn::Turn(Volumes& volumes, model::VolumeId volume) : volumes_(volumes), volume_(volume) {
    std::unique_lock lock(volumes_.mutex_);
    volumes_.free_.wait(lock, [&] { return volumes_.busy_.insert(volume_).second; });
}

Volumes::Turn::~Turn() {
    const std::lock_guard lock(volumes_.mutex_);
    volumes_.busy_.erase(volume_);
    volumes_.free_.notify_all();
}

// ---- what is there -----------------------------------------------------------------------------

/// Folders in the making and in the going bear names that are no ids.
static std::string making(const HostPaths& paths, model::VolumeId volume) {
    return paths.volumes() + "/.new-" + text(volume);
}
static std::string going(const HostPaths& paths, model::VolumeId volume) {
    return paths.volumes() + "/.gone-" + text(volume);
}

Status Volumes::start() {
    TRY(images::ensure_own_dir(paths_.volumes()));
    for (const std::string& name : TRY(runtime::list_dir(paths_.volumes())))
        if (name.starts_with(".new-") || name.starts_with(".gone-"))
            TRY(runtime::remove_tree(paths_.volumes() + "/" + name));
    return {};
}

Volumes::Seen Volumes::seen(model::VolumeId volume) const {
    if (!runtime::exists(paths_.volume(volume))) return VolumeSighting{};
    const Record record = TRY(read_record(paths_, volume));
    VolumeSighting seen{.present = true,
                        .size = {record.size_mib},
                        .snapshots = {},
                        .reverts = record.reverts,
                        .stored_size = {}};
    for (const Snapshot& snapshot : record.snapshots)
        if (!record.switching || record.switching->snapshot != snapshot.id)
            seen.snapshots.push_back(snapshot.id);
    // Of a file whose owner a job has on loan just now; nothing depends on the figure.
    const Result<base::Bytes> stored = stored_size(paths_, record);
    if (stored.ok()) seen.stored_size = *stored;
    return seen;
}

Volumes::Seen Volumes::look(model::VolumeId volume) {
    const Turn turn(*this, volume);
    return seen(volume);
}

Status Volumes::must_be_closed(const Record& record) const {
    for (const std::uint64_t number : chain(record, record.head))
        if (TRY(in_use(paths_, record, number)))
            return Error{Error::Code::conflict,
                         "volume " + text(record.volume) + " is open in a running QEMU",
                         "stop the instance that has it, or say which one it is"};
    return {};
}

/// Makes the new head that `next` names, then `next` the record.
static Status advance(const HostPaths& paths, Record& record, Record next) {
    Status done = make_overlay(paths.volume(next.volume), next.head, {next.size_mib});
    if (done.ok()) done = write_record(paths, next);
    if (done.ok()) {
        record = std::move(next);
        return {};
    }
    // Whichever record is there now, the files follow it.
    const Result<Record> there = read_record(paths, next.volume);
    if (there.ok()) (void)tidy(paths, *there);
    return done;
}

/// The record with a snapshot of what is written so far.
static Record with_snapshot(const Record& record, model::VolumeSnapshotId snapshot) {
    Record next = record;
    next.files.push_back({.number = next.next++, .parent = record.head});
    next.snapshots.push_back({snapshot, record.head});
    next.head = next.files.back().number;
    return next;
}

// ---- a snapshot of an open volume --------------------------------------------------------------

/// The record says what will be (new head, old head frozen, `switching`); then QEMU is told; then
/// the record is told that it is done. Between any two of these both heads lie on one chain, the
/// new one on top, so that a QEMU that is started anew reads what was written last.
Status Volumes::switch_over(Record& record, model::InstanceId instance) {
    const std::int64_t now = TRY(running_->layers(instance, record.volume));
    if (now <= record.switching->layers) {
        std::vector<Fd> files = TRY(open_chain(paths_, record, record.head));
        TRY(running_->snapshot(instance, record.volume,
                               {.fd = files[0].release(), .format = "qcow2", .read_only = false}));
    }
    Record next = record;
    next.switching.reset();
    TRY(write_record(paths_, next));
    record = next;
    return {};
}

static Record without_switching(const Record& record) {
    Record before = record;
    const std::uint64_t head = find_snapshot(record, record.switching->snapshot)->file;
    std::erase_if(before.files, [&](const File& file) { return file.number == record.head; });
    std::erase_if(before.snapshots, [&](const Snapshot& snapshot) {
        return snapshot.id == record.switching->snapshot;
    });
    before.head = head;
    before.switching.reset();
    return before;
}

Status Volumes::take_online(Record& record, model::VolumeSnapshotId snapshot,
                            model::InstanceId instance) {
    base::check(running_ != nullptr, "volumes know who runs them before the first effect");
    const int layers = TRY(running_->layers(instance, record.volume));
    Record next = with_snapshot(record, snapshot);
    next.switching = Switching{snapshot, layers};
    TRY(advance(paths_, record, std::move(next)));
    const Status switched = switch_over(record, instance);
    if (switched.ok()) return {};
    // Taken back only when QEMU itself says that nothing happened.
    const Result<int> now = running_->layers(instance, record.volume);
    if (now.ok() && *now <= layers) {
        record = without_switching(record);
        TRY(write_record(paths_, record));
        TRY(tidy(paths_, record));
    }
    return switched;
}

/// Ends what a crash or an unclear answer left half way.
Status Volumes::settle_snapshot(Record& record, const Instance& open_in) {
    if (!record.switching) return {};
    if (open_in && running_ != nullptr) return switch_over(record, *open_in);
    TRY(must_be_closed(record));
    Record next = record;
    next.switching.reset();
    TRY(write_record(paths_, next));
    record = std::move(next);
    return {};
}

Result<Record> Volumes::settled(model::VolumeId volume, const Instance& open_in) {
    Record record = TRY(read_record(paths_, volume));
    TRY(tidy(paths_, record));
    TRY(settle_snapshot(record, open_in));
    return record;
}

/// Space that cannot come back now comes back the next time; no effect fails for it.
void Volumes::collapse_what_can(Record& record, const Instance& open_in) {
    const bool open = open_in.has_value() || !must_be_closed(record).ok();
    (void)collapse(paths_, record, open ? Openness::open : Openness::closed);
}

// ---- effects -----------------------------------------------------------------------------------

static Status check_size(const HostPaths& paths, const VolumeSpec& volume) {
    if (volume.size.count <= 0 || volume.size > MiB{64 << 20})
        return Error{Error::Code::invalid, "a volume has 1MiB to 64TiB, not " + text(volume.size)};
    if (!volume.image) return {};
    const control::ImageSighting image = TRY(images::look(paths, *volume.image));
    if (!image.present)
        return Error{Error::Code::not_found,
                     "image " + text(*volume.image) + " is not on this host", "import it first"};
    if (base::bytes(volume.size) >= image.virtual_size) return {};
    return Error{Error::Code::invalid,
                 "a volume of " + text(volume.size) + " is too small for its image, which has " +
                     text(base::mib_holding(image.virtual_size)),
                 "ask for at least that much"};
}

Status Volumes::make(const VolumeSpec& volume) {
    TRY(check_size(paths_, volume));
    const std::string folder = making(paths_, volume.id);
    TRY(runtime::remove_tree(folder));
    TRY(images::ensure_own_dir(folder));
    TRY(write_overlay(folder, 0, volume.size));
    const Record record{.volume = volume.id,
                        .image = volume.image,
                        .size_mib = volume.size.count,
                        .reverts = volume.reverts,
                        .next = 1,
                        .files = {{.number = 0}}};
    TRY(runtime::write_file_atomic(folder + "/volume.json", record_text(record), 0600,
                                   runtime::Survives::our_crash));
    TRY(runtime::sync_dir_and_files(folder));
    if (::rename(folder.c_str(), paths_.volume(volume.id).c_str()) != 0)
        return runtime::system_error(errno,
                                     "cannot put volume " + text(volume.id) + " in its place");
    return runtime::sync_dir(paths_.volumes());
}

Volumes::Seen Volumes::run(const control::PrepareVolume& effect) {
    const Turn turn(*this, effect.volume.id);
    if (!runtime::exists(paths_.volume(effect.volume.id))) {
        if (effect.volume.is_kept)
            return Error{
                Error::Code::not_found,
                "the disk of volume " + text(effect.volume.id) + " is not on this host any more",
                "it is not made anew, for it would be empty: delete what uses it"};
        const Status made = make(effect.volume);
        if (!made.ok()) {
            (void)runtime::remove_tree(making(paths_, effect.volume.id));  // start() does, else
            return made.error();
        }
    }
    return seen(effect.volume.id);
}

Status Volumes::grow_closed(const Record& record, MiB size) {
    TRY(must_be_closed(record));
    const Fd head =
        TRY(images::open_own(paths_.volume(record.volume), file_name(record.head), O_RDWR));
    // What lies below is not larger than the head was: the new part reads as zeros by itself.
    TRY(images::run_qemu_img(
        paths_, {.what = "growing volume " + text(record.volume),
                 .key = tool_key(record.volume),
                 .arguments = {"resize", "-q", images::graph_of_chain({images::name_in_jail(0)}),
                               std::to_string(base::bytes(size).count)},
                 .to_write = {head.get()},
                 .file_size = file_size_max(size)}));
    if (::fsync(head.get()) != 0)
        return runtime::system_error(errno, "cannot write the grown volume to the disk");
    return {};
}

Volumes::Seen Volumes::run(const control::GrowVolume& effect) {
    const VolumeSpec& volume = effect.volume;
    const Turn turn(*this, volume.id);
    Record record = TRY(settled(volume.id, volume.open_in));
    if (volume.size < MiB{record.size_mib})
        return Error{Error::Code::invalid,
                     "volume " + text(volume.id) + " has " + text(MiB{record.size_mib}) +
                         " and cannot shrink to " + text(volume.size),
                     "make a smaller volume and copy what you need"};
    if (volume.size > MiB{64 << 20})
        return Error{Error::Code::invalid, "a volume has at most 64TiB, not " + text(volume.size)};
    if (volume.size > MiB{record.size_mib}) {
        if (volume.open_in && running_ != nullptr)
            TRY(running_->grow(*volume.open_in, volume.id, base::bytes(volume.size)));
        else
            TRY(grow_closed(record, volume.size));
        record.size_mib = volume.size.count;
        TRY(write_record(paths_, record));
    }
    return seen(volume.id);
}

static Status check_room(const Record& record) {
    if (record.files.size() < files_max) return {};
    return Error{Error::Code::exhausted,
                 "volume " + text(record.volume) + " has " + std::to_string(files_max) +
                     " files, as many as it may have",
                 "drop snapshots that are not needed any more"};
}

Volumes::Seen Volumes::run(const control::TakeSnapshot& effect) {
    const VolumeSpec& volume = effect.volume;
    const Turn turn(*this, volume.id);
    Record record = TRY(settled(volume.id, volume.open_in));
    if (find_snapshot(record, effect.snapshot) != nullptr) return seen(volume.id);
    TRY(check_room(record));
    if (volume.open_in) {
        TRY(take_online(record, effect.snapshot, *volume.open_in));
    } else {
        TRY(must_be_closed(record));
        TRY(advance(paths_, record, with_snapshot(record, effect.snapshot)));
    }
    TRY(tidy(paths_, record));
    collapse_what_can(record, volume.open_in);
    return seen(volume.id);
}

Volumes::Seen Volumes::run(const control::DropSnapshot& effect) {
    const VolumeSpec& volume = effect.volume;
    const Turn turn(*this, volume.id);
    Record record = TRY(settled(volume.id, volume.open_in));
    if (find_snapshot(record, effect.snapshot) != nullptr) {
        std::erase_if(record.snapshots,
                      [&](const Snapshot& snapshot) { return snapshot.id == effect.snapshot; });
        TRY(write_record(paths_, record));
    }
    collapse_what_can(record, volume.open_in);
    return seen(volume.id);
}

Volumes::Seen Volumes::run(const control::RevertVolume& effect) {
    const VolumeSpec& volume = effect.volume;
    const Turn turn(*this, volume.id);
    if (volume.open_in)
        return Error{Error::Code::conflict, "volume " + text(volume.id) + " is open in an instance",
                     "stop the instance first"};
    Record record = TRY(settled(volume.id, {}));
    if (record.reverts >= volume.reverts) return seen(volume.id);
    const Snapshot* snapshot =
        volume.revert_to ? find_snapshot(record, *volume.revert_to) : nullptr;
    if (snapshot == nullptr)
        return Error{Error::Code::not_found,
                     "volume " + text(volume.id) + " has no snapshot " +
                         (volume.revert_to ? text(*volume.revert_to) : "to go back to")};
    TRY(must_be_closed(record));
    TRY(check_room(record));
    Record next = record;
    std::erase_if(next.files, [&](const File& file) { return file.number == record.head; });
    next.files.push_back({.number = next.next++, .parent = snapshot->file});
    next.head = next.files.back().number;
    next.reverts = volume.reverts;
    TRY(advance(paths_, record, std::move(next)));
    TRY(tidy(paths_, record));
    collapse_what_can(record, {});
    return seen(volume.id);
}

Volumes::Seen Volumes::run(const control::RemoveVolume& effect) {
    const Turn turn(*this, effect.volume);
    TRY(runtime::remove_tree(going(paths_, effect.volume)));
    if (!runtime::exists(paths_.volume(effect.volume))) return VolumeSighting{};
    // A folder whose record is lost goes, too.
    const Result<Record> record = read_record(paths_, effect.volume);
    if (record.ok()) {
        TRY(tidy(paths_, *record));
        TRY(must_be_closed(*record));
    }
    if (::rename(paths_.volume(effect.volume).c_str(), going(paths_, effect.volume).c_str()) != 0)
        return runtime::system_error(errno, "cannot remove volume " + text(effect.volume));
    TRY(runtime::sync_dir(paths_.volumes()));
    TRY(runtime::remove_tree(going(paths_, effect.volume)));
    return seen(effect.volume);
}

// ---- opening -----------------------------------------------------------------------------------

Result<OpenedDisk> Volumes::open_disk(model::VolumeId volume) {
    const Turn turn(*this, volume);
    const Record record = TRY(settled(volume, {}));
    OpenedDisk disk;
    for (Fd& file : TRY(open_chain(paths_, record, record.head)))
        disk.layers.push_back(
            {.fd = file.release(), .format = "qcow2", .read_only = !disk.layers.empty()});
    return disk;
}

}  // namespace vdc::drivers::disks
