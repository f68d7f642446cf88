#include "api/route_groups.h"
#include "api/schemas.h"
#include "api/writes.h"
#include "control/why_not.h"
#include "model/codec.h"

/// Why something that is wanted finds no room, and what would let it in.
namespace vdc::api {

using base::Error;
using base::Json;
using control::WhyNot;

static Json to_json(const WhyNot& answer) {
    Json change = Json::array();
    for (const control::DocumentChange& each : answer.change)
        change.push(Json::object({{"document", static_cast<std::int64_t>(each.document)},
                                  {"field", each.field},
                                  {"from", each.from},
                                  {"to", each.to}}));
    Json removed = Json::array();
    for (const model::RuleCount& rule : answer.explanation.removed)
        removed.push(Json::object({{"rule", rule.rule}, {"hosts", rule.hosts}}));
    return Json::object({{"fits", answer.fits},
                         {"sentence", answer.sentence},
                         {"instance", answer.instance.empty() ? Json{} : Json(answer.instance)},
                         {"candidates", answer.explanation.candidates},
                         {"removed", std::move(removed)},
                         {"change", std::move(change)}});
}

static void ask(Desk& desk, const CallPtr& call) {
    auto asked = ask_of(desk, *call);
    if (!asked.ok()) return call->refuse(asked.error());
    if (!call->body.at("documents").is(Json::Kind::array))
        return call->refuse(Error{Error::Code::invalid, "'documents' must be a list",
                                  "each with \"kind\", \"name\" and its fields"});
    desk.foresee(call, [&desk, call, ask = std::move(*asked)]() -> base::Result<std::string> {
        const WhyNot answer =
            TRY(control::why_not(*desk.snapshot(), ask, call->body.at("documents").items()));
        return base::dump(to_json(answer)) + "\n";
    });
}

static Json why_not_schema() {
    const Json removed = object_schema(
        {{"rule", text_schema("that a host has to keep")},
         {"hosts", integer_schema("that it removed; the first rule that fails counts")}});
    const Json change =
        object_schema({{"document", integer_schema("which one, from 0")},
                       {"field", text_schema("`disk`, `template.flavor`")},
                       {"from", described(Json::object(), "as it is meant now")},
                       {"to", described(Json::object(), "with which everything finds room")}});
    return object_schema(
        {{"fits", flag_schema()},
         {"sentence", text_schema("what stands in the way of the first that finds no room")},
         {"instance", nullable(text_schema("the first that finds no room; null: none was made"))},
         {"candidates", integer_schema("hosts that were looked at")},
         {"removed", array_schema(removed)},
         {"change", described(array_schema(change),
                              "the smallest that lets everything in; empty: none does")}});
}

void add_why_not_routes(Routes& routes) {
    Route route{wire::Method::post, "/v1/why-not", "whyNot", "apply",
                "Say whether documents would find room, and what would let them in"};
    route.about =
        "The documents are tried on a copy of the datacenter, as `apply` would carry them out, "
        "with quotas and the guarantee; nothing is changed. Where they find no room, the smallest "
        "change is looked for, and each that is told was tried, too.";
    route.query = {project_parameter()};
    route.body = documents_schema();
    route.answers = {{200, "Whether they fit, or why not.", why_not_schema()}};
    route.access = Access::admin;
    route.handle = [](Desk& desk, const CallPtr& call) { ask(desk, call); };
    routes.push_back(std::move(route));
}

}  // namespace vdc::api
