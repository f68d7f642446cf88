#include "model/read_json.h"

#include <array>
#include <charconv>
#include <cstring>
#include <type_traits>

#include "base/text.h"
#include "model/codec.h"
#include "model/nouns.h"

namespace vdc::model {

using base::Result;

static constexpr base::JsonLimits stored_limits{.depth_max = 64, .size_max = std::size_t{1} << 30};

namespace {

/// The text that is left. What is read is taken off its beginning; false means that it is not as
/// write_json.h writes it, and that the reader gives up.
class In {
  public:
    explicit In(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    bool ended() const { return at_ == end_; }
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
    const char* at() const { return at_; }
    void skip(std::size_t count) { at_ += count; }

    bool take(char wanted) {
        if (at_ == end_ || *at_ != wanted) return false;
        ++at_;
        return true;
    }
    bool take(std::string_view wanted) {
        if (left() < wanted.size() || std::memcmp(at_, wanted.data(), wanted.size()) != 0)
            return false;
        at_ += wanted.size();
        return true;
    }
    /// A text without escapes, quotes taken away; it stays where it is.
    bool take_plain(std::string_view& into) {
        if (!take('"')) return false;
        const char* begin = at_;
        while (at_ != end_ && *at_ != '"') {
            const auto byte = static_cast<unsigned char>(*at_);
            if (byte < 0x20 || byte >= 0x7f || byte == '\\') return false;
            ++at_;
        }
        into = {begin, static_cast<std::size_t>(at_ - begin)};
        return take('"');
    }

  private:
    const char* at_;
    const char* end_;
};

// ---- single values -----------------------------------------------------------------------------

bool read(In& in, bool& value) {
    if (in.take("true")) {
        value = true;
        return true;
    }
    value = false;
    return in.take("false");
}

template <class T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) bool read(In& in, T& value) {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(in.at(), in.at() + in.left(), number);
    if (failure != std::errc{}) return false;
    const char* first = *in.at() == '-' ? in.at() + 1 : in.at();
    if (*first == '0' && end - in.at() > 1) return false;  // 007 and -0 are not ours
    in.skip(static_cast<std::size_t>(end - in.at()));
    if (std::is_unsigned_v<T> && number < 0) return false;
    value = static_cast<T>(number);
    return in.left() > 0 && *in.at() != '.' && *in.at() != 'e' && *in.at() != 'E';
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/// What stands after a backslash.
bool read_escape(In& in, std::string& value) {
    if (in.left() < 1) return false;
    const char kind = *in.at();
    in.skip(1);
    if (kind == '"' || kind == '\\' || kind == '/') {
        value += kind;
        return true;
    }
    if (kind == 'n') {
        value += '\n';
        return true;
    }
    if (kind != 'u' || in.left() < 4 || in.at()[0] != '0' || in.at()[1] != '0') return false;
    const int high = hex_digit(in.at()[2]);
    const int low = hex_digit(in.at()[3]);
    if (high < 0 || high > 7 || low < 0) return false;
    value += static_cast<char>(high * 16 + low);
    in.skip(4);
    return true;
}

bool read(In& in, std::string& value) {
    if (!in.take('"')) return false;
    value.clear();
    while (!in.ended()) {
        const char* begin = in.at();
        std::size_t count = 0;
        const auto stands_for_itself = [&] {
            const auto byte = static_cast<unsigned char>(begin[count]);
            return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
        };
        while (count < in.left() && stands_for_itself()) ++count;
        value.append(begin, count);
        in.skip(count);
        if (in.take('"')) return true;
        if (in.take('\\')) {
            if (!read_escape(in, value)) return false;
            continue;
        }
        const std::size_t length = in.ended() ? 0 : base::utf8_length({in.at(), in.left()}, 0);
        if (length < 2) return false;
        value.append(in.at(), length);
        in.skip(length);
    }
    return false;
}

bool hex_from(const char* digits, int count, std::uint64_t& bits) {
    for (int at = 0; at < count; ++at) {
        const int digit = hex_digit(digits[at]);
        if (digit < 0) return false;
        bits = bits << 4 | static_cast<std::uint64_t>(digit);
    }
    return true;
}

bool read(In& in, base::Uuid& id) {
    if (in.left() < 38) return false;
    const char* at = in.at();
    if (at[0] != '"' || at[9] != '-' || at[14] != '-' || at[19] != '-' || at[24] != '-' ||
        at[37] != '"')
        return false;
    id = {};
    if (!hex_from(at + 1, 8, id.high) || !hex_from(at + 10, 4, id.high) ||
        !hex_from(at + 15, 4, id.high) || !hex_from(at + 20, 4, id.low) ||
        !hex_from(at + 25, 12, id.low))
        return false;
    in.skip(38);
    return true;
}

template <class Tag>
bool read(In& in, base::Id<Tag>& id) {
    return read(in, id.value);
}

template <class T, class Parse>
bool read_parsed(In& in, T& value, Parse parse) {
    std::string_view form;
    if (!in.take_plain(form)) return false;
    auto parsed = parse(form);
    if (!parsed.ok()) return false;
    value = *parsed;
    return true;
}

bool digits_from(const char* at, int count, std::int64_t& value) {
    value = 0;
    for (int place = 0; place < count; ++place) {
        if (at[place] < '0' || at[place] > '9') return false;
        value = value * 10 + (at[place] - '0');
    }
    return true;
}

/// "2026-11-22T12:56:48.000000Z"
bool read(In& in, Instant& instant) {
    using namespace std::chrono;
    const char* at = in.at();
    std::int64_t y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, us = 0;
    const bool shaped = in.left() >= 29 && at[0] == '"' && at[5] == '-' && at[8] == '-' &&
                        at[11] == 'T' && at[14] == ':' && at[17] == ':' && at[20] == '.' &&
                        at[27] == 'Z' && at[28] == '"' && digits_from(at + 1, 4, y) &&
                        digits_from(at + 6, 2, mo) && digits_from(at + 9, 2, d) &&
                        digits_from(at + 12, 2, h) && digits_from(at + 15, 2, mi) &&
                        digits_from(at + 18, 2, s) && digits_from(at + 21, 6, us);
    if (!shaped) return read_parsed(in, instant, base::parse_instant);
    const year_month_day date{year{static_cast<int>(y)}, month{static_cast<unsigned>(mo)},
                              day{static_cast<unsigned>(d)}};
    if (!date.ok() || h > 23 || mi > 59 || s > 59) return false;
    instant = Instant{duration_cast<Duration>(sys_days{date}.time_since_epoch()) + hours{h} +
                      minutes{mi} + seconds{s} + Duration{us}};
    in.skip(29);
    return true;
}

bool read(In& in, Ipv4& value) {
    return read_parsed(in, value, base::parse_ipv4);
}
bool read(In& in, Ipv4Range& value) {
    return read_parsed(in, value, base::parse_ipv4_range);
}
bool read(In& in, Mac& value) {
    if (in.take("\"00:00:00:00:00:00\"")) {
        value = {};
        return true;
    }
    return read_parsed(in, value, base::parse_mac);
}
bool read(In& in, Duration& value) {
    return read_parsed(in, value, base::parse_duration);
}
bool read(In& in, MiB& value) {
    return read_parsed(in, value, base::parse_mib);
}

template <class Unit>
requires(!std::is_same_v<base::Quantity<Unit>, MiB>) bool read(In& in,
                                                               base::Quantity<Unit>& value) {
    return read(in, value.count);
}

template <Worded E>
bool read(In& in, E& value) {
    std::string_view form;
    if (!in.take_plain(form)) return false;
    for (const auto& each : words(E{})) {
        if (each.word != form) continue;
        value = each.value;
        return true;
    }
    return false;
}

// ---- compounds ---------------------------------------------------------------------------------

template <Described T>
bool read(In& in, T& part);

/// Calls one() for each item up to `close`.
template <class One>
bool read_items(In& in, char close, One one) {
    if (in.take(close)) return true;
    do {
        if (!one()) return false;
    } while (in.take(','));
    return in.take(close);
}

bool read(In& in, std::map<std::string, std::string>& map) {
    map.clear();
    return in.take('{') && read_items(in, '}', [&] {
               std::string name;
               std::string value;
               if (!read(in, name) || !in.take(':') || !read(in, value)) return false;
               return map.emplace(std::move(name), std::move(value)).second;
           });
}

template <class T>
bool read(In& in, std::optional<T>& value) {
    value.reset();
    return in.take("null") || read(in, value.emplace());
}

template <class T>
bool read(In& in, std::vector<T>& items) {
    items.clear();
    return in.take('[') && read_items(in, ']', [&] { return read(in, items.emplace_back()); });
}

/// `before` stands before the name: '{' before the first one, ',' before the others.
bool take_name(In& in, char before, std::string_view name) {
    return in.take(before) && in.take('"') && in.take(name) && in.take("\":");
}

template <Described T>
bool read(In& in, T& part) {
    char before = '{';
    bool good = true;
    for_each_field<T>([&](const auto& field) {
        good = good && take_name(in, before, field.name) && read(in, part.*field.member);
        before = ',';
    });
    return good && (before == ',' || in.take('{')) && in.take('}');
}

// ---- records and commits -----------------------------------------------------------------------

template <class R>
bool read_fields(In& in, R& record) {
    return in.take("{\"id\":") && read(in, record.id) && in.take(",\"project\":") &&
           (in.take("null") || read(in, record.project)) && in.take(",\"name\":") &&
           read(in, record.name) && in.take(",\"created\":") && read(in, record.created) &&
           in.take(",\"revision\":") && read(in, record.revision) &&
           in.take(",\"declared_revision\":") && read(in, record.declared_revision) &&
           in.take(",\"deleting\":") && read(in, record.deleting) && in.take(",\"declared\":") &&
           read(in, record.declared) && in.take(",\"claimed\":") && read(in, record.claimed) &&
           in.take(",\"observed\":") && read(in, record.observed) && in.take('}');
}

/// A kind that has no quick way: the slow one takes it.
template <class C>
bool read_content(In&, const base::Uuid&, std::optional<Change>&, C*) {
    return false;
}
template <class R>
bool read_content(In& in, const base::Uuid&, std::optional<Change>& change, Create<R>*) {
    auto record = std::make_shared<R>();
    if (!in.take(",\"content\":") || !read_fields(in, *record)) return false;
    change.emplace(Create<R>{std::move(record)});
    return true;
}
template <class R>
bool read_content(In& in, const base::Uuid& id, std::optional<Change>& change, Declare<R>*) {
    Declare<R> made{{id}, {}};
    if (!in.take(",\"content\":") || !read(in, made.declared)) return false;
    change.emplace(std::move(made));
    return true;
}
template <class R>
bool read_content(In& in, const base::Uuid& id, std::optional<Change>& change, Claim<R>*) {
    Claim<R> made{{id}, {}};
    if (!in.take(",\"content\":") || !read(in, made.claimed)) return false;
    change.emplace(std::move(made));
    return true;
}
template <class R>
bool read_content(In& in, const base::Uuid& id, std::optional<Change>& change, Observe<R>*) {
    Observe<R> made{{id}, {}};
    if (!in.take(",\"content\":") || !read(in, made.observed)) return false;
    change.emplace(std::move(made));
    return true;
}
template <class R>
bool read_content(In& in, const base::Uuid& id, std::optional<Change>& change, Sight<R>*) {
    Sight<R> made{{id}, {}};
    if (!in.take(",\"content\":") || !read(in, made.seen)) return false;
    change.emplace(std::move(made));
    return true;
}
template <class R>
bool read_content(In&, const base::Uuid& id, std::optional<Change>& change, Delete<R>*) {
    change.emplace(Delete<R>{{id}});
    return true;
}
template <class R>
bool read_content(In&, const base::Uuid& id, std::optional<Change>& change, Forget<R>*) {
    change.emplace(Forget<R>{{id}});
    return true;
}

/// How the rest of each kind of change is read, by its opening: {"verb":"claim","noun":"host",
struct Opening {
    std::string text;
    bool (*read)(In& in, const base::Uuid& id, std::optional<Change>& change);
};

template <class C>
Opening opening_of() {
    const Change example = [] {
        if constexpr (requires(C change) { change.record; }) {
            using Made = typename decltype(C::record)::element_type;
            return Change{C{std::make_shared<Made>()}};
        } else {
            return Change{C{}};
        }
    }();
    return {"{\"verb\":\"" + std::string(verb_of(example)) + "\",\"noun\":\"" +
                std::string(word(subject_of(example).noun)) + "\",\"id\":",
            [](In& in, const base::Uuid& id, std::optional<Change>& change) {
                return read_content(in, id, change, static_cast<C*>(nullptr));
            }};
}

template <class... C>
const std::vector<Opening>& openings_of(std::type_identity<std::variant<C...>>) {
    static const std::vector<Opening> all{opening_of<C>()...};
    return all;
}

bool read_step(In& in, std::vector<Step>& steps) {
    for (const Opening& each : openings_of(std::type_identity<AnyChange>{})) {
        if (!in.take(each.text)) continue;
        base::Uuid id;
        std::optional<Change> change;
        std::string reason;
        if (!read(in, id) || !each.read(in, id, change) || !in.take(",\"reason\":") ||
            !read(in, reason) || !in.take('}'))
            return false;
        steps.push_back({std::move(*change), std::move(reason)});
        return true;
    }
    return false;
}

bool read_fields(In& in, Commit& commit) {
    return in.take("{\"revision\":") && read(in, commit.revision) && in.take(",\"at\":") &&
           read(in, commit.at) && in.take(",\"term\":") && read(in, commit.term) &&
           in.take(",\"actor\":") && read(in, commit.actor) && in.take(",\"request\":") &&
           read(in, commit.request) && in.take(",\"steps\":[") &&
           read_items(in, ']', [&] { return read_step(in, commit.steps); }) && in.take('}');
}

}  // namespace

template <class R>
Result<R> read_record(std::string_view text) {
    In in(text);
    R record;
    if (read_fields(in, record) && in.ended()) return record;
    return record_from_json<R>(TRY(base::parse_json(text, stored_limits)), Unknown::kept);
}

Result<Commit> read_commit(std::string_view text) {
    In in(text);
    Commit commit;
    if (read_fields(in, commit) && in.ended()) return commit;
    return commit_from_json(TRY(base::parse_json(text, stored_limits)));
}

#define VDC_READ_RECORD(R) template Result<R> read_record<R>(std::string_view);
VDC_READ_RECORD(Project)
VDC_READ_RECORD(Host)
VDC_READ_RECORD(Flavor)
VDC_READ_RECORD(KeyPair)
VDC_READ_RECORD(Image)
VDC_READ_RECORD(Network)
VDC_READ_RECORD(Volume)
VDC_READ_RECORD(VolumeSnapshot)
VDC_READ_RECORD(Port)
VDC_READ_RECORD(Instance)
VDC_READ_RECORD(Application)
VDC_READ_RECORD(Balance)
VDC_READ_RECORD(Operation)

}  // namespace vdc::model
