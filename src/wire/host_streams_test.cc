#include "wire/host_streams.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "wire/authority.h"
#include "wire/wire_test_util.h"

namespace vdc::wire {

using base::Error;
using base::Result;
using runtime::Fd;
using test::now;
using namespace std::chrono_literals;

namespace {

struct Datacenter {
    Identity authority = make_authority("dc-1", now()).value();

    HostProof proof(const std::string& host, Party::Kind kind = Party::Kind::host) const {
        const std::string key = make_key().value();
        const Party party{kind, kind == Party::Kind::host ? host : ""};
        const auto certificate = sign(authority, make_signing_request(key).value(),
                                      {.party = party, .now = now(), .lifetime = 24h});
        return {{certificate.value(), key}, authority.certificate};
    }
};

/// A host that sends back whatever comes, and refuses what is not for it.
struct Echo {
    explicit Echo(const HostProof& proof) {
        streams = HostStreams::start(
                      "127.0.0.1", [proof] { return proof; },
                      [this](const std::string& from, const std::string& subject) {
                          return take(from, subject);
                      })
                      .value();
    }
    ~Echo() {
        streams.reset();
        for (std::thread& each : echoes) each.join();
    }
    Result<Fd> take(const std::string& from, const std::string& subject) {
        if (subject != "echo") return Error{Error::Code::conflict, "no " + subject + " here"};
        senders.push_back(from);
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        echoes.emplace_back([end = ends[1]] {
            const Fd own(end);
            char bytes[4096];
            for (;;) {
                const ssize_t count = ::recv(own.get(), bytes, sizeof bytes, 0);
                if (count <= 0) return;
                ssize_t sent = 0;
                while (sent < count) {
                    const ssize_t now_sent =
                        ::send(own.get(), bytes + sent, static_cast<std::size_t>(count - sent),
                               MSG_NOSIGNAL);
                    if (now_sent <= 0) return;
                    sent += now_sent;
                }
            }
        });
        return Fd(ends[0]);
    }

    std::unique_ptr<HostStreams> streams;
    std::vector<std::string> senders;
    std::vector<std::thread> echoes;
};

std::unique_ptr<HostStreams> sender(const HostProof& proof) {
    return HostStreams::start(
               "127.0.0.1", [proof] { return proof; },
               [](const std::string&, const std::string&) -> Result<Fd> {
                   return Error{Error::Code::conflict, "nothing is taken"};
               })
        .value();
}

std::string read_all(int socket) {
    std::string all;
    char bytes[4096];
    for (;;) {
        const ssize_t count = ::recv(socket, bytes, sizeof bytes, 0);
        if (count <= 0) return all;
        all.append(bytes, static_cast<std::size_t>(count));
    }
}

}  // namespace

TEST(HostStreams, CarryBytesBothWaysToTheirEnd) {
    const Datacenter datacenter;
    Echo echo(datacenter.proof("h2"));
    const auto from = sender(datacenter.proof("h1"));
    const Fd stream = from->open(echo.streams->address(), "h2", "echo").value();
    const std::string sent(3 << 20, 'x');
    std::thread writer([&] {
        std::size_t at = 0;
        while (at < sent.size()) {
            const ssize_t count =
                ::send(stream.get(), sent.data() + at, sent.size() - at, MSG_NOSIGNAL);
            if (count <= 0) break;
            at += static_cast<std::size_t>(count);
        }
        ::shutdown(stream.get(), SHUT_WR);
    });
    const std::string heard = read_all(stream.get());
    writer.join();
    EXPECT_EQ(heard.size(), sent.size());
    EXPECT_TRUE(heard == sent);
    EXPECT_EQ(echo.senders, std::vector<std::string>{"h1"});
}

TEST(HostStreams, SayWhyTheOtherRefuses) {
    const Datacenter datacenter;
    Echo echo(datacenter.proof("h2"));
    const auto refused = sender(datacenter.proof("h1"))->open(echo.streams->address(), "h2", "tea");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Error::Code::conflict);
    EXPECT_NE(refused.error().message.find("no tea here"), std::string::npos);
}

TEST(HostStreams, GoToTheHostThatWasMeantAndToNoOther) {
    const Datacenter datacenter;
    Echo echo(datacenter.proof("h2"));
    const auto there = sender(datacenter.proof("h1"))->open(echo.streams->address(), "h3", "echo");
    ASSERT_FALSE(there.ok());
    EXPECT_EQ(there.error().code, Error::Code::forbidden) << text(there.error());
    EXPECT_TRUE(echo.senders.empty());
}

TEST(HostStreams, AreForHostsOfOneDatacenter) {
    const Datacenter datacenter;
    const Datacenter another;
    Echo echo(datacenter.proof("h2"));
    const std::string address = echo.streams->address();
    EXPECT_FALSE(sender(another.proof("h1"))->open(address, "h2", "echo").ok());
    HostProof forged = another.proof("h1");
    forged.authority = datacenter.authority.certificate;
    EXPECT_FALSE(sender(forged)->open(address, "h2", "echo").ok());
    const HostProof controller = datacenter.proof("", Party::Kind::controller);
    EXPECT_FALSE(sender(controller)->open(address, "h2", "echo").ok());
    EXPECT_TRUE(echo.senders.empty());
}

TEST(HostStreams, BreakOffWhenAnEndGoes) {
    const Datacenter datacenter;
    auto echo = std::make_unique<Echo>(datacenter.proof("h2"));
    const auto from = sender(datacenter.proof("h1"));
    const Fd stream = from->open(echo->streams->address(), "h2", "echo").value();
    echo.reset();
    EXPECT_EQ(read_all(stream.get()), "");
}

TEST(HostStreams, TellThatNobodyIsThere) {
    const Datacenter datacenter;
    const auto from = sender(datacenter.proof("h1"));
    EXPECT_FALSE(from->open("127.0.0.1:1", "h2", "echo").ok());
    for (const char* no_address : {"", "nowhere:", "127.0.0.1:1x", "127.0.0.1:65536"})
        EXPECT_EQ(from->open(no_address, "h2", "echo").error().code, Error::Code::invalid)
            << no_address;
}

}  // namespace vdc::wire
