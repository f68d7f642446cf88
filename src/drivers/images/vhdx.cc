#include <array>
#include <optional>

#include "drivers/images/block.h"
#include "drivers/images/crc32c.h"
#include "drivers/images/inspect.h"

/// VHDX, as Microsoft's [MS-VHDX] describes it. All numbers are little-endian.
///
///        0  file identifier "vhdxfile"         192 KiB  region table, and its copy at 256 KiB
///   64 KiB  header 1                             1 MiB  log, block table, metadata, blocks:
///  128 KiB  header 2                                    each on a whole MiB
namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;
using namespace std::string_view_literals;

namespace {

constexpr std::uint64_t KiB = 1 << 10;
constexpr std::uint64_t MiB = 1 << 20;
constexpr std::size_t entries_max = 2047;

// GUIDs as they lie in the file: the first three groups little-endian.
constexpr auto block_table_id =
    "\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08"sv;
constexpr auto metadata_id = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e"sv;
constexpr auto parameters_id = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b"sv;
constexpr auto size_id = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8"sv;
constexpr auto page83_id = "\xab\x12\xca\xbe\xe6\xb2\x23\x45\x93\xef\xc3\x09\xe0\x00\xc7\x46"sv;
constexpr auto logical_id = "\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f"sv;
constexpr auto physical_id = "\xc7\x48\xa3\xcd\x5d\x44\x71\x44\x9c\xc9\xe9\x88\x52\x51\xc5\x56"sv;
constexpr auto parent_id = "\x2d\x5f\xd3\xa8\x0b\xb3\x4d\x45\xab\xf7\xd3\xd8\x48\x34\xab\x0c"sv;

/// A stretch of the file.
struct Stretch {
    std::uint64_t at = 0;
    std::uint64_t length = 0;
};

struct Regions {
    Stretch log;
    std::optional<Stretch> block_table;
    std::optional<Stretch> metadata;
};

struct Metadata {
    std::optional<std::uint32_t> block;
    std::optional<std::uint64_t> size;
    std::optional<std::uint32_t> logical;
    std::optional<std::uint32_t> physical;
    bool page83 = false;
};

}  // namespace

static Error refused(std::string sentence, std::string advice = {}) {
    return {
        Error::Code::invalid, "the VHDX image is refused: " + std::move(sentence),
        advice.empty() ? "convert it first: qemu-img convert -O qcow2 OLD NEW" : std::move(advice)};
}

static Error damaged(std::string sentence) {
    return {Error::Code::corrupt, "the VHDX image is damaged: " + std::move(sentence),
            "upload it again"};
}

static std::string at_byte(std::uint64_t at) {
    return " at byte " + std::to_string(at);
}

/// A block with a signature of four letters and its CRC-32C after that.
static Result<std::optional<Block>> read_checked(const Source& source, std::uint64_t at,
                                                 std::size_t length, std::string_view signature) {
    if (!inside(source.size(), at, length)) return damaged("it ends before its headers do");
    Block block = TRY(Block::read(source, at, length, "VHDX header"));
    if (block.text(0, 4) != signature) return std::optional<Block>();
    const std::uint32_t claimed = block.le32(4);
    Block summed = block;
    summed.blank(4, 4);
    if (crc32c(summed.text()) != claimed) return std::optional<Block>();
    return std::optional<Block>(std::move(block));
}

// ---- headers -----------------------------------------------------------------------------------

/// Of the two headers the newer sound one counts.
static Result<Block> current_header(const Source& source) {
    std::optional<Block> first = TRY(read_checked(source, 64 * KiB, 4096, "head"));
    std::optional<Block> second = TRY(read_checked(source, 128 * KiB, 4096, "head"));
    if (!first && !second)
        return damaged("neither of its headers (bytes 65536 and 131072) has a right checksum");
    if (!second) return std::move(*first);
    if (!first) return std::move(*second);
    if (first->le64(8) == second->le64(8) && first->text() != second->text())
        return refused("its two headers have one sequence number (byte 8 of them) and differ");
    return first->le64(8) > second->le64(8) ? std::move(*first) : std::move(*second);
}

static Result<Stretch> check_header(const Source& source) {
    const Block header = TRY(current_header(source));
    if (header.le16(66) != 1) return refused(field("the header's version", 66, header.le16(66)));
    if (!header.zero(48, 64))
        return refused(
            "its log is not empty (log GUID, byte 48 of the header): it was not closed",
            "attach and detach it once where it comes from, or run qemu-img check -r all "
            "on it, and upload it again");
    const Stretch log{header.le64(72), header.le32(68)};
    if (log.at < MiB || log.at % MiB != 0 || log.length % MiB != 0 ||
        !inside(source.size(), log.at, log.length))
        return damaged("its log" + at_byte(log.at) + " is not within the file");
    return log;
}

