#include "drivers/images/attacks_test_util.h"

#include <iterator>

#include "drivers/images/forge_test_util.h"

namespace vdc::drivers::images {

using namespace forge;
using namespace std::string_view_literals;

namespace {

/// Collects attacks on one format.
struct Suite {
    std::string prefix;
    std::string declared;
    std::vector<Attack> list;

    void add(std::string_view name, std::string_view says, const Bytes& image) {
        list.push_back(
            {prefix + "_" + std::string(name), declared, std::string(says), image.data, false});
    }
};

}  // namespace

// ---- qcow2 -------------------------------------------------------------------------------------

/// Nothing is allocated: all that is read comes from the backing file.
static Bytes backed(std::string_view name, std::string_view format = {}) {
    Bytes image = qcow2().be64(qcow2_l2, 0);
    return back(image, name, format);
}

static Bytes extended(std::uint32_t type, std::string_view body) {
    Bytes image = qcow2();
    return extend(image, type, body);
}

/// Incompatible feature bit 2 and the name of the file, as QEMU writes both; the disk's first
/// cluster is that file's first.
static Bytes with_data_file(std::string_view name) {
    return extended(0x44415441, name).be64(72, 4).be64(qcow2_l2, std::uint64_t{1} << 63);
}

static void qcow2_references(Suite& suite, const Targets& to) {
    const std::string_view says = "backing file";
    suite.add("backing_file", says, backed(to.secret));
    suite.add("backing_file_raw", says, backed(to.secret, "raw"));
    suite.add("backing_relative", says, backed("../../../../../../../.." + to.secret, "raw"));
    suite.add("backing_fat", says, backed("fat:" + to.folder, "raw"));
    suite.add("backing_vvfat_json", says,
              backed("json:{\"driver\":\"vvfat\",\"dir\":\"" + to.folder + "\"}"));
    suite.add("backing_nbd", says, backed("nbd://" + to.listener + "/x", "raw"));
    suite.add("backing_http", says, backed("http://" + to.listener + "/x", "raw"));
    suite.add("backing_ssh", says, backed("ssh://" + to.listener + "/x", "raw"));
    suite.add("backing_json", says,
              backed("json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"" +
                     to.secret + "\"}}"));
    suite.add("backing_itself", says, backed("/dev/fd/3", "qcow2"));
    suite.add("backing_itself_by_proc", says, backed("/proc/self/fd/3", "qcow2"));
    suite.add("backing_device", says, backed("/dev/sda", "raw"));
    suite.add("backing_offset_only", says, qcow2().be64(8, 1024));
    suite.add("backing_size_only", says, qcow2().be32(16, 7));
    suite.add("backing_of_version_2", says, [&] {
        Bytes image = qcow2(2);
        return back(image, to.secret, "raw");
    }());
    suite.add("backing_format_alone", "format of a backing file", extended(0xe2792aca, "raw"));
    suite.add("data_file", "another file", with_data_file(to.secret));
    suite.add("data_file_json", "another file",
              with_data_file("json:{\"driver\":\"file\",\"filename\":\"" + to.secret + "\"}"));
    suite.add("data_file_nbd", "another file", with_data_file("nbd://" + to.listener));
    suite.add("data_file_bit_alone", "another file", qcow2().be64(72, 4));
    suite.add("data_file_name_alone", "external data file", extended(0x44415441, to.secret));
    suite.add("data_file_raw_bit", "raw in another file", qcow2().be64(88, 2));
}

static void qcow2_header(Suite& suite) {
    suite.add("unknown_feature_5", "bits that nobody knows", qcow2().be64(72, 1 << 5));
    suite.add("unknown_feature_63", "bits that nobody knows",
              qcow2().be64(72, std::uint64_t{1} << 63));
    suite.add("corrupt_bit", "marked as corrupt", qcow2().be64(72, 2));
    suite.add("version_0", "version (byte 4) is 0", qcow2().be32(4, 0));
    suite.add("version_1", "version (byte 4) is 1", qcow2().be32(4, 1));
    suite.add("version_4", "version (byte 4) is 4", qcow2().be32(4, 4));
    suite.add("aes", "encrypted", qcow2().be32(32, 1));
    suite.add("luks", "encrypted", qcow2().be32(32, 2));
    suite.add("crypt_extension", "encrypted", extended(0x0537be77, std::string(16, '\0')));
    suite.add("snapshots_65535", "internal snapshots", qcow2().be32(60, 65535).be64(64, 0x10000));
    suite.add("snapshots_one", "internal snapshots", qcow2().be32(60, 1).be64(64, 0x10000));
    suite.add("cluster_bits_0", "cluster_bits (byte 20) is 0", qcow2().be32(20, 0));
    suite.add("cluster_bits_8", "cluster_bits (byte 20) is 8", qcow2().be32(20, 8));
    suite.add("cluster_bits_22", "cluster_bits (byte 20) is 22", qcow2().be32(20, 22));
    suite.add("cluster_bits_64", "cluster_bits (byte 20) is 64", qcow2().be32(20, 64));
    suite.add("header_length_odd", "header_length", qcow2().be32(100, 105));
    suite.add("header_length_short", "header_length", qcow2().be32(100, 72));
    suite.add("header_length_huge", "header_length", qcow2().be32(100, 0xfffffff8));
    suite.add("refcount_order_7", "refcount_order", qcow2().be32(96, 7));
    suite.add("compression_type_7", "compression_type", qcow2().big(104, 1, 7).be64(72, 8));
    suite.add("compression_disagrees", "disagree", qcow2().big(104, 1, 1));
    suite.add("compression_bit_alone", "disagree", qcow2().be64(72, 8));
    suite.add("extended_l2_small", "too small for extended", qcow2().be64(72, 16).be32(20, 12));
    suite.add("truncated_in_header", "cut short", qcow2().resize(40));
    suite.add("truncated_in_header_3", "cut short", qcow2().resize(90));
    suite.add("truncated_after_header", "after the file", qcow2().resize(512));
}

static void qcow2_sizes(Suite& suite) {
    suite.add("size_2_62", "virtual size", qcow2().be64(24, std::uint64_t{1} << 62));
    suite.add("size_2_64", "virtual size", qcow2().be64(24, ~std::uint64_t{0}));
    suite.add("size_0", "virtual size is 0", qcow2().be64(24, 0));
    suite.add("size_lie", "claims a virtual size", qcow2().be64(24, std::uint64_t{100} << 30));
    suite.add("l1_huge", "l1_size", qcow2().be32(36, 0xffffffff));
    suite.add("l1_small", "l1_size", qcow2().be32(36, 0));
    suite.add("l1_after_end", "l1_table_offset", qcow2().be64(40, std::uint64_t{1} << 40));
    suite.add("l1_wraps", "l1_table_offset", qcow2().be64(40, ~std::uint64_t{0} << 16));
    suite.add("l1_unaligned", "l1_table_offset", qcow2().be64(40, qcow2_l1 + 8));
    suite.add("l1_in_header", "l1_table_offset", qcow2().be64(40, 0));
    suite.add("refcounts_huge", "refcount_table_clusters", qcow2().be32(56, 0xffffffff));
    suite.add("refcounts_none", "refcount_table_clusters", qcow2().be32(56, 0));
    suite.add("refcounts_after_end", "refcount_table_offset",
              qcow2().be64(48, std::uint64_t{1} << 50));
    suite.add("refcounts_over_l1", "overlap", qcow2().be64(48, qcow2_l1));
}

static void qcow2_extensions(Suite& suite) {
    suite.add("extension_too_long", "longer than the header",
              extended(0x6803f857, "x").be32(116, 0xffffffff));
    suite.add("extension_fills", "longer than the header",
              extended(0x6803f857, "x").be32(116, 64 * KiB));
    Bytes many = qcow2();
    for (std::uint64_t i = 0; i < 1000; ++i) many.be32(112 + 8 * i, 0x11111111 + i);
    suite.add("extensions_1000", "more than 32", many);
    Bytes bitmaps;
    bitmaps.be32(0, 1).be32(4, 0).be64(8, 1 << 20).be64(16, std::uint64_t{1} << 60);
    suite.add("bitmaps_outside", "directory outside", extended(0x23852875, bitmaps.data));
    suite.add("bitmaps_many", "directory outside",
              extended(0x23852875, Bytes(bitmaps).be32(0, 0xffffffff).be64(16, 0).data));
    suite.add("bitmaps_short", "24 bytes", extended(0x23852875, "short"));
}

static void qcow2_tables(Suite& suite) {
    constexpr std::uint64_t copied = std::uint64_t{1} << 63;
    suite.add("l2_outside", "after the file", qcow2().be64(qcow2_l1, copied | 1 << 30));
    suite.add("l2_unaligned", "not on a cluster",
              qcow2().be64(qcow2_l1, copied | (qcow2_l2 + 512)));
    suite.add("l2_reserved_bits", "reserved bits", qcow2().be64(qcow2_l1, qcow2_l2 | 1));
    suite.add("cluster_outside", "not within the file", qcow2().be64(qcow2_l2, copied | 1 << 30));
    suite.add("cluster_unaligned", "not on a cluster",
              qcow2().be64(qcow2_l2, copied | (qcow2_data + 512)));
    suite.add("cluster_reserved_bits", "reserved bits", qcow2().be64(qcow2_l2, qcow2_data | 2));
    suite.add("zero_flag_of_version_2", "reserved bits",
              qcow2(2).be64(qcow2_l2, copied | qcow2_data | 1));
    suite.add("compressed_outside", "compressed cluster",
              qcow2().be64(qcow2_l2, std::uint64_t{1} << 62 | 1 << 30));
    suite.add(
        "compressed_runs_out", "compressed cluster",
        qcow2().be64(qcow2_l2, std::uint64_t{0xff} << 54 | std::uint64_t{1} << 62 | qcow2_data));
    suite.add("truncated_data", "not within the file", qcow2().resize(qcow2_data));
    Bytes shared = qcow2().be64(24, std::uint64_t{60} << 30).be32(36, 120);
    for (std::uint64_t i = 0; i < 120; ++i) shared.be64(qcow2_l1 + 8 * i, copied | qcow2_l2);
    suite.add("one_l2_for_60_gib", "used twice", shared);
    Bytes twice = qcow2();
    for (std::uint64_t i = 0; i < 16; ++i) twice.be64(qcow2_l2 + 8 * i, copied | qcow2_data);
    suite.add("one_cluster_for_all", "used twice", twice);
}

std::vector<Attack> qcow2_attacks(const Targets& targets) {
    Suite suite{"qcow2", "qcow2", {}};
    qcow2_references(suite, targets);
    qcow2_header(suite);
    qcow2_sizes(suite);
    qcow2_extensions(suite);
    qcow2_tables(suite);
    return suite.list;
}

// ---- VMDK --------------------------------------------------------------------------------------

static std::string with_line(std::string_view line) {
    return vmdk_descriptor() + std::string(line) + "\n";
}

static std::string with_extent(std::string_view line) {
    return vmdk_descriptor("monolithicSparse", line);
}

static std::string without(std::string text, std::string_view part, std::string_view instead = {}) {
    const std::size_t at = text.find(part);
    return at == std::string::npos ? text : text.replace(at, part.size(), instead);
}

static void vmdk_alone(Suite& suite, const Targets& to) {
    const std::string flat = "RW 2048 FLAT \"" + to.secret + "\" 0";
    const std::string_view says = "a text that names other files";
    Bytes text;
    suite.add("flat_text", says, text.put(0, vmdk_descriptor("monolithicFlat", flat)));
    suite.add("flat_text_padded", says, Bytes(text).resize(64 * KiB));
    Bytes plain;
    suite.add(
        "version_text", says,
        plain.put(0, "\n# nothing\n\n  version=1\ncreateType=\"monolithicFlat\"\n" + flat + "\n"));
    Bytes upper;
    suite.add("version_text_dos", says,
              upper.put(0, "#x\r\nVERSION = 1\r\ncreateType=\"vmfs\"\r\n" + flat + "\r\n"));
    suite.add(
        "flat_named_json", says,
        Bytes().put(0, vmdk_descriptor("monolithicFlat",
                                       "RW 2048 FLAT \"json:{\\\"driver\\\":\\\"nbd\\\"}\" 0")));
}

static void vmdk_extents(Suite& suite, const Targets& to) {
    const std::string other = "in another file";
    suite.add("flat_extent", other, vmdk(with_extent("RW 2048 FLAT \"" + to.secret + "\" 0")));
    suite.add("vmfs_extent", other, vmdk(with_extent("RW 2048 VMFS \"" + to.secret + "\"")));
    suite.add("zero_extent", other, vmdk(with_extent("RW 2048 ZERO \"x\"")));
    suite.add("device_extent", other, vmdk(with_extent("RW 2048 VMFSRDM \"/dev/sda\"")));
    suite.add("second_extent", "second extent",
              vmdk(with_line("RW 2048 FLAT \"" + to.secret + "\" 0")));
    suite.add("second_extent_lower", "second extent",
              vmdk(with_line("rdonly 2048 sparse \"other.vmdk\"")));
    suite.add("no_extent", "names no extent", vmdk(with_extent("# none")));
    suite.add("extent_absolute", "plain file",
              vmdk(with_extent("RW 2048 SPARSE \"" + to.secret + "\"")));
    suite.add("extent_relative", "plain file", vmdk(with_extent("RW 2048 SPARSE \"../x.vmdk\"")));
    suite.add("extent_json", "plain file", vmdk(with_extent("RW 2048 SPARSE \"json{:}\"")));
    suite.add("extent_url", "'://'",
              vmdk(with_extent("RW 2048 SPARSE \"nbd://" + to.listener + "\"")));
    suite.add("extent_bare", "plain file", vmdk(with_extent("RW 2048 SPARSE disk.vmdk")));
    suite.add("extent_other_size", "another size", vmdk(with_extent("RW 4096 SPARSE \"x.vmdk\"")));
    suite.add("extent_size_wraps", "another size",
              vmdk(with_extent("RW 18446744073709553664 SPARSE \"x.vmdk\"")));
    suite.add("extent_incomplete", "is no extent", vmdk(with_extent("RW 2048 SPARSE")));
}

static void vmdk_settings(Suite& suite, const Targets& to) {
    suite.add("parent_hint", "parentfilenamehint",
              vmdk(with_line("parentFileNameHint=\"" + to.secret + "\"")));
    suite.add("parent_hint_in_comment", "parentfilenamehint",
              vmdk(with_line("# parentFileNameHint=\"" + to.secret + "\"")));
    suite.add("parent_cid", "names a parent",
              vmdk(without(vmdk_descriptor(), "parentCID=ffffffff", "parentCID=12345678")));
    suite.add("parent_cid_missing", "parentCID=ffffffff",
              vmdk(without(vmdk_descriptor(), "parentCID=ffffffff\n")));
    suite.add("parent_cid_twice", "more than once", vmdk(with_line("parentCID=ffffffff")));
    suite.add("parent_cid_in_comment", "more than once", vmdk(with_line("#parentCID=12345678")));
    suite.add("type_flat", "another kind",
              vmdk(vmdk_descriptor("monolithicFlat", "RW 2048 SPARSE \"disk.vmdk\"")));
    suite.add("type_stream", "another kind", vmdk(vmdk_descriptor("streamOptimized")));
    suite.add("type_full_device", "another kind", vmdk(vmdk_descriptor("fullDevice")));
    suite.add("type_twice", "more than once", vmdk(with_line("createType=\"monolithicSparse\"")));
    suite.add("type_missing",
              "createType=", vmdk(without(vmdk_descriptor(), "createType=\"monolithicSparse\"\n")));
    suite.add("version_missing", "version=", vmdk(without(vmdk_descriptor(), "version=1\n")));
    suite.add("change_track", "changetrackpath", vmdk(with_line("changeTrackPath=\"x\"")));
    suite.add("unknown_key", "not taken", vmdk(with_line("include=" + to.secret)));
    suite.add("stray_words", "neither a setting", vmdk(with_line("hello world")));
    suite.add("json_anywhere", "'json:'", vmdk(with_line("ddb.x = \"json:{}\"")));
    suite.add("long_line", "longer than 512", vmdk(with_line("ddb.x = " + std::string(600, 'a'))));
    suite.add("many_lines", "256 lines", vmdk(with_line(std::string(300, '\n'))));
    suite.add("not_printable", "not printable", vmdk(with_line("ddb.x = \x1b[2J")));
    suite.add("hidden_after_nul", "after its end",
              vmdk(vmdk_descriptor() + '\0' + "RW 2048 FLAT \"" + to.secret + "\" 0\n"));
    suite.add("descriptor_not_first", "does not begin", vmdk("version=1\n" + vmdk_descriptor()));
}

static void vmdk_header_fields(Suite& suite, const Targets& to) {
    const std::string flat =
        vmdk_descriptor("monolithicFlat", "RW 2048 FLAT \"" + to.secret + "\" 0");
    suite.add("capacity_0_with_flat", "capacity (byte 12) is 0", vmdk(flat).le64(12, 0));
    suite.add("capacity_2_62", "virtual size", vmdk().le64(12, std::uint64_t{1} << 62));
    suite.add("capacity_wraps", "virtual size", vmdk().le64(12, (std::uint64_t{1} << 55) + 1));
    suite.add("capacity_lie", "claims a virtual size", vmdk().le64(12, std::uint64_t{100} << 21));
    suite.add("version_9", "version (byte 4) is 9", vmdk().le32(4, 9));
    suite.add("grain_0", "grainSize", vmdk().le64(20, 0));
    suite.add("grain_3", "grainSize", vmdk().le64(20, 3));
    suite.add("grain_2_40", "grainSize", vmdk().le64(20, std::uint64_t{1} << 40));
    suite.add("table_size_0", "numGTEsPerGT", vmdk().le32(44, 0));
    suite.add("table_size_huge", "numGTEsPerGT", vmdk().le32(44, 0xffffffff));
    suite.add("descriptor_none", "no descriptor", vmdk().le64(28, 0));
    suite.add("descriptor_huge", "descriptorSize", vmdk().le64(36, std::uint64_t{1} << 54));
    suite.add("descriptor_1_gib", "descriptorSize", vmdk().le64(36, 1 << 21));
    suite.add("descriptor_outside", "descriptorOffset", vmdk().le64(28, 1 << 30));
    suite.add("descriptor_wraps", "descriptorOffset",
              vmdk().le64(28, (std::uint64_t{1} << 55) + 1));
    suite.add("compression_unknown", "compressAlgorithm", vmdk().le16(77, 2));
    suite.add("compression_disagrees", "disagree", vmdk().le16(77, 1));
    suite.add("compressed_unmarked", "no markers", vmdk().le32(8, 0x10001).le16(77, 1));
    suite.add("line_ends", "transferred as text", vmdk().put(73, "\n\n\n\n"));
    suite.add("header_tail", "must be zero", vmdk().le16(510, 0xaa55));
    suite.add("truncated", "cut short", vmdk().resize(300));
    suite.add("old_esx", "COWD", Bytes().put(0, "COWD").resize(4096));
    suite.add("sesparse", "seSparse", Bytes().le64(0, 0xcafebabe).resize(4096));
}

static void vmdk_tables(Suite& suite) {
    suite.add("directory_none", "gdOffset", vmdk().le64(56, 0));
    suite.add("directory_outside", "gdOffset", vmdk().le64(56, 1 << 30));
    suite.add("table_outside", "grain table", vmdk().le32(vmdk_directory_at, 0x7fffffff));
    suite.add("grain_outside", "not within the file", vmdk().le32(vmdk_table_at, 0x7fffffff));
    suite.add("truncated_data", "not within the file", vmdk().resize(40 * 512));
    Bytes twice = vmdk();
    for (std::uint64_t i = 0; i < 128; ++i) twice.le32(vmdk_table_at + 4 * i, 32);
    suite.add("one_grain_for_all", "used twice", twice);
    Bytes shared = vmdk(vmdk_descriptor("monolithicSparse", "RW 1048576 SPARSE \"disk.vmdk\""));
    shared.le64(12, 1 << 20);
    for (std::uint64_t i = 0; i < 128; ++i)
        shared.le32(vmdk_directory_at + 4 * i, vmdk_table_at / 512);
    suite.add("one_table_for_all", "used twice", shared.le64(56, vmdk_directory_at / 512));
}

static void vmdk_footer(Suite& suite, const Targets& to) {
    const auto footer = [](Bytes& image) { return image.size() - 1024; };
    Bytes other = vmdk_stream();
    suite.add("footer_other_capacity", "differ", other.le64(footer(other) + 12, 4096));
    Bytes capacity =
        vmdk_stream(vmdk_descriptor("streamOptimized", "RW 2048 FLAT \"" + to.secret + "\" 0"));
    suite.add("footer_capacity_0", "differ", capacity.le64(footer(capacity) + 12, 0));
    Bytes moved = vmdk_stream();
    suite.add("footer_other_descriptor", "differ", moved.le64(footer(moved) + 28, 40));
    Bytes magic = vmdk_stream();
    suite.add("footer_no_magic", "differ", magic.put(footer(magic), "XXXX"));
    Bytes again = vmdk_stream();
    suite.add("footer_at_end_again", "gdOffset", again.le64(footer(again) + 56, ~std::uint64_t{0}));
    Bytes lost = vmdk_stream();
    suite.add("footer_missing", "end with a footer", lost.resize(lost.size() - 1536));
    Bytes marker = vmdk_stream();
    suite.add("footer_marker", "end with a footer", marker.le32(footer(marker) - 512 + 12, 9));
    suite.add("footer_of_no_stream", "no stream", vmdk().le64(56, ~std::uint64_t{0}));
    suite.add("stream_type_sparse", "another kind", vmdk_stream(vmdk_descriptor()));
}

std::vector<Attack> vmdk_attacks(const Targets& targets) {
    Suite suite{"vmdk", "vmdk", {}};
    vmdk_alone(suite, targets);
    vmdk_extents(suite, targets);
    vmdk_settings(suite, targets);
    vmdk_header_fields(suite, targets);
    vmdk_tables(suite);
    vmdk_footer(suite, targets);
    return suite.list;
}

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

// ---- raw, polyglots, what we do not take -------------------------------------------------------

static void polyglots(Suite& suite) {
    const std::string_view says = "two things at once";
    const std::string label = iso().data.substr(0x8000, 0x1000);
    suite.add("iso_and_qcow2", says, qcow2().put(0x8000, label));
    suite.add("iso_and_vmdk", says, vmdk().resize(64 * KiB).put(0x8000, label));
    suite.add("iso_and_vhd", says, vhd_fixed().put(0x8000, label));
    suite.add("iso_and_vhdx", says, vhdx().put(0x8000, label));
    suite.add("iso_and_dmg", says, iso().put(64 * KiB - 512, "koly"));
    suite.add("iso_and_vdi", says, iso().le32(0x40, 0xbeda107f));
    suite.add("iso_and_luks", says, iso().put(0, "LUKS\xba\xbe"sv));
    suite.add("iso_and_descriptor", says, iso().put(0, vmdk_descriptor("monolithicFlat")));
    Bytes tail = vhd_fixed();
    suite.add("qcow2_and_vhd_footer", says, qcow2().put(6 * 64 * KiB, tail.data.substr(MiB)));
    suite.add("vmdk_and_vhd_footer", says, vmdk().put(200 * KiB, tail.data.substr(MiB)));
    suite.add("vhdx_and_vhd_footer", says, vhdx().put(5 * MiB, tail.data.substr(MiB)));
    suite.add("qcow2_and_vdi", says, qcow2().le32(0x40, 0xbeda107f));
    suite.add("qcow2_and_tar", says, qcow2().put(257, "ustar"));
    suite.add("qcow2_and_dmg", says, qcow2().put(6 * 64 * KiB - 512, "koly"));
    suite.add("vhdx_and_tar", says, vhdx().put(257, "ustar"));
}

static void lies(Suite& suite, const Targets& to) {
    const auto add = [&](std::string_view name, std::string_view declared, std::string_view says,
                         const Bytes& image) {
        suite.declared = declared;
        suite.add(name, says, image);
        suite.list.back().is_wrong_word =
            says.find("declared") != says.npos || says == "no image format";
    };
    add("raw_is_qcow2", "raw", "declared raw, but it is qcow2", backed(to.secret, "raw"));
    add("raw_is_vmdk", "raw", "declared raw, but it is vmdk", vmdk());
    add("raw_is_vhd", "raw", "declared raw, but it is vhd", vhd_fixed());
    add("raw_is_vhdx", "raw", "declared raw, but it is vhdx", vhdx());
    add("raw_is_descriptor", "raw", "names other files",
        Bytes().put(0, vmdk_descriptor("monolithicFlat", "RW 1 FLAT \"" + to.secret + "\" 0")));
    add("qcow2_is_raw", "qcow2", "declared qcow2, but it is raw", mbr(0x83, 2048, 100));
    add("qcow2_is_vmdk", "qcow2", "declared qcow2, but it is vmdk", vmdk());
    add("vmdk_is_qcow2", "vmdk", "declared vmdk, but it is qcow2", backed(to.secret));
    add("format_unknown", "vdi", "no image format", qcow2());
    add("format_option", "qcow2,backing.filename=/etc/passwd", "no image format", qcow2());
    add("empty", "auto", "empty", Bytes());
    add("partition_over_record", "raw", "sector 0", mbr(0x83, 0, 100));
    add("gpt_not_there", "raw", "no GPT header", mbr(0xee, 1, 0xffffffff));
}

static void not_taken(Suite& suite) {
    const auto add = [&](std::string_view name, std::string_view says, Bytes image) {
        suite.add(name, says, image.resize(8192));
    };
    add("qed", "QED", Bytes().put(0, "QED\0"sv));
    add("vdi", "VDI",
        Bytes().put(0, "<<< Oracle VM VirtualBox Disk Image >>>\n").le32(0x40, 0xbeda107f));
    add("luks", "LUKS", Bytes().put(0, "LUKS\xba\xbe\0\x02"sv));
    add("parallels", "Parallels", Bytes().put(0, "WithoutFreeSpace"));
    add("parallels_2", "Parallels", Bytes().put(0, "WithouFreSpacExt"));
    add("bochs", "Bochs", Bytes().put(0, "Bochs Virtual HD Image"));
    add("cloop", "cloop", Bytes().put(0, "#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0\n"));
    add("dmg", "DMG", Bytes().resize(8192).put(8192 - 512, "koly"));
    add("qcow_1", "version (byte 4) is 1", Bytes().put(0, "QFI\xfb\0\0\0\x01"sv));
    add("gzip", "gzip", Bytes().put(0, "\x1f\x8b\x08"sv));
    add("xz", "xz",
        Bytes().put(0,
                    "\xfd"
                    "7zXZ\0"sv));
    add("zstd", "zstd", Bytes().put(0, "\x28\xb5\x2f\xfd"sv));
    add("bzip2", "bzip2", Bytes().put(0, "BZh91AY&SY"));
    add("zip", "zip", Bytes().put(0, "PK\x03\x04"));
    add("7z", "7z", Bytes().put(0, "7z\xbc\xaf\x27\x1c"sv));
    add("ova", "tar", Bytes().put(0, "disk.ovf").put(257, "ustar"));
    add("wim", "WIM", Bytes().put(0, "MSWIM\0\0\0"sv));
}

std::vector<Attack> other_attacks(const Targets& targets) {
    Suite suite{"other", "auto", {}};
    polyglots(suite);
    not_taken(suite);
    lies(suite, targets);
    return suite.list;
}

std::vector<Attack> attacks(const Targets& targets) {
    std::vector<Attack> all;
    for (std::vector<Attack>& some :
         std::vector{qcow2_attacks(targets), vmdk_attacks(targets), vhd_attacks(), vhdx_attacks(),
                     other_attacks(targets)})
        std::ranges::move(some, std::back_inserter(all));
    return all;
}

// ---- bombs -------------------------------------------------------------------------------------

/// Writes bits as RFC 1951 packs them.
class Bits {
  public:
    /// A Huffman code: its highest bit first.
    void code(std::uint32_t value, int width) {
        for (int i = width - 1; i >= 0; --i) bit(value >> i & 1);
    }
    std::string bytes() const { return bytes_; }

