#include "wire/http1.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using base::Status;

static constexpr std::size_t chunk_line_max = 256;
static constexpr std::size_t chunk_overhead_max = 16 << 10;

static Error malformed(std::string_view trouble) {
    return Error{Error::Code::invalid, "this is not HTTP/1.1: " + std::string(trouble)};
}

static Error malformed(std::string_view trouble, std::string_view where) {
    return malformed(std::string(trouble) + " '" + base::quoted(where, 60) + "'");
}

// ---- finding the head

Result<std::size_t> HeadFinder::find(std::string_view bytes) {
    while (true) {
        const std::size_t feed = bytes.find('\n', scanned_);
        if (feed == std::string_view::npos) break;
        if (feed == line_ || bytes[feed - 1] != '\r')
            return malformed("a line ends without a carriage return");
        const bool empty = feed == line_ + 1;
        scanned_ = line_ = feed + 1;
        if (empty) return line_;
    }
    scanned_ = bytes.size();
    return std::size_t{0};
}

// ---- lines and fields

static constexpr std::array<bool, 256> make_token_table() {
    std::array<bool, 256> table{};
    for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
    for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = true;
    for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}
static constexpr std::array<bool, 256> token_table = make_token_table();

/// RFC 9110 section 5.6.2.
static bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return token_table[static_cast<unsigned char>(c)];
    });
}

static bool is_field_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
    });
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Takes a line off the front; `head` consists of whole lines.
static std::string_view take_line(std::string_view& head) {
    const std::size_t end = head.find('\r');
    if (end == std::string_view::npos || end + 1 >= head.size() || head[end + 1] != '\n') return {};
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    return line;
}

static Status parse_field(std::string_view line, Headers& headers) {
    if (is_blank(line.front())) return malformed("a folded header line");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("a header without a colon", line);
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!is_token(name)) return malformed("a bad header name", name);
    if (!is_field_value(value)) return malformed("a control character in the header", name);
    headers.add(std::string(name), std::string(value));
    return {};
}

/// The lines after the first one, up to the empty line.
static Result<Headers> parse_fields(std::string_view rest, std::size_t headers_max) {
    Headers headers;
    headers.reserve(8);
    while (rest != "\r\n") {
        const std::string_view line = take_line(rest);
        if (line.empty()) return malformed("a carriage return stands alone");
        if (headers.size() == headers_max)
            return Error{Error::Code::too_large,
                         "more than " + std::to_string(headers_max) + " headers"};
        if (Status status = parse_field(line, headers); !status.ok()) return status.error();
    }
    return headers;
}

bool lists(const Headers& headers, std::string_view name, std::string_view word) {
    for (const Field& field : headers) {
        if (!same_ignoring_case(field.name, name)) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::string_view item = rest.substr(0, rest.find(','));
            if (same_ignoring_case(trimmed(item), word)) return true;
            rest.remove_prefix(std::min(item.size() + 1, rest.size()));
        }
    }
    return false;
}

// ---- how long the body is

static Result<std::uint64_t> parse_length(std::string_view text) {
    std::uint64_t size = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size);
    // from_chars takes no sign, no blank and no prefix for an unsigned number.
    if (failure != std::errc{} || end != text.data() + text.size() || size >> 62 != 0)
        return malformed("a bad Content-Length", text);
    return size;
}

/// What the headers say, or nothing; refuses what is ambiguous.
static Result<std::optional<BodyKind>> declared_body(const Headers& headers) {
    const std::string* length = nullptr;
    const std::string* coding = nullptr;
    for (const Field& field : headers) {
        const bool is_length = same_ignoring_case(field.name, "Content-Length");
        if (!is_length && !same_ignoring_case(field.name, "Transfer-Encoding")) continue;
        if ((is_length ? length : coding) != nullptr)
            return malformed("more than one header", field.name);
        (is_length ? length : coding) = &field.value;
    }
    if (length != nullptr && coding != nullptr)
        return malformed("both Content-Length and Transfer-Encoding");
    if (coding != nullptr) {
        if (same_ignoring_case(*coding, "chunked"))
            return std::optional(BodyKind{BodyKind::Form::chunked, 0});
        return Error{Error::Code::unsupported,
                     "the transfer coding '" + base::quoted(*coding, 60) + "' is not known here",
                     "send the body with Content-Length or chunked"};
    }
    if (length == nullptr) return std::optional<BodyKind>();
    return std::optional(BodyKind{BodyKind::Form::sized, TRY(parse_length(*length))});
}

