#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "drivers/images/inspect.h"

namespace vdc::drivers::images {

/// What something else might take a file for. One file may bear several; that alone makes it
/// suspect.
struct Sign {
    enum class Kind {
        taken,    ///< a format that we import
        refused,  ///< a format that we know and do not import
        content,  ///< a file system on a raw disk (ISO 9660): fine when nothing else is there
    };
    Kind kind = Kind::refused;
    Format format = Format::raw;  ///< when taken
    std::string name;             ///< "QED", "LUKS"
    std::uint64_t at = 0;         ///< the byte where it was seen
    std::string advice;           ///< what to do next, when refused
};

/// All signs in the file, in the order of our table. Reads a few KiB.
base::Result<std::vector<Sign>> signs_of(const Source& source);

}  // namespace vdc::drivers::images
