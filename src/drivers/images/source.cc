#include "drivers/images/source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/fd.h"

namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;

static Status check_inside(std::uint64_t size, std::uint64_t offset, std::size_t length) {
    if (offset <= size && length <= size - offset) return {};
    return Error{Error::Code::corrupt,
                 "the image ends at byte " + std::to_string(size) + ", but " +
                     std::to_string(length) + " bytes at offset " + std::to_string(offset) +
                     " belong to it",
                 "it was cut short; upload it again"};
}

Status MemorySource::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
    TRY(check_inside(bytes_.size(), offset, into.size()));
    if (!into.empty()) std::memcpy(into.data(), bytes_.data() + offset, into.size());
    return {};
}

Result<FileSource> FileSource::of(int fd, std::string name) {
    struct stat seen {};
    if (::fstat(fd, &seen) != 0) return runtime::system_error(errno, "cannot look at " + name);
    if (!S_ISREG(seen.st_mode)) return Error{Error::Code::invalid, name + " is not a regular file"};
    return FileSource(fd, static_cast<std::uint64_t>(seen.st_size), std::move(name));
}

Status FileSource::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
    TRY(check_inside(size_, offset, into.size()));
    while (!into.empty()) {
        const ssize_t got = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return runtime::system_error(errno, "cannot read " + name_);
        if (got == 0)
            return Error{Error::Code::corrupt, name_ + " became shorter while it was read"};
        offset += static_cast<std::uint64_t>(got);
        into = into.subspan(static_cast<std::size_t>(got));
    }
    return {};
}

}  // namespace vdc::drivers::images
