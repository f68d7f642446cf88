#include "api/desk.h"
#include "api/log_export.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "control/restored.h"
#include "runtime/log.h"
#include "store/backup.h"

/// Backups of the control state, and what a restore waits for (docs/backup.md).
namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using engine::SnapshotPtr;
using model::Snapshot;
using wire::Method;

// ---- backup ------------------------------------------------------------------------------------

namespace {

/// A backup on its way to its reader, piece by piece.
struct Outgoing {
    std::string papers;  ///< until they are sent
    LogExport records;
};

}  // namespace

/// The notes after the snapshot: of a host that joined in between a key without a record does no
/// harm, a record without a key would shut it out.
static Result<Outgoing> begin_backup(Desk& desk) {
    const SnapshotPtr snapshot = desk.snapshot();
    if (snapshot->revision == 0)
        return Error{Error::Code::unavailable, "the datacenter begins", "try again in a moment"};
    const Cluster::Keepsakes kept = TRY(desk.cluster->keepsakes());
    store::BackupPapers papers;
    papers.program = desk.options.version;
    papers.made = desk.executor.now();
    papers.datacenter = kept.datacenter;
    papers.host = kept.host;
    papers.tag = kept.tag;
    papers.controllers = kept.controllers;
    papers.authority_certificate = kept.authority.certificate;
    papers.authority_key = kept.authority.key;
    papers.token = kept.token;
    papers.notes = TRY(desk.engine.store().notes());
    model::LogHead head{desk.options.version, snapshot->revision,  snapshot->revision,
                        snapshot->committed,  desk.executor.now(), hash_of(*snapshot)};
    return Outgoing{text(papers), LogExport(desk.engine.store(), *snapshot, std::move(head))};
}

static void send_on(const std::shared_ptr<Outgoing>& backup, const wire::Stream& stream) {
    constexpr std::size_t piece = 256 << 10;
    std::string out = std::exchange(backup->papers, {});
    const auto ended = backup->records.write(out, out.size() + piece);
    // Without its last line it is known to be cut off: that is how its reader hears of it.
    if (!ended.ok()) return stream.close();
    const bool taken = stream.write(std::move(out));
    if (*ended || !taken) stream.close();
}

static Route save_route() {
    Route route{Method::get, "/v1/backup", "saveBackup", "backup",
                "Give all records and keys as of now, as a backup"};
    route.about =
        "Lines with a sum each: what the controllers share (the authority's key and the API's "
        "token are among it), then every record as of one revision. `vdc backup restore` lets a "
        "datacenter go on from it.";
    route.answers = {{200, "The backup. It holds secrets.", text_schema(), "text/plain"}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        if (desk.cluster == nullptr)
            return call->refuse(Error{Error::Code::unsupported, "there is nothing to back up"});
        desk.read_slowly(call, [&desk, call] {
            auto begun = begin_backup(desk);
            if (!begun.ok()) return call->refuse(begun.error());
            runtime::log().info("api", "a backup is given away, with the datacenter's keys",
                                {{"peer", call->request.peer.address}});
            const auto backup = std::make_shared<Outgoing>(std::move(*begun));
            const wire::Stream stream = call->stream(
                200,
                {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}});
            desk.send_in_pieces(stream, [backup, stream] { send_on(backup, stream); });
        });
    };
    return route;
}

// ---- after a restore ---------------------------------------------------------------------------

static Json json_of(const Snapshot& snapshot, const std::vector<model::InstanceId>& instances) {
    Json list = Json::array();
    for (const model::InstanceId id : instances)
        list.push(
            Json::object({{"id", text(id)}, {"name", snapshot.get<model::Instance>(id).name}}));
    return list;
}

static Json to_json(const Snapshot& snapshot, const control::FoundRun& found) {
    Json json = Json::object({{"id", text(found.run.instance)},
                              {"name", found.run.name},
                              {"host", snapshot.get<model::Host>(found.host).name},
                              {"known", found.is_known},
                              {"moving", found.run.moving}});
    json.set("claimed_on", found.claimed_on.empty() ? Json() : Json(found.claimed_on));
    return json;
}

