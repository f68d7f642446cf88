#pragma once

#include <functional>
#include <memory>
#include <string>

#include "wire/http_client.h"
#include "wire/http_server.h"

/// Hands connections on to another server, byte for byte.
namespace vdc::wire {

/// Listens, and connects whoever comes with the server that is the right one then. It reads nothing
/// of what it carries: who speaks TLS to it speaks TLS to that server. One thread. Who reads
/// slowly slows the other side down. Members may be called from any thread.
class Relay {
  public:
    static constexpr std::size_t connections_max = 4096;  ///< more are closed

    /// Asked for each connection, on the relay's thread: may not block. Its host is an address, not
    /// a name. A connection that cannot be made is closed.
    using Target = std::function<Endpoint()>;

    static base::Result<std::unique_ptr<Relay>> start();
    /// Closes all connections.
    virtual ~Relay() = default;

    /// As HttpServer::listen_unix(); what comes here goes to `target`.
    virtual base::Status listen_unix(const std::string& path, unsigned mode, Target target) = 0;
    /// At a numeric address; the port that was bound.
    virtual base::Result<std::uint16_t> listen_port(const std::string& address, std::uint16_t port,
                                                    Target target) = 0;
};

}  // namespace vdc::wire
