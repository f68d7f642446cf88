#include "drivers/images/signs.h"

#include <algorithm>
#include <array>

#include "drivers/images/block.h"

namespace vdc::drivers::images {

using base::Result;
using namespace std::string_view_literals;

namespace {

enum class From { start, end };

/// One magic: these bytes, that many bytes from the start of the file or back from its end.
struct Magic {
    std::string_view name;
    std::string_view bytes;
    From from;
    std::uint64_t distance;
    Sign::Kind kind;
    Format format;
    std::string_view advice;
};

constexpr auto taken = Sign::Kind::taken;
constexpr auto refused = Sign::Kind::refused;
constexpr auto content = Sign::Kind::content;
constexpr auto none = Format::raw;
constexpr auto convert = "convert it first: qemu-img convert -O qcow2 OLD NEW"sv;
constexpr auto unpack = "unpack it and upload the disk image that is in it"sv;
constexpr auto single = "export it as one monolithicSparse or streamOptimized VMDK"sv;
constexpr auto decrypt = "upload the decrypted disk"sv;

// Sources: the formats' own specifications; for the rare ones, block/*.c of QEMU 7.2.
constexpr std::array magics{
    Magic{"qcow2", "QFI\xfb"sv, From::start, 0, taken, Format::qcow2, ""},
    Magic{"VMDK", "KDMV"sv, From::start, 0, taken, Format::vmdk, ""},
    Magic{"VMDK (COWD, of ESX)", "COWD"sv, From::start, 0, refused, none, single},
    Magic{"VMDK (seSparse)", "\xbe\xba\xfe\xca\0\0\0\0"sv, From::start, 0, refused, none, single},
    Magic{"VHD", "conectix"sv, From::start, 0, taken, Format::vhd, ""},
    Magic{"VHD", "conectix"sv, From::end, 512, taken, Format::vhd, ""},
    Magic{"VHD (with the short footer of before 2004)", "conectix"sv, From::end, 511, refused, none,
          convert},
    Magic{"VHDX", "vhdxfile"sv, From::start, 0, taken, Format::vhdx, ""},
    Magic{"QED", "QED\0"sv, From::start, 0, refused, none, convert},
    Magic{"VDI (VirtualBox)", "\x7f\x10\xda\xbe"sv, From::start, 0x40, refused, none, convert},
    Magic{"Parallels", "WithoutFreeSpace"sv, From::start, 0, refused, none, convert},
    Magic{"Parallels", "WithouFreSpacExt"sv, From::start, 0, refused, none, convert},
    Magic{"Bochs", "Bochs Virtual HD Image"sv, From::start, 0, refused, none, convert},
    Magic{"cloop", "#!/bin/sh\n#V2.0 Format"sv, From::start, 0, refused, none, convert},
    Magic{"DMG (Apple)", "koly"sv, From::end, 512, refused, none, convert},
    Magic{"LUKS", "LUKS\xba\xbe"sv, From::start, 0, refused, none, decrypt},
    Magic{"gzip", "\x1f\x8b\x08"sv, From::start, 0, refused, none, unpack},
    Magic{"xz",
          "\xfd"
          "7zXZ\0"sv,
          From::start, 0, refused, none, unpack},
    Magic{"bzip2", "BZh91AY&SY"sv, From::start, 0, refused, none, unpack},
    Magic{"zstd", "\x28\xb5\x2f\xfd"sv, From::start, 0, refused, none, unpack},
    Magic{"zip", "PK\x03\x04"sv, From::start, 0, refused, none, unpack},
    Magic{"7z", "7z\xbc\xaf\x27\x1c"sv, From::start, 0, refused, none, unpack},
    Magic{"tar (or OVA)", "ustar"sv, From::start, 257, refused, none, unpack},
    Magic{"WIM (Windows)", "MSWIM\0\0\0"sv, From::start, 0, refused, none, unpack},
    Magic{"ISO 9660", "CD001"sv, From::start, 0x8001, content, Format::raw, ""},
};

}  // namespace

/// Whether QEMU would take the text for a VMDK descriptor: after comments and empty lines comes a
/// line "version=" (block/vmdk.c, vmdk_probe). Ours is broader: any case, any number after it.
static bool descriptor_text(std::string_view text) {
    constexpr auto blank = " \t\r\n"sv;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        const std::size_t begin = line.find_first_not_of(blank);
        if (begin != std::string_view::npos && line[begin] != '#') {
            std::string head(line.substr(begin, 7));
            std::ranges::transform(head, head.begin(),
                                   [](unsigned char c) { return std::tolower(c); });
            return head == "version" && line.find('=') != std::string_view::npos;
        }
        if (line.size() == text.size()) return false;
        text.remove_prefix(line.size() + 1);
    }
    return false;
}

static Result<bool> bears(const Source& source, const Magic& magic) {
    if (!inside(source.size(), magic.from == From::start ? magic.distance : 0, magic.bytes.size()))
        return false;
    if (magic.from == From::end && source.size() < magic.distance) return false;
    const std::uint64_t at =
        magic.from == From::start ? magic.distance : source.size() - magic.distance;
    const Block block = TRY(Block::read(source, at, magic.bytes.size(), magic.name));
    return block.text() == magic.bytes;
}

static Result<bool> is_descriptor(const Source& source) {
    const std::size_t length =
        static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), 8192));
    const Block block = TRY(Block::read(source, 0, length, "first bytes"));
    return block.text().starts_with("# Disk DescriptorFile") || descriptor_text(block.text());
}

Result<std::vector<Sign>> signs_of(const Source& source) {
    std::vector<Sign> signs;
    for (const Magic& magic : magics) {
        if (!TRY(bears(source, magic))) continue;
        const std::uint64_t at =
            magic.from == From::start ? magic.distance : source.size() - magic.distance;
        signs.push_back(
            {magic.kind, magic.format, std::string(magic.name), at, std::string(magic.advice)});
    }
    if (TRY(is_descriptor(source)))
        signs.push_back({refused, none,
                         "a VMDK descriptor without data (a text that names other files)", 0,
                         std::string(single)});
    return signs;
}

}  // namespace vdc::drivers::images
