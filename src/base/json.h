#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace vdc::base {

struct JsonMember;

/// A JSON value (RFC 8259). Objects keep the order of their members; whole numbers stay exact
/// (64 bits signed); other numbers are doubles and are never used in a decision.
class Json {
  public:
    using Array = std::vector<Json>;
    using Object = std::vector<JsonMember>;
    enum class Kind { null, boolean, integer, real, text, array, object };

    Json();
    Json(const Json&);
    Json(Json&&) noexcept;
    Json& operator=(const Json&);
    Json& operator=(Json&&) noexcept;
    ~Json();

    Json(std::nullptr_t);
    Json(bool value);
    Json(int value);
    Json(std::int64_t value);
    Json(double value);
    Json(const char* value);
    Json(std::string_view value);
    Json(std::string value);
    Json(Array value);
    Json(Object value);

    /// {"a": 1, "b": "x"} as Json::object({{"a", 1}, {"b", "x"}}).
    static Json object();
    static Json object(Object members);
    static Json array(Array items = {});

    Kind kind() const { return static_cast<Kind>(content_.index()); }
    bool is(Kind kind) const { return this->kind() == kind; }
    bool is_null() const { return is(Kind::null); }

    /// The content. Asking for another kind than is held is a mistake of ours: ask is() first.
    bool boolean() const;
    std::int64_t integer() const;
    double real() const;  ///< also of an integer
    const std::string& text() const;
    const Array& items() const;
    Array& items();
    const Object& members() const;
    Object& members();

    /// The member of that name of an object; null (the shared null value) when there is none or
    /// this is no object. The first one wins; parse() refuses doubled names.
    const Json& at(std::string_view name) const;
    const Json* find(std::string_view name) const;
    bool has(std::string_view name) const { return find(name) != nullptr; }

    /// Sets or appends a member; turns null into an object.
    Json& set(std::string_view name, Json value);
    /// Removes a member if it is there.
    void erase(std::string_view name);
    /// Appends an item; turns null into an array.
    void push(Json value);

    /// The text member of that name, or `otherwise`.
    std::string text_at(std::string_view name, std::string otherwise = {}) const;
    std::int64_t integer_at(std::string_view name, std::int64_t otherwise = 0) const;
    bool boolean_at(std::string_view name, bool otherwise = false) const;

    friend bool operator==(const Json& a, const Json& b);

  private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> content_;
};

struct JsonMember {
    std::string name;
    Json value;
    friend bool operator==(const JsonMember&, const JsonMember&) = default;
};

struct JsonLimits {
    std::size_t depth_max = 32;
    std::size_t size_max = 16 << 20;
};

/// One value and nothing after it. Refuses: doubled member names, numbers outside 64 bits, bad
/// UTF-8, what passes the limits. The error says at which byte.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Compact, one line, members in their order. Bytes that are not UTF-8 become U+FFFD.
std::string dump(const Json& value);
void dump_to(std::string& out, const Json& value);

/// Indented by two spaces, for people.
std::string dump_pretty(const Json& value);

/// The quoted and escaped form of one text, appended.
void dump_text_to(std::string& out, std::string_view text);

/// "object", "text", ... for error sentences.
std::string_view word(Json::Kind kind);

}  // namespace vdc::base
