#include "api/desk.h"
#include "api/forecast_json.h"
#include "api/route_groups.h"
#include "api/schemas.h"

/// What would happen if.
namespace vdc::api {

using base::Error;
using base::Json;
using wire::Method;

bool OneEach::begin(const std::string& caller) {
    const std::lock_guard lock(mutex_);
    return busy_.insert(caller).second;
}

void OneEach::end(const std::string& caller) {
    const std::lock_guard lock(mutex_);
    busy_.erase(caller);
}

static void answer(Desk& desk, const CallPtr& call, const WhatIf& what_if) {
    const auto forecast = desk.foresight.foresee(desk.snapshot(), desk.executor.now(), what_if);
    desk.asking.end(call->caller.name);
    if (!forecast.ok()) return call->refuse(forecast.error());
    call->answer_json(200, base::dump(to_json(*forecast)) + "\n");
}

/// On a thread of its own: everybody else is answered meanwhile.
static void ask(Desk& desk, const CallPtr& call) {
    auto what_if = what_if_from_json(call->body);
    if (!what_if.ok()) return call->refuse(what_if.error());
    what_if->project = call->query("project");
    if (!desk.asking.begin(call->caller.name))
        return call->refuse(Error{Error::Code::unavailable,
                                  "a what-if of " + call->caller.name + " is being answered",
                                  "ask again when it is: one at a time"});
    const bool taken = desk.foreseers.submit(
        [&desk, call, what_if = std::move(*what_if)] { answer(desk, call, what_if); });
    if (taken) return;
    desk.asking.end(call->caller.name);
    call->refuse(
        Error{Error::Code::unavailable, "too many what-ifs wait", "try again in a moment"});
}

void add_what_if_routes(Routes& routes) {
    Route route{Method::post, "/v1/whatif", "whatIf", "datacenter",
                "Say what would happen if hosts were lost, drained or added, or things were run"};
    route.about =
        "The present datacenter is run forward by its own control code in virtual time; nothing is "
        "changed. What is made new (`add_hosts`, `run`, `flavor_changes`, `policy`) comes to rest "
        "first; losses and drains follow, and times are counted from them.";
    route.query = {project_parameter()};
    route.body = what_if_schema();
    route.answers = {{200, "What would come of it.", schema_ref("Forecast")}};
    route.access = Access::admin;
    route.handle = [](Desk& desk, const CallPtr& call) { ask(desk, call); };
    routes.push_back(std::move(route));
}

}  // namespace vdc::api
