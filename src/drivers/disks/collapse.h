#pragma once

#include "base/result.h"
#include "drivers/disks/record.h"
#include "drivers/host_paths.h"

namespace vdc::drivers::disks {

/// Whether a QEMU has the volume open now.
enum class Openness { closed, open };

/// Removes the files that nothing but the past needs: no snapshot and not the head.
///
///     nothing lies on it        it goes
///     one file lies on it       the two become one: what the upper one has is written into the
///                               lower one, which takes its place. An open volume's frozen files
///                               are not touched: the one file is made of copies, and the running
///                               QEMU keeps the two, which have no name any more, until it ends.
///                               Its head is left alone: that link stays until the next time
///     several files lie on it   it stays, as a link without a name
///
/// Cost: the upper file's size. Each step leaves a right record behind. After an error (a full
/// disk, for example) the record is right, and the rest is done the next time.
base::Status collapse(const HostPaths& paths, Record& record, Openness openness);

}  // namespace vdc::drivers::disks
