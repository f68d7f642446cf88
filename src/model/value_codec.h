#pragma once

#include <algorithm>
#include <type_traits>

#include "base/json.h"
#include "base/text.h"
#include "model/codec.h"

/// JSON of single values and of what is described by its fields, member by member: for the source
/// file that writes a kind of description as JSON (codec.cc, control/duties_json.cc). Others
/// include codec.h, which costs a compiler less.
namespace vdc::model {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using base::text;
using base::word;

inline Error misfit(const std::string& path, const std::string& why, std::string hint = {}) {
    return {Error::Code::invalid, "'" + path + "' " + why, std::move(hint)};
}

/// Bounds are for requests: what was stored must be read also when they have become narrower.
inline Bounds bounds_for(Unknown unknown, const Bounds& bounds) {
    return unknown == Unknown::kept ? Bounds{} : bounds;
}

template <class T>
struct Codec;

// ---- single values -----------------------------------------------------------------------------

template <>
struct Codec<bool> {
    static Json encode(bool value) { return value; }
    static Result<bool> decode(const Json& json, const std::string& path, const Bounds&, Unknown) {
        if (json.is(Json::Kind::boolean)) return json.boolean();
        return misfit(path, "must be true or false, not " + std::string(word(json.kind())));
    }
    static Json schema(const Bounds&) { return Json::object({{"type", "boolean"}}); }
};

inline Status within(const std::string& path, std::int64_t value, const Bounds& bounds) {
    if (value >= bounds.least && value <= bounds.most) return {};
    return misfit(path, "is " + std::to_string(value) + ", but must be from " +
                            std::to_string(bounds.least) + " to " + std::to_string(bounds.most));
}

template <class T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) struct Codec<T> {
    static Json encode(T value) { return static_cast<std::int64_t>(value); }
    static Result<T> decode(const Json& json, const std::string& path, const Bounds& bounds,
                            Unknown) {
        if (!json.is(Json::Kind::integer))
            return misfit(path, "must be a whole number, not " + std::string(word(json.kind())));
        TRY(within(path, json.integer(), bounds));
        if (std::is_unsigned_v<T> && json.integer() < 0)
            return misfit(path, "must not be negative");
        return static_cast<T>(json.integer());
    }
    static Json schema(const Bounds& bounds) {
        Json schema = Json::object({{"type", "integer"}});
        if (bounds.least != Bounds{}.least) schema.set("minimum", bounds.least);
        if (bounds.most != Bounds{}.most) schema.set("maximum", bounds.most);
        return schema;
    }
};

template <>
struct Codec<std::string> {
    static Json encode(const std::string& value) { return value; }
    static Result<std::string> decode(const Json& json, const std::string& path,
                                      const Bounds& bounds, Unknown) {
        if (!json.is(Json::Kind::text))
            return misfit(path, "must be text, not " + std::string(word(json.kind())));
        const auto length = static_cast<std::int64_t>(json.text().size());
        if (length < bounds.least)
            return misfit(path, length == 0 ? "must not be empty"
                                            : "must have at least " + std::to_string(bounds.least) +
                                                  " bytes");
        if (length > bounds.most)
            return misfit(path, "has " + std::to_string(length) + " bytes, but at most " +
                                    std::to_string(bounds.most) + " are taken");
        return json.text();
    }
    static Json schema(const Bounds& bounds) {
        Json schema = Json::object({{"type", "string"}});
        if (bounds.least > 0) schema.set("minLength", bounds.least);
        if (bounds.most != Bounds{}.most) schema.set("maxLength", bounds.most);
        return schema;
    }
};

/// A value that is written as text and read by a function.
template <class T>
struct TextCodec {
    static Json encode(const T& value) { return text(value); }
    template <class Parse>
    static Result<T> decode_with(const Json& json, const std::string& path, const char* what,
                                 Parse parse) {
        if (!json.is(Json::Kind::text))
            return misfit(path, "must be " + std::string(what) + " as text, not " +
                                    std::string(word(json.kind())));
        auto value = parse(json.text());
        if (!value.ok())
            return misfit(path, "is wrong: " + value.error().message, value.error().hint);
        return *value;
    }
    static Json text_schema(const char* format, const char* pattern) {
        Json schema = Json::object({{"type", "string"}});
        if (*format != 0) schema.set("format", format);
        if (*pattern != 0) schema.set("pattern", pattern);
        return schema;
    }
};