// ---- regions -----------------------------------------------------------------------------------

static Result<Stretch> region(const Source& source, const Block& table, std::size_t at) {
    const Stretch found{table.le64(at + 16), table.le32(at + 24)};
    if (found.at < MiB || found.at % MiB != 0 || found.length == 0 || found.length % MiB != 0)
        return damaged("a region" + at_byte(found.at) + " of " + std::to_string(found.length) +
                       " bytes does not lie on whole MiB");
    if (!inside(source.size(), found.at, found.length))
        return damaged("a region" + at_byte(found.at) + " is not within the file of " +
                       std::to_string(source.size()));
    return found;
}

static Status take_region(const Source& source, const Block& table, std::size_t at,
                          Regions& regions) {
    const std::string_view id = table.text(at, 16);
    const bool is_table = id == block_table_id;
    if (!is_table && id != metadata_id) {
        if ((table.le32(at + 28) & 1) == 0) return {};
        return refused("it needs a region that nobody knows (entry" + at_byte(at) +
                       " of the region table)");
    }
    std::optional<Stretch>& place = is_table ? regions.block_table : regions.metadata;
    if (place) return refused("its region table names one region twice");
    place = TRY(region(source, table, at));
    return {};
}

static Status check_apart(const Regions& regions) {
    const std::array<Stretch, 3> all{regions.log, *regions.block_table, *regions.metadata};
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = i + 1; j < all.size(); ++j)
            if (overlap(all[i].at, all[i].length, all[j].at, all[j].length))
                return refused("its log and its regions overlap" + at_byte(all[j].at));
    return {};
}

static Result<Regions> read_regions(const Source& source, const Stretch& log) {
    const std::optional<Block> table = TRY(read_checked(source, 192 * KiB, 64 * KiB, "regi"));
    if (!table) return damaged("the checksum of its region table (byte 196608) is wrong");
    const std::optional<Block> copy = TRY(read_checked(source, 256 * KiB, 64 * KiB, "regi"));
    if (!copy || copy->text() != table->text())
        return refused("its region table and the copy of it (bytes 196608 and 262144) differ");
    const std::uint32_t count = table->le32(8);
    if (count > entries_max)
        return refused(field("the number of regions", 196608 + 8, count) + "; at most 2047 may be");
    Regions regions{.log = log, .block_table = {}, .metadata = {}};
    for (std::size_t i = 0; i < count; ++i) TRY(take_region(source, *table, 16 + i * 32, regions));
    if (!regions.block_table || !regions.metadata)
        return damaged("its region table lacks the block table or the metadata");
    TRY(check_apart(regions));
    return regions;
}

// ---- metadata ----------------------------------------------------------------------------------

static Status take_parameters(const Block& item, Metadata& found) {
    if ((item.le32(4) & 2) != 0)
        return refused(
            "it is a differencing disk, only what changed since its parent (file "
            "parameters, bit 1)",
            "merge it with its parent and upload that");
    found.block = item.le32(0);
    return {};
}

/// The length that an item must have, or nothing when we do not know the item.
static std::optional<std::uint32_t> item_length(std::string_view id) {
    if (id == parameters_id || id == size_id) return 8;
    if (id == logical_id || id == physical_id) return 4;
    if (id == page83_id) return 16;
    return std::nullopt;
}

static bool have(std::string_view id, const Metadata& found) {
    return (id == parameters_id && found.block) || (id == size_id && found.size) ||
           (id == logical_id && found.logical) || (id == physical_id && found.physical) ||
           (id == page83_id && found.page83);
}

static Status take_item(std::string_view id, const Block& item, Metadata& found) {
    if (have(id, found)) return refused("its metadata name one item twice");
    if (id == parameters_id) return take_parameters(item, found);
    if (id == size_id) found.size = item.le64(0);
    if (id == logical_id) found.logical = item.le32(0);
    if (id == physical_id) found.physical = item.le32(0);
    if (id == page83_id) found.page83 = true;
    return {};
}

