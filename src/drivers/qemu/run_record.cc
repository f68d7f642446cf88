#include "drivers/qemu/run_record.h"

#include "base/addresses.h"
#include "base/ids.h"
#include "base/time.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Json;
using base::Result;
using control::CardSpec;
using control::Ending;

static std::string_view word(Ending ending) {
    switch (ending) {
        case Ending::guest_off: return "guest_off";
        case Ending::killed: return "killed";
        case Ending::crashed: return "crashed";
    }
    base::broken("an ending without a word");
}

static Json encode(const CardSpec& card) {
    return Json::object({{"port", text(card.port)},
                         {"network", text(card.network)},
                         {"network_number", card.network_number},
                         {"mac", text(card.mac)},
                         {"mtu", card.mtu}});
}

Json encode(const RunRecord& record) {
    Json cards = Json::array();
    for (const CardSpec& card : record.cards) cards.push(encode(card));
    Json json = Json::object({{"instance", text(record.instance)},
                              {"generation", static_cast<std::int64_t>(record.generation)},
                              {"name", record.name},
                              {"pid", record.pid},
                              {"start_time", static_cast<std::int64_t>(record.start_time)},
                              {"cgroup", record.cgroup},
                              {"uid", static_cast<std::int64_t>(record.uid)},
                              {"accelerator", word(record.accelerator)},
                              {"started", text(record.started)},
                              {"starts", static_cast<std::int64_t>(record.wishes.starts)},
                              {"reboots", static_cast<std::int64_t>(record.wishes.reboots)},
                              {"resets", static_cast<std::int64_t>(record.wishes.resets)},
                              {"slots", record.slots},
                              {"cards", std::move(cards)}});
    if (record.received) json.set("received", true);
    if (record.sending > 0) json.set("sending", static_cast<std::int64_t>(record.sending));
    if (record.ending) json.set("ending", word(*record.ending));
    if (!record.ending_detail.empty()) json.set("ending_detail", record.ending_detail);
    if (record.ended) json.set("ended", true);
    return json;
}

// ---- reading -----------------------------------------------------------------------------------

static Error wrong(std::string_view name) {
    return {Error::Code::corrupt, "the record of a run has no usable '" + std::string(name) + "'"};
}

static Result<std::int64_t> number(const Json& json, std::string_view name) {
    const Json* value = json.find(name);
    if (value == nullptr || !value->is(Json::Kind::integer) || value->integer() < 0)
        return wrong(name);
    return value->integer();
}

static Result<std::string> words(const Json& json, std::string_view name) {
    const Json* value = json.find(name);
    if (value == nullptr || !value->is(Json::Kind::text)) return wrong(name);
    return value->text();
}

template <class IdType>
static Result<IdType> id(const Json& json, std::string_view name) {
    const auto uuid = base::parse_uuid(TRY(words(json, name)));
    if (!uuid) return wrong(name);
    return IdType{*uuid};
}

static Result<CardSpec> decode_card(const Json& json) {
    CardSpec card;
    card.port = TRY(id<model::PortId>(json, "port"));
    card.network = TRY(id<model::NetworkId>(json, "network"));
    card.network_number = static_cast<int>(TRY(number(json, "network_number")));
    const std::string mac = TRY(words(json, "mac"));
    card.mac = TRY(base::parse_mac(mac));
    card.mtu = static_cast<int>(TRY(number(json, "mtu")));
    return card;
}

static Result<std::optional<Ending>> decode_ending(const Json& json) {
    if (!json.has("ending")) return std::optional<Ending>();
    const std::string value = TRY(words(json, "ending"));
    for (const Ending ending : {Ending::guest_off, Ending::killed, Ending::crashed})
        if (word(ending) == value) return std::optional<Ending>(ending);
    return wrong("ending");
}

Result<RunRecord> decode(const Json& json) {
    RunRecord record;
    record.instance = TRY(id<model::InstanceId>(json, "instance"));
    record.generation = static_cast<model::Generation>(TRY(number(json, "generation")));
    record.name = TRY(words(json, "name"));
    record.pid = TRY(number(json, "pid"));
    record.start_time = static_cast<std::uint64_t>(TRY(number(json, "start_time")));
    record.cgroup = TRY(words(json, "cgroup"));
    record.uid = static_cast<std::uint32_t>(TRY(number(json, "uid")));
    const std::string accelerator = TRY(words(json, "accelerator"));
    if (accelerator != "kvm" && accelerator != "tcg") return wrong("accelerator");
    record.accelerator = accelerator == "kvm" ? Accelerator::kvm : Accelerator::tcg;
    const std::string started = TRY(words(json, "started"));
    record.started = TRY(base::parse_instant(started));
    record.wishes = {static_cast<std::uint64_t>(TRY(number(json, "starts"))),
                     static_cast<std::uint64_t>(TRY(number(json, "reboots"))),
                     static_cast<std::uint64_t>(TRY(number(json, "resets")))};
    record.slots = static_cast<int>(TRY(number(json, "slots")));
    if (!json.at("cards").is(Json::Kind::array)) return wrong("cards");
    for (const Json& card : json.at("cards").items())
        record.cards.push_back(TRY(decode_card(card)));
    record.received = json.boolean_at("received");
    if (json.has("sending"))
        record.sending = static_cast<model::Generation>(TRY(number(json, "sending")));
    record.ending = TRY(decode_ending(json));
    record.ending_detail = json.text_at("ending_detail");
    record.ended = json.boolean_at("ended");
    return record;
}

}  // namespace vdc::drivers::qemu
