#include "drivers/images/attack_suite_test_util.h"

#include <algorithm>
#include <iterator>

namespace vdc::drivers::images {

using namespace forge;
using namespace std::string_view_literals;

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
