#include <cstddef>
#include <cstdint>

#include "drivers/images/bend_test_util.h"
#include "drivers/images/inspect.h"

// The forge is for tests, so no library holds it.
#include "drivers/images/forge_test_util.cc"

using namespace vdc::drivers::images;

static void judge(std::string_view bytes) {
    const auto found = inspect_vmdk(MemorySource(bytes), {std::uint64_t{1} << 43});
    vdc::base::check(!found.ok() || found->virtual_size % 512 == 0, "sizes are whole sectors");
}

/// Any bytes, and any bending of sound images, get a verdict in bounded time and memory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    static forge::Bent sparse(
        forge::vmdk(),
        {{0, 80}, {512, 512}, {forge::vmdk_directory_at, 16}, {forge::vmdk_table_at, 64}});
    static const forge::Bytes made = forge::vmdk_stream();
    static forge::Bent stream(
        made, {{0, 80}, {512, 512}, {made.size() - 1536, 1536}, {made.size() - 5120, 64}});
    judge({reinterpret_cast<const char*>(input), size});
    for (forge::Bent* bent : {&sparse, &stream}) {
        bent->bend(input, size);
        judge(bent->image.data);
        bent->straighten();
    }
    return 0;
}
