#include "drivers/qemu/qmp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <future>

#include "drivers/qemu/unix_socket.h"

namespace vdc::drivers::qemu {

using base::Error;
using base::Json;
using namespace std::chrono_literals;

namespace {

/// A QMP server that does what the test says.
class FakeServer {
  public:
    explicit FakeServer(runtime::Fd socket) : socket_(std::move(socket)) {}

    void say(std::string_view line) {
        const std::string bytes = std::string(line) + "\r\n";
        ASSERT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }

    /// The next message; a descriptor that came with it lands in `descriptor`.
    Json hear() {
        while (line_.find('\n') == std::string::npos) receive();
        const std::size_t end = line_.find('\n');
        Json message = base::parse_json(line_.substr(0, end)).value();
        line_.erase(0, end + 1);
        return message;
    }

    void begin() {
        say(R"({"QMP": {"version": {}, "capabilities": []}})");
        const Json message = hear();
        EXPECT_EQ(message.text_at("execute"), "qmp_capabilities");
        say(R"({"return": {}, "id": 0})");
    }

    void answer(const Json& message, const Json& value) {
        say(base::dump(Json::object({{"return", value}, {"id", message.at("id")}})));
    }

    void hang_up() { socket_.reset(); }

    runtime::Fd descriptor;

  private:
    void receive() {
        pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
        std::array<char, 4096> bytes;
        iovec part{bytes.data(), bytes.size()};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t count = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
        ASSERT_GT(count, 0);
        if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(header), sizeof number);
            descriptor.reset(number);
        }
        line_.append(bytes.data(), static_cast<std::size_t>(count));
    }

    runtime::Fd socket_;
    std::string line_;
};

class QmpTest : public testing::Test {
  protected:
    QmpTest() {
        auto pair = runtime::make_socket_pair(runtime::Blocking::no).value();
        server = std::make_unique<FakeServer>(std::move(pair.theirs));
        QmpEars ears;
        ears.event = [this](const std::string& event, const Json& data) {
            event_heard.set_value(event + base::dump(data));
        };
        ears.closed = [this](const Error& why) { closed_heard.set_value(why.message); };
        qmp = Qmp::over(*watcher, std::move(pair.ours), ears).value();
    }

    std::future<base::Result<Json>> ask(const std::string& command, Qmp::Milliseconds limit = 10s) {
        return std::async(std::launch::async,
                          [this, command, limit] { return qmp->execute(command, {}, limit); });
    }

    std::promise<std::string> event_heard;
    std::promise<std::string> closed_heard;
    std::unique_ptr<Watcher> watcher = Watcher::start().value();
    std::unique_ptr<FakeServer> server;
    std::unique_ptr<Qmp> qmp;
};

}  // namespace

TEST_F(QmpTest, BeginsWithTheGreetingAndThenExecutes) {
    auto status = ask("query-status");
    server->begin();
    const Json command = server->hear();
    EXPECT_EQ(command.text_at("execute"), "query-status");
    EXPECT_FALSE(command.has("arguments"));
    server->answer(command, Json::object({{"status", "running"}}));
    EXPECT_EQ(status.get().value().text_at("status"), "running");
}

TEST_F(QmpTest, TellsARefusalInQemusOwnWords) {
    auto deleted = ask("device_del");
    server->begin();
    server->say(R"({"id": )" + base::dump(server->hear().at("id")) +
                R"(, "error": {"class": "DeviceNotFound", "desc": "Device 'x' not found"}})");
    const auto result = deleted.get();
    EXPECT_EQ(result.error().code, Error::Code::not_found);
    EXPECT_EQ(result.error().message, "QEMU refused 'device_del': Device 'x' not found");
}

TEST_F(QmpTest, HearsEventsBetweenACommandAndItsAnswer) {
    auto stopped = ask("stop");
    server->begin();
    const Json command = server->hear();
    server->say(R"({"timestamp": {}, "event": "STOP", "data": {"x": 1}})");
    server->answer(command, Json::object());
    EXPECT_TRUE(stopped.get().ok());
    EXPECT_EQ(event_heard.get_future().get(), "STOP{\"x\":1}");
}

TEST_F(QmpTest, SendsADescriptorAlong) {
    const runtime::Pipe pipe = runtime::make_pipe().value();
    auto added = std::async(std::launch::async, [&] {
        return qmp->execute("add-fd", Json::object({{"opaque", "disk"}}), 10s, pipe.write.get());
    });
    server->begin();
    const Json command = server->hear();
    EXPECT_EQ(command.at("arguments").text_at("opaque"), "disk");
    server->answer(command, Json::object({{"fdset-id", 7}}));
    EXPECT_EQ(added.get().value().integer_at("fdset-id"), 7);
    ASSERT_TRUE(server->descriptor);
    ASSERT_EQ(::write(server->descriptor.get(), "x", 1), 1);
    char byte = 0;
    EXPECT_EQ(::read(pipe.read.get(), &byte, 1), 1);
}

TEST_F(QmpTest, GivesUpInTimeAndDropsTheAnswerThatComesTooLate) {
    auto first = ask("query-block", 200ms);
    server->begin();
    const Json unanswered = server->hear();
    EXPECT_EQ(first.get().error().code, Error::Code::timed_out);
    auto second = ask("query-status");
    const Json command = server->hear();
    server->answer(unanswered, Json::object({{"late", true}}));
    server->answer(command, Json::object({{"status", "paused"}}));
    EXPECT_EQ(second.get().value().text_at("status"), "paused");
}

TEST_F(QmpTest, ASilentServerIsNeverReady) {
    EXPECT_EQ(qmp->wait_ready(50ms).error().code, Error::Code::timed_out);
}

TEST_F(QmpTest, AHangUpFailsWhatWaitsAndAllThatFollows) {
    auto status = ask("query-status");
    server->begin();
    server->hear();
    server->hang_up();
    EXPECT_EQ(status.get().error().code, Error::Code::unavailable);
    EXPECT_EQ(closed_heard.get_future().get(), "QEMU closed its monitor");
    EXPECT_TRUE(qmp->closed());
    EXPECT_EQ(qmp->execute("cont").error().code, Error::Code::unavailable);
}

TEST_F(QmpTest, AServerThatBreaksTheProtocolIsCutOff) {
    auto status = ask("query-status");
    server->begin();
    server->hear();
    server->say("[1]");
    EXPECT_EQ(status.get().error().code, Error::Code::corrupt);
    EXPECT_TRUE(qmp->closed());
}

TEST_F(QmpTest, ARefusalToBeginIsTold) {
    server->say(R"({"QMP": {}})");
    server->hear();
    server->say(R"({"id": 0, "error": {"class": "CommandNotFound", "desc": "no"}})");
    EXPECT_EQ(qmp->wait_ready(10s).error().code, Error::Code::unsupported);
}

TEST_F(QmpTest, ASenderThatIsNotReadIsTimedOut) {
    const Json huge = Json::object({{"x", std::string(4 << 20, 'x')}});
    auto sent = std::async(std::launch::async, [&] { return qmp->execute("x", huge, 500ms); });
    server->begin();
    EXPECT_EQ(sent.get().error().code, Error::Code::timed_out);
    EXPECT_EQ(closed_heard.get_future().get(), "QEMU closed its monitor");
}

}  // namespace vdc::drivers::qemu
