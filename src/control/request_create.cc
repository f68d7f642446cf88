#include <set>

#include "base/text.h"
#include "control/known_fields.h"
#include "control/make_instance.h"
#include "control/references.h"
#include "control/wish.h"
#include "model/codec.h"

/// What a request creates. One function per kind that needs more than its declared fields.
namespace vdc::control {

using base::Error;
using base::Json;
using base::Result;
using base::Status;
using model::Goal;
using model::Noun;
using model::ProjectId;
using model::Snapshot;

namespace {

Error needed(std::string_view field, std::string hint) {
    return {Error::Code::invalid, "'" + std::string(field) + "' is missing", std::move(hint)};
}

Result<std::string> name_in(const Json& body) {
    const Json& name = body.at("name");
    if (name.is_null()) return needed("name", "every thing has a name, for example \"web-1\"");
    if (!name.is(Json::Kind::text)) return Error{Error::Code::invalid, "'name' must be text"};
    return name.text();
}

/// A reference that may be left away: null and absent mean the same.
void default_to(Json& body, std::string_view field, Json value) {
    if (body.at(field).is_null()) body.set(field, std::move(value));
}

Status need(const Json& body, std::string_view field, std::string hint) {
    if (body.at(field).is_null()) return needed(field, std::move(hint));
    return {};
}

template <class R>
constexpr bool of_a_project =
    !(std::is_same_v<R, model::Project> || std::is_same_v<R, model::Host> ||
      std::is_same_v<R, model::Flavor> || std::is_same_v<R, model::Image> ||
      std::is_same_v<R, model::Balance> || std::is_same_v<R, model::Operation>);

template <class R>
Result<ProjectId> owner(const Work& work, const Json& body) {
    if constexpr (of_a_project<R>) {
        if (!work.project) return TRY(find_project(work.snapshot, "default"));
        return work.project;
    }
    const bool named = !body.at("project").is_null();
    if (named && std::is_same_v<R, model::Image>) return work.project;
    if (named)
        return Error{Error::Code::invalid, "'project' is not known here: a " +
                                               std::string(model::one_word(R::noun)) +
                                               " belongs to the datacenter"};
    return ProjectId{};
}

/// A record with id, project and name, and `body` without the latter two.
template <class R>
Result<R> begun(const Work& work, Json& body) {
    R record;
    record.id = {base::derive_uuid(work.ask.fresh, word(R::noun), work.ordinal)};
    record.name = TRY(name_in(body));
    TRY(base::check_name("a " + std::string(model::one_word(R::noun)), record.name));
    record.project = TRY(owner<R>(work, body));
    body.erase("name");
    body.erase("project");
    return record;
}

/// Where its operation ends.
template <class R>
void set_goal(Wish& wish) {
    if constexpr (std::is_same_v<R, model::Volume>) wish.goal = Goal::ready;
    if constexpr (std::is_same_v<R, model::VolumeSnapshot>) wish.goal = Goal::taken;
    if constexpr (std::is_same_v<R, model::Application>) wish.goal = Goal::ready;
    wish.reached = wish.goal == Goal::exists;
}

template <class R>
Wish created(const Work& work, R record) {
    Wish wish = wish_about(record);
    set_goal<R>(wish);
    const std::string why = reason(work.ask, "create", record);
    wish.steps.push_back({model::Create<R>{std::make_shared<const R>(std::move(record))}, why});
    return wish;
}

template <class R>
Status fill(const Work& work, R& record, Json& body) {
    TRY(resolve_references<typename R::Declared>(work.snapshot, record.project, body));
    return merge(record.declared, body, model::Writing::creating);
}

// ---- what a kind needs beside that -------------------------------------------------------------

Status prepare(const Work&, const auto&, Json&) {
    return {};
}

Status prepare(const Work&, const model::KeyPair&, Json& body) {
    return need(body, "public_key", "give the one line of a .pub file");
}

/// 10.N.0.0/24 with the lowest N from 20 on that no network has.
Result<base::Ipv4Range> free_range(const Snapshot& snapshot) {
    const auto taken = [&](const base::Ipv4Range& range) {
        for (const auto& [id, network] : snapshot.all<model::Network>())
            if (network->declared.range.overlaps(range)) return true;
        return false;
    };
    for (std::uint32_t second = 20; second < 256; ++second) {
        const base::Ipv4Range range{{10u << 24 | second << 16}, 24};
        if (!taken(range)) return range;
    }
    return needed("range", "there is no free one to choose; for example 10.20.7.0/24");
}

Status prepare(const Work& work, const model::Network& network, Json& body) {
    if (body.at("range").is_null()) body.set("range", text(TRY(free_range(work.snapshot))));
    default_to(body, "domain", network.name + ".internal");
    return {};
}

/// As large as its image, if it is known how large that is.
Status prepare(const Work& work, const model::Volume& volume, Json& body) {
    if (!body.at("size").is_null()) return {};
    const Json& named = body.at("image");
    if (!named.is(Json::Kind::text)) return needed("size", "for example \"10GiB\"");
    const auto& image =
        *TRY(find_record<model::Image>(work.snapshot, volume.project, named.text()));
    if (image.observed.virtual_size.count == 0)
        return needed("size", "image '" + image.name + "' is not ready, so its size is not known");
    body.set("size", text(base::mib_holding(image.observed.virtual_size)));
    return {};
}

Status prepare(const Work&, const model::VolumeSnapshot&, Json& body) {
    return need(body, "volume", "name the volume whose present content shall be kept");
}

Status prepare(const Work&, const model::Port&, Json& body) {
    default_to(body, "network", "default");
    return {};
}

Status prepare(const Work&, const model::Application&, Json& body) {
    TRY(need(body, "template", "for example {\"flavor\": \"small\", \"image\": \"tiny\"}"));
    for (auto& member : body.members()) {
        if (member.name != "template" || !member.value.is(Json::Kind::object)) continue;
        TRY(need(member.value, "flavor", "`vdc flavor list` shows those there are"));
        TRY(need(member.value, "image", "`vdc image list` shows those there are"));
        default_to(member.value, "network", "default");
    }
    return {};
}

// ---- afterwards --------------------------------------------------------------------------------

Status finish(const Work&, auto&) {
    return {};
}

Status finish(const Work& work, model::Volume& volume) {
    if (!volume.declared.instance) return {};
    const auto* instance = work.snapshot.find<model::Instance>(*volume.declared.instance);
    if (instance != nullptr) volume.declared.slot = TRY(free_slot(work.snapshot, *instance));
    return {};
}

/// The first address is the network's own, the second the gateway's, the last one the broadcast.
Status check_address(const Snapshot& snapshot, model::NetworkId id, base::Ipv4 address) {
    const auto& network = snapshot.get<model::Network>(id);
    const base::Ipv4Range& range = network.declared.range;
    const base::Ipv4 first = range.first + 2;
    if (!range.holds(address) || address < first || !(address < range.broadcast()))
        return Error{
            Error::Code::invalid,
            "'address': " + text(address) + " is not for instances of network '" + network.name +
                "'",
            "take one from " + text(first) + " to " + text(base::Ipv4{range.broadcast().bits - 1})};
    for (const auto* port :
         snapshot.linked_records<model::Port>(model::Link::network_port, id.value))
        if (port->claimed.address == address || port->declared.address == address)
            return Error{Error::Code::exists,
                         "'address': " + text(address) + " belongs to port '" + port->name + "'",
                         "take another one, or leave it away to get a free one"};
    return {};
}

Status finish(const Work& work, model::Port& port) {
    if (port.declared.address)
        return check_address(work.snapshot, port.declared.network, *port.declared.address);
    return {};
}

template <class R>
Result<Wish> plain_creation(const Work& work, Json& body) {
    TRY(refuse_unknown<typename R::Declared>(body, {"name", "project"}));
    R record = TRY(begun<R>(work, body));
    TRY(prepare(work, record, body));
    TRY(fill(work, record, body));
    TRY(finish(work, record));
    return created(work, std::move(record));
}

// ---- instances ---------------------------------------------------------------------------------

Result<std::vector<model::NetworkId>> networks_of(const Snapshot& snapshot, ProjectId project,
                                                  const model::InstanceExtras& extras) {
    constexpr std::size_t cards_max = 8;
    const std::vector<std::string> names =
        extras.networks ? *extras.networks : std::vector<std::string>{"default"};
    if (names.size() > cards_max)
        return Error{Error::Code::invalid, "'networks' has more than 8 items"};
    std::vector<model::NetworkId> networks;
    for (const std::string& name : names) {
        const auto found = find_record<model::Network>(snapshot, project, name);
        if (!found.ok())
            return Error{found.error().code, "'networks': " + found.error().message,
                         extras.networks ? found.error().hint
                                         : "name one in \"network\", or create 'default'"};
        networks.push_back((*found)->id);
    }
    return networks;
}

Result<Wish> instance_creation(const Work& work, Json& body) {
    TRY(refuse_unknown<model::InstanceDeclared>(body, instance_fields()));
    model::Instance record = TRY(begun<model::Instance>(work, body));
    const model::InstanceExtras extras = TRY(take_extras(body));
    TRY(need(body, "flavor", "`vdc flavor list` shows those there are"));
    TRY(need(body, "image", "`vdc image list` shows those there are"));
    TRY(fill(work, record, body));
    const model::InstanceDeclared& declared = record.declared;

    NewInstance wanted;
    wanted.id = record.id;
    wanted.project = record.project;
    wanted.name = record.name;
    wanted.flavor = TRY(find_record<model::Flavor>(work.snapshot, {}, declared.flavor));
    wanted.image = declared.image;
    wanted.networks = TRY(networks_of(work.snapshot, record.project, extras));
    wanted.key = declared.key;
    wanted.user_data = declared.user_data;
    wanted.disk = extras.disk;
    if (extras.pool) wanted.pool = *extras.pool;
    wanted.priority = declared.priority;
    wanted.survives = declared.survives;
    wanted.power = declared.power;
    wanted.restart = declared.restart;
    wanted.stop_timeout = declared.stop_timeout;
    wanted.address = extras.address;
    if (extras.address && wanted.networks.empty())
        return Error{Error::Code::invalid, "'address' needs a network; 'networks' names none"};
    if (extras.address) TRY(check_address(work.snapshot, wanted.networks[0], *extras.address));

    Wish wish = wish_about(record);
    wish.reached = false;
    wish.goal = declared.power == model::Power::off      ? Goal::stopped
                : declared.power == model::Power::paused ? Goal::paused
                                                         : Goal::running;
    wish.count = declared.power == model::Power::on ? 1 : 0;
    wish.steps = make_instance(wanted, reason(work.ask, "create", record));
    return wish;
}

}  // namespace

void drop_line_end(Noun noun, Json& body) {
    std::string line = noun == Noun::key_pair ? body.text_at("public_key") : "";
    if (!line.ends_with('\n')) return;
    line.pop_back();
    body.set("public_key", line);
}

Result<Wish> creation(const Work& work, Noun noun, Json body) {
    if (!body.is(Json::Kind::object))
        return Error{Error::Code::invalid, "the body must be a JSON object"};
    drop_line_end(noun, body);
    switch (noun) {
        case Noun::project: return plain_creation<model::Project>(work, body);
        case Noun::flavor: return plain_creation<model::Flavor>(work, body);
        case Noun::key_pair: return plain_creation<model::KeyPair>(work, body);
        case Noun::image: return plain_creation<model::Image>(work, body);
        case Noun::network: return plain_creation<model::Network>(work, body);
        case Noun::volume: return plain_creation<model::Volume>(work, body);
        case Noun::volume_snapshot: return plain_creation<model::VolumeSnapshot>(work, body);
        case Noun::port: return plain_creation<model::Port>(work, body);
        case Noun::instance: return instance_creation(work, body);
        case Noun::application: return plain_creation<model::Application>(work, body);
        case Noun::balance: return plain_creation<model::Balance>(work, body);
        case Noun::host:
            return Error{Error::Code::unsupported,
                         "hosts are not created: they register themselves",
                         "run `vdc up` on the machine"};
        case Noun::operation:
            return Error{Error::Code::unsupported,
                         "operations are not created: requests leave them"};
    }
    base::broken("a noun without a way to be created");
}

}  // namespace vdc::control
