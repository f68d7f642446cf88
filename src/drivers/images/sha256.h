#pragma once

#include <string>

#include "base/result.h"

namespace vdc::drivers::images {

/// The SHA-256 (FIPS 180-4) of all bytes of an open file, as 64 hexadecimal digits.
/// `name` is for messages.
base::Result<std::string> sha256_of(int fd, const std::string& name);

}  // namespace vdc::drivers::images
