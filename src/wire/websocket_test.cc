#include "wire/websocket.h"

#include <gtest/gtest.h>

#include <vector>

namespace vdc::wire {

namespace {
struct Read {
    std::uint16_t code = 0;
    std::vector<Frame> frames;
};
}  // namespace

static bool operator==(const Frame& a, const Frame& b) {
    return a.opcode == b.opcode && a.payload == b.payload && a.final == b.final;
}

static Read read(std::string_view bytes, FrameReader::From from = FrameReader::From::client,
                 std::size_t piece = 1 << 20, std::size_t max = 1000) {
    FrameReader reader(from, max);
    Read result;
    for (std::size_t at = 0; at < bytes.size() && result.code == 0; at += piece)
        result.code = reader.feed(bytes.substr(at, piece), [&](Frame frame) {
            result.frames.push_back(std::move(frame));
            return true;
        });
    return result;
}

static std::string masked(Frame frame) {
    return text(frame, 0x12345678);
}

TEST(WebSocketKey, IsAcceptedAsInTheRfc) {
    EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketFrame, SurvivesTheRoundTripOfEverySize) {
    for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 70000U}) {
        const Frame frame{Frame::Opcode::binary, std::string(size, 'x')};
        EXPECT_EQ(read(masked(frame), FrameReader::From::client, 1 << 20, 1 << 20).frames,
                  std::vector{frame});
        EXPECT_EQ(read(text(frame), FrameReader::From::server, 1 << 20, 1 << 20).frames,
                  std::vector{frame});
    }
}

TEST(WebSocketFrame, FragmentsAreJoinedAndPingsBetweenThemComeAtOnce) {
    const std::string bytes = masked({Frame::Opcode::text, "he", false}) +
                              masked({Frame::Opcode::ping, "p"}) +
                              masked({Frame::Opcode::continuation, "l", false}) +
                              masked({Frame::Opcode::continuation, "lo"});
    const std::vector<Frame> expected{{Frame::Opcode::ping, "p"}, {Frame::Opcode::text, "hello"}};
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
        EXPECT_EQ(read(bytes, FrameReader::From::client, piece).frames, expected);
}

TEST(WebSocketFrame, OfTheWrongMaskingIsRefused) {
    const Frame frame{Frame::Opcode::text, "a"};
    EXPECT_EQ(read(text(frame), FrameReader::From::client).code, 1002);
    EXPECT_EQ(read(masked(frame), FrameReader::From::server).code, 1002);
}

TEST(WebSocketFrame, ThatBreaksTheRulesIsRefused) {
    using O = Frame::Opcode;
    EXPECT_EQ(read(masked({O::continuation, "a"})).code, 1002);
    EXPECT_EQ(read(masked({O::text, "a", false}) + masked({O::text, "b"})).code, 1002);
    EXPECT_EQ(read(masked({O::ping, "a", false})).code, 1002);
    EXPECT_EQ(read(masked({O::ping, std::string(126, 'a')})).code, 1002);
    EXPECT_EQ(read(masked({static_cast<O>(3), "a"})).code, 1002);
    EXPECT_EQ(read(masked({static_cast<O>(11), "a"})).code, 1002);
    EXPECT_EQ(read("\xC1\x80\x01\x02\x03\x04").code, 1002);
    EXPECT_EQ(read(masked({O::close, "a"})).code, 1002);
    EXPECT_EQ(read(masked(close_frame(1005))).code, 1002);
    EXPECT_EQ(read(masked({O::text, "\xff"})).code, 1007);
}

TEST(WebSocketFrame, WithALengthWrittenTooWideIsRefused) {
    EXPECT_EQ(read(std::string_view("\x82\xFE\x00\x01mmmmx", 9)).code, 1002);
    EXPECT_EQ(read(std::string_view("\x82\xFF\0\0\0\0\0\0\0\x01mmmmx", 15)).code, 1002);
}

TEST(WebSocketMessage, IsBoundedBeforeItIsKept) {
    using O = Frame::Opcode;
    EXPECT_EQ(read(masked({O::text, std::string(1001, 'a')})).code, 1009);
    EXPECT_EQ(read(masked({O::text, std::string(600, 'a'), false}) +
                   masked({O::continuation, std::string(401, 'a')}))
                  .code,
              1009);
    EXPECT_EQ(read(std::string_view("\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFmmmm", 14)).code,
              1009);
}

TEST(WebSocketGoodbye, CarriesItsCode) {
    const Frame frame = close_frame(1001, std::string(200, 'r'));
    EXPECT_EQ(frame.payload.size(), 125U);
    EXPECT_EQ(close_code(frame.payload), 1001);
    EXPECT_EQ(close_code(""), 1005);
    EXPECT_EQ(read(masked(frame)).code, 0);
}

}  // namespace vdc::wire
