#include <algorithm>

#include "api/desk.h"
#include "api/past.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "api/writes.h"
#include "control/balance.h"
#include "control/moves.h"
#include "control/requests.h"
#include "model/apply.h"
#include "model/codec.h"

/// Which moves would make the hosts equally full, and a run that makes them (docs/balancing.md).
/// The settings are a record: record_routes.cc.
namespace vdc::api {

using base::Json;
using model::Host;
using model::Snapshot;

static std::int64_t thousandths(std::int64_t part, std::int64_t whole) {
    return whole > 0 ? part * 1000 / whole : 0;
}

/// Hosts that take part, the fullest first.
static std::vector<Json> hosts_of(const Snapshot& snapshot) {
    std::vector<std::pair<std::int64_t, Json>> rows;
    const control::BalanceHosts hosts(snapshot);
    for (const model::HostId id : hosts.ids()) {
        const Host& host = snapshot.get<Host>(id);
        const model::Resources all = model::claimable(host);
        const model::Resources taken = snapshot.claimed(id);
        const std::int64_t memory = thousandths(taken.memory.count, all.memory.count);
        const std::int64_t vcpus = thousandths(taken.vcpus.count, all.vcpus.count);
        rows.emplace_back(
            -(memory + vcpus),
            Json::object({{"name", host.name}, {"memory", memory}, {"vcpus", vcpus}}));
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Json> sorted;
    for (auto& [fullness, row] : rows) sorted.push_back(std::move(row));
    return sorted;
}

/// The fullest and the emptiest: those say it.
static Json some_hosts(const Snapshot& snapshot) {
    constexpr std::size_t shown_each = 10;
    std::vector<Json> all = hosts_of(snapshot);
    if (all.size() > 2 * shown_each) all.erase(all.begin() + shown_each, all.end() - shown_each);
    Json shown = Json::array();
    for (Json& each : all) shown.push(std::move(each));
    return shown;
}

static Json to_json(const Snapshot& snapshot, const model::BalanceStep& step) {
    return Json::object({{"id", base::text(step.instance)},
                         {"name", snapshot.get<model::Instance>(step.instance).name},
                         {"from", snapshot.get<Host>(step.from).name},
                         {"to", snapshot.get<Host>(step.to).name},
                         {"aim", word(step.aim)},
                         {"gain", step.gain},
                         {"bytes", step.bytes.count},
                         {"takes", base::text(control::time_to_move(step.bytes))},
                         {"why", step.why}});
}

static std::string json_of(const Snapshot& snapshot) {
    const model::BalanceDeclared rules = control::balance_rules(snapshot);
    const std::string waits = control::unrest_because(snapshot);
    control::BalancePlan plan;
    plan.before = plan.predicted = control::unevenness(snapshot);
    if (waits.empty()) {
        control::Guarantee guarantee(snapshot);
        plan = control::balance_plan(guarantee, snapshot, rules, snapshot.committed);
    }
    Json moves = Json::array();
    for (const auto& step : plan.steps) moves.push(to_json(snapshot, step));
    return base::dump(Json::object({{"revision", static_cast<std::int64_t>(snapshot.revision)},
                                    {"mode", word(rules.mode)},
                                    {"waits", waits},
                                    {"unevenness", plan.before},
                                    {"predicted", plan.predicted},
                                    {"hosts", some_hosts(snapshot)},
                                    {"moves", std::move(moves)}})) +
           "\n";
}

static Json balance_schema() {
    const Json host = object_schema({{"name", text_schema("of the host")},
                                     {"memory", integer_schema("claimed of it, thousandths")},
                                     {"vcpus", integer_schema("claimed of them, thousandths")}});
    const Json move = object_schema(
        {{"id", text_schema("of the instance")},
         {"name", text_schema("of the instance")},
         {"from", text_schema("the host where it is")},
         {"to", text_schema("the host where it would be better")},
         {"aim", text_schema("room, apart or level: what the move is for")},
         {"gain", integer_schema("by how many thousandths that host is emptier, itself counted on "
                                 "neither")},
         {"bytes", integer_schema("to copy: its memory, and its disks as large as they may be")},
         {"takes", text_schema("at most about that long")},
         {"why", text_schema("in words")}});
    return object_schema(
        {{"revision", integer_schema("of the datacenter")},
         {"mode", text_schema("off, advise or act; off where no balance is declared")},
         {"waits", text_schema("why nothing moves now; empty: it may")},
         {"unevenness", integer_schema("how far a host is from the middle, in thousandths of its "
                                       "room (root of the mean of squares)")},
         {"predicted", integer_schema("the same after all these moves")},
         {"hosts", array_schema(host)},
         {"moves", array_schema(move)}});
}

static Route plan_route() {
    Route route{wire::Method::get, "/v1/balance", "getBalancePlan", "balances",
                "Say how uneven hosts are, and which moves are worth it"};
    route.about =
        "Moves in an order of which every beginning is valid: everybody has room, replicas are "
        "not brought together, and no loss is left uncovered. Of hosts the ten fullest and the "
        "ten emptiest. Nothing is moved.";
    route.query = {at_parameter()};
    route.answers = {{200, "The plan.", balance_schema()}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        look(desk, call, [&desk, call](const engine::SnapshotPtr& snapshot) {
            desk.foresee(call,
                         [snapshot]() -> base::Result<std::string> { return json_of(*snapshot); });
        });
    };
    return route;
}

static Route run_route() {
    const Json written = schema_ref("BalanceWritten");
    Route route{wire::Method::post, "/v1/balances/{balance}/run", "runBalance", "balances",
                "Make the moves that are worth it, once"};
    route.about =
        "Whatever its mode is. The operation is done when the plan is over; its message says what "
        "came of it. Refused while hosts are suspected, fenced or drained.";
    route.query = {project_parameter()};
    route.body = body_schema({}, {});
    route.body_optional = true;
    route.conditional_write = true;
    route.answers = {{200, "It is so.", written},
                     {202, "It is on its way: watch the operation.", written}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        write(desk, call, Kind::change, [call](const Snapshot& snapshot, const control::Ask& ask) {
            return control::run_balance(snapshot, ask, call->path_value());
        });
    };
    return route;
}

void add_balance_routes(Routes& routes) {
    routes.push_back(plan_route());
    routes.push_back(run_route());
}

}  // namespace vdc::api