#define VDC_TEXT_CODEC(T, what, parse, format, pattern)                                   \
    template <>                                                                           \
    struct Codec<T> : TextCodec<T> {                                                      \
        static Result<T> decode(const Json& json, const std::string& path, const Bounds&, \
                                Unknown) {                                                \
            return decode_with(json, path, what, parse);                                  \
        }                                                                                 \
        static Json schema(const Bounds&) { return text_schema(format, pattern); }        \
    };

/// 0.0.0.0 and the nil MAC mean "none yet"; they are stored, never taken from people.
inline Result<Mac> parse_stored_mac(std::string_view value) {
    if (value == text(Mac{})) return Mac{};
    return base::parse_mac(value);
}

VDC_TEXT_CODEC(Ipv4, "an IPv4 address", base::parse_ipv4, "ipv4", "")
VDC_TEXT_CODEC(Ipv4Range, "a range of IPv4 addresses", base::parse_ipv4_range, "",
               "^[0-9.]+/[0-9]+$")
VDC_TEXT_CODEC(Mac, "a MAC address", parse_stored_mac, "", "^([0-9a-f]{2}:){5}[0-9a-f]{2}$")
VDC_TEXT_CODEC(Instant, "a time", base::parse_instant, "date-time", "")
VDC_TEXT_CODEC(Duration, "a duration", base::parse_duration, "",
               "^[0-9]+(\\.[0-9]+)?(us|ms|s|m|h|d)$")
#undef VDC_TEXT_CODEC

template <>
struct Codec<MiB> : TextCodec<MiB> {
    static Result<MiB> decode(const Json& json, const std::string& path, const Bounds& bounds,
                              Unknown) {
        const MiB size = TRY(decode_with(json, path, "a size", base::parse_mib));
        if (size.count >= bounds.least && size.count <= bounds.most) return size;
        return misfit(path, "is " + text(size) + ", but must be from " + text(MiB{bounds.least}) +
                                " to " + text(MiB{bounds.most}));
    }
    static Json schema(const Bounds&) { return text_schema("", "^[0-9]+ ?(MiB|GiB|TiB)$"); }
};

template <class Unit>
requires(!std::is_same_v<base::Quantity<Unit>, MiB>) struct Codec<base::Quantity<Unit>> {
    static Json encode(base::Quantity<Unit> value) { return value.count; }
    static Result<base::Quantity<Unit>> decode(const Json& json, const std::string& path,
                                               const Bounds& bounds, Unknown unknown) {
        return base::Quantity<Unit>{TRY(Codec<std::int64_t>::decode(json, path, bounds, unknown))};
    }
    static Json schema(const Bounds& bounds) { return Codec<std::int64_t>::schema(bounds); }
};

template <>
struct Codec<base::Uuid> : TextCodec<base::Uuid> {
    static Result<base::Uuid> decode(const Json& json, const std::string& path, const Bounds&,
                                     Unknown) {
        return decode_with(json, path, "an id", [](std::string_view value) -> Result<base::Uuid> {
            if (const auto uuid = base::parse_uuid(value)) return *uuid;
            return Error{Error::Code::invalid, "'" + base::quoted(value, 60) + "' is no id",
                         "ids are UUIDs, 36 characters"};
        });
    }
    static Json schema(const Bounds&) { return text_schema("uuid", ""); }
};

template <class Tag>
struct Codec<base::Id<Tag>> {
    static Json encode(const base::Id<Tag>& id) { return text(id); }
    static Result<base::Id<Tag>> decode(const Json& json, const std::string& path,
                                        const Bounds& bounds, Unknown unknown) {
        return base::Id<Tag>{TRY(Codec<base::Uuid>::decode(json, path, bounds, unknown))};
    }
    static Json schema(const Bounds& bounds) { return Codec<base::Uuid>::schema(bounds); }
};