static Json json_of(const Snapshot& snapshot) {
    const control::RestoreView view = control::view_restore(snapshot);
    Json silent = Json::array();
    for (const model::HostId id : view.silent) silent.push(snapshot.get<model::Host>(id).name);
    Json strangers = Json::array();
    for (const control::FoundRun& each : view.strangers) strangers.push(to_json(snapshot, each));
    return Json::object({{"revision", static_cast<std::int64_t>(snapshot.revision)},
                         {"restored", view.restored},
                         {"held", view.held},
                         {"silent", std::move(silent)},
                         {"adopted", json_of(snapshot, view.adopted)},
                         {"missing", json_of(snapshot, view.missing)},
                         {"strangers", std::move(strangers)}});
}

static Json restore_schema() {
    const Json instance = object_schema({{"id", text_schema()}, {"name", text_schema()}});
    const Json stranger =
        object_schema({{"id", text_schema("of the instance")},
                       {"name", text_schema("that it was started under")},
                       {"host", text_schema("where it runs")},
                       {"known", flag_schema("whether the records have it")},
                       {"moving", flag_schema("whether it stands still in a move that is not "
                                              "known to be over")},
                       {"claimed_on", nullable(text_schema("where the records have it"))}});
    return object_schema(
        {{"revision", integer_schema("of the datacenter")},
         {"restored", flag_schema("whether a restore is not over on all hosts")},
         {"held", flag_schema("whether nothing is begun or ended before it is released")},
         {"silent", array_schema(text_schema("a host that has not said what runs there"))},
         {"adopted", array_schema(instance)},
         {"missing", array_schema(instance)},
         {"strangers", array_schema(stranger)}});
}

static Route status_route() {
    Route route{Method::get, "/v1/restore", "getRestore", "backup",
                "Say what a restore from a backup waits for"};
    route.about =
        "After a restore hosts say what runs there: what the records have (`adopted`), what was "
        "found nowhere (`missing`), and what runs where the records do not have it (`strangers`).";
    route.answers = {{200, "So it is.", restore_schema()}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        call->answer_json(200, base::dump(json_of(*desk.snapshot())) + "\n");
    };
    return route;
}

/// Has the steps committed and answers how the restore stands then.
static void commit(Desk& desk, const CallPtr& call,
                   std::function<Result<std::vector<model::Step>>(const Snapshot&)> decide) {
    desk.engine.submit(
        {"admin", call->request.id, std::move(decide),
         [call](const Result<model::Revision>& outcome, const SnapshotPtr& snapshot) {
             if (!outcome.ok()) return call->refuse(outcome.error());
             call->answer_json(200, base::dump(json_of(*snapshot)) + "\n");
         },
         call->loop()});
}

/// A member that is a text or missing.
static std::set<std::string> names_in(const Json& body, const char* member) {
    std::set<std::string> names;
    const Json& list = body.at(member);
    if (list.is(Json::Kind::array))
        for (const Json& each : list.items())
            if (each.is(Json::Kind::text)) names.insert(each.text());
    return names;
}

static Route release_route() {
    Route route{Method::post, "/v1/restore/release", "releaseRestore", "backup",
                "Let a restored datacenter start and end things again"};
    route.about =
        "Refused (409) while a host has not said what runs there, but for those that are named: "
        "whoever names one answers for it that nothing runs there which would be started "
        "elsewhere.";
    route.body = body_schema({{"without", array_schema(text_schema("name of a host"))}}, {});
    route.body_optional = true;
    route.keyed = false;
    route.answers = {{200, "Released.", restore_schema()}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        commit(desk, call, [without = names_in(call->body, "without")](const Snapshot& snapshot) {
            return control::release(snapshot, without, "admin");
        });
    };
    return route;
}

static Route end_route() {
    Route route{Method::post, "/v1/restore/end", "endStranger", "backup",
                "End an instance that runs and is not in the records"};
    route.about = "Its disks stay on the host.";
    route.body = body_schema({{"host", text_schema("its name")},
                              {"instance", text_schema("its id, as GET /v1/restore has it")}},
                             {"host", "instance"});
    route.keyed = false;
    route.answers = {{200, "It is being ended.", restore_schema()}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        commit(desk, call,
               [host = call->body.text_at("host"),
                instance = call->body.text_at("instance")](const Snapshot& snapshot) {
                   return control::end_stranger(snapshot, host, instance, "admin");
               });
    };
    return route;
}

void add_backup_routes(Routes& routes) {
    routes.push_back(save_route());
    routes.push_back(status_route());
    routes.push_back(release_route());
    routes.push_back(end_route());
}

}  // namespace vdc::api
