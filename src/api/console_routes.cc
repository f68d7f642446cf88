#include "api/desk.h"
#include "api/route_groups.h"
#include "api/schemas.h"
#include "control/references.h"

/// The serial console of an instance, and what it said.
namespace vdc::api {

using base::Error;
using base::Json;
using base::Result;
using model::Instance;
using wire::Method;

static Result<model::InstanceId> instance_in(const Desk& desk, const Call& call) {
    const auto snapshot = desk.snapshot();
    const std::string named = call.query("project");
    const auto fallback = control::find_project(*snapshot, named);
    if (!named.empty() && !fallback.ok()) return fallback.error();
    const model::ProjectId project = fallback.ok() ? *fallback : model::ProjectId{};
    return TRY(control::find_record<Instance>(*snapshot, project, call.path_value()))->id;
}

static void open_console(Desk& desk, const CallPtr& call) {
    const auto instance = instance_in(desk, *call);
    if (!instance.ok()) return call->refuse(instance.error());
    desk.read_slowly(call, [&desk, call, id = *instance] {
        auto console = desk.consoles.open(id);
        if (!console.ok()) return call->refuse(console.error());
        auto events = desk.bridge.events(std::move(*console));
        if (!events.ok()) return call->refuse(events.error());
        call->upgrade(std::move(*events));
    });
}

static void show_log(Desk& desk, const CallPtr& call) {
    constexpr std::int64_t size_usual = 64 << 10;
    constexpr std::int64_t size_max = 1 << 20;
    const auto instance = instance_in(desk, *call);
    if (!instance.ok()) return call->refuse(instance.error());
    const auto size = call->number("bytes", size_usual, 1, size_max);
    if (!size.ok()) return call->refuse(size.error());
    desk.read_slowly(call, [&desk, call, id = *instance, size = *size] {
        auto log = desk.consoles.log_tail(id, static_cast<std::size_t>(size));
        if (!log.ok()) return call->refuse(log.error());
        call->answer(
            {200,
             {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}},
             std::move(*log)});
    });
}

void add_console_routes(Routes& routes) {
    Route console{Method::get, "/v1/instances/{instance}/console", "openConsole", "instances",
                  "Open the serial console of an instance"};
    console.about =
        "A WebSocket: what the console says comes as binary messages, what is sent is typed. "
        "Several may be open at once.";
    console.query = {project_parameter()};
    console.answers = {{101, "The connection is a WebSocket now.", {}}};
    console.handle = [](Desk& desk, const CallPtr& call) { open_console(desk, call); };
    routes.push_back(std::move(console));

    Route log{Method::get, "/v1/instances/{instance}/log", "getConsoleLog", "instances",
              "Show the end of what the serial console said"};
    log.query = {
        project_parameter(),
        {"bytes", "How much of it, from 1 to 1048576.",
         Json::object(
             {{"type", "integer"}, {"minimum", 1}, {"maximum", 1 << 20}, {"default", 64 << 10}})}};
    log.answers = {{200, "The bytes as they came.", text_schema(), "text/plain"}};
    log.handle = [](Desk& desk, const CallPtr& call) { show_log(desk, call); };
    routes.push_back(std::move(log));
}

}  // namespace vdc::api
