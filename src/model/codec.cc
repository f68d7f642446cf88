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

template <class Part>
Status merge(Part& part, const Json& patch, Writing writing) {
    if (!patch.is(Json::Kind::object)) return misfit("body", "must be an object");
    TRY(refuse_unknown<Part>(patch, ""));
    Status status;
    Part merged = part;
    for_each_field<Part>([&](const auto& each) {
        const Json* member = patch.find(each.name);
        if (member == nullptr || !status.ok()) return;
        using Value = std::remove_cvref_t<decltype(merged.*each.member)>;
        const std::string name(each.name);
        Result<Value> value =
            member->is_null() ? Result<Value>(Part{}.*each.member)
                              : Codec<Value>::decode(*member, name, each.bounds, Unknown::refused);
        if (!value.ok()) {
            status = value.error();
        } else if (*value == merged.*each.member) {
            return;
        } else if (each.mutability == Mutability::computed) {
            status = misfit(name, "is set by the datacenter and cannot be given");
        } else if (each.mutability == Mutability::at_creation && writing == Writing::updating) {
            status = misfit(name, "cannot change after creation",
                            "make a new one with the value wanted");
        } else {
            merged.*each.member = std::move(*value);
        }
    });
    TRY(std::move(status));
    part = std::move(merged);
    return {};
}

template <class Part>
Json schema() {
    return Codec<Part>::schema({});
}

template <class Part>
std::vector<std::string> differences(const Part& before, const Part& after) {
    std::vector<std::string> names;
    for_each_field<Part>([&](const auto& each) {
        if (!(before.*each.member == after.*each.member)) names.emplace_back(each.name);
    });
    return names;
}

#define VDC_PART(P)                                             \
    template Json part_to_json<P>(const P&);                    \
    template Result<P> part_from_json<P>(const Json&, Unknown); \
    template Status merge<P>(P&, const Json&, Writing);         \
    template Json schema<P>();                                  \
    template std::vector<std::string> differences<P>(const P&, const P&);
#define VDC_VIEW(V)                                             \
    template Json part_to_json<V>(const V&);                    \
    template Result<V> part_from_json<V>(const Json&, Unknown); \
    template Json schema<V>();
#define VDC_RECORD(R)                   \
    template Json to_json<R>(const R&); \
    template Result<R> record_from_json<R>(const Json&, Unknown);

VDC_PART(Nothing)
VDC_PART(Resources)
VDC_PART(Template)
VDC_PART(Front)
VDC_PART(Explanation)
VDC_PART(ProjectDeclared)
VDC_PART(HostDeclared)
VDC_PART(HostClaimed)
VDC_PART(HostObserved)
VDC_PART(FlavorDeclared)
VDC_PART(KeyPairDeclared)
VDC_PART(ImageDeclared)
VDC_PART(ImageClaimed)
VDC_PART(ImageObserved)
VDC_PART(ImageSeen)
VDC_PART(NetworkDeclared)
VDC_PART(NetworkClaimed)
VDC_PART(NetworkObserved)
VDC_PART(NetworkSeen)
VDC_PART(PortDeclared)
VDC_PART(PortClaimed)
VDC_PART(VolumeDeclared)
VDC_PART(VolumeClaimed)
VDC_PART(VolumeObserved)
VDC_PART(VolumeSnapshotDeclared)
VDC_PART(VolumeSnapshotObserved)
VDC_PART(InstanceDeclared)
VDC_PART(InstanceExtras)
VDC_PART(InstanceClaimed)
VDC_PART(InstanceObserved)
VDC_PART(ApplicationDeclared)
VDC_PART(ApplicationClaimed)
VDC_PART(ApplicationObserved)
VDC_PART(FrontSeen)
VDC_PART(VolumeSeen)
VDC_PART(ArrivalSeen)
VDC_PART(OperationDeclared)
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
VDC_RECORD(Operation)

}  // namespace vdc::model
