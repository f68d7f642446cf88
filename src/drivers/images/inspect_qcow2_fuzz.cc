#include <cstddef>
#include <cstdint>

#include "drivers/images/inspect.h"

/// Any bytes get a verdict in bounded time and memory. The mark in front is left as it is, so that
/// the parser behind it is reached.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace vdc::drivers::images;
    const MemorySource source({reinterpret_cast<const char*>(bytes), size});
    const auto found = inspect_qcow2(source, {std::uint64_t{1} << 43});
    vdc::base::check(!found.ok() || found->virtual_size % 512 == 0, "sizes are whole sectors");
    return 0;
}
