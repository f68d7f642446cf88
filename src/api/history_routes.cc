#include <algorithm>
#include <charconv>
#include <map>

#include "api/desk.h"
#include "api/items.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "base/text.h"
#include "control/references.h"
#include "model/noun_words.h"
#include "model/status.h"
#include "model/write_json.h"

/// What happened, why, and what happens now. All of it is the one log of committed changes.
namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using model::Noun;
using model::Revision;
using model::Snapshot;
using model::Subject;
using store::Entry;
using wire::Method;

// ---- naming what is meant ----------------------------------------------------------------------

static Result<std::optional<Noun>> noun_in(const Call& call) {
    const std::string given = call.query("noun");
    if (given.empty()) return std::optional<Noun>{};
    if (const auto noun = model::noun_of(given)) return std::optional(*noun);
    return Error{Error::Code::invalid,
                 "there is no noun '" + base::quoted(given, 60) + "'" +
                     base::did_you_mean(given, model::all_one_words()),
                 "nouns are " + base::join(model::all_one_words(), ", ")};
}

/// The record of any kind that has this id.
static std::optional<Subject> subject_of_id(const Snapshot& snapshot, const base::Uuid& id) {
    std::optional<Subject> found;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (!found && snapshot.find<R>(typename R::Id{id}) != nullptr) found = Subject{R::noun, id};
    });
    return found;
}

static Result<model::ProjectId> project_in(const Snapshot& snapshot, const Call& call) {
    const std::string named = call.query("project");
    if (!named.empty()) return control::find_project(snapshot, named);
    const auto fallback = control::find_project(snapshot, "");
    return fallback.ok() ? *fallback : model::ProjectId{};
}

/// An id, also of what is gone; or, with a noun, a name.
static Result<std::optional<Subject>> subject_in(const Snapshot& snapshot, const Call& call,
                                                 const std::optional<Noun>& noun) {
    const std::string given = call.query("subject");
    if (given.empty()) return std::optional<Subject>{};
    if (const auto id = base::parse_uuid(given)) {
        if (noun) return std::optional(Subject{*noun, *id});
        if (const auto found = subject_of_id(snapshot, *id)) return found;
        return Error{Error::Code::not_found, "nothing there has the id " + given,
                     "name its noun too, if it is gone: noun=instance"};
    }
    if (!noun)
        return Error{Error::Code::invalid, "'subject' is a name, so 'noun' must say of what",
                     "for example noun=instance"};
    const auto project = TRY(project_in(snapshot, call));
    return std::optional(TRY(control::find_subject(snapshot, *noun, project, given)));
}

/// An operation is called by what it was for: its own name is only a key.
static std::string called(const model::Operation& operation) {
    return operation.declared.subject_name;
}
static std::string called(const auto& record) {
    return record.name;
}

static std::optional<std::string> name_of(const Snapshot& snapshot, const Subject& subject) {
    std::optional<std::string> name;
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun != subject.noun) return;
        if (const R* found = snapshot.find<R>(typename R::Id{subject.id})) name = called(*found);
    });
    return name;
}

// ---- events ------------------------------------------------------------------------------------

/// Names of what entries are about. What is gone had its name in the commit that made it.
class Names {
  public:
    Names(const Snapshot& snapshot, store::Store& store) : snapshot_(snapshot), store_(store) {}

    /// Nothing when it is gone and its beginning is no longer in the log.
    const std::optional<std::string>& of(const Subject& subject) {
        const auto [at, fresh] = known_.try_emplace(subject);
        if (fresh) at->second = name_of(snapshot_, subject);
        if (fresh && !at->second) at->second = in_its_first_commit(subject);
        return at->second;
    }

  private:
    std::optional<std::string> in_its_first_commit(const Subject& subject) const {
        store::Query first;
        first.subject = subject;
        first.limit = 1;
        const auto entries = store_.history(first);
        if (!entries.ok() || entries->empty()) return {};
        const auto commits = store_.log(entries->front().revision - 1, 1);
        if (!commits.ok() || commits->empty()) return {};
        std::optional<std::string> found;
        for (const model::Step& step : commits->front()->steps)
            std::visit(
                [&](const auto& change) {
                    if constexpr (requires { change.record; })
                        if (change.record->subject() == subject) found = called(*change.record);
                },
                step.change);
        return found;
    }

    const Snapshot& snapshot_;
    store::Store& store_;
    std::map<Subject, std::optional<std::string>> known_;
};

static Json entry_json(Names& names, const Entry& entry) {
    const std::optional<std::string>& name = names.of(entry.subject);
    return Json::object({{"revision", static_cast<std::int64_t>(entry.revision)},
                         {"index", static_cast<std::int64_t>(entry.index)},
                         {"at", text(entry.at)},
                         {"actor", entry.actor},
                         {"request", entry.request},
                         {"noun", model::one_word(entry.subject.noun)},
                         {"id", text(entry.subject.id)},
                         {"name", name ? Json(*name) : Json(nullptr)},
                         {"verb", entry.verb},
                         {"reason", entry.reason}});
}

