#include <algorithm>

#include "drivers/images/block.h"
#include "drivers/images/inspect.h"
#include "drivers/images/vmdk_descriptor.h"

/// VMDK, the sparse extents of VMware's "Virtual Disk Format 5.0". All numbers are little-endian;
/// places and sizes in the header count sectors of 512 bytes.
namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::uint64_t sector = 512;
constexpr std::uint64_t descriptor_max = 128;  // sectors: 64 KiB
constexpr std::uint64_t grains_per_table = 512;
constexpr std::uint64_t at_end = ~std::uint64_t{0};
constexpr std::uint32_t compressed_grains = 1 << 16, markers = 1 << 17;

struct Header {
    std::uint32_t flags = 0;
    std::uint64_t capacity = 0;  ///< sectors
    std::uint64_t grain = 0;     ///< sectors
    std::uint64_t descriptor_at = 0;
    std::uint64_t descriptor_length = 0;
    std::uint64_t directory_at = 0;
    bool compressed = false;

    std::uint64_t tables() const { return divided_up(capacity, grain * grains_per_table); }
};

struct Claimed {
    std::uint64_t tables = 0;
    std::uint64_t grains = 0;
};

}  // namespace

static Error refused(std::string sentence, std::string advice = {}) {
    return {Error::Code::invalid, "the VMDK image is refused: " + std::move(sentence),
            advice.empty() ? "export it as one monolithicSparse or streamOptimized VMDK"
                           : std::move(advice)};
}

static Error damaged(std::string sentence) {
    return {Error::Code::corrupt, "the VMDK image is damaged: " + std::move(sentence),
            "upload it again"};
}

/// Whether `count` sectors from sector `at` on are within the file.
static bool sectors_inside(const Source& source, std::uint64_t at, std::uint64_t count) {
    return inside(source.size() / sector, at, count);
}

// ---- the header --------------------------------------------------------------------------------

static Status check_fixed_fields(const Block& block) {
    if (block.le32(4) < 1 || block.le32(4) > 3)
        return refused(field("version", 4, block.le32(4)) + "; 1 to 3 are known");
    if ((block.le32(8) & 1) != 0 && block.text(73, 4) != "\n \r\n")
        return damaged("its line ends (byte 73) were changed: it was transferred as text");
    if (block.le32(44) != grains_per_table)
        return refused(field("numGTEsPerGT", 44, block.le32(44)) + "; it must be 512");
    if (!block.zero(79, 512))
        return refused("its header is followed by bytes that must be zero (79 to 511)");
    return {};
}

static Status check_compression(const Block& block) {
    const std::uint32_t flags = block.le32(8);
    const std::uint16_t algorithm = block.le16(77);
    const bool compressed = (flags & compressed_grains) != 0;
    if (algorithm > 1)
        return refused(field("compressAlgorithm", 77, algorithm) + "; 1 (deflate) is known");
    if (compressed != (algorithm == 1))
        return refused("compressAlgorithm (byte 77) and the compression flag (byte 8) disagree");
    if (compressed && (flags & markers) == 0)
        return refused("its grains are compressed but bear no markers (flags, byte 8)");
    return {};
}

static Status check_sizes(const Header& header) {
    if (header.capacity == 0)
        return refused("its capacity (byte 12) is 0: its data lie in other files");
    if (!power_of_two(header.grain) || header.grain < 8 || header.grain > 4096)
        return refused(field("grainSize", 20, header.grain) +
                       " sectors; a power of two from 8 to 4096 is taken");
    if (header.descriptor_at == 0 || header.descriptor_length == 0)
        return refused("it has no descriptor (byte 28): it is one part of a disk in several files");
    if (header.descriptor_length > descriptor_max)
        return refused(field("descriptorSize", 36, header.descriptor_length) +
                       " sectors; at most 128 are read");
    return {};
}

static Result<Header> read_header(const Block& block) {
    TRY(check_fixed_fields(block));
    TRY(check_compression(block));
    Header header{.flags = block.le32(8),
                  .capacity = block.le64(12),
                  .grain = block.le64(20),
                  .descriptor_at = block.le64(28),
                  .descriptor_length = block.le64(36),
                  .directory_at = block.le64(56),
                  .compressed = (block.le32(8) & compressed_grains) != 0};
    TRY(check_sizes(header));
    return header;
}

/// A marker is a sector: a count of sectors, a size of 0, and a type.
static bool is_marker(const Block& block, std::uint64_t count, std::uint32_t type) {
    return block.le64(0) == count && block.le32(8) == 0 && block.le32(12) == type;
}

