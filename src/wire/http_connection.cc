#include "wire/http_connection.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "wire/problem.h"
#include "wire/server_exchange.h"

namespace vdc::wire {

using base::Error;
using base::Result;

static constexpr std::size_t output_high = 256 << 10;  ///< pipelined answers wait beyond this
static constexpr std::size_t input_high = 64 << 10;    ///< read ahead of the present request
static constexpr std::size_t read_least = 4 << 10;     ///< and what an idle connection keeps
static constexpr std::size_t read_most = 64 << 10;
static constexpr std::size_t gathered_max = 16 << 10;  ///< copying less is cheaper than a write
static constexpr std::uint64_t lingered_max = 16 << 20;

// ---- coming and going

HttpConnection::HttpConnection(std::shared_ptr<ServerShared> shared, runtime::Fd socket,
                               TlsContext tls, Peer peer, std::uint64_t listener)
    : shared_(std::move(shared)),
      channel_(shared_->loop.context(), std::move(socket), std::move(tls)),
      peer_(std::move(peer)),
      id_(++shared_->last_id),
      listener_(listener),
      read_size_(read_least),
      reader_(shared_->limits.head_size_max, shared_->limits.headers_max) {}

void HttpConnection::open() {
    shared_->connections.emplace(id_, shared_from_this());
    ++shared_->connection_count;
    shared_->on_count();
    expect_within(shared_->limits.head_time);
    if (!channel_.is_tls()) return read_on();
    phase_ = Phase::handshake;
    channel_.async_handshake(
        asio::ssl::stream_base::server,
        [self = shared_from_this()](const error_code& failure) { self->handshake_ended(failure); });
}

void HttpConnection::handshake_ended(const error_code& failure) {
    if (phase_ != Phase::handshake) return;
    if (failure) {
        phase_ = Phase::lingering;
        expect_within(linger_time);
        return channel_.drain(lingered_max, [self = shared_from_this()] { self->close(); });
    }
    auto shown = channel_.peer_certificate();
    if (shown && shown->party) peer_.certificate = std::move(shown);
    phase_ = Phase::head;
    proceed();
}

void HttpConnection::close() {
    const auto self = shared_from_this();
    if (std::exchange(phase_, Phase::gone) == Phase::gone) return;
    channel_.close();
    if (upload_ != nullptr) std::exchange(upload_, nullptr)->abandon();
    if (websocket_ != nullptr) std::exchange(websocket_, nullptr)->broken();
    if (outlet_ != nullptr) std::exchange(outlet_, nullptr)->over();
    shared_->connections.erase(id_);
    {
        const std::lock_guard lock(shared_->mutex);
        --shared_->connection_count;
    }
    shared_->emptied.notify_all();
    shared_->on_count();
}

void HttpConnection::retire() {
    retired_ = true;
    switch (phase_) {
        case Phase::stream: return outlet_->close({});
        case Phase::websocket:
            if (websocket_ != nullptr) websocket_->say_goodbye(1001);
            return;
        case Phase::handshake: return close();
        case Phase::head:
            closing_ = true;
            phase_ = Phase::lingering;
            return output_.empty() ? close() : proceed();
        case Phase::body:
        case Phase::upload:
        case Phase::handling:
        case Phase::lingering:
        case Phase::gone: return;
    }
}

/// For the peer to end its side after us.
void HttpConnection::linger() {
    closing_ = false;
    if (read_ended_) return close();
    phase_ = Phase::lingering;
    channel_.shut_down_writing(shared_from_this());
    expect_within(linger_time);
}

// ---- time

void HttpConnection::expect_within(std::chrono::milliseconds limit) {
    deadline_ = std::chrono::steady_clock::now() + limit;
}

void HttpConnection::expect_progress(bool waiting) {
    write_deadline_ =
        waiting ? std::chrono::steady_clock::now() + shared_->limits.write_time : SteadyTime::max();
}

void HttpConnection::on_tick(SteadyTime now) {
    if (now >= write_deadline_) return close();
    if (now >= deadline_) expire();
}

void HttpConnection::expire() {
    deadline_ = SteadyTime::max();
    const bool waits_for_request =
        (phase_ == Phase::head && head_begun_) || phase_ == Phase::body || phase_ == Phase::upload;
    if (!waits_for_request) return close();
    if (phase_ == Phase::head) begin_unknown();
    refuse(408, Error{Error::Code::timed_out, "the request did not come in time",
                      "send it again, without long pauses"});
    proceed();
}

// ---- reading

bool HttpConnection::wants_bytes() const {
    if (read_ended_) return false;
    switch (phase_) {
        case Phase::head: return unsent_ < output_high;
        case Phase::upload: return !upload_->full();
        case Phase::handling:
            // Who asks for a WebSocket must wait for the answer; then Beast reads.
            return upgrade_ == nullptr && input_.size() < input_high;
        case Phase::stream: return input_.size() < input_high;
        case Phase::body:
        case Phase::lingering: return true;
        case Phase::handshake:
        case Phase::websocket:
        case Phase::gone: return false;
    }
    return false;
}

void HttpConnection::read_on() {
    if (reading_ || !wants_bytes()) return;
    reading_ = true;
    channel_.async_read_some(
        input_.prepare(read_size_),
        [self = shared_from_this()](const error_code& failure, std::size_t size) {
            self->received(failure, size);
        });
}

void HttpConnection::received(const error_code& failure, std::size_t size) {
    reading_ = false;
    if (phase_ == Phase::gone) return;
    if (failure && !is_end(failure)) return close();
    input_.commit(size);
    if (failure) {
        read_ended_ = true;  // but it may listen still
        channel_.async_wait_gone([self = shared_from_this()](const error_code& cancelled) {
            if (!cancelled) self->close();
        });
    }
    // Who sends much is read from in larger steps; who is idle keeps little memory.
    if (size == read_size_) read_size_ = std::min(2 * read_size_, read_most);
    proceed();
}

/// Last in every turn: goes on with what was read, writes what was gathered, reads on.
void HttpConnection::proceed() {
    while (phase_ != Phase::gone && input_.size() > 0) {
        const auto bytes = input_.cdata();
        const std::size_t used = consume({static_cast<const char*>(bytes.data()), bytes.size()});
        if (used == 0) break;
        input_.consume(used);
    }
    if (phase_ == Phase::gone) return;
    if (input_.size() == 0 && read_size_ > read_least && phase_ == Phase::head) {
        read_size_ = read_least;
        if (!reading_) input_.shrink_to_fit();
    }
    if (read_ended_) input_ended();
    flush();
    read_on();
}

std::size_t HttpConnection::consume(std::string_view bytes) {
    switch (phase_) {
        case Phase::head: return unsent_ < output_high ? consume_head(bytes) : 0;
        case Phase::body: return consume_body(bytes);
        case Phase::upload: return upload_->full() ? 0 : consume_body(bytes);
        case Phase::lingering:
            lingered_ += bytes.size();
            if (lingered_ > lingered_max) close();
            return bytes.size();
        case Phase::handshake:
        case Phase::handling:
        case Phase::stream:
        case Phase::websocket:
        case Phase::gone: return 0;
    }
    return 0;
}

/// The peer will send no more. It may still wait for the answers to what it sent.
void HttpConnection::input_ended() {
    const bool answers = phase_ == Phase::head || phase_ == Phase::lingering;
    const bool holds_more = (phase_ == Phase::head && unsent_ >= output_high) ||
                            (phase_ == Phase::upload && upload_->full());
    if (phase_ == Phase::handling || (holds_more && input_.size() > 0)) return;
    if (!answers || output_.empty()) return close();
    closing_ = true;
    phase_ = Phase::lingering;
}

// ---- the head of a request

std::size_t HttpConnection::consume_head(std::string_view bytes) {
    if (!std::exchange(head_begun_, true)) expect_within(shared_->limits.head_time);
    const Result<std::size_t> size = reader_.take_head(bytes);
    if (!size.ok()) {
        refuse_head(size.error());
        return bytes.size();
    }
    if (*size > 0) begin_request();
    return *size;
}

void HttpConnection::refuse_head(const Error& error) {
    begin_unknown();
    refuse(error.code == Error::Code::too_large ? 431 : status_of(error.code), error);
}

/// The request could not be read: what is known of the one before must not be taken for it.
void HttpConnection::begin_unknown() {
    method_ = Method::get;
    http_1_0_ = false;
    request_id_ = shared_->next_request_id();
}

/// An id that the client chose is kept when it can do no harm in a log.
static const std::string* good_request_id(const Headers& headers) {
    const std::string* id = headers.find("X-Request-Id");
    const auto good = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_' || c == '.';
    };
    const bool keep = id != nullptr && !id->empty() && id->size() <= 64 &&
                      std::all_of(id->begin(), id->end(), good);
    return keep ? id : nullptr;
}

