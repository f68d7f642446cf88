#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "drivers/images/source.h"

namespace vdc::drivers::images {

/// A piece of an image, read once, whose fields are taken by their offset in it. Asking for a
/// field outside of it is a mistake of ours.
class Block {
  public:
    /// `what` names it in the error ("qcow2 header"). At most 2 MiB.
    static base::Result<Block> read(const Source& source, std::uint64_t offset, std::size_t length,
                                    std::string_view what);

    std::size_t size() const { return bytes_.size(); }
    std::uint16_t be16(std::size_t at) const { return static_cast<std::uint16_t>(big(at, 2)); }
    std::uint32_t be32(std::size_t at) const { return static_cast<std::uint32_t>(big(at, 4)); }
    std::uint64_t be64(std::size_t at) const { return big(at, 8); }
    std::uint16_t le16(std::size_t at) const { return static_cast<std::uint16_t>(little(at, 2)); }
    std::uint32_t le32(std::size_t at) const { return static_cast<std::uint32_t>(little(at, 4)); }
    std::uint64_t le64(std::size_t at) const { return little(at, 8); }
    std::uint8_t u8(std::size_t at) const { return static_cast<std::uint8_t>(big(at, 1)); }

    std::string_view text(std::size_t at, std::size_t length) const;
    std::string_view text() const { return text(0, size()); }

    /// Whether the bytes from `begin` up to `end` are all zero.
    bool zero(std::size_t begin, std::size_t end) const;

    /// Overwrites bytes with zeros: for checksums that leave themselves out.
    void blank(std::size_t at, std::size_t length);

  private:
    explicit Block(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
    std::uint64_t big(std::size_t at, std::size_t width) const;
    std::uint64_t little(std::size_t at, std::size_t width) const;

    std::vector<std::uint8_t> bytes_;
};

/// "l1_size (byte 36) is 4": how every message names the field it is about.
std::string field(std::string_view name, std::uint64_t byte, std::uint64_t value);

constexpr std::uint64_t rounded_up(std::uint64_t value, std::uint64_t unit) {
    return value % unit == 0 ? value : value + (unit - value % unit);
}

constexpr std::uint64_t divided_up(std::uint64_t value, std::uint64_t unit) {
    return value / unit + (value % unit != 0 ? 1 : 0);
}

constexpr bool power_of_two(std::uint64_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

/// Whether `length` bytes at `offset` lie within the first `size` bytes; no sum overflows.
constexpr bool inside(std::uint64_t size, std::uint64_t offset, std::uint64_t length) {
    return offset <= size && length <= size - offset;
}

/// Whether two stretches of bytes have a byte in common. Both end below 2^64.
constexpr bool overlap(std::uint64_t a, std::uint64_t a_length, std::uint64_t b,
                       std::uint64_t b_length) {
    return a < b + b_length && b < a + a_length;
}

/// Reads a table of `count` entries of `width` bytes and gives each to
/// `visit(index, block, offset in block) -> Status`, in order; ends at the first error. Holds at
/// most 64 KiB of it at a time.
template <class Visit>
base::Status each_entry(const Source& source, std::uint64_t offset, std::uint64_t count,
                        std::size_t width, std::string_view what, Visit visit) {
    const std::uint64_t at_once = (64 << 10) / width;
    for (std::uint64_t first = 0; first < count; first += at_once) {
        const std::uint64_t here = std::min(at_once, count - first);
        const Block block = TRY(Block::read(source, offset + first * width,
                                            static_cast<std::size_t>(here * width), what));
        for (std::uint64_t i = 0; i < here; ++i)
            TRY(visit(first + i, block, static_cast<std::size_t>(i * width)));
    }
    return {};
}

}  // namespace vdc::drivers::images
