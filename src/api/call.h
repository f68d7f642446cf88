#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/route.h"
#include "base/json.h"
#include "base/result.h"
#include "wire/responder.h"

namespace vdc::api {

wire::Response json_response(int status, std::string json, wire::Headers headers = {});

/// One request that found its route, and the duty to answer it. Every way to answer writes the
/// access log.
class Call {
  public:
    Call(wire::Request request, wire::Responder responder);

    wire::Request request;
    Caller caller;
    const Route* route = nullptr;
    std::vector<std::string> path_values = {};  ///< of the segments in braces, in order
    base::Json body = {};                       ///< parsed, where the route takes JSON

    const std::string& path_value() const { return path_values.front(); }
    /// A query parameter; empty when it was not given.
    std::string query(std::string_view name) const { return request.query.get(name); }
    /// A whole number from `least` to `most`.
    base::Result<std::int64_t> number(std::string_view name, std::int64_t otherwise,
                                      std::int64_t least, std::int64_t most) const;

    /// Where it came in; see Responder.
    std::shared_ptr<runtime::Mailbox> loop() const { return responder_.loop(); }

    void answer(wire::Response response);
    void answer_json(int status, std::string json, wire::Headers headers = {});
    void refuse(const base::Error& error);
    void refuse(int status, const base::Error& error);
    wire::Stream stream(int status, wire::Headers headers);
    void upgrade(wire::WebSocketEvents events);

  private:
    void note(int status) const;

    wire::Responder responder_;
    std::chrono::steady_clock::time_point began_;
};

}  // namespace vdc::api
