#include "api/verbs.h"

#include "api/route_groups.h"
#include "api/schemas.h"
#include "wire/http.h"

namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using model::Noun;

static std::string word_in_path(Noun noun) {
    switch (noun) {
        case Noun::instance: return "instance";
        case Noun::volume: return "volume";
        case Noun::host: return "host";
        default: return "operation";
    }
}

Route verb_route(Noun noun, const std::string& verb, std::string summary) {
    const std::string type = type_word(noun);
    const std::string one = word_in_path(noun);
    const Json written = schema_ref(type + "Written");
    Route route{wire::Method::post, "/v1/" + one + "s/{" + one + "}/" + verb, verb + type,
                one + "s", std::move(summary)};
    route.query = {project_parameter()};
    route.conditional_write = true;
    route.answers = {{200, "It is so.", written},
                     {202, "It is on its way: watch the operation.", written}};
    return route;
}

static std::string quoted(std::string_view name) {
    std::string said = "'";
    said += name;
    return said += "'";
}

Result<std::string> text_in(const Json& body, std::string_view name) {
    const Json& given = body.at(name);
    if (given.is(Json::Kind::text) && !given.text().empty()) return given.text();
    return Error{Error::Code::invalid, quoted(name) + " is missing, or is no text",
                 "give a name or an id"};
}

Result<std::string> text_or_nothing_in(const Json& body, std::string_view name) {
    const Json& given = body.at(name);
    if (given.is_null() || given.is(Json::Kind::text)) return body.text_at(name);
    return Error{Error::Code::invalid, quoted(name) + " must be a text",
                 "give a name or id, or leave it away"};
}

Result<bool> flag_in(const Json& body, std::string_view name) {
    const Json& given = body.at(name);
    if (given.is_null() || given.is(Json::Kind::boolean)) return body.boolean_at(name);
    return Error{Error::Code::invalid, quoted(name) + " must be true or false"};
}

}  // namespace vdc::api
