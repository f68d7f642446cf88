#include "drivers/images/own_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/files.h"

namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;
using runtime::Fd;
using runtime::system_error;

Status ensure_own_dir(const std::string& folder) {
    return runtime::ensure_dir(folder, 0700);
}

static Result<Fd> open_beneath(const std::string& folder, const std::string& name, int flags,
                               mode_t mode) {
    const Fd within(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!within) return system_error(errno, "cannot open the folder " + folder);
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    Fd file(static_cast<int>(::syscall(SYS_openat2, within.get(), name.c_str(), &how, sizeof how)));
    if (!file) return system_error(errno, "cannot open " + folder + "/" + name);
    return file;
}

static Status check_own(const Fd& file, const std::string& path) {
    struct stat seen {};
    if (::fstat(file.get(), &seen) != 0) return system_error(errno, "cannot look at " + path);
    const auto wrong = [&](const char* what) {
        return Error{Error::Code::corrupt, path + " " + what,
                     "somebody changed the data folder by hand; put it back as it was"};
    };
    if (!S_ISREG(seen.st_mode)) return wrong("is not a regular file");
    if (seen.st_uid != 0) return wrong("does not belong to root");
    if (seen.st_nlink != 1) return wrong("has another name somewhere else");
    return {};
}

Result<Fd> open_own(const std::string& folder, const std::string& name, int flags) {
    // A pipe in its place must not keep us waiting.
    Fd file = TRY(open_beneath(folder, name, flags | O_NONBLOCK, 0));
    TRY(check_own(file, folder + "/" + name));
    if (::fcntl(file.get(), F_SETFL, 0) != 0)
        return system_error(errno, "cannot set the flags of " + folder + "/" + name);
    return file;
}

Status take_back(const std::string& folder, const std::string& name, mode_t mode) {
    const Fd file = TRY(open_beneath(folder, name, O_RDONLY | O_NONBLOCK, 0));
    if (::fchown(file.get(), 0, 0) == 0 && ::fchmod(file.get(), mode) == 0) return {};
    return system_error(errno, "cannot take back " + folder + "/" + name);
}

Result<Fd> create_own(const std::string& folder, const std::string& name, std::string_view head,
                      std::uint64_t size) {
    const std::string path = folder + "/" + name;
    Fd file = TRY(open_beneath(folder, name, O_RDWR | O_CREAT | O_EXCL, 0600));
    TRY(runtime::write_all(file.get(), head, path));
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0)
        return system_error(errno, "cannot set the size of " + path);
    return file;
}

Status freeze(const Fd& file, const std::string& name) {
    if (::fsync(file.get()) != 0)
        return system_error(errno, "cannot write " + name + " to the disk");
    if (::fchmod(file.get(), 0444) != 0) return system_error(errno, "cannot protect " + name);
    return {};
}

Result<base::Bytes> stored_size(const Fd& file, const std::string& name) {
    struct stat seen {};
    if (::fstat(file.get(), &seen) != 0) return system_error(errno, "cannot look at " + name);
    return base::Bytes{static_cast<std::int64_t>(seen.st_blocks) * 512};
}

}  // namespace vdc::drivers::images
