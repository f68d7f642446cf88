#include "wire/http.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace vdc::wire {

using base::Error;

static constexpr std::array<std::pair<Method, std::string_view>, 7> method_words{{
    {Method::get, "GET"},
    {Method::head, "HEAD"},
    {Method::post, "POST"},
    {Method::put, "PUT"},
    {Method::patch, "PATCH"},
    {Method::delete_, "DELETE"},
    {Method::options, "OPTIONS"},
}};

std::string_view word(Method method) {
    return method_words[static_cast<std::size_t>(method)].second;
}

std::optional<Method> method(std::string_view word) {
    for (const auto& [method, name] : method_words)
        if (name == word) return method;
    return {};
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return lower(x) == lower(y); });
}

bool same_exactly(std::string_view a, std::string_view b) {
    return a == b;
}

Response answer(int status, std::string content_type, std::string body) {
    Response response{status, {}, std::move(body)};
    response.headers.add("Content-Type", std::move(content_type));
    return response;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decoded(std::string_view text, Plus plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '+' && plus == Plus::is_blank) {
            out += ' ';
        } else if (text[at] != '%') {
            out += text[at];
        } else {
            const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
            const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
            if (high < 0 || low < 0) return {};
            out += static_cast<char>(high * 16 + low);
            at += 2;
        }
    }
    return out;
}

static bool unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void percent_encode_to(std::string& out, std::string_view text, std::string_view kept) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        if (unreserved(c) || kept.find(c) != std::string_view::npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    percent_encode_to(out, text, "");
    return out;
}

/// Good UTF-8 without control characters.
static bool is_plain_text(std::string_view text) {
    return base::is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
               return (c >= 0 && c < 0x20) || c == 0x7F;
           });
}

static Error bad_target(std::string_view target, std::string_view trouble) {
    return Error{Error::Code::invalid,
                 "the request target '" + base::quoted(target, 80) + "' " + std::string(trouble),
                 "send a path such as /v1/instances?limit=10, percent-encoded"};
}

static bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1);  // its '/'
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment == "." || segment == "..") return true;
        path.remove_prefix(segment.size());
    }
    return false;
}

static base::Result<std::string> parse_path(std::string_view target, std::string_view raw) {
    auto path = percent_decoded(raw);
    if (!path) return bad_target(target, "has a broken percent escape");
    // A decoded '/' would make two paths look like one to whoever splits them.
    if (std::count(path->begin(), path->end(), '/') != std::count(raw.begin(), raw.end(), '/'))
        return bad_target(target, "hides a '/' in an escape");
    if (!is_plain_text(*path)) return bad_target(target, "is not UTF-8 text");
    if (has_dot_segment(*path)) return bad_target(target, "has a '.' or '..' segment");
    return std::move(*path);
}

static base::Result<Field> parse_query_field(std::string_view target, std::string_view raw) {
    const std::size_t equals = std::min(raw.find('='), raw.size());
    auto name = percent_decoded(raw.substr(0, equals), Plus::is_blank);
    auto value = percent_decoded(raw.substr(std::min(equals + 1, raw.size())), Plus::is_blank);
    if (!name || !value) return bad_target(target, "has a broken percent escape in its query");
    if (!is_plain_text(*name) || !is_plain_text(*value))
        return bad_target(target, "has a query that is not UTF-8 text");
    return Field{std::move(*name), std::move(*value)};
}

static base::Result<Query> parse_query(std::string_view target, std::string_view raw) {
    Query query;
    while (!raw.empty()) {
        const std::string_view field = raw.substr(0, raw.find('&'));
        raw.remove_prefix(std::min(field.size() + 1, raw.size()));
        if (field.empty()) continue;
        if (query.size() == query_fields_max)
            return bad_target(target, "has more than 100 query fields");
        Field decoded = TRY(parse_query_field(target, field));
        query.add(std::move(decoded.name), std::move(decoded.value));
    }
    return query;
}

base::Result<Target> parse_target(std::string_view text) {
    if (text.size() > target_size_max) return bad_target(text, "is longer than 8 KiB");
    if (text.empty() || text.front() != '/') return bad_target(text, "does not begin with '/'");
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
    if (!printable || text.find('#') != std::string_view::npos)
        return bad_target(text, "holds a byte that must be percent-encoded");
    const std::size_t mark = std::min(text.find('?'), text.size());
    std::string path = TRY(parse_path(text, text.substr(0, mark)));
    Query query = TRY(parse_query(text, text.substr(std::min(mark + 1, text.size()))));
    return Target{std::move(path), std::move(query)};
}

std::string text(const Target& target) {
    std::string out;
    percent_encode_to(out, target.path, "/:@!$&'()*+,;=");
    char separator = '?';
    for (const Field& field : target.query) {
        out += separator;
        percent_encode_to(out, field.name, "/:");
        out += '=';
        percent_encode_to(out, field.value, "/:,");
        separator = '&';
    }
    return out;
}

}  // namespace vdc::wire
