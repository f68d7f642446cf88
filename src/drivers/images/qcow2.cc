#include <array>
#include <vector>

#include "drivers/images/block.h"
#include "drivers/images/inspect.h"

/// qcow2, as docs/interop/qcow2.txt of QEMU describes it. All numbers are big-endian.
namespace vdc::drivers::images {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr std::uint64_t l1_bytes_max = 32 << 20;  // QEMU's own bounds
constexpr std::uint64_t refcounts_bytes_max = 8 << 20;
constexpr std::uint64_t extensions_max = 32;

constexpr std::uint64_t dirty = 1, corrupt = 2, data_file = 4, compression = 8, extended_l2 = 16;
constexpr std::uint64_t raw_data_file = 2;  // autoclear

constexpr std::uint64_t offset_mask = 0x00fffffffffffe00;
constexpr std::uint64_t l1_reserved = 0x7f000000000001ff;
constexpr std::uint64_t l2_reserved = 0x3f000000000001fe;
constexpr std::uint64_t compressed_cluster = std::uint64_t{1} << 62;

struct Header {
    std::uint32_t version = 0;
    std::uint64_t virtual_size = 0;
    std::uint32_t cluster_bits = 0;
    std::uint64_t cluster = 0;  ///< its size
    std::uint64_t l1_size = 0;
    std::uint64_t l1_at = 0;
    std::uint64_t refcounts_at = 0;
    std::uint64_t refcount_clusters = 0;
    std::uint64_t incompatible = 0;
    std::uint64_t length = 72;

    bool extended() const { return (incompatible & extended_l2) != 0; }
    std::uint64_t entry_size() const { return extended() ? 16 : 8; }
    std::uint64_t entries() const { return cluster / entry_size(); }
    std::uint64_t l1_needed() const {
        return divided_up(divided_up(virtual_size, cluster), entries());
    }
};

/// What the tables claim so far. Every table and cluster has one user (there are no snapshots), so
/// together they cannot be more than the file: that bounds the walk too.
struct Claimed {
    std::uint64_t tables = 0;
    std::uint64_t clusters = 0;
};

}  // namespace

static Error refused(std::string sentence, std::string advice) {
    return {Error::Code::invalid, "the qcow2 image is refused: " + std::move(sentence),
            std::move(advice)};
}

static Error damaged(std::string sentence) {
    return {Error::Code::corrupt, "the qcow2 image is damaged: " + std::move(sentence),
            "look at it with qemu-img check, or upload it again"};
}

static std::string flatten() {
    return "make one file of it first: qemu-img convert -O qcow2 OLD NEW";
}

// ---- the header --------------------------------------------------------------------------------

static Status check_features(const Block& header) {
    const std::uint64_t bits = header.be64(72);
    if ((bits & data_file) != 0)
        return refused("its data lie in another file (incompatible feature bit 2, byte 72)",
                       flatten());
    if ((bits & corrupt) != 0)
        return refused("it is marked as corrupt (incompatible feature bit 1, byte 72)",
                       "repair it first: qemu-img check -r all FILE");
    const std::uint64_t known = dirty | corrupt | data_file | compression | extended_l2;
    if ((bits & ~known) != 0)
        return refused(field("incompatible_features", 72, bits) + ", with bits that nobody knows",
                       flatten());
    if ((header.be64(88) & raw_data_file) != 0)
        return refused(
            "it says that its data lie raw in another file (autoclear feature bit 1, byte 88)",
            flatten());
    return {};
}

static Status check_compression(const Block& header, std::uint64_t length) {
    const bool marked = (header.be64(72) & compression) != 0;
    const std::uint8_t type = length > 104 ? header.u8(104) : 0;
    if (type > 1)
        return refused(field("compression_type", 104, type) + "; 0 (zlib) and 1 (zstd) are known",
                       flatten());
    if (marked != (type != 0))
        return refused("compression_type (byte 104) and incompatible feature bit 3 disagree",
                       flatten());
    return {};
}

/// The fields that only version 3 has.
static Status read_version_3(const Source& source, Header& header) {
    const Block block = TRY(Block::read(source, 0, 112, "qcow2 header"));
    TRY(check_features(block));
    header.incompatible = block.be64(72);
    header.length = block.be32(100);
    if (header.length < 104 || header.length > header.cluster || header.length % 8 != 0)
        return damaged(field("header_length", 100, header.length));
    if (block.be32(96) > 6) return damaged(field("refcount_order", 96, block.be32(96)));
    TRY(check_compression(block, header.length));
    if (header.extended() && header.cluster_bits < 14)
        return damaged(field("cluster_bits", 20, header.cluster_bits) +
                       ", too small for extended L2 entries");
    return {};
}

