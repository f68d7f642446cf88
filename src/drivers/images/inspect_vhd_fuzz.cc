#include <cstddef>
#include <cstdint>

#include "drivers/images/bend_test_util.h"
#include "drivers/images/inspect.h"

// The forge is for tests, so no library holds it.
#include "drivers/images/forge_test_util.cc"

using namespace vdc::drivers::images;

static void judge(std::string_view bytes) {
    const auto found = inspect_vhd(MemorySource(bytes), {std::uint64_t{1} << 43});
    vdc::base::check(!found.ok() || found->virtual_size % 512 == 0, "sizes are whole sectors");
}

/// With checksums as they are after bending, and with right ones.
static void judge_sealed(forge::Bent& bent, const std::uint8_t* input, std::size_t size) {
    bent.bend(input, size);
    judge(bent.image.data);
    forge::Bytes sealed = bent.image;
    const std::uint64_t end = sealed.size() - 512;
    if (sealed.data[end + 60 + 3] == 3) {
        forge::seal_header(sealed, forge::vhd_header_at);
        forge::seal_footer(sealed, 0).put(end, sealed.data.substr(0, 512));
    } else {
        forge::seal_footer(sealed, end);
    }
    judge(sealed.data);
    bent.straighten();
}

/// Any bytes, and any bending of sound images, get a verdict in bounded time and memory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    static forge::Bent dynamic(forge::vhd_dynamic(), {{0, 128},
                                                      {forge::vhd_header_at, 128},
                                                      {forge::vhd_table_at, 64},
                                                      {forge::vhd_header_at + 576, 192}});
    static forge::Bent fixed(forge::vhd_fixed()
                                 .put(8192, forge::vhd_fixed().data.substr(forge::MiB))
                                 .resize(8192 + 512)
                                 .be64(8192 + 48, 8192),
                             {{8192, 128}});
    judge({reinterpret_cast<const char*>(input), size});
    judge_sealed(dynamic, input, size);
    judge_sealed(fixed, input, size);
    return 0;
}
