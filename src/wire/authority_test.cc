#include "wire/authority.h"

#include <gtest/gtest.h>

#include "runtime/files.h"
#include "runtime/process.h"
#include "wire/http_client.h"
#include "wire/wire_test_util.h"

namespace vdc::wire {

using base::Error;
using test::Folder;
using test::now;
using test::self_signed;
using test::Site;

static Party host(std::string name) {
    return {Party::Kind::host, std::move(name)};
}

namespace {
/// An authority, and what it may be asked for.
struct Datacenter {
    Identity authority = make_authority("dc-1", now()).value();

    Identity identity(const Party& party, base::Instant at = now(),
                      base::Duration lifetime = 24h) const {
        const std::string key = make_key().value();
        const auto certificate = sign(authority, make_signing_request(key).value(),
                                      {.party = party, .now = at, .lifetime = lifetime});
        EXPECT_TRUE(certificate.ok()) << (certificate.ok() ? "" : certificate.error().message);
        return {*certificate, key};
    }
    std::string fingerprint() const { return wire::fingerprint(authority.certificate).value(); }
};

/// A controller of a datacenter, listening; it answers who is asking.
struct Controller : Site {
    explicit Controller(const Datacenter& of, std::optional<Identity> showing = {},
                        std::optional<Identity> for_strangers = {})
        : Site({}, say_who), datacenter(of) {
        settings.identity = showing ? *showing : of.identity({});
        settings.authority = of.authority.certificate;
        settings.for_strangers = std::move(for_strangers);
        const auto listening = server->listen_tls("127.0.0.1", 0, settings);
        EXPECT_TRUE(listening.ok()) << (listening.ok() ? "" : listening.error().message);
        listener = *listening;
    }

    static void say_who(Request request, Responder responder) {
        const auto& shown = request.peer.certificate;
        responder.send(answer(200, "text/plain", shown ? text(*shown->party) : "nobody"));
    }

    Endpoint endpoint() const {
        Endpoint endpoint{.kind = Endpoint::Kind::tls, .host = "127.0.0.1", .port = listener.port};
        endpoint.authority = datacenter.authority.certificate;
        return endpoint;
    }
    Endpoint endpoint(Identity identity) const {
        Endpoint with = endpoint();
        with.identity = std::move(identity);
        return with;
    }

