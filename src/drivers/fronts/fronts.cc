#include "drivers/fronts/fronts.h"

#include <fmt/format.h>

#include <algorithm>

#include "drivers/fronts/admin.h"
#include "drivers/fronts/balancer.h"
#include "drivers/fronts/config.h"
#include "drivers/fronts/record.h"
#include "drivers/networks/namespaces.h"
#include "drivers/networks/notes.h"
#include "drivers/networks/rules.h"
#include "runtime/files.h"

namespace vdc::drivers::fronts {

using base::Error;
using base::Result;
using base::Status;
using base::text;
using control::FrontSighting;
using control::FrontSpec;
using networks::Daemon;
using networks::Inside;

// ---- records -----------------------------------------------------------------------------------

static std::string record_path(const FrontFiles& files) {
    return files.folder + "/record.json";
}

static std::optional<Record> load_record(const FrontFiles& files) {
    const auto text = runtime::read_file(record_path(files));
    if (!text.ok()) return std::nullopt;
    return read_record(*text);
}

static Status save_record(const FrontFiles& files, const Record& record) {
    return networks::write_note(record_path(files), write_record(record));
}

std::unique_lock<std::mutex> Fronts::hold(model::ApplicationId application) {
    std::mutex* mutex = nullptr;
    {
        const std::lock_guard lock(guard_);
        mutex = &held_[application];
    }
    return std::unique_lock(*mutex);
}

// ---- the way to a front ------------------------------------------------------------------------

static Status open_inside(const std::string& inner, const Opening& opening) {
    TRY(networks::ip_batch(inner,
                           fmt::format("addr replace {}/32 dev lo\n", text(opening.address))));
    return networks::nft(inner, networks::front_opening(opening.address, opening.port));
}

static Error taken(base::Ipv4 address, const std::string& device) {
    return {Error::Code::conflict,
            "the address " + text(address) + " leads to " + device + " on this host",
            "give the application another address, or end what uses this one"};
}

/// The inside end of the network's transit, by which the host reaches the namespace.
static Result<base::Ipv4> next_hop(const std::string& device) {
    for (const networks::Placed& placed : TRY(networks::look_around()).addresses)
        if (placed.device == device && networks::transit_pool.holds(placed.address))
            return placed.address + 1;
    return Error{Error::Code::conflict, "the network's uplink " + device + " is not there",
                 "apply the network first"};
}

static Status open_outside(const HostPaths& paths, int number, const Opening& opening) {
    const std::string device = networks::host_device(paths, number);
    const std::string ours = "vdc" + paths.tag + "n";
    const std::string present = networks::device_towards(opening.address);
    if (!present.empty() && !present.starts_with(ours)) return taken(opening.address, present);
    const base::Ipv4 hop = TRY(next_hop(device));
    return networks::ip_batch("", fmt::format("route replace {}/32 via {} dev {}\n",
                                              text(opening.address), text(hop), device));
}

static Status close_outside(const HostPaths& paths, int number, const Opening& opening) {
    const std::string device = networks::host_device(paths, number);
    if (networks::device_towards(opening.address) != device) return {};
    return networks::ip_batch(
        "", fmt::format("route del {}/32 dev {}\n", text(opening.address), device));
}

static Status close_inside(const std::string& inner, const Opening& opening) {
    if (!networks::namespace_exists(inner)) return {};
    Inside seen;
    bool rules = false;
    const auto look = [&]() -> Status {
        seen = TRY(networks::look_around());
        rules = networks::table_exists(networks::TableFamily::inet, networks::guard_table);
        return {};
    };
    TRY(networks::in_namespace(inner, look));
    if (rules) TRY(networks::nft(inner, networks::front_closing(opening.address, opening.port)));
    if (std::ranges::find(seen.addresses, networks::Placed{"lo", opening.address, 32}) ==
        seen.addresses.end())
        return {};
    return networks::ip_batch(inner, fmt::format("addr del {}/32 dev lo\n", text(opening.address)));
}

/// Openings of the record that the spec does not ask for.
static Status close_others(const HostPaths& paths, int number, const Record& record,
                           const std::optional<Opening>& kept) {
    for (const Opening& opening : record.openings) {
        if (opening == kept) continue;
        const bool address_stays = kept && kept->address == opening.address;
        if (!address_stays) TRY(close_outside(paths, number, opening));
        if (address_stays)
            TRY(networks::nft(paths.network_namespace(number),
                              networks::front_closing(opening.address, opening.port)));
        else
            TRY(close_inside(paths.network_namespace(number), opening));
    }
    return {};
}

// ---- applying ----------------------------------------------------------------------------------

/// What is new, when nothing else changed; nothing when a reload is needed.
static std::optional<std::vector<BackendSpec>> only_new(const FrontSpec& front,
                                                        const Record& before) {
    std::vector<BackendSpec> fresh;
    std::size_t kept = 0;
    for (const BackendSpec& backend : front.backends) {
        const bool known = std::ranges::find(before.backends, backend) != before.backends.end();
        kept += known;
        if (!known) fresh.push_back(backend);
    }
    const bool all_kept = kept == before.backends.size();
    if (!before.whole || before.shape != shape_of(front) || !all_kept) return std::nullopt;
    return fresh;
}

static Status change_balancer(const FrontSpec& front, const FrontFiles& files,
                              const Record& before) {
    if (const auto fresh = only_new(front, before))
        if (extend_balancer(front, files, *fresh).ok()) return {};
    return reload_balancer(front, files);
}

/// A change that a running HAProxy does not take in time is no error yet: a new one will.
static Result<Daemon> bring_balancer(const FrontSpec& front, const FrontFiles& files,
                                     const std::optional<Record>& before,
                                     const std::string& inner) {
    const auto master = find_balancer(files);
    if (master && before && change_balancer(front, files, *before).ok()) return *master;
    return start_balancer(front, files, inner);
}

/// Before the change: everything that is open or will be.
static Record intent(const FrontSpec& front, const std::optional<Record>& before) {
    Record record = before.value_or(Record{});
    record.whole = false;
    const Opening opening{front.address, front.port};
    if (std::ranges::find(record.openings, opening) == record.openings.end())
        record.openings.push_back(opening);
    return record;
}

Result<FrontSighting> Fronts::apply(const FrontSpec& front) {
    TRY(check_front(front));
    {
        const auto held = hold(front.id);
        const FrontFiles files = front_files(paths_, front.network_number, front.id);
        const std::string inner = paths_.network_namespace(front.network_number);
        const Opening opening{front.address, front.port};
        if (!networks::namespace_exists(inner))
            return Error{Error::Code::conflict,
                         fmt::format("network {} of application '{}' is not on this host",
                                     front.network_number, front.name),
                         "apply the network first"};
        const std::optional<Record> before = load_record(files);
        TRY(runtime::ensure_dir(files.folder, 0700));
        const Record begun = intent(front, before);
        TRY(save_record(files, begun));
        TRY(open_inside(inner, opening));
        const Daemon master = TRY(bring_balancer(front, files, before, inner));
        TRY(open_outside(paths_, front.network_number, opening));
        TRY(close_others(paths_, front.network_number, begun, opening));
        TRY(save_record(files, {.whole = true,
                                .applied = fingerprint(front),
                                .shape = shape_of(front),
                                .master = master,
                                .openings = {opening},
                                .backends = front.backends}));
    }
    return look(front);
}

// ---- looking and removing ----------------------------------------------------------------------

Result<FrontSighting> Fronts::look(const FrontSpec& front) {
    const auto held = hold(front.id);
    const FrontFiles files = front_files(paths_, front.network_number, front.id);
    const std::optional<Record> record = load_record(files);
    if (!record || !record->whole || !networks::alive(record->master)) return FrontSighting{};
    for (const Opening& opening : record->openings)
        if (networks::device_towards(opening.address) !=
            networks::host_device(paths_, front.network_number))
            return FrontSighting{};
    const auto stat = ask(files.admin(), "show stat replicas 4 -1");
    if (!stat.ok()) return FrontSighting{};
    TRY(tell(files.admin(), hopeless_sessions(front, *stat)));
    return FrontSighting{
        .present = true, .applied = record->applied, .ready = ready_backends(front, *stat)};
}

Result<FrontSighting> Fronts::remove(model::ApplicationId application, model::NetworkId,
                                     int network_number) {
    const auto held = hold(application);
    const FrontFiles files = front_files(paths_, network_number, application);
    if (const std::optional<Record> record = load_record(files))
        TRY(close_others(paths_, network_number, *record, std::nullopt));
    TRY(end_balancer(files));
    TRY(runtime::remove_tree(files.folder));
    return FrontSighting{};
}

}  // namespace vdc::drivers::fronts
