#include "wire/http1.h"

#include <algorithm>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/serializer.hpp>
#include <limits>

#include "base/text.h"

namespace vdc::wire {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using base::Error;
using base::Result;
using base::Status;
using beast::error_code;

static constexpr std::size_t chunk_line_max = 16 << 10;      ///< one, or all trailers
static constexpr std::size_t chunk_overhead_max = 16 << 10;  ///< extensions and trailers together

static Error malformed(std::string_view trouble) {
    return Error{Error::Code::invalid, "this is not HTTP/1.1: " + std::string(trouble)};
}

static Error malformed(std::string_view trouble, std::string_view where) {
    return malformed(std::string(trouble) + " '" + base::quoted(where, 60) + "'");
}

// ---- what Beast leaves open

/// The size of the head at the front of `bytes`, 0 while it is incomplete;
/// `scanned` of them were looked at before. Beast would wait for ever behind a
/// bare line feed, and unfold folded lines.
static Result<std::size_t> find_head_end(std::string_view bytes, std::size_t& scanned) {
    while (true) {
        const std::size_t feed = bytes.find('\n', scanned);
        if (feed == std::string_view::npos) break;
        if (feed == 0 || bytes[feed - 1] != '\r')
            return malformed("a line ends without a carriage return");
        if (feed >= 3 && bytes.substr(feed - 3, 4) == "\r\n\r\n") return feed + 1;
        if (feed + 1 == bytes.size()) break;
        if (bytes[feed + 1] == ' ' || bytes[feed + 1] == '\t')
            return malformed("a folded header line");
        scanned = feed + 1;
    }
    // A line feed that came last is looked at again: what follows it may fold the
    // line.
    scanned = bytes.ends_with('\n') ? bytes.size() - 1 : bytes.size();
    return std::size_t{0};
}

bool lists(const Headers& headers, std::string_view name, std::string_view word) {
    return std::any_of(headers.begin(), headers.end(), [&](const Field& field) {
        return same_ignoring_case(field.name, name) && http::token_list{field.value}.exists(word);
    });
}

/// The only value of that name, or nothing.
static Result<const std::string*> only(const Headers& headers, std::string_view name) {
    const std::string* value = nullptr;
    for (const Field& field : headers) {
        if (!same_ignoring_case(field.name, name)) continue;
        if (value != nullptr) return malformed("more than one header", field.name);
        value = &field.value;
    }
    return value;
}

/// Refuses what says the length of the body in two ways, or in one that is not
/// ours.
static Status check_body(const RequestHead& head) {
    const std::string* length = TRY(only(head.headers, "Content-Length"));
    const std::string* coding = TRY(only(head.headers, "Transfer-Encoding"));
    if (length != nullptr && coding != nullptr)
        return malformed("both Content-Length and Transfer-Encoding");
    if (length != nullptr && length->find_first_not_of("0123456789") != std::string::npos)
        return malformed("a bad Content-Length", *length);
    if (coding == nullptr) return {};
    if (!same_ignoring_case(*coding, "chunked"))
        return Error{Error::Code::unsupported,
                     "the transfer coding '" + base::quoted(*coding, 60) + "' is not known here",
                     "send the body with Content-Length or chunked"};
    return head.http_1_0 ? malformed("a chunked body in HTTP/1.0") : Status{};
}

static Status check_host(const RequestHead& head) {
    const std::string* host = TRY(only(head.headers, "Host"));
    if (host == nullptr) return head.http_1_0 ? Status{} : malformed("no header 'Host'");
    const bool good = host->find_first_of(" \t/@?#,") == std::string::npos;
    return good ? Status{} : malformed("a bad Host", *host);
}

/// Beast's word for a head that it does not take; a version of HTTP that is not
/// ours is no mistake.
static Error bad_head(std::string_view head, const error_code& why) {
    const std::string_view line = head.substr(0, head.find('\r'));
    if (why != http::error::bad_version) return malformed(why.message(), line);
    const std::string_view version = line.substr(line.rfind(' ') + 1);
    const bool other = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
                       version != "HTTP/1.1" && version != "HTTP/1.0";
    if (!other) return malformed("the first line has no version", line);
    return Error{Error::Code::unsupported, "'" + base::quoted(version, 20) + "' is not spoken here",
                 "speak HTTP/1.1"};
}

// ---- the parser

class RequestReader::Parser final : public http::basic_parser<true> {
    using View = beast::string_view;

