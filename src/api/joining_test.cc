#include "api/joining.h"

#include <gtest/gtest.h>

#include "api/api_test_util.h"
#include "api/attempts.h"
#include "api/route.h"
#include "base/text.h"
#include "control/registration.h"
#include "model/apply.h"

namespace vdc::api {

using base::Error;
using base::Json;
using namespace std::chrono_literals;

static const base::Instant noon = base::parse_instant("2026-11-23T12:00:00Z").value();

namespace {
/// A machine that wants to become a host.
struct Machine {
    std::string key = wire::make_key().value();
    std::string request() const { return wire::make_signing_request(key).value(); }
};

struct Door {
    std::unique_ptr<store::Store> store = store::make_memory_store();
    wire::Identity authority = wire::make_authority("dc", noon).value();
    Joining joining{*store, authority, "dc"};
    model::Snapshot datacenter;

    std::string token(base::Duration lifetime = 1h) {
        return text(joining.make_token(noon, lifetime).value()).reveal();
    }
    base::Result<Joining::Papers> join(const std::string& token, const std::string& host,
                                       const Machine& machine, base::Instant now = noon) {
        return joining.join({token, host, machine.request()}, datacenter, now);
    }
    model::HostId add_host(const std::string& name) {
        model::Host host;
        host.id = control::host_id("dc", name);
        host.name = name;
        const auto record = std::make_shared<const model::Host>(host);
        EXPECT_TRUE(model::apply(datacenter, model::Create<model::Host>{record}).ok());
        return host.id;
    }
    std::optional<wire::CertificateFacts> shown(const Joining::Papers& papers) {
        return wire::read_facts(papers.certificate).value();
    }
};
}  // namespace

template <class T>
static void expect_refused(const base::Result<T>& result, Error::Code code,
                           const std::string& why) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_NE(result.error().message.find(why), std::string::npos) << result.error().message;
}

// ---- tokens

TEST(Joining, GivesTheBearerOfATokenAWeeksCertificate) {
    Door door;
    const Machine machine;
    const auto papers = door.join(door.token(), "h2", machine);
    ASSERT_TRUE(papers.ok()) << papers.error().message;
    EXPECT_EQ(papers->datacenter, "dc");
    EXPECT_EQ(papers->authority, door.authority.certificate);
    EXPECT_EQ(papers->expires, noon + 24h * 7);
    const auto facts = wire::read_facts(papers->certificate);
    EXPECT_EQ(text(*facts->party), "vdc://host/h2");
    EXPECT_EQ(facts->key, wire::key_of_request(machine.request()).value());
    EXPECT_EQ(papers->authority.find("PRIVATE"), std::string::npos);
}

TEST(Joining, MakesAControllerOfWhoBringsATokenForOne) {
    Door door;
    const Machine machine;
    const auto as_controller = [&](const std::string& token, const std::string& host) {
        return door.joining.join({token, host, machine.request(), Joining::As::controller},
                                 door.datacenter, noon);
    };
    const std::string plain = door.token();
    expect_refused(as_controller(plain, "h2"), Error::Code::unauthenticated, "no controllers");
    ASSERT_TRUE(door.join(plain, "h3", Machine{}).ok()) << "it is good for a host still";
    EXPECT_FALSE(door.joining.may_control("h3").value());

    const auto better = door.joining.make_token(noon, 1h, Joining::As::controller).value();
    ASSERT_TRUE(as_controller(text(better).reveal(), "h2").ok());
    EXPECT_TRUE(door.joining.may_control("h2").value());
    EXPECT_FALSE(as_controller(text(better).reveal(), "h4").ok()) << "it is used up";
    ASSERT_TRUE(door.joining.revoke("h2").ok());
    EXPECT_FALSE(door.joining.may_control("h2").value());
    EXPECT_FALSE(door.joining.may_control("h9").value());
}

TEST(Joining, LetsTheFirstControllersHostIn) {
    Door door;
    const Machine machine;
    const auto papers = door.joining.let_control("h1", machine.request(), noon);
    ASSERT_TRUE(papers.ok());
    EXPECT_EQ(door.joining.admit(door.shown(*papers), noon).value(), "h1");
    EXPECT_TRUE(door.joining.may_control("h1").value());
}

