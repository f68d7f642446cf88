#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Sound images, made byte by byte from the formats' specifications and by no code of the parsers,
/// so that tests can bend one field at a time. Each holds the virtual disk `forge::content()`.
namespace vdc::drivers::images::forge {

/// Bytes that grow as they are written to.
struct Bytes {
    std::string data;

    Bytes& put(std::uint64_t at, std::string_view bytes);
    Bytes& big(std::uint64_t at, int width, std::uint64_t value);
    Bytes& little(std::uint64_t at, int width, std::uint64_t value);
    Bytes& be32(std::uint64_t at, std::uint64_t value) { return big(at, 4, value); }
    Bytes& be64(std::uint64_t at, std::uint64_t value) { return big(at, 8, value); }
    Bytes& le16(std::uint64_t at, std::uint64_t value) { return little(at, 2, value); }
    Bytes& le32(std::uint64_t at, std::uint64_t value) { return little(at, 4, value); }
    Bytes& le64(std::uint64_t at, std::uint64_t value) { return little(at, 8, value); }
    /// Cuts or fills with zeros.
    Bytes& resize(std::uint64_t size);
    std::uint64_t size() const { return data.size(); }
};

constexpr std::uint64_t KiB = 1 << 10;
constexpr std::uint64_t MiB = 1 << 20;

/// What every image's virtual disk begins with: 64 KiB that repeat nowhere else; then zeros.
std::string content();
constexpr std::uint64_t content_size = 64 * KiB;

// qcow2, clusters of 64 KiB, 1 MiB virtual: header, L1, refcount table, refcount block, L2, data.
constexpr std::uint64_t qcow2_l1 = 1 * 64 * KiB;
constexpr std::uint64_t qcow2_refcounts = 2 * 64 * KiB;
constexpr std::uint64_t qcow2_l2 = 4 * 64 * KiB;
constexpr std::uint64_t qcow2_data = 5 * 64 * KiB;
Bytes qcow2(int version = 3);
/// Puts a header extension at the place of the first one (the end mark follows).
Bytes& extend(Bytes& qcow2, std::uint32_t type, std::string_view body);
/// Writes the name behind the extensions and points the header at it.
Bytes& back(Bytes& qcow2, std::string_view name, std::string_view format = {});

// VMDK, grains of 8 KiB, 1 MiB virtual.
constexpr std::uint64_t vmdk_descriptor_at = 512;
constexpr std::uint64_t vmdk_directory_at = 21 * 512;
constexpr std::uint64_t vmdk_table_at = 22 * 512;
/// Lines of a sound descriptor; `type` is the createType, `extent` its one extent line.
std::string vmdk_descriptor(std::string_view type = "monolithicSparse",
                            std::string_view extent = "RW 2048 SPARSE \"disk.vmdk\"");
Bytes vmdk(std::string_view descriptor = vmdk_descriptor());
/// streamOptimized, its grain directory at the end, with a footer. Its grains are deflated without
/// being compressed ("stored" blocks of RFC 1951).
Bytes vmdk_stream(std::string_view descriptor = vmdk_descriptor("streamOptimized"));

// VHD, 1 MiB virtual.
Bytes vhd_fixed();
constexpr std::uint64_t vhd_header_at = 512;
constexpr std::uint64_t vhd_table_at = 1536;
Bytes vhd_dynamic();  ///< blocks of 64 KiB
/// Sets the checksum of a footer (512 bytes) or dynamic header (1,024 bytes) right.
Bytes& seal_footer(Bytes& vhd, std::uint64_t at);
Bytes& seal_header(Bytes& vhd, std::uint64_t at);
/// Changes the footer and its copy at byte 0 and seals both.
Bytes& change_footers(Bytes& vhd, std::uint64_t at, int width, std::uint64_t value);

// VHDX, blocks of 1 MiB, 4 MiB virtual: headers, log, block table, metadata, one block.
constexpr std::uint64_t vhdx_header_at = 64 * KiB;
constexpr std::uint64_t vhdx_header_2_at = 128 * KiB;
constexpr std::uint64_t vhdx_regions_at = 192 * KiB;
constexpr std::uint64_t vhdx_regions_2_at = 256 * KiB;
constexpr std::uint64_t vhdx_log_at = 1 * MiB;
constexpr std::uint64_t vhdx_table_at = 2 * MiB;
constexpr std::uint64_t vhdx_metadata_at = 3 * MiB;
constexpr std::uint64_t vhdx_data_at = 4 * MiB;
Bytes vhdx();
/// The 16 bytes of a GUID as they lie in the file.
std::string guid(std::string_view text);
Bytes& seal_headers(Bytes& vhdx);  ///< both, 4 KiB each
Bytes& seal_regions(Bytes& vhdx);  ///< the first one, and its copy made equal

/// A raw disk with an ISO 9660 mark.
Bytes iso();
/// A master boot record with one partition.
Bytes mbr(std::uint8_t type, std::uint32_t first, std::uint32_t sectors);

}  // namespace vdc::drivers::images::forge
