#include "api/lists.h"

#include "api/items.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "base/text.h"
#include "control/references.h"

namespace vdc::api {

using base::Error;
using base::Result;
using base::Uuid;
using model::Noun;
using model::ProjectId;
using model::Snapshot;

// ---- filters -----------------------------------------------------------------------------------

namespace {

/// A query parameter that names another record, and what it must be to those listed.
template <class R>
struct ByReference {
    const char* name;
    Noun noun;
    bool (*holds)(const R& record, const Uuid& id);
};

/// A query parameter whose word must be equal.
template <class R>
struct ByWord {
    const char* name;
    std::string_view (*of)(const R& record);
    std::vector<std::string> words;
};

template <class R>
struct Filters {
    std::vector<ByReference<R>> references = {};
    std::vector<ByWord<R>> words = {};
};

template <class Id>
bool is(const std::optional<Id>& id, const Uuid& wanted) {
    return id && id->value == wanted;
}

template <class E>
std::vector<std::string> words_of() {
    std::vector<std::string> all;
    for (const auto& each : words(E{})) all.emplace_back(each.word);
    return all;
}

template <class R>
Filters<R> filters() {
    return {};
}

template <>
Filters<model::Instance> filters() {
    using I = model::Instance;
    return {
        {{"application", Noun::application,
          [](const I& i, const Uuid& id) { return is(i.declared.application, id); }},
         {"host", Noun::host, [](const I& i, const Uuid& id) { return is(i.claimed.host, id); }},
         {"image", Noun::image,
          [](const I& i, const Uuid& id) { return i.declared.image.value == id; }}}};
}

template <>
Filters<model::Volume> filters() {
    using V = model::Volume;
    return {
        {{"instance", Noun::instance,
          [](const V& v, const Uuid& id) { return is(v.declared.instance, id); }},
         {"host", Noun::host, [](const V& v, const Uuid& id) { return is(v.claimed.host, id); }},
         {"image", Noun::image,
          [](const V& v, const Uuid& id) { return is(v.declared.image, id); }}}};
}

template <>
Filters<model::VolumeSnapshot> filters() {
    using S = model::VolumeSnapshot;
    return {{{"volume", Noun::volume,
              [](const S& s, const Uuid& id) { return s.declared.volume.value == id; }}}};
}

template <>
Filters<model::Port> filters() {
    using P = model::Port;
    return {{{"instance", Noun::instance,
              [](const P& p, const Uuid& id) { return is(p.declared.instance, id); }},
             {"network", Noun::network,
              [](const P& p, const Uuid& id) { return p.declared.network.value == id; }}}};
}

template <>
Filters<model::Operation> filters() {
    using O = model::Operation;
    return {{},
            {{"phase", [](const O& o) { return word(o.observed.phase); },
              words_of<model::OperationPhase>()},
             {"noun", [](const O& o) { return word(o.declared.noun); }, words_of<Noun>()}}};
}

template <class R>
constexpr bool of_datacenter =
    std::is_same_v<R, model::Project> || std::is_same_v<R, model::Host> ||
    std::is_same_v<R, model::Flavor> || std::is_same_v<R, model::Balance>;

}  // namespace

template <class R>
std::vector<Parameter> list_parameters() {
    std::vector<Parameter> parameters;
    Parameter project = project_parameter();
    project.about = of_datacenter<R> ? "Taken for the names of other parameters only."
                                     : "Name or id of the project whose things are listed; without "
                                       "it `default`; `*`: all projects.";
    parameters.push_back(std::move(project));
    parameters.push_back({"name", "Only the one of this name.", text_schema()});
    for (const auto& each : filters<R>().references)
        parameters.push_back({each.name,
                              "Only those of this " + std::string(each.name) + ", by name or id.",
                              text_schema()});
    for (const auto& each : filters<R>().words)
        parameters.push_back({each.name, "Only those of this " + std::string(each.name) + ".",
                              word_schema(each.words)});
    parameters.push_back(
        {"limit", "Items of a page, from 1 to 1000; or `all`.",
         base::Json::object(
             {{"type", "string"}, {"pattern", "^([0-9]+|all)$"}, {"default", "100"}})});
    parameters.push_back({"marker", "`next` of the page before.",
                          base::Json::object({{"type", "string"}, {"format", "uuid"}})});
    parameters.push_back(at_parameter());
    return parameters;
}

// ---- what is wanted ----------------------------------------------------------------------------

namespace {

template <class R>
struct Wanted {
    bool all_projects = false;
    ProjectId project;
    std::string name;
    std::vector<std::function<bool(const R&)>> tests;
    std::size_t limit = 100;  ///< 0: all
    typename R::Id after;     ///< nil: from the beginning

