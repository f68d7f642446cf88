#include <array>

#include "drivers/images/block.h"
#include "drivers/images/inspect.h"

namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t table_at = 446;
constexpr std::size_t entry_size = 16;
constexpr std::uint8_t protective = 0xee;

/// One entry of a master boot record (UEFI 2.10, section 5.2).
struct Partition {
    std::uint8_t flag = 0;
    std::uint8_t type = 0;
    std::uint32_t first = 0;
    std::uint32_t sectors = 0;
};

}  // namespace

/// A file system's own boot sector has code where the table would be: FAT, exFAT and NTFS begin
/// with a jump and say how large their sectors are.
static bool boot_sector(const Block& sector) {
    const bool jumps = (sector.u8(0) == 0xeb && sector.u8(2) == 0x90) || sector.u8(0) == 0xe9;
    const std::uint16_t sector_size = sector.le16(11);
    return jumps && (power_of_two(sector_size) || sector.text(3, 5) == "EXFAT");
}

static Partition partition(const Block& sector, std::size_t index) {
    const std::size_t at = table_at + index * entry_size;
    return {sector.u8(at), sector.u8(at + 4), sector.le32(at + 8), sector.le32(at + 12)};
}

static Status check_guid_table(const Source& source) {
    for (const std::uint64_t at : std::array<std::uint64_t, 2>{512, 4096}) {
        if (!inside(source.size(), at, 8)) continue;
        if (TRY(Block::read(source, at, 8, "GPT header")).text() == "EFI PART") return {};
    }
    return Error{
        Error::Code::invalid,
        "the disk's boot record says GPT (type 0xEE), but no GPT header follows in sector 1",
        "write a sound partition table (sfdisk, sgdisk) and upload it again"};
}

/// Disks may have no table at all. Where there is one, it must not be made to look like something
/// else: a partition over the boot record itself, or a GPT that is not there.
static Status check_partitions(const Source& source, const Block& sector) {
    for (std::size_t i = 0; i < 4; ++i) {
        const Partition found = partition(sector, i);
        if (found.type == 0) continue;
        if (found.flag != 0 && found.flag != 0x80) return {};  // boot code, and no table
        if (found.first == 0 && found.sectors != 0)
            return Error{
                Error::Code::invalid,
                "partition " + std::to_string(i + 1) +
                    " of the disk's boot record begins at sector 0, over the record itself",
                "write a sound partition table (sfdisk) and upload it again"};
    }
    for (std::size_t i = 0; i < 4; ++i)
        if (partition(sector, i).type == protective) return check_guid_table(source);
    return {};
}

static Result<bool> has_label(const Source& source) {
    if (!inside(source.size(), 0x8001, 5)) return false;
    return TRY(Block::read(source, 0x8001, 5, "ISO 9660 mark")).text() == "CD001";
}

Result<Found> inspect_raw(const Source& source, const Limits& limits) {
    const std::uint64_t size = rounded_up(source.size(), 512);
    TRY(check_virtual_size(source, size, limits));
    const bool iso = TRY(has_label(source));
    if (source.size() >= 512 && !iso) {
        const Block sector = TRY(Block::read(source, 0, 512, "boot record"));
        if (sector.le16(510) == 0xaa55 && !boot_sector(sector))
            TRY(check_partitions(source, sector));
    }
    return Found{Format::raw, iso ? "iso9660" : "disk", size};
}

}  // namespace vdc::drivers::images
