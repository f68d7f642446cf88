#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/message_splitter.h"

/// The same bytes, whole and in pieces (the first byte says how long), give the same messages, and
/// no more is held than one line.
static std::vector<std::string> messages(std::string_view bytes, std::size_t step) {
    vdc::drivers::qemu::MessageSplitter splitter(512);
    std::vector<std::string> found;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        const auto fed = splitter.feed(bytes.substr(at, step), [&](const vdc::base::Json& message) {
            found.push_back(vdc::base::dump(message));
        });
        if (!fed) break;
    }
    return found;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t step = 1u + data[0] % 64u;
    if (messages(bytes, step) != messages(bytes, size)) __builtin_trap();
    return 0;
}
