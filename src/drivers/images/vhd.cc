#include "drivers/images/block.h"
#include "drivers/images/inspect.h"

/// VHD, as Microsoft's "Virtual Hard Disk Image Format Specification" 1.0 describes it. All
/// numbers are big-endian.
namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t footer_size = 512;
constexpr std::size_t header_size = 1024;
constexpr std::uint64_t entries_max = 4 << 20;
constexpr std::uint32_t unused = 0xffffffff;

constexpr std::uint32_t fixed = 2, dynamic = 3, differencing = 4;

struct Dynamic {
    std::uint64_t table_at = 0;
    std::uint64_t entries = 0;
    std::uint64_t block = 0;   ///< size of a block's data
    std::uint64_t bitmap = 0;  ///< size of the bitmap before them
};

}  // namespace

static Error refused(std::string sentence, std::string advice = {}) {
    return {
        Error::Code::invalid, "the VHD image is refused: " + std::move(sentence),
        advice.empty() ? "convert it first: qemu-img convert -O qcow2 OLD NEW" : std::move(advice)};
}

static Error damaged(std::string sentence) {
    return {Error::Code::corrupt, "the VHD image is damaged: " + std::move(sentence),
            "upload it again"};
}

/// The one's complement of the sum of all bytes but the checksum's own.
static Status check_sum(Block block, std::size_t at, std::string_view what) {
    const std::uint32_t claimed = block.be32(at);
    block.blank(at, 4);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < block.size(); ++i) sum += block.u8(i);
    if (~sum == claimed) return {};
    return damaged("the checksum of its " + std::string(what) + " (byte " + std::to_string(at) +
                   " of it) is wrong");
}

static Status check_footer(const Block& footer) {
    TRY(check_sum(footer, 64, "footer"));
    if (footer.be32(12) != 0x00010000)
        return refused(field("the footer's version", 12, footer.be32(12)) + "; 1.0 is known");
    if (footer.be32(60) == differencing)
        return refused("it is a differencing disk, only what changed since its parent",
                       "merge it with its parent and upload that");
    if (footer.be32(60) != fixed && footer.be32(60) != dynamic)
        return refused(field("the disk's type", 60, footer.be32(60)) +
                       "; fixed (2) and dynamic (3) are taken");
    if (footer.u8(84) != 0)
        return refused("it belongs to a suspended guest (saved state, byte 84)",
                       "shut the guest down and export it again");
    return {};
}

static Status check_fixed(const Source& source, const Block& footer) {
    const std::uint64_t size = footer.be64(48);
    if (size != source.size() - footer_size)
        return damaged(field("the footer's current size", 48, size) + ", but the file holds " +
                       std::to_string(source.size() - footer_size) + " bytes of disk");
    // The specification says 32 bits of ones, everybody writes 64.
    if (footer.be64(16) != ~std::uint64_t{0} && footer.be64(16) != 0xffffffff)
        return refused(field("the footer's data offset", 16, footer.be64(16)) +
                       ", which a fixed disk has not");
    const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(size, 8));
    if (TRY(Block::read(source, 0, length, "VHD's first bytes")).text() == "conectix")
        return refused("a fixed disk that itself begins like a VHD is two things at once");
    return {};
}

static Result<Dynamic> read_dynamic(const Source& source, std::uint64_t at) {
    if (at < footer_size) return damaged(field("the footer's data offset", 16, at));
    const Block header = TRY(Block::read(source, at, header_size, "VHD dynamic header"));
    if (header.text(0, 8) != "cxsparse")
        return damaged("no dynamic disk header stands at byte " + std::to_string(at));
    TRY(check_sum(header, 36, "dynamic header"));
    if (header.be32(24) != 0x00010000)
        return refused(field("the dynamic header's version", 24, header.be32(24)));
    if (!header.zero(40, 56) || !header.zero(64, 768))
        return refused(
            "its dynamic header names a parent disk (byte " + std::to_string(at + 40) + ")",
            "merge it with its parent and upload that");
    Dynamic found{.table_at = header.be64(16),
                  .entries = header.be32(28),
                  .block = header.be32(32),
                  .bitmap = 0};
    if (!power_of_two(found.block) || found.block < 4096 || found.block > (128 << 20))
        return refused(field("the block size", 32, found.block) +
                       "; a power of two from 4 KiB to 128 MiB is taken");
    found.bitmap = rounded_up(divided_up(found.block / 512, 8), 512);
    return found;
}

static Status check_table(const Source& source, const Dynamic& disk, std::uint64_t size) {
    if (disk.entries > entries_max)
        return refused(field("the number of table entries", 28, disk.entries) + "; at most " +
                       std::to_string(entries_max) + " are read");
    if (disk.entries < divided_up(size, disk.block))
        return damaged(field("the number of table entries", 28, disk.entries) +
                       ", but the disk has " + std::to_string(divided_up(size, disk.block)) +
                       " blocks");
    if (disk.table_at < footer_size || !inside(source.size(), disk.table_at, disk.entries * 4))
        return damaged(field("the block table's offset", 16, disk.table_at) + ": the table of " +
                       std::to_string(disk.entries) + " entries is not within the file");
    return {};
}

/// Blocks lie within the file, and all of them together fit into it.
static Status check_blocks(const Source& source, const Dynamic& disk) {
    const std::uint64_t stored = disk.bitmap + disk.block;
    std::uint64_t used = 0;
    const auto visit = [&](std::uint64_t index, const Block& table, std::size_t at) -> Status {
        if (table.be32(at) == unused) return {};
        const std::uint64_t offset = std::uint64_t{table.be32(at)} * 512;
        if (offset < footer_size || !inside(source.size(), offset, stored))
            return damaged("block " + std::to_string(index) + " at byte " + std::to_string(offset) +
                           " is not within the file of " + std::to_string(source.size()));
        if (++used > source.size() / stored)
            return refused("its table claims more blocks than the file holds: some are used twice");
        return {};
    };
    return each_entry(source, disk.table_at, disk.entries, 4, "VHD block table", visit);
}

static Status check_dynamic(const Source& source, const Block& footer) {
    const Block copy = TRY(Block::read(source, 0, footer_size, "copy of the VHD footer"));
    if (copy.text() != footer.text())
        return refused("its footer and the copy of it at byte 0 differ");
    const Dynamic disk = TRY(read_dynamic(source, footer.be64(16)));
    TRY(check_table(source, disk, footer.be64(48)));
    return check_blocks(source, disk);
}

Result<Found> inspect_vhd(const Source& source, const Limits& limits) {
    if (source.size() < 2 * footer_size) return damaged("the file is shorter than a VHD can be");
    const Block footer =
        TRY(Block::read(source, source.size() - footer_size, footer_size, "VHD footer"));
    if (footer.text(0, 8) != "conectix") return damaged("it does not end with a footer");
    TRY(check_footer(footer));
    const std::uint64_t size = footer.be64(48);
    TRY(check_virtual_size(source, size, limits));
    if (size % 512 != 0)
        return damaged(field("the footer's current size", 48, size) + ", not whole sectors");
    const bool is_fixed = footer.be32(60) == fixed;
    TRY(is_fixed ? check_fixed(source, footer) : check_dynamic(source, footer));
    return Found{Format::vhd, is_fixed ? "fixed" : "dynamic", size};
}

}  // namespace vdc::drivers::images
