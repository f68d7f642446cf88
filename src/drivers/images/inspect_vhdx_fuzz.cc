#include <cstddef>
#include <cstdint>

#include "drivers/images/bend_test_util.h"
#include "drivers/images/crc32c.h"
#include "drivers/images/inspect.h"

// The forge is for tests, so no library holds it.
#include "drivers/images/forge_test_util.cc"

using namespace vdc::drivers::images;

static void judge(std::string_view bytes) {
    const auto found = inspect_vhdx(MemorySource(bytes), {std::uint64_t{1} << 43});
    vdc::base::check(!found.ok() || found->virtual_size % 512 == 0, "sizes are whole sectors");
}

static void seal(forge::Bent& bent, std::uint64_t at, std::uint64_t length) {
    for (std::uint64_t i = 4; i < 8; ++i) bent.change(at + i, 0);
    const std::uint32_t crc = crc32c(std::string_view(bent.image.data).substr(at, length));
    for (std::uint64_t i = 0; i < 4; ++i)
        bent.change(at + 4 + i, static_cast<char>(crc >> (8 * i)));
}

/// Any bytes, and any bending of sound images, get a verdict in bounded time and memory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    using namespace forge;
    static Bent bent(vhdx(), {{vhdx_header_at, 80},
                              {vhdx_header_2_at, 80},
                              {vhdx_regions_at, 128},
                              {vhdx_metadata_at, 256},
                              {vhdx_metadata_at + 64 * KiB, 64},
                              {vhdx_table_at, 64}});
    judge({reinterpret_cast<const char*>(input), size});
    bent.bend(input, size);
    // Sums take most of the time: the wrong ones are judged now and then.
    if (size % 8 == 0) judge(bent.image.data);
    seal(bent, vhdx_header_at, 4 * KiB);
    seal(bent, vhdx_header_2_at, 4 * KiB);
    seal(bent, vhdx_regions_at, 64 * KiB);
    for (std::uint64_t i = 0; i < 128; ++i)
        bent.change(vhdx_regions_2_at + i, bent.image.data[vhdx_regions_at + i]);
    judge(bent.image.data);
    bent.straighten();
    return 0;
}
