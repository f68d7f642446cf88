#include "model/codec.h"

#include "model/value_codec.h"
#include "model/view.h"

namespace vdc::model {

// ---- records -----------------------------------------------------------------------------------

/// What `input` has and `known` has not, by member names, recursively; null when nothing.
static Json residue(const Json& input, const Json& known) {
    if (!input.is(Json::Kind::object) || !known.is(Json::Kind::object)) return nullptr;
    Json rest;
    for (const auto& member : input.members()) {
        const Json* twin = known.find(member.name);
        Json left = twin == nullptr ? member.value : residue(member.value, *twin);
        if (twin == nullptr || !left.is_null()) rest.set(member.name, std::move(left));
    }
    return rest;
}

static void add_residue(Json& json, const Json& rest) {
    if (!rest.is(Json::Kind::object)) return;
    for (const auto& member : rest.members()) {
        if (!json.has(member.name)) {
            json.set(member.name, member.value);
            continue;
        }
        for (auto& own : json.members())
            if (own.name == member.name) add_residue(own.value, member.value);
    }
}

template <class R>
Json to_json(const R& record) {
    Json json =
        Json::object({{"id", text(record.id)},
                      {"project", record.project ? Json(text(record.project)) : Json(nullptr)},
                      {"name", record.name},
                      {"created", text(record.created)},
                      {"revision", static_cast<std::int64_t>(record.revision)},
                      {"declared_revision", static_cast<std::int64_t>(record.declared_revision)},
                      {"deleting", record.deleting},
                      {"declared", part_to_json(record.declared)},
                      {"claimed", part_to_json(record.claimed)},
                      {"observed", part_to_json(record.observed)}});
    add_residue(json, record.unknown);
    return json;
}

template <class T>
static Status read(const Json& json, const char* name, T& into, Unknown unknown) {
    const Json* member = json.find(name);
    if (member == nullptr || member->is_null()) return {};
    into = TRY(Codec<T>::decode(*member, name, {}, unknown));
    return {};
}

template <class R>
Result<R> record_from_json(const Json& json, Unknown unknown) {
    if (!json.is(Json::Kind::object)) return misfit("record", "must be an object");
    R record;
    TRY(read(json, "id", record.id, unknown));
    TRY(read(json, "project", record.project, unknown));
    TRY(read(json, "name", record.name, unknown));
    TRY(read(json, "created", record.created, unknown));
    TRY(read(json, "revision", record.revision, unknown));
    TRY(read(json, "declared_revision", record.declared_revision, unknown));
    TRY(read(json, "deleting", record.deleting, unknown));
    TRY(read(json, "declared", record.declared, unknown));
    TRY(read(json, "claimed", record.claimed, unknown));
    TRY(read(json, "observed", record.observed, unknown));
    if (unknown == Unknown::kept) record.unknown = residue(json, to_json(record));
    return record;
}

template <class Part>
Json part_to_json(const Part& part) {
    return Codec<Part>::encode(part);
}

template <class Part>
Result<Part> part_from_json(const Json& json, Unknown unknown) {
    return Codec<Part>::decode(json, "", {}, unknown);
}

/// One field of merge(). Not inline: so it is compiled once for each type, not for each field.
template <class Value>
[[gnu::noinline]] static Status merge_field(Value& field, const Value& usual, const Json& member,
                                            std::string_view name, const Bounds& bounds,
                                            Mutability mutability, Writing writing) {
    const std::string path(name);
    auto value = member.is_null() ? Result<Value>(usual)
                                  : Codec<Value>::decode(member, path, bounds, Unknown::refused);
    if (!value.ok()) return value.error();
    if (*value == field) return {};
    if (mutability == Mutability::computed)
        return misfit(path, "is set by the datacenter and cannot be given");
    if (mutability == Mutability::at_creation && writing == Writing::updating)
        return misfit(path, "cannot change after creation", "make a new one with the value wanted");
    field = std::move(*value);
    return {};
}

template <class Part>
Status merge(Part& part, const Json& patch, Writing writing) {
    if (!patch.is(Json::Kind::object)) return misfit("body", "must be an object");
    TRY(refuse_unknown<Part>(patch, ""));
    Status status;
    Part merged = part;
    const Part usual{};
    for_each_field<Part>([&](const auto& each) {
        const Json* member = patch.find(each.name);
        if (member == nullptr || !status.ok()) return;
        status = merge_field(merged.*each.member, usual.*each.member, *member, each.name,
                             each.bounds, each.mutability, writing);
    });
    TRY(std::move(status));
    part = std::move(merged);
    return {};
}

template <class Part>
Json schema() {
    return Codec<Part>::schema({});
}

#define VDC_PART(P)                                             \
    template Json part_to_json<P>(const P&);                    \
    template Result<P> part_from_json<P>(const Json&, Unknown); \
    template Json schema<P>();
#define VDC_GIVEN(P) \
    VDC_PART(P)      \
    template Status merge<P>(P&, const Json&, Writing);
#define VDC_VIEW(V)                                             \
    template Json part_to_json<V>(const V&);                    \
    template Result<V> part_from_json<V>(const Json&, Unknown); \
    template Json schema<V>();
#define VDC_RECORD(R)                   \
    template Json to_json<R>(const R&); \
    template Result<R> record_from_json<R>(const Json&, Unknown);

VDC_GIVEN(Nothing)
VDC_PART(Resources)
VDC_PART(Template)
VDC_PART(Front)
VDC_PART(Explanation)
VDC_GIVEN(ProjectDeclared)
VDC_GIVEN(HostDeclared)
VDC_PART(HostClaimed)
VDC_PART(HostObserved)
VDC_GIVEN(FlavorDeclared)
VDC_GIVEN(KeyPairDeclared)
VDC_GIVEN(ImageDeclared)
VDC_PART(ImageClaimed)
VDC_PART(ImageObserved)
VDC_PART(ImageSeen)
VDC_GIVEN(NetworkDeclared)
VDC_PART(NetworkClaimed)
VDC_PART(NetworkObserved)
VDC_PART(NetworkSeen)
VDC_GIVEN(PortDeclared)
VDC_PART(PortClaimed)
VDC_GIVEN(VolumeDeclared)
VDC_PART(VolumeClaimed)
VDC_PART(VolumeObserved)
VDC_GIVEN(VolumeSnapshotDeclared)
VDC_PART(VolumeSnapshotObserved)
VDC_GIVEN(InstanceDeclared)
VDC_GIVEN(InstanceExtras)
VDC_PART(InstanceClaimed)
VDC_PART(InstanceObserved)
VDC_GIVEN(ApplicationDeclared)
VDC_PART(ApplicationClaimed)
VDC_PART(ApplicationObserved)
VDC_PART(FrontSeen)
VDC_PART(VolumeSeen)
VDC_PART(ArrivalSeen)
VDC_GIVEN(BalanceDeclared)
VDC_PART(BalanceClaimed)
VDC_PART(BalanceObserved)
VDC_PART(HostFound)
VDC_GIVEN(OperationDeclared)
VDC_PART(OperationObserved)
VDC_VIEW(ProjectView)
VDC_VIEW(HostView)
VDC_VIEW(ImageView)
VDC_VIEW(NetworkView)
VDC_VIEW(VolumeView)
VDC_VIEW(VolumeSnapshotView)
VDC_VIEW(PortView)
VDC_VIEW(InstanceView)
VDC_VIEW(ApplicationView)
VDC_VIEW(BalanceView)
VDC_VIEW(PlainView)
VDC_RECORD(Project)
VDC_RECORD(Host)
VDC_RECORD(Flavor)
VDC_RECORD(KeyPair)
VDC_RECORD(Image)
VDC_RECORD(Network)
VDC_RECORD(Volume)
VDC_RECORD(VolumeSnapshot)
VDC_RECORD(Port)
VDC_RECORD(Instance)
VDC_RECORD(Application)
VDC_RECORD(Balance)
VDC_RECORD(Operation)

}  // namespace vdc::model
