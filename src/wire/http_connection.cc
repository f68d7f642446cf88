#include "wire/http_connection.h"

#include <sys/epoll.h>
#include <sys/random.h>

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
static constexpr std::size_t input_kept = 4 << 10;     ///< of the buffer of an idle connection
static constexpr std::uint64_t lingered_max = 16 << 20;

// ---- what connections share

static std::string hex(std::uint64_t number, std::size_t digits) {
    std::string text(digits, '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, number >>= 4)
        *digit = "0123456789abcdef"[number & 15];
    return text;
}

ServerShared::ServerShared(Handler& for_handler, const HttpLimits& with_limits,
                           std::shared_ptr<EventLoop> on_loop)
    : handler(for_handler), limits(with_limits), loop(std::move(on_loop)) {
    std::uint32_t random = 0;
    (void)!::getrandom(&random, sizeof random, 0);  // only tells one run from the next
    id_prefix_ = hex(random, 8) + "-";
}

std::string ServerShared::next_request_id() {
    return id_prefix_ + hex(++last_request_, 8);
}

// ---- coming and going

HttpConnection::HttpConnection(std::shared_ptr<ServerShared> shared,
                               std::unique_ptr<Channel> channel, Peer peer, std::uint64_t listener)
    : shared_(std::move(shared)),
      channel_(std::move(channel)),
      peer_(std::move(peer)),
      id_(shared_->loop->next_id()),
      listener_(listener) {}

bool HttpConnection::open() {
    watched_ = EPOLLIN;
    if (!shared_->loop->watch(id_, channel_->fd(), watched_, shared_from_this()).ok()) return false;
    shared_->connections.emplace(id_, shared_from_this());
    ++shared_->connection_count;
    expect_within(shared_->limits.head_time);
    return true;
}

void HttpConnection::close() {
    if (phase_ == Phase::gone) return;
    phase_ = Phase::gone;
    shared_->loop->forget(id_, channel_->fd());
    channel_.reset();
    if (upload_ != nullptr) std::exchange(upload_, nullptr)->abandon();
    end_websocket();
    if (outlet_ != nullptr) std::exchange(outlet_, nullptr)->over();
    shared_->connections.erase(id_);
    {
        const std::lock_guard lock(shared_->mutex);
        --shared_->connection_count;
    }
    shared_->emptied.notify_all();
    shared_->on_room();
}

void HttpConnection::cut_off() {
    const auto self = shared_from_this();
    close();
}

void HttpConnection::retire() {
    const auto self = shared_from_this();
    retired_ = true;
    if (phase_ == Phase::stream) outlet_->close();
    if (phase_ == Phase::websocket) goodbye(1001);
    if (phase_ == Phase::head) {
        closing_ = true;
        phase_ = Phase::lingering;
        if (output_.empty()) return close();
    }
    settle();
}

// ---- time

void HttpConnection::expect_within(std::chrono::milliseconds limit) {
    deadline_ = shared_->loop->now() + limit;
}

void HttpConnection::on_tick(SteadyTime now) {
    if (now >= write_deadline_) return close();
    if (now < deadline_) return;
    expire();
    settle();
}

void HttpConnection::expire() {
    deadline_ = SteadyTime::max();
    const bool waits_for_request =
        (phase_ == Phase::head && head_begun_) || phase_ == Phase::body || phase_ == Phase::upload;
    if (!waits_for_request) return close();
    if (phase_ == Phase::head) begin_unknown();
    refuse(408, Error{Error::Code::timed_out, "the request did not come in time",
                      "send it again, without long pauses"});
}

// ---- reading

bool HttpConnection::wants_bytes() const {
    if (read_ended_) return false;
    switch (phase_) {
        case Phase::head: return output_.size() < output_high;
        case Phase::upload: return !upload_->full();
        case Phase::handling:
        case Phase::stream: return input_.size() < input_high;
        case Phase::websocket: return output_.size() < shared_->limits.queue_max;
        case Phase::body:
        case Phase::lingering: return true;
        case Phase::gone: return false;
    }
    return false;
}

void HttpConnection::on_ready(std::uint32_t events) {
    const bool hung_up = (events & (EPOLLHUP | EPOLLERR)) != 0;
    if (hung_up && !wants_bytes()) return close();
    if ((events & EPOLLOUT) != 0) flush();
    if (((events & EPOLLIN) != 0 || hung_up || read_wants_write_) && wants_bytes()) read_on();
    proceed();
}

void HttpConnection::read_on() {
    do {
        std::vector<char>& scratch = shared_->loop->scratch();
        const Channel::Moved moved = channel_->read(scratch.data(), scratch.size());
        read_wants_write_ = moved.outcome == Channel::Outcome::wait_writable;
        if (moved.outcome == Channel::Outcome::broken) return close();
        if (moved.outcome == Channel::Outcome::ended) return input_ended();
        if (moved.outcome != Channel::Outcome::moved) return;
        feed({scratch.data(), moved.bytes});
    } while (phase_ != Phase::gone && channel_->holds_bytes() && wants_bytes());
}

void HttpConnection::feed(std::string_view bytes) {
    reading_ = true;
    if (input_.empty()) {
        input_ += bytes.substr(consume(bytes));
    } else {
        input_ += bytes;
        input_.erase(0, consume(input_));
    }
    reading_ = false;
    if (input_.empty() && input_.capacity() > input_kept) std::string().swap(input_);
}

/// Goes on with what was read, after an answer or when there is room again.
void HttpConnection::proceed() {
    if (phase_ == Phase::gone) return;
    flush();
    while (!input_.empty() && phase_ != Phase::gone) {
        const std::size_t before = input_.size();
        feed({});
        flush();
        if (input_.size() == before) break;
    }
    if (phase_ != Phase::gone && channel_->holds_bytes() && wants_bytes()) {
        read_on();
        flush();
    }
    if (phase_ == Phase::head && read_ended_) input_ended();
    settle();
}

std::size_t HttpConnection::consume(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size()) {
        const std::size_t step = consume_some(bytes.substr(used));
        if (step == 0) break;
        used += step;
    }
    return used;
}

