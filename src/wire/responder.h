#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/executor.h"
#include "wire/http.h"

/// How a request is answered: once, at once or as a stream, from any thread.
namespace vdc::wire {

/// The sending end of a connection that stays open. Every member may be called from any thread
/// and never blocks. The server has one kind, a test may have its own.
class Outlet {
  public:
    virtual ~Outlet() = default;

    /// Of a WebSocket, whose pieces are messages.
    enum class Kind { text, binary };
    struct Goodbye {
        std::uint16_t code = 1000;
        std::string reason = {};
    };

    /// Queues bytes in order. False when the connection is over, or when more than the bound
    /// (HttpLimits::queue_max) would wait for a slow reader: such a reader is cut off.
    virtual bool write(std::string bytes, Kind kind) = 0;
    /// Ends the connection in order, after what is queued.
    virtual void close(Goodbye goodbye) = 0;
    virtual bool closed() const = 0;
    /// Bytes written and not yet taken by the kernel.
    virtual std::size_t queued() const = 0;
    /// Called once, when the connection is over, however it ended: on the server's thread, so it
    /// must not block; or at once, on the caller's, if it is over already.
    virtual void on_closed(std::function<void()> call) = 0;
    /// Called each time the queue has run empty. On the server's thread.
    virtual void on_drained(std::function<void()> call) = 0;
};

/// A response body that is written over time: server-sent events, a log that is followed, a long
/// download. A handle: copies mean the same stream. When the last copy goes, the stream is closed.
class Stream {
  public:
    explicit Stream(std::shared_ptr<Outlet> outlet);

    bool write(std::string bytes) const {
        return end_->outlet->write(std::move(bytes), Outlet::Kind::binary);
    }
    void close() const { end_->outlet->close({}); }
    bool closed() const { return end_->outlet->closed(); }
    std::size_t queued() const { return end_->outlet->queued(); }
    void on_closed(std::function<void()> call) const { end_->outlet->on_closed(std::move(call)); }
    void on_drained(std::function<void()> call) const { end_->outlet->on_drained(std::move(call)); }

  private:
    struct End {
        explicit End(std::shared_ptr<Outlet> to) : outlet(std::move(to)) {}
        End(const End&) = delete;
        ~End() { outlet->close({}); }
        std::shared_ptr<Outlet> outlet;
    };
    std::shared_ptr<End> end_;
};

/// The server's end of a WebSocket (RFC 6455). A handle: copies mean the same socket. Pings are
/// answered and fragments put together below it. It stays open until one side closes it.
class WebSocket {
  public:
    explicit WebSocket(std::shared_ptr<Outlet> outlet) : outlet_(std::move(outlet)) {}

    using Kind = Outlet::Kind;
    /// False when the socket is over or its reader too slow (see Outlet::write). Watch queued()
    /// and on_drained() to pause a talkative source instead.
    bool send(std::string_view message, Kind kind = Kind::binary) const {
        return outlet_->write(std::string(message), kind);
    }
    /// Says goodbye with a code of RFC 6455 section 7.4 and closes.
    void close(std::uint16_t code = 1000, std::string_view reason = {}) const {
        outlet_->close({code, std::string(reason)});
    }
    bool closed() const { return outlet_->closed(); }
    std::size_t queued() const { return outlet_->queued(); }
    void on_drained(std::function<void()> call) const { outlet_->on_drained(std::move(call)); }

  private:
    std::shared_ptr<Outlet> outlet_;
};

/// What happens on a WebSocket. All on the server's thread, in this order; none may block.
struct WebSocketEvents {
    std::function<void(WebSocket)> on_open;
    std::function<void(std::string message, WebSocket::Kind kind)> on_message;
    std::function<void(std::uint16_t code)> on_closed;  ///< 1006: without a goodbye
    std::string protocol = {};  ///< the subprotocol we agree to; must be one the client offered
};

/// What a Responder speaks to: a connection of the server, or a test's notebook.
class Exchange {
  public:
    virtual ~Exchange() = default;
    virtual void send(Response response) = 0;
    virtual std::shared_ptr<runtime::Mailbox> loop() const { return nullptr; }
    virtual Stream stream(int status, Headers headers) = 0;
    virtual void upgrade_websocket(WebSocketEvents events) = 0;
};

/// The duty to answer one request. Movable; from any thread; exactly one of the four, once.
/// When it goes away unanswered, it answers 500, so that no client waits for ever.
class Responder {
  public:
    explicit Responder(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
    Responder(Responder&&) = default;
    Responder& operator=(Responder&&) = delete;
    ~Responder();

    /// Content-Length, Date, Connection and X-Request-Id are the server's to set.
    void send(Response response) { taken()->send(std::move(response)); }

    /// Where the request was read, and where an answer costs nobody else's thread anything; null
    /// for a notebook. What is posted there must not block. Not once it is answered.
    std::shared_ptr<runtime::Mailbox> loop() const { return exchange_->loop(); }

    /// Sends the head now and the body as it is written.
    Stream stream(int status, Headers headers) {
        return taken()->stream(status, std::move(headers));
    }

    /// Turns the connection into a WebSocket. A request that did not ask for one, or asks for
    /// another version, is answered 426 or 400 here, and no event is called.
    void upgrade_websocket(WebSocketEvents events) {
        taken()->upgrade_websocket(std::move(events));
    }

  private:
    std::unique_ptr<Exchange> taken();

    std::unique_ptr<Exchange> exchange_;
};

}  // namespace vdc::wire
