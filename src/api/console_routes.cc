#include "api/console_host.h"
#include "api/desk.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "control/references.h"

/// The serial console of an instance, and what it said.
namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using control::ConsoleWish;
using model::Instance;
using wire::Method;

static Result<const Instance*> instance_in(const model::Snapshot& snapshot, const Call& call) {
    const std::string named = call.query("project");
    const auto fallback = control::find_project(snapshot, named);
    if (!named.empty() && !fallback.ok()) return fallback.error();
    const model::ProjectId project = fallback.ok() ? *fallback : model::ProjectId{};
    return control::find_record<Instance>(snapshot, project, call.path_value());
}

/// Whether that host is this machine.
static bool is_here(const Desk& desk, const model::Snapshot& snapshot, model::HostId host) {
    if (desk.links == nullptr) return true;
    if (desk.own_host) return host == *desk.own_host;
    const auto* record = snapshot.find<model::Host>(host);
    return record == nullptr || record->claimed.lease == model::LeaseProfile::none;
}

/// Opens it where the instance is, and has `then` called with it; or refuses the call.
static void with_console(Desk& desk, const CallPtr& call, std::optional<ConsoleWish::Log> log,
                         std::function<base::Status(runtime::Fd console)> then) {
    const auto snapshot = desk.snapshot();
    const auto instance = instance_in(*snapshot, *call);
    if (!instance.ok()) return call->refuse(instance.error());
    const ConsoleWish wish{(*instance)->id, log};
    const auto opened = [call, then = std::move(then)](Result<runtime::Fd> console) {
        if (!console.ok()) return call->refuse(console.error());
        const base::Status given = then(std::move(*console));
        if (!given.ok()) call->refuse(given.error());
    };
    const auto host = console_host(*snapshot, **instance);
    if (host && !is_here(desk, *snapshot, *host))
        return desk.links->open_console(*host, wish, opened);
    desk.read_slowly(call, [&desk, wish, opened] { opened(desk.consoles.open(wish)); });
}

static void open_console(Desk& desk, const CallPtr& call) {
    with_console(desk, call, {}, [&desk, call](runtime::Fd console) -> base::Status {
        call->upgrade(TRY(desk.bridge.events(std::move(console))));
        return {};
    });
}

/// "true" or "false"; not given: false.
static Result<bool> flag_in(const Call& call, const char* name) {
    const std::string given = call.query(name);
    if (given.empty() || given == "false") return false;
    if (given == "true") return true;
    return Error{Error::Code::invalid, "'" + std::string(name) + "' must be true or false"};
}

static void show_log(Desk& desk, const CallPtr& call) {
    constexpr std::int64_t size_usual = 64 << 10;
    constexpr std::int64_t size_max = 1 << 20;
    const auto size = call->number("bytes", size_usual, 1, size_max);
    if (!size.ok()) return call->refuse(size.error());
    const auto follows = flag_in(*call, "follow");
    if (!follows.ok()) return call->refuse(follows.error());
    const ConsoleWish::Log log{static_cast<std::uint64_t>(*size), *follows};
    with_console(desk, call, log, [&desk, call](runtime::Fd console) -> base::Status {
        const auto pour = TRY(desk.bridge.pouring(std::move(console)));
        pour(call->stream(
            200, {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}}));
        return {};
    });
}

void add_console_routes(Routes& routes) {
    Route console{Method::get, "/v1/instances/{instance}/console", "openConsole", "instances",
                  "Open the serial console of an instance"};
    console.about =
        "A WebSocket: what the console says comes as binary messages, what is sent is typed. "
        "Several may be open at once, wherever the instance is: another host than the "
        "controller's is asked for it, and has ten seconds to answer.";
    console.query = {project_parameter()};
    console.answers = {{101, "The connection is a WebSocket now.", {}}};
    console.handle = [](Desk& desk, const CallPtr& call) { open_console(desk, call); };
    routes.push_back(std::move(console));

    Route log{Method::get, "/v1/instances/{instance}/log", "getConsoleLog", "instances",
              "Show the end of what the serial console said"};
    log.about = "As its host has it: an instance that was made anew elsewhere begins a new one.";
    log.query = {
        project_parameter(),
        {"bytes", "How much of it, from 1 to 1048576.",
         Json::object(
             {{"type", "integer"}, {"minimum", 1}, {"maximum", 1 << 20}, {"default", 64 << 10}})},
        {"follow", "Whether what comes then is sent, too, until the reader goes.", flag_schema()}};
    log.answers = {{200, "The bytes as they came.", text_schema(), "text/plain"}};
    log.handle = [](Desk& desk, const CallPtr& call) { show_log(desk, call); };
    routes.push_back(std::move(log));
}

}  // namespace vdc::api