static Result<store::Query> events_query(const Snapshot& snapshot, const Call& call) {
    constexpr std::int64_t limit_max = 1000;
    constexpr std::int64_t revision_max = std::int64_t{1} << 62;
    store::Query query;
    query.noun = TRY(noun_in(call));
    query.subject = TRY(subject_in(snapshot, call, query.noun));
    query.limit = static_cast<std::size_t>(TRY(call.number("limit", 100, 1, limit_max)));
    query.newest_first = !call.request.query.has("after");
    query.after = static_cast<Revision>(TRY(call.number("after", 0, 0, revision_max)));
    if (call.request.query.has("before"))
        query.before = static_cast<Revision>(TRY(call.number("before", 0, 0, revision_max)));
    if (call.request.query.has("at"))
        query.before = std::min(query.before.value_or(revision_max), snapshot.revision + 1);
    return query;
}

static void events_of(Desk& desk, const CallPtr& call, const engine::SnapshotPtr& snapshot) {
    const auto query = events_query(*snapshot, *call);
    if (!query.ok()) return call->refuse(query.error());
    desk.read_slowly(call, [&desk, call, snapshot, query = *query] {
        const auto entries = desk.engine.store().history(query);
        if (!entries.ok()) return call->refuse(entries.error());
        Json items = Json::array();
        Names names(*snapshot, desk.engine.store());
        for (const Entry& entry : *entries) items.push(entry_json(names, entry));
        const Json next = entries->empty()
                              ? Json(nullptr)
                              : Json(static_cast<std::int64_t>(entries->back().revision));
        const Json page = Json::object({{"items", std::move(items)}, {"next", next}});
        call->answer_json(200, base::dump(page) + "\n", revision_header(*snapshot));
    });
}

static void events(Desk& desk, const CallPtr& call) {
    look(desk, call, [&desk, call](const auto& snapshot) { events_of(desk, call, snapshot); });
}

static Json noun_schema() {
    return word_schema(model::all_one_words());
}

static Json revision_schema() {
    return Json::object({{"type", "integer"}, {"minimum", 0}});
}

static Route events_route() {
    Route route{Method::get, "/v1/events", "listEvents", "events", "List what happened"};
    route.about =
        "Newest first; with `after`, oldest first from that revision on. A page ends at the end of "
        "a commit.";
    route.query = {
        project_parameter(),
        {"noun", "Only what happened to things of this kind.", noun_schema()},
        {"subject", "Only what happened to this one: an id, or with `noun` a name.", text_schema()},
        {"after", "Only what happened after this revision.", revision_schema()},
        {"before", "Only what happened before this revision.", revision_schema()},
        {"limit", "Events of a page, from 1 to 1000.",
         Json::object({{"type", "integer"}, {"minimum", 1}, {"maximum", 1000}, {"default", 100}})},
        at_parameter()};
    route.answers = {{200, "A page.", schema_ref("EntryList")}};
    route.handle = [](Desk& desk, const CallPtr& call) { events(desk, call); };
    return route;
}

// ---- why ---------------------------------------------------------------------------------------

/// The last entries about a thing, and about what hangs on it, oldest first; none after `last`.
static Result<std::vector<Entry>> story_of(store::Store& store, const std::vector<Subject>& about,
                                           Revision last) {
    constexpr std::size_t of_itself = 100;
    constexpr std::size_t of_parts = 20;
    std::vector<Entry> story;
    for (const Subject& subject : about) {
        store::Query query;
        query.subject = subject;
        query.before = last + 1;
        query.newest_first = true;
        query.limit = &subject == about.data() ? of_itself : of_parts;
        for (Entry& entry : TRY(store.history(query))) story.push_back(std::move(entry));
    }
    std::stable_sort(story.begin(), story.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.revision, a.index) < std::pair(b.revision, b.index);
    });
    return story;
}

/// What else belongs to the story of a thing.
static std::vector<Subject> parts_of(const Snapshot&, const auto&) {
    return {};
}

static std::vector<Subject> parts_of(const Snapshot& snapshot, const model::Application& app) {
    constexpr std::size_t most = 20;
    std::vector<Subject> parts;
    for (const base::Uuid& id : snapshot.linked(model::Link::application_instance, app.id.value))
        if (parts.size() < most) parts.push_back({Noun::instance, id});
    return parts;
}

/// A step that came without a reason still says what it did.
static std::string sentence_of(const Entry& entry) {
    if (!entry.reason.empty()) return entry.reason;
    return entry.verb + " " + std::string(model::one_word(entry.subject.noun));
}

