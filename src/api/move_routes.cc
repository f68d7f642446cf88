#include "api/past.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "api/verbs.h"
#include "api/writes.h"
#include "control/moves.h"
#include "control/references.h"

/// Moving a running instance to another host (docs/migration.md).
namespace vdc::api {

using base::Json;
using base::Result;
using control::Ask;
using control::Decision;
using model::Snapshot;

static Result<Json> plan_of(const Snapshot& snapshot, const Call& call, const std::string& to) {
    const model::ProjectId project = TRY(control::find_project(snapshot, call.query("project")));
    const auto* instance =
        TRY(control::find_record<model::Instance>(snapshot, project, call.path_value()));
    std::optional<model::HostId> only;
    if (!to.empty()) only = TRY(control::find_record<model::Host>(snapshot, {}, to))->id;
    const control::MovePlan plan = control::move_plan(snapshot, *instance, only);
    const auto* from =
        instance->claimed.host ? snapshot.find<model::Host>(*instance->claimed.host) : nullptr;
    return Json::object({{"revision", static_cast<std::int64_t>(snapshot.revision)},
                         {"id", text(instance->id)},
                         {"name", instance->name},
                         {"from", from != nullptr ? Json(from->name) : Json()},
                         {"to", plan.to ? Json(plan.to_name) : Json()},
                         {"takes", plan.to ? Json(base::text(plan.takes)) : Json()},
                         {"pause", plan.to ? Json(base::text(plan.pause)) : Json()},
                         {"bytes", plan.bytes.count},
                         {"why", plan.why}});
}

/// Of the present: nobody moves in the past. It counts all hosts, which takes its time.
static void show_plan(Desk& desk, const CallPtr& call, const std::string& to) {
    desk.read_slowly(call, [&desk, call, to] {
        const auto snapshot = desk.snapshot();
        const Result<Json> plan = plan_of(*snapshot, *call, to);
        if (!plan.ok()) return call->refuse(plan.error());
        call->answer_json(200, base::dump(*plan) + "\n", revision_header(*snapshot));
    });
}

static void handle(Desk& desk, const CallPtr& call) {
    const auto to = text_or_nothing_in(call->body, "to");
    if (!to.ok()) return call->refuse(to.error());
    const auto only_plan = flag_in(call->body, "plan");
    if (!only_plan.ok()) return call->refuse(only_plan.error());
    if (*only_plan) return show_plan(desk, call, *to);
    write(desk, call, Kind::change,
          [call, to = *to](const Snapshot& snapshot, const Ask& ask) -> Result<Decision> {
              return control::migrate(snapshot, ask, call->path_value(), to);
          });
}

static Json plan_schema() {
    return object_schema(
        {{"revision", integer_schema("of the datacenter")},
         {"id", text_schema("of the instance")},
         {"name", text_schema("of the instance")},
         {"from", nullable(text_schema("name of its host; null: it has none"))},
         {"to", nullable(text_schema("name of a host; null: it cannot move now"))},
         {"takes", nullable(text_schema("at most about that long"))},
         {"pause", nullable(text_schema("for which its guest stands still, about"))},
         {"bytes", integer_schema("to send: its memory, and its disks as large as they may be")},
         {"why", text_schema("why there, or why it cannot")}});
}

void add_move_routes(Routes& routes) {
    Route route =
        verb_route(model::Noun::instance, "migrate", "Move a running instance to another host");
    route.about =
        "Its guest goes on: memory and disks are copied while it runs, and it stands still for a "
        "moment at the end. The operation is done when it runs there, and failed when the move "
        "came to nothing; then it runs where it was. Refused where it cannot move now, with the "
        "reason. With `plan` nothing is done: the answer says what would be.";
    route.body = body_schema(
        {{"to", text_schema("name or id of the host; without it the best one")},
         {"plan",
          flag_schema("only say where it would go, and for how long it would stand still")}},
        {});
    route.body_optional = true;
    auto& done = route.answers.front();
    done = {200, "The plan; or it is there already.",
            Json::object({{"anyOf", Json::array({done.schema, plan_schema()})}})};
    route.handle = [](Desk& desk, const CallPtr& call) { handle(desk, call); };
    routes.push_back(std::move(route));
}

}  // namespace vdc::api
