#include "wire/tls.h"

#include <gtest/gtest.h>

#include "runtime/files.h"
#include "runtime/process.h"
#include "wire/http_client.h"
#include "wire/wire_test_util.h"

namespace vdc::wire {

using base::Error;
using test::Folder;
using test::now;
using test::Raw;
using test::self_signed;
using test::Site;

namespace {
/// A server that listens with TLS on a free port, too.
struct TlsSite : Site {
    explicit TlsSite(Identity with = self_signed({"localhost", "127.0.0.1"}),
                     HttpLimits limits = {})
        : Site(limits), identity(std::move(with)) {
        const auto listener = server->listen_tls("127.0.0.1", 0, {identity}, "front");
        EXPECT_TRUE(listener.ok()) << (listener.ok() ? "" : listener.error().message);
        port = listener->port;
        ca_file = folder / "ca";
        EXPECT_TRUE(runtime::write_file_atomic(ca_file, identity.certificate).ok());
    }
    Endpoint endpoint() const {
        return {.kind = Endpoint::Kind::tls, .host = "127.0.0.1", .port = port};
    }
    Identity identity;
    std::uint16_t port = 0;
    std::string ca_file;
};
}  // namespace

static base::Result<Response> ask(const Endpoint& endpoint, const Request& request = {}) {
    const auto client = TRY(Client::connect(endpoint));
    return client->request(request);
}

// ---- identities

TEST(Identity, IsReadFromTwoFilesOrOne) {
    Folder folder;
    const Identity identity = self_signed({"a"});
    ASSERT_TRUE(runtime::write_file_atomic(folder / "c", identity.certificate).ok());
    ASSERT_TRUE(runtime::write_file_atomic(folder / "k", identity.key).ok());
    EXPECT_EQ(load_identity(folder / "c", folder / "k").value(), identity);
    const std::string both = identity.certificate + identity.key;
    ASSERT_TRUE(runtime::write_file_atomic(folder / "both", both).ok());
    EXPECT_EQ(load_identity(folder / "both", folder / "both").value(), identity);
}

TEST(Identity, HasTheFingerprintThatOthersCompute) {
    Folder folder;
    const Identity identity = self_signed({"a"});
    ASSERT_TRUE(runtime::write_file_atomic(folder / "c", identity.certificate).ok());
    const auto print = runtime::must_run(
        {.words = {"openssl", "x509", "-in", folder / "c", "-noout", "-fingerprint", "-sha256"}});
    std::string theirs = print->substr(print->find('=') + 1);
    std::erase_if(theirs, [](char c) { return c == ':' || c == '\n'; });
    EXPECT_TRUE(same_ignoring_case(theirs, fingerprint(identity.certificate).value()));
}

TEST(Identity, OfFilesThatDoNotFitNamesThem) {
    Folder folder;
    const Identity one = self_signed({"a"});
    const Identity other = self_signed({"b"});
    const auto write = [&](const std::string& name, const std::string& text) {
        ASSERT_TRUE(runtime::write_file_atomic(folder / name, text).ok());
    };
    write("c", one.certificate);
    write("k", other.key);
    write("junk", "junk");
    EXPECT_EQ(load_identity(folder / "c", folder / "k").error().code, Error::Code::conflict);
    EXPECT_EQ(load_identity(folder / "junk", folder / "k").error().code, Error::Code::corrupt);
    EXPECT_EQ(load_identity(folder / "c", folder / "junk").error().code, Error::Code::corrupt);
    EXPECT_EQ(load_identity(folder / "c", folder / "none").error().code, Error::Code::not_found);
    EXPECT_FALSE(fingerprint("junk").ok());
}

// ---- trust

TEST(Tls, ServesAClientThatTrustsTheCertificateFile) {
    TlsSite site;
    Endpoint endpoint = site.endpoint();
    endpoint.ca_file = site.ca_file;
    const auto response = ask(endpoint, {.path = "/hello"});
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->body, "GET /hello");
}

TEST(Tls, ServesAClientThatPinnedTheFingerprintWhateverTheName) {
    TlsSite site(self_signed({"another.name"}));
    Endpoint endpoint = site.endpoint();
    endpoint.fingerprint = fingerprint(site.identity.certificate).value();
    EXPECT_TRUE(ask(endpoint).ok());
}

TEST(Tls, IsRefusedByClientsThatDoNotKnowTheServer) {
    TlsSite site;
    TlsSite other;
    Endpoint pinned = site.endpoint();
    pinned.fingerprint = fingerprint(other.identity.certificate).value();
    Endpoint wrong_file = site.endpoint();
    wrong_file.ca_file = other.ca_file;
    for (const Endpoint& endpoint : {pinned, wrong_file, site.endpoint()}) {
        const auto client = Client::connect(endpoint);
        ASSERT_FALSE(client.ok());
        EXPECT_EQ(client.error().code, Error::Code::unavailable);
        EXPECT_NE(client.error().message.find("certificate"), std::string::npos)
            << client.error().message;
    }
}

