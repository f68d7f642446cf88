#include "api/access.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace vdc::api {

using base::Error;

static wire::Request from(wire::Peer::Kind kind, std::optional<std::uint32_t> uid,
                          std::string authorization = {}) {
    wire::Request request;
    request.peer.kind = kind;
    request.peer.uid = uid;
    if (!authorization.empty()) request.headers.add("Authorization", std::move(authorization));
    return request;
}

static const base::Secret token{"sesame-sesame-sesame"};

TEST(Access, OfTheLocalSocketIsForRootAndOurselves) {
    constexpr auto local = wire::Peer::Kind::unix_socket;
    EXPECT_TRUE(caller_of(from(local, 0), token)->admin);
    EXPECT_TRUE(caller_of(from(local, ::geteuid()), token)->admin);
    EXPECT_EQ(caller_of(from(local, ::geteuid() + 1), token).error().code, Error::Code::forbidden);
    EXPECT_EQ(caller_of(from(local, {}), token).error().code, Error::Code::forbidden);
}

TEST(Access, OverTlsNeedsTheToken) {
    constexpr auto tls = wire::Peer::Kind::tls;
    EXPECT_TRUE(caller_of(from(tls, {}, "Bearer sesame-sesame-sesame"), token)->admin);
    EXPECT_TRUE(caller_of(from(tls, {}, "bearer sesame-sesame-sesame"), token)->admin);
    for (const char* wrong : {"Bearer sesame", "Bearer ", "Basic sesame-sesame-sesame",
                              "Bearer sesame-sesame-sesame-and-more", "sesame-sesame-sesame"})
        EXPECT_EQ(caller_of(from(tls, {}, wrong), token).error().code, Error::Code::unauthenticated)
            << wrong;
    EXPECT_FALSE(caller_of(from(tls, {}), token)->admin);
}

TEST(Access, IsOpenedByNothingWhenThereIsNoToken) {
    constexpr auto tls = wire::Peer::Kind::tls;
    EXPECT_FALSE(caller_of(from(tls, {}, "Bearer "), {}).ok());
    EXPECT_FALSE(caller_of(from(tls, {}, "Bearer x"), {}).ok());
}

TEST(Access, TakesNoTokenOverAnOpenConnection) {
    const auto caller =
        caller_of(from(wire::Peer::Kind::tcp, {}, "Bearer sesame-sesame-sesame"), token);
    EXPECT_EQ(caller.error().code, Error::Code::forbidden);
    EXPECT_FALSE(caller_of(from(wire::Peer::Kind::tcp, {}), token)->admin);
}

static wire::Request from_host(const std::string& name, std::string authorization = {}) {
    wire::Request request = from(wire::Peer::Kind::tls, {}, std::move(authorization));
    request.peer.certificate.emplace().party = wire::Party{wire::Party::Kind::host, name};
    return request;
}

TEST(Access, OfAHostIsForItsOwnAffairs) {
    const auto host = caller_of(from_host("h2"), token);
    ASSERT_TRUE(host.ok());
    EXPECT_EQ(host->host, "h2");
    EXPECT_EQ(host->name, "host h2");
    EXPECT_FALSE(host->admin);
    EXPECT_TRUE(authorize(*host, Access::host).ok());
    EXPECT_EQ(authorize(*host, Access::admin).error().code, Error::Code::forbidden);
}

TEST(Access, OfAHostThatShowsAWrongTokenIsRefused) {
    EXPECT_FALSE(caller_of(from_host("h2", "Bearer x"), token).ok());
    EXPECT_TRUE(caller_of(from_host("h2", "Bearer sesame-sesame-sesame"), token)->host.empty());
}

TEST(Access, OfACertificateOfNobodyIsAStrangers) {
    wire::Request request = from(wire::Peer::Kind::tls, {});
    request.peer.certificate.emplace();
    EXPECT_TRUE(caller_of(request, token)->name.empty());
}

TEST(Access, OfAControllerIsThatOfItsLocalAdmin) {
    wire::Request request = from(wire::Peer::Kind::tls, {});
    request.peer.certificate.emplace().party = wire::Party{};
    EXPECT_TRUE(caller_of(request, token)->admin);
    EXPECT_EQ(authorize(*caller_of(request, token), Access::host).error().code,
              Error::Code::unauthenticated);
}

TEST(Access, ToWhatIsForHostsIsNotTheAdmins) {
    EXPECT_EQ(authorize({"admin", true}, Access::host).error().code, Error::Code::unauthenticated);
    EXPECT_EQ(authorize({}, Access::host).error().code, Error::Code::unauthenticated);
}

TEST(Access, OfStrangersEndsAtWhatIsForAnybody) {
    EXPECT_TRUE(authorize({}, Access::anybody).ok());
    EXPECT_EQ(authorize({}, Access::admin).error().code, Error::Code::unauthenticated);
    EXPECT_TRUE(authorize({"admin", true}, Access::admin).ok());
}

}  // namespace vdc::api
