#pragma once

#include <cstdint>
#include <string_view>

namespace vdc::drivers::images {

/// CRC-32C (Castagnoli polynomial, reflected: RFC 3720 appendix B.4).
std::uint32_t crc32c(std::string_view bytes);

}  // namespace vdc::drivers::images
