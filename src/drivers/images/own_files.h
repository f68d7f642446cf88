#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "runtime/fd.h"

/// Files in folders of ours, opened so that nothing else can be meant: no link is followed, the
/// file is a regular one, root's, and has this one name.
namespace vdc::drivers::images {

/// Makes the folder (its parents too) so that only root may enter it.
base::Status ensure_own_dir(const std::string& folder);

/// Opens FOLDER/NAME with `flags` (O_RDONLY or O_RDWR). not_found when it is not there, corrupt
/// when it is not what it must be.
base::Result<runtime::Fd> open_own(const std::string& folder, const std::string& name, int flags);

/// Gives FOLDER/NAME back to root, with this mode: a job that was killed had it on loan.
base::Status take_back(const std::string& folder, const std::string& name, mode_t mode);

/// Makes FOLDER/NAME, which must not be there (mode 0600), open to read and write, with `head` at
/// its beginning and zeros from there to `size`.
base::Result<runtime::Fd> create_own(const std::string& folder, const std::string& name,
                                     std::string_view head, std::uint64_t size);

/// Its bytes are on the disk, nobody may write it any more, all who hold it may open it again.
/// (The folder is root's alone: nobody else comes to hold it.)
base::Status freeze(const runtime::Fd& file, const std::string& name);

/// What it takes on the disk.
base::Result<base::Bytes> stored_size(const runtime::Fd& file, const std::string& name);

}  // namespace vdc::drivers::images
