#include "api/schema_check_test_util.h"

#include <algorithm>
#include <regex>

#include "base/addresses.h"
#include "base/ids.h"
#include "base/text.h"
#include "base/time.h"

namespace vdc::api::test {

using base::Json;
using Kind = Json::Kind;
using Wrong = std::vector<std::string>;

const Json& SchemaCheck::resolved(const Json& schema) const {
    const std::string ref = schema.text_at("$ref");
    if (ref.empty()) return schema;
    const Json* at = &document_;
    for (const std::string& part : base::split(std::string_view(ref).substr(2), '/'))
        at = &at->at(part);
    base::check(!at->is_null(), "a $ref leads somewhere: " + ref);
    return *at;
}

static bool is_type(const Json& value, const std::string& type) {
    if (type == "object") return value.is(Kind::object);
    if (type == "array") return value.is(Kind::array);
    if (type == "string") return value.is(Kind::text);
    if (type == "integer") return value.is(Kind::integer);
    if (type == "number") return value.is(Kind::integer) || value.is(Kind::real);
    if (type == "boolean") return value.is(Kind::boolean);
    if (type == "null") return value.is_null();
    return false;
}

static bool is_format(const std::string& text, const std::string& format) {
    if (format == "uuid") return base::parse_uuid(text).has_value();
    if (format == "date-time") return base::parse_instant(text).ok();
    if (format == "ipv4") return base::parse_ipv4(text).ok();
    return format == "uri-reference";
}

static void check_text(const Json& schema, const std::string& text, const std::string& path,
                       Wrong& wrong) {
    const auto size = static_cast<std::int64_t>(text.size());
    if (schema.has("minLength") && size < schema.integer_at("minLength"))
        wrong.push_back(path + " is too short");
    if (schema.has("maxLength") && size > schema.integer_at("maxLength"))
        wrong.push_back(path + " is too long");
    if (schema.has("format") && !is_format(text, schema.text_at("format")))
        wrong.push_back(path + " '" + text + "' is no " + schema.text_at("format"));
    if (schema.has("pattern") && !std::regex_search(text, std::regex(schema.text_at("pattern"))))
        wrong.push_back(path + " '" + text + "' does not match " + schema.text_at("pattern"));
}

static void check_words(const Json& schema, const std::string& path, Wrong& wrong) {
    static const std::vector<std::string> known{
        "$ref",        "type",      "properties", "required", "additionalProperties",
        "items",       "enum",      "anyOf",      "minimum",  "maximum",
        "minLength",   "maxLength", "pattern",    "format",   "maxItems",
        "description", "readOnly",  "default"};
    for (const auto& member : schema.members())
        if (std::find(known.begin(), known.end(), member.name) == known.end())
            wrong.push_back(path + ": the schema says '" + member.name + "', which is not checked");
}

void SchemaCheck::check_object(const Json& schema, const Json& value, const std::string& path,
                               Wrong& wrong) const {
    if (schema.has("required"))
        for (const Json& name : schema.at("required").items())
            if (!value.has(name.text())) wrong.push_back(path + "." + name.text() + " is missing");
    const Json& properties = schema.at("properties");
    const Json& others = schema.at("additionalProperties");
    for (const auto& member : value.members()) {
        const std::string full = path + "." + member.name;
        if (const Json* own = properties.find(member.name))
            check(*own, member.value, full, wrong);
        else if (others == Json(false))
            wrong.push_back(full + " is not in the schema");
        else if (others.is(Kind::object))
            check(others, member.value, full, wrong);
    }
}

bool SchemaCheck::fits(const Json& schema, const Json& value) const {
    Wrong wrong;
    check(schema, value, "", wrong);
    return wrong.empty();
}

void SchemaCheck::check(const Json& given, const Json& value, const std::string& path,
                        Wrong& wrong) const {
    const Json& schema = resolved(given);
    check_words(schema, path, wrong);
    if (schema.has("type") && !is_type(value, schema.text_at("type")))
        return wrong.push_back(path + " is " + std::string(word(value.kind())) + ", not " +
                               schema.text_at("type"));
    if (schema.has("anyOf")) {
        const auto& any = schema.at("anyOf").items();
        const bool one = std::any_of(any.begin(), any.end(),
                                     [&](const Json& each) { return fits(each, value); });
        if (!one) wrong.push_back(path + " fits none of anyOf: " + dump(value));
    }
    if (schema.has("enum")) {
        const auto& known = schema.at("enum").items();
        if (std::find(known.begin(), known.end(), value) == known.end())
            wrong.push_back(path + " is none of the enum: " + dump(value));
    }
    if (value.is(Kind::integer) && schema.has("minimum") &&
        value.integer() < schema.integer_at("minimum"))
        wrong.push_back(path + " is below its minimum");
    if (value.is(Kind::integer) && schema.has("maximum") &&
        value.integer() > schema.integer_at("maximum"))
        wrong.push_back(path + " is above its maximum");
    if (value.is(Kind::text)) check_text(schema, value.text(), path, wrong);
    if (value.is(Kind::object)) check_object(schema, value, path, wrong);
    if (value.is(Kind::array) && schema.has("items")) {
        std::size_t index = 0;
        for (const Json& item : value.items())
            check(schema.at("items"), item, path + "[" + std::to_string(index++) + "]", wrong);
    }
}

Wrong SchemaCheck::value(const Json& schema, const Json& value) const {
    Wrong wrong;
    check(schema, value, "$", wrong);
    return wrong;
}

// ---- answers -----------------------------------------------------------------------------------

static bool matches(const std::string& pattern, const std::string& path) {
    const auto a = base::split(pattern, '/');
    const auto b = base::split(path, '/');
    if (a.size() != b.size()) return false;
    for (std::size_t at = 0; at < a.size(); ++at)
        if (!a[at].starts_with('{') && a[at] != b[at]) return false;
    return true;
}

Wrong SchemaCheck::answer(wire::Method method, const std::string& path,
                          const wire::Response& response) const {
    std::string verb(wire::word(method));
    std::transform(verb.begin(), verb.end(), verb.begin(),
                   [](char c) { return static_cast<char>(c | 0x20); });
    const Json* responses = nullptr;
    for (const auto& each : document_.at("paths").members())
        if (matches(each.name, path) && each.value.has(verb))
            responses = &each.value.at(verb).at("responses");
    const std::string status = std::to_string(response.status);
    const Json problem = Json::object(
        {{"content", Json::object({{"application/problem+json",
                                    Json::object({{"schema", Json::object({{"$ref",
                                                                            "#/components/"
                                                                            "schemas/"
                                                                            "Problem"}})}})}})}});
    const Json* described = &problem;  // of paths and methods that there are not
    if (responses != nullptr) {
        described = responses->find(status);
        if (described == nullptr) described = responses->find(status.substr(0, 1) + "XX");
        if (described == nullptr) return {"the status " + status + " is not described"};
    }
    const Json& content = resolved(*described).at("content");
    const std::string type = response.headers.get("Content-Type");
    if (content.is_null())
        return response.body.empty() ? Wrong{} : Wrong{"a body of " + type + " is not described"};
    const Json* media = content.find(type.substr(0, type.find(';')));
    if (media == nullptr) return {"the media type '" + type + "' is not described"};
    if (type.find("json") == std::string::npos) return {};
    const auto body = base::parse_json(response.body, {64, 64 << 20});
    if (!body.ok()) return {base::text(body.error())};
    return value(media->at("schema"), *body);
}

}  // namespace vdc::api::test
