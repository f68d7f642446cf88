#include "agent/console_dialer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <condition_variable>
#include <filesystem>

#include "wire/http_server.h"
#include "wire/socket_bridge.h"

namespace vdc::agent {

using namespace std::chrono_literals;
using base::Error;
using base::Result;
using control::ConsoleWish;
using control::OpenConsole;
using runtime::Fd;

namespace {

/// A host with one console, whose own end is the test's; and a controller that takes whatever call
/// comes, and has what it brings.
class Calls : public ::testing::Test, wire::Handler {
  protected:
    Calls() {
        std::string pattern = ::testing::TempDir() + "/vdccallsXXXXXX";
        base::check(::mkdtemp(pattern.data()) != nullptr, "a folder for the test");
        folder = pattern;
        server = wire::HttpServer::start(*this).value();
        server->listen_unix(folder + "/api").value();
        dialer.emplace(
            "/calls/", [this](const ConsoleWish& wish) { return open(wish); },
            [this](const std::string& session, const Error& why) { refuse(session, why); });
    }
    ~Calls() override {
        dialer.reset();
        server.reset();
        std::filesystem::remove_all(folder);
    }

    void dial(const std::string& session) {
        dialer->dial({.path = folder + "/api"}, OpenConsole{session, ConsoleWish{web}});
    }
    /// What the call brought to the controller, when it has come.
    Fd brought(const std::string& session) {
        std::unique_lock lock(mutex);
        const bool came = changed.wait_for(lock, 20s, [&] { return calls.contains(session); });
        base::check(came, "the host dials in time");
        return std::move(calls.extract(session).mapped());
    }
    Error refusal(const std::string& session) {
        std::unique_lock lock(mutex);
        const bool came = changed.wait_for(lock, 20s, [&] { return refused.contains(session); });
        base::check(came, "the host refuses in time");
        return refused.at(session);
    }

    static std::string read(const Fd& socket, std::size_t size) {
        std::string bytes(size, 0);
        std::size_t had = 0;
        while (had < size) {
            const ssize_t count = ::recv(socket.get(), bytes.data() + had, size - had, 0);
            if (count <= 0) break;
            had += static_cast<std::size_t>(count);
        }
        bytes.resize(had);
        return bytes;
    }
    static void send(const Fd& socket, const std::string& bytes) {
        EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }

    static constexpr model::InstanceId web{{1, 1}};
    std::string folder;
    wire::SocketBridge bridge;
    std::unique_ptr<wire::HttpServer> server;
    std::optional<Error> trouble;  ///< that opening a console has
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Fd> consoles;  ///< the own ends of those that were opened
    std::map<std::string, Fd> calls;
    std::map<std::string, Error> refused;
    std::optional<ConsoleDialer> dialer;

  private:
    Result<Fd> open(const ConsoleWish& wish) {
        EXPECT_EQ(wish.instance, web);
        if (trouble) return *trouble;
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        const std::lock_guard lock(mutex);
        consoles.emplace_back(ends[0]);
        return Fd(ends[1]);
    }
    void refuse(const std::string& session, const Error& why) {
        const std::lock_guard lock(mutex);
        refused.emplace(session, why);
        changed.notify_all();
    }
    void on_request(wire::Request request, wire::Responder responder) override {
        auto end = bridge.far_end().value();
        responder.upgrade_websocket(std::move(end.events));
        const std::lock_guard lock(mutex);
        calls[request.path.substr(std::string("/calls/").size())] = std::move(end.socket);
        changed.notify_all();
    }
};

}  // namespace

TEST_F(Calls, CarryBytesBothWays) {
    dial("s1");
    const Fd here = brought("s1");
    send(consoles[0], "login: ");
    EXPECT_EQ(read(here, 7), "login: ");
    send(here, "root\n");
    EXPECT_EQ(read(consoles[0], 5), "root\n");
}

/// Some is on the way; then the console must wait, and nothing of it is lost.
TEST_F(Calls, HoldAConsoleBackWhoseReaderDoesNotRead) {
    dial("s1");
    const Fd here = brought("s1");
    constexpr std::size_t far_too_much = 64 << 20;
    const timeval patience{1, 0};
    ASSERT_EQ(::setsockopt(consoles[0].get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience),
              0);
    const std::string bytes(1 << 16, 'x');
    std::size_t sent = 0;
    for (ssize_t count = 1; count > 0 && sent < far_too_much;) {
        count = ::send(consoles[0].get(), bytes.data(), bytes.size(), 0);
        if (count > 0) sent += static_cast<std::size_t>(count);
    }
    EXPECT_LT(sent, far_too_much);
    EXPECT_EQ(read(here, sent).size(), sent);
    send(consoles[0], "and on");
    EXPECT_EQ(read(here, 6), "and on");
}

TEST_F(Calls, BringAllOfAConsoleThatEnds) {
    dial("s1");
    const Fd here = brought("s1");
    send(consoles[0], std::string(100'000, 'x'));
    send(consoles[0], "bye");
    consoles[0].reset();
    const std::string all = read(here, 1 << 20);
    EXPECT_EQ(all.size(), 100'003u);
    EXPECT_TRUE(all.ends_with("bye"));
}

TEST_F(Calls, HangUpWhenWhoLookedLeaves) {
    dial("s1");
    brought("s1").reset();
    EXPECT_EQ(read(consoles[0], 1), "");
}

TEST_F(Calls, HangUpWhenTheHostsDaemonEnds) {
    dial("s1");
    const Fd here = brought("s1");
    dialer.reset();
    EXPECT_EQ(read(here, 1), "");
    EXPECT_EQ(read(consoles[0], 1), "");
}

TEST_F(Calls, SayWhyThereIsNone) {
    trouble = Error{Error::Code::conflict, "web does not run", "start it"};
    dial("s1");
    EXPECT_EQ(refusal("s1"), *trouble);
    EXPECT_TRUE(calls.empty());
    trouble.reset();
    dialer->dial({.path = folder + "/nobody"}, OpenConsole{"s2", ConsoleWish{web}});
    EXPECT_EQ(refusal("s2").code, Error::Code::not_found);
}

TEST_F(Calls, HaveAMostAndEndedOnesMakeRoom) {
    std::vector<Fd> open;
    for (std::size_t each = 0; each < ConsoleDialer::calls_max; ++each) {
        dial("s" + std::to_string(each));
        open.push_back(brought("s" + std::to_string(each)));
    }
    dial("more");
    EXPECT_EQ(refusal("more").code, Error::Code::exhausted);
    open.clear();
    for (const Fd& console : consoles) EXPECT_EQ(read(console, 1), "");
}

}  // namespace vdc::agent
