#include "wire/http1.h"

#include <gtest/gtest.h>

namespace vdc::wire {

using base::Error;

/// "ok", or the word of the error's code.
static std::string verdict(std::string_view head) {
    HeadFinder finder;
    const auto size = finder.find(head);
    if (!size.ok()) return std::string(word(size.error().code));
    if (*size != head.size()) return "incomplete";
    const auto parsed = parse_request_head(head, 100);
    return parsed.ok() ? "ok" : std::string(word(parsed.error().code));
}

static std::string with(std::string_view headers) {
    return verdict("POST / HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n");
}

static RequestHead parsed(std::string_view headers, std::string_view version = "1.1") {
    const std::string head = "POST /a?b=c HTTP/" + std::string(version) + "\r\nHost: x\r\n" +
                             std::string(headers) + "\r\n";
    auto result = parse_request_head(head, 100);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
    return result.ok() ? *result : RequestHead{};
}

// ---- heads

TEST(RequestHead, IsUnderstood) {
    const RequestHead head = parsed("X:  a b\t \r\nEmpty:\r\nContent-Length: 7\r\n");
    EXPECT_EQ(head.method, Method::post);
    EXPECT_EQ(head.target.path, "/a");
    EXPECT_EQ(head.target.query, (Query{{"b", "c"}}));
    EXPECT_EQ(head.headers,
              (Headers{{"Host", "x"}, {"X", "a b"}, {"Empty", ""}, {"Content-Length", "7"}}));
    EXPECT_EQ(head.body.form, BodyKind::Form::sized);
    EXPECT_EQ(head.body.size, 7U);
    EXPECT_TRUE(head.keep_alive);
}

TEST(RequestHead, KeepsTheConnectionAsItsVersionSays) {
    EXPECT_FALSE(parsed("Connection: x, Close\r\n").keep_alive);
    EXPECT_FALSE(parsed("", "1.0").keep_alive);
    EXPECT_TRUE(parsed("Connection: Keep-Alive\r\n", "1.0").keep_alive);
}

TEST(RequestHead, AsksForContinueOnlyInHttp11) {
    EXPECT_TRUE(parsed("Expect: 100-Continue\r\n").expects_continue);
    EXPECT_FALSE(parsed("Expect: 100-continue\r\n", "1.0").expects_continue);
}

TEST(RequestHead, WithTwoReadingsOfItsBodyIsRefused) {
    EXPECT_EQ(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "invalid");
    EXPECT_EQ(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "invalid");
    EXPECT_EQ(with("Content-Length: 5\r\nContent-Length: 6\r\n"), "invalid");
    EXPECT_EQ(with("Content-Length: 5\r\ncontent-length: 5\r\n"), "invalid");
    EXPECT_EQ(with("Content-Length: 5, 5\r\n"), "invalid");
    EXPECT_EQ(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "invalid");
    EXPECT_EQ(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), "invalid");
    EXPECT_EQ(verdict("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), "invalid");
}

TEST(RequestHead, WithABadLengthIsRefused) {
    for (const auto* bad : {"", "-1", "+1", "0x10", "1 2", "1;", "5 , ", "1e3", "5\v",
                            "99999999999999999999", "18446744073709551615", "9223372036854775807"})
        EXPECT_EQ(with("Content-Length: " + std::string(bad) + "\r\n"), "invalid") << bad;
    EXPECT_EQ(with("Content-Length: 0005\r\n"), "ok");
}

TEST(RequestHead, WithAnotherTransferCodingIsNotSupported) {
    for (const auto* bad :
         {"gzip", "gzip, chunked", "chunked, chunked", "xchunked", "chunked;q=1", "identity", ""})
        EXPECT_EQ(with("Transfer-Encoding: " + std::string(bad) + "\r\n"), "unsupported") << bad;
    EXPECT_EQ(with("Transfer-Encoding: Chunked \r\n"), "ok");
}

TEST(RequestHead, WithABareLineFeedIsRefusedAtOnce) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\n"), "invalid");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: x\n"), "invalid");
    EXPECT_EQ(verdict("\n"), "invalid");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: x\r\n\n"), "invalid");
}

TEST(RequestHead, WithAStrayCarriageReturnIsRefused) {
    EXPECT_EQ(with("A: b\rc\r\n"), "invalid");
    EXPECT_EQ(with("A: b\r\r\n"), "invalid");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\r\nHost: x\r\n\r\n"), "invalid");
}

