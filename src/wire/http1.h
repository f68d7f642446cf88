#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http.h"

/// Requests of HTTP/1.1 (RFC 9112) out of bytes, and heads into bytes, without
/// a connection. The parser and the serializer are Boost.Beast's. On top of
/// them every shape that two parsers are known to read in two ways (request
/// smuggling) is `invalid`: bare line feeds, folded lines, more than one
/// Content-Length or a list in it, Content-Length beside Transfer-Encoding, a
/// chunked body in HTTP/1.0, more than one Host.
namespace vdc::wire {

/// The first line and the headers, understood.
struct RequestHead {
    Method method = Method::get;
    Target target = {};
    Headers headers = {};
    std::optional<std::uint64_t> body_size = {};  ///< when it is said beforehand
    bool http_1_0 = false;
    bool keep_alive = true;
    bool expects_continue = false;
};

/// Cuts requests out of the bytes of a connection, one after the other: a head,
/// then a body.
class RequestReader {
  public:
    RequestReader(std::size_t head_size_max, std::size_t headers_max);
    ~RequestReader();

    /// Takes the head off the front of `bytes` and returns its size; 0 while it
    /// is incomplete: `bytes` begins with the same ones next time. Errors:
    /// `invalid`; `unsupported` for a method, version or transfer coding that is
    /// good HTTP but not ours; `too_large`.
    base::Result<std::size_t> take_head(std::string_view bytes);
    RequestHead& head();

    struct Piece {
        std::size_t used = 0;   ///< bytes taken from the front; 0: more must come
        std::string_view data;  ///< those among them that belong to the body; may be empty
    };
    /// The next piece of the body at the front of `bytes`, after a head.
    base::Result<Piece> take_body(std::string_view bytes);

    /// Head and body are complete.
    bool done() const;
    /// Forgets the request, be it complete or not, for the next one.
    void begin();

  private:
    class Parser;

    const std::size_t head_size_max_;
    const std::size_t headers_max_;
    std::size_t scanned_ = 0;  ///< of the head that is incomplete
    std::unique_ptr<Parser> parser_;
};

/// True when the comma-separated list in any header of that name holds the
/// word, in either case.
bool lists(const Headers& headers, std::string_view name, std::string_view word);

/// Heads as they are sent, with the empty line. Control characters in values
/// become blanks, so that no value can add a header.
std::string request_head(Method method, const std::string& target, const Headers& headers);
std::string response_head(int status, const Headers& headers);

/// The bytes as one chunk.
std::string chunk(std::string_view bytes);
/// What stands behind the last chunk.
std::string last_chunk();

}  // namespace vdc::wire