std::size_t HttpConnection::consume_some(std::string_view bytes) {
    switch (phase_) {
        case Phase::head: return output_.size() < output_high ? consume_head(bytes) : 0;
        case Phase::body: return consume_body(bytes);
        case Phase::upload: return upload_->full() ? 0 : consume_body(bytes);
        case Phase::websocket: return consume_frames(bytes);
        case Phase::lingering: lingered_ += bytes.size(); return bytes.size();
        case Phase::stream:
        case Phase::handling:
        case Phase::gone: return 0;
    }
    return 0;
}

/// The peer will send no more. It may still wait for the answer to what it sent.
void HttpConnection::input_ended() {
    read_ended_ = true;
    keep_alive_ = false;
    if (phase_ == Phase::handling) return;
    const bool has_output = phase_ == Phase::head || phase_ == Phase::lingering;
    if (!has_output || output_.empty()) return close();
    closing_ = true;
    phase_ = Phase::lingering;
}

// ---- the head of a request

std::size_t HttpConnection::consume_head(std::string_view bytes) {
    if (!std::exchange(head_begun_, true)) expect_within(shared_->limits.head_time);
    const Result<std::size_t> size = finder_.find(bytes);
    if (!size.ok()) {
        refuse_head(size.error());
        return bytes.size();
    }
    if (std::max(*size, *size == 0 ? bytes.size() : 0) > shared_->limits.head_size_max) {
        refuse_head(Error{Error::Code::too_large,
                          "the request line and headers pass " +
                              std::to_string(shared_->limits.head_size_max) + " bytes"});
        return bytes.size();
    }
    if (*size == 0) return 0;
    finder_.reset();
    if (*size == 2) return 2;  // RFC 9112 section 2.2: an empty line before a request is skipped
    Result<RequestHead> head =
        parse_request_head(bytes.substr(0, *size), shared_->limits.headers_max);
    if (head.ok())
        begin_request(std::move(*head));
    else
        refuse_head(head.error());
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

void HttpConnection::begin_request(RequestHead head) {
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
    if (head.body.form == BodyKind::Form::none)
        dispatch();
    else
        begin_body(head);
}

void HttpConnection::dispatch() {
    phase_ = Phase::handling;
    deadline_ = SteadyTime::max();
    dispatching_ = true;
    shared_->handler.on_request(std::exchange(request_, {}), Responder(exchange()));
    dispatching_ = false;
}

std::unique_ptr<Exchange> HttpConnection::exchange() {
    return std::make_unique<ServerExchange>(shared_, id_);
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

void HttpConnection::write_head(int status, const Headers& headers,
                                std::optional<std::size_t> length) {
    keep_alive_ = keep_alive_ && !retired_ && !read_ended_;
    std::string& out = output_.tail();
    write_status_line_to(out, status);
    write_header_to(out, "Date", shared_->loop->date());
    for (const Field& field : headers)
        if (!is_ours(field.name)) write_header_to(out, field.name, field.value);
    write_header_to(out, "X-Request-Id", request_id_);
    if (length) write_header_to(out, "Content-Length", std::to_string(*length));
    if (status == 101)
        write_header_to(out, "Connection", "Upgrade");
    else if (!keep_alive_)
        write_header_to(out, "Connection", "close");
    else if (http_1_0_)
        write_header_to(out, "Connection", "keep-alive");
}

void HttpConnection::respond(Response response) {
    base::check(phase_ == Phase::handling, "a request is answered once, while it is handled");
    const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
    write_head(response.status, response.headers,
               bodiless ? std::nullopt : std::optional(response.body.size()));
    output_.tail() += "\r\n";
    if (!bodiless && method_ != Method::head) output_.push(std::move(response.body));
    end_answer();
    if (!dispatching_) proceed();
}

/// The answer is complete in the output.
void HttpConnection::end_answer() {
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
    write_head(response.status, response.headers, response.body.size());
    output_.tail() += "\r\n";
    if (method_ != Method::head) output_.push(std::move(response.body));
    end_answer();
}

void HttpConnection::flush() {
    OutQueue::Slices slices;
    while (phase_ != Phase::gone && !output_.empty()) {
        const Channel::Moved moved = channel_->write(slices.data(), output_.front(slices));
        if (moved.outcome == Channel::Outcome::broken) return close();
        if (moved.outcome != Channel::Outcome::moved) break;
        output_.drop(moved.bytes);
        write_deadline_ = SteadyTime::max();
    }
    if (phase_ == Phase::gone) return;
    if (!output_.empty() && write_deadline_ == SteadyTime::max())
        write_deadline_ = shared_->loop->now() + shared_->limits.write_time;
    if (outlet_ != nullptr) outlet_->report(output_.size());
    if (output_.empty() && closing_) linger();
}

void HttpConnection::linger() {
    closing_ = false;
    if (read_ended_) return close();
    phase_ = Phase::lingering;
    channel_->shut_down_writing();
    expect_within(linger_time);
}

/// Last in every turn: writes what was gathered and says what to wait for.
void HttpConnection::settle() {
    flush();
    if (phase_ == Phase::lingering && lingered_ > lingered_max) close();
    if (phase_ == Phase::gone) return;
    const bool write = !output_.empty() || read_wants_write_;
    const std::uint32_t wanted = (wants_bytes() ? EPOLLIN : 0U) | (write ? EPOLLOUT : 0U);
    if (wanted == watched_) return;
    watched_ = wanted;
    shared_->loop->change(id_, channel_->fd(), wanted);
}

}  // namespace vdc::wire