  public:
    explicit Parser(std::size_t headers_max) : headers_max_(headers_max) {
        header_limit(std::numeric_limits<std::uint32_t>::max());  // it comes in one piece
        body_limit(boost::none);                                  // its reader counts
        head.headers.reserve(8);
    }

    RequestHead head;
    std::string_view piece;     ///< of the body, after put()
    std::optional<Error> flaw;  ///< that we found, not Beast

    /// Stands before a chunk, or before the end behind the last.
    bool before_chunk() const { return chunked() && chunk_rest_ == 0; }
    /// The same, but not before the first one.
    bool behind_chunk() const { return before_chunk() && chunk_seen_; }

  private:
    void refuse(Error error, error_code& failure) {
        flaw = std::move(error);
        failure = http::error::bad_value;
    }

    void on_request_impl(http::verb, View word, View target, int version,
                         error_code& failure) override {
        head.http_1_0 = version == 10;
        const std::optional<Method> known = method(word);
        if (!known)
            return refuse(Error{Error::Code::unsupported,
                                "the method '" + base::quoted(word, 30) + "' is not known here",
                                "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"},
                          failure);
        head.method = *known;
        Result<Target> parsed = wire::parse_target(target);
        if (!parsed.ok()) return refuse(parsed.error(), failure);
        head.target = std::move(*parsed);
    }

    void on_field_impl(http::field, View name, View value, error_code& failure) override {
        if (is_header_done()) return count_overhead(name.size() + value.size(), failure);
        if (head.headers.size() == headers_max_)
            return refuse(Error{Error::Code::too_large,
                                "more than " + std::to_string(headers_max_) + " headers"},
                          failure);
        head.headers.add(std::string(name), std::string(value));
    }

    void on_header_impl(error_code& failure) override {
        Status good = check_body(head);
        if (good.ok()) good = check_host(head);
        if (good.ok() && content_length().value_or(0) >> 62 != 0)
            good = malformed("a body without an end");
        if (!good.ok()) return refuse(good.error(), failure);
        if (const auto size = content_length()) head.body_size = *size;
        head.keep_alive = keep_alive();
        head.expects_continue =
            !head.http_1_0 && same_ignoring_case(head.headers.get("Expect"), "100-continue");
    }

    std::size_t on_body_impl(View body, error_code&) override {
        piece = body;
        return body.size();
    }

    void on_chunk_header_impl(std::uint64_t size, View extensions, error_code& failure) override {
        if (size >> 62 != 0) return refuse(malformed("a chunk without an end"), failure);
        chunk_rest_ = size;
        chunk_seen_ = true;
        count_overhead(extensions.size(), failure);
    }

    std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code&) override {
        chunk_rest_ -= body.size();
        piece = body;
        return body.size();
    }

