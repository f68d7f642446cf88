#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "drivers/disks/record.h"
#include "drivers/host_paths.h"
#include "runtime/fd.h"

/// The files that a record names.
namespace vdc::drivers::disks {

/// Makes FOLDER/NUMBER.qcow2, empty, of this size, on the disk. What stood there under that name
/// was rubbish and goes.
base::Status make_overlay(const std::string& folder, std::uint64_t number, base::MiB size);
/// The same, and it is the caller who sees to it that it gets to the disk.
base::Result<runtime::Fd> write_overlay(const std::string& folder, std::uint64_t number,
                                        base::MiB size);

/// Brings the folder into the state that the record describes: removes what it does not name, ends
/// a tool that a crash left at work, gives every file its owner and mode.
base::Status tidy(const HostPaths& paths, const Record& record);

/// Opens the files from `top` down to the image, the first to read and write when it is the head,
/// all others to read.
base::Result<std::vector<runtime::Fd>> open_chain(const HostPaths& paths, const Record& record,
                                                  std::uint64_t top);

/// Whether a QEMU has the file open (it holds locks on bytes 100 to 299, block/file-posix.c).
base::Result<bool> in_use(const HostPaths& paths, const Record& record, std::uint64_t number);

/// What all files of the volume take on the disk, without the image.
base::Result<base::Bytes> stored_size(const HostPaths& paths, const Record& record);

/// The most bytes that one file of a disk of this size can come to: all of it, and its tables.
base::Bytes file_size_max(base::MiB size);

/// The key under which a volume's tools run.
std::string tool_key(model::VolumeId volume);

}  // namespace vdc::drivers::disks
