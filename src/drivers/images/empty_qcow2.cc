#include "drivers/images/empty_qcow2.h"

#include "base/result.h"

namespace vdc::drivers::images {

static constexpr std::uint64_t cluster = 64 << 10;
static constexpr std::uint64_t table_covers = cluster / 8 * cluster;  // one L2 table: 512 MiB

static void put_big(std::string& bytes, std::size_t at, int width, std::uint64_t value) {
    for (int i = 0; i < width; ++i)
        bytes[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (8 * (width - 1 - i)));
}

/// Header, refcount table, one refcount block, then the L1 table: docs/interop/qcow2.txt of QEMU.
EmptyQcow2 empty_qcow2(base::Bytes virtual_size) {
    const auto size = static_cast<std::uint64_t>(virtual_size.count);
    base::check(size > 0 && size <= std::uint64_t{64} << 40, "a disk has 1 byte to 64 TiB");
    const std::uint64_t l1_entries = (size + table_covers - 1) / table_covers;
    const std::uint64_t clusters = 3 + (l1_entries * 8 + cluster - 1) / cluster;
    EmptyQcow2 made{.head = std::string(2 * cluster + 2 * clusters, '\0'),
                    .file_size = clusters * cluster};
    std::string& head = made.head;
    head.replace(0, 4, "QFI\xfb");
    put_big(head, 4, 4, 3);
    put_big(head, 20, 4, 16);
    put_big(head, 24, 8, size);
    put_big(head, 36, 4, l1_entries);
    put_big(head, 40, 8, 3 * cluster);
    put_big(head, 48, 8, cluster);
    put_big(head, 56, 4, 1);
    put_big(head, 96, 4, 4);
    put_big(head, 100, 4, 112);
    put_big(head, cluster, 8, 2 * cluster);
    for (std::uint64_t i = 0; i < clusters; ++i) put_big(head, 2 * cluster + 2 * i, 2, 1);
    return made;
}

}  // namespace vdc::drivers::images