static Status check_simple(const Block& block) {
    if (block.be32(4) != 2 && block.be32(4) != 3)
        return refused(field("version", 4, block.be32(4)) + "; 2 and 3 are taken",
                       "convert it first: qemu-img convert -O qcow2 OLD NEW");
    if (block.be64(8) != 0 || block.be32(16) != 0)
        return refused(
            "it has a backing file (" + field("backing_file_offset", 8, block.be64(8)) + ")",
            flatten());
    if (block.be32(32) != 0)
        return refused("it is encrypted (" + field("crypt_method", 32, block.be32(32)) + ")",
                       "upload it decrypted");
    if (block.be32(60) != 0)
        return refused(
            "it holds internal snapshots (" + field("nb_snapshots", 60, block.be32(60)) + ")",
            flatten());
    return {};
}

static Result<Header> read_header(const Source& source) {
    const Block block = TRY(Block::read(source, 0, 72, "qcow2 header"));
    TRY(check_simple(block));
    Header header;
    header.version = block.be32(4);
    header.cluster_bits = block.be32(20);
    if (header.cluster_bits < 9 || header.cluster_bits > 21)
        return damaged(field("cluster_bits", 20, header.cluster_bits) + "; 9 to 21 are allowed");
    header.cluster = std::uint64_t{1} << header.cluster_bits;
    header.virtual_size = block.be64(24);
    header.l1_size = block.be32(36);
    header.l1_at = block.be64(40);
    header.refcounts_at = block.be64(48);
    header.refcount_clusters = block.be32(56);
    if (header.version == 3) TRY(read_version_3(source, header));
    return header;
}

/// A table begins on a cluster, not on the first one, and lies within the file.
static Status check_table(const Source& source, const Header& header, std::string_view name,
                          std::uint64_t byte, std::uint64_t at, std::uint64_t length) {
    if (at % header.cluster != 0) return damaged(field(name, byte, at) + ", not on a cluster");
    if (at < header.cluster) return damaged(field(name, byte, at) + ", inside the header");
    if (!inside(source.size(), at, length))
        return damaged(field(name, byte, at) + ": its " + std::to_string(length) +
                       " bytes end after the file, which has " + std::to_string(source.size()));
    return {};
}

static Status check_tables(const Source& source, const Header& header) {
    if (header.l1_size * 8 > l1_bytes_max)
        return refused(field("l1_size", 36, header.l1_size) + ", more than 32 MiB of table",
                       flatten());
    if (header.l1_size < header.l1_needed())
        return damaged(field("l1_size", 36, header.l1_size) + ", but the virtual size needs " +
                       std::to_string(header.l1_needed()));
    TRY(check_table(source, header, "l1_table_offset", 40, header.l1_at, header.l1_size * 8));
    const std::uint64_t refcounts = header.refcount_clusters * header.cluster;
    if (refcounts == 0 || refcounts > refcounts_bytes_max)
        return refused(field("refcount_table_clusters", 56, header.refcount_clusters) +
                           "; the table must have 1 byte to 8 MiB",
                       flatten());
    TRY(check_table(source, header, "refcount_table_offset", 48, header.refcounts_at, refcounts));
    if (overlap(header.l1_at, header.l1_size * 8, header.refcounts_at, refcounts))
        return damaged("its L1 table and its refcount table overlap");
    return {};
}

// ---- the header's extensions -------------------------------------------------------------------

static Status check_bitmaps(const Source& source, std::uint64_t at, std::uint64_t length) {
    if (length != 24)
        return damaged("the bitmaps extension at byte " + std::to_string(at) +
                       " is not 24 bytes long");
    const Block block = TRY(Block::read(source, at, 24, "qcow2 bitmaps extension"));
    const std::uint64_t directory = block.be64(8);
    if (block.be32(0) == 0 || block.be32(0) > 65535 || directory > (64 << 20) ||
        !inside(source.size(), block.be64(16), directory))
        return damaged("the bitmaps extension at byte " + std::to_string(at) +
                       " describes a directory outside of the file");
    return {};
}

