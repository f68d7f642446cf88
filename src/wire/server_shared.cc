#include "wire/server_shared.h"

#include <sys/random.h>

#include "wire/http_connection.h"

namespace vdc::wire {

static std::string hex(std::uint64_t number, std::size_t digits) {
    std::string text(digits, '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, number >>= 4)
        *digit = "0123456789abcdef"[number & 15];
    return text;
}

ServerShared::ServerShared(Handler& for_handler, const HttpLimits& with_limits)
    : handler(for_handler), limits(with_limits) {
    std::uint32_t random = 0;
    (void)!::getrandom(&random, sizeof random, 0);  // only tells one run from the next
    id_prefix_ = hex(random, 8) + "-";
}

std::string ServerShared::next_request_id() {
    return id_prefix_ + hex(++last_request_, 8);
}

const std::string& ServerShared::date() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == date_second_) return date_;
    date_second_ = now.tv_sec;
    std::tm at{};
    ::gmtime_r(&now.tv_sec, &at);
    char text[40];
    // In English, as RFC 9110 section 5.6.7 wants it: nothing here calls setlocale().
    date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &at));
    return date_;
}

}  // namespace vdc::wire
