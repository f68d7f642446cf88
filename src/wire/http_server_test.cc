#include "wire/http_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "wire/sockets.h"
#include "wire/wire_test_util.h"

namespace vdc::wire {

using test::eventually;
using test::Raw;
using test::Site;

static std::string get(std::string_view path, std::string_view more = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(more) + "\r\n";
}

static int status_in(std::string_view response) {
    return response.starts_with("HTTP/1.1 ") ? std::stoi(std::string(response.substr(9, 3))) : 0;
}

static bool ends_with_body(std::string_view response, std::string_view body) {
    return response.ends_with("\r\n\r\n" + std::string(body));
}

// ---- answering

TEST(HttpServer, AnswersOneRequestAfterAnotherOnOneConnection) {
    Site site;
    Raw raw(site.path);
    for (const auto* path : {"/a", "/b", "/c"}) {
        raw.send(get(path));
        EXPECT_TRUE(ends_with_body(raw.read_response(), "GET " + std::string(path)));
    }
    EXPECT_EQ(site.server->connections(), 1U);
}

TEST(HttpServer, SaysDateLengthAndRequestId) {
    Site site({}, [](Request request, Responder responder) {
        Response response = answer(200, "text/plain", request.id);
        response.headers.add("content-length", "7");
        response.headers.add("X-Evil", "a\r\nX-Forged: b");
        responder.send(std::move(response));
    });
    Raw raw(site.path);
    raw.send(get("/", "X-Request-Id: my-id.7\r\n"));
    const std::string response = raw.read_response();
    EXPECT_NE(response.find("\r\nDate: "), std::string::npos);
    EXPECT_NE(response.find(" GMT\r\n"), std::string::npos);
    EXPECT_NE(response.find("\r\nX-Request-Id: my-id.7\r\n"), std::string::npos);
    EXPECT_EQ(response.find("\r\nX-Forged"), std::string::npos);
    EXPECT_EQ(response.find("content-length"), std::string::npos);
    EXPECT_TRUE(ends_with_body(response, "my-id.7"));
    raw.send(get("/", "X-Request-Id: forged\tid\r\n"));
    EXPECT_EQ(raw.read_response().find("forged"), std::string::npos);
}

TEST(HttpServer, TellsTheUidOfAUnixPeerAndTheAddressOfATcpPeer) {
    Site site({}, [](Request request, Responder responder) {
        const Peer& peer = request.peer;
        const std::string uid = peer.uid ? std::to_string(*peer.uid) : "none";
        responder.send(answer(200, "text/plain", uid + " " + peer.address + " " + peer.tag));
    });
    Raw raw(site.path);
    raw.send(get("/"));
    EXPECT_TRUE(ends_with_body(raw.read_response(), std::to_string(::getuid()) + "  "));
    const auto listener = site.server->listen_tcp("127.0.0.1", 0, "tag-1");
    ASSERT_TRUE(listener.ok());
    Raw tcp(listener->port);
    tcp.send(get("/"));
    const std::string address = "127.0.0.1:" + std::to_string(bound_port(tcp.fd()));
    EXPECT_TRUE(ends_with_body(tcp.read_response(), "none " + address + " tag-1"));
}

TEST(HttpServer, ListensAlsoOnIpv6) {
    Site site;
    const auto listener = site.server->listen_tcp("::1", 0);
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    EXPECT_NE(listener->port, 0);
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
    Site site;
    Raw raw(site.path);
    std::string all;
    for (int i = 0; i < 500; ++i) all += get("/" + std::to_string(i));
    std::thread sender([&] { raw.send(all); });
    for (int i = 0; i < 500; ++i)
        EXPECT_TRUE(ends_with_body(raw.read_response(), "GET /" + std::to_string(i))) << i;
    sender.join();
}

TEST(HttpServer, HandlesPipelinedRequestsOneAtATimeAlsoWhenAnswersComeLate) {
    std::vector<std::thread> threads;
    std::atomic<int> at_work{0};
    Site site({}, [&](Request request, Responder responder) {
        EXPECT_EQ(at_work.fetch_add(1), 0);
        threads.emplace_back([&at_work, path = request.path, r = std::move(responder)]() mutable {
            --at_work;
            r.send(answer(200, "text/plain", path));
        });
    });
    Raw raw(site.path);
    std::string all;
    for (int i = 0; i < 50; ++i) all += get("/" + std::to_string(i));
    raw.send(all);
    for (int i = 0; i < 50; ++i)
        EXPECT_TRUE(ends_with_body(raw.read_response(), "/" + std::to_string(i))) << i;
    site.server->stop(0ms);
    for (auto& thread : threads) thread.join();
}

TEST(HttpServer, AnswersGivenOnItsLoopComeOnceAndInOrder) {
    std::vector<std::thread> threads;
    std::set<std::thread::id> answering;
    Site site({}, [&](Request request, Responder responder) {
        answering.insert(std::this_thread::get_id());
        const auto shared = std::make_shared<Responder>(std::move(responder));
        threads.emplace_back([&answering, path = request.path, shared] {
            shared->loop()->post([&answering, path, shared] {
                answering.insert(std::this_thread::get_id());
                shared->send(answer(200, "text/plain", path));
            });
        });
    });
    Raw raw(site.path);
    raw.send(get("/1") + get("/2"));
    EXPECT_TRUE(ends_with_body(raw.read_response(), "/1"));
    EXPECT_TRUE(ends_with_body(raw.read_response(), "/2"));
    site.server->stop(0ms);
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(answering.size(), 1u) << "the server's thread alone";
}

TEST(HttpServer, ItsLoopDropsWhatComesAfterTheEnd) {
    std::shared_ptr<runtime::Mailbox> loop;
    {
        Site site({}, [&](Request, Responder responder) {
            loop = responder.loop();
            responder.send(answer(200, "text/plain", "x"));
        });
        Raw raw(site.path);
        raw.send(get("/"));
        raw.read_response();
    }
    bool ran = false;
    loop->post([&ran] { ran = true; });
    loop = nullptr;
    EXPECT_FALSE(ran);
}

TEST(HttpServer, WritesLargeAnswersToSlowReaders) {
    const std::string large(8 << 20, 'x');
    Site site({}, [&](Request, Responder responder) {
        responder.send(answer(200, "text/plain", large));
    });
    Raw raw(site.path);
    raw.send(get("/") + get("/"));
    EXPECT_TRUE(ends_with_body(raw.read_response(), large));
    EXPECT_TRUE(ends_with_body(raw.read_response(), large));
}

TEST(HttpServer, AnswersHeadWithTheLengthAndWithoutTheBody) {
    Site site;
    Raw raw(site.path);
    raw.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n" + get("/next"));
    const std::string head = raw.read_until("\r\n\r\n");
    EXPECT_NE(head.find("Content-Length: 9\r\n"), std::string::npos);
    EXPECT_TRUE(raw.read_response().starts_with("HTTP/1.1 200 OK"));
}

TEST(HttpServer, GivesNoLengthToAnAnswerThatHasNoBody) {
    Site site({}, [](Request, Responder responder) { responder.send({204, {}, ""}); });
    Raw raw(site.path);
    raw.send(get("/"));
    EXPECT_EQ(raw.read_until("\r\n\r\n").find("Content-Length"), std::string::npos);
}

TEST(HttpServer, ClosesAfterTheAnswerWhenAskedTo) {
    Site site;
    Raw raw(site.path);
    raw.send(get("/", "Connection: close\r\n") + get("/never"));
    const std::string all = raw.read_all();
    EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(ends_with_body(all, "GET /"));
}

TEST(HttpServer, SpeaksHttp10) {
    Site site;
    Raw raw(site.path);
    raw.send("GET /old HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(ends_with_body(raw.read_all(), "GET /old"));
    Raw keeping(site.path);
    keeping.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_NE(keeping.read_response().find("Connection: keep-alive\r\n"), std::string::npos);
    keeping.send("GET /2 HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(ends_with_body(keeping.read_all(), "GET /2"));
}

TEST(HttpServer, AnswersAPeerThatHasEndedItsSending) {
    Site site;
    Raw raw(site.path);
    raw.send(get("/1") + get("/2"));
    raw.end_sending();
    const std::string all = raw.read_all();
    EXPECT_NE(all.find("GET /1"), std::string::npos);
    EXPECT_TRUE(ends_with_body(all, "GET /2"));
}

TEST(HttpServer, AnswersFor500WhenTheHandlerDropsTheRequest) {
    Site site({}, [](Request, Responder) {});
    Raw raw(site.path);
    raw.send(get("/"));
    const std::string response = raw.read_response();
    EXPECT_EQ(status_in(response), 500);
    EXPECT_NE(response.find("application/problem+json"), std::string::npos);
}

TEST(HttpServer, SurvivesAnswersToConnectionsThatWentAway) {
    std::vector<Responder> kept;
    std::mutex mutex;
    Site site({}, [&](Request, Responder responder) {
        const std::lock_guard lock(mutex);
        kept.push_back(std::move(responder));
    });
    {
        Raw raw(site.path);
        raw.send(get("/"));
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard lock(mutex);
            return !kept.empty();
        }));
    }
    EXPECT_TRUE(eventually([&] { return site.server->connections() == 0; }));
    kept[0].send(answer(200, "text/plain", "too late"));
    Raw raw(site.path);
    raw.send(get("/"));
    EXPECT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        return kept.size() == 2;
    }));
    site.server->stop(0ms);
    kept[1].send(answer(200, "text/plain", "much too late"));
}