// ---- requests

namespace {
struct RequestLine {
    Method method;
    Target target;
    bool http_1_0;
};
}  // namespace

static Result<bool> is_http_1_0(std::string_view version) {
    if (version == "HTTP/1.1") return false;
    if (version == "HTTP/1.0") return true;
    const bool other = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.';
    if (!other) return malformed("the request line has no version");
    return Error{Error::Code::unsupported, "'" + base::quoted(version, 20) + "' is not spoken here",
                 "speak HTTP/1.1"};
}

static Result<RequestLine> parse_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return malformed("the request line is not METHOD TARGET VERSION");
    const std::string_view name = line.substr(0, first);
    if (!is_token(name)) return malformed("a bad method", name);
    const bool http_1_0 = TRY(is_http_1_0(line.substr(last + 1)));
    const std::optional<Method> known = method(name);
    if (!known)
        return Error{Error::Code::unsupported,
                     "the method '" + base::quoted(name, 30) + "' is not known here",
                     "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"};
    Target target = TRY(parse_target(line.substr(first + 1, last - first - 1)));
    return RequestLine{*known, std::move(target), http_1_0};
}

static Status check_host(const Headers& headers, bool http_1_0) {
    const std::string* host = nullptr;
    for (const Field& field : headers) {
        if (!same_ignoring_case(field.name, "Host")) continue;
        if (host != nullptr) return malformed("more than one header 'Host'");
        host = &field.value;
    }
    if (host == nullptr) return http_1_0 ? Status{} : malformed("no header 'Host'");
    const bool good = std::none_of(host->begin(), host->end(), [](char c) {
        return is_blank(c) || c == '/' || c == '@' || c == '?' || c == '#' || c == ',';
    });
    return good ? Status{} : malformed("a bad Host", *host);
}

Result<RequestHead> parse_request_head(std::string_view head, std::size_t headers_max) {
    RequestLine line = TRY(parse_request_line(take_line(head)));
    RequestHead request;
    request.method = line.method;
    request.target = std::move(line.target);
    request.http_1_0 = line.http_1_0;
    request.headers = TRY(parse_fields(head, headers_max));
    if (Status host = check_host(request.headers, request.http_1_0); !host.ok())
        return host.error();
    request.body = TRY(declared_body(request.headers)).value_or(BodyKind{});
    if (request.http_1_0 && request.body.form == BodyKind::Form::chunked)
        return malformed("a chunked body in HTTP/1.0");
    request.keep_alive = !lists(request.headers, "Connection", "close") &&
                         (!request.http_1_0 || lists(request.headers, "Connection", "keep-alive"));
    const std::string* expectation = request.headers.find("Expect");
    request.expects_continue = expectation != nullptr && !request.http_1_0 &&
                               same_ignoring_case(*expectation, "100-continue");
    return request;
}

// ---- responses

static Result<int> parse_status_line(std::string_view line, bool& http_1_0) {
    http_1_0 = line.starts_with("HTTP/1.0 ");
    if (!http_1_0 && !line.starts_with("HTTP/1.1 ")) return malformed("a bad status line", line);
    int status = 0;
    const std::string_view number = line.substr(9, 3);
    const auto [end, failure] =
        std::from_chars(number.data(), number.data() + number.size(), status);
    const bool ended = line.size() == 12 || (line.size() > 12 && line[12] == ' ');
    if (failure != std::errc{} || end != number.data() + 3 || status < 100 || !ended)
        return malformed("a bad status line", line);
    return status;
}

Result<ResponseHead> parse_response_head(std::string_view head, std::size_t headers_max,
                                         Method asked) {
    ResponseHead response;
    bool http_1_0 = false;
    response.status = TRY(parse_status_line(take_line(head), http_1_0));
    response.headers = TRY(parse_fields(head, headers_max));
    const std::optional<BodyKind> declared = TRY(declared_body(response.headers));
    const bool bodiless = asked == Method::head || response.status < 200 ||
                          response.status == 204 || response.status == 304;
    if (!bodiless) response.body = declared.value_or(BodyKind{BodyKind::Form::until_close, 0});
    response.keep_alive = !lists(response.headers, "Connection", "close") &&
                          (!http_1_0 || lists(response.headers, "Connection", "keep-alive")) &&
                          response.body.form != BodyKind::Form::until_close;
    return response;
}

