#include "model/json_place.h"

#include <charconv>

namespace vdc::model {

std::size_t byte_of(const base::Error& error) {
    constexpr std::string_view place = ", at byte ";
    const std::size_t at = error.message.rfind(place);
    std::size_t byte = 0;
    if (at != std::string::npos)
        std::from_chars(error.message.data() + at + place.size(),
                        error.message.data() + error.message.size(), byte);
    return byte;
}

}  // namespace vdc::model