    void on_response_impl(int, View, int, error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    void on_finish_impl(error_code&) override {}

    void count_overhead(std::size_t size, error_code& failure) {
        overhead_ += size;
        if (overhead_ <= chunk_overhead_max) return;
        refuse(malformed("chunk extensions and trailers of more than 16 KiB"), failure);
    }

    const std::size_t headers_max_;
    std::uint64_t chunk_rest_ = 0;
    bool chunk_seen_ = false;
    std::size_t overhead_ = 0;
};

// ---- the reader

RequestReader::RequestReader(std::size_t head_size_max, std::size_t headers_max)
    : head_size_max_(head_size_max), headers_max_(headers_max) {}
RequestReader::~RequestReader() = default;

void RequestReader::begin() {
    parser_.reset();
    scanned_ = 0;
}

RequestHead& RequestReader::head() {
    return parser_->head;
}

bool RequestReader::done() const {
    return parser_ != nullptr && parser_->is_done();
}

/// RFC 9112 section 2.2: empty lines before a request are skipped.
static std::size_t empty_lines(std::string_view bytes) {
    std::size_t size = 0;
    while (bytes.substr(size, 2) == "\r\n") size += 2;
    return size;
}

Result<std::size_t> RequestReader::take_head(std::string_view bytes) {
    const std::size_t skipped = empty_lines(bytes);
    const std::size_t size = TRY(find_head_end(bytes.substr(skipped), scanned_));
    if ((size == 0 ? bytes.size() : size) > head_size_max_)
        return Error{Error::Code::too_large, "the request line and headers pass " +
                                                 std::to_string(head_size_max_) + " bytes"};
    if (size == 0) return size;
    parser_ = std::make_unique<Parser>(headers_max_);
    error_code failure;
    const std::size_t used = parser_->put({bytes.data() + skipped, size}, failure);
    if (parser_->flaw) return *parser_->flaw;
    if (failure) return bad_head(bytes.substr(skipped, size), failure);
    base::check(used == size, "a head is read in one piece");
    return skipped + size;
}

/// Beast 1.81 looks at the last chunk a second time when its end is missing,
/// and asserts that it has at least five bytes then: "0\r\n\r\n".
static bool too_short_for_last_chunk(std::string_view bytes) {
    return bytes.size() < 5 && (bytes.starts_with('0') || bytes.starts_with("\r\n0"));
}

/// Beast would wait for a whole line to see it.
static bool overflows_chunk(std::string_view bytes) {
    return bytes.substr(0, 2) != std::string_view("\r\n").substr(0, bytes.size());
}

Result<RequestReader::Piece> RequestReader::take_body(std::string_view bytes) {
    if (bytes.empty() || done()) return Piece{};
    if (parser_->before_chunk() && too_short_for_last_chunk(bytes)) return Piece{};
    if (parser_->behind_chunk() && overflows_chunk(bytes))
        return malformed("a chunk is longer than it says");
    error_code failure;
    parser_->piece = {};
    const std::size_t used = parser_->put({bytes.data(), bytes.size()}, failure);
    if (parser_->flaw) return *parser_->flaw;
    if (failure && failure != http::error::need_more) return malformed(failure.message());
    if (used == 0 && bytes.size() > chunk_line_max) return malformed("a chunk line is too long");
    return Piece{used, parser_->piece};
}

// ---- writing

std::string_view status_word(int status) {
    const http::status known = http::int_to_status(static_cast<unsigned>(status));
    return known == http::status::unknown ? "Status" : std::string_view(obsolete_reason(known));
}

static bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

/// The first line and the headers, each as it is but for control characters.
static std::string head_of(std::string first_line, const Headers& headers) {
    constexpr std::size_t usual = 512;
    std::string head = std::move(first_line);
    head.reserve(usual);
    head += "\r\n";
    for (const Field& field : headers) {
        head += field.name;
        head += ": ";
        const std::size_t value = head.size();
        head += field.value;
        std::replace_if(head.begin() + static_cast<std::ptrdiff_t>(value), head.end(), is_control,
                        ' ');
        head += "\r\n";
    }
    head += "\r\n";
    return head;
}

std::string request_head(Method method, const std::string& target, const Headers& headers) {
    return head_of(std::string(word(method)) + " " + target + " HTTP/1.1", headers);
}

std::string response_head(int status, const Headers& headers) {
    return head_of("HTTP/1.1 " + std::to_string(status) + " " + std::string(status_word(status)),
                   headers);
}

std::string chunk(std::string_view bytes) {
    return beast::buffers_to_string(http::make_chunk(boost::asio::buffer(bytes)));
}

std::string last_chunk() {
    return beast::buffers_to_string(http::make_chunk_last());
}

}  // namespace vdc::wire