TEST(Joining, RefusesAReplayedToken) {
    Door door;
    const std::string token = door.token();
    const Machine machine;
    ASSERT_TRUE(door.join(token, "h2", machine).ok());
    expect_refused(door.join(token, "h3", Machine()), Error::Code::unauthenticated, "used already");
    expect_refused(door.join(token, "h2", machine), Error::Code::unauthenticated, "used already");
}

TEST(Joining, RefusesAnExpiredToken) {
    Door door;
    const std::string token = door.token(1h);
    expect_refused(door.join(token, "h2", Machine(), noon + 1h), Error::Code::unauthenticated,
                   "expired");
    EXPECT_TRUE(door.join(token, "h2", Machine(), noon + 1h - 1s).ok());
}

TEST(Joining, RefusesAForgedToken) {
    Door door;
    const std::string token = door.token();
    std::string forged = token;
    forged[5] = forged[5] == 'x' ? 'y' : 'x';
    expect_refused(door.join(forged, "h2", Machine()), Error::Code::unauthenticated, "unknown");
    expect_refused(door.join("", "h2", Machine()), Error::Code::invalid, "whole token");
    EXPECT_TRUE(door.join(token, "h2", Machine()).ok());
}

TEST(Joining, RefusesATokenOfAnotherDatacenter) {
    Door door;
    Door other;
    expect_refused(door.join(other.token(), "h2", Machine()), Error::Code::unauthenticated,
                   "another datacenter");
}

TEST(Joining, KeepsOfATokenNoMoreThanItsHash) {
    Door door;
    const wire::JoinToken token = door.joining.make_token(noon, 1h).value();
    const std::string kept = door.store->note("join-tokens").value();
    EXPECT_EQ(kept.find(token.secret.reveal()), std::string::npos);
    EXPECT_NE(kept.find(wire::sha256(token.secret.reveal())), std::string::npos);
}

TEST(Joining, KnowsItsTokensAndHostsAfterARestart) {
    test::Folder folder;
    Door door;
    door.store = store::open_sqlite_store(folder / "store").value();
    Joining before(*door.store, door.authority, "dc");
    const std::string used = text(before.make_token(noon, 1h).value()).reveal();
    const std::string token = text(before.make_token(noon, 1h).value()).reveal();
    const Machine machine;
    const auto papers = before.join({used, "h2", machine.request()}, door.datacenter, noon).value();
    door.store.reset();
    door.store = store::open_sqlite_store(folder / "store").value();
    Joining after(*door.store, door.authority, "dc");
    EXPECT_EQ(after.admit(door.shown(papers), noon).value(), "h2");
    expect_refused(after.join({used, "h3", Machine().request()}, door.datacenter, noon),
                   Error::Code::unauthenticated, "used already");
    expect_refused(after.join({token, "h2", Machine().request()}, door.datacenter, noon),
                   Error::Code::conflict, "another machine");
    EXPECT_TRUE(after.join({token, "h3", Machine().request()}, door.datacenter, noon).ok());
}

TEST(Joining, BoundsHowManyTokensAreGoodAndForHowLong) {
    Door door;
    for (const base::Duration wrong : {base::Duration(0), base::Duration(24h * 7 + 1s)})
        expect_refused(door.joining.make_token(noon, wrong), Error::Code::invalid, "good for");
    for (std::size_t i = 0; i < Joining::tokens_max; ++i) (void)door.token(1h);
    expect_refused(door.joining.make_token(noon, 1h), Error::Code::exhausted, "1000");
    EXPECT_TRUE(door.joining.make_token(noon + 1h, 1h).ok());
}

// ---- names

TEST(Joining, RefusesANameThatAnotherMachineJoinedWith) {
    Door door;
    ASSERT_TRUE(door.join(door.token(), "h2", Machine()).ok());
    const std::string token = door.token();
    expect_refused(door.join(token, "h2", Machine()), Error::Code::conflict, "another machine");
    EXPECT_TRUE(door.join(token, "h3", Machine()).ok());
}

