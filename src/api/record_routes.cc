#include "api/desk.h"
#include "api/items.h"
#include "api/lists.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "api/writes.h"
#include "control/references.h"
#include "model/noun_words.h"

/// The five things that can be done with records of every kind.
namespace vdc::api {

using base::Json;
using base::Result;
using control::Ask;
using control::Decision;
using model::Noun;
using model::ProjectId;
using model::Snapshot;
using wire::Method;

static std::string path_of(Noun noun) {
    return "/v1/" + std::string(model::many_word(noun));
}

static std::string item_path(Noun noun) {
    return path_of(noun) + "/{" + std::string(model::one_word(noun)) + "}";
}

static std::string with_article(Noun noun) {
    const std::string one(model::one_word(noun));
    const bool vowel = one.find_first_of("aeiou") == 0;
    return (vowel ? "an " : "a ") + one;
}

// ---- reading -----------------------------------------------------------------------------------

/// What a name in the path means: the project of the query, or "default" if there is one.
static Result<ProjectId> project_in(const Snapshot& snapshot, const Call& call) {
    const std::string named = call.query("project");
    if (!named.empty()) return control::find_project(snapshot, named);
    const auto fallback = control::find_project(snapshot, "");
    return fallback.ok() ? *fallback : ProjectId{};
}

template <class R>
static Result<const R*> record_in(const Snapshot& snapshot, const Call& call) {
    const ProjectId project = TRY(project_in(snapshot, call));
    return control::find_record<R>(snapshot, project, call.path_value());
}

template <class R>
static void show(const CallPtr& call, const engine::SnapshotPtr& snapshot) {
    const auto record = record_in<R>(*snapshot, *call);
    if (!record.ok()) return call->refuse(record.error());
    std::string shown;
    write_item(shown, *snapshot, **record);
    const std::string etag = etag_of((*record)->declared_revision, shown);
    const std::string* known = call->request.headers.find("If-None-Match");
    if (known != nullptr && if_none_match_holds(*known, etag))
        return call->answer({304, {{"ETag", etag}}, {}});
    shown += '\n';
    wire::Headers headers = revision_header(*snapshot);
    headers.add("ETag", etag);
    call->answer_json(200, std::move(shown), std::move(headers));
}

template <class R>
static Route list_route() {
    const std::string types = types_word(R::noun);
    Route route{Method::get, path_of(R::noun), "list" + types,
                std::string(model::many_word(R::noun)),
                "List " + std::string(model::many_word(R::noun))};
    route.about =
        "In the order of ids. A page ends with `next`; `limit=all` streams all of them from one "
        "revision.";
    route.query = list_parameters<R>();
    route.answers = {{200, "A page.", schema_ref(type_word(R::noun) + "List")}};
    route.handle = [](Desk& desk, CallPtr call) { list<R>(desk, std::move(call)); };
    return route;
}

template <class R>
static Route get_route() {
    const std::string type = type_word(R::noun);
    Route route{Method::get, item_path(R::noun), "get" + type,
                std::string(model::many_word(R::noun)), "Show " + with_article(R::noun)};
    route.query = {project_parameter(), at_parameter()};
    route.conditional_read = true;
    route.answers = {{200, "The " + std::string(model::one_word(R::noun)) + ".", schema_ref(type)},
                     {304, "It is as the ETag says.", {}}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        look(desk, call, [call](const auto& snapshot) { show<R>(call, snapshot); });
    };
    return route;
}

// ---- writing -----------------------------------------------------------------------------------

template <class R>
static Route create_route() {
    const std::string type = type_word(R::noun);
    const Json written = schema_ref(type + "Written");
    Route route{Method::post, path_of(R::noun), "create" + type,
                std::string(model::many_word(R::noun)), "Create " + with_article(R::noun)};
    route.query = {project_parameter()};
    route.body = schema_ref("New" + type);
    route.answers = {{201, "It is there.", written},
                     {202, "It is on its way: watch the operation.", written},
                     {200, "An earlier request with this key made it.", written}};
    route.handle = [](Desk& desk, CallPtr call) {
        write(desk, call, Kind::creation, [call](const Snapshot& snapshot, const Ask& ask) {
            return control::create(snapshot, ask, R::noun, call->body);
        });
    };
    return route;
}

template <class R>
static Route change_route() {
    const std::string type = type_word(R::noun);
    const Json written = schema_ref(type + "Written");
    Route route{Method::patch, item_path(R::noun), "update" + type,
                std::string(model::many_word(R::noun)),
                "Change what is declared of " + with_article(R::noun)};
    route.query = {project_parameter()};
    route.body = schema_ref(type + "Patch");
    route.conditional_write = true;
    route.answers = {{200, "It is so.", written},
                     {202, "It is on its way: watch the operation.", written}};
    route.handle = [](Desk& desk, CallPtr call) {
        write(desk, call, Kind::change, [call](const Snapshot& snapshot, const Ask& ask) {
            return control::update(snapshot, ask, R::noun, call->path_value(), call->body);
        });
    };
    return route;
}

template <class R>
static Route delete_route() {
    const std::string type = type_word(R::noun);
    const Json written = schema_ref(type + "Written");
    Route route{Method::delete_, item_path(R::noun), "delete" + type,
                std::string(model::many_word(R::noun)), "Delete " + with_article(R::noun)};
    route.query = {project_parameter()};
    route.conditional_write = true;
    route.answers = {{200, "It is gone.", written},
                     {202, "It goes: watch the operation.", written}};
    route.handle = [](Desk& desk, CallPtr call) {
        write(desk, call, Kind::change, [call](const Snapshot& snapshot, const Ask& ask) {
            return control::remove(snapshot, ask, R::noun, call->path_value());
        });
    };
    return route;
}

void add_record_routes(Routes& routes) {
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        routes.push_back(list_route<R>());
        routes.push_back(get_route<R>());
        if constexpr (creatable<R>) routes.push_back(create_route<R>());
        if constexpr (changeable<R>) routes.push_back(change_route<R>());
        if constexpr (deletable<R>) routes.push_back(delete_route<R>());
    });
}

}  // namespace vdc::api
