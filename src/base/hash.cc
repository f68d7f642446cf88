#include "base/hash.h"

#include <bit>
#include <cstring>

namespace vdc::base {

static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

Hasher& Hasher::add(std::uint64_t word) {
    high_ = fold(high_ ^ word, 0x8ebc6af09c88c6e3) + 0x9e3779b97f4a7c15;
    low_ = fold(low_ ^ word, 0x589965cc75374cc3) ^ high_;
    return *this;
}

Hasher& Hasher::add(std::string_view bytes) {
    add(static_cast<std::uint64_t>(bytes.size()));
    static_assert(std::endian::native == std::endian::little, "words are read as big-endian ones");
    std::uint64_t word = 0;
    for (; bytes.size() >= sizeof word; bytes.remove_prefix(sizeof word)) {
        std::memcpy(&word, bytes.data(), sizeof word);
        add(__builtin_bswap64(word));
    }
    word = 0;
    for (const char c : bytes) word = (word << 8) | static_cast<unsigned char>(c);
    if (!bytes.empty()) add(word);
    return *this;
}

Hash128 Hasher::finish() const {
    return {fold(high_ ^ 0x1d8e4e27c47d124f, low_ ^ 0xa0761d6478bd642f),
            fold(low_ ^ 0x8ebc6af09c88c6e3, high_ ^ 0x589965cc75374cc3)};
}

std::string text(const Hash128& hash) {
    static constexpr char digit[] = "0123456789abcdef";
    std::string out;
    for (const std::uint64_t half : {hash.high, hash.low})
        for (int shift = 60; shift >= 0; shift -= 4) out += digit[(half >> shift) & 0xf];
    return out;
}

}  // namespace vdc::base