void HttpConnection::begin_request() {
    RequestHead& head = reader_.head();
    method_ = head.method;
    http_1_0_ = head.http_1_0;
    keep_alive_ = head.keep_alive && !retired_ && !shared_->stopping;
    const std::string* id = good_request_id(head.headers);
    request_id_ = id != nullptr ? *id : shared_->next_request_id();
    request_ = Request{head.method,
                       std::move(head.target.path),
                       std::move(head.target.query),
                       std::move(head.headers),
                       {},
                       peer_,
                       request_id_};
    upgrade_.reset();
    if (lists(request_.headers, "Upgrade", "websocket"))
        upgrade_ = std::make_unique<Headers>(request_.headers);
    if (reader_.done() && !head.body_size)
        dispatch();
    else
        begin_body();
}

void HttpConnection::dispatch() {
    phase_ = Phase::handling;
    deadline_ = SteadyTime::max();
    reader_.begin();
    dispatching_ = true;
    shared_->handler.on_request(std::exchange(request_, {}), Responder(exchange()));
    dispatching_ = false;
}

std::unique_ptr<Exchange> HttpConnection::exchange() {
    return std::make_unique<ServerExchange>(shared_, weak_from_this());
}

// ---- the body of a request: into memory, or into a sink

static constexpr std::uint64_t body_step = 64 << 10;  ///< must come within body_time each

