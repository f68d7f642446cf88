#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
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

/// Where a server is, and how it proves who it is.
struct Endpoint {
    enum class Kind { unix_socket, tcp, tls };
    Kind kind = Kind::unix_socket;
    std::string path = {};  ///< of the unix socket
    std::string host = {};  ///< name or address, without brackets
    std::uint16_t port = 0;
    /// TLS, one of these, or, when all are empty, the system's authorities.
    /// A pinned fingerprint (see wire::fingerprint): of the server's certificate, whose name and
    /// dates are then not looked at, or of the authority that it sends and is a controller under.
    std::string fingerprint = {};
    /// A file of certificates to trust.
    std::string ca_file = {};
    /// The one authority, PEM, under which the server must be a controller; `host` is not looked
    /// at.
    std::string authority = {};
    /// The same, where no more than the authority's fingerprint is known: the server sends it.
    std::string authority_fingerprint = {};
    /// Who we are, if the server asks.
    std::optional<Identity> identity = {};

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "unix:/run/vdc/api.sock" or an absolute path, "http://127.0.0.1:8080",
/// "https://dc.example:8443". http is refused for anything but loopback addresses unless `host` is
/// numeric: see the hint.
base::Result<Endpoint> parse_endpoint(std::string_view text);
std::string text(const Endpoint& endpoint);

struct ClientLimits {
    std::chrono::milliseconds connect_time = 5s;  ///< to a usable connection, TLS included
    std::chrono::milliseconds answer_time = 60s;  ///< from the request's last byte to the head
    std::chrono::milliseconds stall_time = 30s;   ///< without a byte given or taken
    std::size_t body_max = 64 << 20;              ///< of a response kept in memory
};

/// The client's end of a WebSocket. For one thread at a time.
class ClientWebSocket {
  public:
    virtual ~ClientWebSocket() = default;

    struct Message {
        std::string bytes;
        WebSocket::Kind kind = WebSocket::Kind::binary;
    };
    virtual base::Status send(std::string_view bytes,
                              WebSocket::Kind kind = WebSocket::Kind::binary) = 0;
    /// The next message; nothing when none came within `wait` (0: look only). After the other
    /// side's goodbye, and when the connection broke, an error: `unavailable`; see goodbye().
    virtual base::Result<std::optional<Message>> receive(std::chrono::milliseconds wait) = 0;
    /// Says goodbye, once.
    virtual void close(std::uint16_t code = 1000) = 0;
    /// The code the other side said goodbye with (1000: all is well); 0 until then.
    virtual std::uint16_t goodbye() const = 0;
    /// To poll for reading together with other descriptors. Only after receive(0) said "nothing":
    /// messages may wait above the kernel.
    virtual int fd() const = 0;
};

/// A blocking HTTP/1.1 client of one server, with one connection that is kept and renewed as
/// needed. For one thread at a time. Every wait has an end.
class Client {
  public:
    /// Connects, so that a wrong address, a missing server or a stranger's certificate is found
    /// here and named.
    static base::Result<std::unique_ptr<Client>> connect(Endpoint endpoint,
                                                         ClientLimits limits = {});
    virtual ~Client() = default;

    /// Any status is a Response; an error means that there is none. Host, Content-Length and
    /// Connection are set here. When a kept connection turns out dead before a byte of the answer
    /// came, a request that may be repeated (GET, HEAD, PUT, DELETE, OPTIONS, or any with an
    /// Idempotency-Key) is sent again on a new one, once.
    virtual base::Result<Response> request(const Request& request) = 0;

    /// For event streams and downloads: `on_chunk` gets the body of a 2xx answer as it comes and
    /// ends the reading by returning false. Returns the head; another status comes with its body.
    /// `unavailable` when the server or the connection went away in the middle, `timed_out` after
    /// `silence_max` without a byte. Going on where it ended is the caller's affair.
    virtual base::Result<Response> stream(const Request& request,
                                          const std::function<bool(std::string_view)>& on_chunk,
                                          std::chrono::milliseconds silence_max = 60s) = 0;

    /// Sends `size` bytes read from `fd` as the body. Waits for the server's leave to begin
    /// (100-continue), so that a refusal costs nothing; an answer in the middle ends the sending
    /// and is returned. `on_progress` gets the bytes sent so far; it may be empty.
    virtual base::Result<Response> upload(
        const Request& request, int fd, std::uint64_t size,
        const std::function<void(std::uint64_t)>& on_progress) = 0;

    /// A WebSocket on a connection of its own. A refusal is the error its answer means.
    virtual base::Result<std::unique_ptr<ClientWebSocket>> connect_websocket(
        const Request& request) = 0;
};

}  // namespace vdc::wire