TEST(RequestHead, WithFoldedOrNamelessHeadersIsRefused) {
    EXPECT_EQ(with("A: b\r\n c\r\n"), "invalid");
    EXPECT_EQ(with("A: b\r\n\tc: d\r\n"), "invalid");
    EXPECT_EQ(with("A : b\r\n"), "invalid");
    EXPECT_EQ(with("A\t: b\r\n"), "invalid");
    EXPECT_EQ(with(": b\r\n"), "invalid");
    EXPECT_EQ(with("no colon\r\n"), "invalid");
    EXPECT_EQ(with("Transfer-Encoding : chunked\r\n"), "invalid");
    EXPECT_EQ(with("A(b): c\r\n"), "invalid");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n Host: x\r\n\r\n"), "invalid");
}

TEST(RequestHead, WithControlCharactersIsRefused) {
    for (const char c : {'\0', '\1', '\b', '\v', '\f', '\x1b', '\x7f'}) {
        EXPECT_EQ(with("A: b" + std::string(1, c) + "c\r\n"), "invalid") << int(c);
        EXPECT_EQ(with("A" + std::string(1, c) + ": b\r\n"), "invalid") << int(c);
        EXPECT_EQ(verdict("GET /" + std::string(1, c) + " HTTP/1.1\r\nHost: x\r\n\r\n"), "invalid");
    }
    EXPECT_EQ(with("A: b\tc\x80\xff\r\n"), "ok");
}

TEST(RequestHead, WithABadRequestLineIsRefused) {
    for (const auto* bad : {"GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1",
                            "GET / x HTTP/1.1", "GET\t/\tHTTP/1.1", "GET / http/1.1",
                            "GET / HTTP/1.", "GET / HTTP/11", "GET * HTTP/1.1",
                            "GET http://x/ HTTP/1.1", "G(T / HTTP/1.1", "GET /%zz HTTP/1.1"})
        EXPECT_EQ(verdict(std::string(bad) + "\r\nHost: x\r\n\r\n"), "invalid") << bad;
    EXPECT_EQ(verdict("GET / HTTP/1.2\r\nHost: x\r\n\r\n"), "unsupported");
    EXPECT_EQ(verdict("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"), "unsupported");
}

TEST(RequestHead, NeedsExactlyOneHost) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n\r\n"), "invalid");
    EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), "ok");
    EXPECT_EQ(with("Host: y\r\n"), "invalid");
    for (const auto* bad : {"a b", "a/b", "u@h", "a,b", "a?b"})
        EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: " + std::string(bad) + "\r\n\r\n"), "invalid");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), "ok");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "ok");
}

TEST(RequestHead, HasABoundedNumberOfHeaders) {
    std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 1; i < 10; ++i) head += "A: b\r\n";
    EXPECT_TRUE(parse_request_head(head + "\r\n", 10).ok());
    EXPECT_EQ(parse_request_head(head + "A: b\r\n\r\n", 10).error().code, Error::Code::too_large);
}

TEST(HeadFinder, FindsTheEndHoweverTheBytesAreCut) {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    HeadFinder finder;
    for (std::size_t size = 0; size < head.size(); ++size)
        EXPECT_EQ(finder.find(std::string_view(head).substr(0, size)).value(), 0U);
    EXPECT_EQ(finder.find(head + "GET").value(), head.size());
}

// ---- response heads

static std::optional<ResponseHead> response(std::string_view lines, Method asked = Method::get) {
    auto head = parse_response_head(std::string(lines) + "\r\n", 10, asked);
    if (!head.ok()) return {};
    return std::move(*head);
}