    bool holds(const R& record) const {
        if (!all_projects && record.project && record.project != project) return false;
        if (!name.empty() && record.name != name) return false;
        for (const auto& test : tests)
            if (!test(record)) return false;
        return true;
    }
};

template <class R>
base::Status add_tests(const Snapshot& snapshot, const Call& call, Wanted<R>& wanted) {
    for (const auto& filter : filters<R>().references) {
        const std::string given = call.query(filter.name);
        if (given.empty()) continue;
        const Uuid id = TRY(control::find_subject(snapshot, filter.noun, wanted.project, given)).id;
        wanted.tests.push_back(
            [holds = filter.holds, id](const R& record) { return holds(record, id); });
    }
    for (const auto& filter : filters<R>().words) {
        const std::string given = call.query(filter.name);
        if (given.empty()) continue;
        if (std::find(filter.words.begin(), filter.words.end(), given) == filter.words.end())
            return Error{Error::Code::invalid, "'" + std::string(filter.name) +
                                                   "' must be one of " +
                                                   base::join(filter.words, ", ") +
                                                   base::did_you_mean(given, filter.words)};
        wanted.tests.push_back(
            [of = filter.of, given](const R& record) { return of(record) == given; });
    }
    return {};
}

template <class R>
Result<Wanted<R>> wanted_in(const Snapshot& snapshot, const Call& call) {
    constexpr std::int64_t limit_max = 1000;
    Wanted<R> wanted;
    const std::string project = call.query("project");
    wanted.all_projects = project == "*";
    if (!wanted.all_projects && !project.empty())
        wanted.project = TRY(control::find_project(snapshot, project));
    if (project.empty()) {
        const auto fallback = control::find_project(snapshot, "");
        if (fallback.ok()) wanted.project = *fallback;
    }
    wanted.name = call.query("name");
    if (call.query("limit") == "all")
        wanted.limit = 0;
    else
        wanted.limit = static_cast<std::size_t>(TRY(call.number("limit", 100, 1, limit_max)));
    if (const std::string marker = call.query("marker"); !marker.empty()) {
        const auto id = base::parse_uuid(marker);
        if (!id)
            return Error{Error::Code::invalid,
                         "'marker' is '" + base::quoted(marker, 60) + "', but must be an id",
                         "give `next` of the page before"};
        wanted.after = typename R::Id{*id};
    }
    TRY(add_tests(snapshot, call, wanted));
    return wanted;
}

// ---- writing -----------------------------------------------------------------------------------

/// Writes a list piece by piece. The snapshot it holds keeps it at one revision.
template <class R>
class Lister {
  public:
    Lister(engine::SnapshotPtr snapshot, Wanted<R> wanted)
        : snapshot_(std::move(snapshot)), wanted_(std::move(wanted)), at_(begin()) {}

    /// Appends items until `out` has `size` bytes, or the list has its end: then true.
    bool write(std::string& out, std::size_t size) {
        const auto end = snapshot_->template all<R>().end();
        if (count_ == 0 && out.empty()) out += R"({"items":[)";
        for (; at_ != end; ++at_) {
            const R& record = *at_->second;
            if (!wanted_.holds(record)) continue;
            if (wanted_.limit > 0 && count_ == wanted_.limit) {
                out += R"(],"next":")" + text(last_) + "\"}\n";
                return true;
            }
            if (out.size() >= size) return false;
            if (count_ > 0) out += ",\n";
            write_item(out, *snapshot_, record);
            last_ = record.id;
            ++count_;
        }
        out += "],\"next\":null}\n";
        return true;
    }

  private:
    typename Snapshot::Table<R>::Iterator begin() const {
        const auto& table = snapshot_->template all<R>();
        if (!wanted_.after) return table.begin();
        auto at = table.lower_bound(wanted_.after);
        if (at != table.end() && at->first == wanted_.after) ++at;
        return at;
    }

    const engine::SnapshotPtr snapshot_;
    const Wanted<R> wanted_;
    typename Snapshot::Table<R>::Iterator at_;
    typename R::Id last_;
    std::size_t count_ = 0;
};

/// Less than a socket takes at once: so the next one is written while the reader takes this one.
constexpr std::size_t piece = 64 << 10;

/// Writes one piece each time the reader has taken the one before.
template <class R>
void stream_on(const std::shared_ptr<Lister<R>>& lister, const wire::Stream& stream) {
    std::string out;
    out.reserve(piece + piece / 8);
    const bool ended = lister->write(out, piece);
    if (!stream.write(std::move(out)) || !ended) return;
    stream.close();
}

template <class R>
void list_of(const CallPtr& call, const engine::SnapshotPtr& snapshot) {
    auto wanted = wanted_in<R>(*snapshot, *call);
    if (!wanted.ok()) return call->refuse(wanted.error());
    const bool all = wanted->limit == 0;
    auto lister = std::make_shared<Lister<R>>(snapshot, std::move(*wanted));
    std::string first;
    const bool whole = lister->write(first, all ? piece : std::string::npos);
    wire::Headers headers = revision_header(*snapshot);
    if (whole) return call->answer_json(200, std::move(first), std::move(headers));
    headers.add("Content-Type", "application/json");
    headers.add("Cache-Control", "no-store");
    const wire::Stream stream = call->stream(200, std::move(headers));
    // The callback keeps the stream open; it goes when the connection is over.
    stream.on_drained([lister, stream] { stream_on(lister, stream); });
    stream.write(std::move(first));
}

}  // namespace

template <class R>
void list(Desk& desk, CallPtr call) {
    look(desk, call, [call](const auto& snapshot) { list_of<R>(call, snapshot); });
}

#define VDC_LIST(R)                                              \
    template std::vector<Parameter> list_parameters<model::R>(); \
    template void list<model::R>(Desk&, CallPtr);
VDC_LIST(Project)
VDC_LIST(Host)
VDC_LIST(Flavor)
VDC_LIST(KeyPair)
VDC_LIST(Image)
VDC_LIST(Network)
VDC_LIST(Volume)
VDC_LIST(VolumeSnapshot)
VDC_LIST(Port)
VDC_LIST(Instance)
VDC_LIST(Application)
VDC_LIST(Balance)
VDC_LIST(Operation)

}  // namespace vdc::api
