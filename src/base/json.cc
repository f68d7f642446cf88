#include "base/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace vdc::base {

static const Json null_json;

Json::Json() = default;
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;
Json::Json(std::nullptr_t) : Json() {}
Json::Json(bool value) : content_(value) {}
Json::Json(int value) : content_(std::int64_t{value}) {}
Json::Json(std::int64_t value) : content_(value) {}
Json::Json(double value) : content_(value) {}
Json::Json(const char* value) : content_(std::string(value)) {}
Json::Json(std::string_view value) : content_(std::string(value)) {}
Json::Json(std::string value) : content_(std::move(value)) {}
Json::Json(Array value) : content_(std::move(value)) {}
Json::Json(Object value) : content_(std::move(value)) {}

Json Json::object() {
    return Json(Object());
}

Json Json::object(Object members) {
    return Json(std::move(members));
}
Json Json::array(Array items) {
    return Json(std::move(items));
}

template <class T, class Content>
static auto& held(Content& content) {
    auto* value = std::get_if<T>(&content);
    check(value != nullptr, "a JSON value was taken for another kind");
    return *value;
}

bool Json::boolean() const {
    return held<bool>(content_);
}
std::int64_t Json::integer() const {
    return held<std::int64_t>(content_);
}
double Json::real() const {
    return is(Kind::integer) ? static_cast<double>(integer()) : held<double>(content_);
}
const std::string& Json::text() const {
    return held<std::string>(content_);
}
const Json::Array& Json::items() const {
    return held<Array>(content_);
}
Json::Array& Json::items() {
    return held<Array>(content_);
}
const Json::Object& Json::members() const {
    return held<Object>(content_);
}
Json::Object& Json::members() {
    return held<Object>(content_);
}

const Json* Json::find(std::string_view name) const {
    if (!is(Kind::object)) return nullptr;
    for (const JsonMember& member : members())
        if (member.name == name) return &member.value;
    return nullptr;
}

const Json& Json::at(std::string_view name) const {
    const Json* found = find(name);
    return found != nullptr ? *found : null_json;
}

Json& Json::set(std::string_view name, Json value) {
    if (is_null()) content_ = Object{};
    for (JsonMember& member : members()) {
        if (member.name != name) continue;
        member.value = std::move(value);
        return *this;
    }
    members().push_back({std::string(name), std::move(value)});
    return *this;
}

void Json::erase(std::string_view name) {
    if (is(Kind::object))
        std::erase_if(members(), [&](const JsonMember& member) { return member.name == name; });
}

void Json::push(Json value) {
    if (is_null()) content_ = Array{};
    items().push_back(std::move(value));
}

std::string Json::text_at(std::string_view name, std::string otherwise) const {
    const Json& value = at(name);
    return value.is(Kind::text) ? value.text() : std::move(otherwise);
}

std::int64_t Json::integer_at(std::string_view name, std::int64_t otherwise) const {
    const Json& value = at(name);
    return value.is(Kind::integer) ? value.integer() : otherwise;
}

bool Json::boolean_at(std::string_view name, bool otherwise) const {
    const Json& value = at(name);
    return value.is(Kind::boolean) ? value.boolean() : otherwise;
}

bool operator==(const Json& a, const Json& b) {
    return a.content_ == b.content_;
}

std::string_view word(Json::Kind kind) {
    switch (kind) {
        case Json::Kind::null: return "null";
        case Json::Kind::boolean: return "true or false";
        case Json::Kind::integer: return "a whole number";
        case Json::Kind::real: return "a number";
        case Json::Kind::text: return "text";
        case Json::Kind::array: return "a list";
        case Json::Kind::object: return "an object";
    }
    broken("a JSON kind without a word");
}

namespace {

/// Builds a Json from the events of Boost.JSON's parser (it checks grammar, depth and UTF-8).
struct Builder {
    static constexpr std::size_t max_object_size = 4096;
    static constexpr std::size_t max_array_size = 1 << 22;
    static constexpr std::size_t max_key_size = 1 << 16;
    static constexpr std::size_t max_string_size = 64 << 20;
    using Failure = boost::json::error_code;
    using Text = boost::json::string_view;

    std::vector<Json> open;
    std::vector<std::string> names;
    std::string pending;
    std::string problem;
    Json done;

    bool place(Json value) {
        if (open.empty()) {
            done = std::move(value);
            return true;
        }
        if (open.back().is(Json::Kind::array)) {
            open.back().items().push_back(std::move(value));
            return true;
        }
        open.back().members().push_back({std::move(names.back()), std::move(value)});
        names.pop_back();
        return true;
    }
    bool refuse(std::string why, Failure& failure) {
        problem = std::move(why);
        failure = boost::json::make_error_code(boost::json::error::syntax);
        return false;
    }