template <Worded E>
struct Codec<E> {
    static Json encode(E value) { return word(value); }
    static Result<E> decode(const Json& json, const std::string& path, const Bounds&, Unknown) {
        std::vector<std::string> known;
        for (const auto& each : words(E{})) {
            if (json.is(Json::Kind::text) && json.text() == each.word) return each.value;
            known.emplace_back(each.word);
        }
        const std::string given = json.is(Json::Kind::text) ? json.text() : "";
        return misfit(
            path, "must be one of " + base::join(known, ", ") + base::did_you_mean(given, known));
    }
    static Json schema(const Bounds&) {
        Json known = Json::array();
        for (const auto& each : words(E{})) known.push(each.word);
        return Json::object({{"type", "string"}, {"enum", std::move(known)}});
    }
};

template <>
struct Codec<Json> {
    static Json encode(const Json& value) { return value; }
    static Result<Json> decode(const Json& json, const std::string&, const Bounds&, Unknown) {
        return json;
    }
    static Json schema(const Bounds&) { return Json::object(); }
};

// ---- compounds ---------------------------------------------------------------------------------

template <class T>
struct Codec<std::optional<T>> {
    static Json encode(const std::optional<T>& value) {
        return value ? Codec<T>::encode(*value) : Json(nullptr);
    }
    static Result<std::optional<T>> decode(const Json& json, const std::string& path,
                                           const Bounds& bounds, Unknown unknown) {
        if (json.is_null()) return std::optional<T>{};
        return std::optional<T>{TRY(Codec<T>::decode(json, path, bounds, unknown))};
    }
    static Json schema(const Bounds& bounds) {
        Json one = Codec<T>::schema(bounds);
        return Json::object(
            {{"anyOf", Json::array({std::move(one), Json::object({{"type", "null"}})})}});
    }
};

template <class T>
struct Codec<std::vector<T>> {
    static constexpr std::int64_t items_max = 100'000;
    static Json encode(const std::vector<T>& value) {
        Json items = Json::array();
        for (const T& each : value) items.push(Codec<T>::encode(each));
        return items;
    }
    static Result<std::vector<T>> decode(const Json& json, const std::string& path,
                                         const Bounds& bounds, Unknown unknown) {
        if (!json.is(Json::Kind::array))
            return misfit(path, "must be a list, not " + std::string(word(json.kind())));
        const auto count = static_cast<std::int64_t>(json.items().size());
        if (count > std::min(items_max, bounds.most)) return misfit(path, "has too many items");
        std::vector<T> items;
        for (const Json& each : json.items())
            items.push_back(TRY(Codec<T>::decode(
                each, path + "[" + std::to_string(items.size()) + "]", {}, unknown)));
        return items;
    }
    static Json schema(const Bounds&) {
        return Json::object({{"type", "array"}, {"items", Codec<T>::schema({})}});
    }
};

template <>
struct Codec<std::map<std::string, std::string>> {
    using Map = std::map<std::string, std::string>;
    static Json encode(const Map& value) {
        Json object = Json::object();
        for (const auto& [name, content] : value) object.members().push_back({name, content});
        return object;
    }
    static Result<Map> decode(const Json& json, const std::string& path, const Bounds& bounds,
                              Unknown unknown) {
        if (!json.is(Json::Kind::object))
            return misfit(path, "must be an object, not " + std::string(word(json.kind())));
        if (static_cast<std::int64_t>(json.members().size()) > bounds.most)
            return misfit(path, "has more than " + std::to_string(bounds.most) + " members");
        Map map;
        for (const auto& member : json.members())
            map[member.name] = TRY(Codec<std::string>::decode(
                member.value, path + "." + member.name, bounds_for(unknown, {0, 1000}), unknown));
        return map;
    }
    static Json schema(const Bounds&) {
        return Json::object(
            {{"type", "object"}, {"additionalProperties", Json::object({{"type", "string"}})}});
    }
};

