#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http.h"

/// HTTP/1.1 (RFC 9112) as text: heads and bodies, both ends, without a connection. Strict: every
/// shape that two parsers are known to read in two ways (request smuggling) is `invalid`: bare
/// line feeds, folded lines, blanks before a colon, more than one Content-Length, Content-Length
/// beside Transfer-Encoding, transfer codings other than chunked, NUL and control characters.
namespace vdc::wire {

/// How the end of a body is known.
struct BodyKind {
    enum class Form { none, sized, chunked, until_close };
    Form form = Form::none;
    std::uint64_t size = 0;  ///< of a sized one
};

/// The first line and the headers, understood.
struct RequestHead {
    Method method = Method::get;
    Target target;
    Headers headers;
    BodyKind body;
    bool http_1_0 = false;
    bool keep_alive = true;
    bool expects_continue = false;
};

struct ResponseHead {
    int status = 0;
    Headers headers;
    BodyKind body;
    bool keep_alive = true;
};

/// Looks for the end of a head in bytes that grow.
class HeadFinder {
  public:
    /// The size of the head with its empty line, 0 while it is incomplete. `bytes` begins with
    /// those of the call before. A line feed without a carriage return is `invalid` at once.
    base::Result<std::size_t> find(std::string_view bytes);
    void reset() { *this = {}; }

  private:
    std::size_t scanned_ = 0;
    std::size_t line_ = 0;  ///< where the present line begins
};

/// `head` as measured by HeadFinder. `invalid`, or `unsupported` for a method, version or transfer
/// coding that is good HTTP but not ours, or `too_large`.
base::Result<RequestHead> parse_request_head(std::string_view head, std::size_t headers_max);
/// `asked` decides whether a body follows.
base::Result<ResponseHead> parse_response_head(std::string_view head, std::size_t headers_max,
                                               Method asked);

/// Cuts a body out of the bytes of a connection.
class BodyReader {
  public:
    explicit BodyReader(BodyKind kind);

    struct Piece {
        std::size_t used = 0;   ///< bytes taken from the front; 0: more must come
        std::string_view data;  ///< those among them that belong to the body; may be empty
    };
    /// The next piece at the front of `bytes`.
    base::Result<Piece> next(std::string_view bytes);
    /// The body is complete; never by itself for until_close.
    bool done() const { return state_ == State::done; }
    /// The end of the connection is the end of the body.
    bool until_close() const { return !bounded_; }

  private:
    enum class State { data, chunk_line, chunk_data, chunk_end, trailer, done };
    base::Result<Piece> next_line(std::string_view bytes);
    base::Status end_line();
    base::Status begin_chunk();

    State state_;
    bool bounded_;              ///< left_ counts
    std::uint64_t left_ = 0;    ///< of the data or of the chunk
    std::string line_;          ///< so far, without its end
    std::size_t overhead_ = 0;  ///< bytes of chunk extensions and trailers
};

/// True when the comma-separated list in any header of that name holds the word, in either case.
bool lists(const Headers& headers, std::string_view name, std::string_view word);

/// "HTTP/1.1 200 OK\r\n" and "Name: value\r\n", appended. Control characters in values become
/// blanks, so that no value can add a header.
void write_status_line_to(std::string& out, int status);
void write_header_to(std::string& out, std::string_view name, std::string_view value);
void write_headers_to(std::string& out, const Headers& headers);
/// The line before that many bytes (more than 0) of a chunk.
void write_chunk_line_to(std::string& out, std::size_t size);

}  // namespace vdc::wire
