#include "drivers/networks/record.h"

#include <algorithm>

#include "base/json.h"
#include "drivers/networks/notes.h"
#include "runtime/files.h"

namespace vdc::drivers::networks {

using base::Json;
using control::NetworkSpec;
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
            .ports = network.ports};
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

std::string write_record(const Record& record) {
    Json ports = Json::array();
    for (const PortSpec& port : record.ports) ports.push(port_json(port));
    return base::dump(Json::object({{"network", text(record.network)},
                                    {"applied", hash_text(record.applied)},
                                    {"shape", hash_text(record.shape)},
                                    {"nat", record.nat},
                                    {"mtu", record.mtu},
                                    {"ports", std::move(ports)}}));
}

std::optional<Record> read_record(const std::string& text) {
    const auto json = base::parse_json(text);
    if (!json.ok() || !json->at("ports").is(Json::Kind::array)) return std::nullopt;
    const auto network = base::parse_uuid(json->text_at("network"));
    const auto applied = parse_hash(json->text_at("applied"));
    const auto shape = parse_hash(json->text_at("shape"));
    if (!network || !applied || !shape) return std::nullopt;
    Record record{.network = {*network},
                  .applied = *applied,
                  .shape = *shape,
                  .nat = json->boolean_at("nat"),
                  .mtu = static_cast<int>(json->integer_at("mtu")),
                  .ports = {}};
    for (const Json& item : json->at("ports").items()) {
        const auto port = parse_port(item);
        if (!port) return std::nullopt;
        record.ports.push_back(*port);
    }
    return record;
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
