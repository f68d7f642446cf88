#include "api/desk.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "metering/recoveries.h"

/// What was lost with hosts, and when it ran again: read off the log.
namespace vdc::api {

using base::Json;
using base::Result;
using metering::RecoveredRun;
using metering::Recovery;
using metering::RecoveryBook;
using model::Revision;

// ---- reading the log ---------------------------------------------------------------------------

/// A loss is read from so long before it, when its host was still heard, to so long after it.
static constexpr base::Duration lead = std::chrono::minutes(1);
static constexpr base::Duration wake = std::chrono::minutes(30);
/// Entries about hosts in which losses are looked for.
static constexpr std::size_t entries_max = 10'000;

struct Loss {
    Revision revision = 0;
    base::Instant at;
};

static bool says_down(const model::Commit& commit, const model::Subject& host) {
    for (const model::Step& step : commit.steps)
        if (const auto* claim = std::get_if<model::Claim<model::Host>>(&step.change))
            if (claim->id.value == host.id && claim->claimed.health == model::HostHealth::down)
                return true;
    return false;
}

/// The last commits that say of a host that it is down, at most so many, newest first.
static Result<std::vector<Loss>> last_losses(store::Store& store, std::size_t most) {
    store::Query query;
    query.noun = model::Noun::host;
    query.newest_first = true;
    query.limit = entries_max;
    const std::vector<store::Entry> entries = TRY(store.history(query));
    std::vector<Loss> losses;
    for (const store::Entry& entry : entries) {
        if (losses.size() == most) break;
        if (entry.verb != "claim") continue;
        const std::vector<model::CommitPtr> commits = TRY(store.log(entry.revision - 1, 1));
        const bool is_loss = !commits.empty() && says_down(*commits.front(), entry.subject);
        if (is_loss && (losses.empty() || losses.back().revision != entry.revision))
            losses.push_back({entry.revision, entry.at});
    }
    return losses;
}

/// The revision before the loss from which its book is to be kept.
static Result<Revision> begin_of(store::Store& store, const Loss& loss) {
    const auto before = store.revision_at(loss.at - lead);
    const store::Past past = TRY(store.past());
    const Revision found = before.ok() ? *before : past.first;
    return std::clamp(found, past.first, loss.revision - 1);
}

static bool all_over(const RecoveryBook& book, const Loss& last) {
    const auto& all = book.recoveries();
    return !all.empty() && all.back().revision >= last.revision &&
           std::all_of(all.begin(), all.end(), [](const Recovery& each) { return is_over(each); });
}

/// Keeps the book from the loss on until all is over.
static Result<RecoveryBook> book_of(Desk& desk, const Loss& loss) {
    constexpr std::size_t page = 1000;
    store::Store& store = desk.engine.store();
    Revision read = TRY(begin_of(store, loss));
    const engine::SnapshotPtr begin = TRY(desk.past.at(read));
    RecoveryBook book(*begin);
    while (true) {
        const std::vector<model::CommitPtr> commits = TRY(store.log(read, page));
        for (const model::CommitPtr& commit : commits) {
            if (commit->at > loss.at + wake || all_over(book, loss)) return book;
            TRY(book.add(*commit));
        }
        if (commits.size() < page) return book;
        read = commits.back()->revision;
    }
}

/// Of the last losses, newest first.
static Result<std::vector<Recovery>> recoveries(Desk& desk, std::size_t most) {
    const std::vector<Loss> losses = TRY(last_losses(desk.engine.store(), most));
    std::vector<Recovery> found;
    for (const Loss& loss : losses) {
        const RecoveryBook book = TRY(book_of(desk, loss));
        for (const Recovery& recovery : book.recoveries())
            if (recovery.revision == loss.revision) found.push_back(recovery);
    }
    return found;
}

// ---- as JSON -----------------------------------------------------------------------------------

static Json moment(const std::optional<base::Instant>& at) {
    return at ? Json(text(*at)) : Json(nullptr);
}

static Json to_json(const RecoveredRun& run) {
    const auto name_or_null = [](const std::string& name) {
        return name.empty() ? Json(nullptr) : Json(name);
    };
    return Json::object({{"id", text(run.instance)},
                         {"name", run.name},
                         {"project", run.project},
                         {"app", name_or_null(run.application)},
                         {"fate", word(run.fate)},
                         {"by", name_or_null(run.by_name)},
                         {"to", name_or_null(run.host)},
                         {"placed", moment(run.placed)},
                         {"started", moment(run.started)},
                         {"ready", moment(run.ready)}});
}

static Json to_json(const Recovery& recovery) {
    Json runs = Json::array();
    for (const RecoveredRun& run : recovery.runs) runs.push(to_json(run));
    return Json::object({{"host", recovery.name},
                         {"revision", static_cast<std::int64_t>(recovery.revision)},
                         {"suspected", moment(recovery.suspected)},
                         {"suspicion", recovery.suspicion},
                         {"fenced", text(recovery.fenced)},
                         {"evidence", recovery.evidence},
                         {"over", is_over(recovery)},
                         {"instances", std::move(runs)}});
}

static Json recoveries_schema() {
    const Json when = nullable(text_schema("a time"));
    const Json run = object_schema(
        {{"id", text_schema()},
         {"name", text_schema()},
         {"project", text_schema()},
         {"app", nullable(text_schema("whose replica it was"))},
         {"fate", word_schema({"waits", "restarted", "returned", "replaced", "unwanted"})},
         {"by", nullable(text_schema("who runs in its place: itself, or a replica"))},
         {"to", nullable(text_schema("on which host"))},
         {"placed", when},
         {"started", when},
         {"ready", nullable(text_schema("when its front said that it answers"))}});
    const Json recovery =
        object_schema({{"host", text_schema("its name")},
                       {"revision", integer_schema("of the commit that said that it is lost")},
                       {"suspected", nullable(text_schema("not heard of for too long since then"))},
                       {"suspicion", text_schema("the sentence")},
                       {"fenced", text_schema("from then on others may run what ran there")},
                       {"evidence", text_schema("the sentence")},
                       {"over", flag_schema()},
                       {"instances", array_schema(run)}});
    return object_schema({{"items", array_schema(recovery)}});
}

void add_recovery_routes(Routes& routes) {
    Route route{wire::Method::get, "/v1/recoveries", "listRecoveries", "datacenter",
                "Show the last losses of hosts: what was lost, and when it ran again"};
    route.about =
        "Newest first. All moments are those of the log: a host is suspected, fenced, its "
        "instances "
        "are placed elsewhere, and start. A loss is followed for half an hour.";
    Json number = integer_schema();
    number.set("minimum", 1).set("maximum", 100);
    route.query = {{"limit", "Losses, from 1 to 100; without it: 10.", std::move(number)}};
    route.answers = {{200, "The losses.", recoveries_schema()}};
    route.access = Access::admin;
    route.handle = [](Desk& desk, const CallPtr& call) {
        const auto limit = call->number("limit", 10, 1, 100);
        if (!limit.ok()) return call->refuse(limit.error());
        desk.read_slowly(call, [&desk, call, most = static_cast<std::size_t>(*limit)] {
            const auto found = recoveries(desk, most);
            if (!found.ok()) return call->refuse(found.error());
            Json items = Json::array();
            for (const Recovery& recovery : *found) items.push(to_json(recovery));
            call->answer_json(200, base::dump(Json::object({{"items", std::move(items)}})) + "\n");
        });
    };
    routes.push_back(std::move(route));
}

}  // namespace vdc::api
