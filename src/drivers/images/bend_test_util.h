#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/images/forge_test_util.h"

namespace vdc::drivers::images::forge {

/// A sound image that a fuzzer bends: its input is a list of patches, not the image. So checksums
/// can be set right again afterwards, and large images cost no more than what is changed in them.
class Bent {
  public:
    struct Window {
        std::uint64_t at = 0;
        std::uint64_t length = 0;
    };

    /// Patches fall into the windows: where fields lie.
    Bent(Bytes image, std::vector<Window> windows)
        : image(std::move(image)), windows_(std::move(windows)) {
        for (const Window& window : windows_) span_ += window.length;
    }

    /// Each patch: two bytes that say where, one how long (1 to 8), then the bytes.
    void bend(const std::uint8_t* input, std::size_t size) {
        while (size >= 4) {
            const std::uint64_t at = place((input[0] << 8 | input[1]) % span_);
            const std::size_t length = std::min<std::size_t>(1 + input[2] % 8, size - 3);
            for (std::size_t i = 0; i < length && at + i < image.size(); ++i)
                change(at + i, static_cast<char>(input[3 + i]));
            input += 3 + length;
            size -= 3 + length;
        }
    }

    void change(std::uint64_t at, char byte) {
        undo_.push_back({at, image.data[at]});
        image.data[at] = byte;
    }

    void straighten() {
        for (; !undo_.empty(); undo_.pop_back()) image.data[undo_.back().at] = undo_.back().byte;
    }

    Bytes image;

  private:
    struct Change {
        std::uint64_t at = 0;
        char byte = 0;
    };

    std::uint64_t place(std::uint64_t offset) const {
        for (const Window& window : windows_) {
            if (offset < window.length) return window.at + offset;
            offset -= window.length;
        }
        return 0;
    }

    std::vector<Window> windows_;
    std::uint64_t span_ = 0;
    std::vector<Change> undo_;
};

}  // namespace vdc::drivers::images::forge
