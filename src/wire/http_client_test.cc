#include "wire/http_client.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>

#include "runtime/files.h"
#include "wire/events.h"
#include "wire/problem.h"
#include "wire/sockets.h"
#include "wire/wire_test_util.h"

namespace vdc::wire {

using base::Error;
using test::eventually;
using test::Site;

static std::unique_ptr<Client> client_of(const Site& site, ClientLimits limits = {}) {
    auto client = Client::connect({.path = site.path}, limits);
    EXPECT_TRUE(client.ok()) << (client.ok() ? "" : client.error().message);
    return std::move(client).value();
}

static std::string body_of(const base::Result<Response>& response) {
    return response.ok() ? response->body : "error: " + response.error().message;
}

namespace {
/// A server that says what it is told, to whomever comes, one connection after the other.
class Puppet {
  public:
    using Play = std::function<void(int socket)>;
    explicit Puppet(std::vector<Play> plays) : path_(folder_ / "p") {
        auto socket = listen_on_path(path_, 0600);
        EXPECT_TRUE(socket.ok());
        ::fcntl(socket->get(), F_SETFL, 0);
        listener_ = std::move(*socket);
        thread_ = std::thread([this, plays = std::move(plays)] {
            for (const Play& play : plays) {
                runtime::Fd peer(::accept(listener_.get(), nullptr, nullptr));
                if (!peer) return;
                ++connections;
                play(peer.get());
                peer.reset();
                ++ended;
            }
        });
    }
    ~Puppet() {
        ::shutdown(listener_.get(), SHUT_RDWR);  // wakes a thread to which nobody came
        thread_.join();
    }
    const std::string& path() const { return path_; }
    std::atomic<int> connections{0};
    std::atomic<int> ended{0};

