#include <boost/beast/http.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "wire/http1.h"

using namespace vdc::wire;
using vdc::base::check;
namespace http = boost::beast::http;

namespace {
/// One request as a parser cut it out of the bytes.
struct Cut {
    std::string method;
    std::string body;
    std::size_t size = 0;
    friend bool operator==(const Cut&, const Cut&) = default;
};
}  // namespace

/// Nothing when the request is refused or incomplete.
static std::optional<Cut> ours(std::string_view bytes, std::size_t piece) {
    HeadFinder finder;
    std::size_t size = 0;
    for (std::size_t end = piece; size == 0; end += piece) {
        const auto found = finder.find(bytes.substr(0, end));
        if (!found.ok()) return {};
        size = *found;
        if (size == 0 && end >= bytes.size()) return {};
    }
    const auto head = parse_request_head(bytes.substr(0, size), 100);
    if (!head.ok()) return {};
    Cut cut{std::string(word(head->method)), {}, size};
    BodyReader body(head->body);
    for (std::size_t end = size + piece; !body.done(); end += piece) {
        while (cut.size < std::min(end, bytes.size()) && !body.done()) {
            const auto step = body.next(bytes.substr(0, end).substr(cut.size));
            if (!step.ok()) return {};
            check(step->used > 0, "a body reader that has bytes goes on");
            cut.body += step->data;
            cut.size += step->used;
        }
        if (end >= bytes.size() && !body.done()) return {};
    }
    return cut;
}

/// The same by Boost.Beast, which many others use.
static std::optional<Cut> theirs(std::string_view bytes) {
    http::request_parser<http::string_body> parser;
    parser.eager(true);
    parser.header_limit(1 << 24);
    parser.body_limit(1 << 24);
    std::size_t size = 0;
    while (!parser.is_done()) {
        boost::beast::error_code failure;
        const std::size_t used =
            parser.put(boost::asio::buffer(bytes.data() + size, bytes.size() - size), failure);
        size += used;
        if ((failure && failure != http::error::need_more) || used == 0) return {};
    }
    return Cut{std::string(parser.get().method_string()), parser.get().body(), size};
}

/// However the bytes come, they are cut in the same places; and where another parser takes the
/// request too, it sees the same request: so nothing can be smuggled past either.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] % 8 + 1;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::optional<Cut> cut = ours(bytes, bytes.size() + 1);
    check(ours(bytes, piece) == cut, "a request is the same however its bytes are cut");
    if (cut) {
        const std::optional<Cut> other = theirs(bytes);
        check(!other || *other == *cut, "two parsers see one request");
    }
    (void)parse_response_head(bytes, 100, Method::get);
    return 0;
}
