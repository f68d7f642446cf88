#include "control/duties_update.h"

#include "model/noun_words.h"
#include "model/value_codec.h"

namespace vdc::control {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using model::Noun;
using model::Subject;

DutiesUpdate whole_update(Duties duties) {
    return {true, std::move(duties), {}};
}

/// Copies one part of the duties, or says that it is gone.
template <class Map>
static void pick(const Map& from, Map& into, const Subject& subject, Parts& gone) {
    const auto found = from.find(typename Map::key_type{subject.id});
    if (found != from.end())
        into.insert(*found);
    else
        gone.insert(subject);
}

DutiesUpdate update_of(const Duties& duties, const Parts& changed) {
    DutiesUpdate update;
    Duties& parts = update.parts;
    parts.revision = duties.revision;
    parts.host_name = duties.host_name;
    parts.epoch = duties.epoch;
    parts.epoch_over = duties.epoch_over;
    parts.host = duties.host;
    parts.after_restore = duties.after_restore;
    parts.ends = duties.ends;
    parts.reported = duties.reported;
    for (const Subject& subject : changed) {
        switch (subject.noun) {
            case Noun::host: return whole_update(duties);
            case Noun::image: pick(duties.images, parts.images, subject, update.gone); break;
            case Noun::volume: pick(duties.volumes, parts.volumes, subject, update.gone); break;
            case Noun::network: pick(duties.networks, parts.networks, subject, update.gone); break;
            case Noun::application: pick(duties.fronts, parts.fronts, subject, update.gone); break;
            case Noun::instance:
                pick(duties.instances, parts.instances, subject, update.gone);
                break;
            default: base::broken("no duty is about this noun");
        }
    }
    return update;
}

template <class Map>
static void take_parts(Map& into, Map& from) {
    for (auto& [id, part] : from) into.insert_or_assign(id, std::move(part));
}

void take(Duties& duties, DutiesUpdate update) {
    Duties& parts = update.parts;
    if (update.whole) {
        duties = std::move(parts);
        return;
    }
    duties.revision = parts.revision;
    duties.host_name = std::move(parts.host_name);
    duties.epoch = parts.epoch;
    duties.epoch_over = parts.epoch_over;
    duties.host = parts.host;
    duties.after_restore = parts.after_restore;
    duties.ends = std::move(parts.ends);
    duties.reported = std::move(parts.reported);
    take_parts(duties.images, parts.images);
    take_parts(duties.volumes, parts.volumes);
    take_parts(duties.networks, parts.networks);
    take_parts(duties.fronts, parts.fronts);
    take_parts(duties.instances, parts.instances);
    for (const Subject& subject : update.gone) {
        duties.images.erase({subject.id});
        duties.volumes.erase({subject.id});
        duties.networks.erase({subject.id});
        duties.fronts.erase({subject.id});
        duties.instances.erase({subject.id});
    }
}

// ---- JSON --------------------------------------------------------------------------------------

constexpr auto words(FrontProtocol) {
    return model::Words<FrontProtocol, 2>{
        {{FrontProtocol::tcp, "tcp"}, {FrontProtocol::http, "http"}}};
}

/// The members of T as they are sent.
template <class T>
struct Members;

template <class T, class M>
static constexpr auto member(std::string_view name, M T::*pointer) {
    return model::field(name, pointer, "");
}

template <>
struct Members<ImageSpec> {
    static constexpr auto fields() {
        using T = ImageSpec;
        return std::tuple{member("id", &T::id), member("format", &T::format),
                          member("sha256", &T::sha256),
                          member("virtual_size_max", &T::virtual_size_max)};
    }
};
template <>
struct Members<ImageSighting> {
    static constexpr auto fields() {
        using T = ImageSighting;
        return std::tuple{member("present", &T::present), member("format", &T::format),
                          member("sha256", &T::sha256), member("virtual_size", &T::virtual_size),
                          member("stored_size", &T::stored_size)};
    }
};
template <>
struct Members<ImageSource> {
    static constexpr auto fields() {
        using T = ImageSource;
        return std::tuple{member("host", &T::host), member("host_name", &T::host_name),
                          member("image", &T::image)};
    }
};
template <>
struct Members<ImageDuty> {
    static constexpr auto fields() {
        using T = ImageDuty;
        return std::tuple{member("image", &T::image),       member("keeper", &T::keeper),
                          member("uploaded", &T::uploaded), member("gone", &T::gone),
                          member("source", &T::source),     member("reported", &T::reported)};
    }
};
template <>
struct Members<VolumeSpec> {
    static constexpr auto fields() {
        using T = VolumeSpec;
        return std::tuple{member("id", &T::id),
                          member("size", &T::size),
                          member("image", &T::image),
                          member("snapshots", &T::snapshots),
                          member("revert_to", &T::revert_to),
                          member("reverts", &T::reverts),
                          member("open_in", &T::open_in),
                          member("pool", &T::pool),
                          member("is_kept", &T::is_kept)};
    }
};
template <>
struct Members<VolumeDuty> {
    static constexpr auto fields() {
        using T = VolumeDuty;
        return std::tuple{member("volume", &T::volume),
                          member("instance", &T::instance),
                          member("slot", &T::slot),
                          member("gone", &T::gone),
                          member("leaving", &T::leaving),
                          member("is_copy", &T::is_copy),
                          member("copy_reported", &T::copy_reported),
                          member("generation", &T::generation),
                          member("snapshots_gone", &T::snapshots_gone),
                          member("reported", &T::reported),
                          member("snapshots_reported", &T::snapshots_reported)};
    }
};
template <>
struct Members<PortSpec> {
    static constexpr auto fields() {
        using T = PortSpec;
        return std::tuple{member("id", &T::id),
                          member("mac", &T::mac),
                          member("address", &T::address),
                          member("hostname", &T::hostname),
                          member("anti_spoof", &T::anti_spoof),
                          member("is_awaited", &T::is_awaited)};
    }
};
template <>
struct Members<NameSpec> {
    static constexpr auto fields() {
        using T = NameSpec;
        return std::tuple{member("name", &T::name), member("address", &T::address)};
    }
};
template <>
struct Members<PeerSpec> {
    static constexpr auto fields() {
        using T = PeerSpec;
        return std::tuple{member("mac", &T::mac), member("address", &T::address),
                          member("underlay", &T::underlay), member("anti_spoof", &T::anti_spoof)};
    }
};
template <>
struct Members<FarFrontSpec> {
    static constexpr auto fields() {
        using T = FarFrontSpec;
        return std::tuple{member("address", &T::address), member("underlay", &T::underlay)};
    }
};
template <>
struct Members<NetworkSpec> {
    static constexpr auto fields() {
        using T = NetworkSpec;
        return std::tuple{member("id", &T::id),
                          member("number", &T::number),
                          member("range", &T::range),
                          member("gateway", &T::gateway),
                          member("domain", &T::domain),
                          member("nat", &T::nat),
                          member("mtu", &T::mtu),
                          member("ports", &T::ports),
                          member("names", &T::names),
                          member("vni", &T::vni),
                          member("underlay", &T::underlay),
                          member("peers", &T::peers),
                          member("far_fronts", &T::far_fronts)};
    }
};
template <>
struct Members<NetworkDuty> {
    static constexpr auto fields() {
        using T = NetworkDuty;
        return std::tuple{member("network", &T::network), member("needed", &T::needed),
                          member("reported", &T::reported)};
    }
};
template <>
struct Members<BackendSpec> {
    static constexpr auto fields() {
        using T = BackendSpec;
        return std::tuple{member("instance", &T::instance), member("name", &T::name),
                          member("address", &T::address)};
    }
};
template <>
struct Members<FrontSpec> {
    static constexpr auto fields() {
        using T = FrontSpec;
        return std::tuple{member("id", &T::id),
                          member("network", &T::network),
                          member("network_number", &T::network_number),
                          member("name", &T::name),
                          member("address", &T::address),
                          member("port", &T::port),
                          member("target_port", &T::target_port),
                          member("protocol", &T::protocol),
                          member("check_path", &T::check_path),
                          member("backends", &T::backends)};
    }
};
template <>
struct Members<FrontDuty> {
    static constexpr auto fields() {
        using T = FrontDuty;
        return std::tuple{member("front", &T::front), member("gone", &T::gone),
                          member("reported", &T::reported)};
    }
};
template <>
struct Members<DiskSpec> {
    static constexpr auto fields() {
        using T = DiskSpec;
        return std::tuple{member("volume", &T::volume), member("slot", &T::slot)};
    }
};
template <>
struct Members<CardSpec> {
    static constexpr auto fields() {
        using T = CardSpec;
        return std::tuple{member("port", &T::port), member("network", &T::network),
                          member("network_number", &T::network_number), member("mac", &T::mac),
                          member("mtu", &T::mtu)};
    }
};
template <>
struct Members<SeedSpec> {
    static constexpr auto fields() {
        using T = SeedSpec;
        return std::tuple{member("meta_data", &T::meta_data), member("user_data", &T::user_data),
                          member("network_config", &T::network_config)};
    }
};
template <>
struct Members<Wishes> {
    static constexpr auto fields() {
        using T = Wishes;
        return std::tuple{member("starts", &T::starts), member("reboots", &T::reboots),
                          member("resets", &T::resets)};
    }
};
template <>
struct Members<InstanceSpec> {
    static constexpr auto fields() {
        using T = InstanceSpec;
        return std::tuple{member("id", &T::id),         member("generation", &T::generation),
                          member("name", &T::name),     member("vcpus", &T::vcpus),
                          member("memory", &T::memory), member("disks", &T::disks),
                          member("cards", &T::cards),   member("seed", &T::seed),
                          member("wishes", &T::wishes)};
    }
};
template <>
struct Members<Metadata> {
    static constexpr auto fields() {
        using T = Metadata;
        return std::tuple{member("hostname", &T::hostname), member("project", &T::project),
                          member("public_key", &T::public_key), member("key_name", &T::key_name),
                          member("user_data", &T::user_data)};
    }
};
template <>
struct Members<MoveDuty> {
    static constexpr auto fields() {
        using T = MoveDuty;
        return std::tuple{member("generation", &T::generation), member("receives", &T::receives),
                          member("other", &T::other),           member("address", &T::address),
                          member("is_awaited", &T::is_awaited), member("rung", &T::rung)};
    }
};
template <>
struct Members<InstanceDuty> {
    static constexpr auto fields() {
        using T = InstanceDuty;
        return std::tuple{
            member("instance", &T::instance), member("power", &T::power),
            member("gone", &T::gone),         member("restart", &T::restart),
            member("rules", &T::rules),       member("stop_timeout", &T::stop_timeout),
            member("metadata", &T::metadata), member("reported", &T::reported),
            member("move", &T::move),         member("moved", &T::moved),
            member("adopts", &T::adopts)};
    }
};
template <>
struct Members<Duties> {
    static constexpr auto fields() {
        using T = Duties;
        return std::tuple{member("revision", &T::revision),
                          member("host_name", &T::host_name),
                          member("epoch", &T::epoch),
                          member("epoch_over", &T::epoch_over),
                          member("images", &T::images),
                          member("volumes", &T::volumes),
                          member("networks", &T::networks),
                          member("fronts", &T::fronts),
                          member("instances", &T::instances),
                          member("host", &T::host),
                          member("after_restore", &T::after_restore),
                          member("ends", &T::ends),
                          member("reported", &T::reported)};
    }
};

}  // namespace vdc::control

