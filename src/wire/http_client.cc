#include "wire/http_client.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "wire/client_link.h"
#include "wire/client_websocket.h"
#include "wire/problem.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

static constexpr std::size_t upload_chunk = 256 << 10;
static constexpr milliseconds leave_time = 2s;  ///< then a body is sent without the server's leave

static std::string host_header(const Endpoint& endpoint) {
    if (endpoint.kind == Endpoint::Kind::unix_socket) return "localhost";
    const std::string whole = text(endpoint);
    return whole.substr(whole.find("//") + 2);
}

static bool is_ours(std::string_view name) {
    return same_ignoring_case(name, "Host") || same_ignoring_case(name, "Content-Length") ||
           same_ignoring_case(name, "Connection") || same_ignoring_case(name, "Transfer-Encoding");
}

/// Everything up to the empty line.
static std::string head_of(const Request& request, const Endpoint& endpoint) {
    std::string out;
    out += word(request.method);
    out += ' ';
    out += text(Target{request.path, request.query});
    out += " HTTP/1.1\r\n";
    write_header_to(out, "Host", host_header(endpoint));
    for (const Field& field : request.headers)
        if (!is_ours(field.name)) write_header_to(out, field.name, field.value);
    return out;
}

static bool takes_body(Method method) {
    return method == Method::post || method == Method::put || method == Method::patch;
}

/// Sending it twice does no more than sending it once.
static bool repeatable(const Request& request) {
    const bool safe = request.method != Method::post && request.method != Method::patch;
    return safe || request.headers.has("Idempotency-Key");
}

using OnChunk = std::function<bool(std::string_view)>;
using OnProgress = std::function<void(std::uint64_t)>;

/// False when `on_chunk` had enough.
static Result<bool> receive_body(ClientLink& link, BodyReader& body, const OnChunk& on_chunk,
                                 milliseconds silence_max) {
    while (!body.done()) {
        const BodyReader::Piece piece = TRY(body.next(link.received()));
        if (!piece.data.empty() && !on_chunk(piece.data)) return false;
        link.use(piece.used);
        if (piece.used > 0) continue;
        if (TRY(link.receive(Clock::now() + silence_max))) continue;
        if (body.until_close()) return true;
        return Error{Error::Code::unavailable,
                     link.name() + " went away in the middle of its answer"};
    }
    return true;
}

namespace {

/// How to take the body of an answer.
struct Taking {
    const OnChunk* on_chunk = nullptr;  ///< null: keep it in the response
    milliseconds silence_max{};
    std::size_t body_max = 0;
};

struct Received {
    Response response;
    bool link_is_good = false;  ///< for another request
};

}  // namespace

static Result<Received> receive_rest(ClientLink& link, ResponseHead head, const Taking& taking) {
    Response response{head.status, std::move(head.headers), {}};
    BodyReader body(head.body);
    bool too_large = false;
    const OnChunk keep = [&](std::string_view data) {
        too_large = response.body.size() + data.size() > taking.body_max;
        if (!too_large) response.body += data;
        return !too_large;
    };
    const bool hand_on = taking.on_chunk != nullptr && head.status >= 200 && head.status < 300;
    const bool whole =
        TRY(receive_body(link, body, hand_on ? *taking.on_chunk : keep, taking.silence_max));
    if (too_large)
        return Error{Error::Code::too_large, link.name() + " sent an answer of more than " +
                                                 std::to_string(taking.body_max) + " bytes"};
    return Received{std::move(response), whole && head.keep_alive};
}

namespace {

class HttpClient final : public Client {
  public:
    HttpClient(Endpoint endpoint, const ClientLimits& limits, std::unique_ptr<ClientLink> link)
        : endpoint_(std::move(endpoint)), limits_(limits), link_(std::move(link)) {}

    Result<Response> request(const Request& request) override {
        return repeat(request, {nullptr, limits_.stall_time, limits_.body_max});
    }

    Result<Response> stream(const Request& request, const OnChunk& on_chunk,
                            milliseconds silence_max) override {
        return repeat(request, {&on_chunk, silence_max, limits_.body_max});
    }

    Result<Response> upload(const Request& request, int fd, std::uint64_t size,
                            const OnProgress& on_progress) override;

    Result<std::unique_ptr<ClientWebSocket>> connect_websocket(const Request& request) override;

  private:
    Result<Response> repeat(const Request& request, const Taking& taking);
    Result<Received> attempt(const Request& request, const Taking& taking);
    Result<Received> try_upload(const Request& request, int fd, std::uint64_t size,
                                const OnProgress& on_progress);
    Result<bool> send_file(int fd, std::uint64_t size, const OnProgress& on_progress);
    Result<ResponseHead> receive_head(Method asked);
    Status ensure_link();
    Result<Response> settled(Result<Received> received);

    const Endpoint endpoint_;
    const ClientLimits limits_;
    std::unique_ptr<ClientLink> link_;
    bool used_ = false;   ///< the link served a request before
    bool heard_ = false;  ///< the answer to the present one has begun
};

}  // namespace

/// A link that is there and, as far as can be seen, alive.
Status HttpClient::ensure_link() {
    if (link_ != nullptr && link_->stirs()) link_.reset();
    heard_ = false;
    if (link_ != nullptr) return {};
    used_ = false;
    link_ = TRY(ClientLink::open(endpoint_, limits_.connect_time));
    return {};
}

/// Keeps the link when it may serve again.
Result<Response> HttpClient::settled(Result<Received> received) {
    used_ = true;
    if (!received.ok() || !received->link_is_good) link_.reset();
    if (!received.ok()) return received.error();
    return std::move(received->response);
}

