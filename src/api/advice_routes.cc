#include "api/desk.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "control/advice.h"
#include "model/value_codec.h"

/// Which moves would make the hosts more equally full.
namespace vdc::api {

using base::Json;
using model::Snapshot;

static Json to_json(const Snapshot& snapshot, const control::AdvisedMove& move) {
    return Json::object({{"id", base::text(move.instance)},
                         {"name", move.name},
                         {"from", snapshot.get<model::Host>(move.from).name},
                         {"to", snapshot.get<model::Host>(move.to).name},
                         {"memory", text(move.memory)},
                         {"action", move.made_anew ? "replaced" : "moves"},
                         {"gain", move.gain}});
}

static std::string json_of(const Snapshot& snapshot) {
    const control::Advice advice = control::advise_balance(snapshot);
    Json moves = Json::array();
    for (const control::AdvisedMove& move : advice.moves) moves.push(to_json(snapshot, move));
    return base::dump(Json::object({{"revision", static_cast<std::int64_t>(snapshot.revision)},
                                    {"gain", advice.gain},
                                    {"movable", advice.movable},
                                    {"instances", advice.instances},
                                    {"moves", std::move(moves)}})) +
           "\n";
}

static Json advice_schema() {
    const Json move =
        object_schema({{"id", text_schema("of the instance")},
                       {"name", text_schema("of the instance")},
                       {"from", text_schema("the host where it is")},
                       {"to", text_schema("the host where it would be better")},
                       {"memory", text_schema("that it has")},
                       {"action", text_schema("moves, or replaced: its disk stays behind")},
                       {"gain", integer_schema("of the present unevenness, in thousandths")}});
    return object_schema({{"revision", integer_schema("of the datacenter")},
                          {"gain", integer_schema("of all moves, in thousandths")},
                          {"movable", integer_schema("instances that could leave their host")},
                          {"instances", integer_schema("on the hosts that were looked at")},
                          {"moves", array_schema(move)}});
}

void add_advice_routes(Routes& routes) {
    Route route{wire::Method::get, "/v1/advice", "getAdvice", "datacenter",
                "Say which moves would make the hosts more equally full"};
    route.about =
        "Moves in an order of which every beginning is valid: everybody has room, reaches his "
        "pools, and no loss is left uncovered. None where they would gain less than a tenth. "
        "Nothing is moved.";
    route.query = {at_parameter()};
    route.answers = {{200, "The moves.", advice_schema()}};
    route.access = Access::admin;
    route.handle = [](Desk& desk, const CallPtr& call) {
        look(desk, call, [&desk, call](const engine::SnapshotPtr& snapshot) {
            desk.foresee(call,
                         [snapshot]() -> base::Result<std::string> { return json_of(*snapshot); });
        });
    };
    routes.push_back(std::move(route));
}

}  // namespace vdc::api
