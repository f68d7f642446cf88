#pragma once

#include <string>

#include "base/result.h"
#include "runtime/fd.h"

/// Stream sockets in the file system, close-on-exec. Paths may be longer than the 107 bytes that
/// sockaddr_un holds. Errors name the path.
namespace vdc::drivers::qemu {

/// Listens at `path`, mode 0600; the path must be free. The socket blocks: QEMU gets it.
base::Result<runtime::Fd> listen_at(const std::string& path);

/// Connects without waiting: what listens need not accept yet. The socket does not block.
base::Result<runtime::Fd> connect_to(const std::string& path);

}  // namespace vdc::drivers::qemu
