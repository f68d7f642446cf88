#include "drivers/disks/collapse.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "drivers/disks/chain_files.h"
#include "drivers/images/graph.h"
#include "drivers/images/own_files.h"
#include "drivers/images/qemu_img.h"
#include "runtime/files.h"

namespace vdc::drivers::disks {

using base::Error;
using base::Result;
using base::Status;
using images::open_own;
using runtime::Fd;
using runtime::system_error;

namespace {

/// A file that only one other lies on.
struct Pair {
    std::uint64_t lower = 0;
    std::uint64_t upper = 0;
};

}  // namespace

// ---- writing the upper file into the lower one -------------------------------------------------

/// Both are given to the tool: it opens the upper one for writing, too.
static Status commit(const HostPaths& paths, const Record& record, const Fd& upper, const Fd& lower,
                     std::optional<std::uint64_t> below) {
    std::vector<Fd> rest;
    if (below)
        rest = TRY(open_chain(paths, record, *below));
    else if (record.image)
        rest.push_back(TRY(open_own(paths.images(), text(*record.image) + ".qcow2", O_RDONLY)));
    images::Job job{.what = "merging files of volume " + text(record.volume),
                    .key = tool_key(record.volume),
                    .to_write = {upper.get(), lower.get()},
                    .file_size = file_size_max({record.size_mib})};
    for (const Fd& file : rest) job.to_read.push_back(file.get());
    std::vector<std::string> names{images::name_in_jail(rest.size()),
                                   images::name_in_jail(rest.size() + 1)};
    for (std::size_t i = 0; i < rest.size(); ++i) names.push_back(images::name_in_jail(i));
    job.arguments = {"commit", "-q", "-d", images::graph_of_chain(names)};
    const std::int64_t stored = TRY(images::stored_size(upper, "the upper file")).count;
    job.cpu_seconds = static_cast<int>(60 + 60 * (stored >> 32));
    TRY(images::run_qemu_img(paths, job));
    if (::fsync(lower.get()) != 0)
        return system_error(errno, "cannot write a merged file to the disk");
    return {};
}

/// A merge that was killed leaves clusters that nobody uses, which is safe, but room lost for good:
/// gives them back.
static Status free_leaks(const HostPaths& paths, const Record& record, const Fd& file) {
    images::Job job{.what = "checking a file of volume " + text(record.volume),
                    .key = tool_key(record.volume),
                    .to_write = {file.get()},
                    .file_size = file_size_max({record.size_mib})};
    const std::string only = images::graph_of_chain(std::vector{images::name_in_jail(0)});
    job.arguments = {"check", "-q", "-r", "leaks", only};
    return images::run_qemu_img(paths, job);
}

/// `now` takes the place of `was`: as snapshot, as head, as what others lie on.
static void take_place(Record& record, std::uint64_t was, std::uint64_t now) {
    for (File& file : record.files)
        if (file.parent == was) file.parent = now;
    for (Snapshot& snapshot : record.snapshots)
        if (snapshot.file == was) snapshot.file = now;
    if (record.head == was) record.head = now;
    std::erase_if(record.files, [&](const File& file) { return file.number == was; });
}

static Status write_and_tidy(const HostPaths& paths, Record& record, Record next) {
    TRY(write_record(paths, next));
    record = std::move(next);
    return tidy(paths, record);
}

static Status merge_in_place(const HostPaths& paths, Record& record, const Pair& pair) {
    const std::string folder = paths.volume(record.volume);
    {
        const Fd upper = TRY(open_own(folder, file_name(pair.upper), O_RDWR));
        const Fd lower = TRY(open_own(folder, file_name(pair.lower), O_RDWR));
        // Modes are of no matter to us, but they are to the tool, which opens anew.
        if (::fchmod(upper.get(), 0600) != 0 || ::fchmod(lower.get(), 0600) != 0)
            return system_error(errno, "cannot open files of " + folder + " for merging");
        TRY(free_leaks(paths, record, lower));  // of a try before
        TRY(commit(paths, record, upper, lower, find_file(record, pair.lower)->parent));
    }
    Record next = record;
    take_place(next, pair.upper, pair.lower);
    return write_and_tidy(paths, record, std::move(next));
}

// ---- the same with copies ----------------------------------------------------------------------

static Status copy_stretch(const Fd& from, const Fd& to, off_t begin, off_t end) {
    while (begin < end) {
        off_t in = begin, out = begin;
        const ssize_t copied = ::copy_file_range(from.get(), &in, to.get(), &out,
                                                 static_cast<std::size_t>(end - begin), 0);
        if (copied < 0 && errno == EINTR) continue;
        if (copied < 0) return system_error(errno, "cannot copy a disk's file");
        if (copied == 0) return Error{Error::Code::corrupt, "a disk's file became shorter"};
        begin += copied;
    }
    return {};
}

/// Shares the blocks where the file system can, and keeps holes where it cannot.
static Result<Fd> copy_of(const std::string& folder, std::uint64_t number,
                          const std::string& name) {
    const Fd from = TRY(open_own(folder, file_name(number), O_RDONLY));
    struct stat seen {};
    if (::fstat(from.get(), &seen) != 0) return system_error(errno, "cannot look at a disk's file");
    TRY(runtime::remove_file(folder + "/" + name));
    Fd to = TRY(images::create_own(folder, name, "", static_cast<std::uint64_t>(seen.st_size)));
    if (::ioctl(to.get(), FICLONE, from.get()) == 0) return to;
    for (off_t end = 0;;) {
        const off_t begin = ::lseek(from.get(), end, SEEK_DATA);
        if (begin < 0 && errno == ENXIO) return to;
        if (begin < 0) return system_error(errno, "cannot find the data of a disk's file");
        end = ::lseek(from.get(), begin, SEEK_HOLE);
        if (end < 0) return system_error(errno, "cannot find the data of a disk's file");
        TRY(copy_stretch(from, to, begin, end));
    }
}

static Status merge_copies(const HostPaths& paths, Record& record, const Pair& pair) {
    const std::string folder = paths.volume(record.volume);
    Record next = record;
    const File merged{.number = next.next++, .parent = find_file(record, pair.lower)->parent};
    {
        const Fd lower = TRY(copy_of(folder, pair.lower, file_name(merged.number)));
        const Fd upper = TRY(copy_of(folder, pair.upper, "upper.tmp"));
        TRY(commit(paths, record, upper, lower, merged.parent));
    }
    next.files.push_back(merged);
    take_place(next, pair.upper, merged.number);
    std::erase_if(next.files, [&](const File& file) { return file.number == pair.lower; });
    return write_and_tidy(paths, record, std::move(next));
}

// ---- what to do next ---------------------------------------------------------------------------

static bool forgotten(const Record& record, const File& file) {
    return file.number != record.head && !is_snapshot(record, file.number);
}

static std::optional<std::uint64_t> needless(const Record& record) {
    for (const File& file : record.files)
        if (forgotten(record, file) && children(record, file.number).empty()) return file.number;
    return std::nullopt;
}

static std::optional<Pair> mergeable(const Record& record, Openness openness) {
    for (const File& file : record.files) {
        const std::vector<std::uint64_t> above = children(record, file.number);
        if (!forgotten(record, file) || above.size() != 1) continue;
        if (openness == Openness::open && above[0] == record.head) continue;
        return Pair{file.number, above[0]};
    }
    return std::nullopt;
}

static Status merge(const HostPaths& paths, Record& record, const Pair& pair, Openness openness) {
    const Status done = openness == Openness::open ? merge_copies(paths, record, pair)
                                                   : merge_in_place(paths, record, pair);
    if (!done.ok()) (void)tidy(paths, record);  // the first error is the one to tell
    return done;
}

Status collapse(const HostPaths& paths, Record& record, Openness openness) {
    while (const auto number = needless(record)) {
        Record next = record;
        std::erase_if(next.files, [&](const File& file) { return file.number == *number; });
        TRY(write_and_tidy(paths, record, std::move(next)));
    }
    // A file goes with each merge: it ends.
    while (const auto pair = mergeable(record, openness))
        TRY(merge(paths, record, *pair, openness));
    return {};
}

}  // namespace vdc::drivers::disks
