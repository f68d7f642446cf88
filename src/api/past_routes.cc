#include "api/desk.h"
#include "api/log_export.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "base/moment.h"

/// What of the past there is.
namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using engine::SnapshotPtr;
using model::Revision;
using wire::Method;

static Json point(Revision revision, base::Instant at) {
    return Json::object({{"revision", static_cast<std::int64_t>(revision)}, {"at", text(at)}});
}

/// The time that was named; of a revision, its own.
static base::Instant instant_of(const base::Moment& moment, base::Instant now,
                                base::Instant committed) {
    if (const auto* instant = std::get_if<base::AtInstant>(&moment)) return instant->instant;
    if (const auto* ago = std::get_if<base::Ago>(&moment)) return now - ago->duration;
    return committed;
}

static Result<Json> moment_json(Desk& desk, const std::string& words) {
    const base::Instant now = desk.executor.now();
    const base::Moment moment = TRY(base::parse_moment(words));
    const Revision revision = TRY(desk.past.revision(words));
    const SnapshotPtr snapshot = TRY(desk.past.at(revision));
    const store::Past past = TRY(desk.engine.store().past());
    const SnapshotPtr latest = desk.snapshot();
    return Json::object({{"revision", static_cast<std::int64_t>(revision)},
                         {"at", text(instant_of(moment, now, snapshot->committed))},
                         {"committed", text(snapshot->committed)},
                         {"oldest", point(past.first, past.since)},
                         {"latest", point(latest->revision, latest->committed)}});
}

static Route moment_route() {
    Route route{Method::get, "/v1/moment", "getMoment", "datacenter",
                "Say which revision was the latest at a moment, and how far back there are some"};
    route.query = {{"at", "A revision, a time, or how long ago; without it: now.", text_schema()}};
    route.answers = {{200, "The moment.", schema_ref("Moment")}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        desk.read_slowly(call, [&desk, call] {
            const bool given = call->request.query.has("at");
            const auto json = moment_json(desk, given ? call->query("at") : "now");
            if (!json.ok()) return call->refuse(json.error());
            call->answer_json(200, base::dump(*json) + "\n");
        });
    };
    return route;
}

// ---- the log as text ---------------------------------------------------------------------------

/// The datacenter at one end of the log that is asked for.
static Result<SnapshotPtr> bound(Desk& desk, const Call& call, const char* name,
                                 Revision otherwise) {
    const auto found = [&]() -> Result<SnapshotPtr> {
        const std::string* words = call.request.query.find(name);
        return desk.past.at(words != nullptr ? TRY(desk.past.revision(*words)) : otherwise);
    }();
    if (found.ok()) return *found;
    return Error{found.error().code, "'" + std::string(name) + "': " + found.error().message,
                 found.error().hint};
}

/// Until when the log tells what there was.
static Result<base::Instant> end_of(Desk& desk, const Call& call, const model::Snapshot& to) {
    const std::string* words = call.request.query.find("to");
    if (words == nullptr) return desk.executor.now();
    return instant_of(TRY(base::parse_moment(*words)), desk.executor.now(), to.committed);
}

static Result<LogExport> begin_export(Desk& desk, const Call& call) {
    const Revision oldest = TRY(desk.engine.store().past()).first;
    const SnapshotPtr from = TRY(bound(desk, call, "from", oldest));
    const SnapshotPtr to = TRY(bound(desk, call, "to", desk.snapshot()->revision));
    if (from->revision > to->revision)
        return Error{Error::Code::invalid,
                     "'from' is revision " + std::to_string(from->revision) +
                         ", after 'to', revision " + std::to_string(to->revision),
                     "give the earlier one as 'from'"};
    const base::Instant until = TRY(end_of(desk, call, *to));
    model::LogHead head{desk.options.version, from->revision, to->revision,
                        from->committed,      until,          hash_of(*to)};
    return LogExport(desk.engine.store(), *from, std::move(head));
}

/// Writes one piece, on a thread that may block, each time the reader has taken the one before.
static void export_on(const std::shared_ptr<LogExport>& log, const wire::Stream& stream) {
    constexpr std::size_t piece = 256 << 10;
    std::string out;
    const auto ended = log->write(out, piece);
    // Without its last line the log is known to be cut off: that is how its reader hears of it.
    if (!ended.ok()) return stream.close();
    const bool taken = stream.write(std::move(out));
    if (*ended || !taken) stream.close();
}

static Route log_route() {
    Route route{Method::get, "/v1/log", "exportLog", "datacenter",
                "Give the log of all changes as text"};
    route.about =
        "Lines with a sum each: a head, the datacenter at `from`, every commit up to `to` with its "
        "reasons, an end. `vdc replay FILE` makes the datacenter anew from them.";
    route.query = {
        {"from", "The moment to begin at; without it: the oldest that is kept.", text_schema()},
        {"to", "The moment to end at; without it: now.", text_schema()}};
    route.answers = {{200, "The log.", text_schema(), "text/plain"}};
    route.handle = [](Desk& desk, const CallPtr& call) {
        desk.read_slowly(call, [&desk, call] {
            auto begun = begin_export(desk, *call);
            if (!begun.ok()) return call->refuse(begun.error());
            const auto log = std::make_shared<LogExport>(std::move(*begun));
            const wire::Stream stream = call->stream(
                200,
                {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}});
            desk.send_in_pieces(stream, [log, stream] { export_on(log, stream); });
        });
    };
    return route;
}

void add_past_routes(Routes& routes) {
    routes.push_back(moment_route());
    routes.push_back(log_route());
}

}  // namespace vdc::api
