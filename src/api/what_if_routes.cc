#include "api/desk.h"
#include "api/forecast_json.h"
#include "api/route_groups.h"
#include "api/schemas.h"

/// What would happen if.
namespace vdc::api {

using base::Json;
using wire::Method;

static void ask(Desk& desk, const CallPtr& call) {
    auto what_if = what_if_from_json(call->body);
    if (!what_if.ok()) return call->refuse(what_if.error());
    what_if->project = call->query("project");
    desk.foresee(call, [&desk, what_if = std::move(*what_if)]() -> base::Result<std::string> {
        const Forecast forecast =
            TRY(desk.foresight.foresee(desk.snapshot(), desk.executor.now(), what_if));
        return base::dump(to_json(forecast)) + "\n";
    });
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
