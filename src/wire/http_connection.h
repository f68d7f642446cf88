#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "wire/channel.h"
#include "wire/event_loop.h"
#include "wire/http1.h"
#include "wire/http_server.h"
#include "wire/out_queue.h"
#include "wire/server_outlet.h"
#include "wire/upload.h"
#include "wire/websocket.h"

/// One connection of the server, from its first byte to its last.
///
///            +--------------------------- answered, kept alive ------------------------+
///            v                                                                         |
///          head ---> body (into memory) ------> handling ---> stream ---- ended -------+
///            |  \                                ^   |   \                             |
///            |   +--> upload (into a sink) ------+   |    +--> websocket               |
///            |              |                        +---------------------------------+
///            +--- refused --+--------------> lingering ---> gone
///
/// 1. One request at a time is handled; those pipelined behind it wait unread.
/// 2. In `handling`, and only there, exactly one Exchange for it exists; it ends the phase.
/// 3. What is read but not understood yet is bounded: head_size_max + one read of 64 KiB.
/// 4. A connection is closed by us only after `lingering`: with bytes unread the kernel would
///    reset it, and the peer could lose the answer that tells why.
namespace vdc::wire {

class HttpConnection;

/// What the connections of a server share. Belongs to the loop's thread but where said.
struct ServerShared {
    ServerShared(Handler& for_handler, const HttpLimits& with_limits,
                 std::shared_ptr<EventLoop> on_loop);

    Handler& handler;
    const HttpLimits limits;
    const std::shared_ptr<EventLoop> loop;
    bool stopping = false;
    std::map<std::uint64_t, std::shared_ptr<HttpConnection>> connections;
    std::map<std::uint64_t, std::unique_ptr<Upload>> uploads;  ///< until their threads are joined
    std::function<void()> on_room;                             ///< a connection went away

    std::atomic<std::size_t> connection_count{0};  ///< any thread
    std::mutex mutex;
    std::condition_variable emptied;  ///< connection_count became 0

    std::string next_request_id();

  private:
    std::string id_prefix_;
    std::uint64_t last_request_ = 0;
};

class HttpConnection final : public Watcher, public std::enable_shared_from_this<HttpConnection> {
  public:
    HttpConnection(std::shared_ptr<ServerShared> shared, std::unique_ptr<Channel> channel,
                   Peer peer, std::uint64_t listener);

    /// Begins to read. False when the loop cannot watch the socket: it is closed then.
    bool open();
    std::uint64_t id() const { return id_; }
    std::uint64_t listener() const { return listener_; }

    void on_ready(std::uint32_t events) override;
    void on_tick(SteadyTime now) override;

    /// The listener goes or the server stops: closed at once when idle, else after its answer.
    void retire();
    /// Closes now, whatever is under way.
    void cut_off();

    // The three ways to answer, on the loop, by this connection's Exchange.
    bool in_dispatch() const { return dispatching_; }
    void respond(Response response);
    void begin_stream(int status, const Headers& headers, std::shared_ptr<ServerOutlet> outlet);
    void begin_websocket(WebSocketEvents events, std::shared_ptr<ServerOutlet> outlet);

    /// Something waits in the outlet.
    void take_from_outlet();
    // An upload's reports.
    void upload_has_room();
    void upload_failed(const base::Error& error);

  private:
    /// For the peer to end its side after us.
    static constexpr std::chrono::milliseconds linger_time = 2s;

    enum class Phase { head, body, upload, handling, stream, websocket, lingering, gone };

    void read_on();
    void feed(std::string_view bytes);
    bool wants_bytes() const;
    std::size_t consume(std::string_view bytes);
    std::size_t consume_some(std::string_view bytes);
    std::size_t consume_head(std::string_view bytes);
    std::size_t consume_body(std::string_view bytes);
    std::size_t consume_frames(std::string_view bytes);
    void input_ended();

    void begin_request(RequestHead head);
    void begin_body(const RequestHead& head);
    void begin_upload(std::unique_ptr<BodySink> sink);
    bool keep(std::string_view data);
    void end_body();
    void dispatch();
    std::unique_ptr<Exchange> exchange();
    void refuse(int status, const base::Error& error);
    void refuse_head(const base::Error& error);
    void begin_unknown();

    void write_head(int status, const Headers& headers, std::optional<std::size_t> length);
    void end_answer();
    void proceed();

    void on_frame(Frame frame);
    void goodbye(std::uint16_t code);

    void flush();
    void settle();
    void expect_within(std::chrono::milliseconds limit);
    void expire();
    void linger();
    void close();
    void end_websocket();

    const std::shared_ptr<ServerShared> shared_;
    std::unique_ptr<Channel> channel_;
    const Peer peer_;
    const std::uint64_t id_;
    const std::uint64_t listener_;

    Phase phase_ = Phase::head;
    bool reading_ = false;           ///< inside consume(): output is gathered, not flushed
    bool dispatching_ = false;       ///< inside Handler::on_request()
    bool head_begun_ = false;        ///< a byte of the next request came
    bool said_goodbye_ = false;      ///< our close frame is out
    bool retired_ = false;           ///< takes no further request
    bool read_ended_ = false;        ///< the peer will send no more
    bool closing_ = false;           ///< lingers once the output is gone
    std::uint32_t watched_ = 0;      ///< events the loop watches for
    bool read_wants_write_ = false;  ///< TLS must write before it can read

    std::string input_;  ///< read and not yet consumed
    OutQueue output_;
    SteadyTime deadline_ = SteadyTime::max();        ///< of the phase
    SteadyTime write_deadline_ = SteadyTime::max();  ///< for the peer to take a byte
    std::uint64_t since_progress_ = 0;  ///< bytes of the body since the deadline was moved
    std::uint64_t lingered_ = 0;

    // The present request.
    HeadFinder finder_;
    Request request_;
    std::optional<BodyReader> body_;
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
    std::unique_ptr<WebSocketEvents> events_;
    std::optional<FrameReader> frames_;
    std::uint16_t goodbye_code_ = 1006;
};

}  // namespace vdc::wire
