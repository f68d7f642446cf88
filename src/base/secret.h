#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace vdc::base {

/// Bytes that must never be seen: a token, a private key. It cannot be printed, formatted, made
/// into JSON or text; who needs the bytes says reveal(), and reviewers look for that word.
/// Its bytes are wiped at its end.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }
    Secret& operator=(Secret other) noexcept {
        bytes_.swap(other.bytes_);
        return *this;
    }
    ~Secret() { wipe(); }

    /// The bytes, as long as this lives.
    const std::string& reveal() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }

    /// Equal bytes? Takes the same time wherever the first difference is.
    bool matches(std::string_view offered) const {
        if (offered.size() != bytes_.size()) return false;
        unsigned difference = 0;
        for (std::size_t index = 0; index < bytes_.size(); ++index)
            difference |= static_cast<unsigned char>(bytes_[index] ^ offered[index]);
        return difference == 0;
    }

    friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

  private:
    void wipe() {
        volatile char* bytes = bytes_.data();
        for (std::size_t index = 0; index < bytes_.size(); ++index) bytes[index] = 0;
        bytes_.clear();
    }

    std::string bytes_;
};

}  // namespace vdc::base
