#include "wire/http_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "wire/client_link.h"
#include "wire/client_websocket.h"
#include "wire/http1.h"

namespace vdc::wire {

namespace http = boost::beast::http;
using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

static constexpr std::uint32_t head_size_max = 64 << 10;
static constexpr int interim_heads_max = 8;
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

/// Everything up to the body.
static std::string head_of(const Request& request, const Endpoint& endpoint, const Headers& more) {
    Headers headers{{"Host", host_header(endpoint)}};
    for (const Field& field : request.headers)
        if (!is_ours(field.name)) headers.add(field.name, field.value);
    for (const Field& field : more) headers.add(field.name, field.value);
    return request_head(request.method, text(Target{request.path, request.query}), headers);
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

namespace {

/// How to take the body of an answer.
struct Taking {
    const OnChunk* on_chunk = nullptr;  ///< null: keep it in the response
    milliseconds silence_max{};
    std::size_t body_max = 0;
};

/// One request and its answer on a link, by Boost.Beast. It listens for the
/// answer's head from the beginning, so that a refusal in the middle of a large
/// body is heard. Given up, it is of no more use, and neither is the link.
class Conversation {
  public:
    Conversation(ClientLink& link, const ClientLimits& limits, Method asked)
        : link_(link), limits_(limits), asked_(asked) {
        listen();
    }

    enum class Sent { all, answered };
    Result<Sent> send(std::string bytes);

    /// The answer's head; without `interim`, the next one that is not (100
    /// Continue, ...).
    enum class Interim { skipped, counts };
    Result<int> hear(Interim interim, milliseconds limit);
    Result<Response> take(const Taking& taking);

    /// A byte of the answer came.
    bool heard() const { return parser_->got_some() || received_.size() > 0; }
    /// The link cannot serve again, whatever is still heard.
    void give_up() { write_.reset(); }
    /// The link may serve again.
    bool kept() const {
        return write_ && !*write_ && sent_ == sending_.size() && parser_->is_done() &&
               parser_->keep_alive() && received_.size() == 0;
    }

  private:
    void listen();
    Result<std::string_view> next_piece(milliseconds silence_max);
    Error trouble(const error_code& why) const;

    ClientLink& link_;
    const ClientLimits& limits_;
    const Method asked_;
    flat_buffer received_;
    std::optional<http::response_parser<http::buffer_body>> parser_;
    std::optional<error_code> head_;  ///< it came, or never will
    std::string sending_;
    std::size_t sent_ = 0;
    std::optional<error_code> write_ = error_code();  ///< it ended; nothing: it is under way
    std::vector<char> piece_ = std::vector<char>(64 << 10);
};

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
    Result<Response> attempt(Conversation& talk, const Request& request, const Taking& taking);
    Result<Response> try_upload(Conversation& talk, const Request& request, int fd,
                                std::uint64_t size, const OnProgress& on_progress);
    Status ensure_link();
    Result<Response> settled(const Conversation& talk, Result<Response> response);

    const Endpoint endpoint_;
    const ClientLimits limits_;
    std::unique_ptr<ClientLink> link_;
    bool used_ = false;  ///< the link served a request before
};

}  // namespace

// ---- one request and its answer

void Conversation::listen() {
    parser_.emplace();
    parser_->header_limit(head_size_max);
    parser_->body_limit(boost::none);
    if (asked_ == Method::head) parser_->skip(true);
    head_.reset();
    http::async_read_header(link_.channel(), received_, *parser_,
                            [this](const error_code& failure, std::size_t) { head_ = failure; });
}

Error Conversation::trouble(const error_code& why) const {
    if (why == http::error::end_of_stream)
        return Error{Error::Code::unavailable, link_.name() + " closed the connection unanswered"};
    if (why == http::error::partial_message)
        return Error{Error::Code::unavailable,
                     link_.name() + " went away in the middle of its answer"};
    if (why == http::error::header_limit)
        return Error{Error::Code::too_large, link_.name() + " sent headers of more than 64 KiB"};
    if (why.category() == make_error_code(http::error::end_of_stream).category())
        return Error{Error::Code::invalid,
                     link_.name() + " does not speak HTTP/1.1: " + why.message()};
    return link_.broken(why);
}

Result<Conversation::Sent> Conversation::send(std::string bytes) {
    sending_ = std::move(bytes);
    sent_ = 0;
    while (sent_ < sending_.size()) {
        write_.reset();
        link_.channel().async_write_some(asio::buffer(sending_) + sent_,
                                         [this](const error_code& failure, std::size_t size) {
                                             write_ = failure;
                                             sent_ += size;
                                         });
        const auto moved = [&] { return write_ || head_; };
        if (Status waited = link_.run_until(moved, Clock::now() + limits_.stall_time); !waited.ok())
            return waited.error();
        // It answers instead of reading on, or is gone; the head says which.
        if (head_ || *write_) return Sent::answered;
    }
    return Sent::all;
}

Result<int> Conversation::hear(Interim interim, milliseconds limit) {
    const auto end = Clock::now() + limit;
    for (int heads = 0; heads < interim_heads_max; ++heads) {
        const Status waited = link_.run_until([&] { return head_.has_value(); }, end);
        if (!waited.ok()) return waited.error();
        if (*head_) return trouble(*head_);
        const int status = parser_->get().result_int();
        if (status >= 200 || status == 101) return status;
        listen();
        if (interim == Interim::counts) return status;
    }
    return Error{Error::Code::corrupt, link_.name() + " sent nothing but interim answers"};
}

/// What came next of the body; may be nothing.
Result<std::string_view> Conversation::next_piece(milliseconds silence_max) {
    http::buffer_body::value_type& body = parser_->get().body();
    body.data = piece_.data();
    body.size = piece_.size();
    std::optional<error_code> result;
    http::async_read_some(link_.channel(), received_, *parser_,
                          [&](const error_code& failure, std::size_t) { result = failure; });
    const auto came = [&] { return result.has_value(); };
    if (Status waited = link_.run_until(came, Clock::now() + silence_max); !waited.ok())
        return waited.error();
    if (*result && *result != http::error::need_buffer) return trouble(*result);
    return std::string_view(piece_.data(), piece_.size() - body.size);
}

Result<Response> Conversation::take(const Taking& taking) {
    Response response{static_cast<int>(parser_->get().result_int()), {}, {}};
    for (const auto& field : parser_->get())
        response.headers.add(field.name_string(), field.value());
    const bool hand_on =
        taking.on_chunk != nullptr && response.status >= 200 && response.status < 300;
    while (!parser_->is_done()) {
        const std::string_view piece = TRY(next_piece(taking.silence_max));
        if (hand_on && !piece.empty() && !(*taking.on_chunk)(piece)) break;
        if (hand_on) continue;
        if (response.body.size() + piece.size() > taking.body_max)
            return Error{Error::Code::too_large, link_.name() + " sent an answer of more than " +
                                                     std::to_string(taking.body_max) + " bytes"};
        response.body += piece;
    }
    return response;
}

// ---- requests

/// A link that is there and, as far as can be seen, alive: nothing, be it the
/// end, came without being asked for.
Status HttpClient::ensure_link() {
    char byte = 0;
    if (link_ != nullptr && used_ &&
        ::recv(link_->channel().fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
        link_.reset();
    if (link_ != nullptr) return {};
    used_ = false;
    link_ = TRY(ClientLink::open(endpoint_, limits_.connect_time));
    return {};
}

/// Keeps the link when it may serve again.
Result<Response> HttpClient::settled(const Conversation& talk, Result<Response> response) {
    used_ = true;
    if (!response.ok() || !talk.kept()) link_.reset();
    return response;
}

Result<Response> HttpClient::attempt(Conversation& talk, const Request& request,
                                     const Taking& taking) {
    Headers more;
    if (!request.body.empty() || takes_body(request.method))
        more.add("Content-Length", std::to_string(request.body.size()));
    (void)TRY(talk.send(head_of(request, endpoint_, more) + request.body));
    (void)TRY(talk.hear(Conversation::Interim::skipped, limits_.answer_time));
    return talk.take(taking);
}

Result<Response> HttpClient::repeat(const Request& request, const Taking& taking) {
    for (bool again = true;; again = false) {
        if (Status ready = ensure_link(); !ready.ok()) return ready.error();
        const bool used = used_;
        Conversation talk(*link_, limits_, request.method);
        Result<Response> response = settled(talk, attempt(talk, request, taking));
        if (response.ok()) return response;
        const bool stale =
            used && !talk.heard() && response.error().code == Error::Code::unavailable;
        if (!again || !stale || !repeatable(request)) return response;
    }
}

// ---- uploads

static Result<Conversation::Sent> send_file(Conversation& talk, int fd, std::uint64_t size,
                                            const OnProgress& on_progress) {
    for (std::uint64_t sent = 0; sent < size;) {
        std::string chunk(std::min<std::uint64_t>(upload_chunk, size - sent), '\0');
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return runtime::system_error(errno, "cannot read the file to upload");
        if (got == 0)
            return Error{Error::Code::corrupt,
                         "the file to upload ended after " + std::to_string(sent) + " of " +
                             std::to_string(size) + " bytes",
                         "is somebody writing to it? Try again when it is complete"};
        chunk.resize(static_cast<std::size_t>(got));
        const auto outcome = TRY(talk.send(std::move(chunk)));
        if (outcome == Conversation::Sent::answered) return outcome;
        sent += static_cast<std::uint64_t>(got);
        if (on_progress) on_progress(sent);
    }
    return Conversation::Sent::all;
}

Result<Response> HttpClient::try_upload(Conversation& talk, const Request& request, int fd,
                                        std::uint64_t size, const OnProgress& on_progress) {
    using Interim = Conversation::Interim;
    const Taking taking{nullptr, limits_.stall_time, limits_.body_max};
    const Headers more{{"Content-Length", std::to_string(size)}, {"Expect", "100-continue"}};
    (void)TRY(talk.send(head_of(request, endpoint_, more)));
    const Result<int> leave = talk.hear(Interim::counts, std::min(leave_time, limits_.answer_time));
    if (!leave.ok() && leave.error().code != Error::Code::timed_out) return leave.error();
    if (!leave.ok() || *leave == 100) {
        (void)TRY(send_file(talk, fd, size, on_progress));
        (void)TRY(talk.hear(Interim::skipped, limits_.answer_time));
    } else if (size > 0) {
        talk.give_up();  // the body that was announced is not sent
    }
    return talk.take(taking);
}

Result<Response> HttpClient::upload(const Request& request, int fd, std::uint64_t size,
                                    const OnProgress& on_progress) {
    if (Status ready = ensure_link(); !ready.ok()) return ready.error();
    Conversation talk(*link_, limits_, request.method);
    return settled(talk, try_upload(talk, request, fd, size, on_progress));
}

Result<std::unique_ptr<ClientWebSocket>> HttpClient::connect_websocket(const Request& request) {
    return open_websocket(TRY(ClientLink::open(endpoint_, limits_.connect_time)), request,
                          host_header(endpoint_), limits_);
}

Result<std::unique_ptr<Client>> Client::connect(Endpoint endpoint, ClientLimits limits) {
    std::unique_ptr<ClientLink> link = TRY(ClientLink::open(endpoint, limits.connect_time));
    std::unique_ptr<Client> client =
        std::make_unique<HttpClient>(std::move(endpoint), limits, std::move(link));
    return client;
}

}  // namespace vdc::wire
