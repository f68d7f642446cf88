#include "base/moment.h"

#include <charconv>
#include <optional>

#include "base/text.h"

namespace vdc::base {

namespace {

constexpr const char* examples =
    "write a time (2026-11-22T12:00:00Z), how long ago ('10 minutes ago', -10m), or a revision "
    "('revision 4711')";

struct UnitWord {
    std::string_view word;
    std::int64_t micros;
};
constexpr std::int64_t second = 1'000'000;
constexpr UnitWord unit_words[] = {{"ms", 1'000},
                                   {"milliseconds", 1'000},
                                   {"s", second},
                                   {"sec", second},
                                   {"second", second},
                                   {"seconds", second},
                                   {"m", 60 * second},
                                   {"min", 60 * second},
                                   {"minute", 60 * second},
                                   {"minutes", 60 * second},
                                   {"h", 3600 * second},
                                   {"hour", 3600 * second},
                                   {"hours", 3600 * second},
                                   {"d", 86'400 * second},
                                   {"day", 86'400 * second},
                                   {"days", 86'400 * second},
                                   {"w", 604'800 * second},
                                   {"week", 604'800 * second},
                                   {"weeks", 604'800 * second}};
constexpr std::int64_t ago_max = 36'500 * std::int64_t{86'400} * second;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Reads the words from the left.
class Reader {
  public:
    explicit Reader(std::string_view words) : words_(words) {}

    Result<Moment> moment() {
        skip_spaces();
        if (ended()) return refuse("nothing stands here");
        if (take_word("now")) return ended_with(Moment{Ago{}});
        if (take_word("revision") || take_word("rev")) return revision();
        if (take('-')) {
            skip_spaces();
            return ago(/*said_minus=*/true);
        }
        const std::size_t digits = count_digits();
        if (digits == 0) return refuse("these words are not known");
        if (digits == 4 && at_ + 4 < words_.size() && words_[at_ + 4] == '-') return instant();
        if (at_ + digits == words_.find_last_not_of(' ') + 1) return revision();
        return ago(/*said_minus=*/false);
    }

  private:
    bool ended() const { return at_ >= words_.size(); }
    char here() const { return ended() ? '\0' : words_[at_]; }
    void skip_spaces() {
        while (here() == ' ') ++at_;
    }
    bool take(char wanted) {
        if (here() != wanted) return false;
        ++at_;
        return true;
    }
    std::size_t count_digits() const {
        std::size_t count = 0;
        while (at_ + count < words_.size() && is_digit(words_[at_ + count])) ++count;
        return count;
    }
    std::string_view letters() const {
        std::size_t end = at_;
        while (end < words_.size() && is_letter(words_[end])) ++end;
        return words_.substr(at_, end - at_);
    }
    /// What stands here, for an error.
    std::string next_word() const {
        const std::size_t end = words_.find(' ', at_);
        return quoted(words_.substr(at_, end == std::string_view::npos ? end : end - at_), 40);
    }
    bool take_word(std::string_view wanted) {
        if (letters() != wanted) return false;
        at_ += wanted.size();
        skip_spaces();
        return true;
    }
    Error refuse(const std::string& why) const {
        return {Error::Code::invalid,
                "'" + quoted(words_, 80) + "' is no moment: " + why + ", at character " +
                    std::to_string(at_ + 1),
                examples};
    }
    Result<Moment> ended_with(Moment moment) {
        skip_spaces();
        if (ended()) return moment;
        return refuse("'" + next_word() + "' stands after it");
    }

    std::optional<std::int64_t> number() {
        std::int64_t value = 0;
        const auto [end, failure] =
            std::from_chars(words_.data() + at_, words_.data() + words_.size(), value);
        if (failure != std::errc{} || here() == '-') return std::nullopt;
        at_ = static_cast<std::size_t>(end - words_.data());
        return value;
    }

    Result<Moment> revision() {
        const std::size_t began = at_;
        const auto value = number();
        if (!value) {
            at_ = began;
            return refuse(count_digits() > 0 ? "no revision is so high"
                                             : "a revision is a whole number");
        }
        return ended_with(AtRevision{static_cast<std::uint64_t>(*value)});
    }

    // ---- how long ago ----

    Result<Moment> ago(bool said_minus) {
        std::int64_t total = 0;
        while (is_digit(here())) {
            total += TRY(one_length(total));
            skip_spaces();
        }
        const bool said_ago = take_word("ago");
        if (!said_ago && !ended()) return refuse("'" + next_word() + "' is no length of time");
        if (total == 0 && words_.find_first_of("0123456789") == std::string_view::npos)
            return refuse("a number must follow");
        if (!said_ago && !said_minus) return refuse("'ago' must follow, or '-' stand before it");
        return ended_with(Ago{Duration{total}});
    }

    /// "10m" or "10 minutes", in microseconds.
    Result<std::int64_t> one_length(std::int64_t before) {
        const std::size_t began = at_;
        const auto count = number();
        skip_spaces();
        const std::string_view unit = letters();
        for (const UnitWord& each : unit_words) {
            if (each.word != unit) continue;
            if (!count || *count > (ago_max - before) / each.micros) {
                at_ = began;
                return refuse("that is more than a hundred years");
            }
            at_ += unit.size();
            return *count * each.micros;
        }
        return refuse(
            ended() ? "a unit must follow, such as m, hours or days"
                    : "'" + next_word() + "' is no unit of time" +
                          did_you_mean(unit, {"seconds", "minutes", "hours", "days", "weeks"}));
    }

    // ---- times ----

    /// So many digits as a number from `least` to `most`.
    Result<int> part(const char* what, std::size_t digits, int least, int most) {
        int value = 0;
        if (count_digits() < digits)
            return refuse(std::string(what) + " has " + std::to_string(digits) + " digits");
        std::from_chars(words_.data() + at_, words_.data() + at_ + digits, value);
        if (value < least || value > most)
            return refuse(std::string(what) + " is from " + std::to_string(least) + " to " +
                          std::to_string(most));
        at_ += digits;
        return value;
    }
    Status separator(char wanted) {
        if (take(wanted)) return {};
        return refuse(std::string("'") + wanted + "' must follow");
    }

    Result<Moment> instant() {
        const int year = TRY(part("the year", 4, 1970, 9999));
        TRY(separator('-'));
        const int month = TRY(part("the month", 2, 1, 12));
        TRY(separator('-'));
        const std::size_t day_at = at_;
        const int day = TRY(part("the day", 2, 1, 31));
        const std::chrono::year_month_day date{std::chrono::year{year},
                                               std::chrono::month{static_cast<unsigned>(month)},
                                               std::chrono::day{static_cast<unsigned>(day)}};
        if (!date.ok()) {
            at_ = day_at;
            return refuse("this month has no such day");
        }
        Duration since = std::chrono::sys_days{date}.time_since_epoch();
        if (take('T') || take('t') || (here() == ' ' && at_ + 1 < words_.size())) {
            skip_spaces();
            since += TRY(time_of_day());
            since -= TRY(offset());
        }
        return ended_with(AtInstant{Instant{since}});
    }

    Result<Duration> time_of_day() {
        Duration since = std::chrono::hours{TRY(part("the hour", 2, 0, 23))};
        TRY(separator(':'));
        since += std::chrono::minutes{TRY(part("the minute", 2, 0, 59))};
        if (!take(':')) return since;
        since += std::chrono::seconds{TRY(part("the second", 2, 0, 59))};
        if (!take('.')) return since;
        if (count_digits() == 0) return refuse("a fraction of a second has digits");
        for (std::int64_t scale = second / 10; is_digit(here()); scale /= 10, ++at_)
            since += Duration{(here() - '0') * scale};
        return since;
    }

    /// UTC unless it says otherwise.
    Result<Duration> offset() {
        if (take('Z') || take('z') || ended() || here() == ' ') return Duration{};
        const bool east = here() == '+';
        if (!east && here() != '-') return refuse("'Z' or an offset such as +02:00 must follow");
        ++at_;
        Duration value = std::chrono::hours{TRY(part("the hour", 2, 0, 23))};
        TRY(separator(':'));
        value += std::chrono::minutes{TRY(part("the minute", 2, 0, 59))};
        return east ? value : -value;
    }

    std::string_view words_;
    std::size_t at_ = 0;
};

}  // namespace

Result<Moment> parse_moment(std::string_view words) {
    return Reader(words).moment();
}

std::string text(const Moment& moment) {
    if (const auto* at = std::get_if<AtRevision>(&moment))
        return "revision " + std::to_string(at->revision);
    if (const auto* at = std::get_if<AtInstant>(&moment)) return text(at->instant);
    return text(std::get<Ago>(moment).duration) + " ago";
}

}  // namespace vdc::base