TEST(Tls, IsRefusedForAnotherNameAndOutOfItsTime) {
    TlsSite misnamed(self_signed({"dc.example"}));
    Endpoint endpoint = misnamed.endpoint();
    endpoint.ca_file = misnamed.ca_file;
    EXPECT_FALSE(Client::connect(endpoint).ok());
    TlsSite expired(self_signed({"127.0.0.1"}, now() - 24h * 4000));
    endpoint = expired.endpoint();
    endpoint.ca_file = expired.ca_file;
    const auto client = Client::connect(endpoint);
    ASSERT_FALSE(client.ok());
    EXPECT_NE(client.error().message.find("expired"), std::string::npos) << client.error().message;
}

TEST(Tls, NamesAFileOfCertificatesThatIsNone) {
    TlsSite site;
    Endpoint endpoint = site.endpoint();
    endpoint.ca_file = site.folder / "none";
    const auto client = Client::connect(endpoint);
    ASSERT_FALSE(client.ok());
    EXPECT_NE(client.error().message.find(endpoint.ca_file), std::string::npos);
}

TEST(Tls, RefusesTls12) {
    TlsSite site;
    const std::string address = "127.0.0.1:" + std::to_string(site.port);
    const auto try_version = [&](const std::string& version) {
        return runtime::run({.words = {"openssl", "s_client", "-connect", address, version},
                             .input = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"});
    };
    const auto old = try_version("-tls1_2");
    ASSERT_TRUE(old.ok()) << old.error().message;
    EXPECT_NE(old->status, 0);
    EXPECT_NE(old->err.find("protocol version"), std::string::npos) << old->err;
    const auto good = try_version("-tls1_3");
    ASSERT_TRUE(good.ok());
    EXPECT_EQ(good->status, 0) << good->err;
}

// ---- bytes

TEST(Tls, CarriesLargeBodiesBothWaysAndManyRequests) {
    TlsSite site(self_signed({"127.0.0.1"}), HttpLimits{.body_max = 16 << 20});
    Endpoint endpoint = site.endpoint();
    endpoint.ca_file = site.ca_file;
    const auto client = Client::connect(endpoint);
    ASSERT_TRUE(client.ok());
    std::string large;
    for (int i = 0; i < 1'000'000; ++i) large += std::to_string(i);
    const auto response = (*client)->request({.method = Method::post, .body = large});
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->body, "POST / " + large);
    for (int i = 0; i < 200; ++i)
        ASSERT_TRUE((*client)->request({.path = "/" + std::to_string(i)}).ok());
    EXPECT_EQ(site.server->connections(), 1U);
}

TEST(Tls, TellsTheHandlerThePeerKindAndTag) {
    TlsSite site;
    site.handler.request = [](Request request, Responder responder) {
        EXPECT_EQ(request.peer.kind, Peer::Kind::tls);
        EXPECT_FALSE(request.peer.uid);
        EXPECT_TRUE(request.peer.address.starts_with("127.0.0.1:"));
        responder.send(answer(200, "x", request.peer.tag));
    };
    Endpoint endpoint = site.endpoint();
    endpoint.ca_file = site.ca_file;
    EXPECT_EQ(ask(endpoint)->body, "front");
}

TEST(Tls, CarriesWebSockets) {
    TlsSite site;
    site.handler.request = [](Request, Responder responder) {
        WebSocketEvents events;
        auto open = std::make_shared<std::optional<WebSocket>>();
        events.on_open = [open](WebSocket socket) { open->emplace(std::move(socket)); };
        events.on_message = [open](const std::string& message, WebSocket::Kind kind) {
            (*open)->send(message, kind);
        };
        responder.upgrade_websocket(std::move(events));
    };
    Endpoint endpoint = site.endpoint();
    endpoint.ca_file = site.ca_file;
    const auto client = Client::connect(endpoint);
    ASSERT_TRUE(client.ok());
    auto socket = (*client)->connect_websocket({});
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    const std::string large(500'000, 'x');
    ASSERT_TRUE((*socket)->send(large).ok());
    const auto message = (*socket)->receive(20s);
    ASSERT_TRUE(message.ok());
    EXPECT_EQ((*message)->bytes, large);
}

TEST(Tls, ClosesWhoDoesNotShakeHands) {
    TlsSite site(self_signed({"127.0.0.1"}), HttpLimits{.head_time = 50ms});
    Raw silent(site.port);
    EXPECT_TRUE(silent.sees_end());
    Raw plain(site.port);
    plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(plain.sees_end());
}

TEST(Tls, RefusesToServeWithAnIdentityThatIsNone) {
    Site site;
    EXPECT_FALSE(site.server->listen_tls("127.0.0.1", 0, {{"junk", "junk"}}).ok());
    const Identity one = self_signed({"a"});
    const Identity other = self_signed({"b"});
    EXPECT_FALSE(site.server->listen_tls("127.0.0.1", 0, {{one.certificate, other.key}}).ok());
}

}  // namespace vdc::wire