template <class R>
static std::string why_json(const Snapshot& snapshot, const R& record,
                            const std::vector<Entry>& story) {
    const model::StatusWord status = status_of(snapshot, record);
    Json sentences = Json::array();
    for (const Entry& entry : story)
        sentences.push(Json::object(
            {{"at", text(entry.at)},
             {"revision", static_cast<std::int64_t>(entry.revision)},
             {"actor", entry.actor},
             {"noun", model::one_word(entry.subject.noun)},
             {"name", name_of(snapshot, entry.subject).value_or(text(entry.subject.id))},
             {"verb", entry.verb},
             {"text", sentence_of(entry)},
             {"reason", entry.reason}}));
    const Json head = Json::object(
        {{"noun", model::one_word(R::noun)}, {"id", text(record.id)}, {"name", record.name}});
    Json why = Json::object({{"subject", head},
                             {"status", status.word},
                             {"now", record.name + " " + status.sentence},
                             {"sentences", std::move(sentences)}});
    std::string json = base::dump(why);
    json.pop_back();
    json += R"(,"placement":)";
    if constexpr (std::is_same_v<R, model::Instance>)
        model::write_part(json, record.claimed.placement);
    else
        json += "null";
    return json + "}\n";
}

template <class R>
static void why(Desk& desk, const CallPtr& call, const engine::SnapshotPtr& snapshot) {
    const auto project = project_in(*snapshot, *call);
    if (!project.ok()) return call->refuse(project.error());
    const auto record = control::find_record<R>(*snapshot, *project, call->path_value());
    if (!record.ok()) return call->refuse(record.error());
    desk.read_slowly(call, [&desk, call, snapshot, record = *record] {
        std::vector<Subject> about = parts_of(*snapshot, *record);
        about.insert(about.begin(), record->subject());
        const auto story = story_of(desk.engine.store(), about, snapshot->revision);
        if (!story.ok()) return call->refuse(story.error());
        call->answer_json(200, why_json(*snapshot, *record, *story), revision_header(*snapshot));
    });
}

template <class R>
static Route why_route() {
    const std::string one(model::one_word(R::noun));
    const std::string many(model::many_word(R::noun));
    Route route{Method::get, "/v1/" + many + "/{" + one + "}/why", "explain" + type_word(R::noun),
                many, "Say what happened to one of the " + many + ", and why"};
    route.query = {project_parameter(), at_parameter()};
    route.answers = {{200, "The story so far.", schema_ref("Why")}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        look(desk, call, [&desk, call](const auto& snapshot) { why<R>(desk, call, snapshot); });
    };
    return route;
}

// ---- watch -------------------------------------------------------------------------------------

/// `after`, or where a broken stream ended, or now.
static Result<Revision> start_of(const Snapshot& snapshot, const Call& call) {
    constexpr std::int64_t revision_max = std::int64_t{1} << 62;
    const std::string* last = call.request.headers.find("Last-Event-ID");
    if (last == nullptr || last->empty())
        return static_cast<Revision>(TRY(
            call.number("after", static_cast<std::int64_t>(snapshot.revision), 0, revision_max)));
    Revision revision = 0;
    const auto end = last->data() + last->size();
    if (const auto parsed = std::from_chars(last->data(), end, revision);
        parsed.ec == std::errc{} && parsed.ptr == end)
        return revision;
    return Error{Error::Code::invalid,
                 "Last-Event-ID is '" + base::quoted(*last, 40) + "', but must be a revision"};
}

static Result<Watchers::Wanted> watch_in(const Snapshot& snapshot, const Call& call) {
    Watchers::Wanted wanted;
    wanted.noun = TRY(noun_in(call));
    wanted.subject = TRY(subject_in(snapshot, call, wanted.noun));
    wanted.after = TRY(start_of(snapshot, call));
    return wanted;
}

static Route watch_route() {
    Route route{Method::get, "/v1/watch", "watch", "events", "Watch what happens"};
    route.about =
        "Server-sent events. `change`: one step of a commit; the last one of a commit carries the "
        "commit's revision as its id. `bookmark`: nothing that you watch happened up to this "
        "revision. Resume with `Last-Event-ID` or `after`; 410 means that the log no longer "
        "reaches back so far: list again.";
    route.query = {project_parameter(),
                   {"noun", "Only things of this kind.", noun_schema()},
                   {"subject", "Only this one: an id, or with `noun` a name.", text_schema()},
                   {"after", "Begin after this revision; without it: now.", revision_schema()}};
    const Json event = Json::object({{"type", "string"},
                                     {"description", "`data` of each `change` is one of these"},
                                     {"contentMediaType", "application/json"},
                                     {"contentSchema", schema_ref("Change")}});
    route.answers = {{200, "Events without end.", event, "text/event-stream"}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        const auto wanted = watch_in(*desk.snapshot(), *call);
        if (!wanted.ok()) return call->refuse(wanted.error());
        desk.watchers.add(call, *wanted);
    };
    return route;
}

void add_history_routes(Routes& routes) {
    routes.push_back(events_route());
    routes.push_back(watch_route());
    model::for_each_noun([&]<class R>(std::type_identity<R>) { routes.push_back(why_route<R>()); });
}

}  // namespace vdc::api