  private:
    void bit(std::uint32_t value) {
        if (used_ % 8 == 0) bytes_.push_back(0);
        bytes_.back() = static_cast<char>(bytes_.back() | static_cast<char>(value << (used_ % 8)));
        ++used_;
    }

    std::string bytes_;
    unsigned used_ = 0;
};

/// 64 KiB of one letter in about 400 bytes: one block with fixed codes, a literal, then copies of
/// 258 bytes from one byte back.
static std::string deflated(char letter) {
    Bits bits;
    bits.code(0b110, 3);
    bits.code(0x30 + static_cast<std::uint32_t>(letter), 8);
    for (int i = 0; i < 254; ++i) bits.code(0xc5 << 5, 13);
    bits.code(1 << 5, 12);
    bits.code(0, 7);
    return bits.bytes();
}

/// 4 GiB that all come from one compressed cluster.
static Bytes qcow2_bomb(char letter) {
    constexpr std::uint64_t tables = 8;
    Bytes image = qcow2().resize(qcow2_l2).be32(36, tables);
    image.be64(24, std::uint64_t{4} << 30);
    const std::uint64_t data = qcow2_l2 + tables * 64 * KiB;
    for (std::uint64_t table = 0; table < tables; ++table) {
        const std::uint64_t at = qcow2_l2 + table * 64 * KiB;
        image.be64(qcow2_l1 + 8 * table, at | std::uint64_t{1} << 63);
        for (std::uint64_t i = 0; i < 8192; ++i)
            image.be64(at + 8 * i, std::uint64_t{1} << 62 | data);
    }
    return image.put(data, deflated(letter)).resize(data + 64 * KiB);
}

std::vector<Attack> bombs() {
    return {{"letters", "qcow2", "", qcow2_bomb('A').data, false},
            {"zeros", "qcow2", "", qcow2_bomb('\0').data, false}};
}

}  // namespace vdc::drivers::images
