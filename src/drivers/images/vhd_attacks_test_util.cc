#include "drivers/images/attack_suite_test_util.h"

namespace vdc::drivers::images {

using namespace forge;
using namespace std::string_view_literals;

// ---- VHD ---------------------------------------------------------------------------------------

static Bytes footers(std::uint64_t at, int width, std::uint64_t value) {
    Bytes image = vhd_dynamic();
    return change_footers(image, at, width, value);
}

static Bytes header(std::uint64_t at, int width, std::uint64_t value) {
    Bytes image = vhd_dynamic();
    image.big(vhd_header_at + at, width, value);
    return seal_header(image, vhd_header_at);
}

static Bytes fixed(std::uint64_t at, int width, std::uint64_t value) {
    Bytes image = vhd_fixed();
    image.big(MiB + at, width, value);
    return seal_footer(image, MiB);
}

static void vhd_footers(Suite& suite) {
    suite.add("differencing", "differencing", footers(60, 4, 4));
    suite.add("type_0", "type (byte 60) is 0", footers(60, 4, 0));
    suite.add("type_77", "type (byte 60) is 77", footers(60, 4, 77));
    suite.add("version_2", "version", footers(12, 4, 0x20000));
    suite.add("suspended", "suspended", footers(84, 1, 1));
    suite.add("size_2_62", "virtual size", footers(48, 8, std::uint64_t{1} << 62));
    suite.add("size_0", "virtual size is 0", footers(48, 8, 0));
    suite.add("size_odd", "whole sectors", footers(48, 8, MiB - 1));
    suite.add("size_lie", "claims a virtual size", footers(48, 8, std::uint64_t{100} << 30));
    suite.add("size_above_table", "blocks", footers(48, 8, 2 * MiB));
    suite.add("header_in_footer", "data offset", footers(16, 8, 0));
    suite.add("header_outside", "cut short", footers(16, 8, std::uint64_t{1} << 60));
    suite.add("header_elsewhere", "no dynamic disk header", footers(16, 8, 4096));
    suite.add("footer_checksum", "checksum",
              vhd_dynamic().resize(2560 + 64 * KiB + 512).be32(2560 + 64 * KiB + 64, 1));
    Bytes copy = vhd_dynamic();
    copy.be64(48, 4 * MiB);
    suite.add("copy_differs", "differ", seal_footer(copy, 0));
    Bytes none = vhd_dynamic();
    suite.add("copy_missing", "differ", none.put(0, std::string(512, '\0')));
    Bytes lost = vhd_dynamic();
    suite.add("footer_missing", "does not end with a footer", lost.resize(lost.size() - 512));
    Bytes small = vhd_dynamic();
    suite.add("short_footer", "before 2004",
              Bytes(small).resize(small.size() - 1).put(0, std::string(512, '\0')));
    suite.add("fixed_other_size", "file holds", fixed(48, 8, 2 * MiB));
    suite.add("fixed_with_offset", "data offset", fixed(16, 8, 512));
    Bytes nested = vhd_fixed();
    suite.add("fixed_begins_as_vhd", "two things", nested.put(0, "conectix"));
    suite.add("tiny", "shorter", Bytes().put(0, "conectix").resize(512));
}

static void vhd_tables(Suite& suite) {
    suite.add("parent_id", "parent", header(40, 8, 0x1234));
    suite.add("parent_name", "parent", header(64, 8, 0x0061002f));
    suite.add("parent_locator", "parent", header(576, 4, 0x57326b75));
    suite.add("header_checksum", "checksum", vhd_dynamic().be32(vhd_header_at + 28, 17));
    suite.add("header_version", "version", header(24, 4, 9));
    suite.add("block_0", "block size", header(32, 4, 0));
    suite.add("block_3", "block size", header(32, 4, 3));
    suite.add("block_2_31", "block size", header(32, 4, 0x80000000));
    suite.add("table_2_32", "table entries", header(28, 4, 0xffffffff));
    suite.add("table_5_million", "table entries", header(28, 4, 5000000));
    suite.add("table_small", "table entries", header(28, 4, 1));
    suite.add("table_outside", "not within the file", header(16, 8, std::uint64_t{1} << 40));
    suite.add("table_wraps", "not within the file", header(16, 8, ~std::uint64_t{0} - 3));
    suite.add("block_outside", "not within the file", vhd_dynamic().be32(vhd_table_at, 0x7fffffff));
    suite.add("block_in_footer", "not within the file", vhd_dynamic().be32(vhd_table_at, 0));
    Bytes twice = vhd_dynamic();
    for (std::uint64_t i = 0; i < 16; ++i) twice.be32(vhd_table_at + 4 * i, 4);
    suite.add("one_block_for_all", "used twice", twice);
}

std::vector<Attack> vhd_attacks() {
    Suite suite{"vhd", "vhd", {}};
    vhd_footers(suite);
    vhd_tables(suite);
    return suite.list;
}

// ---- VHDX --------------------------------------------------------------------------------------

static Bytes headers(std::uint64_t at, int width, std::uint64_t value) {
    Bytes image = vhdx();
    image.little(vhdx_header_at + at, width, value).little(vhdx_header_2_at + at, width, value);
    return seal_headers(image);
}

static Bytes regions(std::uint64_t at, int width, std::uint64_t value) {
    Bytes image = vhdx();
    image.little(vhdx_regions_at + at, width, value);
    return seal_regions(image);
}

/// A third region entry.
static Bytes third_region(std::string_view id, std::uint64_t at, std::uint64_t required) {
    Bytes image = vhdx();
    image.le32(vhdx_regions_at + 8, 3).put(vhdx_regions_at + 80, guid(id));
    image.le64(vhdx_regions_at + 96, at).le32(vhdx_regions_at + 104, MiB);
    image.le32(vhdx_regions_at + 108, required);
    return seal_regions(image);
}

/// A sixth metadata item.
static Bytes sixth_item(std::string_view id, std::uint64_t flags) {
    Bytes image = vhdx();
    const std::uint64_t at = vhdx_metadata_at + 32 + 5 * 32;
    image.le16(vhdx_metadata_at + 10, 6).put(at, guid(id)).le32(at + 16, 66 * KiB);
    return image.le32(at + 20, 8).le32(at + 24, flags);
}

static void vhdx_headers(Suite& suite) {
    suite.add("log_not_empty", "log is not empty", headers(48, 8, 1));
    suite.add("header_version", "version", headers(66, 2, 2));
    suite.add("log_outside", "its log", headers(72, 8, std::uint64_t{1} << 40));
    suite.add("log_unaligned", "its log", headers(72, 8, MiB + 512));
    suite.add("both_headers_bad", "right checksum",
              vhdx().le64(vhdx_header_at + 8, 7).le64(vhdx_header_2_at + 8, 8));
    suite.add("headers_one_number", "one sequence number", [] {
        Bytes image = vhdx();
        image.le64(vhdx_header_at + 8, 9)
            .le64(vhdx_header_2_at + 8, 9)
            .le64(vhdx_header_at + 16, 1);
        return seal_headers(image);
    }());
    suite.add("newer_header_has_log", "log is not empty", [] {
        Bytes image = vhdx();
        image.le64(vhdx_header_2_at + 48, 5);
        return seal_headers(image);
    }());
    suite.add("truncated", "ends before its headers", vhdx().resize(100 * KiB));
    suite.add("truncated_regions", "not within the file", vhdx().resize(2 * MiB));
    suite.add("truncated_data", "not within the file", vhdx().resize(4 * MiB + 512));
}

static void vhdx_regions(Suite& suite) {
    const std::string metadata = "8B7CA206-4790-4B9A-B8FE-575F050F886E";
    const std::string unknown = "11111111-2222-3333-4444-555555555555";
    suite.add("regions_checksum", "checksum", vhdx().le32(vhdx_regions_at + 8, 1));
    Bytes copy = vhdx();
    suite.add("regions_copy_bad", "differ", copy.le32(vhdx_regions_2_at + 8, 1));
    suite.add("regions_copy_differs", "differ", [] {
        Bytes image = regions(32, 8, vhdx_metadata_at);
        const std::string moved = image.data.substr(vhdx_regions_at, 64 * KiB);
        Bytes sound = vhdx();
        return sound.put(vhdx_regions_2_at, moved);
    }());
    suite.add("regions_65535", "number of regions", regions(8, 4, 65535));
    suite.add("regions_none", "lacks", regions(8, 4, 0));
    suite.add("region_twice", "twice", third_region(metadata, 4 * MiB, 1));
    suite.add("region_unknown", "nobody knows", third_region(unknown, 4 * MiB, 1));
    suite.add("region_outside", "not within the file", regions(32, 8, std::uint64_t{1} << 40));
    suite.add("region_unaligned", "whole MiB", regions(32, 8, 2 * MiB + 512));
    suite.add("region_in_header", "whole MiB", regions(32, 8, 0));
    suite.add("region_length_0", "whole MiB", regions(40, 4, 0));
    suite.add("region_length_huge", "not within the file", regions(40, 4, 0xfff00000));
    suite.add("regions_overlap", "overlap", regions(32, 8, vhdx_metadata_at));
    suite.add("region_over_log", "overlap", regions(32, 8, vhdx_log_at));
}

static void vhdx_metadata(Suite& suite) {
    const std::uint64_t table = vhdx_metadata_at;
    const std::uint64_t items = vhdx_metadata_at + 64 * KiB;
    suite.add("parent_locator", "parent", sixth_item("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C", 4));
    suite.add("parent_locator_optional", "parent",
              sixth_item("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C", 0));
    suite.add("has_parent", "differencing", vhdx().le32(items + 4, 2));
    suite.add("item_unknown", "nobody knows",
              sixth_item("11111111-2222-3333-4444-555555555555", 4));
    suite.add("item_twice", "twice", sixth_item("2FA54224-CD1B-4876-B211-5DBED83BF4B8", 4));
    suite.add("item_outside", "not within its region", vhdx().le32(table + 32 + 16, 0xfffffff0));
    suite.add("item_in_table", "not within its region", vhdx().le32(table + 32 + 16, 32));
    suite.add("item_length", "not within its region", vhdx().le32(table + 32 + 20, 4096));
    suite.add("items_65535", "metadata items", vhdx().le16(table + 10, 65535));
    suite.add("items_none", "lack", vhdx().le16(table + 10, 0));
    suite.add("no_metadata", "no metadata", vhdx().put(table, "atadatem"));
    suite.add("block_0", "block size", vhdx().le32(items, 0));
    suite.add("block_3", "block size", vhdx().le32(items, 3));
    suite.add("block_2_30", "block size", vhdx().le32(items, 1 << 30));
    suite.add("size_2_62", "virtual size", vhdx().le64(items + 8, std::uint64_t{1} << 62));
    suite.add("size_0", "virtual size is 0", vhdx().le64(items + 8, 0));
    suite.add("size_odd", "whole sectors", vhdx().le64(items + 8, MiB + 1));
    suite.add("size_lie", "claims a virtual size",
              vhdx().le64(items + 8, std::uint64_t{400} << 30));
    suite.add("sector_1", "sector size", vhdx().le32(items + 32, 1));
    suite.add("sector_0", "sector size", vhdx().le32(items + 36, 0));
}

static void vhdx_tables(Suite& suite) {
    suite.add("block_outside", "not within the file",
              vhdx().le64(vhdx_table_at, std::uint64_t{1} << 40 | 6));
    suite.add("block_in_header", "not within the file", vhdx().le64(vhdx_table_at, 6));
    suite.add("block_over_metadata", "own tables",
              vhdx().le64(vhdx_table_at, vhdx_metadata_at | 6));
    suite.add("block_partly_present", "parent", vhdx().le64(vhdx_table_at, vhdx_data_at | 7));
    suite.add("block_state_5", "unknown state", vhdx().le64(vhdx_table_at, vhdx_data_at | 5));
    Bytes many = vhdx().le64(vhdx_metadata_at + 64 * KiB + 8, 64 * MiB);
    for (std::uint64_t i = 0; i < 64; ++i) many.le64(vhdx_table_at + 8 * i, vhdx_data_at | 6);
    suite.add("one_block_for_all", "used twice", many);
}

std::vector<Attack> vhdx_attacks() {
    Suite suite{"vhdx", "vhdx", {}};
    vhdx_headers(suite);
    vhdx_regions(suite);
    vhdx_metadata(suite);
    vhdx_tables(suite);
    return suite.list;
}

}  // namespace vdc::drivers::images
