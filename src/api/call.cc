#include "api/call.h"

#include <charconv>

#include "base/text.h"
#include "runtime/log.h"
#include "wire/problem.h"

namespace vdc::api {

using base::Error;
using base::Result;

Call::Call(wire::Request of, wire::Responder responder)
    : request(std::move(of)),
      responder_(std::move(responder)),
      began_(std::chrono::steady_clock::now()) {}

Result<std::int64_t> Call::number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                  std::int64_t most) const {
    const std::string* given = request.query.find(name);
    if (given == nullptr) return otherwise;
    std::int64_t value = 0;
    const char* end = given->data() + given->size();
    const auto parsed = std::from_chars(given->data(), end, value);
    if (parsed.ec == std::errc{} && parsed.ptr == end && value >= least && value <= most)
        return value;
    return Error{Error::Code::invalid, "'" + std::string(name) + "' is '" +
                                           base::quoted(*given, 40) +
                                           "', but must be a whole number from " +
                                           std::to_string(least) + " to " + std::to_string(most)};
}

/// Reading is noted for those who look for trouble only; refusals for all; our failures loudly.
void Call::note(int status) const {
    using runtime::Level;
    const Level level = status >= 500 ? Level::warning : status >= 400 ? Level::info : Level::debug;
    runtime::Log& log = runtime::log();
    if (!log.takes(level)) return;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - began_);
    log.write(level, "api", std::string(wire::word(request.method)) + " " + request.path,
              {{"status", status},
               {"caller", caller.name},
               {"peer", request.peer.address},
               {"request_id", request.id},
               {"microseconds", static_cast<std::int64_t>(took.count())}});
}

void Call::answer(wire::Response response) {
    note(response.status);
    responder_.send(std::move(response));
}

wire::Response json_response(int status, std::string json, wire::Headers headers) {
    headers.add("Content-Type", "application/json");
    headers.add("Cache-Control", "no-store");
    return {status, std::move(headers), std::move(json)};
}

void Call::answer_json(int status, std::string json, wire::Headers headers) {
    answer(json_response(status, std::move(json), std::move(headers)));
}

void Call::refuse(const Error& error) {
    answer(wire::problem(error, request.id));
}

void Call::refuse(int status, const Error& error) {
    answer(wire::problem(status, error, request.id));
}

wire::Stream Call::stream(int status, wire::Headers headers) {
    note(status);
    return responder_.stream(status, std::move(headers));
}

void Call::upgrade(wire::WebSocketEvents events) {
    note(101);
    responder_.upgrade_websocket(std::move(events));
}

}  // namespace vdc::api
