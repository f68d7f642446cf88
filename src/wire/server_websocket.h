#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "wire/channel.h"
#include "wire/http_server.h"
#include "wire/server_outlet.h"

namespace vdc::wire {

/// The server's end of a WebSocket on a connection that asked for one, by Boost.Beast. All on the
/// loop's thread.
class ServerWebSocket {
  public:
    struct Plan {
        std::shared_ptr<Channel> channel;
        Headers asked;  ///< the headers of the good request for it
        std::string request_id;
        WebSocketEvents events;
        std::shared_ptr<ServerOutlet> outlet;
        HttpLimits limits;
        std::function<void(bool)> waiting;  ///< the peer has bytes to take, or took them
        std::function<void()> cut;          ///< the peer is too slow
        std::function<void()> over;         ///< the last call; on_closed() was called before
    };
    /// Agrees, and begins to read. It lives by its operations.
    static std::shared_ptr<ServerWebSocket> open(Plan plan);
    virtual ~ServerWebSocket() = default;

    /// Something waits in the outlet.
    virtual void take_from_outlet() = 0;
    /// Says goodbye after what is queued, waits a moment for the peer's, and is over.
    virtual void say_goodbye(std::uint16_t code) = 0;
    /// The channel was closed.
    virtual void broken() = 0;
};

/// What an operation waits for when a connection ends in order: the peer's side of it.
constexpr std::chrono::milliseconds linger_time = 2s;

}  // namespace vdc::wire
