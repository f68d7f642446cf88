#include "wire/server_exchange.h"

#include <utility>

namespace vdc::wire {

static std::shared_ptr<HttpConnection> find(const ServerShared& shared, std::uint64_t id) {
    const auto found = shared.connections.find(id);
    return found == shared.connections.end() ? nullptr : found->second;
}

void post_to(const std::shared_ptr<ServerShared>& shared, std::uint64_t connection,
             std::function<void(HttpConnection&)> call) {
    shared->loop->post([shared, connection, call = std::move(call)] {
        if (const auto found = find(*shared, connection)) call(*found);
    });
}

/// An answer given while on_request() runs is taken at once; any other waits for its turn, so that
/// the handler is never entered twice.
void ServerExchange::deliver(std::function<void(HttpConnection&)> call) const {
    if (shared_->loop->on_thread()) {
        const auto found = find(*shared_, connection_);
        if (found != nullptr && found->in_dispatch()) {
            call(*found);
            return;
        }
    }
    post_to(shared_, connection_, std::move(call));
}

void ServerExchange::send(Response response) {
    deliver([response = std::move(response)](HttpConnection& connection) mutable {
        connection.respond(std::move(response));
    });
}

std::shared_ptr<ServerOutlet> ServerExchange::make_outlet() const {
    auto wake = [shared = shared_, id = connection_] {
        if (const auto found = find(*shared, id)) found->take_from_outlet();
    };
    return std::make_shared<ServerOutlet>(shared_->loop, shared_->limits.queue_max,
                                          std::move(wake));
}

Stream ServerExchange::stream(int status, Headers headers) {
    const auto outlet = make_outlet();
    deliver([status, headers = std::move(headers), outlet](HttpConnection& connection) {
        connection.begin_stream(status, headers, outlet);
    });
    return Stream(outlet);
}

void ServerExchange::upgrade_websocket(WebSocketEvents events) {
    // Never at once: on_open() must not run inside on_request().
    post_to(shared_, connection_,
            [events = std::move(events), outlet = make_outlet()](HttpConnection& connection) {
                connection.begin_websocket(events, outlet);
            });
}

}  // namespace vdc::wire