static Error body_too_large(std::uint64_t size_max) {
    return Error{Error::Code::too_large,
                 "the body is larger than " + std::to_string(size_max) + " bytes",
                 "this request takes no more"};
}

void HttpConnection::begin_body() {
    body_size_ = 0;
    since_progress_ = 0;
    Result<std::unique_ptr<BodySink>> sink = shared_->handler.on_body_begin(request_);
    if (!sink.ok()) return refuse(upload_status_of(sink.error().code), sink.error());
    const std::uint64_t size_max =
        *sink != nullptr ? shared_->limits.upload_max : shared_->limits.body_max;
    if (reader_.head().body_size.value_or(0) > size_max)
        return refuse(413, body_too_large(size_max));
    phase_ = Phase::body;
    if (*sink != nullptr) begin_upload(std::move(*sink));
    if (phase_ == Phase::lingering) return;
    expect_within(shared_->limits.body_time);
    if (reader_.done()) return end_body();
    if (reader_.head().expects_continue) write(response_head(100, {}));
}

void HttpConnection::begin_upload(std::unique_ptr<BodySink> sink) {
    if (shared_->uploads.size() >= shared_->limits.uploads_max)
        return refuse(503,
                      Error{Error::Code::unavailable,
                            std::to_string(shared_->limits.uploads_max) + " uploads are under way",
                            "try again when one has ended"});
    const std::uint64_t key = ++shared_->last_id;
    const auto tell = [shared = shared_, weak = weak_from_this()](auto call) {
        shared->loop.post([weak, call] {
            if (const auto self = weak.lock()) call(*self);
        });
    };
    Upload::Reports reports;
    reports.room = [tell] { tell([](HttpConnection& c) { c.upload_has_room(); }); };
    reports.failed = [tell](const Error& error) {
        tell([error](HttpConnection& c) { c.upload_failed(error); });
    };
    // Whoever posts it is alive: an upload's thread is joined before the server goes.
    reports.ended = [shared = shared_.get(), key] {
        shared->loop.post([shared, key] { shared->uploads.erase(key); });
    };
    auto upload = std::make_unique<Upload>(std::move(sink), std::move(reports));
    upload_ = upload.get();
    shared_->uploads.emplace(key, std::move(upload));
    phase_ = Phase::upload;
}

std::size_t HttpConnection::consume_body(std::string_view bytes) {
    const Result<RequestReader::Piece> piece = reader_.take_body(bytes);
    if (!piece.ok()) {
        refuse(400, piece.error());
        return bytes.size();
    }
    since_progress_ += piece->used;
    if (since_progress_ >= body_step) {
        since_progress_ = 0;
        expect_within(shared_->limits.body_time);
    }
    if (keep(piece->data) && reader_.done()) end_body();
    return piece->used;
}