    const Datacenter& datacenter;
    TlsSettings settings;
    Listener listener;
};
}  // namespace

/// The answer, or the error's code and message.
static base::Result<std::string> ask(const Endpoint& endpoint) {
    const auto client = TRY(Client::connect(endpoint));
    return TRY(client->request({})).body;
}

/// The endpoint as a machine knows it that wants to join: by the fingerprint of the authority
/// alone.
static Endpoint joining(const Controller& controller, const Datacenter& datacenter) {
    Endpoint endpoint = controller.endpoint();
    endpoint.authority.clear();
    endpoint.authority_fingerprint = datacenter.fingerprint();
    return endpoint;
}

static void expect_refused(const Endpoint& endpoint, Error::Code code, const std::string& why) {
    const auto answered = ask(endpoint);
    ASSERT_FALSE(answered.ok()) << *answered;
    EXPECT_EQ(answered.error().code, code) << answered.error().message;
    EXPECT_NE(answered.error().message.find(why), std::string::npos) << answered.error().message;
}

// ---- parties

TEST(Party, IsWrittenAsAUri) {
    for (const Party& party : {Party{}, host("h1"), host("rack-7-a")})
        EXPECT_EQ(parse_party(text(party)), party);
    EXPECT_EQ(text(host("h1")), "vdc://host/h1");
}

TEST(Party, IsNobodyWhereAnythingElseIsWritten) {
    using namespace std::string_view_literals;
    for (const std::string_view uri :
         {""sv, "vdc:"sv, "vdc://"sv, "vdc://controller/"sv, "vdc://controller:1"sv, "vdc://host"sv,
          "vdc://host/"sv, "vdc://host/h1/"sv, "vdc://host/h1?x"sv, "vdc://host/H1"sv,
          "VDC://host/h1"sv, "vdc://host/-h"sv, "vdc://host/h%31"sv, "vdc://host/h1\0x"sv,
          "vdc://host/h1\n"sv, " vdc://host/h1"sv, "vdc://host/controller/x"sv,
          "vdc://host/a-name-that-is-longer-than-any-label-of-the-domain-name-system-may-be"sv})
        EXPECT_FALSE(parse_party(uri)) << uri;
}

// ---- what is signed

TEST(Authority, SignsWhatOthersCanRead) {
    Folder folder;
    const Datacenter datacenter;
    const std::string key = make_key().value();
    const auto certificate = sign(datacenter.authority, make_signing_request(key).value(),
                                  {{}, {"dc.example", "10.0.0.1", "fe80::1"}, now(), 24h * 90});
    ASSERT_TRUE(certificate.ok()) << certificate.error().message;
    ASSERT_TRUE(runtime::write_file_atomic(folder / "c", *certificate).ok());
    ASSERT_TRUE(runtime::write_file_atomic(folder / "ca", datacenter.authority.certificate).ok());
    const auto text =
        runtime::must_run({.words = {"openssl", "x509", "-in", folder / "c", "-noout", "-text"}});
    ASSERT_TRUE(text.ok()) << text.error().message;
    for (const auto* part : {"URI:vdc://controller, DNS:dc.example, IP Address:10.0.0.1, "
                             "IP Address:FE80:0:0:0:0:0:0:1",
                             "CA:FALSE", "NIST CURVE: P-256", "TLS Web Server Authentication",
                             "Issuer: CN = vdcos datacenter dc-1"})
        EXPECT_NE(text->find(part), std::string::npos) << part << *text;
    const auto verified =
        runtime::run({.words = {"openssl", "verify", "-x509_strict", "-purpose", "sslserver",
                                "-CAfile", folder / "ca", folder / "c"}});
    ASSERT_TRUE(verified.ok());
    EXPECT_EQ(verified->status, 0) << verified->err;
}

TEST(Authority, SaysWhoAndHowLong) {
    const Datacenter datacenter;
    const std::string key = make_key().value();
    const std::string request = make_signing_request(key).value();
    const base::Instant at = base::parse_instant("2026-11-23T02:00:00Z").value();
    const auto certificate = sign(datacenter.authority, request, {host("h2"), {}, at, 24h * 7});
    const CertificateFacts facts = read_facts(*certificate).value();
    EXPECT_EQ(facts.party, host("h2"));
    EXPECT_EQ(facts.not_before, at - 1h);
    EXPECT_EQ(facts.not_after, at + 24h * 7);
    EXPECT_EQ(facts.key, key_of_request(request).value());
    EXPECT_NE(facts.key, key_of_request(make_signing_request(make_key().value()).value()).value());
}

TEST(Authority, SignsNothingThatOutlivesIt) {
    const Datacenter datacenter;
    const Identity late = datacenter.identity(host("h1"), now(), 24h * 36'500);
    EXPECT_EQ(read_facts(late.certificate)->not_after,
              read_facts(datacenter.authority.certificate)->not_after);
}

TEST(Authority, SignsForNoNameThatIsNone) {
    const Datacenter datacenter;
    const std::string request = make_signing_request(make_key().value()).value();
    for (const char* name : {"", "H1", "a,DNS:b", "a/b", "a b"})
        EXPECT_EQ(sign(datacenter.authority, request, {host(name), {}, now(), 1h}).error().code,
                  Error::Code::invalid)
            << name;
    for (const char* name : {"", "a,URI:vdc://host/h1", "a\n", "\u00e4"})
        EXPECT_FALSE(sign(datacenter.authority, request, {{}, {name}, now(), 1h}).ok()) << name;
}

TEST(SigningRequest, OfAnotherKindOfKeyIsRefused) {
    for (const char* kind : {"rsa:2048", "ed25519"}) {
        const auto request =
            runtime::must_run({.words = {"openssl", "req", "-new", "-newkey", kind, "-noenc",
                                         "-keyout", "/dev/null", "-subj", "/CN=x", "-batch"}});
        ASSERT_TRUE(request.ok()) << request.error().message;
        const auto key = key_of_request(*request);
        ASSERT_FALSE(key.ok());
        EXPECT_NE(key.error().message.find("another kind"), std::string::npos);
    }
}

TEST(SigningRequest, ForAKeyThatItsSenderDoesNotHaveIsRefused) {
    // The key of one within the request of another: in DER, so that only the signature is wrong.
    Folder folder;
    const auto convert = [&](const std::string& pem) {
        return runtime::must_run({.words = {"openssl", "req", "-outform", "DER"}, .input = pem})
            .value();
    };
    const std::string mine = convert(make_signing_request(make_key().value()).value());
    const std::string theirs = convert(make_signing_request(make_key().value()).value());
    const std::string point_mark = {'\x03', '\x42', '\x00', '\x04'};
    std::string forged = mine;
    forged.replace(mine.find(point_mark) + 4, 64, theirs, theirs.find(point_mark) + 4, 64);
    ASSERT_TRUE(runtime::write_file_atomic(folder / "der", forged).ok());
    const auto pem =
        runtime::must_run({.words = {"openssl", "req", "-inform", "DER", "-in", folder / "der"}});
    ASSERT_TRUE(pem.ok()) << pem.error().message;
    const auto key = key_of_request(*pem);
    ASSERT_FALSE(key.ok());
    EXPECT_NE(key.error().message.find("not signed with the key"), std::string::npos);
}

TEST(SigningRequest, ThatIsNoneOrTooLargeIsRefused) {
    EXPECT_EQ(key_of_request("").error().code, Error::Code::invalid);
    EXPECT_EQ(key_of_request("junk").error().code, Error::Code::invalid);
    const std::string good = make_signing_request(make_key().value()).value();
    EXPECT_TRUE(key_of_request(good).ok());
    EXPECT_EQ(key_of_request(good + std::string(5000, '\n')).error().code, Error::Code::invalid);
    EXPECT_FALSE(make_signing_request("junk").ok());
    EXPECT_FALSE(read_facts("junk").ok());
}

// ---- clients that show a certificate

TEST(MutualTls, TellsTheHandlerWhoAsks) {
    const Datacenter datacenter;
    const Controller controller(datacenter);
    EXPECT_EQ(ask(controller.endpoint(datacenter.identity(host("h2")))).value(), "vdc://host/h2");
}

TEST(MutualTls, ServesWhoShowsNoCertificateAsNobody) {
    const Datacenter datacenter;
    const Controller controller(datacenter);
    EXPECT_EQ(ask(controller.endpoint()).value(), "nobody");
}

TEST(MutualTls, CarriesWebSockets) {
    const Datacenter datacenter;
    Controller controller(datacenter);
    controller.handler.request = [](Request request, Responder responder) {
        WebSocketEvents events;
        events.on_open = [who = text(*request.peer.certificate->party)](WebSocket socket) {
            socket.send(who);
        };
        responder.upgrade_websocket(std::move(events));
    };
    const auto client = Client::connect(controller.endpoint(datacenter.identity(host("h2"))));
    ASSERT_TRUE(client.ok()) << client.error().message;
    const auto socket = (*client)->connect_websocket({});
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    const auto message = (*socket)->receive(20s);
    ASSERT_TRUE(message.ok() && *message);
    EXPECT_EQ((*message)->bytes, "vdc://host/h2");
}

TEST(MutualTls, RefusesAForgedCertificate) {
    // An authority that calls itself the same, with a key of its own.
    const Datacenter datacenter;
    const Datacenter forger;
    const Controller controller(datacenter);
    expect_refused(controller.endpoint(forger.identity(host("h2"))), Error::Code::unauthenticated,
                   "does not accept our certificate");
}

TEST(MutualTls, RefusesACertificateThatAHostSigned) {
    const Datacenter datacenter;
    const Controller controller(datacenter);
    const std::string key = make_key().value();
    const auto certificate = sign(datacenter.identity(host("h2")),
                                  make_signing_request(key).value(), {host("h3"), {}, now(), 1h});
    ASSERT_TRUE(certificate.ok());
    expect_refused(controller.endpoint(Identity{*certificate, key}), Error::Code::unauthenticated,
                   "does not accept our certificate");
}

TEST(MutualTls, RefusesACertificateOfAnotherAuthority) {
    const Datacenter datacenter;
    const Controller controller(datacenter);
    const Identity other{self_signed({"h2"})};
    expect_refused(controller.endpoint(other), Error::Code::unauthenticated,
                   "does not accept our certificate");
}

TEST(MutualTls, RefusesAnExpiredCertificate) {
    const Datacenter datacenter;
    const Controller controller(datacenter);
    const Identity expired = datacenter.identity(host("h2"), now() - 24h * 3, 24h * 2);
    expect_refused(controller.endpoint(expired), Error::Code::unauthenticated, "it has expired");
}

TEST(MutualTls, RefusesACertificateThatIsNotYetValid) {
    const Datacenter datacenter;
    const Controller controller(datacenter);
    const Identity early = datacenter.identity(host("h2"), now() + 24h);
    expect_refused(controller.endpoint(early), Error::Code::unauthenticated, "not valid yet");
}

TEST(MutualTls, KnowsAControllerThatSpeaksToAnother) {
    const Datacenter datacenter;
    const Controller controller(datacenter);
    EXPECT_EQ(*ask(controller.endpoint(datacenter.identity({}))), "vdc://controller");
}

TEST(MutualTls, NeedsTheKeyOfTheCertificate) {
    const Datacenter datacenter;
    const Controller controller(datacenter);
    Identity stolen = datacenter.identity(host("h2"));
    stolen.key = make_key().value();
    EXPECT_FALSE(ask(controller.endpoint(stolen)).ok());
}

// ---- servers that claim to be a controller

TEST(ControllerTrust, RefusesAHostsCertificateFromAServer) {
    const Datacenter datacenter;
    const Controller rogue(datacenter, datacenter.identity(host("h2")));
    expect_refused(rogue.endpoint(), Error::Code::unavailable, "purpose");
    expect_refused(joining(rogue, datacenter), Error::Code::unavailable, "purpose");
}

TEST(ControllerTrust, RefusesAServerThatIsNoController) {
    // The authority would not sign this one; whoever has it is no controller for that.
    const Datacenter datacenter;
    Datacenter old = datacenter;
    old.authority = self_signed({"vdcos datacenter dc-1"});
    const Controller rogue(datacenter, old.authority);
    Endpoint endpoint = rogue.endpoint();
    endpoint.authority = old.authority.certificate;
    expect_refused(endpoint, Error::Code::unavailable, "nobody's in a datacenter");
}

TEST(ControllerTrust, RefusesAControllerOfAnotherDatacenter) {
    const Datacenter datacenter;
    const Datacenter other;
    const Controller rogue(datacenter, other.identity({}));
    expect_refused(rogue.endpoint(), Error::Code::unavailable, "not trusted");
    expect_refused(joining(rogue, datacenter), Error::Code::unavailable, "pinned");
}

TEST(ControllerTrust, RefusesAServerThatOnlySendsTheAuthoritysCertificate) {
    // Anybody can have that: it is no secret. Its key is.
    const Datacenter datacenter;
    const Datacenter other;
    Identity chained = other.identity({});
    chained.certificate += datacenter.authority.certificate;
    const Controller rogue(datacenter, chained);
    expect_refused(joining(rogue, datacenter), Error::Code::unavailable, "not trusted");
}

TEST(ControllerTrust, RefusesAnExpiredController) {
    const Datacenter datacenter;
    const Controller late(datacenter, datacenter.identity({}, now() - 24h * 3, 24h * 2));
    expect_refused(late.endpoint(), Error::Code::unavailable, "expired");
    expect_refused(joining(late, datacenter), Error::Code::unavailable, "expired");
}

TEST(ControllerTrust, NeedsNoMoreThanTheAuthoritysFingerprint) {
    const Datacenter datacenter;
    const Controller controller(datacenter);
    Endpoint pinned = joining(controller, datacenter);
    EXPECT_EQ(ask(pinned).value(), "nobody");
    pinned.authority_fingerprint.clear();
    pinned.fingerprint = datacenter.fingerprint();
    EXPECT_EQ(ask(pinned).value(), "nobody");
}

TEST(ControllerTrust, LeavesAKnownCertificateToThoseWhoPinnedIt) {
    const Datacenter datacenter;
    const Identity known = self_signed({"dc.example"});
    const Controller controller(datacenter, {}, known);
    Endpoint pinned = controller.endpoint();
    pinned.authority.clear();
    pinned.fingerprint = fingerprint(known.certificate).value();
    EXPECT_EQ(ask(pinned).value(), "nobody");
    EXPECT_EQ(ask(controller.endpoint(datacenter.identity(host("h2")))).value(), "vdc://host/h2");
}

TEST(ControllerTrust, SurvivesANewCertificateOfTheController) {
    const Datacenter datacenter;
    Controller controller(datacenter, datacenter.identity({}, now() - 24h * 3, 24h * 2));
    EXPECT_FALSE(ask(controller.endpoint()).ok());
    controller.settings.identity = datacenter.identity({});
    ASSERT_TRUE(controller.server->change_tls(controller.listener.id, controller.settings).ok());
    EXPECT_EQ(ask(controller.endpoint()).value(), "nobody");
    controller.settings.identity.key = "junk";
    EXPECT_FALSE(controller.server->change_tls(controller.listener.id, controller.settings).ok());
    EXPECT_EQ(ask(controller.endpoint()).value(), "nobody");
}

}  // namespace vdc::wire
