#include <sys/socket.h>

#include "api/api_test_util.h"

namespace vdc::api::test {

class Console : public ::testing::Test {
  protected:
    Console() {
        site.post("/v1/instances", R"({"name": "a", "flavor": "small", "image": "tiny"})");
        id = site.named<model::Instance>("a").id;
    }
    std::unique_ptr<wire::ClientWebSocket> open() {
        return site.client()
            ->connect_websocket(request(wire::Method::get, "/v1/instances/a/console"))
            .value();
    }
    /// The console's own end of the last one opened.
    int end() {
        const std::lock_guard lock(site.consoles.mutex);
        return site.consoles.ends.at(id).get();
    }
    static std::string read(wire::ClientWebSocket& socket, std::size_t size) {
        std::string bytes;
        while (bytes.size() < size) {
            auto message = socket.receive(std::chrono::seconds(20));
            if (!message.ok() || !*message) break;
            bytes += (*message)->bytes;
        }
        return bytes;
    }
    Site site;
    model::InstanceId id;
};

TEST_F(Console, CarriesBytesBothWays) {
    const auto socket = open();
    ASSERT_EQ(::send(end(), "login: ", 7, 0), 7);
    EXPECT_EQ(read(*socket, 7), "login: ");
    ASSERT_TRUE(socket->send("root\n").ok());
    char typed[8] = {};
    ASSERT_EQ(::recv(end(), typed, 5, MSG_WAITALL), 5);
    EXPECT_STREQ(typed, "root\n");
}

/// The bridge, the server's queue and the sockets hold some; then the console must wait.
TEST_F(Console, IsHeldBackByAPersonWhoDoesNotRead) {
    const auto socket = open();
    constexpr std::size_t far_too_much = 64 << 20;
    const timeval patience{1, 0};
    ASSERT_EQ(::setsockopt(end(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    const std::string bytes(1 << 16, 'x');
    std::size_t sent = 0;
    for (ssize_t count = 1; count > 0 && sent < far_too_much;) {
        count = ::send(end(), bytes.data(), bytes.size(), 0);
        if (count > 0) sent += static_cast<std::size_t>(count);
    }
    EXPECT_LT(sent, far_too_much);
    EXPECT_EQ(read(*socket, sent).size(), sent);
}

TEST_F(Console, EndsWithTheRunOfItsInstance) {
    const auto socket = open();
    {
        const std::lock_guard lock(site.consoles.mutex);
        site.consoles.ends.clear();
    }
    const auto message = socket->receive(std::chrono::seconds(20));
    EXPECT_EQ(message.error().code, base::Error::Code::unavailable);
}

TEST_F(Console, WhosePersonLeavesIsHungUp) {
    open()->close();
    char byte = 0;
    EXPECT_EQ(::recv(end(), &byte, 1, 0), 0);
}

TEST_F(Console, NeedsAnInstanceAndAWebSocket) {
    const auto refused =
        site.client()->connect_websocket(request(wire::Method::get, "/v1/instances/b/console"));
    EXPECT_EQ(refused.error().code, base::Error::Code::not_found);
    EXPECT_EQ(site.get("/v1/instances/a/console").status, 426);
}

TEST_F(Console, ShowsTheEndOfWhatItSaid) {
    EXPECT_EQ(site.get("/v1/instances/a/log").status, 404);
    site.consoles.logs[id] = "booting\nready\n";
    const auto log = site.get("/v1/instances/a/log?bytes=6");
    EXPECT_EQ(log.body, "ready\n");
    EXPECT_EQ(log.headers.get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(site.get("/v1/instances/a/log?bytes=0").status, 400);
    EXPECT_EQ(site.get("/v1/instances/a/log?follow=maybe").status, 400);
}

TEST_F(Console, SaysWhatComesToWhoFollows) {
    site.consoles.logs[id] = "ready\n";
    std::string heard;
    const auto ended = site.client()->stream(
        request(wire::Method::get, "/v1/instances/a/log?follow=true"), [&](std::string_view more) {
            heard += more;
            if (heard == "ready\n") {
                EXPECT_EQ(::send(end(), "login: ", 7, 0), 7);
            }
            return heard.size() < 13;
        });
    EXPECT_TRUE(ended.ok());
    EXPECT_EQ(heard, "ready\nlogin: ");
    char byte = 0;
    EXPECT_EQ(::recv(end(), &byte, 1, 0), 0) << "whose reader left is hung up";
}

}  // namespace vdc::api::test
