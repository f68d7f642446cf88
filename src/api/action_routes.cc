#include "api/route_groups.h"
#include "api/schemas.h"
#include "api/verbs.h"
#include "api/writes.h"
#include "control/recovery.h"
#include "control/references.h"
#include "model/codec.h"

/// Verbs: what is asked of instances, volumes, hosts and operations beside changing their fields.
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
    if (may_be_hard) members.push_back({"hard", flag_schema("over the guest's head")});
    route.body = body_schema(std::move(members), {});
    route.body_optional = true;
    route.handle = [verb](Desk& desk, CallPtr call) {
        const auto hard = flag_in(call->body, "hard");
        if (!hard.ok()) return call->refuse(hard.error());
        const Force force = *hard ? Force::hard : Force::soft;
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

// ---- hosts -------------------------------------------------------------------------------------

using OnHost = Result<Decision> (*)(const Snapshot&, const Ask&, std::string_view host);

static Route host_route(const char* verb, std::string operation, std::string summary,
                        std::string about, OnHost act) {
    Route route = verb_route(Noun::host, verb, std::move(summary));
    route.id = std::move(operation);
    route.about = std::move(about);
    route.body = body_schema({}, {});
    route.body_optional = true;
    route.handle = [act](Desk& desk, CallPtr call) {
        write(desk, call, Kind::change, [call, act](const Snapshot& snapshot, const Ask& ask) {
            return act(snapshot, ask, call->path_value());
        });
    };
    return route;
}

static Result<Decision> begin_drain(const Snapshot& snapshot, const Ask& ask,
                                    std::string_view host) {
    return control::drain(snapshot, ask, host, control::Drain::begin);
}
static Result<Decision> end_drain(const Snapshot& snapshot, const Ask& ask, std::string_view host) {
    return control::drain(snapshot, ask, host, control::Drain::end);
}

static Json move_json(const control::Refuge& move) {
    const std::string how = !move.host ? "stays" : move.made_anew ? "replaced" : "moves";
    Json json = Json::object(
        {{"id", text(move.instance)}, {"name", move.name}, {"action", how}, {"why", move.why}});
    json.set("to", move.host ? Json(move.to) : Json());
    return json;
}

static void show_drain_plan(const CallPtr& call, const engine::SnapshotPtr& snapshot) {
    const auto host = control::find_record<model::Host>(*snapshot, {}, call->path_value());
    if (!host.ok()) return call->refuse(host.error());
    Json moves = Json::array();
    for (const control::Refuge& move : control::drain_plan(*snapshot, (*host)->id))
        moves.push(move_json(move));
    const Json json = Json::object({{"revision", static_cast<std::int64_t>(snapshot->revision)},
                                    {"host", (*host)->name},
                                    {"moves", std::move(moves)}});
    call->answer_json(200, base::dump(json) + "\n", revision_header(*snapshot));
}

static Route drain_plan_route() {
    Route route{Method::get, "/v1/hosts/{host}/drain", "planHostDrain", "hosts",
                "Say what a drain of a host would move, and what would stay"};
    route.about = "In the order in which the instances would leave. Nothing changes.";
    const Json move = object_schema({{"id", text_schema("of the instance")},
                                     {"name", text_schema("of the instance")},
                                     {"action", text_schema("moves, replaced or stays")},
                                     {"to", text_schema("name of a host; null: it stays")},
                                     {"why", text_schema("why there, or why it stays")}});
    route.answers = {
        {200, "So it would be.",
         object_schema({{"revision", integer_schema("of the datacenter")},
                        {"host", text_schema("its name")},
                        {"moves", Json::object({{"type", "array"}, {"items", move}})}})}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        look(desk, call, [call](const auto& snapshot) { show_drain_plan(call, snapshot); });
    };
    return route;
}

static void add_host_routes(Routes& routes) {
    routes.push_back(drain_plan_route());
    routes.push_back(host_route("drain", "drainHost", "Empty a host",
                                "Its instances leave it, those that can, a few at a time; none "
                                "come. The operation is done when those have left.",
                                begin_drain));
    routes.push_back(
        host_route("undrain", "undrainHost", "Let instances come to a host again", "", end_drain));
    routes.push_back(host_route("declare-dead", "declareHostDead",
                                "Answer for it that nothing of a lost host runs any more",
                                "The operator's word in the place of a fence: its instances start "
                                "elsewhere. If it is wrong, two may write the same disk. Refused "
                                "for a host that is up.",
                                control::declare_dead));
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
    add_host_routes(routes);
    routes.push_back(cancel_route());
}

}  // namespace vdc::api
