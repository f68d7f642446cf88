#include "control/host_messages.h"

#include "model/codec.h"

namespace vdc::control {

using base::Error;
using base::Json;
using base::Result;
using Code = Error::Code;

static Json number(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

static Json to_json(const Hello& hello) {
    return Json::object({{"say", "hello"},
                         {"format", hello.format},
                         {"observed", model::part_to_json(hello.observed)},
                         {"fenced_itself", number(hello.fenced_itself)}});
}

static Json to_json(const Report& report) {
    return Json::object({{"say", "report"},
                         {"number", number(report.number)},
                         {"change", model::change_to_json(report.step.change)},
                         {"reason", report.step.reason}});
}

static Json to_json(const Renewal& renewal) {
    return Json::object(
        {{"say", "renewal"}, {"number", number(renewal.number)}, {"epoch", number(renewal.epoch)}});
}

static Json to_json(const Error& error) {
    return Json::object(
        {{"code", word(error.code)}, {"message", error.message}, {"hint", error.hint}});
}

static Json to_json(const ConsoleRefused& refused) {
    return Json::object({{"say", "console_refused"},
                         {"session", refused.session},
                         {"error", to_json(refused.error)}});
}

static Json to_json(const Reported& answer) {
    Json json = Json::object({{"say", "reported"}, {"number", number(answer.number)}});
    if (!answer.outcome.ok()) json.set("error", to_json(answer.outcome.error()));
    return json;
}

static Json to_json(const Renewed& answer) {
    return Json::object(
        {{"say", "renewed"}, {"number", number(answer.number)}, {"over", answer.is_over}});
}

static Json to_json(const Controllers& controllers) {
    Json addresses = Json::array();
    for (const std::string& address : controllers.addresses) addresses.push(address);
    return Json::object({{"say", "controllers"}, {"addresses", std::move(addresses)}});
}

static Json to_json(const OpenConsole& open) {
    Json json = Json::object({{"say", "open_console"},
                              {"session", open.session},
                              {"instance", text(open.wish.instance)}});
    if (open.wish.log)
        json.set("log", Json::object({{"bytes_max", number(open.wish.log->bytes_max)},
                                      {"follows", open.wish.log->follows}}));
    return json;
}

static Json tagged(const DutiesUpdate& update) {
    Json json = to_json(update);
    json.set("say", "duties");
    return json;
}
template <class Message>
static Json tagged(const Message& message) {
    return to_json(message);
}

std::string text(const FromHost& message) {
    return std::visit([](const auto& each) { return dump(tagged(each)); }, message);
}
std::string text(const ToHost& message) {
    return std::visit([](const auto& each) { return dump(tagged(each)); }, message);
}

// ---- and back ----------------------------------------------------------------------------------

static Error misfit(const std::string& why) {
    return {Code::invalid, "a message between host and controller " + why};
}

static Result<Json> parse_object(std::string_view text) {
    constexpr base::JsonLimits limits{.depth_max = 32, .size_max = host_message_bytes_max};
    auto json = base::parse_json(text, limits);
    if (!json.ok()) return misfit("is no JSON: " + json.error().message);
    if (!json->is(Json::Kind::object)) return misfit("must be an object");
    return std::move(*json);
}

/// A count that must be there.
static Result<std::uint64_t> count_at(const Json& json, const char* name) {
    const Json* found = json.find(name);
    if (found == nullptr || !found->is(Json::Kind::integer) || found->integer() < 0)
        return misfit("must have a number '" + std::string(name) + "'");
    return static_cast<std::uint64_t>(found->integer());
}

static Result<Json> member_at(const Json& json, const char* name) {
    const Json* found = json.find(name);
    if (found == nullptr) return misfit("must have '" + std::string(name) + "'");
    return *found;
}

static Result<FromHost> hello_from(const Json& json) {
    Hello hello;
    hello.format = static_cast<std::int64_t>(TRY(count_at(json, "format")));
    if (hello.format != host_format)
        return Error{Code::unsupported,
                     "the host speaks format " + std::to_string(hello.format) +
                         ", this controller speaks " + std::to_string(host_format),
                     "run the same version of vdc on both"};
    hello.fenced_itself = TRY(count_at(json, "fenced_itself"));
    const Json observed = TRY(member_at(json, "observed"));
    hello.observed =
        TRY(model::part_from_json<model::HostObserved>(observed, model::Unknown::kept));
    return FromHost(std::move(hello));
}

static Result<FromHost> report_from(const Json& json) {
    const std::uint64_t number = TRY(count_at(json, "number"));
    const Json change = TRY(member_at(json, "change"));
    auto step = model::change_from_json(change);
    if (!step.ok()) return misfit("reports what is no change: " + step.error().message);
    return FromHost(Report{number, {std::move(*step), json.text_at("reason")}});
}

static Result<FromHost> renewal_from(const Json& json) {
    const std::uint64_t number = TRY(count_at(json, "number"));
    return FromHost(Renewal{number, TRY(count_at(json, "epoch"))});
}

/// The error that it tells, if it is one.
static std::optional<Error> error_in(const Json& error) {
    if (!error.is(Json::Kind::object)) return {};
    const auto code = base::error_code(error.text_at("code"));
    return Error{code.value_or(Code::failed), error.text_at("message"), error.text_at("hint")};
}

static Result<std::string> session_at(const Json& json) {
    constexpr std::size_t size_max = 200;
    std::string session = json.text_at("session");
    if (session.empty() || session.size() > size_max) return misfit("must name a session");
    return session;
}

static Result<FromHost> console_refused_from(const Json& json) {
    const std::string session = TRY(session_at(json));
    const auto error = error_in(json.at("error"));
    if (!error) return misfit("must say why a console is not opened");
    return FromHost(ConsoleRefused{session, *error});
}

static Result<ToHost> reported_from(const Json& json) {
    Reported answer{TRY(count_at(json, "number")), {}};
    if (!json.has("error")) return ToHost(std::move(answer));
    const auto error = error_in(json.at("error"));
    if (!error) return misfit("has an 'error' that is no object");
    answer.outcome = *error;
    return ToHost(std::move(answer));
}

static Result<ToHost> open_console_from(const Json& json) {
    const auto instance = base::parse_uuid(json.text_at("instance"));
    if (!instance) return misfit("must name an instance");
    OpenConsole open{TRY(session_at(json)), {{*instance}}};
    const Json* log = json.find("log");
    if (log != nullptr)
        open.wish.log = {TRY(count_at(*log, "bytes_max")), log->boolean_at("follows")};
    return ToHost(std::move(open));
}

static Result<ToHost> renewed_from(const Json& json) {
    const Json* over = json.find("over");
    const bool is_over = over != nullptr && over->is(Json::Kind::boolean) && over->boolean();
    return ToHost(Renewed{TRY(count_at(json, "number")), is_over});
}

static Result<ToHost> controllers_from(const Json& json) {
    const Json& addresses = json.at("addresses");
    if (!addresses.is(Json::Kind::array) || addresses.items().size() > Controllers::most)
        return misfit("must have 'addresses', at most " + std::to_string(Controllers::most));
    ToHost message(std::in_place_type<Controllers>);
    for (const Json& each : addresses.items()) {
        if (!each.is(Json::Kind::text)) return misfit("has an address that is no text");
        std::get<Controllers>(message).addresses.push_back(each.text());
    }
    return message;
}

Result<FromHost> parse_from_host(std::string_view text) {
    const Json json = TRY(parse_object(text));
    const std::string say = json.text_at("say");
    if (say == "hello") return hello_from(json);
    if (say == "report") return report_from(json);
    if (say == "renewal") return renewal_from(json);
    if (say == "console_refused") return console_refused_from(json);
    return misfit("says nothing that a controller knows");
}

Result<ToHost> parse_to_host(std::string_view text) {
    const Json json = TRY(parse_object(text));
    const std::string say = json.text_at("say");
    if (say == "duties") return ToHost(TRY(duties_update_from_json(json)));
    if (say == "reported") return reported_from(json);
    if (say == "renewed") return renewed_from(json);
    if (say == "controllers") return controllers_from(json);
    if (say == "open_console") return open_console_from(json);
    return misfit("says nothing that a host knows");
}

}  // namespace vdc::control