// ---- bodies

TEST(HttpServer, TakesSizedAndChunkedBodies) {
    Site site;
    Raw raw(site.path);
    raw.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_TRUE(ends_with_body(raw.read_response(), "POST /p hello"));
    raw.send(
        "PUT /q HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nhe\r\n3;ext=\"1\"\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n");
    EXPECT_TRUE(ends_with_body(raw.read_response(), "PUT /q hello"));
    raw.send("POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(ends_with_body(raw.read_response(), "POST /empty"));
}

TEST(HttpServer, TakesRequestsThatComeByteByByte) {
    Site site;
    Raw raw(site.path);
    const std::string all =
        "\r\nPOST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n";
    for (const char c : all) raw.send({&c, 1});
    EXPECT_TRUE(ends_with_body(raw.read_response(), "POST /p hello"));
}

TEST(HttpServer, SaysContinueOnlyToThoseWhoAsk) {
    Site site;
    Raw raw(site.path);
    raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(raw.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    raw.send("ab");
    EXPECT_TRUE(ends_with_body(raw.read_response(), "POST / ab"));
}

TEST(HttpServer, RefusesABodyOf100MBWithoutReadingIt) {
    Site site;
    Raw raw(site.path);
    raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
    const std::string response = raw.read_response();
    EXPECT_EQ(status_in(response), 413);
    EXPECT_NE(response.find("\"code\":\"too_large\""), std::string::npos);
    EXPECT_NE(response.find("Connection: close"), std::string::npos);
}

TEST(HttpServer, RefusesABodyOf100MBAlsoFromThoseWhoSendItAllAtOnce) {
    Site site;
    Raw raw(site.path);
    raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
    const std::string piece(1 << 20, 'x');
    int pieces = 0;
    while (pieces < 100 && raw.send(piece)) ++pieces;
    EXPECT_LT(pieces, 100);  // cut off long before the end
    EXPECT_EQ(status_in(raw.read_all()), 413);
}

TEST(HttpServer, RefusesAChunkedBodyWhenItPassesTheLimit) {
    Site site(HttpLimits{.body_max = 1000});
    Raw raw(site.path);
    raw.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 11; ++i) raw.send("64\r\n" + std::string(100, 'x') + "\r\n");
    EXPECT_EQ(status_in(raw.read_response()), 413);
    EXPECT_TRUE(raw.sees_end());
}

TEST(HttpServer, ForgetsABodyThatBreaksOff) {
    std::atomic<int> requests{0};
    Site site({}, [&](Request, Responder responder) {
        ++requests;
        responder.send({204, {}, ""});
    });
    Raw raw(site.path);
    raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    raw.close();
    EXPECT_TRUE(eventually([&] { return site.server->connections() == 0; }));
    EXPECT_EQ(requests, 0);
}

// ---- refusing

TEST(HttpServer, AnswersMalformedRequestsWithAProblemAndCloses) {
    for (const std::string_view bad :
         {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n", "GET /\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
          "chunked\r\n\r\n"}) {
        Site site;
        Raw raw(site.path);
        raw.send(bad);
        const std::string all = raw.read_all();
        EXPECT_EQ(status_in(all), 400) << bad;
        EXPECT_NE(all.find("\"type\":\"/problems/invalid\""), std::string::npos) << all;
    }
}

TEST(HttpServer, RunsNothingThatStandsBehindAMalformedRequest) {
    std::atomic<int> requests{0};
    Site site({}, [&](Request request, Responder responder) {
        ++requests;
        Site::echo(std::move(request), std::move(responder));
    });
    Raw raw(site.path);
    raw.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" +
             get("/admin"));
    EXPECT_EQ(status_in(raw.read_all()), 400);
    EXPECT_EQ(requests, 0);
}