/// Streams know their grain directory only when they end: a footer repeats the header with it.
static Status take_footer(const Source& source, const Block& first, Header& header) {
    if (!header.compressed)
        return refused("gdOffset (byte 56) is left to a footer, but it is no stream");
    if (source.size() < 4 * sector || source.size() % sector != 0)
        return damaged("it ends before its footer does");
    const Block end =
        TRY(Block::read(source, source.size() - 3 * sector, sector, "VMDK footer marker"));
    const Block last = TRY(Block::read(source, source.size() - sector, sector, "VMDK end marker"));
    if (!is_marker(end, 1, 3) || !is_marker(last, 0, 0))
        return damaged("it does not end with a footer between its markers");
    Block footer = TRY(Block::read(source, source.size() - 2 * sector, sector, "VMDK footer"));
    header.directory_at = footer.le64(56);
    footer.blank(56, 8);
    Block expected = first;
    expected.blank(56, 8);
    if (footer.text() != expected.text()) return refused("its footer and its header differ");
    return {};
}

// ---- the tables --------------------------------------------------------------------------------

static Status check_grain(const Source& source, const Header& header, std::uint32_t entry,
                          Claimed& claimed) {
    if (entry <= 1) return {};  // not there, or zeros
    if (!sectors_inside(source, entry, header.compressed ? 1 : header.grain))
        return damaged("a grain at sector " + std::to_string(entry) +
                       " is not within the file of " + std::to_string(source.size()) + " bytes");
    const std::uint64_t least = header.compressed ? sector : header.grain * sector;
    if (++claimed.grains > source.size() / least)
        return refused("its tables claim more grains than the file holds: some are used twice");
    return {};
}

static Status check_table(const Source& source, const Header& header, std::uint32_t entry,
                          Claimed& claimed) {
    if (entry == 0) return {};
    if (!sectors_inside(source, entry, grains_per_table * 4 / sector))
        return damaged("a grain table at sector " + std::to_string(entry) +
                       " is not within the file");
    if (++claimed.tables > source.size() / (grains_per_table * 4))
        return refused("it has more grain tables than its file can hold: some are used twice");
    return each_entry(source, entry * sector, grains_per_table, 4, "VMDK grain table",
                      [&](std::uint64_t, const Block& block, std::size_t at) {
                          return check_grain(source, header, block.le32(at), claimed);
                      });
}

static Status check_tables(const Source& source, const Header& header) {
    const std::uint64_t length = header.tables() * 4;
    if (header.directory_at == 0 ||
        !sectors_inside(source, header.directory_at, divided_up(length, sector)))
        return damaged(field("gdOffset", 56, header.directory_at) +
                       ": its grain directory is not within the file");
    Claimed claimed;
    return each_entry(source, header.directory_at * sector, header.tables(), 4,
                      "VMDK grain directory",
                      [&](std::uint64_t, const Block& block, std::size_t at) {
                          return check_table(source, header, block.le32(at), claimed);
                      });
}

static Status check_descriptor(const Source& source, const Header& header) {
    if (!sectors_inside(source, header.descriptor_at, header.descriptor_length))
        return damaged(field("descriptorOffset", 28, header.descriptor_at) +
                       ": its descriptor is not within the file");
    const Block block = TRY(Block::read(source, header.descriptor_at * sector,
                                        static_cast<std::size_t>(header.descriptor_length * sector),
                                        "VMDK descriptor"));
    return check_vmdk_descriptor(block.text(),
                                 {.capacity = header.capacity, .stream = header.compressed});
}

Result<Found> inspect_vmdk(const Source& source, const Limits& limits) {
    const Block block = TRY(Block::read(source, 0, sector, "VMDK header"));
    Header header = TRY(read_header(block));
    if (header.capacity > limits.virtual_size_max / sector)
        return Error{Error::Code::too_large,
                     "the image's virtual size is " + std::to_string(header.capacity) +
                         " sectors; at most " + std::to_string(limits.virtual_size_max / sector) +
                         " are allowed here",
                     "shrink the disk in the image, or ask for a higher limit"};
    TRY(check_virtual_size(source, header.capacity * sector, limits));
    if (header.directory_at == at_end) TRY(take_footer(source, block, header));
    TRY(check_descriptor(source, header));
    TRY(check_tables(source, header));
    return Found{Format::vmdk, header.compressed ? "streamOptimized" : "monolithicSparse",
                 header.capacity * sector};
}

}  // namespace vdc::drivers::images