static Status check_extension(const Source& source, std::uint32_t type, std::uint64_t at,
                              std::uint64_t length) {
    const std::string place = " (header extension at byte " + std::to_string(at - 8) + ")";
    switch (type) {
        case 0xe2792aca: return refused("it names the format of a backing file" + place, flatten());
        case 0x44415441: return refused("it names an external data file" + place, flatten());
        case 0x0537be77: return refused("it is encrypted" + place, "upload it decrypted");
        case 0x23852875: return check_bitmaps(source, at, length);
        default: return {};  // feature names, and what may be ignored by the specification
    }
}

static Status check_extensions(const Source& source, const Header& header) {
    std::uint64_t at = header.length;
    for (std::uint64_t count = 0; at + 8 <= header.cluster; ++count) {
        if (count == extensions_max)
            return refused(
                "it has more than " + std::to_string(extensions_max) + " header extensions",
                flatten());
        if (!inside(source.size(), at, 8)) return damaged("it ends within its header extensions");
        const Block block = TRY(Block::read(source, at, 8, "qcow2 header extension"));
        if (block.be32(0) == 0) return {};
        const std::uint64_t length = block.be32(4);
        if (!inside(header.cluster, at + 8, length) || !inside(source.size(), at + 8, length))
            return damaged("the header extension at byte " + std::to_string(at) +
                           " is longer than the header");
        TRY(check_extension(source, block.be32(0), at + 8, length));
        at += 8 + rounded_up(length, 8);
    }
    return {};
}

// ---- the tables --------------------------------------------------------------------------------

static Status check_compressed(const Source& source, const Header& header, std::uint64_t entry) {
    const std::uint32_t offset_bits = 62 - (header.cluster_bits - 8);
    const std::uint64_t at = entry & ((std::uint64_t{1} << offset_bits) - 1);
    const std::uint64_t sectors = ((entry & (compressed_cluster - 1)) >> offset_bits) + 1;
    const std::uint64_t end = (at & ~std::uint64_t{511}) + sectors * 512;
    if (at < header.cluster || at >= source.size() ||
        end > rounded_up(source.size(), header.cluster))
        return damaged("a compressed cluster at byte " + std::to_string(at) +
                       " is not within the file of " + std::to_string(source.size()));
    return {};
}

static Status check_cluster(const Source& source, const Header& header, std::uint64_t entry,
                            Claimed& claimed) {
    if ((entry & compressed_cluster) != 0) return check_compressed(source, header, entry);
    if ((entry & l2_reserved) != 0 || (header.version == 2 && (entry & 1) != 0))
        return damaged("an L2 entry has reserved bits set");
    const std::uint64_t at = entry & offset_mask;
    if (at == 0) return {};
    if (at % header.cluster != 0 || at >= source.size())
        return damaged("a cluster at byte " + std::to_string(at) + " is not within the file of " +
                       std::to_string(source.size()) + " bytes, or not on a cluster");
    if (++claimed.clusters > divided_up(source.size(), header.cluster))
        return refused("its tables claim more clusters than the file has: some are used twice",
                       flatten());
    return {};
}

static Status check_l2(const Source& source, const Header& header, std::uint64_t entry,
                       Claimed& claimed) {
    const std::uint64_t at = entry & offset_mask;
    if ((entry & l1_reserved) != 0) return damaged("an L1 entry has reserved bits set");
    if (at == 0) return {};
    TRY(check_table(source, header, "an L2 table's offset", header.l1_at, at, header.cluster));
    if (++claimed.tables > source.size() / header.cluster)
        return refused("it has more L2 tables than its file has clusters: some are used twice",
                       flatten());
    return each_entry(source, at, header.entries(), header.entry_size(), "qcow2 L2 table",
                      [&](std::uint64_t, const Block& block, std::size_t i) {
                          return check_cluster(source, header, block.be64(i), claimed);
                      });
}

Result<Found> inspect_qcow2(const Source& source, const Limits& limits) {
    const Header header = TRY(read_header(source));
    TRY(check_virtual_size(source, header.virtual_size, limits));
    TRY(check_tables(source, header));
    TRY(check_extensions(source, header));
    Claimed claimed;
    TRY(each_entry(source, header.l1_at, header.l1_size, 8, "qcow2 L1 table",
                   [&](std::uint64_t, const Block& block, std::size_t i) {
                       return check_l2(source, header, block.be64(i), claimed);
                   }));
    return Found{Format::qcow2, header.version == 2 ? "v2" : "v3",
                 rounded_up(header.virtual_size, 512)};
}

}  // namespace vdc::drivers::images