TEST(HttpServer, AnswersUnknownMethodsAndVersionsWith501) {
    for (const auto* bad :
         {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"}) {
        Site site;
        Raw raw(site.path);
        raw.send(bad);
        EXPECT_EQ(status_in(raw.read_all()), 501) << bad;
    }
}

TEST(HttpServer, BoundsTheHeadInSizeAndInCount) {
    Site site(HttpLimits{.head_size_max = 1000, .headers_max = 5});
    Raw large(site.path);
    large.send("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(2000, 'a'));
    EXPECT_EQ(status_in(large.read_all()), 431);
    Raw whole(site.path);
    whole.send(get("/", "A: " + std::string(1000, 'a') + "\r\n"));
    EXPECT_EQ(status_in(whole.read_all()), 431);
    Raw many(site.path);
    many.send(get("/", "A:1\r\nB:2\r\nC:3\r\nD:4\r\nE:5\r\n"));
    EXPECT_EQ(status_in(many.read_all()), 431);
}

// ---- time

TEST(HttpServer, ClosesWhoSaysNothing) {
    Site site(HttpLimits{.head_time = 50ms});
    Raw raw(site.path);
    EXPECT_EQ(raw.read_all(), "");
}

TEST(HttpServer, ClosesIdleConnectionsAfterTheirTime) {
    Site site(HttpLimits{.idle_time = 50ms});
    Raw raw(site.path);
    raw.send(get("/"));
    EXPECT_EQ(status_in(raw.read_response()), 200);
    EXPECT_EQ(raw.read_all(), "");
}

TEST(HttpServer, GivesASlowHeadNoMoreTimeForEachByte) {
    Site site(HttpLimits{.head_time = 200ms});
    Raw raw(site.path);
    const auto start = std::chrono::steady_clock::now();
    std::thread dripping([&] {
        while (raw.send("G")) std::this_thread::sleep_for(10ms);
    });
    EXPECT_EQ(status_in(raw.read_response()), 408);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
    ::shutdown(raw.fd(), SHUT_RDWR);
    dripping.join();
}

TEST(HttpServer, TellsALateRequestNothingOfTheOneBefore) {
    Site site(HttpLimits{.head_time = 50ms});
    Raw raw(site.path);
    raw.send("HEAD / HTTP/1.1\r\nHost: x\r\nX-Request-Id: before\r\n\r\n");
    EXPECT_NE(raw.read_until("\r\n\r\n").find("before"), std::string::npos);
    raw.send("GET /");
    const std::string late = raw.read_all();
    EXPECT_EQ(status_in(late), 408);
    EXPECT_EQ(late.find("before"), std::string::npos);
    EXPECT_NE(late.find("\"code\":\"timed_out\""), std::string::npos);
}

TEST(HttpServer, GivesUpABodyThatStalls) {
    Site site(HttpLimits{.body_time = 50ms});
    Raw raw(site.path);
    raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    EXPECT_EQ(status_in(raw.read_all()), 408);
}

TEST(HttpServer, CutsOffWhoDoesNotReadTheAnswer) {
    Site site(HttpLimits{.write_time = 50ms}, [](Request, Responder responder) {
        responder.send(answer(200, "text/plain", std::string(32 << 20, 'x')));
    });
    Raw raw(site.path);
    raw.send(get("/"));
    EXPECT_TRUE(eventually([&] { return site.server->connections() == 1; }));
    EXPECT_TRUE(eventually([&] { return site.server->connections() == 0; }));
}

// ---- many

TEST(HttpServer, Serves1000ConnectionsAtOnce) {
    Site site;
    std::vector<Raw> all;
    for (int i = 0; i < 1000; ++i) all.emplace_back(site.path);
    for (Raw& raw : all) raw.send(get("/x"));
    for (Raw& raw : all) EXPECT_TRUE(ends_with_body(raw.read_response(), "GET /x"));
    EXPECT_EQ(site.server->connections(), 1000U);
    all.clear();
    EXPECT_TRUE(eventually([&] { return site.server->connections() == 0; }));
}

TEST(HttpServer, LetsConnectionsBeyondTheLimitWait) {
    Site site(HttpLimits{.connections_max = 2});
    Raw first(site.path);
    Raw second(site.path);
    Raw third(site.path);
    for (Raw* raw : {&first, &second}) {
        raw->send(get("/"));
        EXPECT_EQ(status_in(raw->read_response()), 200);
    }
    third.send(get("/third"));
    EXPECT_EQ(site.server->connections(), 2U);
    first.close();
    EXPECT_TRUE(ends_with_body(third.read_response(), "GET /third"));
}

namespace {
/// Fewer descriptors than connections need, until its end.
class FewDescriptors {
  public:
    explicit FewDescriptors(rlim_t spare) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const runtime::Fd highest(::dup(0));
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(highest.get()) + spare;
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &now), 0);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};
}  // namespace

