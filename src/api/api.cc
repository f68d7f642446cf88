#include "api/api.h"

#include <algorithm>

#include "api/desk.h"
#include "api/image_upload.h"
#include "api/router.h"
#include "base/text.h"
#include "wire/problem.h"

namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using base::Status;

/// Why a request is not handled, with a status where the code does not say it all.
struct Refusal {
    Error error;
    int status = 0;  ///< 0: that of the code
};

class Api::Body {
  public:
    Body(Services services, Options options) : desk_(services, std::move(options)) {}

    void on_request(wire::Request request, wire::Responder responder);
    Result<std::unique_ptr<wire::BodySink>> on_body_begin(const wire::Request& head);

  private:
    std::optional<Refusal> prepare(Call& call) const;
    void no_route(Call& call, const Router::Found& found) const;

    const Routes routes_ = all_routes();
    const Router router_{routes_};
    Desk desk_;
};

// ---- what every request must keep to -----------------------------------------------------------

static std::vector<std::string> names_of(const std::vector<Parameter>& parameters) {
    std::vector<std::string> names;
    for (const Parameter& each : parameters) names.push_back(each.name);
    return names;
}

static Status check_query(const Route& route, const wire::Query& query) {
    for (const auto& given : query) {
        const auto known = [&](const Parameter& each) { return each.name == given.name; };
        if (std::any_of(route.query.begin(), route.query.end(), known)) continue;
        const std::vector<std::string> names = names_of(route.query);
        return Error{
            Error::Code::invalid,
            "the query parameter '" + base::quoted(given.name, 60) + "' is not known here" +
                base::did_you_mean(given.name, names),
            names.empty() ? "this path takes none" : "known are " + base::join(names, ", ")};
    }
    return {};
}

static bool takes(const Route& route, std::string_view media_type) {
    if (media_type == "application/json") return true;
    return route.method == wire::Method::patch && media_type == "application/merge-patch+json";
}

static std::optional<Refusal> check_media_type(const Route& route, const wire::Request& request) {
    const std::string* given = request.headers.find("Content-Type");
    if (given == nullptr || request.body.empty()) return {};
    std::string media_type = given->substr(0, given->find(';'));
    while (media_type.ends_with(' ')) media_type.pop_back();
    std::transform(media_type.begin(), media_type.end(), media_type.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    if (takes(route, media_type)) return {};
    return Refusal{{Error::Code::unsupported,
                    "a body of type '" + base::quoted(media_type, 60) + "' is not taken here",
                    "send JSON, with Content-Type: application/json"},
                   415};
}

static Result<Json> json_body(const Route& route, const wire::Request& request) {
    if (request.body.empty() && route.body_optional) return Json::object();
    if (request.body.empty())
        return Error{Error::Code::invalid, "the body is missing", "send a JSON object"};
    Json body = TRY(base::parse_json(request.body));
    if (!body.is(Json::Kind::object))
        return Error{Error::Code::invalid,
                     "the body must be a JSON object, not " + std::string(word(body.kind()))};
    return body;
}

/// Where the route's own schema lists the members, others are refused; records check theirs.
static Status check_members(const Route& route, const Json& body) {
    const Json& properties = route.body.at("properties");
    if (!properties.is(Json::Kind::object)) return {};
    std::vector<std::string> known;
    for (const auto& member : properties.members()) known.push_back(member.name);
    for (const auto& member : body.members()) {
        if (properties.has(member.name)) continue;
        return Error{Error::Code::invalid,
                     "'" + base::quoted(member.name, 60) + "' is not known here" +
                         base::did_you_mean(member.name, known),
                     known.empty() ? "this request takes no members"
                                   : "known are " + base::join(known, ", ")};
    }
    return {};
}

/// Reads what the route says of the request; the first thing that is wrong with it.
std::optional<Refusal> Api::Body::prepare(Call& call) const {
    const auto caller = caller_of(call.request, desk_.options.token);
    if (!caller.ok()) return Refusal{caller.error()};
    call.caller = *caller;
    const Route& route = *call.route;
    if (const Status may = authorize(call.caller, route.access); !may.ok())
        return Refusal{may.error()};
    if (const Status query = check_query(route, call.request.query); !query.ok())
        return Refusal{query.error()};
    if (route.body.is_null()) {
        if (call.request.body.empty() || route.body_streamed) return {};
        return Refusal{{Error::Code::invalid, "this request takes no body", "send none"}};
    }
    if (auto wrong = check_media_type(route, call.request)) return wrong;
    if (call.request.body.size() > route.body_size_max)
        return Refusal{{Error::Code::too_large,
                        "the body is larger than " + std::to_string(route.body_size_max) + " bytes",
                        "this request takes no more"}};
    auto body = json_body(route, call.request);
    if (!body.ok()) return Refusal{body.error()};
    call.body = std::move(*body);
    if (const Status members = check_members(route, call.body); !members.ok())
        return Refusal{members.error()};
    return {};
}

// ---- dispatch ----------------------------------------------------------------------------------

static std::string allow_of(const std::vector<wire::Method>& allowed) {
    std::vector<std::string> methods{"OPTIONS"};
    for (const wire::Method method : allowed) {
        methods.emplace_back(wire::word(method));
        if (method == wire::Method::get) methods.emplace_back("HEAD");
    }
    std::sort(methods.begin(), methods.end());
    return base::join(methods, ", ");
}

void Api::Body::no_route(Call& call, const Router::Found& found) const {
    const std::string path = base::quoted(call.request.path, 120);
    if (found.allowed.empty())
        return call.refuse(Error{Error::Code::not_found, "there is nothing at " + path,
                                 router_.hint(call.request.path)});
    const std::string allow = allow_of(found.allowed);
    if (call.request.method == wire::Method::options)
        return call.answer({204, {{"Allow", allow}}, {}});
    wire::Response response = wire::problem(
        405,
        Error{Error::Code::unsupported,
              std::string(wire::word(call.request.method)) + " is not possible at " + path,
              "possible are " + allow},
        call.request.id);
    response.headers.add("Allow", allow);
    call.answer(std::move(response));
}

void Api::Body::on_request(wire::Request request, wire::Responder responder) {
    const auto call = std::make_shared<Call>(std::move(request), std::move(responder));
    Router::Found found = router_.find(call->request.method, call->request.path);
    if (found.route == nullptr) return no_route(*call, found);
    call->route = found.route;
    call->path_values = std::move(found.values);
    if (const auto refusal = prepare(*call)) {
        if (refusal->status != 0) return call->refuse(refusal->status, refusal->error);
        return call->refuse(refusal->error);
    }
    found.route->handle(desk_, call);
}

Result<std::unique_ptr<wire::BodySink>> Api::Body::on_body_begin(const wire::Request& head) {
    const Router::Found found = router_.find(head.method, head.path);
    if (found.route == nullptr || !found.route->body_streamed)
        return std::unique_ptr<wire::BodySink>();
    const Caller caller = TRY(caller_of(head, desk_.options.token));
    TRY(authorize(caller, found.route->access));
    TRY(check_query(*found.route, head.query));
    return begin_image_upload(desk_, head, caller, found.values.front());
}

// ---- the outside -------------------------------------------------------------------------------

Api::Api(Services services, Options options)
    : body_(std::make_shared<Body>(services, std::move(options))) {}
Api::~Api() = default;

void Api::on_request(wire::Request request, wire::Responder responder) {
    body_->on_request(std::move(request), std::move(responder));
}

Result<std::unique_ptr<wire::BodySink>> Api::on_body_begin(const wire::Request& head) {
    return body_->on_body_begin(head);
}

}  // namespace vdc::api
