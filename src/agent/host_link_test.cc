#include "agent/host_link.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>

#include "runtime/files.h"
#include "runtime/loop.h"
#include "wire/http_server.h"

namespace vdc::agent {

using namespace std::chrono_literals;
using base::Error;
using base::Status;
using control::FromHost;
using control::ToHost;

namespace {

/// Things that happen on other threads, to be waited for one by one.
template <class T>
class Letters {
  public:
    void put(T letter) {
        const std::lock_guard lock(mutex_);
        letters_.push_back(std::move(letter));
        changed_.notify_all();
    }
    T take() {
        std::unique_lock lock(mutex_);
        const bool came = changed_.wait_for(lock, 20s, [this] { return !letters_.empty(); });
        base::check(came, "it happens in time");
        T letter = std::move(letters_.front());
        letters_.pop_front();
        return letter;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<T> letters_;
};

/// A controller that says what the test tells it to.
class HostStream : public ::testing::Test, wire::Handler {
  protected:
    HostStream() {
        std::string pattern = ::testing::TempDir() + "vdclinkXXXXXX";
        base::check(::mkdtemp(pattern.data()) != nullptr, "a folder for the test");
        folder = pattern;
        begin_server();
        HostLink::Options options;
        options.controller = [this] { return wire::Endpoint{.path = folder + "/api"}; };
        options.hello.observed.boot_id = "a boot";
        options.hello.observed.lease = model::LeaseProfile::fast;
        options.on_duties = [this](control::Duties now) { duties.put(std::move(now)); };
        agents.start();
        link.emplace(agents, std::move(options));
        link->start();
    }
    ~HostStream() override {
        link.reset();
        agents.stop();
        agents.join();
        server.reset();
        EXPECT_TRUE(runtime::remove_tree(folder).ok());
    }
    void begin_server() {
        server = wire::HttpServer::start(*this).value();
        base::check(server->listen_unix(folder + "/api").ok(), "a socket for the test");
    }
    void on_request(wire::Request request, wire::Responder responder) override {
        EXPECT_EQ(request.path, "/v1/host-link");
        wire::WebSocketEvents events;
        events.on_open = [this](wire::WebSocket socket) { sockets.put(std::move(socket)); };
        events.on_message = [this](const std::string& message, auto) {
            auto said = control::parse_from_host(message).value();
            if (std::holds_alternative<control::Renewal>(said))
                renewals.put(std::get<control::Renewal>(said));
            else
                heard.put(std::move(said));
        };
        events.on_closed = [](std::uint16_t) {};
        responder.upgrade_websocket(std::move(events));
    }

    control::Hello hello() { return std::get<control::Hello>(heard.take()); }
    static void say(const wire::WebSocket& socket, const ToHost& message) {
        EXPECT_TRUE(socket.send(text(message), wire::WebSocket::Kind::text));
    }
    static control::DutiesUpdate whole(model::Epoch epoch, bool over = false) {
        control::Duties all;
        all.revision = 5;
        all.host_name = "h2";
        all.epoch = epoch;
        all.epoch_over = over;
        all.volumes[{{1, 1}}] = {};
        return control::whole_update(all);
    }
    void report(const std::string& reason) {
        link->report({model::Observe<model::Volume>{{{1, 1}}, {}}, reason},
                     [this](const Status& outcome) { outcomes.put(outcome); });
    }

    std::string folder;
    Letters<wire::WebSocket> sockets;
    Letters<FromHost> heard;
    Letters<control::Renewal> renewals;
    Letters<control::Duties> duties;
    Letters<Status> outcomes;
    std::unique_ptr<wire::HttpServer> server;
    runtime::Loop agents{"agents"};
    std::optional<HostLink> link;
};

}  // namespace

TEST_F(HostStream, SaysHelloAndPassesDutiesOn) {
    const wire::WebSocket socket = sockets.take();
    EXPECT_EQ(hello().observed.boot_id, "a boot");
    say(socket, whole(3));
    EXPECT_EQ(duties.take().volumes.size(), 1u);
    control::Duties changed;
    changed.revision = 6;
    changed.epoch = 3;
    say(socket, control::update_of(changed, {{model::Noun::volume, {1, 1}}}));
    const control::Duties now = duties.take();
    EXPECT_EQ(now.revision, 6u);
    EXPECT_TRUE(now.volumes.empty());
}

TEST_F(HostStream, RenewsOnceItHasDuties) {
    const wire::WebSocket socket = sockets.take();
    say(socket, whole(3));
    for (std::uint64_t number = 1; number <= 3; ++number) {
        const control::Renewal renewal = renewals.take();
        EXPECT_EQ(renewal, (control::Renewal{number, 3}));
        say(socket, control::Renewed{number, false});
    }
}

TEST_F(HostStream, ReportsAreAnsweredOneByOne) {
    const wire::WebSocket socket = sockets.take();
    hello();
    say(socket, whole(3));
    duties.take();
    report("first");
    report("second");
    const auto first = std::get<control::Report>(heard.take());
    const auto second = std::get<control::Report>(heard.take());
    EXPECT_EQ(first.step.reason, "first");
    EXPECT_EQ(second.step.reason, "second");
    say(socket, control::Reported{second.number, Error{Error::Code::conflict, "no"}});
    EXPECT_EQ(outcomes.take().error().code, Error::Code::conflict);
    say(socket, control::Reported{first.number, {}});
    EXPECT_TRUE(outcomes.take().ok());
}

TEST_F(HostStream, ThatBreaksTakesUnansweredReportsWithItAndBeginsAnew) {
    const wire::WebSocket socket = sockets.take();
    hello();
    say(socket, whole(3));
    duties.take();
    report("lost");
    heard.take();
    server.reset();
    EXPECT_EQ(outcomes.take().error().code, Error::Code::unavailable);
    report("at once");
    EXPECT_EQ(outcomes.take().error().code, Error::Code::unavailable);
    begin_server();
    sockets.take();
    EXPECT_EQ(hello().fenced_itself, 0u) << "its epoch goes on";
}

TEST_F(HostStream, AHostWhoseEpochIsOverSaysThatItEndedAndBeginsAnew) {
    wire::WebSocket socket = sockets.take();
    hello();
    say(socket, whole(3, true));
    socket = sockets.take();
    EXPECT_EQ(hello().fenced_itself, 3u);
    say(socket, whole(4));
    EXPECT_EQ(duties.take().epoch, 4u);
    const control::Renewal renewal = renewals.take();
    EXPECT_EQ(renewal.epoch, 4u);
    say(socket, control::Renewed{renewal.number, true});
    sockets.take();
    EXPECT_EQ(hello().fenced_itself, 4u);
}

TEST_F(HostStream, AControllerThatSaysNothingIsLeft) {
    const wire::WebSocket socket = sockets.take();
    hello();
    sockets.take();
    hello();
}

TEST_F(HostStream, AControllerThatSaysNonsenseIsLeft) {
    const wire::WebSocket socket = sockets.take();
    hello();
    EXPECT_TRUE(socket.send("{}", wire::WebSocket::Kind::text));
    sockets.take();
    hello();
}

}  // namespace vdc::agent
