#pragma once

#include <chrono>
#include <memory>

#include "wire/client_link.h"
#include "wire/http_client.h"

namespace vdc::wire {

/// Asks for a WebSocket on a fresh link. A refusal is the error its answer means.
base::Result<std::unique_ptr<ClientWebSocket>> open_websocket(std::unique_ptr<ClientLink> link,
                                                              const Request& request,
                                                              const std::string& host,
                                                              const ClientLimits& limits);

}  // namespace vdc::wire
