#include "model/write_json.h"

#include <array>
#include <charconv>
#include <type_traits>

#include "model/codec.h"
#include "model/nouns.h"
#include "model/view.h"

namespace vdc::model {

using base::Json;
using base::text;

// ---- single values -----------------------------------------------------------------------------

static void write(std::string& out, bool value) {
    out += value ? "true" : "false";
}

template <class T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) static void write(std::string& out,
                                                                              T value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   static_cast<std::int64_t>(value))
                         .ptr;
    out.append(digits.data(), end);
}

static void write(std::string& out, const std::string& value) {
    base::dump_text_to(out, value);
}

static constexpr char hex_digits[] = "0123456789abcdef";

static char* hex_into(char* at, std::uint64_t bits, int count) {
    for (int shift = (count - 1) * 4; shift >= 0; shift -= 4)
        *at++ = hex_digits[(bits >> shift) & 0xf];
    return at;
}

static void write(std::string& out, const base::Uuid& id) {
    std::array<char, 38> form{};
    char* at = form.data();
    *at++ = '"';
    at = hex_into(at, id.high >> 32, 8);
    *at++ = '-';
    at = hex_into(at, id.high >> 16, 4);
    *at++ = '-';
    at = hex_into(at, id.high, 4);
    *at++ = '-';
    at = hex_into(at, id.low >> 48, 4);
    *at++ = '-';
    at = hex_into(at, id.low, 12);
    *at++ = '"';
    out.append(form.data(), form.size());
}

template <class Tag>
static void write(std::string& out, const base::Id<Tag>& id) {
    write(out, id.value);
}

static char* digits_into(char* at, std::int64_t value, int count) {
    for (int place = count - 1; place >= 0; --place, value /= 10)
        at[place] = static_cast<char>('0' + value % 10);
    return at + count;
}

