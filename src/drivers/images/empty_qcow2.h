#pragma once

#include <cstdint>
#include <string>

#include "base/units.h"

namespace vdc::drivers::images {

/// An empty qcow2 (version 3, clusters of 64 KiB, 16-bit refcounts) that names nothing: neither a
/// backing file nor its format. What lies below it is our record's to say, never the file's.
/// `head` is what stands at its beginning, all else up to `file_size` is zero.
struct EmptyQcow2 {
    std::string head;
    std::uint64_t file_size = 0;
};

/// For a disk of this size: 1 byte to 64 TiB.
EmptyQcow2 empty_qcow2(base::Bytes virtual_size);

}  // namespace vdc::drivers::images
