#include <set>

#include "api/api.h"
#include "api/route.h"
#include "api/schemas.h"
#include "base/text.h"
#include "model/noun_words.h"

/// The OpenAPI 3.1 document, made from the table of routes.
namespace vdc::api {

using base::Json;
using wire::Method;

static Json parameter(const char* where, std::string name, std::string about, Json schema) {
    return Json::object({{"name", std::move(name)},
                         {"in", where},
                         {"required", std::string_view(where) == "path"},
                         {"description", std::move(about)},
                         {"schema", std::move(schema)}});
}

static Json path_parameter(const std::string& name) {
    const auto noun = model::noun_of(name);
    const Json schema = Json::object({{"type", "string"}, {"minLength", 1}});
    return parameter("path", name,
                     noun ? "Id or name of the " + std::string(model::one_word(*noun)) + "." : "",
                     schema);
}

static bool keyed(const Route& route) {
    return route.method != Method::get && route.keyed;
}

static Json parameters_of(const Route& route) {
    Json parameters = Json::array();
    for (const std::string& segment : base::split(route.path, '/'))
        if (segment.starts_with('{'))
            parameters.push(path_parameter(segment.substr(1, segment.size() - 2)));
    for (const Parameter& each : route.query)
        parameters.push(parameter("query", each.name, each.about, each.schema));
    if (keyed(route))
        parameters.push(parameter(
            "header", "Idempotency-Key",
            "A fresh one for each request: when a request is repeated with its key, the earlier "
            "one's operation is answered and nothing is done twice.",
            Json::object({{"type", "string"}, {"maxLength", 200}})));
    if (route.conditional_write)
        parameters.push(parameter("header", "If-Match",
                                  "The ETag of what you read: 412 when it was declared anew since.",
                                  text_schema()));
    if (route.conditional_read)
        parameters.push(parameter("header", "If-None-Match",
                                  "An ETag: 304 when nothing that is shown has changed.",
                                  text_schema()));
    if (route.id == "watch")
        parameters.push(parameter("header", "Last-Event-ID",
                                  "The id of the last event that came: goes on after it.",
                                  text_schema()));
    return parameters;
}

static Json content(const std::string& media_type, Json schema) {
    return Json::object({{media_type, Json::object({{"schema", std::move(schema)}})}});
}

static Json header(const char* about) {
    return Json::object({{"description", about}, {"schema", text_schema()}});
}

static Json response_of(const Route& route, const Answer& answer) {
    Json response = Json::object({{"description", answer.about}});
    Json headers =
        Json::object({{"X-Request-Id", header("Names this request in the daemon's log.")}});
    for (const Parameter& each : route.query)
        if (each.name == "at") headers.set("Vdc-Revision", header("Of which revision it is."));
    if (route.conditional_read) headers.set("ETag", header("For If-Match and If-None-Match."));
    const bool creation = route.method == Method::post && route.id.starts_with("create");
    if (creation) headers.set("Location", header("Where the new thing is."));
    response.set("headers", std::move(headers));
    if (!answer.schema.is_null())
        response.set("content", content(answer.media_type, answer.schema));
    return response;
}

static Json problem_ref(const char* name) {
    return Json::object({{"$ref", std::string("#/components/responses/") + name}});
}

static Json responses_of(const Route& route) {
    Json responses = Json::object();
    for (const Answer& answer : route.answers)
        responses.set(std::to_string(answer.status), response_of(route, answer));
    responses.set("4XX", problem_ref("Refused"));
    responses.set("5XX", problem_ref("Failed"));
    return responses;
}

static Json body_of(const Route& route) {
    if (route.body_streamed)
        return Json::object(
            {{"required", true}, {"content", content("application/octet-stream", Json::object())}});
    Json body = content("application/json", route.body);
    if (route.method == Method::patch)
        body.set("application/merge-patch+json", body.at("application/json"));
    return Json::object({{"required", !route.body_optional}, {"content", std::move(body)}});
}

static Json operation_of(const Route& route) {
    Json operation = Json::object({{"operationId", route.id},
                                   {"tags", Json::array({route.tag})},
                                   {"summary", route.summary}});
    if (!route.about.empty()) operation.set("description", route.about);
    operation.set("parameters", parameters_of(route));
    if (route.body_streamed || !route.body.is_null()) operation.set("requestBody", body_of(route));
    operation.set("responses", responses_of(route));
    if (route.access == Access::anybody) operation.set("security", Json::array());
    if (route.access == Access::host)
        operation.set("security", Json::array({Json::object({{"certificate", Json::array()}})}));
    return operation;
}

static std::string lower(std::string_view word) {
    std::string out;
    for (const char c : word) out += static_cast<char>(c | 0x20);
    return out;
}

static Json paths(const Routes& routes) {
    Json paths = Json::object();
    for (const Route& route : routes) {
        Json path = paths.at(route.path).is_null() ? Json::object() : paths.at(route.path);
        path.set(lower(wire::word(route.method)), operation_of(route));
        paths.set(route.path, std::move(path));
    }
    return paths;
}

static Json tags(const Routes& routes) {
    std::set<std::string> seen;
    Json tags = Json::array();
    for (const Route& route : routes) {
        if (!seen.insert(route.tag).second) continue;
        const auto noun = model::noun_of(route.tag);
        tags.push(Json::object(
            {{"name", route.tag},
             {"description", noun                     ? "What can be done with " + route.tag + "."
                             : route.tag == "apply"   ? "Documents that say what is wanted."
                             : route.tag == "events"  ? "What happened, and what happens now."
                             : route.tag == "joining" ? "How a machine becomes a host."
                                                      : "The datacenter as one computer."}}));
    }
    return tags;
}

static Json problem_response(const char* about) {
    return Json::object({{"description", about},
                         {"content", content("application/problem+json", schema_ref("Problem"))}});
}

static Json components() {
    return Json::object(
        {{"schemas", component_schemas()},
         {"responses",
          Json::object({{"Refused", problem_response("The request cannot be obeyed; `detail` says "
                                                     "why and `hint` what to do.")},
                        {"Failed", problem_response("We could not do it; `detail` says why.")}})},
         {"securitySchemes",
          Json::object(
              {{"token", Json::object({{"type", "http"},
                                       {"scheme", "bearer"},
                                       {"description",
                                        "Over TLS only. The local unix socket needs "
                                        "none."}})},
               {"certificate",
                Json::object({{"type", "mutualTLS"},
                              {"description", "The certificate of a host that joined."}})}})}});
}

static constexpr const char* introduction =
    "The HTTP API of a vdcos datacenter. Each thing has three parts: `declared` (what is wanted of "
    "it), `claimed` (what control decided) and `observed` (what its host sees), and a `status` "
    "computed from them. Writes answer with the operation that follows the request to its end. "
    "Things are named by id or by name.";

std::string Api::openapi(const std::string& version) {
    const Routes routes = all_routes();
    const Json document = Json::object(
        {{"openapi", "3.1.0"},
         {"info", Json::object({{"title", "vdcos"},
                                {"version", version},
                                {"description", introduction},
                                {"license", Json::object({{"name", "Apache-2.0"},
                                                          {"identifier", "Apache-2.0"}})}})},
         {"servers", Json::array({Json::object(
                         {{"url", "/"}, {"description", "The daemon that answered."}})})},
         {"security", Json::array({Json::object({{"token", Json::array()}})})},
         {"tags", tags(routes)},
         {"paths", paths(routes)},
         {"components", components()}});
    return base::dump(document) + "\n";
}

}  // namespace vdc::api