    bool on_document_begin(Failure&) { return true; }
    bool on_document_end(Failure&) { return true; }
    bool on_object_begin(Failure&) {
        open.push_back(Json::object());
        return true;
    }
    bool close() {
        Json value = std::move(open.back());
        open.pop_back();
        return place(std::move(value));
    }
    bool on_object_end(std::size_t, Failure&) { return close(); }
    bool on_array_begin(Failure&) {
        open.push_back(Json::array());
        return true;
    }
    bool on_array_end(std::size_t, Failure&) { return close(); }
    bool on_key_part(Text part, std::size_t, Failure&) {
        pending.append(part.data(), part.size());
        return true;
    }
    bool on_key(Text part, std::size_t, Failure& failure) {
        pending.append(part.data(), part.size());
        if (open.back().has(pending))
            return refuse("the member '" + pending + "' stands twice", failure);
        names.push_back(std::move(pending));
        pending.clear();
        return true;
    }
    bool on_string_part(Text part, std::size_t, Failure&) {
        pending.append(part.data(), part.size());
        return true;
    }
    bool on_string(Text part, std::size_t, Failure&) {
        pending.append(part.data(), part.size());
        std::string whole = std::move(pending);
        pending.clear();
        return place(std::move(whole));
    }
    bool on_number_part(Text, Failure&) { return true; }
    bool on_int64(std::int64_t value, Text, Failure&) { return place(value); }
    bool on_uint64(std::uint64_t, Text, Failure& failure) {
        return refuse("a number does not fit into 64 bits", failure);
    }
    bool on_double(double value, Text digits, Failure& failure) {
        if (!std::isfinite(value)) return refuse("a number is too large", failure);
        if (digits.find_first_of(".eE") == Text::npos)
            return refuse("a whole number does not fit into 64 bits", failure);
        return place(value);
    }
    bool on_bool(bool value, Failure&) { return place(value); }
    bool on_null(Failure&) { return place(nullptr); }
    bool on_comment_part(Text, Failure&) { return true; }
    bool on_comment(Text, Failure&) { return true; }
};

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
    if (text.size() > limits.size_max)
        return Error{Error::Code::too_large, "the JSON text has " + std::to_string(text.size()) +
                                                 " bytes, the most is " +
                                                 std::to_string(limits.size_max)};
    boost::json::parse_options options;
    options.max_depth = limits.depth_max;
    boost::json::basic_parser<Builder> parser(options);
    boost::json::error_code failure;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), failure);
    if (failure || used < text.size()) {
        const Builder& builder = parser.handler();
        const std::string why = !builder.problem.empty() ? builder.problem
                                : failure                ? failure.message()
                                                         : "something stands after the value";
        return Error{Error::Code::invalid,
                     "this is not JSON: " + why + ", at byte " + std::to_string(used)};
    }
    return std::move(parser.handler().done);
}

/// Whether a byte stands for itself in JSON and is a whole character.
static bool plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

void dump_text_to(std::string& out, std::string_view text) {
    static constexpr char digit[] = "0123456789abcdef";
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && plain(text[end])) ++end;
        out.append(text, at, end - at);
        if ((at = end) == text.size()) break;
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += text[at++];
        } else if (byte == '\n') {
            out += "\\n";
            ++at;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out += digit[byte >> 4];
            out += digit[byte & 0xf];
            ++at;
        } else if (const std::size_t length = utf8_length(text, at); length > 0) {
            out.append(text.substr(at, length));
            at += length;
        } else {
            out += "\\ufffd";
            ++at;
        }
    }
    out += '"';
}

static void newline(std::string& out, int depth) {
    out += '\n';
    out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

/// `depth` < 0 means compact.
static void write(std::string& out, const Json& value, int depth) {
    const int inner = depth < 0 ? depth : depth + 1;
    switch (value.kind()) {
        case Json::Kind::null: out += "null"; return;
        case Json::Kind::boolean: out += value.boolean() ? "true" : "false"; return;
        case Json::Kind::integer: {
            char buffer[24];
            const auto end = std::to_chars(buffer, buffer + sizeof buffer, value.integer()).ptr;
            out.append(buffer, end);
            return;
        }
        case Json::Kind::real: {
            char buffer[40];
            const auto end = std::to_chars(buffer, buffer + sizeof buffer, value.real()).ptr;
            std::string_view number(buffer, static_cast<std::size_t>(end - buffer));
            out += number;
            if (number.find_first_of(".e") == std::string_view::npos) out += ".0";
            return;
        }
        case Json::Kind::text: dump_text_to(out, value.text()); return;
        case Json::Kind::array: {
            out += '[';
            for (const Json& item : value.items()) {
                if (&item != &value.items().front()) out += ',';
                if (inner >= 0) newline(out, inner);
                write(out, item, inner);
            }
            if (depth >= 0 && !value.items().empty()) newline(out, depth);
            out += ']';
            return;
        }
        case Json::Kind::object: {
            out += '{';
            for (const JsonMember& member : value.members()) {
                if (&member != &value.members().front()) out += ',';
                if (inner >= 0) newline(out, inner);
                dump_text_to(out, member.name);
                out += inner >= 0 ? ": " : ":";
                write(out, member.value, inner);
            }
            if (depth >= 0 && !value.members().empty()) newline(out, depth);
            out += '}';
            return;
        }
    }
}

void dump_to(std::string& out, const Json& value) {
    write(out, value, -1);
}

std::string dump(const Json& value) {
    std::string out;
    dump_to(out, value);
    return out;
}

std::string dump_pretty(const Json& value) {
    std::string out;
    write(out, value, 0);
    return out;
}

}  // namespace vdc::base