TEST(ResponseHead, SaysHowTheBodyEnds) {
    using Form = BodyKind::Form;
    EXPECT_EQ(response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n")->body.size, 3U);
    EXPECT_EQ(response("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n")->body.form, Form::chunked);
    EXPECT_EQ(response("HTTP/1.1 200 OK\r\n")->body.form, Form::until_close);
    EXPECT_FALSE(response("HTTP/1.1 200 OK\r\n")->keep_alive);
    EXPECT_EQ(response("HTTP/1.1 204 No\r\nContent-Length: 3\r\n")->body.form, Form::none);
    EXPECT_EQ(response("HTTP/1.1 304 \r\n")->body.form, Form::none);
    EXPECT_EQ(response("HTTP/1.1 100 Continue\r\n")->body.form, Form::none);
    EXPECT_EQ(response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", Method::head)->body.form,
              Form::none);
    EXPECT_FALSE(response("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n")->keep_alive);
}

TEST(ResponseHead, ThatIsMalformedIsRefused) {
    for (const auto* bad :
         {"HTTP/2 200 OK\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 -20 OK\r\n",
          "HTTP/1.1 099 OK\r\n", "ICY 200 OK\r\n", "\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"})
        EXPECT_FALSE(response(bad)) << bad;
}

// ---- bodies

/// What the reader makes of bytes fed in pieces: the data, '|', the bytes left over; or "bad".
static std::string read_body(BodyKind kind, std::string_view bytes, std::size_t piece) {
    BodyReader reader(kind);
    std::string data;
    std::size_t used = 0;
    for (std::size_t end = piece; !reader.done() && used < bytes.size(); end += piece) {
        const std::string_view there = bytes.substr(0, end);
        while (used < there.size() && !reader.done()) {
            const auto step = reader.next(there.substr(used));
            if (!step.ok()) return "bad";
            EXPECT_GT(step->used, 0U);
            data += step->data;
            used += step->used;
        }
    }
    return data + (reader.done() ? "|" : "...") + std::string(bytes.substr(used));
}

static std::string read_chunked(std::string_view bytes) {
    const BodyKind kind{BodyKind::Form::chunked, 0};
    const std::string whole = read_body(kind, bytes, bytes.size());
    EXPECT_EQ(read_body(kind, bytes, 1), whole) << bytes;
    return whole;
}

TEST(BodyReader, CutsASizedBodyExactly) {
    EXPECT_EQ(read_body({BodyKind::Form::sized, 3}, "abcdef", 2), "abc|def");
    EXPECT_EQ(read_body({BodyKind::Form::sized, 9}, "abc", 3), "abc...");
    EXPECT_EQ(read_body({BodyKind::Form::until_close, 0}, "abc", 3), "abc...");
    EXPECT_TRUE(BodyReader({BodyKind::Form::sized, 0}).done());
    EXPECT_TRUE(BodyReader({BodyKind::Form::none, 0}).done());
}

TEST(BodyReader, PutsChunksTogetherAndDropsExtensionsAndTrailers) {
    EXPECT_EQ(read_chunked("3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n0\r\n\r\nnext"),
              "abc0123456789|next");
    EXPECT_EQ(read_chunked("1\r\na\r\n000\r\nA: b\r\nC: d\r\n\r\n"), "a|");
}

TEST(BodyReader, RefusesChunksThatTwoReadersCouldReadDifferently) {
    for (const auto* bad :
         {"\r\n", "g\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", " 1\r\na\r\n", "1 \r\na\r\n",
          "1 a\r\na\r\n", "1\na\r\n", "1\r\nab\r\n", "1\r\na\n", "1\r\na\r0\r\n", "1;\x01\r\na\r\n",
          "1;a\rb\r\na\r\n", "ffffffffffffffff\r\n", "10000000000000001\r\n", "0\r\n\n",
          "0\r\nA\n\r\n", "1,2\r\na\r\n"})
        EXPECT_EQ(read_chunked(bad), "bad") << bad;
}

TEST(BodyReader, BoundsWhatIsNotBody) {
    EXPECT_EQ(read_chunked("1;" + std::string(300, 'x')), "bad");
    std::string extensions;
    for (int i = 0; i < 200; ++i) extensions += "1;" + std::string(200, 'x') + "\r\na\r\n";
    EXPECT_EQ(read_chunked(extensions), "bad");
    std::string trailers = "0\r\n";
    for (int i = 0; i < 200; ++i) trailers += "A: " + std::string(200, 'x') + "\r\n";
    EXPECT_EQ(read_chunked(trailers), "bad");
}

TEST(WrittenHeader, CannotAddAnother) {
    std::string out;
    write_header_to(out, "A", std::string_view("b\r\nC: d\0e", 9));
    EXPECT_EQ(out, "A: b  C: d e\r\n");
}

}  // namespace vdc::wire