static Status check_item(const Source& source, const Stretch& metadata, const Block& table,
                         std::size_t at, Metadata& found) {
    const std::string_view id = table.text(at, 16);
    if (id == parent_id)
        return refused("it names a parent disk (metadata entry" + at_byte(at) + ")",
                       "merge it with its parent and upload that");
    const std::optional<std::uint32_t> length = item_length(id);
    if (!length) {
        if ((table.le32(at + 24) & 4) == 0) return {};
        return refused("it needs a metadata item that nobody knows (entry" + at_byte(at) + ")");
    }
    const std::uint64_t offset = table.le32(at + 16);
    if (table.le32(at + 20) != *length || offset < 64 * KiB ||
        !inside(metadata.length, offset, *length))
        return damaged("the metadata item of entry" + at_byte(at) + " is not within its region");
    const Block item = TRY(Block::read(source, metadata.at + offset, *length, "VHDX metadata"));
    return take_item(id, item, found);
}

static Result<Metadata> read_metadata(const Source& source, const Stretch& metadata) {
    const Block table = TRY(Block::read(source, metadata.at, 64 * KiB, "VHDX metadata table"));
    if (table.text(0, 8) != "metadata") return damaged("no metadata stand" + at_byte(metadata.at));
    const std::uint16_t count = table.le16(10);
    if (count > entries_max)
        return refused(field("the number of metadata items", 10, count) + "; at most 2047 may be");
    Metadata found;
    for (std::size_t i = 0; i < count; ++i)
        TRY(check_item(source, metadata, table, 32 + i * 32, found));
    if (!found.block || !found.size || !found.logical || !found.physical)
        return damaged("its metadata lack the disk's size, its block size or its sector size");
    return found;
}

static Status check_shape(const Metadata& found) {
    if (!power_of_two(*found.block) || *found.block < MiB || *found.block > 256 * MiB)
        return refused(field("the block size in the file parameters", 0, *found.block) +
                       "; a power of two from 1 MiB to 256 MiB is taken");
    for (const std::uint32_t sector : {*found.logical, *found.physical})
        if (sector != 512 && sector != 4096)
            return refused("a sector size is " + std::to_string(sector) +
                           " bytes; 512 and 4096 are known");
    if (*found.size % *found.logical != 0)
        return damaged("its size of " + std::to_string(*found.size) +
                       " bytes is not whole sectors");
    return {};
}

// ---- the block table ---------------------------------------------------------------------------

static Status check_block(const Source& source, const Regions& regions, const Metadata& disk,
                          std::uint64_t entry, std::uint64_t& used) {
    constexpr std::uint64_t present = 6;
    const std::uint64_t state = entry & 7;
    const std::uint64_t at = entry & ~(MiB - 1);
    if (state == 7) return refused("a block lies partly in a parent disk");
    if (state == 4 || state == 5)
        return damaged("a block has the unknown state " + std::to_string(state));
    if (state != present) return {};
    if (at < MiB || !inside(source.size(), at, *disk.block))
        return damaged("a block" + at_byte(at) + " is not within the file of " +
                       std::to_string(source.size()));
    for (const Stretch& taken : {regions.log, *regions.block_table, *regions.metadata})
        if (overlap(at, *disk.block, taken.at, taken.length))
            return refused("a block" + at_byte(at) + " lies over the file's own tables");
    if (++used > source.size() / *disk.block)
        return refused("its table claims more blocks than the file holds: some are used twice");
    return {};
}

/// After each `ratio` blocks the table has one entry for a sector bitmap, which only differencing
/// disks use.
static Status check_blocks(const Source& source, const Regions& regions, const Metadata& disk) {
    const std::uint64_t ratio = (std::uint64_t{1} << 23) * *disk.logical / *disk.block;
    const std::uint64_t blocks = divided_up(*disk.size, *disk.block);
    const std::uint64_t entries = blocks + (blocks - 1) / ratio;
    if (entries * 8 > regions.block_table->length)
        return damaged("its block table has " + std::to_string(regions.block_table->length) +
                       " bytes, but the disk needs " + std::to_string(entries * 8));
    std::uint64_t used = 0;
    return each_entry(source, regions.block_table->at, entries, 8, "VHDX block table",
                      [&](std::uint64_t index, const Block& table, std::size_t at) -> Status {
                          if (index % (ratio + 1) == ratio) return {};
                          return check_block(source, regions, disk, table.le64(at), used);
                      });
}

Result<Found> inspect_vhdx(const Source& source, const Limits& limits) {
    const Stretch log = TRY(check_header(source));
    const Regions regions = TRY(read_regions(source, log));
    const Metadata disk = TRY(read_metadata(source, *regions.metadata));
    TRY(check_shape(disk));
    TRY(check_virtual_size(source, *disk.size, limits));
    TRY(check_blocks(source, regions, disk));
    return Found{Format::vhdx, "", *disk.size};
}

}  // namespace vdc::drivers::images
