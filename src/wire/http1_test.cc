#include "wire/http1.h"

#include <gtest/gtest.h>

namespace vdc::wire {

using base::Error;

/// "ok", or the word of the error's code.
static std::string verdict(std::string_view head, std::size_t headers_max = 100) {
    RequestReader reader(64 << 10, headers_max);
    const auto size = reader.take_head(head);
    if (!size.ok()) return std::string(word(size.error().code));
    return *size == head.size() ? "ok" : "incomplete";
}

static std::string with(std::string_view headers) {
    return verdict("POST / HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n");
}

static RequestHead parsed(std::string_view headers, std::string_view version = "1.1") {
    const std::string head = "POST /a?b=c HTTP/" + std::string(version) + "\r\nHost: x\r\n" +
                             std::string(headers) + "\r\n";
    RequestReader reader(64 << 10, 100);
    const auto size = reader.take_head(head);
    EXPECT_TRUE(size.ok()) << (size.ok() ? "" : size.error().message);
    return size.ok() ? reader.head() : RequestHead{};
}

// ---- heads

TEST(RequestHead, IsUnderstood) {
    const RequestHead head = parsed("X:  a b\t \r\nEmpty:\r\nContent-Length: 7\r\n");
    EXPECT_EQ(head.method, Method::post);
    EXPECT_EQ(head.target.path, "/a");
    EXPECT_EQ(head.target.query, (Query{{"b", "c"}}));
    EXPECT_EQ(head.headers,
              (Headers{{"Host", "x"}, {"X", "a b"}, {"Empty", ""}, {"Content-Length", "7"}}));
    EXPECT_EQ(head.body_size, 7U);
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
    EXPECT_EQ(verdict(head + "\r\n", 10), "ok");
    EXPECT_EQ(verdict(head + "A: b\r\n\r\n", 10), "too_large");
}

TEST(RequestHead, IsFoundHoweverTheBytesAreCut) {
    const std::string head = "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
    RequestReader reader(64 << 10, 100);
    for (std::size_t size = 0; size < head.size(); ++size)
        EXPECT_EQ(reader.take_head(std::string_view(head).substr(0, size)).value(), 0U);
    EXPECT_EQ(reader.take_head(head + "GET").value(), head.size());
}

// ---- bodies

/// What the reader makes of bytes fed in pieces: the data, '|', the bytes left
/// over; or "bad".
static std::string read_body(std::string_view header, std::string_view bytes, std::size_t piece) {
    RequestReader reader(64 << 10, 100);
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n" + std::string(header) + "\r\n\r\n";
    EXPECT_TRUE(reader.take_head(head).ok());
    std::string data;
    std::size_t used = 0;
    for (std::size_t end = piece; !reader.done() && used < bytes.size(); end += piece) {
        while (!reader.done()) {
            const auto step = reader.take_body(bytes.substr(0, end).substr(used));
            if (!step.ok()) return "bad";
            data += step->data;
            used += step->used;
            if (step->used == 0) break;
        }
        if (end >= bytes.size()) break;
    }
    return data + (reader.done() ? "|" : "...") + std::string(bytes.substr(used));
}

static std::string read_chunked(std::string_view bytes) {
    const std::string whole = read_body("Transfer-Encoding: chunked", bytes, bytes.size());
    EXPECT_EQ(read_body("Transfer-Encoding: chunked", bytes, 1), whole) << bytes;
    return whole;
}

TEST(Body, IsCutExactlyAtItsSize) {
    EXPECT_EQ(read_body("Content-Length: 3", "abcdef", 2), "abc|def");
    EXPECT_EQ(read_body("Content-Length: 9", "abc", 3), "abc...");
}

TEST(Body, IsPutTogetherFromChunksWithoutExtensionsAndTrailers) {
    EXPECT_EQ(read_chunked("3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n0\r\n\r\nnext"),
              "abc0123456789|next");
    EXPECT_EQ(read_chunked("1\r\na\r\n000\r\nA: b\r\nC: d\r\n\r\n"), "a|");
}

TEST(Body, OfChunksThatTwoReadersCouldReadDifferentlyIsRefused) {
    for (const auto* bad :
         {"\r\n", "g\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", " 1\r\na\r\n", "1 a\r\na\r\n",
          "1\r\nab\r\n", "1\r\na\r0\r\n", "1\r\na\n", "1;a\rb\r\na\r\n", "ffffffffffffffff\r\n",
          "10000000000000001\r\n", "1,2\r\na\r\n", "1\na\r\n", "0\r\nA\n", "0\r\nA b: c"})
        EXPECT_EQ(read_chunked(bad + std::string("\r\n0\r\n\r\n")), "bad") << bad;
}

TEST(Body, OfNoChunkAtAllMayComeByteByByte) {
    EXPECT_EQ(read_chunked("0\r\n\r\nnext"), "|next");
}

TEST(Body, HasBoundsForWhatIsNotBody) {
    EXPECT_EQ(read_chunked("1;" + std::string(20'000, 'x')), "bad");
    std::string extensions;
    for (int i = 0; i < 200; ++i) extensions += "1;" + std::string(200, 'x') + "\r\na\r\n";
    EXPECT_EQ(read_chunked(extensions), "bad");
    std::string trailers = "0\r\n";
    for (int i = 0; i < 200; ++i) trailers += "A: " + std::string(200, 'x') + "\r\n";
    EXPECT_EQ(read_chunked(trailers), "bad");
}

TEST(WrittenHead, TakesNoValueThatAddsAHeader) {
    EXPECT_EQ(response_head(200, {{"A", std::string("b\r\nC: d\0e", 9)}}),
              "HTTP/1.1 200 OK\r\nA: b  C: d e\r\n\r\n");
}

}  // namespace vdc::wire
