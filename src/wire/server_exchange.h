#pragma once

#include <functional>
#include <memory>

#include "wire/http_connection.h"
#include "wire/responder.h"

namespace vdc::wire {

/// Brings the answer from whatever thread to the connection on the loop. When the connection has
/// gone meanwhile, the answer goes nowhere.
class ServerExchange final : public Exchange {
  public:
    ServerExchange(std::shared_ptr<ServerShared> shared, std::uint64_t connection)
        : shared_(std::move(shared)), connection_(connection) {}

    void send(Response response) override;
    Stream stream(int status, Headers headers) override;
    void upgrade_websocket(WebSocketEvents events) override;

  private:
    void deliver(std::function<void(HttpConnection&)> call) const;
    std::shared_ptr<ServerOutlet> make_outlet() const;

    const std::shared_ptr<ServerShared> shared_;
    const std::uint64_t connection_;
};

/// Posts a call for a connection; unrun if it has gone when its turn comes.
void post_to(const std::shared_ptr<ServerShared>& shared, std::uint64_t connection,
             std::function<void(HttpConnection&)> call);

}  // namespace vdc::wire
