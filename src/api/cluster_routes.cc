#include "api/desk.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "runtime/log.h"

/// Several controllers of one datacenter (docs/controllers.md).
namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using wire::Method;

/// On a thread that may block.
static void answer_slowly(Desk& desk, const CallPtr& call, int status,
                          std::function<Result<Json>(Cluster&)> say) {
    if (desk.cluster == nullptr)
        return call->refuse(Error{Error::Code::unsupported, "this datacenter has one controller"});
    desk.read_slowly(call, [&desk, call, status, say = std::move(say)] {
        const Result<Json> said = say(*desk.cluster);
        if (!said.ok()) return call->refuse(said.error());
        call->answer_json(status, base::dump(*said) + "\n");
    });
}

static Json state_schema() {
    const Json controller = object_schema(
        {{"name", text_schema("that of its host")},
         {"role", word_schema({"leader", "follower", "beginner"})},
         {"address", text_schema("where its API listens")},
         {"answers", flag_schema("whether its part of the store does")},
         {"behind", integer_schema("revisions that its own copy lacked when it last said so")},
         {"heard", nullable(text_schema("when that was"))}});
    return object_schema({{"several", flag_schema("whether there may be several controllers")},
                          {"leader", text_schema("by name; empty: nobody leads")},
                          {"term", integer_schema("of its office")},
                          {"revision", integer_schema("of the datacenter")},
                          {"controllers", array_schema(controller)},
                          {"findings", array_schema(text_schema("what to see to"))}});
}

static Route show_route() {
    Route route{Method::get, "/v1/cluster", "getCluster", "cluster",
                "Show the controllers of the datacenter"};
    route.answers = {{200, "So it is.", state_schema()}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        answer_slowly(desk, call, 200, [&desk](Cluster& cluster) -> Result<Json> {
            return to_json(TRY(cluster.state()), desk.executor.now());
        });
    };
    return route;
}

static Route begin_route() {
    Route route{Method::post, "/v1/cluster", "beginCluster", "cluster",
                "Let the datacenter have several controllers"};
    route.about =
        "Moves its records to etcd. The daemon begins anew for it and answers again in some "
        "seconds; instances, networks and fronts go on. GET /v1/cluster says when it is done.";
    route.keyed = false;
    route.answers = {{202, "It begins.", object_schema({{"several", flag_schema()}})}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        answer_slowly(desk, call, 202, [](Cluster& cluster) -> Result<Json> {
            TRY(cluster.begin());
            return Json::object({{"several", true}});
        });
    };
    return route;
}

// ---- who becomes one ---------------------------------------------------------------------------

static Json identity_json(const wire::Identity& identity) {
    return Json::object({{"certificate", identity.certificate}, {"key", identity.key}});
}

static Json papers_json(const Cluster::Papers& papers) {
    Json servers = Json::array();
    for (const std::string& each : papers.servers) servers.push(each);
    return Json::object({{"authority", identity_json(papers.authority)},
                         {"store_authority", identity_json(papers.store_authority)},
                         {"token", papers.token},
                         {"servers", std::move(servers)}});
}

/// On the engine's loop: only a host that was let in as a controller gets them.
static void give_papers(Desk& desk, const CallPtr& call, const std::string& host) {
    const Result<bool> may = desk.joining->may_control(host);
    if (!may.ok()) return call->refuse(may.error());
    if (!*may)
        return call->refuse(Error{Error::Code::forbidden, "host " + host + " is no controller",
                                  "join with a token of `vdc host token --controller`"});
    runtime::log().info("api", "host " + host + " gets what controllers share",
                        {{"peer", call->request.peer.address}});
    answer_slowly(desk, call, 200, [](Cluster& cluster) -> Result<Json> {
        return papers_json(TRY(cluster.papers()));
    });
}

static Route papers_route() {
    Route route{Method::get, "/v1/controller-papers", "getControllerPapers", "cluster",
                "Get what controllers share"};
    route.about =
        "The keys of the datacenter's authority and of its store, for a host that joined with a "
        "token for a controller, and for nobody else.";
    route.access = Access::host;
    const Json identity =
        object_schema({{"certificate", text_schema("PEM")}, {"key", text_schema("PEM")}});
    route.answers = {{200, "These.",
                      object_schema({{"authority", identity},
                                     {"store_authority", identity},
                                     {"token", text_schema("that opens the API")},
                                     {"servers", array_schema(text_schema("of the store"))}})}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        desk.admit_host(call,
                        [&desk, call](const std::string& host) { give_papers(desk, call, host); });
    };
    return route;
}

/// It is none of them any more; then it gets nothing of theirs any more. On a thread that may
/// block, then on the engine's loop.
static void remove(Desk& desk, const CallPtr& call) {
    const Status removed = desk.cluster->remove(call->path_value());
    if (!removed.ok()) return call->refuse(removed.error());
    desk.executor.post([&desk, call] {
        const std::string& name = call->path_value();
        const Status shut =
            desk.joining != nullptr ? desk.joining->controls_no_more(name) : Status{};
        if (!shut.ok()) return call->refuse(shut.error());
        call->answer_json(200, base::dump(Json::object({{"controller", name}})) + "\n");
    });
}

static Route remove_route() {
    Route route{Method::delete_, "/v1/controllers/{controller}", "removeController", "cluster",
                "Have it be no controller any more"};
    route.about =
        "For one that is lost for good, or shall be a host only. It knew the datacenter's keys: "
        "whoever has its disk can use them.";
    route.keyed = false;
    route.answers = {{200, "So it is.", object_schema({{"controller", text_schema("its name")}})}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        if (desk.cluster == nullptr)
            return call->refuse(
                Error{Error::Code::unsupported, "this datacenter has one controller"});
        desk.read_slowly(call, [&desk, call] { remove(desk, call); });
    };
    return route;
}

void add_cluster_routes(Routes& routes) {
    routes.push_back(show_route());
    routes.push_back(begin_route());
    routes.push_back(papers_route());
    routes.push_back(remove_route());
}

}  // namespace vdc::api
