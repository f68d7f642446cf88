#pragma once

#include <string>

#include "base/result.h"
#include "control/effects.h"
#include "runtime/fd.h"

namespace vdc::drivers::qemu {

/// The NoCloud seed disk: an ISO 9660 image (ECMA-119, with Rock Ridge names) labelled CIDATA that
/// holds meta-data, user-data and network-config. Equal seeds give equal bytes.
/// too_large when a file passes 1 MiB. The files that are empty are left out; when all are, so is
/// the disk: the image is empty.
base::Result<std::string> seed_image(const control::SeedSpec& seed);

/// A descriptor, opened read-only, of a file without a name that holds these bytes and that nobody
/// can change: user-data may hold secrets, which then never reach a host's disk.
base::Result<runtime::Fd> sealed_file(const std::string& bytes);

}  // namespace vdc::drivers::qemu
