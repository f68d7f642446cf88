#include "base/time.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace vdc::base {

using std::chrono::days;
using std::chrono::sys_days;

std::string text(Instant instant) {
    const auto since = instant.time_since_epoch();
    const auto day = std::chrono::floor<days>(since);
    const std::chrono::year_month_day date{sys_days{day}};
    const std::chrono::hh_mm_ss clock{since - day};
    std::array<char, 64> out{};
    std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()),
                  static_cast<int>(clock.subseconds().count()));
    return out.data();
}

static bool digits(std::string_view text, std::size_t from, std::size_t count, int& value) {
    value = 0;
    if (from + count > text.size()) return false;
    for (std::size_t at = from; at < from + count; ++at) {
        if (text[at] < '0' || text[at] > '9') return false;
        value = value * 10 + (text[at] - '0');
    }
    return true;
}

Result<Instant> parse_instant(std::string_view text) {
    const Error refused{Error::Code::invalid, "'" + std::string(text) + "' is no time",
                        "write UTC as RFC 3339, for example 2026-11-22T12:00:00Z"};
    int year, month, day, hour, minute, second;
    const bool shaped = text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
                        text[13] == ':' && text[16] == ':' && text.back() == 'Z' &&
                        digits(text, 0, 4, year) && digits(text, 5, 2, month) &&
                        digits(text, 8, 2, day) && digits(text, 11, 2, hour) &&
                        digits(text, 14, 2, minute) && digits(text, 17, 2, second);
    if (!shaped) return refused;
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return refused;
    std::int64_t micros = 0;
    if (text.size() > 20) {
        const std::size_t count = text.size() - 21;
        int fraction = 0;
        if (text[19] != '.' || count == 0 || count > 6 || !digits(text, 20, count, fraction))
            return refused;
        micros = fraction;
        for (std::size_t i = count; i < 6; ++i) micros *= 10;
    }
    const auto since = sys_days{date}.time_since_epoch() + std::chrono::hours{hour} +
                       std::chrono::minutes{minute} + std::chrono::seconds{second};
    return Instant{std::chrono::duration_cast<Duration>(since) + Duration{micros}};
}

struct TimeUnit {
    std::string_view name;
    std::int64_t micros;
};
static constexpr std::array<TimeUnit, 6> time_units{{{"d", 86'400'000'000},
                                                     {"h", 3'600'000'000},
                                                     {"m", 60'000'000},
                                                     {"s", 1'000'000},
                                                     {"ms", 1'000},
                                                     {"us", 1}}};

std::string text(Duration duration) {
    const std::int64_t count = duration.count();
    if (count < 0) return "-" + text(-duration);
    if (count == 0) return "0s";
    for (const TimeUnit& unit : time_units)
        if (count % unit.micros == 0)
            return std::to_string(count / unit.micros) + std::string(unit.name);
    broken("microseconds divide every duration");
}

Result<Duration> parse_duration(std::string_view text) {
    const Error refused{Error::Code::invalid, "'" + std::string(text) + "' is no duration",
                        "write a number and one of us, ms, s, m, h, d, for example 90s"};
    std::int64_t whole = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (failure != std::errc{} || whole < 0 || text.starts_with('-')) return refused;
    std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    std::int64_t fraction = 0;
    std::int64_t scale = 1;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
            if (scale >= 1'000'000) return refused;
            fraction = fraction * 10 + (rest[0] - '0');
            scale *= 10;
            rest.remove_prefix(1);
        }
        if (scale == 1) return refused;
    }
    for (const TimeUnit& unit : time_units) {
        if (rest != unit.name) continue;
        if (whole > 3650 * std::int64_t{86'400'000'000} / unit.micros ||
            fraction * unit.micros % scale != 0)
            return refused;
        return Duration{whole * unit.micros + fraction * unit.micros / scale};
    }
    return refused;
}

}  // namespace vdc::base
