#include <algorithm>
#include <future>

#include "api/desk.h"
#include "api/guarantee_text.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "control/guarantee.h"
#include "control/recovery.h"
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
using placement::Standing;

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
    if (std::string why = control::unprotected_because(snapshot, instance); !why.empty())
        return why;
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

static Json loss_json(const Snapshot& snapshot, const Standing::Plan& plan) {
    Json hosts = Json::array();
    for (const Host* host : hosts_of(snapshot, plan.loss)) hosts.push(host->name);
    return Json::object({{"loss", control::text(snapshot, plan.loss)},
                         {"hosts", std::move(hosts)},
                         {"covered", covered(plan)},
                         {"moves", moves_json(snapshot, plan.moves)},
                         {"left_behind", left_behind(snapshot, plan.loss, plan.moves)}});
}

static Resources at_least_nothing(Resources resources) {
    resources.vcpus = std::max(resources.vcpus, {});
    resources.memory = std::max(resources.memory, {});
    resources.disk = std::max(resources.disk, {});
    return resources;
}

static Json host_json(const Snapshot& snapshot, const Standing::Spot& spot) {
    const Resources left = spot.shelter.left;
    Resources spare = spot.shelter.open ? left : Resources{};
    spare -= spot.reserved;
    return Json::object({{"host", host_name(snapshot, spot.host)},
                         {"open", spot.shelter.open},
                         {"left", part_to_json(at_least_nothing(left))},
                         {"reserved", part_to_json(spot.reserved)},
                         {"spare", part_to_json(at_least_nothing(spare))}});
}

static Json guarantee_json(const Snapshot& snapshot, const Standing& standing) {
    Json losses = Json::array();
    for (const Standing::Plan& plan : standing.plans) losses.push(loss_json(snapshot, plan));
    Json hosts = Json::array();
    for (const Standing::Spot& spot : standing.hosts) hosts.push(host_json(snapshot, spot));
    return Json::object({{"revision", static_cast<std::int64_t>(snapshot.revision)},
                         {"covered", std::all_of(standing.plans.begin(), standing.plans.end(),
                                                 [](const auto& plan) { return covered(plan); })},
                         {"losses", std::move(losses)},
                         {"hosts", std::move(hosts)}});
}

void add_uncovered(const Snapshot& snapshot, const Standing& standing,
                   const std::function<void(Json)>& add) {
    for (const Standing::Plan& plan : standing.plans) {
        std::vector<std::string> names;
        for (const Move& move : plan.moves)
            if (!move.to) names.push_back(snapshot.get<Instance>(move.instance).name);
        if (names.empty()) continue;
        const Host& host = *hosts_of(snapshot, plan.loss).front();
        const std::string others =
            names.size() > 1 ? " and " + std::to_string(names.size() - 1) + " more" : "";
        add(Json::object(
            {{"noun", "host"},
             {"id", base::text(host.id)},
             {"name", host.name},
             {"word", "uncovered"},
             {"sentence", "is not covered: after the loss of " +
                              control::text(snapshot, plan.loss) + ", " + names.front() + others +
                              " would have no place (`vdc guarantee`)"}}));
    }
}

/// What the engine keeps; nothing when it does not answer, as when it stops.
static std::optional<engine::Engine::Standing> present_standing(engine::Engine& engine) {
    const auto told = std::make_shared<std::promise<engine::Engine::Standing>>();
    std::future<engine::Engine::Standing> standing = told->get_future();
    engine.tell_standing([told](const auto& now) { told->set_value(now); });
    if (standing.wait_for(std::chrono::seconds(10)) != std::future_status::ready) return {};
    return standing.get();
}

void look_at_plans(Desk& desk, const CallPtr& call, ShowPlans show) {
    if (call->request.query.find("at") != nullptr)
        return look(desk, call, [show = std::move(show)](const engine::SnapshotPtr& past) {
            show(past, Guarantee(*past).plans().standing());
        });
    desk.read_slowly(call, [&desk, call, show = std::move(show)] {
        const auto standing = present_standing(desk.engine);
        if (!standing)
            return call->refuse(base::Error{base::Error::Code::unavailable,
                                            "the controller does not answer",
                                            "try again in a moment"});
        show(standing->snapshot, *standing->plans);
    });
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
                       {"covered", flag_schema()},
                       {"moves", array_schema(move)},
                       {"left_behind", array_schema(left)}});
    const Json host = object_schema({{"host", text_schema("its name")},
                                     {"open", flag_schema()},
                                     {"left", resources()},
                                     {"reserved", resources()},
                                     {"spare", resources()}});
    return object_schema({{"revision", integer_schema("of the datacenter")},
                          {"covered", flag_schema()},
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
        look_at_plans(desk, call, [call](const auto& snapshot, const auto& standing) {
            call->answer_json(200, base::dump(guarantee_json(*snapshot, standing)) + "\n",
                              revision_header(*snapshot));
        });
    };
    routes.push_back(std::move(route));
}

}  // namespace vdc::api
