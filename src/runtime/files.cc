#include "runtime/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/text.h"

namespace vdc::runtime {

using base::Error;
using base::Result;
using base::Status;

static std::string shown(const std::string& path) {
    return base::quoted(path, 4096);
}

static std::string parent_of(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// ---- reading and writing -----------------------------------------------------------------------

static Status read_all(int fd, const std::string& path, std::size_t size_max, std::string& bytes) {
    char buffer[16 << 10];
    for (;;) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(errno, "cannot read " + shown(path));
        if (got == 0) return {};
        bytes.append(buffer, static_cast<std::size_t>(got));
        if (bytes.size() > size_max)
            return Error{Error::Code::too_large, shown(path) + " has more than the " +
                                                     std::to_string(size_max) + " bytes allowed"};
    }
}

Result<std::string> read_file(const std::string& path, std::size_t size_max) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return system_error(errno, "cannot open " + shown(path));
    std::string bytes;
    TRY(read_all(file.get(), path, size_max, bytes));
    return bytes;
}

Status write_all(int fd, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return system_error(errno, "cannot write " + shown(path));
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

static Status fill(const Fd& file, const std::string& path, std::string_view bytes, mode_t mode) {
    if (::fchmod(file.get(), mode) != 0)
        return system_error(errno, "cannot set the mode of " + shown(path));
    return write_all(file.get(), bytes, path);
}

static Status sync(const Fd& file, const std::string& path) {
    if (::fsync(file.get()) != 0) return system_error(errno, "cannot sync " + shown(path));
    return {};
}

Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode,
                         Survives survives) {
    const bool lasting = survives == Survives::machine_crash;
    std::string temporary = path + ".tmp-XXXXXX";
    const Fd file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!file) return system_error(errno, "cannot make a file beside " + shown(path));
    Status done = fill(file, path, bytes, mode);
    if (done.ok() && lasting) done = sync(file, path);
    if (done.ok() && ::rename(temporary.c_str(), path.c_str()) != 0)
        done = system_error(errno, "cannot put " + shown(path) + " in place");
    if (!done.ok()) {
        ::unlink(temporary.c_str());
        return done;
    }
    return lasting ? sync_dir(parent_of(path)) : Status();
}

Status write_kernel_file(const std::string& path, std::string_view bytes) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return system_error(errno, "cannot open " + shown(path));
    const ssize_t wrote = ::write(file.get(), bytes.data(), bytes.size());
    if (wrote == static_cast<ssize_t>(bytes.size())) return {};
    return system_error(wrote < 0 ? errno : EIO,
                        "cannot write '" + base::quoted(bytes) + "' to " + shown(path));
}

Status sync_dir(const std::string& path) {
    const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return system_error(errno, "cannot open the folder " + shown(path));
    if (::fsync(folder.get()) != 0)
        return system_error(errno, "cannot sync the folder " + shown(path));
    return {};
}

/// First all is sent on its way: then the file system finds its places and writes its journal once.
Status sync_dir_and_files(const std::string& path) {
    std::vector<Fd> files;
    for (const std::string& name : TRY(list_dir(path))) {
        files.emplace_back(::open((path + "/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (!files.back()) return system_error(errno, "cannot open " + shown(path + "/" + name));
        ::sync_file_range(files.back().get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    }
    for (const Fd& file : files) TRY(sync(file, path));
    return sync_dir(path);
}

// ---- folders -----------------------------------------------------------------------------------

static Status make_parents(const std::string& path) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST)
            return system_error(errno, "cannot make the folder " + shown(part));
    }
    return {};
}

/// Mostly the parents are there, and each mkdir() in a folder waits for whoever works in it.
static Status make_dir(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
    if (errno != ENOENT) return system_error(errno, "cannot make the folder " + shown(path));
    TRY(make_parents(path));
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
    return system_error(errno, "cannot make the folder " + shown(path));
}

Status ensure_dir(const std::string& path, mode_t mode) {
    TRY(make_dir(path, mode));
    const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return system_error(errno, "cannot open the folder " + shown(path));
    struct stat seen {};
    if (::fstat(folder.get(), &seen) == 0 && (seen.st_mode & 07777) == mode) return {};
    if (::fchmod(folder.get(), mode) != 0)
        return system_error(errno, "cannot set the mode of " + shown(path));
    return {};
}

/// Names in the folder that `fd` is open on; takes `fd`.
static Result<std::vector<std::string>> names_in(Fd fd, const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(fd.get()), ::closedir);
    if (!folder) return system_error(errno, "cannot list " + shown(path));
    fd.release();
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(folder.get());
        if (entry == nullptr) break;
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    if (errno != 0) return system_error(errno, "cannot list " + shown(path));
    std::sort(names.begin(), names.end());
    return names;
}

static constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Result<std::vector<std::string>> list_dir(const std::string& path) {
    Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return system_error(errno, "cannot list " + shown(path));
    return names_in(std::move(folder), path);
}

// ---- removing ----------------------------------------------------------------------------------

static Status empty_folder(Fd folder, dev_t device, const std::string& path, int depth);

/// Goes by descriptors, so that nobody who swaps a folder for a link leads us elsewhere.
static Status remove_at(int parent, const std::string& name, dev_t device, const std::string& path,
                        int depth) {
    if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR) return system_error(errno, "cannot remove " + shown(path));
    Fd folder(::openat(parent, name.c_str(), folder_flags));
    if (!folder) return system_error(errno, "cannot open the folder " + shown(path));
    TRY(empty_folder(std::move(folder), device, path, depth));
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return system_error(errno, "cannot remove " + shown(path));
}

static Status empty_folder(Fd folder, dev_t device, const std::string& path, int depth) {
    static constexpr int depth_max = 64;
    struct stat seen {};
    if (::fstat(folder.get(), &seen) != 0)
        return system_error(errno, "cannot look at " + shown(path));
    if (seen.st_dev != device)
        return Error{Error::Code::conflict, shown(path) + " is a mount point and is not emptied",
                     "unmount it first"};
    if (depth > depth_max)
        return Error{Error::Code::too_large, shown(path) + " is nested too deep to be removed"};
    Fd listed(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 3));
    if (!listed) return system_error(errno, "cannot list " + shown(path));
    for (const std::string& name : TRY(names_in(std::move(listed), path)))
        TRY(remove_at(folder.get(), name, device, path + "/" + name, depth + 1));
    return {};
}

Status remove_tree(const std::string& path) {
    const std::size_t last = path.find_last_of('/');
    if (path.empty() || path[0] != '/' || last == 0 || last + 1 == path.size() ||
        path.find("/..") != std::string::npos || path.find("//") != std::string::npos)
        return Error{Error::Code::invalid, "'" + shown(path) + "' is not a path to remove whole"};
    const std::string parent = parent_of(path);
    const Fd folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder && errno == ENOENT) return {};
    if (!folder) return system_error(errno, "cannot open the folder " + shown(parent));
    struct stat seen {};
    if (::fstat(folder.get(), &seen) != 0)
        return system_error(errno, "cannot look at " + shown(parent));
    return remove_at(folder.get(), path.substr(last + 1), seen.st_dev, path, 0);
}

Status remove_file(const std::string& path) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return system_error(errno, "cannot remove " + shown(path));
}

// ---- the rest ----------------------------------------------------------------------------------

bool exists(const std::string& path) {
    struct stat seen {};
    return ::lstat(path.c_str(), &seen) == 0;
}

Result<Space> free_space(const std::string& path) {
    struct statvfs seen {};
    if (::statvfs(path.c_str(), &seen) != 0)
        return system_error(errno, "cannot look at the file system of " + shown(path));
    const auto blocks = [&](fsblkcnt_t count) {
        return base::Bytes{static_cast<std::int64_t>(count * seen.f_frsize)};
    };
    return Space{.size = blocks(seen.f_blocks), .free = blocks(seen.f_bavail)};
}

Result<FileLock> lock_file(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return system_error(errno, "cannot open the lock " + shown(path));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return system_error(errno, "cannot lock " + shown(path));
        const std::string owner = read_file(path, 100).value_or("");
        return Error{
            Error::Code::conflict, shown(path) + " is locked by process " + base::quoted(owner),
            "one daemon may use a folder at a time: stop that one, or give another folder"};
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(file.get(), 0) != 0)
        return system_error(errno, "cannot write the lock " + shown(path));
    TRY(write_all(file.get(), pid, path));
    return FileLock(std::move(file));
}

}  // namespace vdc::runtime
