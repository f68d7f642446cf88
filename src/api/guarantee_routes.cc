#include <algorithm>

#include "api/desk.h"
#include "api/guarantee_text.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "control/guarantee.h"
#include "model/codec.h"
#include "model/labels.h"

/// What is promised for the loss of each host and each failure domain.
namespace vdc::api {

using base::Json;
using control::Guarantee;
using model::Host;
using model::Instance;
using model::Resources;
using model::Snapshot;
using placement::Loss;
using placement::Move;

static std::string host_name(const Snapshot& snapshot, model::HostId id) {
    return snapshot.get<Host>(id).name;
}

static Json named(const Instance& instance) {
    return Json::object({{"id", base::text(instance.id)}, {"name", instance.name}});
}

static std::vector<const Host*> hosts_of(const Snapshot& snapshot, const Loss& loss) {
    if (loss.label.empty()) return {&snapshot.get<Host>(loss.host)};
    return model::hosts_with(snapshot, loss.label, loss.value);
}

static std::string why_left(const Snapshot& snapshot, const Instance& instance, const Loss& loss) {
    if (wanted_power(instance) == model::Power::off) return "it shall be off";
    if (!control::starts_elsewhere(snapshot, instance)) return "its disks lie on this host alone";
    const std::string word = control::survives(snapshot, instance);
    return loss.label.empty() || word == "nothing"
               ? "it survives " + word
               : "it survives the loss of its " + word + ", not of " + loss.label;
}

/// Those on the hosts who are not in the plan.
static Json left_behind(const Snapshot& snapshot, const Loss& loss,
                        const std::vector<Move>& moves) {
    std::set<model::InstanceId> planned;
    for (const Move& move : moves) planned.insert(move.instance);
    Json left = Json::array();
    for (const Host* host : hosts_of(snapshot, loss))
        for (const auto* instance :
             snapshot.linked_records<Instance>(model::Link::host_instance, host->id.value)) {
            if (planned.contains(instance->id)) continue;
            Json item = named(*instance);
            item.set("why", why_left(snapshot, *instance, loss));
            left.push(std::move(item));
        }
    return left;
}

static Json moves_json(const Snapshot& snapshot, const std::vector<Move>& moves) {
    Json all = Json::array();
    for (const Move& move : moves) {
        const Instance& instance = snapshot.get<Instance>(move.instance);
        Json item = named(instance);
        item.set("memory", text(instance.declared.memory));
        item.set("from", host_name(snapshot, *instance.claimed.host));
        item.set("to", move.to ? Json(host_name(snapshot, *move.to)) : Json{});
        all.push(std::move(item));
    }
    return all;
}

static Json loss_json(const Snapshot& snapshot, const placement::StandingPlans& plans,
                      const Loss& loss) {
    const std::vector<Move> moves = plans.plan(loss);
    const bool covered = std::all_of(moves.begin(), moves.end(),
                                     [](const Move& move) { return move.to.has_value(); });
    Json hosts = Json::array();
    for (const Host* host : hosts_of(snapshot, loss)) hosts.push(host->name);
    return Json::object({{"loss", control::text(snapshot, loss)},
                         {"hosts", std::move(hosts)},
                         {"covered", covered},
                         {"moves", moves_json(snapshot, moves)},
                         {"left_behind", left_behind(snapshot, loss, moves)}});
}

static Resources at_least_nothing(Resources resources) {
    resources.vcpus = std::max(resources.vcpus, {});
    resources.memory = std::max(resources.memory, {});
    resources.disk = std::max(resources.disk, {});
    return resources;
}

static Json host_json(const placement::StandingPlans& plans, const Host& host) {
    const placement::Shelter& shelter = *plans.host(host.id);
    const Resources left = shelter.left;
    const Resources reserved = plans.reserved(host.id);
    Resources spare = shelter.open ? left : Resources{};
    spare -= reserved;
    return Json::object({{"host", host.name},
                         {"open", shelter.open},
                         {"left", part_to_json(at_least_nothing(left))},
                         {"reserved", part_to_json(reserved)},
                         {"spare", part_to_json(at_least_nothing(spare))}});
}

static Json guarantee_json(const Snapshot& snapshot) {
    Guarantee guarantee(snapshot);
    const placement::StandingPlans& plans = guarantee.plans();
    Json losses = Json::array();
    for (const Loss& loss : plans.losses()) losses.push(loss_json(snapshot, plans, loss));
    Json hosts = Json::array();
    for (const auto& [id, host] : snapshot.all<Host>()) hosts.push(host_json(plans, *host));
    return Json::object({{"revision", static_cast<std::int64_t>(snapshot.revision)},
                         {"covered", plans.gaps().empty()},
                         {"losses", std::move(losses)},
                         {"hosts", std::move(hosts)}});
}

void add_uncovered(const Snapshot& snapshot, const std::function<void(Json)>& add) {
    Guarantee guarantee(snapshot);
    const placement::StandingPlans& plans = guarantee.plans();
    for (auto gap = plans.gaps().begin(); gap != plans.gaps().end();) {
        const Loss loss = gap->loss;
        const model::InstanceId first = gap->instance;
        std::int64_t count = 0;
        for (; gap != plans.gaps().end() && gap->loss == loss; ++gap) ++count;
        const Host& host = *hosts_of(snapshot, loss).front();
        const std::string others = count > 1 ? " and " + std::to_string(count - 1) + " more" : "";
        add(Json::object(
            {{"noun", "host"},
             {"id", base::text(host.id)},
             {"name", host.name},
             {"word", "uncovered"},
             {"sentence", "is not covered: after the loss of " + control::text(snapshot, loss) +
                              ", " + snapshot.get<Instance>(first).name + others +
                              " would have no place (`vdc guarantee`)"}}));
    }
}

static Json guarantee_schema() {
    const auto resources = [] { return model::schema<Resources>(); };
    const Json move = object_schema(
        {{"id", text_schema("of the instance")},
         {"name", text_schema("of the instance")},
         {"memory", text_schema("that it needs")},
         {"from", text_schema("the host where it is")},
         {"to", nullable(text_schema("the host where it would start; null: nowhere"))}});
    const Json left = object_schema({{"id", text_schema("of the instance")},
                                     {"name", text_schema("of the instance")},
                                     {"why", text_schema("it would not start elsewhere")}});
    const Json loss =
        object_schema({{"loss", text_schema("`host h3`, or a failure domain: `rack r1`")},
                       {"hosts", array_schema(text_schema())},
                       {"covered", Json::object({{"type", "boolean"}})},
                       {"moves", array_schema(move)},
                       {"left_behind", array_schema(left)}});
    const Json host = object_schema({{"host", text_schema("its name")},
                                     {"open", Json::object({{"type", "boolean"}})},
                                     {"left", resources()},
                                     {"reserved", resources()},
                                     {"spare", resources()}});
    return object_schema({{"revision", integer_schema("of the datacenter")},
                          {"covered", Json::object({{"type", "boolean"}})},
                          {"losses", array_schema(loss)},
                          {"hosts", array_schema(host)}});
}

void add_guarantee_routes(Routes& routes) {
    Route route{wire::Method::get, "/v1/guarantee", "getGuarantee", "datacenter",
                "Show the plan for the loss of each host and failure domain"};
    route.about =
        "For each loss: where each protected instance would start, in the order of their restart, "
        "and who would stay behind and why. For each host: what is left there, the most that one "
        "loss would bring, and what can be used beside that.";
    route.query = {at_parameter()};
    route.answers = {{200, "The plans.", guarantee_schema()}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        look(desk, call, [&desk, call](const auto& snapshot) {
            desk.read_slowly(call, [call, snapshot] {
                call->answer_json(200, base::dump(guarantee_json(*snapshot)) + "\n",
                                  revision_header(*snapshot));
            });
        });
    };
    routes.push_back(std::move(route));
}

}  // namespace vdc::api
