#include "drivers/images/block.h"

#include <algorithm>

namespace vdc::drivers::images {

using base::Error;
using base::Result;

static constexpr std::size_t length_max = 2 << 20;

Result<Block> Block::read(const Source& source, std::uint64_t offset, std::size_t length,
                          std::string_view what) {
    base::check(length <= length_max, "a block of an image is bounded by whoever asks for it");
    std::vector<std::uint8_t> bytes(length);
    if (base::Status done = source.read(offset, bytes); !done)
        return Error{done.error().code, "the " + std::string(what) + ": " + done.error().message,
                     done.error().hint};
    return Block(std::move(bytes));
}

std::uint64_t Block::big(std::size_t at, std::size_t width) const {
    base::check(at <= size() && width <= size() - at, "a field lies inside its block");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8 | bytes_[at + i];
    return value;
}

std::uint64_t Block::little(std::size_t at, std::size_t width) const {
    base::check(at <= size() && width <= size() - at, "a field lies inside its block");
    std::uint64_t value = 0;
    for (std::size_t i = width; i > 0; --i) value = value << 8 | bytes_[at + i - 1];
    return value;
}

std::string_view Block::text(std::size_t at, std::size_t length) const {
    base::check(at <= size() && length <= size() - at, "a field lies inside its block");
    return {reinterpret_cast<const char*>(bytes_.data()) + at, length};
}

bool Block::zero(std::size_t begin, std::size_t end) const {
    return std::ranges::all_of(text(begin, end - begin), [](char c) { return c == 0; });
}

void Block::blank(std::size_t at, std::size_t length) {
    base::check(at <= size() && length <= size() - at, "a field lies inside its block");
    std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at), length, std::uint8_t{0});
}

std::string field(std::string_view name, std::uint64_t byte, std::uint64_t value) {
    return std::string(name) + " (byte " + std::to_string(byte) + ") is " + std::to_string(value);
}

}  // namespace vdc::drivers::images
