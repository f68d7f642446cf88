#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "drivers/images/source.h"

/// What an uploaded image is, by our own bounded reading: nothing else opens it before.
/// `images/attacks_test.cc` holds each of the rules.
namespace vdc::drivers::images {

enum class Format { raw, qcow2, vmdk, vhd, vhdx };

/// "raw", "qcow2", "vmdk", "vhd", "vhdx".
std::string_view word(Format format);

struct Limits {
    std::uint64_t virtual_size_max = 0;  ///< bytes
};

/// A virtual disk may be this large whatever its file's size; beyond, at most `lie_factor` times
/// its file. So a file of a few bytes cannot claim a petabyte, and an empty disk of common size
/// still can be imported.
constexpr std::uint64_t virtual_size_always = std::uint64_t{64} << 30;
constexpr std::uint64_t lie_factor = 64;

struct Found {
    Format format = Format::raw;
    std::string variant;             ///< "v3", "streamOptimized", "dynamic", "iso9660"; for people
    std::uint64_t virtual_size = 0;  ///< bytes, a multiple of 512, at least 512
    friend bool operator==(const Found&, const Found&) = default;
};

/// Decides what the bytes are and whether they may be imported. `declared` is one of the words
/// above, or "auto". Exactly one format may match; what is recognised and not taken is refused by
/// its name. Time and memory are bounded: the walk over allocation tables reads at most as many
/// bytes as the file has. Errors name the field, its byte and what to do next.
base::Result<Found> inspect(const Source& source, std::string_view declared, const Limits& limits);

// The parts of inspect(), one per format; each expects its own magic and checks all else.

base::Result<Found> inspect_raw(const Source& source, const Limits& limits);
base::Result<Found> inspect_qcow2(const Source& source, const Limits& limits);
base::Result<Found> inspect_vmdk(const Source& source, const Limits& limits);
base::Result<Found> inspect_vhd(const Source& source, const Limits& limits);
base::Result<Found> inspect_vhdx(const Source& source, const Limits& limits);

/// Not zero, not above the limit, no lie.
base::Status check_virtual_size(const Source& source, std::uint64_t size, const Limits& limits);

}  // namespace vdc::drivers::images