Result<ResponseHead> HttpClient::receive_head(Method asked) {
    Result<ResponseHead> head = link_->receive_head(asked, Clock::now() + limits_.answer_time);
    heard_ = head.ok() || !link_->received().empty();
    return head;
}

Result<Received> HttpClient::attempt(const Request& request, const Taking& taking) {
    std::string out = head_of(request, endpoint_);
    if (!request.body.empty() || takes_body(request.method))
        write_header_to(out, "Content-Length", std::to_string(request.body.size()));
    out += "\r\n";
    out += request.body;
    const ClientLink::Sent sent = TRY(link_->send(out, limits_.stall_time));
    ResponseHead head = TRY(receive_head(request.method));
    if (sent == ClientLink::Sent::answered) head.keep_alive = false;
    return receive_rest(*link_, std::move(head), taking);
}

Result<Response> HttpClient::repeat(const Request& request, const Taking& taking) {
    for (bool again = true;; again = false) {
        if (Status ready = ensure_link(); !ready.ok()) return ready.error();
        const bool used = used_;
        Result<Response> response = settled(attempt(request, taking));
        if (response.ok()) return response;
        const bool stale = used && !heard_ && response.error().code == Error::Code::unavailable;
        if (!again || !stale || !repeatable(request)) return response;
    }
}

// ---- uploads

/// False when an answer came before all was sent.
Result<bool> HttpClient::send_file(int fd, std::uint64_t size, const OnProgress& on_progress) {
    std::vector<char> chunk(upload_chunk);
    for (std::uint64_t sent = 0; sent < size;) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), size - sent));
        const ssize_t got = ::read(fd, chunk.data(), wanted);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return runtime::system_error(errno, "cannot read the file to upload");
        if (got == 0)
            return Error{Error::Code::corrupt,
                         "the file to upload ended after " + std::to_string(sent) + " of " +
                             std::to_string(size) + " bytes",
                         "is somebody writing to it? Try again when it is complete"};
        if (link_->stirs()) return false;
        const auto bytes = static_cast<std::size_t>(got);
        const auto outcome = TRY(link_->send({chunk.data(), bytes}, limits_.stall_time));
        if (outcome == ClientLink::Sent::answered) return false;
        sent += bytes;
        if (on_progress) on_progress(sent);
    }
    return true;
}

Result<Received> HttpClient::try_upload(const Request& request, int fd, std::uint64_t size,
                                        const OnProgress& on_progress) {
    const Taking taking{nullptr, limits_.stall_time, limits_.body_max};
    std::string out = head_of(request, endpoint_);
    write_header_to(out, "Content-Length", std::to_string(size));
    write_header_to(out, "Expect", "100-continue");
    out += "\r\n";
    (void)TRY(link_->send(out, limits_.stall_time));
    const auto leave_end = Clock::now() + std::min(leave_time, limits_.answer_time);
    Result<ResponseHead> leave = link_->receive_any_head(request.method, leave_end);
    if (!leave.ok() && leave.error().code != Error::Code::timed_out) return leave.error();
    if (leave.ok() && leave->status != 100) {
        leave->keep_alive = false;
        return receive_rest(*link_, std::move(*leave), taking);
    }
    const bool whole = TRY(send_file(fd, size, on_progress));
    ResponseHead head = TRY(receive_head(request.method));
    head.keep_alive = head.keep_alive && whole;
    return receive_rest(*link_, std::move(head), taking);
}

Result<Response> HttpClient::upload(const Request& request, int fd, std::uint64_t size,
                                    const OnProgress& on_progress) {
    if (Status ready = ensure_link(); !ready.ok()) return ready.error();
    return settled(try_upload(request, fd, size, on_progress));
}

// ---- WebSockets

Result<std::unique_ptr<ClientWebSocket>> HttpClient::connect_websocket(const Request& request) {
    auto link = TRY(ClientLink::open(endpoint_, limits_.connect_time));
    const std::string key = TRY(make_websocket_key());
    std::string out = head_of(request, endpoint_);
    write_headers_to(out, {{"Connection", "Upgrade"},
                           {"Upgrade", "websocket"},
                           {"Sec-WebSocket-Version", "13"},
                           {"Sec-WebSocket-Key", key}});
    out += "\r\n";
    (void)TRY(link->send(out, limits_.stall_time));
    ResponseHead head = TRY(link->receive_head(Method::get, Clock::now() + limits_.answer_time));
    if (head.status == 101) {
        if (head.headers.get("Sec-WebSocket-Accept") != accept_key(key))
            return Error{Error::Code::corrupt, link->name() + " gave a wrong WebSocket key"};
        std::unique_ptr<ClientWebSocket> socket =
            std::make_unique<LinkedWebSocket>(std::move(link), limits_.stall_time);
        return socket;
    }
    const Received refusal =
        TRY(receive_rest(*link, std::move(head), {nullptr, limits_.stall_time, limits_.body_max}));
    return error_of(refusal.response)
        .value_or(Error{Error::Code::unsupported, link->name() + " speaks no WebSocket here"});
}

Result<std::unique_ptr<Client>> Client::connect(Endpoint endpoint, ClientLimits limits) {
    std::unique_ptr<ClientLink> link = TRY(ClientLink::open(endpoint, limits.connect_time));
    std::unique_ptr<Client> client =
        std::make_unique<HttpClient>(std::move(endpoint), limits, std::move(link));
    return client;
}

}  // namespace vdc::wire
