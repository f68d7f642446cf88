#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "wire/events.h"
#include "wire/http_server.h"
#include "wire/wire_test_util.h"

namespace vdc::wire {

using test::eventually;
using test::Raw;
using test::Site;

static constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

namespace {
/// A server whose requests become streams, one at a time.
struct Streaming {
    explicit Streaming(HttpLimits limits = {})
        : site(limits, [this](Request, Responder responder) {
              const std::lock_guard lock(mutex);
              stream.emplace(responder.stream(200, {{"Content-Type", "text/event-stream"}}));
              stream->on_closed([this] { ++closed; });
          }) {}
    ~Streaming() { site.server->stop(0ms); }

    Stream wait() {
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard lock(mutex);
            return stream.has_value();
        }));
        const std::lock_guard lock(mutex);
        Stream taken = *stream;
        stream.reset();
        return taken;
    }

    std::mutex mutex;
    std::optional<Stream> stream;
    std::atomic<int> closed{0};
    Site site;
};
}  // namespace

TEST(Stream, BringsEachEventAtOnce) {
    Streaming streaming;
    Raw raw(streaming.site.path);
    raw.send(get);
    EXPECT_NE(raw.read_until("\r\n\r\n").find("Transfer-Encoding: chunked"), std::string::npos);
    const Stream stream = streaming.wait();
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(stream.write(text(Event{std::to_string(i), "", "hello"})));
        EXPECT_EQ(raw.read_until("\n\n\r\n"),
                  "13\r\nid: " + std::to_string(i) + "\ndata: hello\n\n\r\n");
    }
}

TEST(Stream, LeavesTheConnectionForTheNextRequestWhenItEnds) {
    Streaming streaming;
    Raw raw(streaming.site.path);
    raw.send(get);
    {
        const Stream stream = streaming.wait();
        stream.write("a");
        stream.close();
        EXPECT_FALSE(stream.write("b"));
    }
    EXPECT_TRUE(raw.read_until("0\r\n\r\n").ends_with("1\r\na\r\n0\r\n\r\n"));
    EXPECT_EQ(streaming.closed, 1);
    raw.send(get);
    streaming.wait();  // the last handle goes: closed
    EXPECT_TRUE(raw.read_until("0\r\n\r\n").ends_with("\r\n\r\n0\r\n\r\n"));
}

TEST(Stream, KeepsTheRequestThatIsPipelinedBehindItForLater) {
    Streaming streaming;
    Raw raw(streaming.site.path);
    raw.send(std::string(get) + std::string(get.substr(0, 10)));
    {
        const Stream stream = streaming.wait();
        raw.send(get.substr(10));
        stream.write("first");
        EXPECT_NE(raw.read_until("first\r\n").find("200 OK"), std::string::npos);
    }
    EXPECT_EQ(raw.read_until("0\r\n\r\n"), "0\r\n\r\n");
    streaming.wait().write("second");
    EXPECT_NE(raw.read_until("second").find("200 OK"), std::string::npos);
}

TEST(Stream, IsToldWhenTheReaderGoesAway) {
    Streaming streaming;
    auto raw = std::make_optional<Raw>(streaming.site.path);
    raw->send(get);
    const Stream stream = streaming.wait();
    raw.reset();
    EXPECT_TRUE(eventually([&] { return streaming.closed == 1; }));
    EXPECT_FALSE(stream.write("x"));
    EXPECT_TRUE(stream.closed());
    int at_once = 0;
    stream.on_closed([&] { ++at_once; });
    EXPECT_EQ(at_once, 1);
}

TEST(Stream, CutsOffAReaderThatIsTooSlowAndNobodyElse) {
    Streaming streaming(HttpLimits{.queue_max = 1 << 20});
    Raw slow(streaming.site.path);
    slow.send(get);
    const Stream to_slow = streaming.wait();
    Raw quick(streaming.site.path);
    quick.send(get);
    const Stream to_quick = streaming.wait();
    const std::string piece(100'000, 'x');
    int taken = 0;
    while (taken < 1000 && to_slow.write(piece)) ++taken;
    EXPECT_LT(taken, 50);
    EXPECT_TRUE(eventually([&] { return streaming.closed == 1; }));
    EXPECT_TRUE(to_quick.write("still here"));
    EXPECT_NE(quick.read_until("still here").find("200 OK"), std::string::npos);
    EXPECT_TRUE(slow.sees_end());
}

TEST(Stream, TellsWhenItsQueueRanEmptySoThatALargeSourceCanWait) {
    Streaming streaming;
    Raw raw(streaming.site.path);
    raw.send(get);
    const Stream stream = streaming.wait();
    std::mutex mutex;
    std::condition_variable drained;
    stream.on_drained([&] {
        const std::lock_guard lock(mutex);
        drained.notify_all();
    });
    const std::string piece(200'000, 'x');
    std::thread source([&] {
        for (int i = 0; i < 100; ++i) {
            {
                std::unique_lock lock(mutex);
                const auto has_room = [&] { return stream.queued() < 1'000'000; };
                EXPECT_TRUE(drained.wait_for(lock, 20s, has_room));
            }
            EXPECT_TRUE(stream.write(piece));
        }
        stream.close();
    });
    EXPECT_GT(raw.read_until("\r\n0\r\n\r\n").size(), 100 * piece.size());
    source.join();
}

TEST(Stream, TakesWritesFromManyThreads) {
    Streaming streaming;
    Raw raw(streaming.site.path);
    raw.send(get);
    const Stream stream = streaming.wait();
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; ++i)
        writers.emplace_back([&] {
            for (int j = 0; j < 1000; ++j) EXPECT_TRUE(stream.write("event\n"));
        });
    for (auto& writer : writers) writer.join();
    stream.close();
    const std::string all = raw.read_until("\r\n0\r\n\r\n");
    std::size_t events = 0;
    for (std::size_t at = 0; (at = all.find("event\n", at)) != std::string::npos; ++at) ++events;
    EXPECT_EQ(events, 4000U);
}

TEST(Stream, EndsInOrderWhenTheServerStops) {
    Streaming streaming;
    Raw raw(streaming.site.path);
    raw.send(get);
    const Stream stream = streaming.wait();
    stream.write("last");
    std::thread stopping([&] { streaming.site.server->stop(20s); });
    EXPECT_TRUE(raw.read_all().ends_with("4\r\nlast\r\n0\r\n\r\n"));
    raw.close();
    stopping.join();
    EXPECT_EQ(streaming.closed, 1);
}

TEST(Stream, GivesHttp10ItsBytesUntilTheEnd) {
    Streaming streaming;
    Raw raw(streaming.site.path);
    raw.send("GET / HTTP/1.0\r\n\r\n");
    const Stream stream = streaming.wait();
    stream.write("abc");
    stream.close();
    EXPECT_TRUE(raw.read_all().ends_with("\r\n\r\nabc"));
}

}  // namespace vdc::wire
