#include "drivers/networks/notes.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/fd.h"
#include "runtime/files.h"

namespace vdc::drivers::networks {

using base::Status;
using runtime::Fd;
using runtime::system_error;

static Status fill(const std::string& path, std::string_view bytes, mode_t mode) {
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file || ::fchmod(file.get(), mode) != 0)
        return system_error(errno, "cannot write " + path);
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(file.get(), bytes.data(), bytes.size());
        if (wrote < 0) return system_error(errno, "cannot write " + path);
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

Status write_note(const std::string& path, std::string_view bytes, mode_t mode) {
    const std::string fresh = path + ".new";
    TRY(fill(fresh, bytes, mode));
    if (::rename(fresh.c_str(), path.c_str()) != 0)
        return system_error(errno, "cannot rename " + fresh);
    return {};
}

Status update_note(const std::string& path, std::string_view bytes, mode_t mode) {
    const auto old = runtime::read_file(path, bytes.size() + 1);
    if (old.ok() && *old == bytes) return {};
    return write_note(path, bytes, mode);
}

}  // namespace vdc::drivers::networks
