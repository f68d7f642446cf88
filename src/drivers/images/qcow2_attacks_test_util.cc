#include "drivers/images/attack_suite_test_util.h"

namespace vdc::drivers::images {

using namespace forge;
using namespace std::string_view_literals;

Bytes backed(std::string_view name, std::string_view format) {
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

}  // namespace vdc::drivers::images