TEST(HttpServer, ServesAgainAfterItRanOutOfDescriptors) {
    Site site;
    std::vector<runtime::Fd> waiting;
    {
        const FewDescriptors few(20);
        while (true) {
            auto fd = connect_to_path(site.path, 1s);
            if (!fd.ok()) break;
            waiting.push_back(std::move(*fd));
        }
        EXPECT_GT(waiting.size(), 5U);
    }
    EXPECT_TRUE(eventually([&] { return site.server->connections() == waiting.size(); }));
    Raw raw(site.path);
    raw.send(get("/"));
    EXPECT_EQ(status_in(raw.read_response()), 200);
}

// ---- listening

TEST(HttpServer, ReplacesAStaleSocketAndRefusesALivingOne) {
    Site site;
    test::Lambdas handler;
    auto other = HttpServer::start(handler);
    ASSERT_TRUE(other.ok());
    const auto taken = (*other)->listen_unix(site.path);
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.error().code, base::Error::Code::conflict);
    EXPECT_NE(taken.error().message.find(site.path), std::string::npos);
    // A socket file whose server died.
    const std::string stale = site.folder / "stale";
    { const auto dead = listen_on_path(stale, 0600); }
    EXPECT_EQ(::access(stale.c_str(), F_OK), 0);
    EXPECT_TRUE((*other)->listen_unix(stale).ok());
}

