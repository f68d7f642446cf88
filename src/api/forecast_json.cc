#include "api/forecast_json.h"

#include <algorithm>

#include "api/schemas.h"
#include "base/text.h"
#include "control/requests.h"
#include "model/codec.h"

namespace vdc::api {

using namespace base;

static constexpr std::int64_t names_max = 1000;
static constexpr Duration within_most = 6h;

static constexpr auto words(Forecast::End) {
    return model::Words<Forecast::End, 3>{{{Forecast::End::rest, "rest"},
                                           {Forecast::End::horizon, "horizon"},
                                           {Forecast::End::limit, "limit"}}};
}

// ---- questions ---------------------------------------------------------------------------------

static Error wrong(const std::string& member, const std::string& must, std::string hint = {}) {
    return {Error::Code::invalid, "'" + member + "' must be " + must, std::move(hint)};
}

/// The items of a member; none when it is not given.
static Result<Json::Array> list_in(const Json& body, const char* member, std::int64_t most) {
    const Json& given = body.at(member);
    if (given.is_null()) return Json::Array{};
    if (!given.is(Json::Kind::array) || std::ssize(given.items()) > most)
        return wrong(member, "a list of at most " + std::to_string(most));
    return given.items();
}

static Result<std::vector<std::string>> names_in(const Json& body, const char* member) {
    std::vector<std::string> names;
    for (const Json& item : TRY(list_in(body, member, names_max))) {
        if (!item.is(Json::Kind::text))
            return wrong(member, "a list of words", "for example [\"host/h3\"]");
        names.push_back(item.text());
    }
    return names;
}

/// An object with exactly these members.
static Status check_members(const Json& given, const std::string& where,
                            const std::vector<std::string>& members) {
    if (!given.is(Json::Kind::object))
        return wrong(where, "an object with " + join(members, " and "));
    for (const auto& member : given.members())
        if (std::find(members.begin(), members.end(), member.name) == members.end())
            return Error{Error::Code::invalid,
                         "'" + quoted(member.name, 60) + "' is not known in '" + where + "'" +
                             did_you_mean(member.name, members),
                         "known are " + join(members, ", ")};
    for (const std::string& member : members)
        if (given.at(member).is_null())
            return Error{Error::Code::invalid, "'" + where + "." + member + "' is missing"};
    return {};
}

static Result<std::string> text_in(const Json& given, const std::string& where,
                                   const char* member) {
    if (given.at(member).is(Json::Kind::text)) return given.at(member).text();
    return wrong(where + "." + member, "a text");
}

static Status read_hosts(const Json& body, WhatIf& what_if) {
    const Json& given = body.at("add_hosts");
    if (given.is_null()) return {};
    TRY(check_members(given, "add_hosts", {"count", "like"}));
    if (!given.at("count").is(Json::Kind::integer))
        return wrong("add_hosts.count", "a whole number");
    what_if.add_hosts =
        WhatIf::Hosts{given.at("count").integer(), TRY(text_in(given, "add_hosts", "like"))};
    return {};
}

static Status read_flavors(const Json& body, WhatIf& what_if) {
    for (const Json& each : TRY(list_in(body, "flavor_changes", names_max))) {
        TRY(check_members(each, "flavor_changes", {"of", "flavor"}));
        what_if.flavors.push_back({TRY(text_in(each, "flavor_changes", "of")),
                                   TRY(text_in(each, "flavor_changes", "flavor"))});
    }
    return {};
}

static Status read_bounds(const Json& body, WhatIf& what_if) {
    if (const Json& seed = body.at("seed"); !seed.is_null()) {
        if (!seed.is(Json::Kind::integer) || seed.integer() < 0)
            return wrong("seed", "a whole number from 0 on");
        what_if.seed = static_cast<std::uint64_t>(seed.integer());
    }
    const Json& within = body.at("within");
    if (within.is_null()) return {};
    const auto parsed =
        within.is(Json::Kind::text) ? parse_duration(within.text()) : Result<Duration>(Error{});
    if (!parsed.ok() || *parsed < 1s || *parsed > within_most)
        return wrong("within", "a time from 1s to " + text(within_most), "for example \"30m\"");
    what_if.within = *parsed;
    return {};
}

Result<WhatIf> what_if_from_json(const Json& body) {
    WhatIf what_if;
    what_if.fail = TRY(names_in(body, "fail"));
    what_if.drain = TRY(names_in(body, "drain"));
    what_if.run = TRY(list_in(body, "run", static_cast<std::int64_t>(control::documents_max)));
    what_if.policy = body.at("policy");
    TRY(read_hosts(body, what_if));
    TRY(read_flavors(body, what_if));
    TRY(read_bounds(body, what_if));
    return what_if;
}

// ---- forecasts ---------------------------------------------------------------------------------

/// Seconds, to the millisecond.
static Json seconds(Duration duration) {
    const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(duration);
    return static_cast<double>(milliseconds.count()) / 1000;
}

static Json seconds(const std::optional<Duration>& duration) {
    return duration ? seconds(*duration) : Json(nullptr);
}

static Json with_instance(const Forecast::Instance& instance, Json::Object more) {
    Json json = Json::object({{"id", text(instance.id)},
                              {"instance", instance.name},
                              {"project", instance.project},
                              {"application", instance.application}});
    for (auto& member : more) json.set(member.name, std::move(member.value));
    return json;
}

template <class Items, class Each>
static Json list_of(const Items& items, Each each) {
    Json list = Json::array();
    for (const auto& item : items) list.push(each(item));
    return list;
}

static Json speed_json(const Forecast::Speed& speed) {
    return Json::object({{"of", speed.of},
                         {"seconds", seconds(speed.takes)},
                         {"samples", static_cast<std::int64_t>(speed.samples)},
                         {"measured", speed.samples > 0}});
}

static Json move_json(const Forecast::Move& move) {
    return with_instance(
        move.instance,
        {{"from", move.from}, {"to", move.to}, {"at", seconds(move.at)}, {"reason", move.reason}});
}

static Json recovery_json(const Forecast::Recovery& recovery) {
    return with_instance(recovery.instance, {{"down", seconds(recovery.down)},
                                             {"runs", seconds(recovery.runs)},
                                             {"ready", seconds(recovery.ready)},
                                             {"host", recovery.host}});
}

static Json waiting_json(const Forecast::Waiting& waiting) {
    return with_instance(waiting.instance,
                         {{"reason", waiting.reason}, {"already", waiting.already}});
}

static Json broken_json(const Forecast::Broken& broken) {
    return Json::object({{"application", broken.application},
                         {"project", broken.project},
                         {"promised", broken.promised},
                         {"least", broken.least},
                         {"below", seconds(broken.below)},
                         {"missing", seconds(broken.missing)},
                         {"for_good", broken.for_good}});
}

static Json resources_json(const model::Resources& resources) {
    return Json::object({{"vcpus", resources.vcpus.count},
                         {"memory", text(resources.memory)},
                         {"disk", text(resources.disk)}});
}

static Json cost_json(const Forecast::Cost& cost) {
    return Json::object({{"hosts_in_use_before", cost.hosts_in_use_before},
                         {"hosts_in_use_after", cost.hosts_in_use_after},
                         {"claimed_before", resources_json(cost.claimed_before)},
                         {"claimed_after", resources_json(cost.claimed_after)},
                         {"claimable_before", resources_json(cost.claimable_before)},
                         {"claimable_after", resources_json(cost.claimable_after)},
                         {"images_brought", cost.images_brought},
                         {"missing", seconds(cost.missing)}});
}

/// How long it takes until what was down is ready again.
static Json recovery_summary(const Forecast& forecast) {
    std::vector<Duration> took;
    for (const Forecast::Recovery& each : forecast.recoveries)
        if (each.ready) took.push_back(*each.ready - each.down);
    std::sort(took.begin(), took.end());
    const auto nth = [&](std::size_t per_cent) {
        return took.empty() ? Json(nullptr) : seconds(took[(took.size() - 1) * per_cent / 100]);
    };
    return Json::object({{"down", static_cast<std::int64_t>(forecast.recoveries.size())},
                         {"ready", static_cast<std::int64_t>(took.size())},
                         {"p50", nth(50)},
                         {"max", nth(100)}});
}

Json to_json(const Forecast& forecast) {
    return Json::object(
        {{"revision", static_cast<std::int64_t>(forecast.revision)},
         {"from", text(forecast.from)},
         {"hosts", forecast.hosts},
         {"instances", forecast.instances},
         {"happened", list_of(forecast.happened, [](const auto& words) { return Json(words); })},
         {"moves", list_of(forecast.moves, move_json)},
         {"cannot_run", list_of(forecast.cannot_run, waiting_json)},
         {"recovery", recovery_summary(forecast)},
         {"recoveries", list_of(forecast.recoveries, recovery_json)},
         {"broken", list_of(forecast.broken, broken_json)},
         {"cost", cost_json(forecast.cost)},
         {"down",
          list_of(forecast.down,
                  [](const Forecast::Point& point) {
                      return Json::object({{"at", seconds(point.at)}, {"instances", point.down}});
                  })},
         {"speeds", list_of(forecast.speeds, speed_json)},
         {"lasted", seconds(forecast.lasted)},
         {"ended", model::word(forecast.ended)}});
}

// ---- schemas -----------------------------------------------------------------------------------

static Json number_schema(const char* about) {
    return Json::object({{"type", "number"}, {"description", about}});
}

static Json names_schema(const char* about) {
    Json schema = array_schema(text_schema());
    schema.set("maxItems", names_max);
    schema.set("description", about);
    return schema;
}

Json what_if_schema() {
    const Json flavor = body_schema({{"of", text_schema("an application or an instance")},
                                     {"flavor", text_schema("name of a flavor")}},
                                    {"of", "flavor"});
    const Json object = Json::object({{"type", "object"}});
    return body_schema(
        {{"fail", names_schema("host/NAME, instance/NAME, or LABEL/VALUE: all hosts with it")},
         {"drain", names_schema("host/NAME, or LABEL/VALUE")},
         {"add_hosts", body_schema({{"count", integer_schema("from 1 to 10000")},
                                    {"like", text_schema("a host: its size and settings")}},
                                   {"count", "like"})},
         {"run", array_schema(object)},
         {"flavor_changes", array_schema(flavor)},
         {"policy", object},
         {"seed", integer_schema("of all chance")},
         {"within", text_schema("how far ahead is looked, for example 30m; by default 10m")}},
        {});
}

static Json instance_schema(Json::Object more) {
    Json::Object all{{"id", text_schema("of the instance")},
                     {"instance", text_schema("its name")},
                     {"project", text_schema("its project's name")},
                     {"application", text_schema("whose replica it is; empty: none")}};
    for (auto& member : more) all.push_back(std::move(member));
    return object_schema(std::move(all));
}

static Json cost_schema() {
    const Json resources = object_schema(
        {{"vcpus", integer_schema()}, {"memory", text_schema()}, {"disk", text_schema()}});
    return object_schema({{"hosts_in_use_before", integer_schema("with an instance")},
                          {"hosts_in_use_after", integer_schema("at the end")},
                          {"claimed_before", resources},
                          {"claimed_after", resources},
                          {"claimable_before", resources},
                          {"claimable_after", resources},
                          {"images_brought", integer_schema("to hosts that had not had them")},
                          {"missing", number_schema("instance-seconds wanted and not ready")}});
}

static Json broken_schema() {
    return object_schema({{"application", text_schema("its name")},
                          {"project", text_schema("its project's name")},
                          {"promised", integer_schema("replicas")},
                          {"least", integer_schema("replicas ready at the worst moment")},
                          {"below", number_schema("seconds with too few")},
                          {"missing", number_schema("replica-seconds that were not kept")},
                          {"for_good", flag_schema()}});
}

Json forecast_schema() {
    const Json move = instance_schema({{"from", text_schema("a host; empty: none")},
                                       {"to", text_schema("a host")},
                                       {"at", number_schema("seconds")},
                                       {"reason", text_schema("why there")}});
    const Json recovery =
        instance_schema({{"down", number_schema("seconds: since when")},
                         {"runs", nullable(number_schema("seconds: when its QEMU was there"))},
                         {"ready", nullable(number_schema("seconds; null: not by the end"))},
                         {"host", text_schema("where it is at the end")}});
    const Json waiting = instance_schema(
        {{"reason", text_schema("reads on from its name")}, {"already", flag_schema()}});
    const Json summary =
        object_schema({{"down", integer_schema("instances that were down, or are new")},
                       {"ready", integer_schema("of them, ready by the end")},
                       {"p50", nullable(number_schema("seconds until then, half of them"))},
                       {"max", nullable(number_schema("seconds until then, all of them"))}});
    const Json speed = object_schema({{"of", text_schema("what")},
                                      {"seconds", number_schema("median")},
                                      {"samples", integer_schema("seen in the log")},
                                      {"measured", flag_schema()}});
    const Json point = object_schema(
        {{"at", number_schema("seconds")}, {"instances", integer_schema("down from then on")}});
    return object_schema({{"revision", integer_schema("of the datacenter that it began with")},
                          {"from", text_schema("the moment of it")},
                          {"hosts", integer_schema()},
                          {"instances", integer_schema()},
                          {"happened", array_schema(text_schema())},
                          {"moves", array_schema(move)},
                          {"cannot_run", array_schema(waiting)},
                          {"recovery", summary},
                          {"recoveries", array_schema(recovery)},
                          {"broken", array_schema(broken_schema())},
                          {"cost", cost_schema()},
                          {"down", array_schema(point)},
                          {"speeds", array_schema(speed)},
                          {"lasted", number_schema("seconds until the last change")},
                          {"ended", word_schema({"rest", "horizon", "limit"})}});
}

}  // namespace vdc::api
