#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"

namespace vdc::store {

/// Tells stored text from text that a disk has changed.
inline std::int64_t sum_of(std::string_view text) {
    return static_cast<std::int64_t>(base::Hasher{}.add(text).finish().low);
}

}  // namespace vdc::store