  private:
    test::Folder folder_;
    const std::string path_;
    runtime::Fd listener_;
    std::thread thread_;
};
}  // namespace

static void hear_request(int socket) {
    std::string all;
    char bytes[4096];
    while (all.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(socket, bytes, sizeof bytes, 0);
        if (got <= 0) return;
        all.append(bytes, static_cast<std::size_t>(got));
    }
}

static void say(int socket, std::string_view text) {
    (void)!::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

/// Answers one request with this text, and is gone.
static Puppet::Play answers(std::string text) {
    return [text = std::move(text)](int socket) {
        hear_request(socket);
        say(socket, text);
    };
}

static const std::string ok_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// ---- endpoints

TEST(Endpoint, IsReadAndWritten) {
    for (const auto* good : {"unix:/run/vdc/api.sock", "https://dc.example:8443",
                             "https://[fe80::1]:1", "http://127.0.0.1:80", "http://[::1]:80"}) {
        const auto endpoint = parse_endpoint(good);
        ASSERT_TRUE(endpoint.ok()) << good;
        EXPECT_EQ(text(*endpoint), good);
    }
    EXPECT_EQ(parse_endpoint("/a/b")->path, "/a/b");
    EXPECT_EQ(parse_endpoint("https://h:1/")->port, 1);
}

TEST(Endpoint, ThatIsNoneIsRefusedWithAHint) {
    for (const auto* bad : {"", "x", "ftp://h:1", "https://h", "https://:1", "https://h:0",
                            "https://h:65536", "https://h:x", "https://h:1/path", "https://::1:1",
                            "https://[h]:1", "https://u@h:1", "http://10.0.0.1:80", "unix:x"}) {
        const auto endpoint = parse_endpoint(bad);
        ASSERT_FALSE(endpoint.ok()) << bad;
        EXPECT_FALSE(endpoint.error().hint.empty()) << bad;
    }
}

// ---- requests

TEST(Client, SendsRequestsOverOneConnection) {
    Site site;
    const auto client = client_of(site);
    EXPECT_EQ(body_of(client->request({.path = "/a"})), "GET /a");
    EXPECT_EQ(body_of(client->request({.method = Method::put, .path = "/b", .body = "x"})),
              "PUT /b x");
    EXPECT_EQ(body_of(client->request({.method = Method::post, .path = "/c"})), "POST /c");
    EXPECT_EQ(body_of(client->request({.method = Method::head, .path = "/d"})), "");
    EXPECT_EQ(body_of(client->request({.path = "/e"})), "GET /e");
    EXPECT_EQ(site.server->connections(), 1U);
}

TEST(Client, BringsPathsAndQueriesAcrossUnchanged) {
    Site site({}, [](Request request, Responder responder) {
        responder.send(answer(200, "x", request.path + "?" + request.query.get("a b&c")));
    });
    const auto client = client_of(site);
    const Request request{.path = "/\u00e4 b%", .query = {{"a b&c", "1+1=2#?/"}}};
    EXPECT_EQ(body_of(client->request(request)), "/\u00e4 b%?1+1=2#?/");
}

TEST(Client, HasAnAnswerOfAnyStatus) {
    Site site({}, [](Request, Responder responder) {
        responder.send(problem(Error{Error::Code::not_found, "nothing here"}));
    });
    const auto response = client_of(site)->request({});
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(response->status, 404);
    EXPECT_EQ(error_of(*response)->message, "nothing here");
}

TEST(Client, TakesLargeAnswersAndSendsLargeBodies) {
    Site site(HttpLimits{.body_max = 16 << 20});
    const std::string large(10 << 20, 'x');
    EXPECT_EQ(body_of(client_of(site)->request({.method = Method::post, .body = large})),
              "POST / " + large);
}

TEST(Client, HearsARefusalInTheMiddleOfItsBody) {
    Site site;
    const std::string large(64 << 20, 'x');
    const auto response = client_of(site)->request({.method = Method::post, .body = large});
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 413);
}

TEST(Client, ReadsAnAnswerThatEndsWithTheConnection) {
    Puppet puppet(
        {answers("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                 "HTTP/1.1 200 OK\r\n\r\nall there is")});
    const auto client = Client::connect({.path = puppet.path()});
    ASSERT_TRUE(client.ok());
    EXPECT_EQ(body_of((*client)->request({})), "all there is");
}

TEST(Client, NamesWhatIsWrongWithTheServer) {
    test::Folder folder;
    const auto nobody = Client::connect({.path = folder / "none"});
    ASSERT_FALSE(nobody.ok());
    EXPECT_EQ(nobody.error().code, Error::Code::not_found);
    EXPECT_NE(nobody.error().message.find(folder / "none"), std::string::npos);
    EXPECT_NE(nobody.error().hint.find("vdc up"), std::string::npos);
    { const auto dead = listen_on_path(folder / "dead", 0600); }
    EXPECT_EQ(Client::connect({.path = folder / "dead"}).error().code, Error::Code::unavailable);
    auto closed = listen_on_port("127.0.0.1", 0);
    const std::uint16_t port = bound_port(closed->get());
    closed->reset();
    const Endpoint endpoint{.kind = Endpoint::Kind::tcp, .host = "127.0.0.1", .port = port};
    EXPECT_EQ(Client::connect(endpoint).error().code, Error::Code::unavailable);
}

TEST(Client, RefusesAnswersThatAreNotHttpOrBreakOff) {
    const std::vector<std::pair<std::string, Error::Code>> cases{
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", Error::Code::unavailable},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
         Error::Code::unavailable},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Error::Code::invalid},
        {"SSH-2.0-OpenSSH\r\n\r\n", Error::Code::invalid},
        {"HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'x'), Error::Code::too_large},
        {"", Error::Code::unavailable}};
    for (const auto& [text, code] : cases) {
        Puppet puppet({answers(text)});
        const auto client = Client::connect({.path = puppet.path()});
        const auto response = (*client)->request({});
        ASSERT_FALSE(response.ok()) << text.substr(0, 80);
        EXPECT_EQ(response.error().code, code) << response.error().message;
    }
}

TEST(Client, KeepsNoMoreThanItsLimit) {
    Site site({}, [](Request, Responder responder) {
        responder.send(answer(200, "x", std::string(2000, 'x')));
    });
    const auto client = client_of(site, {.body_max = 1000});
    EXPECT_EQ(client->request({}).error().code, Error::Code::too_large);
}

TEST(Client, WaitsForAnAnswerNotForEver) {
    std::optional<Responder> kept;
    Site site({}, [&](Request, Responder responder) { kept.emplace(std::move(responder)); });
    const auto client = client_of(site, {.answer_time = 30ms});
    EXPECT_EQ(client->request({}).error().code, Error::Code::timed_out);
    site.server->stop(0ms);
}

TEST(Client, WaitsForAStalledAnswerNotForEver) {
    std::atomic<bool> heard{false};
    Puppet puppet({[&](int socket) {
        hear_request(socket);
        say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
        heard.wait(false);
    }});
    const auto client = Client::connect({.path = puppet.path()}, {.stall_time = 30ms});
    EXPECT_EQ((*client)->request({}).error().code, Error::Code::timed_out);
    heard = true;
    heard.notify_all();
}

// ---- connections that die

TEST(Client, ConnectsAnewWhenTheKeptConnectionWasClosed) {
    Puppet puppet({answers(ok_answer), answers(ok_answer)});
    const auto client = Client::connect({.path = puppet.path()});
    EXPECT_EQ(body_of((*client)->request({})), "ok");
    ASSERT_TRUE(eventually([&] { return puppet.ended == 1; }));
    EXPECT_EQ(body_of((*client)->request({.method = Method::post})), "ok");
    EXPECT_EQ(puppet.connections, 2);
}

/// Answers the first request, hears the second, and dies.
static void dies_at_the_second(int socket) {
    hear_request(socket);
    say(socket, ok_answer);
    hear_request(socket);
}

TEST(Client, RepeatsWhatMayBeRepeatedOnceWhenAKeptConnectionDies) {
    Puppet puppet({dies_at_the_second, answers(ok_answer)});
    const auto client = Client::connect({.path = puppet.path()});
    EXPECT_EQ(body_of((*client)->request({})), "ok");
    EXPECT_EQ(body_of((*client)->request({.method = Method::delete_})), "ok");
    EXPECT_EQ(puppet.connections, 2);
}

TEST(Client, RepeatsAPostOnlyWithAnIdempotencyKey) {
    Puppet puppet({dies_at_the_second, dies_at_the_second, answers(ok_answer)});
    const auto client = Client::connect({.path = puppet.path()});
    EXPECT_EQ(body_of((*client)->request({})), "ok");
    const auto lost = (*client)->request({.method = Method::post});
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().code, Error::Code::unavailable);
    EXPECT_EQ(body_of((*client)->request({})), "ok");
    const Request keyed{.method = Method::post, .headers = {{"Idempotency-Key", "k"}}};
    EXPECT_EQ(body_of((*client)->request(keyed)), "ok");
    EXPECT_EQ(puppet.connections, 3);
}

TEST(Client, DoesNotRepeatOnAFreshConnection) {
    Puppet puppet({hear_request});
    const auto client = Client::connect({.path = puppet.path()});
    EXPECT_EQ((*client)->request({}).error().code, Error::Code::unavailable);
    EXPECT_EQ(puppet.connections, 1);
}

// ---- streams

TEST(Client, FollowsAnEventStreamUntilItHasEnough) {
    std::atomic<bool> closed{false};
    std::optional<Stream> stream;
    Site site({}, [&](Request, Responder responder) {
        stream.emplace(responder.stream(200, {}));
        stream->on_closed([&] { closed = true; });
        for (int i = 0; i < 10; ++i) stream->write(text(Event{std::to_string(i), "", "x"}));
    });
    EventReader reader;
    std::string ids;
    const auto head = client_of(site)->stream({}, [&](std::string_view bytes) {
        const auto more = reader.feed(bytes, [&](const Event& event) {
            ids += event.id;
            return event.id != "4";
        });
        return more.ok() && *more;
    });
    ASSERT_TRUE(head.ok());
    EXPECT_EQ(ids, "01234");
    EXPECT_TRUE(eventually([&] { return closed.load(); }));
}

TEST(Client, SeesTheEndOfAStreamAndGoesOn) {
    Site site({}, [](Request request, Responder responder) {
        if (request.path != "/stream") return Site::echo(std::move(request), std::move(responder));
        responder.stream(200, {}).write("abc");
    });
    const auto client = client_of(site);
    std::string all;
    const auto head = client->stream({.path = "/stream"}, [&](std::string_view bytes) {
        all += bytes;
        return true;
    });
    EXPECT_TRUE(head.ok());
    EXPECT_EQ(all, "abc");
    EXPECT_EQ(body_of(client->request({.path = "/x"})), "GET /x");
    EXPECT_EQ(site.server->connections(), 1U);
}

TEST(Client, KeepsTheBodyOfARefusedStream) {
    Site site({}, [](Request, Responder responder) {
        responder.send(problem(Error{Error::Code::forbidden, "not yours"}));
    });
    const auto refused = client_of(site)->stream({}, [](std::string_view) {
        ADD_FAILURE();
        return true;
    });
    ASSERT_TRUE(refused.ok());
    EXPECT_EQ(error_of(*refused)->message, "not yours");
}

TEST(Client, GivesUpASilentStream) {
    std::optional<Stream> stream;
    Site site({}, [&](Request, Responder responder) { stream.emplace(responder.stream(200, {})); });
    const auto silent = client_of(site)->stream(
        {}, [](std::string_view) { return true; }, 30ms);
    ASSERT_FALSE(silent.ok());
    EXPECT_EQ(silent.error().code, Error::Code::timed_out);
}

// ---- uploads

namespace {
struct CountingSink final : BodySink {
    std::uint64_t size = 0;
    base::Status write(std::string_view chunk) override {
        size += chunk.size();
        return {};
    }
    void finish(Responder responder) override {
        responder.send(answer(201, "x", std::to_string(size)));
    }
};

struct UploadSite : Site {
    UploadSite() {
        handler.body = [](const Request& head) -> base::Result<std::unique_ptr<BodySink>> {
            if (head.path == "/forbidden") return Error{Error::Code::forbidden, "no"};
            if (head.path == "/memory") return nullptr;
            return std::make_unique<CountingSink>();
        };
        file = runtime::Fd(::open((folder / "f").c_str(), O_RDWR | O_CREAT, 0600));
        EXPECT_EQ(::ftruncate(file.get(), size), 0);
    }
    static constexpr std::int64_t size = 20'000'000;
    runtime::Fd file;
};
}  // namespace

TEST(ClientUpload, SendsAFileAndTellsHowFarItIs) {
    UploadSite site;
    std::uint64_t last = 0;
    const auto client = client_of(site);
    const auto response = client->upload({.method = Method::put}, site.file.get(), site.size,
                                         [&](std::uint64_t sent) {
                                             EXPECT_GT(sent, last);
                                             last = sent;
                                         });
    EXPECT_EQ(body_of(response), "20000000");
    EXPECT_EQ(last, 20'000'000U);
    EXPECT_EQ(body_of(client->upload({.method = Method::put}, site.file.get(), 0, nullptr)), "0");
    EXPECT_EQ(site.server->connections(), 1U);
}

TEST(ClientUpload, SendsNothingThatIsRefused) {
    UploadSite site;
    const auto client = client_of(site);
    for (const auto& [path, status] : {std::pair("/forbidden", 403), std::pair("/memory", 413)}) {
        const auto response = client->upload({.method = Method::put, .path = path}, site.file.get(),
                                             site.size, [](std::uint64_t) { ADD_FAILURE(); });
        ASSERT_TRUE(response.ok()) << response.error().message;
        EXPECT_EQ(response->status, status);
    }
    EXPECT_EQ(::lseek(site.file.get(), 0, SEEK_CUR), 0);
}

TEST(ClientUpload, OfAFileThatIsTooShortIsAnErrorAndNoUpload) {
    UploadSite site;
    const auto client = client_of(site);
    const auto response =
        client->upload({.method = Method::put}, site.file.get(), site.size + 1, nullptr);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, Error::Code::corrupt);
}

TEST(ClientUpload, GoesOnWithoutLeaveWhenTheServerDoesNotKnowTheWord) {
    Puppet puppet({[](int socket) {
        std::string all;
        char bytes[4096];
        while (!all.ends_with("\r\n\r\n0123456789")) {
            const ssize_t got = ::recv(socket, bytes, sizeof bytes, 0);
            if (got <= 0) return;
            all.append(bytes, static_cast<std::size_t>(got));
        }
        say(socket, ok_answer);
    }});
    test::Folder folder;
    ASSERT_TRUE(runtime::write_file_atomic(folder / "f", "0123456789").ok());
    const runtime::Fd file(::open((folder / "f").c_str(), O_RDONLY));
    const auto client = Client::connect({.path = puppet.path()}, {.answer_time = 300ms});
    EXPECT_EQ(body_of((*client)->upload({.method = Method::put}, file.get(), 10, nullptr)), "ok");
}

// ---- WebSockets

namespace {
struct EchoSite : Site {
    EchoSite()
        : Site({}, [](Request request, Responder responder) {
              if (request.path == "/none")
                  return responder.send(problem(Error{Error::Code::not_found, "no console"}));
              WebSocketEvents events;
              auto open = std::make_shared<std::optional<WebSocket>>();
              events.on_open = [open](WebSocket socket) {
                  socket.send("welcome", WebSocket::Kind::text);
                  open->emplace(std::move(socket));
              };
              events.on_message = [open](const std::string& message, WebSocket::Kind kind) {
                  if (message == "bye") return (*open)->close(4000);
                  (*open)->send(message, kind);
              };
              responder.upgrade_websocket(std::move(events));
          }) {}
};
}  // namespace

static std::string next(ClientWebSocket& socket) {
    auto message = socket.receive(20s);
    if (!message.ok()) return "error: " + message.error().message;
    return *message ? (*message)->bytes : "nothing";
}

TEST(ClientWebSocket, TalksWithTheServer) {
    EchoSite site;
    const auto client = client_of(site);
    auto socket = client->connect_websocket({.path = "/console"});
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    EXPECT_EQ(next(**socket), "welcome");
    const std::string large(900'000, 'x');
    for (const std::string& message : {std::string("a"), std::string(), large}) {
        ASSERT_TRUE((*socket)->send(message).ok());
        EXPECT_EQ(next(**socket), message);
    }
    const auto nothing = (*socket)->receive(0ms);
    ASSERT_TRUE(nothing.ok());
    EXPECT_FALSE(*nothing);
    EXPECT_EQ((*socket)->goodbye(), 0);
}

TEST(ClientWebSocket, HearsTheGoodbye) {
    EchoSite site;
    const auto client = client_of(site);
    auto socket = client->connect_websocket({.path = "/console"});
    ASSERT_TRUE(socket.ok());
    EXPECT_EQ(next(**socket), "welcome");
    ASSERT_TRUE((*socket)->send("bye").ok());
    EXPECT_TRUE(next(**socket).starts_with("error: "));
    EXPECT_EQ((*socket)->goodbye(), 4000);
    EXPECT_FALSE((*socket)->send("late").ok());
    EXPECT_TRUE(eventually([&] { return site.server->connections() <= 1; }));
}

TEST(ClientWebSocket, IsRefusedWithTheServersOwnWords) {
    EchoSite site;
    const auto socket = client_of(site)->connect_websocket({.path = "/none"});
    ASSERT_FALSE(socket.ok());
    EXPECT_EQ(socket.error().code, Error::Code::not_found);
    EXPECT_EQ(socket.error().message, "no console");
}

TEST(ClientWebSocket, SaysGoodbyeWhenItGoes) {
    EchoSite site;
    const auto client = client_of(site);
    { auto socket = client->connect_websocket({.path = "/console"}); }
    EXPECT_TRUE(eventually([&] { return site.server->connections() == 1; }));
}

}  // namespace vdc::wire
