#include "api/route_groups.h"
#include "api/schemas.h"
#include "api/writes.h"
#include "model/codec.h"

/// Verbs: what is asked of instances, volumes and operations beside changing their fields.
namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using control::Ask;
using control::Decision;
using control::Force;
using control::PowerVerb;
using model::Noun;
using model::Snapshot;
using wire::Method;

static Json boolean_schema(const char* about) {
    return Json::object({{"type", "boolean"}, {"description", about}});
}

/// A text member that must be there.
static Result<std::string> text_in(const Json& body, std::string_view name) {
    const Json& given = body.at(name);
    if (given.is(Json::Kind::text) && !given.text().empty()) return given.text();
    return Error{Error::Code::invalid, "'" + std::string(name) + "' is missing, or is no text",
                 "give a name or an id"};
}

static Route verb_route(Noun noun, const std::string& verb, std::string summary) {
    const std::string type = type_word(noun);
    const std::string one = type == "Instance" ? "instance"
                            : type == "Volume" ? "volume"
                                               : "operation";
    const Json written = schema_ref(type + "Written");
    Route route{Method::post, "/v1/" + one + "s/{" + one + "}/" + verb, verb + type, one + "s",
                std::move(summary)};
    route.query = {project_parameter()};
    route.conditional_write = true;
    route.answers = {{200, "It is so.", written},
                     {202, "It is on its way: watch the operation.", written}};
    return route;
}

// ---- power -------------------------------------------------------------------------------------

static std::string summary_of(PowerVerb verb) {
    switch (verb) {
        case PowerVerb::start: return "Start an instance that is off";
        case PowerVerb::stop: return "Stop an instance: ask its guest, then end it after a time";
        case PowerVerb::reboot: return "Reboot an instance by asking its guest";
        case PowerVerb::reset: return "Reset an instance without asking its guest";
        case PowerVerb::pause: return "Halt the processors of an instance";
        case PowerVerb::resume: return "Let a paused instance go on";
    }
    base::broken("a power verb without a summary");
}

static Route power_route(PowerVerb verb) {
    Route route = verb_route(Noun::instance, std::string(model::word(verb)), summary_of(verb));
    const bool may_be_hard = verb == PowerVerb::stop || verb == PowerVerb::reboot;
    Json::Object members;
    if (may_be_hard) members.push_back({"hard", boolean_schema("over the guest's head")});
    route.body = body_schema(std::move(members), {});
    route.body_optional = true;
    route.handle = [verb](Desk& desk, CallPtr call) {
        const Json& hard = call->body.at("hard");
        if (!hard.is_null() && !hard.is(Json::Kind::boolean))
            return call->refuse(Error{Error::Code::invalid, "'hard' must be true or false"});
        const Force force = call->body.boolean_at("hard") ? Force::hard : Force::soft;
        write(desk, call, Kind::change, [=](const Snapshot& snapshot, const Ask& ask) {
            return control::power(snapshot, ask, call->path_value(), verb, force);
        });
    };
    return route;
}

// ---- volumes -----------------------------------------------------------------------------------

using OnVolume = Result<Decision> (*)(const Snapshot&, const Ask&, std::string_view volume,
                                      std::string_view other);

/// A verb with one text member.
static Route volume_route(const char* verb, std::string summary, const char* member,
                          const char* about, OnVolume act) {
    Route route = verb_route(Noun::volume, verb, std::move(summary));
    route.body = body_schema({{member, text_schema(about)}}, {member});
    route.handle = [member, act](Desk& desk, CallPtr call) {
        const auto other = text_in(call->body, member);
        if (!other.ok()) return call->refuse(other.error());
        write(desk, call, Kind::change,
              [call, act, other = *other](const Snapshot& snapshot, const Ask& ask) {
                  return act(snapshot, ask, call->path_value(), other);
              });
    };
    return route;
}

static Result<Decision> grow(const Snapshot& snapshot, const Ask& ask, std::string_view volume,
                             std::string_view size) {
    const auto parsed = base::parse_mib(size);
    if (!parsed.ok())
        return Error{Error::Code::invalid, "'size': " + parsed.error().message,
                     parsed.error().hint};
    return control::grow(snapshot, ask, volume, *parsed);
}

static Route detach_route() {
    Route route = verb_route(Noun::volume, "detach", "Detach a volume from its instance");
    route.body = body_schema({}, {});
    route.body_optional = true;
    route.handle = [](Desk& desk, CallPtr call) {
        write(desk, call, Kind::change, [call](const Snapshot& snapshot, const Ask& ask) {
            return control::detach(snapshot, ask, call->path_value());
        });
    };
    return route;
}

// ---- operations --------------------------------------------------------------------------------

static Route cancel_route() {
    Route route = verb_route(Noun::operation, "cancel", "Wait no longer for an operation");
    route.about = "What it asked for stays asked for.";
    route.body = body_schema({}, {});
    route.body_optional = true;
    route.conditional_write = false;
    route.handle = [](Desk& desk, CallPtr call) {
        write(desk, call, Kind::change,
              [call](const Snapshot& snapshot, const Ask& ask) -> Result<Decision> {
                  Decision decision = TRY(control::cancel(snapshot, ask, call->path_value()));
                  decision.subject = {Noun::operation, decision.operation.value};
                  return decision;
              });
    };
    return route;
}

void add_action_routes(Routes& routes) {
    for (const auto& verb : words(PowerVerb{})) routes.push_back(power_route(verb.value));
    routes.push_back(volume_route("attach", "Attach a volume to an instance", "instance",
                                  "id or name", control::attach));
    routes.push_back(detach_route());
    routes.push_back(volume_route("grow", "Make a volume larger", "size",
                                  "the new size, for example 20GiB", grow));
    routes.push_back(volume_route("revert", "Take a volume back to a snapshot of it", "snapshot",
                                  "id or name", control::revert));
    routes.push_back(cancel_route());
}

}  // namespace vdc::api
