#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "wire/http_server.h"
#include "wire/wire_test_util.h"

namespace vdc::wire {

using base::Error;
using test::eventually;
using test::Raw;
using test::Site;

namespace {
/// What became of a body.
struct Story {
    std::mutex mutex;
    std::string bytes;
    std::atomic<std::uint64_t> size{0};
    std::atomic<bool> finished{false};
    std::atomic<bool> destroyed{false};
    std::atomic<bool> blocked{false};  ///< write() waits while this is set
    std::uint64_t refuse_after = UINT64_MAX;
    bool keep = true;
};

class StorySink final : public BodySink {
  public:
    explicit StorySink(Story& story) : story_(story) {}
    ~StorySink() override { story_.destroyed = true; }
    base::Status write(std::string_view chunk) override {
        story_.blocked.wait(true);
        const std::lock_guard lock(story_.mutex);
        if (story_.keep) story_.bytes += chunk;
        story_.size += chunk.size();
        if (story_.size > story_.refuse_after)
            return Error{Error::Code::exhausted, "the disk is full", "remove something"};
        return {};
    }
    void finish(Responder responder) override {
        story_.finished = true;
        responder.send(answer(201, "text/plain", std::to_string(story_.size)));
    }

  private:
    Story& story_;
};
}  // namespace

static void take_uploads(Site& site, Story& story) {
    site.handler.body = [&story](const Request& head) -> base::Result<std::unique_ptr<BodySink>> {
        if (head.path == "/refused") return Error{Error::Code::forbidden, "not you"};
        if (head.path != "/upload") return nullptr;
        return std::make_unique<StorySink>(story);
    };
}

static std::string upload_head(std::uint64_t size, std::string_view path = "/upload") {
    return "PUT " + std::string(path) +
           " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

TEST(Upload, GoesToItsSinkPieceByPiece) {
    Story story;
    Site site;
    take_uploads(site, story);
    std::string body;
    for (int i = 0; i < 500'000; ++i) body += std::to_string(i);
    Raw raw(site.path);
    raw.send(upload_head(body.size()));
    raw.send(body);
    EXPECT_TRUE(raw.read_response().ends_with("\r\n\r\n" + std::to_string(body.size())));
    EXPECT_EQ(story.bytes, body);
    EXPECT_TRUE(eventually([&] { return story.destroyed.load(); }));
    raw.send(
        "PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n" +
        upload_head(2, "/memory") + "hi");
    EXPECT_TRUE(raw.read_response().starts_with("HTTP/1.1 201"));
    EXPECT_TRUE(raw.read_response().ends_with("PUT /memory hi"));
}

TEST(Upload, OfNothingIsFinishedToo) {
    Story story;
    Site site;
    take_uploads(site, story);
    Raw raw(site.path);
    raw.send(upload_head(0));
    EXPECT_TRUE(raw.read_response().starts_with("HTTP/1.1 201"));
}

TEST(Upload, IsNotReadWhileItsSinkIsBusy) {
    Story story;
    story.blocked = true;
    story.keep = false;
    Site site(HttpLimits{.body_time = 100ms});
    take_uploads(site, story);
    constexpr std::uint64_t size = 64 << 20;
    std::atomic<std::uint64_t> sent{0};
    Raw raw(site.path);
    std::thread sender([&] {
        raw.send(upload_head(size));
        const std::string piece(1 << 16, 'x');
        for (; sent < size && raw.send(piece); sent += piece.size()) continue;
    });
    // Stuck: what fits into the kernel and the queue, and no more. The sink may take its time.
    std::uint64_t before = UINT64_MAX;
    EXPECT_TRUE(eventually([&] {
        std::this_thread::sleep_for(300ms);
        return std::exchange(before, sent.load()) == sent.load();
    }));
    EXPECT_LT(sent, size / 4);
    story.blocked = false;
    story.blocked.notify_all();
    EXPECT_TRUE(raw.read_response().ends_with("\r\n\r\n" + std::to_string(size)));
    sender.join();
}

TEST(Upload, IsRefusedBeforeItsBodyIsSent) {
    Story story;
    Site site(HttpLimits{.upload_max = 1000});
    take_uploads(site, story);
    Raw raw(site.path);
    raw.send(
        "PUT /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n"
        "Expect: 100-continue\r\n\r\n");
    EXPECT_TRUE(raw.read_all().starts_with("HTTP/1.1 403"));
    Raw large(site.path);
    large.send(upload_head(1001));
    EXPECT_TRUE(large.read_all().starts_with("HTTP/1.1 413"));
    EXPECT_EQ(story.size, 0U);
}

TEST(Upload, AnswersWithTheErrorOfItsSink) {
    Story story;
    story.refuse_after = 100'000;
    Site site;
    take_uploads(site, story);
    Raw raw(site.path);
    raw.send(upload_head(100'000'000));
    while (raw.send(std::string(100'000, 'x'))) continue;  // until the server has had enough
    const std::string all = raw.read_all();
    EXPECT_TRUE(all.starts_with("HTTP/1.1 507")) << all;
    EXPECT_NE(all.find("the disk is full"), std::string::npos);
    EXPECT_TRUE(eventually([&] { return story.destroyed.load(); }));
    EXPECT_FALSE(story.finished);
}

TEST(Upload, AnswersWithTheErrorOfItsSinkAlsoAtTheVeryEnd) {
    Story story;
    story.refuse_after = 1;
    Site site;
    take_uploads(site, story);
    Raw raw(site.path);
    raw.send(upload_head(3) + "abc");
    EXPECT_TRUE(raw.read_response().starts_with("HTTP/1.1 507"));
}

TEST(Upload, ThatBreaksOffIsNeverFinished) {
    Story story;
    Site site;
    take_uploads(site, story);
    {
        Raw raw(site.path);
        raw.send(upload_head(1000) + "abc");
        EXPECT_TRUE(eventually([&] { return story.size == 3; }));
    }
    EXPECT_TRUE(eventually([&] { return story.destroyed.load(); }));
    EXPECT_FALSE(story.finished);
    Story bad;
    take_uploads(site, bad);
    Raw raw(site.path);
    raw.send("PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n");
    EXPECT_TRUE(raw.read_all().starts_with("HTTP/1.1 400"));
    EXPECT_TRUE(eventually([&] { return bad.destroyed.load(); }));
    EXPECT_FALSE(bad.finished);
}

TEST(Upload, IsOneOfAFew) {
    Story story;
    Site site(HttpLimits{.uploads_max = 2});
    take_uploads(site, story);
    Raw first(site.path);
    Raw second(site.path);
    for (Raw* raw : {&first, &second}) raw->send(upload_head(10) + "a");
    EXPECT_TRUE(eventually([&] { return story.size == 2; }));
    Raw third(site.path);
    third.send(upload_head(10) + "a");
    EXPECT_TRUE(third.read_all().starts_with("HTTP/1.1 503"));
    first.send("123456789");
    EXPECT_TRUE(first.read_response().starts_with("HTTP/1.1 201"));
}

TEST(Upload, EndsWhenTheServerStops) {
    Story story;
    Site site;
    take_uploads(site, story);
    Raw raw(site.path);
    raw.send(upload_head(10) + "a");
    EXPECT_TRUE(eventually([&] { return story.size == 1; }));
    site.server->stop(10ms);
    EXPECT_TRUE(story.destroyed);
    EXPECT_FALSE(story.finished);
}

}  // namespace vdc::wire
