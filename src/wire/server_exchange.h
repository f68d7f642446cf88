#pragma once

#include <memory>
#include <utility>

#include "wire/http_connection.h"
#include "wire/responder.h"

namespace vdc::wire {

/// Brings the answer from whatever thread to the connection on the loop. When the connection has
/// gone meanwhile, the answer goes nowhere.
class ServerExchange final : public Exchange {
  public:
    ServerExchange(std::shared_ptr<ServerShared> shared, std::weak_ptr<HttpConnection> connection)
        : shared_(std::move(shared)), connection_(std::move(connection)) {}

    void send(Response response) override {
        deliver([response = std::move(response)](HttpConnection& connection) mutable {
            connection.respond(std::move(response));
        });
    }

    std::shared_ptr<runtime::Mailbox> loop() const override { return {shared_, &shared_->loop}; }

    Stream stream(int status, Headers headers) override {
        const auto outlet = make_outlet();
        deliver([status, headers = std::move(headers), outlet](HttpConnection& connection) mutable {
            connection.begin_stream(status, std::move(headers), outlet);
        });
        return Stream(outlet);
    }

    void upgrade_websocket(WebSocketEvents events) override {
        // Never at once: on_open() must not run inside on_request().
        post([events = std::move(events),
              outlet = make_outlet()](HttpConnection& connection) mutable {
            connection.begin_websocket(std::move(events), outlet);
        });
    }

  private:
    template <class Call>
    void post(Call call) const {
        shared_->loop.post([weak = connection_, call = std::move(call)]() mutable {
            const auto connection = weak.lock();
            if (connection != nullptr && !connection->is_gone()) call(*connection);
        });
    }

    /// An answer given while on_request() runs is taken at once; any other waits for its turn, so
    /// that the handler is never entered twice.
    template <class Call>
    void deliver(Call call) const {
        if (shared_->loop.on_thread()) {
            const auto connection = connection_.lock();
            if (connection != nullptr && connection->in_dispatch()) return call(*connection);
        }
        post(std::move(call));
    }

    std::shared_ptr<ServerOutlet> make_outlet() const {
        auto wake = [shared = shared_, weak = connection_] {
            shared->loop.post([weak] {
                if (const auto connection = weak.lock()) connection->take_from_outlet();
            });
        };
        return std::make_shared<ServerOutlet>(shared_->limits.queue_max, std::move(wake));
    }

    const std::shared_ptr<ServerShared> shared_;
    const std::weak_ptr<HttpConnection> connection_;
};

}  // namespace vdc::wire