/// "2026-11-22T12:56:48.000000Z"; years outside 0 to 9999 take the slow way.
static void write(std::string& out, Instant instant) {
    using std::chrono::days;
    const auto since = instant.time_since_epoch();
    const auto day = std::chrono::floor<days>(since);
    const std::chrono::year_month_day date{std::chrono::sys_days{day}};
    const int year = static_cast<int>(date.year());
    if (year < 0 || year > 9999) return base::dump_text_to(out, text(instant));
    const std::int64_t micros = (since - day).count();
    std::array<char, 29> form{};
    char* at = form.data();
    *at++ = '"';
    at = digits_into(at, year, 4);
    *at++ = '-';
    at = digits_into(at, static_cast<unsigned>(date.month()), 2);
    *at++ = '-';
    at = digits_into(at, static_cast<unsigned>(date.day()), 2);
    *at++ = 'T';
    at = digits_into(at, micros / 3'600'000'000, 2);
    *at++ = ':';
    at = digits_into(at, micros / 60'000'000 % 60, 2);
    *at++ = ':';
    at = digits_into(at, micros / 1'000'000 % 60, 2);
    *at++ = '.';
    at = digits_into(at, micros % 1'000'000, 6);
    *at++ = 'Z';
    *at++ = '"';
    out.append(form.data(), form.size());
}

/// Values whose text is plain ASCII without quotes.
template <class T>
static void write_plain(std::string& out, const T& value) {
    out += '"';
    out += text(value);
    out += '"';
}
static void write(std::string& out, Ipv4 value) {
    write_plain(out, value);
}
static void write(std::string& out, const Ipv4Range& value) {
    write_plain(out, value);
}
/// "52:54:00:12:34:56"
static void write(std::string& out, Mac value) {
    std::array<char, 19> form{};
    char* at = form.data();
    for (int shift = 40; shift >= 0; shift -= 8) {
        *at++ = shift == 40 ? '"' : ':';
        at = hex_into(at, value.bits >> shift, 2);
    }
    *at = '"';
    out.append(form.data(), form.size());
}
static void write(std::string& out, Duration value) {
    write_plain(out, value);
}
static void write(std::string& out, MiB value) {
    write_plain(out, value);
}

template <class Unit>
requires(!std::is_same_v<base::Quantity<Unit>, MiB>) static void write(std::string& out,
                                                                       base::Quantity<Unit> value) {
    write(out, value.count);
}

template <Worded E>
static void write(std::string& out, E value) {
    out += '"';
    out += word(value);
    out += '"';
}

static void write(std::string& out, const std::map<std::string, std::string>& map) {
    out += '{';
    char before = 0;
    for (const auto& [name, value] : map) {
        if (before != 0) out += before;
        before = ',';
        write(out, name);
        out += ':';
        write(out, value);
    }
    out += '}';
}

// ---- compounds ---------------------------------------------------------------------------------

template <Described T>
static void write(std::string& out, const T& part);

template <class T>
static void write(std::string& out, const std::optional<T>& value) {
    if (value)
        write(out, *value);
    else
        out += "null";
}

template <class T>
static void write(std::string& out, const std::vector<T>& items) {
    out += '[';
    for (const T& item : items) {
        if (&item != items.data()) out += ',';
        write(out, item);
    }
    out += ']';
}

/// What stands before the value of each field: {"first": and ,"next": and so on.
template <Described T>
static std::vector<std::string> make_openings() {
    std::vector<std::string> openings;
    for_each_field<T>([&](const auto& field) {
        openings.push_back((openings.empty() ? "{\"" : ",\"") + std::string(field.name) + "\":");
    });
    return openings;
}

template <Described T>
static void write(std::string& out, const T& part) {
    static const std::vector<std::string> openings = make_openings<T>();
    if (openings.empty()) out += '{';
    auto opening = openings.begin();
    for_each_field<T>([&](const auto& field) {
        out += *opening++;
        write(out, part.*field.member);
    });
    out += '}';
}

// ---- records -----------------------------------------------------------------------------------

template <class R>
void write_open(std::string& out, const R& record) {
    if (!record.unknown.is_null()) {  // what a newer build stored
        base::dump_to(out, to_json(record));
        out.pop_back();
        return;
    }
    out += "{\"id\":";
    write(out, record.id);
    out += ",\"project\":";
    if (record.project)
        write(out, record.project);
    else
        out += "null";
    out += ",\"name\":";
    write(out, record.name);
    out += ",\"created\":";
    write(out, record.created);
    out += ",\"revision\":";
    write(out, record.revision);
    out += ",\"declared_revision\":";
    write(out, record.declared_revision);
    out += ",\"deleting\":";
    write(out, record.deleting);
    out += ",\"declared\":";
    write(out, record.declared);
    out += ",\"claimed\":";
    write(out, record.claimed);
    out += ",\"observed\":";
    write(out, record.observed);
}

template <class R>
void write_record(std::string& out, const R& record) {
    write_open(out, record);
    out += '}';
}

template <class Part>
void write_part(std::string& out, const Part& part) {
    write(out, part);
}

// ---- commits -----------------------------------------------------------------------------------

template <class R>
static void write_content(std::string& out, const Create<R>& change) {
    out += ",\"content\":";
    write_record(out, *change.record);
}
template <class Part>
static void write_content_part(std::string& out, const Part& part) {
    out += ",\"content\":";
    write(out, part);
}
template <class R>
static void write_content(std::string& out, const Declare<R>& change) {
    write_content_part(out, change.declared);
}
template <class R>
static void write_content(std::string& out, const Claim<R>& change) {
    write_content_part(out, change.claimed);
}
template <class R>
static void write_content(std::string& out, const Observe<R>& change) {
    write_content_part(out, change.observed);
}
template <class R>
static void write_content(std::string& out, const Sight<R>& change) {
    write_content_part(out, change.seen);
}
template <class R>
static void write_content(std::string&, const Delete<R>&) {}
template <class R>
static void write_content(std::string&, const Forget<R>&) {}

static void write(std::string& out, const Step& step) {
    const Subject subject = subject_of(step.change);
    out += "{\"verb\":\"";
    out += verb_of(step.change);
    out += "\",\"noun\":\"";
    out += word(subject.noun);
    out += "\",\"id\":";
    write(out, subject.id);
    std::visit([&](const auto& change) { write_content(out, change); }, step.change);
    out += ",\"reason\":";
    write(out, step.reason);
    out += '}';
}

void write_commit(std::string& out, const Commit& commit) {
    out += "{\"revision\":";
    write(out, commit.revision);
    out += ",\"at\":";
    write(out, commit.at);
    out += ",\"term\":";
    write(out, commit.term);
    out += ",\"actor\":";
    write(out, commit.actor);
    out += ",\"request\":";
    write(out, commit.request);
    out += ",\"steps\":";
    write(out, commit.steps);
    out += '}';
}

#define VDC_WRITE_RECORD(R)                              \
    template void write_open<R>(std::string&, const R&); \
    template void write_record<R>(std::string&, const R&);
#define VDC_WRITE_PART(P) template void write_part<P>(std::string&, const P&);
VDC_WRITE_RECORD(Project)
VDC_WRITE_RECORD(Host)
VDC_WRITE_RECORD(Flavor)
VDC_WRITE_RECORD(KeyPair)
VDC_WRITE_RECORD(Image)
VDC_WRITE_RECORD(Network)
VDC_WRITE_RECORD(Volume)
VDC_WRITE_RECORD(VolumeSnapshot)
VDC_WRITE_RECORD(Port)
VDC_WRITE_RECORD(Instance)
VDC_WRITE_RECORD(Application)
VDC_WRITE_RECORD(Balance)
VDC_WRITE_RECORD(Operation)
VDC_WRITE_PART(BalanceView)
VDC_WRITE_PART(ProjectView)
VDC_WRITE_PART(HostView)
VDC_WRITE_PART(ImageView)
VDC_WRITE_PART(NetworkView)
VDC_WRITE_PART(VolumeView)
VDC_WRITE_PART(VolumeSnapshotView)
VDC_WRITE_PART(PortView)
VDC_WRITE_PART(InstanceView)
VDC_WRITE_PART(ApplicationView)
VDC_WRITE_PART(PlainView)
VDC_WRITE_PART(Explanation)

}  // namespace vdc::model
