#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "wire/http_server.h"
#include "wire/wire_test_util.h"

namespace vdc::wire {

using test::eventually;
using test::Final;
using test::frame;
using test::goodbye;
using test::masked_frame;
using test::Opcode;
using test::Raw;
using test::Site;

static constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

static constexpr std::string_view upgrade =
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: chat, binary\r\n\r\n";

namespace {
/// A server that says everything back.
struct Echoing {
    explicit Echoing(HttpLimits limits = {})
        : site(limits, [this](Request, Responder responder) {
              WebSocketEvents events;
              events.protocol = "binary";
              auto open = std::make_shared<std::optional<WebSocket>>();
              events.on_open = [open](WebSocket socket) { open->emplace(std::move(socket)); };
              events.on_message = [open](const std::string& message, WebSocket::Kind kind) {
                  if (message == "bye") return (*open)->close(4001, "as you wish");
                  EXPECT_TRUE((*open)->send(message, kind));
              };
              events.on_closed = [this](std::uint16_t code) { closed = code; };
              responder.upgrade_websocket(std::move(events));
          }) {}

    std::atomic<int> closed{0};
    Site site;
};
}  // namespace

static Raw upgraded(const Site& site) {
    Raw raw(site.path);
    raw.send(upgrade);
    const std::string head = raw.read_until("\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101 Switching Protocols")) << head;
    EXPECT_NE(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
    EXPECT_NE(head.find("Sec-WebSocket-Protocol: binary"), std::string::npos);
    EXPECT_NE(head.find("Connection: Upgrade"), std::string::npos);
    return raw;
}

TEST(ServerWebSocket, SaysBackWhatItHearsAlsoInFragments) {
    Echoing echoing;
    Raw raw = upgraded(echoing.site);
    raw.send(masked_frame(Opcode::binary, "hello"));
    EXPECT_EQ(raw.read_until("hello"), frame(Opcode::binary, "hello"));
    raw.send(masked_frame(Opcode::text, "fr", Final::no) + masked_frame(Opcode::ping, "?") +
             masked_frame(Opcode::continuation, "agment"));
    const std::string pong = frame(Opcode::pong, "?");
    EXPECT_EQ(raw.read_until("agment"), pong + frame(Opcode::text, "fragment"));
    const std::string large(1 << 20, 'x');
    raw.send(masked_frame(Opcode::binary, large));
    EXPECT_TRUE(raw.read_until(large).ends_with(large));
}

TEST(ServerWebSocket, AnswersAGoodbyeWithTheSame) {
    Echoing echoing;
    Raw raw = upgraded(echoing.site);
    raw.send(masked_frame(Opcode::close, goodbye(1000, "done")));
    EXPECT_EQ(raw.read_all(), frame(Opcode::close, goodbye(1000)));
    EXPECT_EQ(echoing.closed, 1000);
}

TEST(ServerWebSocket, SaysGoodbyeItself) {
    Echoing echoing;
    Raw raw = upgraded(echoing.site);
    raw.send(masked_frame(Opcode::text, "bye"));
    const std::string ours = frame(Opcode::close, goodbye(4001, "as you wish"));
    EXPECT_EQ(raw.read_until(ours), ours);
    raw.send(masked_frame(Opcode::close, goodbye(4001)));
    EXPECT_TRUE(raw.sees_end());
    EXPECT_TRUE(eventually([&] { return echoing.closed == 4001; }));
}

TEST(ServerWebSocket, WaitsForAnAnswerToItsGoodbyeNotForEver) {
    Echoing echoing;
    Raw raw = upgraded(echoing.site);
    raw.send(masked_frame(Opcode::text, "bye"));
    EXPECT_TRUE(raw.sees_end());
    EXPECT_TRUE(eventually([&] { return echoing.closed == 1006; }));
}

TEST(ServerWebSocket, EndsWithACodeForWhoBreaksTheRules) {
    Echoing echoing(HttpLimits{.websocket_message_max = 1000});
    Raw raw = upgraded(echoing.site);
    raw.send(frame(Opcode::text, "not masked"));
    EXPECT_EQ(raw.read_all(), frame(Opcode::close, goodbye(1002)));
    EXPECT_EQ(echoing.closed, 1002);
    Raw large = upgraded(echoing.site);
    large.send(masked_frame(Opcode::text, std::string(1001, 'x')));
    EXPECT_EQ(large.read_all(), frame(Opcode::close, goodbye(1009)));
}

TEST(ServerWebSocket, IsToldWhenThePeerVanishes) {
    Echoing echoing;
    { Raw raw = upgraded(echoing.site); }
    EXPECT_TRUE(eventually([&] { return echoing.closed == 1006; }));
}

TEST(ServerWebSocket, IsToldWhenTheServerStops) {
    Echoing echoing;
    Raw raw = upgraded(echoing.site);
    std::thread stopping([&] { echoing.site.server->stop(20s); });
    EXPECT_EQ(raw.read_all(), frame(Opcode::close, goodbye(1001)));
    raw.close();
    stopping.join();
}

TEST(ServerWebSocket, DoesNotReadOnWhileItsEchoesAreNotTaken) {
    Echoing echoing(HttpLimits{.queue_max = 256 << 10, .write_time = 20s});
    Raw raw = upgraded(echoing.site);
    const std::string ping = masked_frame(Opcode::ping, std::string(100, 'x'));
    std::atomic<int> sent{0};
    std::thread sender([&] {
        while (sent < 100'000 && raw.send(ping)) ++sent;
    });
    int before = -1;
    EXPECT_TRUE(eventually([&] {
        std::this_thread::sleep_for(100ms);
        return std::exchange(before, sent.load()) == sent.load();
    }));
    EXPECT_LT(sent, 100'000);
    echoing.site.server->stop(0ms);
    sender.join();
}

TEST(ServerWebSocket, RefusesRequestsThatAskForNoneOrForAnother) {
    Echoing echoing;
    const auto answer_to = [&](std::string request) {
        Raw raw(echoing.site.path);
        raw.send(request);
        return raw.read_response().substr(9, 3);
    };
    const auto without = [&](std::string_view line) {
        std::string request(upgrade);
        request.replace(request.find(line), line.size(), "");
        return request;
    };
    EXPECT_EQ(answer_to(std::string(get)), "426");
    EXPECT_EQ(answer_to(without("Sec-WebSocket-Version: 13\r\n")), "426");
    EXPECT_EQ(answer_to(without("Connection: keep-alive, Upgrade\r\n")), "426");
    EXPECT_EQ(answer_to(without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")), "400");
    std::string post(upgrade);
    post.replace(0, 3, "PUT");
    EXPECT_EQ(answer_to(post), "400");
    EXPECT_EQ(echoing.closed, 0);
}

}  // namespace vdc::wire
