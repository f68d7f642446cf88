#include "runtime/random.h"

#include <sodium.h>

#include "base/result.h"
#include "runtime/clock.h"

namespace vdc::runtime {

static void fill(void* bytes, std::size_t count) {
    static const bool ready = sodium_init() >= 0;
    base::check(ready, "libsodium finds no source of chance");
    randombytes_buf(bytes, count);
}

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    fill(bytes.data(), count);
    return bytes;
}

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    fill(&seed, sizeof seed);
    return seed;
}

base::Uuid random_uuid() {
    std::uint64_t words[2];
    fill(words, sizeof words);
    // RFC 9562 section 5.4: version 4 in bits 48 to 51, variant 0b10 in bits 64 and 65.
    return {.high = (words[0] & ~0xf000ULL) | 0x4000,
            .low = (words[1] & ~(3ULL << 62)) | (2ULL << 62)};
}

base::Uuid fresh_uuid() {
    const base::Uuid chance = random_uuid();
    const auto since = std::chrono::floor<std::chrono::milliseconds>(now().time_since_epoch());
    const auto time = static_cast<std::uint64_t>(since.count());
    // RFC 9562 section 5.7: the time in the first 48 bits, then version 7, the rest as in
    // version 4.
    return {.high = time << 16 | 0x7000 | (chance.high & 0xfff), .low = chance.low};
}

base::Secret random_token() {
    unsigned char bytes[32];
    fill(bytes, sizeof bytes);
    std::string text(
        sodium_base64_ENCODED_LEN(sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    text.pop_back();  // the terminating zero
    sodium_memzero(bytes, sizeof bytes);
    return base::Secret(std::move(text));
}

}  // namespace vdc::runtime
