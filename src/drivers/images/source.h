#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vdc::drivers::images {

/// Bytes that others wrote, at rest: what the parsers read an image through.
class Source {
  public:
    virtual ~Source() = default;

    virtual std::uint64_t size() const = 0;

    /// Fills `into` with the bytes from `offset` on; corrupt when the file ends before.
    virtual base::Status read(std::uint64_t offset, std::span<std::uint8_t> into) const = 0;
};

/// An image in memory. Looks at the bytes; does not own them.
class MemorySource : public Source {
  public:
    explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
    std::uint64_t size() const override { return bytes_.size(); }
    base::Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override;

  private:
    std::string_view bytes_;
};

/// An open regular file. Looks at the descriptor; does not own it. Its size is what it was at the
/// beginning: a file that shrinks meanwhile reads as corrupt.
class FileSource : public Source {
  public:
    static base::Result<FileSource> of(int fd, std::string name);
    std::uint64_t size() const override { return size_; }
    base::Status read(std::uint64_t offset, std::span<std::uint8_t> into) const override;

  private:
    FileSource(int fd, std::uint64_t size, std::string name)
        : fd_(fd), size_(size), name_(std::move(name)) {}

    int fd_;
    std::uint64_t size_;
    std::string name_;
};

}  // namespace vdc::drivers::images
