#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http.h"
#include "wire/responder.h"
#include "wire/tls.h"

namespace vdc::wire {

using namespace std::chrono_literals;

/// The bounds of one server. What passes one is answered with the status beside it, or closed.
struct HttpLimits {
    std::size_t head_size_max = 32 << 10;   ///< request line and headers: 431
    std::size_t headers_max = 100;          ///< 431
    std::size_t body_max = 1 << 20;         ///< of a body that is kept in memory: 413
    std::uint64_t upload_max = 1ULL << 40;  ///< of a body that goes to a BodySink: 413
    std::size_t uploads_max = 8;            ///< at the same time, each with a thread: 503
    std::size_t queue_max = 4 << 20;        ///< waiting for a slow reader of a stream: cut off
    std::size_t websocket_message_max = 1 << 20;  ///< closed with 1009
    std::size_t connections_max = 4096;           ///< more wait in the kernel's queue
    std::chrono::milliseconds head_time = 30s;    ///< from its first byte to its last: 408
    std::chrono::milliseconds body_time = 30s;    ///< without a byte of the body: 408
    std::chrono::milliseconds write_time = 60s;   ///< without a byte taken by the peer: cut off
    std::chrono::milliseconds idle_time = 75s;    ///< between two requests: closed
};

/// Takes the body of one large request, chunk by chunk. Lives on a thread of its own that serves
/// this body alone: it may block, and while it does, the peer is not read from. It is destroyed,
/// finished or not, on that thread (on the server's when the body is refused before its first
/// byte); destroyed without finish() means that the body broke off, and nothing half-made may
/// stay behind.
class BodySink {
  public:
    virtual ~BodySink() = default;
    /// An error ends the request: it is the answer, and the rest of the body is not read.
    virtual base::Status write(std::string_view chunk) = 0;
    /// All of the body came. Answers the request, now or later.
    virtual void finish(Responder responder) = 0;
};

/// What the requests are for. Called on the server's one thread, so nothing here may block.
class Handler {
  public:
    virtual ~Handler() = default;

    /// One request with its whole body.
    virtual void on_request(Request request, Responder responder) = 0;

    /// Before any byte of a body is read, and before `100 Continue` is said: `head` is the request
    /// without its body. A null sink (as by default) keeps the body in memory, within body_max,
    /// for on_request(). An error is answered as a problem document and the body not read.
    virtual base::Result<std::unique_ptr<BodySink>> on_body_begin(const Request& head);
};

/// Who a TLS listener is, and whose certificates it looks at.
struct TlsSettings {
    Identity identity;
    /// PEM of the authority whose certificates clients may show. One that it did not sign for a
    /// client, or that is not valid now, fails the handshake; a client that shows none is served
    /// without. Empty: nobody is asked for one.
    std::string authority = {};
    /// Shown, if there is one, to all but those who ask for a controller (see
    /// Endpoint::authority): a certificate that people know already.
    std::optional<Identity> for_strangers = {};
};

/// A socket that takes connections, until stop_listening() or the end of the server.
struct Listener {
    std::uint64_t id = 0;
    std::uint16_t port = 0;  ///< the one that was bound, of TCP
};

/// HTTP/1.1 (RFC 9112) on one thread of its own: keep-alive, pipelining, chunked bodies,
/// `Expect: 100-continue`, event streams, WebSocket, TLS 1.3. Strict: what two parsers could read
/// in two ways is refused with 400 and the connection closed. Members may be called from any
/// thread but the server's own.
class HttpServer {
  public:
    /// `handler` must outlive the server.
    static base::Result<std::unique_ptr<HttpServer>> start(Handler& handler,
                                                           HttpLimits limits = {});
    virtual ~HttpServer() = default;  ///< as stop() with no grace

    /// Listens at `path` with these permission bits, from its first moment on. Replaces a socket
    /// that nobody answers at; `conflict` when a server does, `exists` when something else than a
    /// socket is there. The path is removed when listening ends.
    virtual base::Result<Listener> listen_unix(const std::string& path, unsigned mode = 0600,
                                               std::string tag = {}) = 0;

    /// Unencrypted; for metadata and for tests. `address` is numeric; port 0 takes a free one.
    virtual base::Result<Listener> listen_tcp(const std::string& address, std::uint16_t port,
                                              std::string tag = {}) = 0;

    /// Takes over a listening stream socket that was made elsewhere, in another network namespace
    /// for instance. `tag` reaches every request as peer.tag.
    virtual base::Result<Listener> listen_fd(int socket, std::string tag) = 0;

    /// TLS 1.3 and nothing older.
    virtual base::Result<Listener> listen_tls(const std::string& address, std::uint16_t port,
                                              const TlsSettings& settings,
                                              std::string tag = {}) = 0;

    /// The connections that come to a TLS listener from now on get these. Unknown ids are ignored.
    virtual base::Status change_tls(std::uint64_t listener, const TlsSettings& settings) = 0;

    /// Closes that listener and the idle connections that came by it. Unknown ids are ignored.
    virtual void stop_listening(std::uint64_t listener) = 0;

    /// Takes no more connections or requests, closes streams and WebSockets (1001), gives the
    /// requests at work `grace` to be answered, then cuts off what is left. Idempotent.
    virtual void stop(std::chrono::milliseconds grace = 5s) = 0;

    /// How many connections are open now.
    virtual std::size_t connections() const = 0;
};

}  // namespace vdc::wire
