#include "api/items.h"
#include "api/route_groups.h"
#include "api/verbs.h"
#include "api/writes.h"
#include "model/noun_words.h"
#include "model/write_json.h"

/// Documents: what is wanted of a part of the datacenter, in one request.
namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using control::Applied;
using control::Ask;
using model::Snapshot;

static std::string json_of(const Snapshot& snapshot, const Applied& applied) {
    Json results = Json::array();
    for (const control::DocumentResult& each : applied.results) {
        Json differences = Json::array();
        for (const control::Difference& difference : each.differences)
            differences.push(Json::object(
                {{"field", difference.field}, {"from", difference.from}, {"to", difference.to}}));
        results.push(Json::object({{"kind", model::one_word(each.noun)},
                                   {"id", text(each.id)},
                                   {"name", each.name},
                                   {"action", model::word(each.action)},
                                   {"differences", std::move(differences)}}));
    }
    std::string json = R"({"results":)" + base::dump(results) + R"(,"operations":[)";
    bool first = true;
    for (const model::OperationId id : applied.operations) {
        const auto* operation = snapshot.find<model::Operation>(id);
        if (operation == nullptr) continue;
        if (!std::exchange(first, false)) json += ',';
        write_item(json, snapshot, *operation);
    }
    return json + "]}\n";
}

static int status_of(const Snapshot& snapshot, const Applied& applied) {
    for (const model::OperationId id : applied.operations) {
        const auto* operation = snapshot.find<model::Operation>(id);
        if (operation != nullptr && operation->observed.phase == model::OperationPhase::running)
            return 202;
    }
    return 200;
}

/// What would be done, without doing it.
static void plan(const Desk& desk, const CallPtr& call, const Ask& ask) {
    const auto snapshot = desk.snapshot();
    auto applied = control::apply_documents(*snapshot, ask, call->body.at("documents").items());
    if (!applied.ok()) return call->refuse(applied.error());
    applied->operations.clear();
    call->answer_json(200, json_of(*snapshot, *applied));
}

static void apply(Desk& desk, const CallPtr& call, Ask ask) {
    const auto applied = std::make_shared<Applied>();
    engine::Request request;
    request.actor = ask.actor;
    request.id = call->request.id;
    request.decide = [applied, call, ask = std::move(ask)](
                         const Snapshot& snapshot) -> Result<std::vector<model::Step>> {
        *applied = TRY(control::apply_documents(snapshot, ask, call->body.at("documents").items()));
        return std::move(applied->steps);
    };
    request.done = [applied, call](const Result<model::Revision>& outcome,
                                   const engine::SnapshotPtr& snapshot) {
        if (!outcome.ok()) return call->refuse(outcome.error());
        call->answer_json(status_of(*snapshot, *applied), json_of(*snapshot, *applied));
    };
    request.home = call->loop();
    desk.engine.submit(std::move(request));
}

static void handle_apply(Desk& desk, const CallPtr& call) {
    auto ask = ask_of(desk, *call);
    if (!ask.ok()) return call->refuse(ask.error());
    if (!call->body.at("documents").is(Json::Kind::array))
        return call->refuse(Error{Error::Code::invalid, "'documents' must be a list",
                                  "each with \"kind\", \"name\" and its fields"});
    const auto only_plan = flag_in(call->body, "plan");
    if (!only_plan.ok()) return call->refuse(only_plan.error());
    if (*only_plan) return plan(desk, call, *ask);
    apply(desk, call, std::move(*ask));
}

void add_document_routes(Routes& routes) {
    Route route{wire::Method::post, "/v1/apply", "apply", "apply",
                "Make a part of the datacenter as documents say"};
    route.about =
        "What is not there is created, what differs is updated, what is so already is left alone; "
        "all in one commit, or nothing. Later documents may refer to earlier ones.";
    route.query = {project_parameter()};
    route.body = schema_ref("Apply");
    route.answers = {{200, "It is so; or the plan.", schema_ref("Applied")},
                     {202, "It is on its way: watch the operations.", schema_ref("Applied")}};
    route.handle = [](Desk& desk, const CallPtr& call) { handle_apply(desk, call); };
    routes.push_back(std::move(route));
}

}  // namespace vdc::api
