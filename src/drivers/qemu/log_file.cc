#include "drivers/qemu/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace vdc::drivers::qemu {

using base::Result;
using runtime::Fd;
using runtime::system_error;

Result<Fd> open_log(const std::string& path) {
    Fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return system_error(errno, "cannot open " + path);
    return file;
}

void trim_log(const std::string& path, base::Bytes keep) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat seen {};
    if (!file || ::fstat(file.get(), &seen) != 0) return;
    // Twice as much may lie there, so that the hole grows seldom.
    const std::int64_t stored = std::int64_t{seen.st_blocks} * 512;
    if (std::min<std::int64_t>(seen.st_size, stored) <= 2 * keep.count) return;
    if (::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                    seen.st_size - keep.count) == 0)
        return;
    if (::ftruncate(file.get(), 0) != 0) return;  // no holes in this file system: all of it goes
}

Result<std::string> log_tail(const std::string& path, std::size_t size_max) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat seen {};
    if (!file || ::fstat(file.get(), &seen) != 0) return system_error(errno, "cannot open " + path);
    std::string bytes(std::min(size_max, static_cast<std::size_t>(seen.st_size)), 0);
    const ssize_t count = ::pread(file.get(), bytes.data(), bytes.size(),
                                  seen.st_size - static_cast<off_t>(bytes.size()));
    if (count < 0) return system_error(errno, "cannot read " + path);
    bytes.resize(static_cast<std::size_t>(count));
    bytes.erase(0, std::min(bytes.find_first_not_of('\0'), bytes.size()));
    return bytes;
}

}  // namespace vdc::drivers::qemu