/// An object whose members are named by the ids.
template <class Tag, class T>
struct Codec<std::map<base::Id<Tag>, T>> {
    using Map = std::map<base::Id<Tag>, T>;
    static Json encode(const Map& value) {
        Json object = Json::object();
        for (const auto& [id, each] : value)
            object.members().push_back({text(id), Codec<T>::encode(each)});
        return object;
    }
    static Result<Map> decode(const Json& json, const std::string& path, const Bounds&,
                              Unknown unknown) {
        if (!json.is(Json::Kind::object))
            return misfit(path, "must be an object, not " + std::string(word(json.kind())));
        Map map;
        for (const auto& member : json.members()) {
            const auto id = TRY(Codec<base::Id<Tag>>::decode(member.name, path, {}, unknown));
            map[id] = TRY(Codec<T>::decode(member.value, path + "." + member.name, {}, unknown));
        }
        return map;
    }
};

template <class T>
std::vector<std::string> field_names() {
    std::vector<std::string> names;
    for_each_field<T>([&](const auto& each) { names.emplace_back(each.name); });
    return names;
}

template <class T>
Status refuse_unknown(const Json& json, const std::string& path) {
    const std::vector<std::string> known = field_names<T>();
    for (const auto& member : json.members()) {
        if (std::find(known.begin(), known.end(), member.name) != known.end()) continue;
        const std::string full = path.empty() ? member.name : path + "." + member.name;
        return misfit(base::quoted(full, 100),
                      "is not known here" + base::did_you_mean(member.name, known),
                      "known are " + base::join(known, ", "));
    }
    return {};
}

// One field of an object. Not inline: so each is compiled once for each type, not for each field.

template <class Value>
[[gnu::noinline]] void encode_field(Json& object, std::string_view name, const Value& value) {
    object.members().push_back({std::string(name), Codec<Value>::encode(value)});
}

template <class Value>
[[gnu::noinline]] Status decode_field(Value& value, const Json& member, const std::string& path,
                                      std::string_view name, const Bounds& bounds,
                                      Unknown unknown) {
    std::string full = path;
    if (!full.empty()) full += ".";
    full += name;
    auto decoded = Codec<Value>::decode(member, full, bounds_for(unknown, bounds), unknown);
    if (!decoded.ok()) return decoded.error();
    value = std::move(*decoded);
    return {};
}

template <class Value>
[[gnu::noinline]] void add_schema(Json& properties, std::string_view name, std::string_view about,
                                  const Bounds& bounds, Mutability mutability) {
    Json property = Codec<Value>::schema(bounds);
    property.set("description", about);
    if (mutability == Mutability::computed) property.set("readOnly", true);
    properties.members().push_back({std::string(name), std::move(property)});
}

/// A T, as Description::fields() has it.
template <class T, Described Description = T>
struct ObjectCodec {
    static Json encode(const T& value) {
        Json object = Json::object();
        for_each_field<Description>(
            [&](const auto& each) { encode_field(object, each.name, value.*each.member); });
        return object;
    }
    static Result<T> decode(const Json& json, const std::string& path, const Bounds&,
                            Unknown unknown) {
        if (json.is_null()) return T{};
        if (!json.is(Json::Kind::object))
            return misfit(path, "must be an object, not " + std::string(word(json.kind())));
        if (unknown == Unknown::refused) TRY(refuse_unknown<Description>(json, path));
        T value;
        Status status;
        for_each_field<Description>([&](const auto& each) {
            const Json* member = json.find(each.name);
            if (member == nullptr || !status.ok()) return;
            status =
                decode_field(value.*each.member, *member, path, each.name, each.bounds, unknown);
        });
        TRY(std::move(status));
        return value;
    }
    static Json schema(const Bounds&) {
        Json properties = Json::object();
        const T defaults{};
        for_each_field<Description>([&](const auto& each) {
            using Value = std::remove_cvref_t<decltype(defaults.*each.member)>;
            add_schema<Value>(properties, each.name, each.about, each.bounds, each.mutability);
        });
        return Json::object({{"type", "object"},
                             {"properties", std::move(properties)},
                             {"additionalProperties", false}});
    }
};
template <Described T>
struct Codec<T> : ObjectCodec<T> {};

}  // namespace vdc::model
