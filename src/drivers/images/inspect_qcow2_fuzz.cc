#include <cstddef>
#include <cstdint>

#include "drivers/images/bend_test_util.h"
#include "drivers/images/inspect.h"

// The forge is for tests, so no library holds it.
#include "drivers/images/forge_test_util.cc"

using namespace vdc::drivers::images;

static void judge(std::string_view bytes) {
    const auto found = inspect_qcow2(MemorySource(bytes), {std::uint64_t{1} << 43});
    vdc::base::check(!found.ok() || found->virtual_size % 512 == 0, "sizes are whole sectors");
}

/// Clusters of 512 bytes, so that all tables are small: header, L1, refcount table, refcount block,
/// L2, data.
static forge::Bytes small() {
    forge::Bytes image = forge::qcow2();
    image.resize(512).be32(20, 9).be64(24, 32 << 10).be64(40, 512).be64(48, 1024);
    image.be64(512, 2048)
        .be64(1024, 1536)
        .be64(2048, 2560)
        .be64(2056, std::uint64_t{1} << 62 | 2561);
    return image.resize(4096);
}

/// Any bytes, and any bending of sound images, get a verdict in bounded time and memory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    static forge::Bent bent(small(), {{0, 256}, {512, 64}, {1024, 64}, {2048, 512}});
    judge({reinterpret_cast<const char*>(input), size});
    bent.bend(input, size);
    judge(bent.image.data);
    bent.straighten();
    return 0;
}
