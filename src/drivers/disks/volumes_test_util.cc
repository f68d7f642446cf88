#include "drivers/disks/volumes_test_util.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "drivers/disks/chain_files.h"
#include "drivers/images/forge_test_util.h"
#include "runtime/files.h"

namespace vdc::drivers::disks {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;

// ---- a pretended QEMU --------------------------------------------------------------------------

/// The locks that QEMU takes (block/file-posix.c): shared ones, of the open file's own, on byte
/// 100 + N for what it does with a file (0 read, 1 write, 3 resize), and on 200 + N for what nobody
/// else may.
static void lock(const Fd& file, std::initializer_list<off_t> bytes, short type) {
    for (const off_t byte : bytes) {
        struct flock lock {};
        lock.l_type = type;
        lock.l_whence = SEEK_SET;
        lock.l_start = byte;
        lock.l_len = 1;
        EXPECT_EQ(::fcntl(file.get(), F_OFD_SETLK, &lock), 0);
    }
}

static void lock_to_read(const Fd& file) {
    lock(file, {100, 201, 203}, F_RDLCK);
}

static void lock_to_write(const Fd& file) {
    lock_to_read(file);
    lock(file, {101, 103}, F_RDLCK);
}

void PretendedQemu::open(model::InstanceId instance, model::VolumeId volume, OpenedDisk disk) {
    Open& open = open_[volume] = {.instance = instance, .layers = {}};
    for (std::size_t i = disk.layers.size(); i > 0; --i) {
        EXPECT_EQ(disk.layers[i - 1].format, "qcow2");
        EXPECT_EQ(disk.layers[i - 1].read_only, i != 1);
        open.layers.emplace_back(disk.layers[i - 1].fd);
        if (i == 1)
            lock_to_write(open.layers.back());
        else
            lock_to_read(open.layers.back());
    }
}

void PretendedQemu::close(model::VolumeId volume) {
    open_.erase(volume);
}

Result<PretendedQemu::Open*> PretendedQemu::find(model::InstanceId instance,
                                                 model::VolumeId volume) {
    const auto found = open_.find(volume);
    if (found != open_.end() && found->second.instance == instance) return &found->second;
    return Error{Error::Code::conflict, "the instance does not have the volume"};
}

Status PretendedQemu::grow(model::InstanceId instance, model::VolumeId volume, base::Bytes size) {
    TRY(find(instance, volume));
    heard.push_back("grow " + std::to_string(size.count));
    return {};
}

Status PretendedQemu::snapshot(model::InstanceId instance, model::VolumeId volume,
                               DiskLayer overlay) {
    Fd file(overlay.fd);
    Open* open = TRY(find(instance, volume));
    heard.push_back("snapshot");
    if (mood == Mood::refuses) return Error{Error::Code::failed, "QEMU refuses"};
    if (mood == Mood::hangs) {
        open_.erase(volume);
        return Error{Error::Code::timed_out, "QEMU is gone"};
    }
    put_on_top(*open, std::move(file));
    EXPECT_TRUE(told.empty() || runtime::write_file_atomic(told, "").ok());
    if (mood == Mood::obeys) return {};
    return Error{Error::Code::timed_out, "no answer"};
}

void PretendedQemu::put_on_top(Open& open, Fd overlay) {
    lock(open.layers.back(), {101, 103}, F_UNLCK);
    lock_to_write(overlay);
    open.layers.push_back(std::move(overlay));
}

void PretendedQemu::catch_up(model::VolumeId volume, const std::string& overlay) {
    if (!runtime::exists(told)) return;
    EXPECT_TRUE(runtime::remove_file(told).ok());
    put_on_top(open_.at(volume), Fd(::open(overlay.c_str(), O_RDWR | O_CLOEXEC)));
}

Result<int> PretendedQemu::layers(model::InstanceId instance, model::VolumeId volume) {
    return static_cast<int>(TRY(find(instance, volume))->layers.size());
}

std::string filled(char byte, std::size_t size) {
    return std::string(size, byte);
}

// ---- a host ------------------------------------------------------------------------------------

VolumeHost::VolumeHost() : volumes(paths) {
    volumes.use(qemu);
    EXPECT_TRUE(volumes.start().ok());
}

control::VolumeSpec VolumeHost::prepared(int number, std::optional<model::ImageId> image,
                                         std::int64_t mib) {
    VolumeSpec volume = spec(number, mib);
    volume.image = image;
    must_do(control::PrepareVolume{volume});
    return volume;
}

void VolumeHost::open(VolumeSpec& volume) {
    auto disk = volumes.open_disk(volume.id);
    ASSERT_TRUE(disk.ok()) << text(disk.error());
    qemu.open(instance, volume.id, std::move(*disk));
    volume.open_in = instance;
}

void VolumeHost::close(VolumeSpec& volume) {
    qemu.close(volume.id);
    volume.open_in.reset();
}

model::ImageId VolumeHost::publish() {
    const model::ImageId image = upload(images::forge::vmdk().data);
    const auto seen = images.run(import_of(image));
    EXPECT_TRUE(seen.ok()) << text(seen.error());
    return image;
}

control::VolumeSpec VolumeHost::spec(int number, std::int64_t mib) const {
    return {.id = {base::derive_uuid({2, 2}, "volume", static_cast<std::uint64_t>(number))},
            .size = {mib},
            .image = {},
            .snapshots = {},
            .revert_to = {},
            .reverts = 0,
            .open_in = {}};
}

model::VolumeSnapshotId snapshot_id(int number) {
    return {base::derive_uuid({3, 3}, "snapshot", static_cast<std::uint64_t>(number))};
}

Record VolumeHost::record(model::VolumeId volume) const {
    const auto record = read_record(paths, volume);
    EXPECT_TRUE(record.ok()) << text(record.error());
    return record.value_or(Record{});
}

/// By path and without locks: it looks over the shoulder of whoever has the volume open.
std::string VolumeHost::graph(model::VolumeId volume, std::uint64_t top) const {
    const Record now = record(volume);
    std::vector<std::string> files;
    for (const std::uint64_t number : chain(now, top))
        files.push_back(paths.volume(volume) + "/" + file_name(number));
    if (now.image) files.push_back(paths.image(*now.image));
    base::Json below;
    for (std::size_t i = files.size(); i > 0; --i)
        below = base::Json::object(
            {{"driver", "qcow2"},
             {"discard", "unmap"},
             {"file", base::Json::object(
                          {{"driver", "file"}, {"locking", "off"}, {"filename", files[i - 1]}})},
             {"backing", std::move(below)}});
    return "json:" + base::dump(below);
}

void VolumeHost::guest(model::VolumeId volume, const std::string& command) {
    const std::string said =
        must({"qemu-io", "-d", "unmap", "-c", command, graph(volume, record(volume).head)});
    EXPECT_EQ(said.find("failed"), std::string::npos) << said;
}

std::string VolumeHost::bytes_of(const std::string& graph) {
    const std::string raw = scratch + "/raw";
    must({"qemu-img", "convert", "-O", "raw", graph, raw});
    return runtime::read_file(raw, 256 << 20).value_or("(unreadable)");
}

std::string VolumeHost::bytes(model::VolumeId volume) {
    return bytes_of(graph(volume, record(volume).head));
}

std::string VolumeHost::bytes(model::VolumeId volume, model::VolumeSnapshotId snapshot) {
    const Record now = record(volume);
    const Snapshot* found = find_snapshot(now, snapshot);
    EXPECT_NE(found, nullptr);
    return found == nullptr ? "" : bytes_of(graph(volume, found->file));
}

std::vector<std::string> VolumeHost::names(model::VolumeId volume) const {
    return runtime::list_dir(paths.volume(volume)).value_or({});
}

void VolumeHost::expect_sound(model::VolumeId volume) {
    const Record now = record(volume);
    std::set<std::string> expected{"volume.json"};
    for (const File& file : now.files) {
        expected.insert(file_name(file.number));
        const std::string path = paths.volume(volume) + "/" + file_name(file.number);
        struct stat seen {};
        ASSERT_EQ(::stat(path.c_str(), &seen), 0) << path;
        EXPECT_EQ(seen.st_uid, 0u);
        EXPECT_EQ(seen.st_mode & 0777, file.number == now.head ? 0600u : 0444u) << path;
        must({"qemu-img", "check", "-q", "-U", "-f", "qcow2", path});
    }
    const std::vector<std::string> there = names(volume);
    EXPECT_EQ(std::set<std::string>(there.begin(), there.end()), expected);
}

// ---- killing -----------------------------------------------------------------------------------

static bool changes_something(unsigned long long call) {
    static const std::set<unsigned long long> calls{
        SYS_write,           SYS_pwrite64, SYS_ftruncate, SYS_rename,    SYS_renameat,
        SYS_renameat2,       SYS_unlink,   SYS_unlinkat,  SYS_mkdir,     SYS_mkdirat,
        SYS_fchmod,          SYS_chmod,    SYS_fchown,    SYS_rmdir,     SYS_fsync,
        SYS_copy_file_range, SYS_openat2,  SYS_clone3,    SYS_fdatasync, SYS_poll};
    return calls.count(call) != 0;
}

/// Lets it run to its next system call, entry and exit in turn. False when it has ended.
static bool to_next_stop(pid_t child, int& status) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, 0) != 0) return false;
    if (::waitpid(child, &status, __WALL) != child) return false;
    return WIFSTOPPED(status);
}

bool ended_before(int count, const std::function<void()>& deed) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        ::raise(SIGSTOP);
        deed();
        ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, __WALL), child);
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    for (int seen = 0, entry = 1; to_next_stop(child, status);) {
        if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
        user_regs_struct registers{};
        ::ptrace(PTRACE_GETREGS, child, nullptr, &registers);
        if (entry == 1 && changes_something(registers.orig_rax) && ++seen == count) {
            ::kill(child, SIGKILL);
            ::waitpid(child, &status, __WALL);
            return false;
        }
        entry = 1 - entry;
    }
    return true;
}

}  // namespace vdc::drivers::disks
