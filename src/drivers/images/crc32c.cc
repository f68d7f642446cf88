#include "drivers/images/crc32c.h"

#include <array>

namespace vdc::drivers::images {

static constexpr std::array<std::uint32_t, 256> remainders = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t rest = i;
        for (int bit = 0; bit < 8; ++bit)
            rest = (rest & 1) != 0 ? rest >> 1 ^ 0x82f63b78 : rest >> 1;
        table[i] = rest;
    }
    return table;
}();

std::uint32_t crc32c(std::string_view bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const char byte : bytes)
        crc = crc >> 8 ^ remainders[(crc ^ static_cast<std::uint8_t>(byte)) & 0xff];
    return ~crc;
}

}  // namespace vdc::drivers::images