TEST(HttpServer, RemovesNothingThatIsNoSocket) {
    Site site;
    const std::string file = site.folder / "file";
    { runtime::Fd made(::creat(file.c_str(), 0600)); }
    const auto taken = site.server->listen_unix(file);
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.error().code, base::Error::Code::exists);
    EXPECT_EQ(::access(file.c_str(), F_OK), 0);
}

TEST(HttpServer, MakesTheSocketPrivateAndRemovesItAtTheEnd) {
    test::Folder folder;
    const std::string path = folder / "s";
    {
        test::Lambdas handler;
        auto server = HttpServer::start(handler);
        ASSERT_TRUE((*server)->listen_unix(path, 0600).ok());
        struct stat found {};
        ASSERT_EQ(::stat(path.c_str(), &found), 0);
        EXPECT_EQ(found.st_mode & 07777, 0600U);
    }
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST(HttpServer, NamesAPortThatIsInUse) {
    Site site;
    const auto first = site.server->listen_tcp("127.0.0.1", 0);
    ASSERT_TRUE(first.ok());
    const auto second = site.server->listen_tcp("127.0.0.1", first->port);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, base::Error::Code::conflict);
    EXPECT_NE(second.error().message.find(std::to_string(first->port)), std::string::npos);
    EXPECT_FALSE(site.server->listen_tcp("localhost", 0).ok());
}

