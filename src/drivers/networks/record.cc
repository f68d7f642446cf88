#include "drivers/networks/record.h"

#include <algorithm>

#include "base/json.h"
#include "drivers/networks/notes.h"
#include "runtime/files.h"

namespace vdc::drivers::networks {

using base::Json;
using control::FarFrontSpec;
using control::NetworkSpec;
using control::PeerSpec;
using control::PortSpec;

static constexpr std::size_t record_size_max = 16 << 20;

const PortSpec* Record::port(model::PortId id) const {
    const auto found = std::ranges::find(ports, id, &PortSpec::id);
    return found == ports.end() ? nullptr : &*found;
}

base::Hash128 shape_of(const NetworkSpec& network) {
    NetworkSpec shape = network;
    shape.ports.clear();
    shape.names.clear();
    shape.peers.clear();
    shape.far_fronts.clear();
    return fingerprint(shape);
}

Record record_of(const NetworkSpec& network) {
    return {.network = network.id,
            .applied = fingerprint(network),
            .shape = shape_of(network),
            .nat = network.nat,
            .mtu = network.mtu,
            .ports = network.ports,
            .tunnel = tunnel_of(network)};
}

// ---- as JSON -----------------------------------------------------------------------------------

static std::string hash_text(const base::Hash128& hash) {
    return base::text(base::Uuid{hash.high, hash.low});
}

static std::optional<base::Hash128> parse_hash(const std::string& text) {
    const auto bits = base::parse_uuid(text);
    if (!bits) return std::nullopt;
    return base::Hash128{bits->high, bits->low};
}

static Json port_json(const PortSpec& port) {
    return Json::object({{"id", text(port.id)},
                         {"mac", base::text(port.mac)},
                         {"address", base::text(port.address)},
                         {"hostname", port.hostname},
                         {"anti_spoof", port.anti_spoof}});
}

static std::optional<PortSpec> parse_port(const Json& json) {
    const auto id = base::parse_uuid(json.text_at("id"));
    const auto mac = base::parse_mac(json.text_at("mac"));
    const auto address = base::parse_ipv4(json.text_at("address"));
    if (!id || !mac.ok() || !address.ok()) return std::nullopt;
    return PortSpec{.id = {*id},
                    .mac = *mac,
                    .address = *address,
                    .hostname = json.text_at("hostname"),
                    .anti_spoof = json.boolean_at("anti_spoof", true)};
}

static Json peer_json(const PeerSpec& peer) {
    return Json::object({{"mac", base::text(peer.mac)},
                         {"address", base::text(peer.address)},
                         {"underlay", base::text(peer.underlay)},
                         {"anti_spoof", peer.anti_spoof}});
}

static std::optional<PeerSpec> parse_peer(const Json& json) {
    const auto mac = base::parse_mac(json.text_at("mac"));
    const auto address = base::parse_ipv4(json.text_at("address"));
    const auto underlay = base::parse_ipv4(json.text_at("underlay"));
    if (!mac.ok() || !address.ok() || !underlay.ok()) return std::nullopt;
    return PeerSpec{*mac, *address, *underlay, json.boolean_at("anti_spoof", true)};
}

static Json far_front_json(const FarFrontSpec& front) {
    return Json::object(
        {{"address", base::text(front.address)}, {"underlay", base::text(front.underlay)}});
}

static std::optional<FarFrontSpec> parse_far_front(const Json& json) {
    const auto address = base::parse_ipv4(json.text_at("address"));
    const auto underlay = base::parse_ipv4(json.text_at("underlay"));
    if (!address.ok() || !underlay.ok()) return std::nullopt;
    return FarFrontSpec{*address, *underlay};
}

template <class Item>
static Json list_json(const std::vector<Item>& items, Json (*as_json)(const Item&)) {
    Json list = Json::array();
    for (const Item& item : items) list.push(as_json(item));
    return list;
}

/// Nothing when one of them is not whole, or there is no list.
template <class Item>
static std::optional<std::vector<Item>> parse_list(const Json& list,
                                                   std::optional<Item> (*parse)(const Json&)) {
    if (!list.is(Json::Kind::array)) return std::nullopt;
    std::vector<Item> items;
    for (const Json& each : list.items()) {
        const auto item = parse(each);
        if (!item) return std::nullopt;
        items.push_back(*item);
    }
    return items;
}

std::string write_record(const Record& record) {
    return base::dump(
        Json::object({{"network", text(record.network)},
                      {"applied", hash_text(record.applied)},
                      {"shape", hash_text(record.shape)},
                      {"nat", record.nat},
                      {"mtu", record.mtu},
                      {"ports", list_json(record.ports, port_json)},
                      {"peers", list_json(record.tunnel.peers, peer_json)},
                      {"far_fronts", list_json(record.tunnel.far_fronts, far_front_json)}}));
}

std::optional<Record> read_record(const std::string& text) {
    const auto json = base::parse_json(text);
    if (!json.ok()) return std::nullopt;
    const auto network = base::parse_uuid(json->text_at("network"));
    const auto applied = parse_hash(json->text_at("applied"));
    const auto shape = parse_hash(json->text_at("shape"));
    const auto ports = parse_list(json->at("ports"), parse_port);
    const auto peers = parse_list(json->at("peers"), parse_peer);
    const auto far_fronts = parse_list(json->at("far_fronts"), parse_far_front);
    if (!network || !applied || !shape || !ports || !peers || !far_fronts) return std::nullopt;
    return Record{.network = {*network},
                  .applied = *applied,
                  .shape = *shape,
                  .nat = json->boolean_at("nat"),
                  .mtu = static_cast<int>(json->integer_at("mtu")),
                  .ports = *ports,
                  .tunnel = {*peers, *far_fronts}};
}

// ---- in the network's folder -------------------------------------------------------------------

static std::string path_of(const HostPaths& paths, int number) {
    return paths.network(number) + "/record.json";
}

std::optional<Record> load_record(const HostPaths& paths, int number) {
    const auto text = runtime::read_file(path_of(paths, number), record_size_max);
    if (!text.ok()) return std::nullopt;
    return read_record(*text);
}

base::Status save_record(const HostPaths& paths, int number, const Record& record) {
    return write_note(path_of(paths, number), write_record(record));
}

base::Status drop_record(const HostPaths& paths, int number) {
    return runtime::remove_file(path_of(paths, number));
}

}  // namespace vdc::drivers::networks
