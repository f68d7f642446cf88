#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace vdc::drivers::images {

/// What the descriptor must agree with.
struct VmdkExtent {
    std::uint64_t capacity = 0;  ///< sectors, as the extent's header says
    bool stream = false;         ///< streamOptimized; otherwise monolithicSparse
};

/// Holds a VMDK's text descriptor, line by line, against what may stand in it: comments, known
/// keys, and exactly one sparse extent, this very file. Any line beyond is refused, for a
/// descriptor can name files of the host as the disk's data or as its parent.
/// `text` is the descriptor's whole place in the file: after a NUL there may be nothing but NULs.
base::Status check_vmdk_descriptor(std::string_view text, const VmdkExtent& extent);

}  // namespace vdc::drivers::images
