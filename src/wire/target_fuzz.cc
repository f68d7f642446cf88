#include <cstdint>

#include "base/result.h"
#include "wire/http.h"

/// A target that is taken means the same when it is written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vdc::wire;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto once = parse_target(input);
    if (!once.ok()) return 0;
    const std::string written = text(*once);
    if (written.size() > target_size_max) return 0;  // escapes made it longer
    const auto twice = parse_target(written);
    vdc::base::check(twice.ok(), "a target of ours is good");
    vdc::base::check(twice->path == once->path && twice->query == once->query,
                     "a target survives the round trip");
    return 0;
}
