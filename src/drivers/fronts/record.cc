#include "drivers/fronts/record.h"

#include "base/json.h"

namespace vdc::drivers::fronts {

using base::Json;
using control::BackendSpec;

base::Hash128 shape_of(const control::FrontSpec& front) {
    control::FrontSpec shape = front;
    shape.backends.clear();
    return fingerprint(shape);
}

static std::string hash_text(const base::Hash128& hash) {
    return base::text(base::Uuid{hash.high, hash.low});
}

static std::optional<base::Hash128> parse_hash(const std::string& text) {
    const auto bits = base::parse_uuid(text);
    if (!bits) return std::nullopt;
    return base::Hash128{bits->high, bits->low};
}

std::string write_record(const Record& record) {
    Json openings = Json::array();
    for (const Opening& opening : record.openings)
        openings.push(Json::object(
            {{"address", base::text(opening.address)}, {"port", std::int64_t{opening.port}}}));
    Json backends = Json::array();
    for (const BackendSpec& backend : record.backends)
        backends.push(Json::object({{"instance", text(backend.instance)},
                                    {"name", backend.name},
                                    {"address", base::text(backend.address)}}));
    return base::dump(Json::object({{"whole", record.whole},
                                    {"applied", hash_text(record.applied)},
                                    {"shape", hash_text(record.shape)},
                                    {"master", networks::text(record.master)},
                                    {"openings", std::move(openings)},
                                    {"backends", std::move(backends)}}));
}

static std::optional<Opening> parse_opening(const Json& json) {
    const auto address = base::parse_ipv4(json.text_at("address"));
    const std::int64_t port = json.integer_at("port");
    if (!address.ok() || port < 1 || port > 65535) return std::nullopt;
    return Opening{*address, static_cast<std::uint16_t>(port)};
}

static std::optional<BackendSpec> parse_backend(const Json& json) {
    const auto instance = base::parse_uuid(json.text_at("instance"));
    const auto address = base::parse_ipv4(json.text_at("address"));
    if (!instance || !address.ok()) return std::nullopt;
    return BackendSpec{{*instance}, json.text_at("name"), *address};
}

template <class Item>
static bool parse_items(const Json& json, std::optional<Item> (*parse)(const Json&),
                        std::vector<Item>& items) {
    if (!json.is(Json::Kind::array)) return false;
    for (const Json& one : json.items()) {
        const std::optional<Item> item = parse(one);
        if (!item) return false;
        items.push_back(*item);
    }
    return true;
}

std::optional<Record> read_record(const std::string& text) {
    const auto json = base::parse_json(text);
    if (!json.ok()) return std::nullopt;
    const auto applied = parse_hash(json->text_at("applied"));
    const auto shape = parse_hash(json->text_at("shape"));
    const auto master = networks::parse_daemon(json->text_at("master"));
    if (!applied || !shape || !master) return std::nullopt;
    Record record{.whole = json->boolean_at("whole"),
                  .applied = *applied,
                  .shape = *shape,
                  .master = *master,
                  .openings = {},
                  .backends = {}};
    if (!parse_items(json->at("openings"), parse_opening, record.openings) ||
        !parse_items(json->at("backends"), parse_backend, record.backends))
        return std::nullopt;
    return record;
}

}  // namespace vdc::drivers::fronts
