#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"

/// Files below the `run` folder: they need to survive us, but not the machine.
namespace vdc::drivers::networks {

/// As runtime::write_file_atomic(), but nothing waits for a disk: after a crash of ours there are
/// the old bytes or the new ones; after one of the machine what they tell of is gone as well.
base::Status write_note(const std::string& path, std::string_view bytes, mode_t mode = 0600);

/// The same, when the file does not hold these bytes already.
base::Status update_note(const std::string& path, std::string_view bytes, mode_t mode = 0600);

}  // namespace vdc::drivers::networks
