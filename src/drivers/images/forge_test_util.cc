#include "drivers/images/forge_test_util.h"

#include <algorithm>

#include "base/chance.h"

namespace vdc::drivers::images::forge {

using namespace std::string_view_literals;

Bytes& Bytes::put(std::uint64_t at, std::string_view bytes) {
    if (data.size() < at + bytes.size()) data.resize(at + bytes.size());
    std::ranges::copy(bytes, data.begin() + static_cast<std::ptrdiff_t>(at));
    return *this;
}

Bytes& Bytes::big(std::uint64_t at, int width, std::uint64_t value) {
    std::string bytes;
    for (int i = width - 1; i >= 0; --i) bytes.push_back(static_cast<char>(value >> (8 * i)));
    return put(at, bytes);
}

Bytes& Bytes::little(std::uint64_t at, int width, std::uint64_t value) {
    std::string bytes;
    for (int i = 0; i < width; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
    return put(at, bytes);
}

Bytes& Bytes::resize(std::uint64_t size) {
    data.resize(size);
    return *this;
}

std::string content() {
    base::Chance chance(20240607);
    std::string bytes;
    while (bytes.size() < content_size) bytes.push_back(static_cast<char>(chance.next() & 0xff));
    bytes.replace(0, 16, 16, '\0');  // no boot record, no magic
    bytes.replace(510, 2, 2, '\0');
    return bytes;
}

// ---- qcow2 -------------------------------------------------------------------------------------

Bytes qcow2(int version) {
    Bytes image;
    image.put(0, "QFI\xfb"sv).big(4, 4, static_cast<std::uint64_t>(version));
    image.be32(20, 16).be64(24, MiB).be32(36, 1).be64(40, qcow2_l1);
    image.be64(48, qcow2_refcounts).be32(56, 1);
    if (version == 3) image.be32(96, 4).be32(100, 112);
    image.be64(qcow2_l1, qcow2_l2 | std::uint64_t{1} << 63);
    image.be64(qcow2_refcounts, 3 * 64 * KiB);
    for (std::uint64_t i = 0; i < 6; ++i) image.big(3 * 64 * KiB + 2 * i, 2, 1);
    image.be64(qcow2_l2, qcow2_data | std::uint64_t{1} << 63);
    return image.put(qcow2_data, content());
}

static std::uint64_t extensions_at(const Bytes& qcow2) {
    return qcow2.data[7] == 2 ? 72 : 112;
}

Bytes& extend(Bytes& qcow2, std::uint32_t type, std::string_view body) {
    const std::uint64_t at = extensions_at(qcow2);
    const std::uint64_t padded = (body.size() + 7) / 8 * 8;
    return qcow2.be32(at, type)
        .be32(at + 4, body.size())
        .put(at + 8, body)
        .be64(at + 8 + padded, 0);
}

Bytes& back(Bytes& qcow2, std::string_view name, std::string_view format) {
    if (!format.empty()) extend(qcow2, 0xe2792aca, format);
    return qcow2.put(1024, name).be64(8, 1024).be32(16, name.size());
}

// ---- VMDK --------------------------------------------------------------------------------------

std::string vmdk_descriptor(std::string_view type, std::string_view extent) {
    return "# Disk "
           "DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=5f3c1b2a\nparentCID=ffffffff\n"
           "createType=\"" +
           std::string(type) + "\"\n\n# Extent description\n" + std::string(extent) +
           "\n\n# The Disk Data Base\n#DDB\n\nddb.virtualHWVersion = \"4\"\n"
           "ddb.geometry.cylinders = \"2\"\nddb.geometry.heads = \"16\"\n"
           "ddb.geometry.sectors = \"63\"\nddb.adapterType = \"ide\"\n";
}

static Bytes vmdk_header(std::uint32_t version, std::uint32_t flags, std::string_view descriptor) {
    Bytes image;
    image.put(0, "KDMV").le32(4, version).le32(8, flags).le64(12, 2048).le64(20, 16);
    image.le64(28, 1).le64(36, 20).le32(44, 512).le64(64, 32).put(73, "\n \r\n");
    return image.resize(512).put(vmdk_descriptor_at, descriptor).resize(32 * 512);
}

Bytes vmdk(std::string_view descriptor) {
    Bytes image = vmdk_header(1, 1, descriptor);
    image.le64(56, vmdk_directory_at / 512).le32(vmdk_directory_at, vmdk_table_at / 512);
    for (std::uint64_t i = 0; i < content_size / (8 * KiB); ++i)
        image.le32(vmdk_table_at + 4 * i, 32 + 16 * i);
    return image.put(32 * 512, content());
}

static std::uint32_t adler32(std::string_view bytes) {
    std::uint32_t a = 1, b = 0;
    for (const char byte : bytes) {
        a = (a + static_cast<std::uint8_t>(byte)) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/// RFC 1950 around one stored block of RFC 1951.
static std::string stored(std::string_view bytes) {
    Bytes out;
    out.put(0, "\x78\x01\x01"sv).le16(3, bytes.size()).le16(5, ~bytes.size()).put(7, bytes);
    return out.be32(out.size(), adler32(bytes)).data;
}

Bytes vmdk_stream(std::string_view descriptor) {
    constexpr std::uint64_t grain = 8 * KiB;
    Bytes image = vmdk_header(3, 0x30001, descriptor);
    image.le16(77, 1).le64(56, ~std::uint64_t{0});
    const std::string header = image.data.substr(0, 512);
    Bytes table;
    for (std::uint64_t i = 0; i < content_size / grain; ++i) {
        const std::string packed = stored(content().substr(i * grain, grain));
        const std::uint64_t at = image.size();
        table.le32(4 * i, at / 512);
        image.le64(at, 16 * i).le32(at + 8, packed.size()).put(at + 12, packed);
        image.resize((image.size() + 511) / 512 * 512);
    }
    const std::uint64_t table_at = image.size() + 512;
    image.le64(image.size(), 4).le32(image.size(), 0).le32(image.size(), 1).resize(table_at);
    image.put(table_at, table.data).resize(table_at + 2048);
    const std::uint64_t directory_at = image.size() + 512;
    image.le64(image.size(), 1).le32(image.size(), 0).le32(image.size(), 2).resize(directory_at);
    image.le32(directory_at, table_at / 512).resize(directory_at + 512);
    const std::uint64_t footer_at = image.size() + 512;
    image.le64(image.size(), 1).le32(image.size(), 0).le32(image.size(), 3).resize(footer_at);
    image.put(footer_at, header).le64(footer_at + 56, directory_at / 512);
    return image.resize(footer_at + 1024);
}

// ---- VHD ---------------------------------------------------------------------------------------

static Bytes& seal(Bytes& image, std::uint64_t at, std::uint64_t length, std::uint64_t sum_at) {
    image.be32(at + sum_at, 0);
    std::uint32_t sum = 0;
    for (const char byte : image.data.substr(at, length)) sum += static_cast<std::uint8_t>(byte);
    return image.be32(at + sum_at, ~sum);
}

Bytes& seal_footer(Bytes& vhd, std::uint64_t at) {
    return seal(vhd, at, 512, 64);
}
Bytes& seal_header(Bytes& vhd, std::uint64_t at) {
    return seal(vhd, at, 1024, 36);
}

static std::string vhd_footer(std::uint32_t type, std::uint64_t data_offset) {
    Bytes footer;
    footer.put(0, "conectix").be32(8, 2).be32(12, 0x10000).be64(16, data_offset);
    footer.put(28, "win ").be32(32, 0x60001).put(36, "Wi2k").be64(40, MiB).be64(48, MiB);
    footer.big(56, 2, 30).big(58, 1, 4).big(59, 1, 17).be32(60, type).put(68, "0123456789abcdef");
    footer.resize(512);
    return seal_footer(footer, 0).data;
}

Bytes vhd_fixed() {
    Bytes image;
    return image.put(0, content()).resize(MiB).put(MiB, vhd_footer(2, ~std::uint64_t{0}));
}

Bytes vhd_dynamic() {
    Bytes image;
    const std::string footer = vhd_footer(3, vhd_header_at);
    image.put(0, footer).put(vhd_header_at, "cxsparse").be64(vhd_header_at + 8, ~std::uint64_t{0});
    image.be64(vhd_header_at + 16, vhd_table_at).be32(vhd_header_at + 24, 0x10000);
    image.be32(vhd_header_at + 28, 16).be32(vhd_header_at + 32, 64 * KiB).resize(vhd_table_at);
    seal_header(image, vhd_header_at);
    image.put(vhd_table_at, std::string(512, '\xff')).be32(vhd_table_at, 4);
    image.put(2048, std::string(16, '\xff')).resize(2560).put(2560, content());
    return image.put(image.size(), footer);
}

Bytes& change_footers(Bytes& vhd, std::uint64_t at, int width, std::uint64_t value) {
    vhd.big(at, width, value);
    seal_footer(vhd, 0);
    return vhd.put(vhd.size() - 512, vhd.data.substr(0, 512));
}

// ---- VHDX --------------------------------------------------------------------------------------

static int digit(char c) {
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

std::string guid(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i + 1 < text.size(); ++i)
        if (text[i] != '-') {
            plain.push_back(static_cast<char>(digit(text[i]) << 4 | digit(text[i + 1])));
            ++i;
        }
    std::reverse(plain.begin(), plain.begin() + 4);
    std::swap(plain[4], plain[5]);
    std::swap(plain[6], plain[7]);
    return plain;
}

/// Bit by bit, as the definition says.
static std::uint32_t castagnoli(std::string_view bytes) {
    std::uint32_t crc = ~std::uint32_t{0};
    for (const char byte : bytes) {
        crc ^= static_cast<std::uint8_t>(byte);
        for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static Bytes& seal_crc(Bytes& image, std::uint64_t at, std::uint64_t length) {
    image.le32(at + 4, 0);
    return image.le32(at + 4, castagnoli(std::string_view(image.data).substr(at, length)));
}

Bytes& seal_headers(Bytes& vhdx) {
    seal_crc(vhdx, vhdx_header_at, 4 * KiB);
    return seal_crc(vhdx, vhdx_header_2_at, 4 * KiB);
}

Bytes& seal_regions(Bytes& vhdx) {
    seal_crc(vhdx, vhdx_regions_at, 64 * KiB);
    return vhdx.put(vhdx_regions_2_at, vhdx.data.substr(vhdx_regions_at, 64 * KiB));
}

static void put_metadata(Bytes& image, int index, std::string_view id, std::uint64_t offset,
                         std::string_view value, std::uint32_t flags) {
    const std::uint64_t entry = vhdx_metadata_at + 32 + 32 * static_cast<std::uint64_t>(index);
    image.put(entry, guid(id)).le32(entry + 16, offset).le32(entry + 20, value.size());
    image.le32(entry + 24, flags).put(vhdx_metadata_at + offset, value);
}

static std::string number(int width, std::uint64_t value) {
    return Bytes().little(0, width, value).data;
}

Bytes vhdx() {
    Bytes image;
    image.put(0, "vhdxfile").resize(5 * MiB);
    for (const std::uint64_t at : {vhdx_header_at, vhdx_header_2_at}) {
        image.put(at, "head").le64(at + 8, at / (64 * KiB)).put(at + 16, "write guid 16 b.");
        image.le16(at + 66, 1).le32(at + 68, MiB).le64(at + 72, vhdx_log_at);
    }
    seal_headers(image);
    image.put(vhdx_regions_at, "regi").le32(vhdx_regions_at + 8, 2);
    image.put(vhdx_regions_at + 16, guid("2DC27766-F623-4200-9D64-115E9BFD4A08"));
    image.le64(vhdx_regions_at + 32, vhdx_table_at).le32(vhdx_regions_at + 40, MiB);
    image.le32(vhdx_regions_at + 44, 1);
    image.put(vhdx_regions_at + 48, guid("8B7CA206-4790-4B9A-B8FE-575F050F886E"));
    image.le64(vhdx_regions_at + 64, vhdx_metadata_at).le32(vhdx_regions_at + 72, MiB);
    image.le32(vhdx_regions_at + 76, 1);
    seal_regions(image);
    image.put(vhdx_metadata_at, "metadata").le16(vhdx_metadata_at + 10, 5);
    put_metadata(image, 0, "CAA16737-FA36-4D43-B3B6-33F0AA44E76B", 64 * KiB, number(8, MiB), 4);
    put_metadata(image, 1, "2FA54224-CD1B-4876-B211-5DBED83BF4B8", 64 * KiB + 8, number(8, 4 * MiB),
                 6);
    put_metadata(image, 2, "BECA12AB-B2E6-4523-93EF-C309E000C746", 64 * KiB + 16,
                 "page 83 guid 16b", 6);
    put_metadata(image, 3, "8141BF1D-A96F-4709-BA47-F233A8FAAB5F", 64 * KiB + 32, number(4, 512),
                 6);
    put_metadata(image, 4, "CDA348C7-445D-4471-9CC9-E9885251C556", 64 * KiB + 36, number(4, 4096),
                 6);
    image.le64(vhdx_table_at, vhdx_data_at | 6);
    return image.put(vhdx_data_at, content());
}

// ---- raw ---------------------------------------------------------------------------------------

Bytes iso() {
    Bytes image;
    return image
        .put(0x8000,
             "\x01"
             "CD001\x01"sv)
        .put(0x8800,
             "\xff"
             "CD001\x01"sv)
        .resize(64 * KiB);
}

Bytes mbr(std::uint8_t type, std::uint32_t first, std::uint32_t sectors) {
    Bytes image;
    image.resize(64 * KiB).little(446 + 4, 1, type).le32(446 + 8, first).le32(446 + 12, sectors);
    return image.le16(510, 0xaa55);
}

}  // namespace vdc::drivers::images::forge