// ---- bodies

BodyReader::BodyReader(BodyKind kind)
    : state_(State::data), bounded_(kind.form != BodyKind::Form::until_close), left_(kind.size) {
    if (kind.form == BodyKind::Form::chunked) state_ = State::chunk_line;
    if (kind.form == BodyKind::Form::none) state_ = State::done;
    if (kind.form == BodyKind::Form::sized && kind.size == 0) state_ = State::done;
}

Result<BodyReader::Piece> BodyReader::next(std::string_view bytes) {
    if (state_ == State::done || bytes.empty()) return Piece{};
    if (state_ != State::data && state_ != State::chunk_data) return next_line(bytes);
    if (!bounded_) return Piece{bytes.size(), bytes};
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    left_ -= size;
    if (left_ == 0) state_ = state_ == State::data ? State::done : State::chunk_end;
    return Piece{size, bytes.substr(0, size)};
}

/// Takes what is there of one line of the chunked coding.
Result<BodyReader::Piece> BodyReader::next_line(std::string_view bytes) {
    const std::size_t feed = bytes.find('\n');
    const std::size_t size = std::min(feed, bytes.size());
    if (line_.size() + size > chunk_line_max) return malformed("a chunk line is too long");
    line_ += bytes.substr(0, size);
    if (feed == std::string_view::npos) return Piece{size, {}};
    if (!line_.ends_with('\r')) return malformed("a chunk line ends without a carriage return");
    line_.pop_back();
    if (!is_field_value(line_)) return malformed("a control character in a chunk line");
    if (Status status = end_line(); !status.ok()) return status.error();
    line_.clear();
    return Piece{size + 1, {}};
}

Status BodyReader::end_line() {
    if (state_ == State::chunk_line) return begin_chunk();
    if (state_ == State::chunk_end) {
        if (!line_.empty()) return malformed("a chunk is longer than it says");
        state_ = State::chunk_line;
        return {};
    }
    overhead_ += line_.size();
    if (overhead_ > chunk_overhead_max) return malformed("trailers of more than 16 KiB");
    if (line_.empty()) state_ = State::done;
    return {};
}

Status BodyReader::begin_chunk() {
    const std::string_view line = line_;
    const char* const begin = line.data();
    std::uint64_t size = 0;
    const auto [end, failure] = std::from_chars(begin, begin + line.size(), size, 16);
    const auto digits = static_cast<std::size_t>(end - begin);
    const std::string_view extension = trimmed(line.substr(digits));
    const bool good = failure == std::errc{} && digits <= 16 && size >> 62 == 0 &&
                      (line.size() == digits || extension.starts_with(';'));
    if (!good) return malformed("a bad chunk size", line);
    overhead_ += extension.size();
    if (overhead_ > chunk_overhead_max) return malformed("chunk extensions of more than 16 KiB");
    left_ = size;
    state_ = size == 0 ? State::trailer : State::chunk_data;
    return {};
}

// ---- writing

void write_status_line_to(std::string& out, int status) {
    out += "HTTP/1.1 ";
    out += std::to_string(status);
    out += ' ';
    out += status_word(status);
    out += "\r\n";
}

void write_header_to(std::string& out, std::string_view name, std::string_view value) {
    base::check(is_token(name), "a header name of ours is a token");
    out += name;
    out += ": ";
    if (is_field_value(value))
        out += value;
    else
        std::transform(value.begin(), value.end(), std::back_inserter(out), [](char c) {
            return is_field_value({&c, 1}) ? c : ' ';
        });
    out += "\r\n";
}

void write_headers_to(std::string& out, const Headers& headers) {
    for (const Field& field : headers) write_header_to(out, field.name, field.value);
}

void write_chunk_line_to(std::string& out, std::size_t size) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    out.append(digits.data(), end);
    out += "\r\n";
}

}  // namespace vdc::wire
