#pragma once

#include "api/route.h"

/// The parts of the table; all_routes() puts them together.
namespace vdc::api {

void add_record_routes(Routes& routes);      ///< list, get, create, change, delete of each noun
void add_action_routes(Routes& routes);      ///< power, volumes, operations
void add_move_routes(Routes& routes);        ///< an instance to another host, while it runs
void add_document_routes(Routes& routes);    ///< apply
void add_image_routes(Routes& routes);       ///< upload
void add_history_routes(Routes& routes);     ///< events, why, watch
void add_past_routes(Routes& routes);        ///< moments, and the log as text
void add_console_routes(Routes& routes);     ///< console, log
void add_what_if_routes(Routes& routes);     ///< whatif
void add_balance_routes(Routes& routes);     ///< moves that make hosts equally full
void add_why_not_routes(Routes& routes);     ///< why-not
void add_datacenter_routes(Routes& routes);  ///< version, health, openapi.json, datacenter
void add_guarantee_routes(Routes& routes);   ///< what the loss of a host would do
void add_recovery_routes(Routes& routes);    ///< what the loss of a host did
void add_backup_routes(Routes& routes);      ///< backups, and what a restore waits for
void add_joining_routes(Routes& routes);
void add_cluster_routes(Routes& routes);  ///< several controllers
void add_link_routes(Routes& routes);     ///< how a machine becomes a host, and stays one

/// The query parameter `project`, of nearly every route.
Parameter project_parameter();

/// The query parameter `at`, of reads.
Parameter at_parameter();

}  // namespace vdc::api
