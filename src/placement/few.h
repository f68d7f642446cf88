#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>

#include "base/result.h"

namespace vdc::placement {

/// At most N values, in place: copied without asking for memory.
template <class T, std::size_t N>
class Few {
  public:
    Few() = default;
    template <class Range>
    explicit Few(const Range& range) {
        for (const auto& each : range) push_back(each);
    }

    void push_back(const T& value) {
        base::check(size_ < N, "more than a few");
        items_[size_++] = value;
    }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T& operator[](std::size_t at) { return items_[at]; }
    const T& operator[](std::size_t at) const { return items_[at]; }
    T* begin() { return items_.data(); }
    T* end() { return items_.data() + size_; }
    const T* begin() const { return items_.data(); }
    const T* end() const { return items_.data() + size_; }

    friend bool operator==(const Few& a, const Few& b) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }

  private:
    std::array<T, N> items_{};
    std::uint8_t size_ = 0;
};

}  // namespace vdc::placement