TEST(HttpServer, TakesOverASocketMadeElsewhereWithItsTag) {
    Site site({}, [](Request request, Responder responder) {
        responder.send(answer(200, "text/plain", request.peer.tag));
    });
    auto socket = listen_on_port("127.0.0.1", 0);
    ASSERT_TRUE(socket.ok());
    const std::uint16_t port = bound_port(socket->get());
    const auto listener = site.server->listen_fd(socket->release(), "network-7");
    ASSERT_TRUE(listener.ok());
    Raw raw(port);
    raw.send(get("/"));
    EXPECT_TRUE(ends_with_body(raw.read_response(), "network-7"));
    site.server->stop_listening(listener->id);
    EXPECT_TRUE(raw.sees_end());
    EXPECT_FALSE(connect_to_port("127.0.0.1", port, 1s).ok());
    Raw still(site.path);
    still.send(get("/"));
    EXPECT_EQ(status_in(still.read_response()), 200);
}

TEST(HttpServer, RefusesADescriptorThatDoesNotListen) {
    Site site;
    EXPECT_FALSE(site.server->listen_fd(::socket(AF_UNIX, SOCK_STREAM, 0), "x").ok());
    EXPECT_FALSE(site.server->listen_fd(::dup(2), "x").ok());
}

// ---- stopping

TEST(HttpServer, FinishesTheRequestsAtWorkWhenItStops) {
    std::optional<Responder> kept;
    std::atomic<bool> came{false};
    Site site({}, [&](Request, Responder responder) {
        kept.emplace(std::move(responder));
        came = true;
    });
    Raw working(site.path);
    Raw idle(site.path);
    working.send(get("/"));
    ASSERT_TRUE(eventually([&] { return came.load(); }));
    std::thread stopping([&] { site.server->stop(20s); });
    EXPECT_TRUE(idle.sees_end());
    EXPECT_FALSE(connect_to_path(site.path, 1s).ok());
    kept->send(answer(200, "text/plain", "done"));
    const std::string all = working.read_all();
    EXPECT_TRUE(ends_with_body(all, "done"));
    EXPECT_NE(all.find("Connection: close"), std::string::npos);
    working.close();
    stopping.join();
    EXPECT_EQ(site.server->connections(), 0U);
}

TEST(HttpServer, CutsOffWhatIsNotAnsweredWithinTheGrace) {
    std::optional<Responder> kept;
    std::atomic<bool> came{false};
    Site site({}, [&](Request, Responder responder) {
        kept.emplace(std::move(responder));
        came = true;
    });
    Raw raw(site.path);
    raw.send(get("/"));
    ASSERT_TRUE(eventually([&] { return came.load(); }));
    site.server->stop(10ms);
    EXPECT_EQ(raw.read_all(), "");
    EXPECT_FALSE(site.server->listen_tcp("127.0.0.1", 0).ok());
    site.server->stop();
}

}  // namespace vdc::wire