TEST(Joining, LetsTheSameMachineJoinAgain) {
    Door door;
    const Machine machine;
    ASSERT_TRUE(door.join(door.token(), "h2", machine).ok());
    EXPECT_TRUE(door.join(door.token(), "h2", machine).ok());
}

TEST(Joining, RefusesTheNameOfAHostThatNeverJoined) {
    Door door;
    door.add_host("h1");
    expect_refused(door.join(door.token(), "h1", Machine()), Error::Code::conflict,
                   "another machine");
}

TEST(Joining, RefusesANameThatIsNoneAndARequestThatIsNone) {
    Door door;
    const std::string token = door.token();
    for (const char* name : {"", "H2", "h2/../h3", "h 2"})
        expect_refused(door.join(token, name, Machine()), Error::Code::invalid, "host");
    expect_refused(door.joining.join({token, "h2", "junk"}, door.datacenter, noon),
                   Error::Code::invalid, "signing request");
    EXPECT_TRUE(door.join(token, "h2", Machine()).ok());
}

// ---- staying

TEST(Joining, AdmitsAHostWithTheKeyThatItJoinedWith) {
    Door door;
    const auto papers = door.join(door.token(), "h2", Machine()).value();
    EXPECT_EQ(door.joining.admit(door.shown(papers), noon).value(), "h2");
    expect_refused(door.joining.admit({}, noon), Error::Code::unauthenticated, "no host's");
    auto controller = door.shown(papers);
    controller->party = wire::Party{};
    expect_refused(door.joining.admit(controller, noon), Error::Code::unauthenticated, "no host's");
    auto other_name = door.shown(papers);
    other_name->party->name = "h3";
    expect_refused(door.joining.admit(other_name, noon), Error::Code::unauthenticated, "removed");
    auto other_key = door.shown(papers);
    other_key->key = std::string(64, '0');
    expect_refused(door.joining.admit(other_key, noon), Error::Code::unauthenticated,
                   "another machine");
}

TEST(Joining, AdmitsNobodyWhoseCertificateExpiredDuringTheConnection) {
    Door door;
    const auto papers = door.join(door.token(), "h2", Machine()).value();
    EXPECT_TRUE(door.joining.admit(door.shown(papers), papers.expires).ok());
    expect_refused(door.joining.admit(door.shown(papers), papers.expires + 1s),
                   Error::Code::unauthenticated, "expired");
}

TEST(Joining, AdmitsNoHostThatWasForgotten) {
    Door door;
    const auto papers = door.join(door.token(), "h2", Machine()).value();
    ASSERT_TRUE(door.joining.forget("h2").ok());
    expect_refused(door.joining.admit(door.shown(papers), noon), Error::Code::unauthenticated,
                   "removed");
    EXPECT_TRUE(door.join(door.token(), "h2", Machine()).ok());
}

TEST(Joining, ShutsARevokedHostOutUntilItsMachineJoinsAgain) {
    Door door;
    const Machine machine;
    const auto papers = door.join(door.token(), "h2", machine).value();
    expect_refused(base::Result<int>(door.joining.revoke("h3").error()), Error::Code::not_found,
                   "h3");
    ASSERT_TRUE(door.joining.revoke("h2").ok());
    expect_refused(door.joining.admit(door.shown(papers), noon), Error::Code::unauthenticated,
                   "removed");
    const auto again = door.join(door.token(), "h2", machine);
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_TRUE(door.joining.admit(door.shown(*again), noon).ok());
}

TEST(Joining, GivesTheNameOfARevokedHostToAnotherMachineOnlyIfTheHostHasNoRecord) {
    Door door;
    for (const char* name : {"h2", "h3"}) {
        ASSERT_TRUE(door.join(door.token(), name, Machine()).ok());
        ASSERT_TRUE(door.joining.revoke(name).ok());
    }
    door.add_host("h3");
    EXPECT_TRUE(door.join(door.token(), "h2", Machine()).ok());
    expect_refused(door.join(door.token(), "h3", Machine()), Error::Code::conflict,
                   "another machine");
}