bool HttpConnection::keep(std::string_view data) {
    const std::uint64_t size_max =
        upload_ != nullptr ? shared_->limits.upload_max : shared_->limits.body_max;
    body_size_ += data.size();
    if (body_size_ > size_max) {
        refuse(413, body_too_large(size_max));
        return false;
    }
    if (upload_ == nullptr) {
        request_.body += data;
        return true;
    }
    upload_->push(data);
    if (upload_->full()) deadline_ = SteadyTime::max();  // now it is the sink that is slow
    return true;
}

void HttpConnection::end_body() {
    if (upload_ == nullptr) return dispatch();
    phase_ = Phase::handling;
    deadline_ = SteadyTime::max();
    reader_.begin();
    std::exchange(upload_, nullptr)->finish(Responder(exchange()));
}

void HttpConnection::upload_has_room() {
    if (phase_ != Phase::upload) return;
    expect_within(shared_->limits.body_time);
    proceed();
}

void HttpConnection::upload_failed(const Error& error) {
    if (phase_ != Phase::upload) return;
    refuse(upload_status_of(error.code), error);
    proceed();
}

// ---- answering

/// The headers that only the server can know.
static bool is_ours(std::string_view name) {
    switch (name.size()) {
        case 4: return same_ignoring_case(name, "Date");
        case 10: return same_ignoring_case(name, "Connection");
        case 12: return same_ignoring_case(name, "X-Request-Id");
        case 14: return same_ignoring_case(name, "Content-Length");
        case 17: return same_ignoring_case(name, "Transfer-Encoding");
        default: return false;
    }
}

/// Without a length the body is chunked, or ends with the connection, or there is none.
void HttpConnection::write_head(int status, Headers headers, std::optional<std::size_t> length) {
    keep_alive_ = keep_alive_ && !retired_ && !read_ended_;
    headers.erase_if(is_ours);
    headers.add("Date", shared_->date());
    headers.add("X-Request-Id", request_id_);
    if (length) headers.add("Content-Length", std::to_string(*length));
    if (chunked_) headers.add("Transfer-Encoding", "chunked");
    if (!keep_alive_) headers.add("Connection", "close");
    if (keep_alive_ && http_1_0_) headers.add("Connection", "keep-alive");
    write(response_head(status, headers));
}

void HttpConnection::respond(Response response) {
    base::check(phase_ == Phase::handling, "a request is answered once, while it is handled");
    const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
    write_head(response.status, std::move(response.headers),
               bodiless ? std::nullopt : std::optional(response.body.size()));
    if (!bodiless && method_ != Method::head) write(std::move(response.body));
    end_answer();
    if (!dispatching_) proceed();
}

/// The answer is complete in the output.
void HttpConnection::end_answer() {
    chunked_ = false;
    closing_ = !keep_alive_ || retired_;
    phase_ = closing_ ? Phase::lingering : Phase::head;
    head_begun_ = false;
    expect_within(shared_->limits.idle_time);
}

/// Answers what is not, or not wholly, read; the connection cannot go on.
void HttpConnection::refuse(int status, const Error& error) {
    if (upload_ != nullptr) std::exchange(upload_, nullptr)->abandon();
    keep_alive_ = false;
    Response response = problem(status, error, request_id_);
    write_head(response.status, std::move(response.headers), response.body.size());
    if (method_ != Method::head) write(std::move(response.body));
    end_answer();
}

// ---- writing

/// Small pieces share a buffer; large ones are sent from where they are.
void HttpConnection::write(std::string bytes) {
    if (bytes.empty()) return;
    unsent_ += bytes.size();
    const bool under_way = writing_ && output_.size() == 1;
    if (!output_.empty() && !under_way && output_.back().size() + bytes.size() <= gathered_max)
        output_.back() += bytes;
    else
        output_.push_back(std::move(bytes));
}

void HttpConnection::flush() {
    if (writing_) return;
    if (output_.empty()) {
        if (events_) start_websocket();
        if (closing_) linger();
        return;
    }
    writing_ = true;
    expect_progress(true);
    channel_.async_write_some(
        asio::buffer(output_.front()) + first_sent_,
        [self = shared_from_this()](const error_code& failure, std::size_t size) {
            self->sent(failure, size);
        });
}

