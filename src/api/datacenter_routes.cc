#include "api/desk.h"
#include "api/guarantee_text.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "model/apply.h"
#include "model/codec.h"
#include "model/noun_words.h"
#include "model/status.h"

/// The datacenter as one computer, and what this API is.
namespace vdc::api {

using base::Json;
using model::Host;
using model::Instance;
using model::Resources;
using model::Snapshot;
using wire::Method;

namespace {

struct Sum {
    Resources capacity;
    Resources claimable;
    Resources claimed;
    std::string accelerator = "none";
    Json warnings = Json::array();
};

void add_host(Sum& sum, const Snapshot& snapshot, const Host& host) {
    for (const std::string& warning : host.observed.warnings)
        sum.warnings.push(Json::object({{"host", host.name}, {"text", warning}}));
    sum.claimed += snapshot.claimed(host.id);
    if (host.claimed.health != model::HostHealth::up) return;
    sum.capacity += host.observed.capacity;
    sum.claimable += claimable(host);
    const std::string& accelerator = host.observed.accelerator;
    if (sum.accelerator == "none")
        sum.accelerator = accelerator;
    else if (sum.accelerator != accelerator)
        sum.accelerator = "mixed";
}

std::int64_t running(const Snapshot& snapshot) {
    std::int64_t count = 0;
    for (const auto& [id, instance] : snapshot.all<Instance>())
        if (instance->observed.phase == model::InstancePhase::running) ++count;
    return count;
}

Json counts(const Snapshot& snapshot) {
    Json counts = Json::object();
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        counts.set(model::many_word(R::noun), static_cast<std::int64_t>(snapshot.all<R>().size()));
    });
    return counts;
}

/// The first things that are not as they should be, and how many there are. A word of trouble is
/// one that does not go away by itself: what is starting or preparing is left out.
class Attention {
  public:
    Attention(const Snapshot& snapshot, const placement::Standing& standing) {
        model::for_each_noun([&]<class R>(std::type_identity<R>) {
            if constexpr (!std::is_same_v<R, model::Operation>)
                for (const auto& [id, record] : snapshot.all<R>()) look_at(snapshot, *record);
        });
        add_uncovered(snapshot, standing, [this](Json row) { add(std::move(row)); });
    }
    std::int64_t count = 0;
    Json first = Json::array();

  private:
    static constexpr std::int64_t shown_max = 20;

    template <class R>
    void look_at(const Snapshot& snapshot, const R& record) {
        const model::StatusWord status = status_of(snapshot, record);
        const std::string& word = status.word;
        if (word != "failed" && word != "degraded" && word != "waiting" && word != "down" &&
            word != "suspect" && word != "fencing")
            return;
        add(Json::object({{"noun", model::one_word(R::noun)},
                          {"id", base::text(record.id)},
                          {"name", record.name},
                          {"word", word},
                          {"sentence", status.sentence}}));
    }

    void add(Json row) {
        if (++count <= shown_max) first.push(std::move(row));
    }
};

}  // namespace

static void show_datacenter(const CallPtr& call, const engine::SnapshotPtr& snapshot,
                            const placement::Standing& standing) {
    Sum sum;
    for (const auto& [id, host] : snapshot->all<Host>()) add_host(sum, *snapshot, *host);
    Attention attention(*snapshot, standing);
    const Json json = Json::object({{"revision", static_cast<std::int64_t>(snapshot->revision)},
                                    {"capacity", part_to_json(sum.capacity)},
                                    {"claimable", part_to_json(sum.claimable)},
                                    {"claimed", part_to_json(sum.claimed)},
                                    {"counts", counts(*snapshot)},
                                    {"running", running(*snapshot)},
                                    {"accelerator", sum.accelerator},
                                    {"warnings", std::move(sum.warnings)},
                                    {"attention", std::move(attention.first)},
                                    {"attention_count", attention.count}});
    call->answer_json(200, base::dump(json) + "\n", revision_header(*snapshot));
}

static Route plain(std::string path, std::string id, std::string summary, Json schema) {
    Route route{Method::get, std::move(path), std::move(id), "datacenter", std::move(summary)};
    route.answers = {{200, "So it is.", std::move(schema)}};
    return route;
}

void add_datacenter_routes(Routes& routes) {
    Route datacenter =
        plain("/v1/datacenter", "getDatacenter",
              "Show what the datacenter has and what is taken of it", schema_ref("Datacenter"));
    datacenter.query = {at_parameter()};
    datacenter.handle = [](Desk& desk, const CallPtr& call) {
        look_at_plans(desk, call, [call](const auto& snapshot, const auto& standing) {
            show_datacenter(call, snapshot, standing);
        });
    };
    routes.push_back(std::move(datacenter));

    Route version = plain("/v1/version", "getVersion", "Show what answers here",
                          object_schema({{"name", text_schema("vdc")},
                                         {"version", text_schema("of the program")},
                                         {"api", text_schema("v1")}}));
    version.handle = [](Desk& desk, const CallPtr& call) {
        const Json json =
            Json::object({{"name", "vdc"}, {"version", desk.options.version}, {"api", "v1"}});
        call->answer_json(200, base::dump(json) + "\n");
    };
    routes.push_back(std::move(version));

    Route health = plain("/v1/health", "getHealth", "Say whether this daemon is at work",
                         object_schema({{"status", text_schema("ok")},
                                        {"revision", integer_schema("of the datacenter")},
                                        {"writes", integer_schema("to the disk since the daemon "
                                                                  "began, each of a group of "
                                                                  "commits")}}));
    health.access = Access::anybody;
    health.handle = [](Desk& desk, const CallPtr& call) {
        const Json json =
            Json::object({{"status", "ok"},
                          {"revision", static_cast<std::int64_t>(desk.snapshot()->revision)},
                          {"writes", static_cast<std::int64_t>(desk.engine.writes())}});
        call->answer_json(200, base::dump(json) + "\n");
    };
    routes.push_back(std::move(health));

    Route description = plain("/v1/openapi.json", "getOpenapi", "Describe this API",
                              Json::object({{"type", "object"}}));
    description.access = Access::anybody;
    description.handle = [](Desk& desk, const CallPtr& call) {
        // Made once for each program: the table of routes never changes.
        static const std::string document = Api::openapi(desk.options.version);
        call->answer_json(200, document);
    };
    routes.push_back(std::move(description));
}

}  // namespace vdc::api