TEST(Joining, ForgetsAHostWhoseRecordGoes) {
    Door door;
    const auto papers = door.join(door.token(), "h2", Machine()).value();
    const model::HostId id = door.add_host("h2");
    auto commit = std::make_shared<model::Commit>();
    commit->steps.push_back({model::Forget<model::Host>{id}, "removed"});
    door.joining.hear(door.datacenter, {commit});
    EXPECT_FALSE(door.joining.admit(door.shown(papers), noon).ok());
}

TEST(Joining, RenewsForTheSameKeyOnly) {
    Door door;
    const Machine machine;
    ASSERT_TRUE(door.join(door.token(), "h2", machine).ok());
    const auto renewed = door.joining.renew("h2", machine.request(), noon + 24h * 4);
    ASSERT_TRUE(renewed.ok()) << renewed.error().message;
    EXPECT_EQ(renewed->expires, noon + 24h * 11);
    expect_refused(door.joining.renew("h2", Machine().request(), noon), Error::Code::forbidden,
                   "another key");
}

// ---- by the API

namespace {
/// A site that listens with TLS as a daemon does.
struct TlsSite : test::Site {
    TlsSite() : Site(Options{.token = base::Secret("sesame")}) {
        const std::string key = wire::make_key().value();
        const std::string request = wire::make_signing_request(key).value();
        wire::TlsSettings settings;
        settings.identity = {wire::sign(authority, request, {{}, {}, loop.now(), 1h}).value(), key};
        settings.authority = authority.certificate;
        endpoint.kind = wire::Endpoint::Kind::tls;
        endpoint.host = "127.0.0.1";
        endpoint.port = server->listen_tls("127.0.0.1", 0, settings).value().port;
        endpoint.authority = authority.certificate;
    }

    std::string token() {
        return test::body(post("/v1/host-tokens", R"({"for": "10m"})")).text_at("token");
    }
    wire::Response ask(const wire::Request& request, const wire::Identity* as = nullptr) {
        wire::Endpoint to = endpoint;
        if (as != nullptr) to.identity = *as;
        return wire::Client::connect(to).value()->request(request).value();
    }
    wire::Response join(const std::string& with, const std::string& name, const Machine& machine) {
        const Json body =
            Json::object({{"token", with}, {"name", name}, {"request", machine.request()}});
        wire::Response response =
            ask(test::request(wire::Method::post, "/v1/join", base::dump(body)));
        EXPECT_TRUE(schemas.answer(wire::Method::post, "/v1/join", response).empty());
        return response;
    }
    wire::Identity joined(const std::string& name, const Machine& machine) {
        const auto response = join(token(), name, machine);
        EXPECT_EQ(response.status, 201) << response.body;
        return {test::body(response).text_at("certificate"), machine.key};
    }

    wire::Endpoint endpoint;
};
}  // namespace

TEST(JoiningApi, MakesAHostOfAMachineWithATokenOnce) {
    TlsSite site;
    const std::string token = site.token();
    const auto response = site.join(token, "h2", Machine());
    EXPECT_EQ(response.status, 201) << response.body;
    const Json papers = test::body(response);
    EXPECT_EQ(papers.text_at("datacenter"), "the-datacenter");
    EXPECT_EQ(papers.text_at("authority"), site.authority.certificate);
    EXPECT_EQ(site.join(token, "h3", Machine()).status, 401);
    EXPECT_EQ(site.join(site.token(), "h2", Machine()).status, 409);
}

TEST(JoiningApi, GivesTokensToTheAdminOnly) {
    TlsSite site;
    const Machine machine;
    const wire::Identity host = site.joined("h2", machine);
    const auto request = test::request(wire::Method::post, "/v1/host-tokens");
    EXPECT_EQ(site.ask(request).status, 401);
    EXPECT_EQ(site.ask(request, &host).status, 403);
    EXPECT_EQ(site.post("/v1/host-tokens", R"({"for": "1y"})").status, 400);
    EXPECT_EQ(site.post("/v1/host-tokens", R"({"for": 5})").status, 400);
    EXPECT_EQ(site.post("/v1/host-tokens", "").status, 201);
}

