#include "wire/relay.h"

#include <gtest/gtest.h>

#include "wire/authority.h"
#include "wire/wire_test_util.h"

namespace vdc::wire {

using test::Folder;
using test::now;
using test::Raw;
using test::Site;

namespace {

Identity identity_under(const Identity& authority, const Party& party) {
    const std::string key = make_key().value();
    const Grant grant{.party = party, .now = now(), .lifetime = 24h};
    return {sign(authority, make_signing_request(key).value(), grant).value(), key};
}

/// A controller that answers who asks, and how many bytes he sent.
struct Leader : Site {
    Leader() : Site({}, say_who) {
        TlsSettings settings;
        settings.identity = identity_under(authority, {});
        settings.authority = authority.certificate;
        port = server->listen_tls("127.0.0.1", 0, settings)->port;
    }
    static void say_who(Request request, Responder responder) {
        const auto& shown = request.peer.certificate;
        responder.send(answer(200, "text/plain", shown ? text(*shown->party) : "nobody"));
    }
    Endpoint at(Endpoint::Kind kind, std::uint16_t where) const {
        Endpoint endpoint{.kind = kind, .host = "127.0.0.1", .port = where};
        if (kind == Endpoint::Kind::tls) endpoint.authority = authority.certificate;
        return endpoint;
    }

    Identity authority = make_authority("dc-1", now()).value();
    std::uint16_t port = 0;
};

std::string ask(const Endpoint& endpoint) {
    const auto client = Client::connect(endpoint);
    if (!client.ok()) return text(client.error());
    const auto response = (*client)->request({});
    return response.ok() ? response->body : text(response.error());
}

}  // namespace

TEST(Relay, LeavesTlsToTheTwoEnds) {
    Leader leader;
    const auto relay = Relay::start().value();
    const auto port = relay->listen_port(
        "127.0.0.1", 0, [&] { return leader.at(Endpoint::Kind::tcp, leader.port); });
    ASSERT_TRUE(port.ok());
    Endpoint endpoint = leader.at(Endpoint::Kind::tls, *port);
    EXPECT_EQ(ask(endpoint), "nobody");
    endpoint.identity = identity_under(leader.authority, {Party::Kind::host, "h2"});
    EXPECT_EQ(ask(endpoint), "vdc://host/h2");
}

TEST(Relay, SpeaksTlsForWhoeverComesToTheSocket) {
    Leader leader;
    Folder folder;
    const auto relay = Relay::start().value();
    Endpoint far = leader.at(Endpoint::Kind::tls, leader.port);
    far.identity = identity_under(leader.authority, {});
    ASSERT_TRUE(relay->listen_unix(folder / "api", 0600, [&] { return far; }).ok());
    Endpoint near;
    near.path = folder / "api";
    EXPECT_EQ(ask(near), "vdc://controller");
}

TEST(Relay, CarriesWhatIsLongBothWaysAndEachToHisOwn) {
    Site site({}, [](Request request, Responder responder) {
        responder.send(answer(200, "text/plain", request.body + request.body));
    });
    Folder folder;
    const auto relay = Relay::start().value();
    Endpoint target;
    target.path = site.path;
    ASSERT_TRUE(relay->listen_unix(folder / "api", 0600, [&] { return target; }).ok());
    Endpoint near;
    near.path = folder / "api";
    const auto one = Client::connect(near).value();
    const auto two = Client::connect(near).value();
    for (int round = 0; round < 5; ++round)
        for (Client* client : {one.get(), two.get()}) {
            Request request;
            request.method = Method::post;
            request.body = std::string(900'000, client == one.get() ? 'a' : 'b');
            const auto response = client->request(request);
            ASSERT_TRUE(response.ok()) << text(response.error());
            EXPECT_EQ(response->body, request.body + request.body);
        }
}

TEST(Relay, ClosesWhatLeadsNowhereAndAsksAnewForEachConnection) {
    Site first;
    Site second({}, [](Request, Responder responder) {
        responder.send(answer(200, "text/plain", "second"));
    });
    Folder folder;
    const auto relay = Relay::start().value();
    std::string path = folder / "nobody";
    const auto target = [&] {
        Endpoint endpoint;
        endpoint.path = path;
        return endpoint;
    };
    ASSERT_TRUE(relay->listen_unix(folder / "api", 0600, target).ok());
    EXPECT_TRUE(Raw(folder / "api").sees_end());
    path = first.path;
    Endpoint near;
    near.path = folder / "api";
    EXPECT_EQ(ask(near), "GET /");
    path = second.path;
    EXPECT_EQ(ask(near), "second");
}

TEST(Relay, EndsItsConnectionsWithItself) {
    Site site;
    Folder folder;
    auto relay = Relay::start().value();
    Endpoint target;
    target.path = site.path;
    ASSERT_TRUE(relay->listen_unix(folder / "api", 0600, [&] { return target; }).ok());
    Raw person(folder / "api");
    ASSERT_TRUE(person.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_NE(person.read_response().find("200"), std::string::npos);
    relay.reset();
    EXPECT_TRUE(person.sees_end());
    EXPECT_FALSE(Client::connect([&] {
                     Endpoint near;
                     near.path = folder / "api";
                     return near;
                 }())
                     .ok());
}

}  // namespace vdc::wire
