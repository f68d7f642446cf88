#include <set>

#include "base/text.h"
#include "control/known_fields.h"
#include "control/references.h"
#include "control/wish.h"
#include "model/codec.h"

/// What a request says of an instance beside its declared fields, and what of that may change.
namespace vdc::control {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using model::Instance;
using model::InstanceExtras;

/// An instance in one network may say "network" instead of "networks".
static Status name_one_network(Json& body) {
    const Json* named = body.find("network");
    if (named == nullptr) return {};
    if (body.has("networks"))
        return Error{Error::Code::invalid, "'network' and 'networks' are both given",
                     "'networks' alone names all of them"};
    if (!named->is_null()) {
        if (!named->is(Json::Kind::text))
            return Error{Error::Code::invalid, "'network' must be the name or the id of a network"};
        body.set("networks", Json::array({*named}));
    }
    body.erase("network");
    return {};
}

Result<InstanceExtras> take_extras(Json& body) {
    TRY(name_one_network(body));
    Json given = Json::object();
    model::for_each_field<InstanceExtras>([&](const auto& field) {
        if (const Json* value = body.find(field.name)) given.set(field.name, *value);
        body.erase(field.name);
    });
    InstanceExtras extras;
    TRY(merge(extras, given, model::Writing::creating));
    return extras;
}

std::vector<std::string> instance_fields() {
    std::vector<std::string> names{"name", "project", "network"};
    for (std::string& name : field_names<InstanceExtras>(/*with_computed=*/false))
        names.push_back(std::move(name));
    return names;
}

// ---- instances that are there ------------------------------------------------------------------

static Error fixed(const char* field, const std::string& present) {
    return {Error::Code::invalid,
            "'" + std::string(field) + "' cannot change after creation; it is " + present,
            "make a new instance with the value wanted"};
}

static std::vector<const model::Port*> ports_of(const Work& work, const Instance& instance) {
    return work.snapshot.linked_records<model::Port>(model::Link::instance_port, instance.id.value);
}

static Status same_networks(const Work& work, const Instance& instance,
                            const std::vector<std::string>& wanted) {
    std::set<model::NetworkId> before;
    std::set<model::NetworkId> after;
    std::vector<std::string> names;
    for (const auto* port : ports_of(work, instance)) {
        before.insert(port->declared.network);
        names.push_back(work.snapshot.get<model::Network>(port->declared.network).name);
    }
    for (const std::string& name : wanted)
        after.insert(TRY(find_record<model::Network>(work.snapshot, instance.project, name))->id);
    if (before == after) return {};
    return fixed("networks", base::join(names, ", "));
}

static Status same_address(const Work& work, const Instance& instance, base::Ipv4 wanted) {
    std::vector<std::string> addresses;
    for (const auto* port : ports_of(work, instance)) {
        if (port->declared.address == wanted || port->claimed.address == wanted) return {};
        addresses.push_back(text(port->claimed.address));
    }
    return fixed("address", base::join(addresses, ", "));
}

static Status same_pool(const Work& work, const Instance& instance, const std::string& wanted) {
    for (const auto* volume : work.snapshot.linked_records<model::Volume>(
             model::Link::instance_volume, instance.id.value))
        if (volume->declared.slot == 0 && volume->declared.pool != wanted)
            return fixed("pool", volume->declared.pool);
    return {};
}

/// The disk of an instance is the size of its root volume, which may grow.
static Status resize_root(const Work& work, const Instance& instance, model::MiB size, Wish& wish) {
    for (const auto* volume : work.snapshot.linked_records<model::Volume>(
             model::Link::instance_volume, instance.id.value)) {
        if (volume->declared.slot != 0 || size.count == 0) continue;
        Wish grown = TRY(change(work, volume->subject(), Json::object({{"size", text(size)}})));
        for (auto& step : grown.steps) wish.steps.push_back(std::move(step));
    }
    return {};
}

Result<Wish> change_instance(const Work& work, const Instance& instance, Json patch) {
    if (!patch.is(Json::Kind::object))
        return Error{Error::Code::invalid, "the patch must be a JSON object"};
    TRY(refuse_unknown<model::InstanceDeclared>(patch, instance_fields()));
    const InstanceExtras extras = TRY(take_extras(patch));
    if (extras.networks) TRY(same_networks(work, instance, *extras.networks));
    if (extras.pool) TRY(same_pool(work, instance, *extras.pool));
    if (extras.address) TRY(same_address(work, instance, *extras.address));
    Wish wish = TRY(change(work, instance.subject(), std::move(patch)));
    TRY(resize_root(work, instance, extras.disk, wish));
    return wish;
}

}  // namespace vdc::control