TEST(JoiningApi, RenewsTheCertificateOfTheHostThatAsks) {
    TlsSite site;
    const Machine machine;
    const wire::Identity host = site.joined("h2", machine);
    const Json body = Json::object({{"request", machine.request()}});
    const auto request =
        test::request(wire::Method::post, "/v1/host-certificate", base::dump(body));
    const auto renewed = site.ask(request, &host);
    ASSERT_EQ(renewed.status, 201) << renewed.body;
    EXPECT_TRUE(site.schemas.answer(wire::Method::post, "/v1/host-certificate", renewed).empty());
    EXPECT_EQ(test::body(renewed).text_at("host"), "h2");
    EXPECT_EQ(site.ask(request).status, 401);
    const wire::Identity other = site.joined("h3", Machine());
    EXPECT_EQ(site.ask(request, &other).status, 403);
}

TEST(Joining, WhoControlsNoMoreIsAHostStill) {
    Door door;
    const Machine machine;
    const auto token =
        text(door.joining.make_token(noon, 1h, Joining::As::controller).value()).reveal();
    const auto papers = door.joining.join({token, "h2", machine.request(), Joining::As::controller},
                                          door.datacenter, noon);
    ASSERT_TRUE(papers.ok()) << papers.error().message;
    EXPECT_TRUE(door.joining.may_control("h2").value());
    EXPECT_TRUE(door.joining.controls_no_more("h2").ok());
    EXPECT_FALSE(door.joining.may_control("h2").value());
    EXPECT_EQ(door.joining.admit(door.shown(*papers), noon).value(), "h2");
    EXPECT_TRUE(door.joining.controls_no_more("h3").ok()) << "it never did";
    const auto again =
        text(door.joining.make_token(noon, 1h, Joining::As::controller).value()).reveal();
    EXPECT_TRUE(
        door.joining
            .join({again, "h2", machine.request(), Joining::As::controller}, door.datacenter, noon)
            .ok());
    EXPECT_TRUE(door.joining.may_control("h2").value());
}

TEST(JoiningApi, ShutsAHostOutWhoseKeyIsRevoked) {
    TlsSite site;
    const Machine machine;
    const wire::Identity host = site.joined("h2", machine);
    const Json body = Json::object({{"request", machine.request()}});
    EXPECT_EQ(site.remove("/v1/host-keys/h2").status, 200);
    EXPECT_EQ(
        site.ask(test::request(wire::Method::post, "/v1/host-certificate", base::dump(body)), &host)
            .status,
        401);
    EXPECT_EQ(site.remove("/v1/host-keys/h9").status, 404);
}

TEST(JoiningApi, OpensToAHostNothingThatIsNotItsOwn) {
    TlsSite site;
    const wire::Identity host = site.joined("h2", Machine());
    for (const Route& route : all_routes()) {
        if (route.access != Access::admin) continue;
        std::string path = route.path;
        while (path.find('{') != std::string::npos)
            path.replace(path.find('{'), path.find('}') - path.find('{') + 1, "h3");
        EXPECT_EQ(site.ask(test::request(route.method, path), &host).status, 403) << path;
    }
}

TEST(JoiningApi, MakesAnAddressWaitThatGuesses) {
    TlsSite site;
    const std::string good = site.token();
    std::string wrong = good;
    wrong[0] = wrong[0] == 'x' ? 'y' : 'x';
    for (int i = 0; i < Attempts::failures_max; ++i)
        EXPECT_EQ(site.join(wrong, "h2", Machine()).status, 401);
    EXPECT_EQ(site.join(good, "h2", Machine()).status, 429);
}

TEST(JoiningApi, TakesNoLargeRequestFromStrangers) {
    TlsSite site;
    const std::string large = R"({"token": ")" + std::string(20'000, 'x') + R"("})";
    EXPECT_EQ(site.ask(test::request(wire::Method::post, "/v1/join", large)).status, 413);
}

}  // namespace vdc::api