namespace vdc::model {

template <class T>
concept Sent = requires {
    vdc::control::Members<T>::fields();
};

template <Sent T>
struct Codec<T> : ObjectCodec<T, vdc::control::Members<T>> {};

}  // namespace vdc::model

namespace vdc::control {

using Code = Error::Code;

static Json to_json(const Parts& gone) {
    Json list = Json::array();
    for (const Subject& subject : gone)
        list.push(Json::object({{"noun", word(subject.noun)}, {"id", text(subject.id)}}));
    return list;
}

static Result<Parts> parts_from_json(const Json* list) {
    Parts parts;
    if (list == nullptr) return parts;
    if (!list->is(Json::Kind::array)) return Error{Code::invalid, "'gone' must be a list", ""};
    for (const Json& each : list->items()) {
        const Json* noun = each.is(Json::Kind::object) ? each.find("noun") : nullptr;
        const Json* id = each.is(Json::Kind::object) ? each.find("id") : nullptr;
        if (noun == nullptr || id == nullptr)
            return Error{Code::invalid, "'gone' must hold objects with noun and id", ""};
        parts.insert(
            {TRY(model::Codec<Noun>::decode(*noun, "gone.noun", {}, model::Unknown::kept)),
             TRY(model::Codec<base::Uuid>::decode(*id, "gone.id", {}, model::Unknown::kept))});
    }
    return parts;
}

Json to_json(const DutiesUpdate& update) {
    return Json::object({{"whole", update.whole},
                         {"parts", model::Codec<Duties>::encode(update.parts)},
                         {"gone", to_json(update.gone)}});
}

Result<DutiesUpdate> duties_update_from_json(const Json& json) {
    if (!json.is(Json::Kind::object))
        return Error{Code::invalid, "an update of duties must be an object", ""};
    DutiesUpdate update;
    if (const Json* whole = json.find("whole"))
        update.whole = TRY(model::Codec<bool>::decode(*whole, "whole", {}, model::Unknown::kept));
    if (const Json* parts = json.find("parts"))
        update.parts = TRY(model::Codec<Duties>::decode(*parts, "parts", {}, model::Unknown::kept));
    update.gone = TRY(parts_from_json(json.find("gone")));
    return update;
}

}  // namespace vdc::control
