#include "api/route_groups.h"
#include "api/schemas.h"

namespace vdc::api {

base::Json schema_ref(const std::string& name) {
    return base::Json::object({{"$ref", "#/components/schemas/" + name}});
}

Parameter project_parameter() {
    return {"project", "Name or id of the project whose things are meant; without it `default`.",
            text_schema()};
}

Parameter at_parameter() {
    return {"at",
            "As it was at this moment: a revision (`4711`), a time (`2026-11-22T12:00:00Z`), or "
            "how long ago (`-10m`). The answer's `Vdc-Revision` says which revision that was.",
            text_schema()};
}

Routes all_routes() {
    Routes routes;
    add_record_routes(routes);
    add_action_routes(routes);
    add_move_routes(routes);
    add_image_routes(routes);
    add_document_routes(routes);
    add_history_routes(routes);
    add_past_routes(routes);
    add_console_routes(routes);
    add_what_if_routes(routes);
    add_balance_routes(routes);
    add_why_not_routes(routes);
    add_datacenter_routes(routes);
    add_guarantee_routes(routes);
    add_recovery_routes(routes);
    add_backup_routes(routes);
    add_joining_routes(routes);
    add_link_routes(routes);
    add_cluster_routes(routes);
    return routes;
}

}  // namespace vdc::api
