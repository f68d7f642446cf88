#include "drivers/images/attack_suite_test_util.h"

namespace vdc::drivers::images {

using namespace forge;
using namespace std::string_view_literals;

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

}  // namespace vdc::drivers::images
