#pragma once

#include <string>

#include "base/result.h"
#include "base/units.h"
#include "runtime/fd.h"

/// Files that a process which we do not trust appends to for as long as it likes.
namespace vdc::drivers::qemu {

/// Opens it for appending, made with mode 0600 when it is not there.
base::Result<runtime::Fd> open_log(const std::string& path);

/// Gives the space of all but about the last `keep` bytes back to the file system. The file keeps
/// its size, and its front reads as zeros: so who appends notices nothing and nothing is lost in
/// between. Best effort.
void trim_log(const std::string& path, base::Bytes keep);

/// At most the last `size_max` bytes, without the zeros of a trimmed front.
base::Result<std::string> log_tail(const std::string& path, std::size_t size_max);

}  // namespace vdc::drivers::qemu