void HttpConnection::sent(const error_code& failure, std::size_t size) {
    writing_ = false;
    if (phase_ == Phase::gone) return;
    if (failure) return close();
    expect_progress(false);
    unsent_ -= size;
    first_sent_ += size;
    if (first_sent_ == output_.front().size()) {
        output_.erase(output_.begin());
        first_sent_ = 0;
    }
    if (outlet_ != nullptr && phase_ == Phase::stream) outlet_->report(unsent_);
    proceed();
}

// ---- streams

void HttpConnection::begin_stream(int status, Headers headers,
                                  std::shared_ptr<ServerOutlet> outlet) {
    base::check(phase_ == Phase::handling, "a request is answered once, while it is handled");
    chunked_ = !http_1_0_ && method_ != Method::head;
    keep_alive_ = keep_alive_ && !http_1_0_;
    write_head(status, std::move(headers), {});
    if (method_ == Method::head || read_ended_) {
        if (chunked_) write(last_chunk());
        outlet->over();
        end_answer();
    } else {
        outlet_ = std::move(outlet);
        phase_ = Phase::stream;
        deadline_ = SteadyTime::max();
        if (retired_) outlet_->close({});
    }
    if (!dispatching_) proceed();
}

void HttpConnection::take_from_outlet() {
    if (websocket_ != nullptr) return websocket_->take_from_outlet();
    if (phase_ != Phase::stream) return;
    ServerOutlet::Taken taken = outlet_->take();
    if (taken.cut) return close();
    std::string bytes;
    for (ServerOutlet::Piece& piece : taken.pieces) bytes += piece.bytes;
    write(chunked_ && !bytes.empty() ? chunk(bytes) : std::move(bytes));
    if (taken.goodbye) {
        if (chunked_) write(last_chunk());
        std::exchange(outlet_, nullptr)->over();
        end_answer();
    }
    proceed();
}

// ---- WebSockets

/// Why this is no good request for a WebSocket: a status and a sentence, or nothing.
static std::optional<std::pair<int, std::string>> flaw_of(const Headers* headers, Method method,
                                                          bool too_early) {
    if (headers == nullptr || !lists(*headers, "Connection", "upgrade"))
        return std::pair(426, "this is a WebSocket: ask for it with Upgrade: websocket");
    if (method != Method::get) return std::pair(400, "a WebSocket is asked for with GET");
    if (headers->get("Sec-WebSocket-Version") != "13")
        return std::pair(426, "only WebSocket version 13 is spoken here");
    const std::string key = headers->get("Sec-WebSocket-Key");
    if (key.size() != 24 || !key.ends_with("=="))
        return std::pair(400, "the Sec-WebSocket-Key is not 16 bytes in base 64");
    if (too_early) return std::pair(400, "frames came before the WebSocket was agreed to");
    return {};
}

static Response upgrade_refused(int status, const std::string& why, std::string_view request_id) {
    Response response = problem(status, Error{Error::Code::invalid, why}, request_id);
    if (status != 426) return response;
    response.headers.add("Upgrade", "websocket");
    response.headers.add("Sec-WebSocket-Version", "13");
    return response;
}

void HttpConnection::begin_websocket(WebSocketEvents events, std::shared_ptr<ServerOutlet> outlet) {
    base::check(phase_ == Phase::handling, "a request is answered once, while it is handled");
    const Headers* asked = http_1_0_ ? nullptr : upgrade_.get();
    if (const auto flaw = flaw_of(asked, method_, input_.size() > 0)) {
        outlet->over();
        return respond(upgrade_refused(flaw->first, flaw->second, request_id_));
    }
    keep_alive_ = false;
    phase_ = Phase::websocket;
    outlet_ = std::move(outlet);
    events_.emplace(std::move(events));
    proceed();
}

/// Nothing is read or written any more but by Beast.
void HttpConnection::start_websocket() {
    const auto self = shared_from_this();
    ServerWebSocket::Plan plan{{self, &channel_},
                               std::move(*upgrade_),
                               request_id_,
                               std::move(*std::exchange(events_, {})),
                               outlet_,
                               shared_->limits,
                               [self](bool waiting) { self->expect_progress(waiting); },
                               [self] { self->close(); },
                               [self] { self->websocket_over(); }};
    websocket_ = ServerWebSocket::open(std::move(plan));
    if (retired_) websocket_->say_goodbye(1001);
}

void HttpConnection::websocket_over() {
    if (phase_ == Phase::gone) return;
    websocket_.reset();
    std::exchange(outlet_, nullptr)->over();
    linger();
    read_on();
}

}  // namespace vdc::wire
