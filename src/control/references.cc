#include "control/references.h"

#include "base/text.h"
#include "model/noun_words.h"

namespace vdc::control {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using model::Noun;
using model::ProjectId;
using model::Snapshot;

// ---- one record --------------------------------------------------------------------------------

static Error missing(const Snapshot& snapshot, Noun noun, ProjectId project,
                     std::string_view name_or_id) {
    const std::string one(model::one_word(noun));
    std::vector<std::string> known = snapshot.names(noun, project);
    if (project)
        for (std::string& name : snapshot.names(noun, {})) known.push_back(std::move(name));
    return {Error::Code::not_found,
            "there is no " + one + " '" + base::quoted(name_or_id, 80) + "'" +
                base::did_you_mean(name_or_id, known),
            "`vdc " + one + " list` shows those there are"};
}

template <class R>
Result<const R*> find_record(const Snapshot& snapshot, ProjectId project,
                             std::string_view name_or_id) {
    if (const auto id = base::parse_uuid(name_or_id)) {
        const R* found = snapshot.find<R>(typename R::Id{*id});
        if (found != nullptr && (!found->project || !project || found->project == project))
            return found;
    }
    if (const R* found = snapshot.named<R>(project, name_or_id)) return found;
    if (const R* found = snapshot.named<R>({}, name_or_id)) return found;
    return missing(snapshot, R::noun, project, name_or_id);
}

Result<model::Subject> find_subject(const Snapshot& snapshot, Noun noun, ProjectId project,
                                    std::string_view name_or_id) {
    Result<model::Subject> found = Error{};
    model::for_each_noun([&]<class R>(std::type_identity<R>) {
        if (R::noun != noun) return;
        const auto record = find_record<R>(snapshot, project, name_or_id);
        if (record.ok())
            found = (*record)->subject();
        else
            found = record.error();
    });
    return found;
}

Result<ProjectId> find_project(const Snapshot& snapshot, std::string_view name_or_id) {
    const std::string_view wanted = name_or_id.empty() ? "default" : name_or_id;
    return TRY(find_record<model::Project>(snapshot, {}, wanted))->id;
}

// ---- all references of a part ------------------------------------------------------------------

namespace {

/// The kind of record that an id names.
template <class Id>
struct RecordOf {
    static constexpr bool known = false;
};
template <class Id>
struct RecordOf<std::optional<Id>> : RecordOf<Id> {};

#define VDC_RECORD_OF(R)                    \
    template <>                             \
    struct RecordOf<model::R::Id> {         \
        using type = model::R;              \
        static constexpr bool known = true; \
    };
VDC_RECORD_OF(Project)
VDC_RECORD_OF(Host)
VDC_RECORD_OF(Flavor)
VDC_RECORD_OF(KeyPair)
VDC_RECORD_OF(Image)
VDC_RECORD_OF(Network)
VDC_RECORD_OF(Volume)
VDC_RECORD_OF(VolumeSnapshot)
VDC_RECORD_OF(Port)
VDC_RECORD_OF(Instance)
VDC_RECORD_OF(Application)
VDC_RECORD_OF(Balance)
VDC_RECORD_OF(Operation)
#undef VDC_RECORD_OF

template <class T>
struct Inner {
    using type = T;
};
template <class T>
struct Inner<std::optional<T>> {
    using type = T;
};

Json* member_of(Json& body, std::string_view name) {
    if (!body.is(Json::Kind::object)) return nullptr;
    for (auto& member : body.members())
        if (member.name == name) return &member.value;
    return nullptr;
}

/// Calls visit<R>(value, path) for each text member that refers to a record of kind R.
template <class Part, class Visit>
void for_each_reference(Json& body, const std::string& path, Visit&& visit) {
    model::for_each_field<Part>([&](const auto& field) {
        using Value = std::remove_cvref_t<decltype(std::declval<Part>().*field.member)>;
        using Bare = typename Inner<Value>::type;
        Json* member = member_of(body, field.name);
        if (member == nullptr) return;
        const std::string full = path + std::string(field.name);
        if constexpr (RecordOf<Value>::known) {
            if (member->is(Json::Kind::text))
                visit(std::type_identity<typename RecordOf<Value>::type>{}, *member, full);
        } else if constexpr (model::Described<Bare>) {
            for_each_reference<Bare>(*member, full + ".", visit);
        }
    });
}

}  // namespace

template <class Part>
Status resolve_references(const Snapshot& snapshot, ProjectId project, Json& body) {
    Status status;
    for_each_reference<Part>(
        body, "", [&]<class R>(std::type_identity<R>, Json& value, const std::string& path) {
            if (!status.ok()) return;
            const auto found = find_record<R>(snapshot, project, value.text());
            if (found.ok())
                value = text((*found)->id);
            else
                status = Error{found.error().code, "'" + path + "': " + found.error().message,
                               found.error().hint};
        });
    return status;
}

template <class Part>
void name_references(const Snapshot& snapshot, Json& part) {
    for_each_reference<Part>(
        part, "", [&]<class R>(std::type_identity<R>, Json& value, const std::string&) {
            const auto id = base::parse_uuid(value.text());
            const R* found = id ? snapshot.find<R>(typename R::Id{*id}) : nullptr;
            if (found != nullptr) value = found->name;
        });
}

#define VDC_REFERENCES(R)                                                                      \
    template Result<const model::R*> find_record<model::R>(const Snapshot&, ProjectId,         \
                                                           std::string_view);                  \
    template Status resolve_references<model::R::Declared>(const Snapshot&, ProjectId, Json&); \
    template void name_references<model::R::Declared>(const Snapshot&, Json&);
VDC_REFERENCES(Project)
VDC_REFERENCES(Host)
VDC_REFERENCES(Flavor)
VDC_REFERENCES(KeyPair)
VDC_REFERENCES(Image)
VDC_REFERENCES(Network)
VDC_REFERENCES(Volume)
VDC_REFERENCES(VolumeSnapshot)
VDC_REFERENCES(Port)
VDC_REFERENCES(Instance)
VDC_REFERENCES(Application)
VDC_REFERENCES(Balance)
VDC_REFERENCES(Operation)
#undef VDC_REFERENCES

}  // namespace vdc::control
