#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/channel.h"
#include "wire/http1.h"
#include "wire/http_server.h"
#include "wire/server_outlet.h"
#include "wire/server_shared.h"
#include "wire/server_websocket.h"
#include "wire/upload.h"

/// One connection of the server, from its first byte to its last.
///
///                  +--------------------------- answered, kept alive ------------------------+
///                  v                                                                         |
///   handshake --> head ---> body (into memory) ------> handling ---> stream ---- ended ------+
///     (TLS)         | \                                 ^   |  \                             |
///                   |  +--> upload (into a sink) -------+   |   +--> websocket               |
///                   |              |                        +--------------------------------+
///                   +--- refused --+--------------> lingering ---> gone
///
/// 1. One request at a time is handled; those pipelined behind it wait unread.
/// 2. In `handling`, and only there, exactly one Exchange for it exists; it ends the phase.
/// 3. What is read but not understood yet is bounded: head_size_max + one read of 64 KiB.
/// 4. A connection is closed by us only after `lingering`: with bytes unread the kernel would
///    reset it, and the peer could lose the answer that tells why.
/// 5. At most one read and one write are under way; each holds the connection. In `websocket`
///    both belong to Boost.Beast.
namespace vdc::wire {

using SteadyTime = std::chrono::steady_clock::time_point;

class HttpConnection final : public std::enable_shared_from_this<HttpConnection> {
  public:
    HttpConnection(std::shared_ptr<ServerShared> shared, runtime::Fd socket, TlsContext tls,
                   Peer peer, std::uint64_t listener);

    void open();
    std::uint64_t listener() const { return listener_; }
    bool is_gone() const { return phase_ == Phase::gone; }
    void on_tick(SteadyTime now);

    /// The listener goes or the server stops: closed at once when idle, else after its answer.
    void retire();
    /// Closes now, whatever is under way.
    void close();

    // The three ways to answer, on the loop, by this connection's Exchange.
    bool in_dispatch() const { return dispatching_; }
    void respond(Response response);
    void begin_stream(int status, Headers headers, std::shared_ptr<ServerOutlet> outlet);
    void begin_websocket(WebSocketEvents events, std::shared_ptr<ServerOutlet> outlet);

    /// Something waits in the outlet.
    void take_from_outlet();

  private:
    enum class Phase {
        handshake,
        head,
        body,
        upload,
        handling,
        stream,
        websocket,
        lingering,
        gone
    };

    void handshake_ended(const error_code& failure);
    void read_on();
    void received(const error_code& failure, std::size_t size);
    bool wants_bytes() const;
    void proceed();
    std::size_t consume(std::string_view bytes);
    void input_ended();

    std::size_t consume_head(std::string_view bytes);
    void begin_request();
    void refuse_head(const base::Error& error);
    void begin_unknown();
    void dispatch();
    std::unique_ptr<Exchange> exchange();

    void begin_body();
    void begin_upload(std::unique_ptr<BodySink> sink);
    std::size_t consume_body(std::string_view bytes);
    bool keep(std::string_view data);
    void end_body();
    void upload_has_room();
    void upload_failed(const base::Error& error);

    void write_head(int status, Headers headers, std::optional<std::size_t> length);
    void end_answer();
    void refuse(int status, const base::Error& error);

    void start_websocket();
    void websocket_over();

    void write(std::string bytes);
    void flush();
    void sent(const error_code& failure, std::size_t size);
    void linger();
    void expect_within(std::chrono::milliseconds limit);
    void expect_progress(bool waiting);
    void expire();

    const std::shared_ptr<ServerShared> shared_;
    Channel channel_;
    Peer peer_;
    const std::uint64_t id_;
    const std::uint64_t listener_;

    Phase phase_ = Phase::head;
    bool dispatching_ = false;                       ///< inside Handler::on_request()
    bool head_begun_ = false;                        ///< a byte of the next request came
    bool retired_ = false;                           ///< takes no further request
    bool read_ended_ = false;                        ///< the peer will send no more
    bool closing_ = false;                           ///< lingers once the output is gone
    SteadyTime deadline_ = SteadyTime::max();        ///< of the phase
    SteadyTime write_deadline_ = SteadyTime::max();  ///< for the peer to take a byte
    std::uint64_t since_progress_ = 0;  ///< bytes of the body since the deadline was moved
    std::uint64_t lingered_ = 0;

    flat_buffer input_;  ///< read and not yet consumed
    std::size_t read_size_;
    bool reading_ = false;
    std::vector<std::string> output_;  ///< the first one is under way while writing_
    std::size_t first_sent_ = 0;       ///< of the first one
    std::size_t unsent_ = 0;           ///< of all
    bool writing_ = false;

    // The present request.
    RequestReader reader_;
    Request request_;
    std::uint64_t body_size_ = 0;
    Upload* upload_ = nullptr;  ///< owned by shared_
    Method method_ = Method::get;
    std::string request_id_;
    bool http_1_0_ = false;
    bool keep_alive_ = true;
    std::unique_ptr<Headers> upgrade_;  ///< of a request that asks for a WebSocket

    // A connection that stays open.
    std::shared_ptr<ServerOutlet> outlet_;
    bool chunked_ = false;
    std::optional<WebSocketEvents> events_;  ///< of a WebSocket that waits for the output to go
    std::shared_ptr<ServerWebSocket> websocket_;
};

}  // namespace vdc::wire
