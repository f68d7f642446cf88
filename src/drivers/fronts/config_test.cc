#include "drivers/fronts/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "drivers/fronts/record.h"

namespace vdc::drivers::fronts {
namespace {

using control::FrontProtocol;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const FrontFiles files{"/r/networks/7/fronts/a"};
const Account account{"haproxy", "haproxy"};

FrontSpec a_front() {
    return {.id = {{0xa, 1}},
            .network = {{0xb, 1}},
            .network_number = 7,
            .name = "shop",
            .address = {0x64600001},
            .port = 80,
            .target_port = 8080,
            .protocol = FrontProtocol::http,
            .check_path = "/healthz",
            .backends = {{{{0, 1}}, "shop-1", {0x0a14000b}}, {{{0, 2}}, "shop-2", {0x0a14000c}}}};
}

const std::string one = "00000000-0000-0000-0000-000000000001";
const std::string two = "00000000-0000-0000-0000-000000000002";

TEST(FrontConfig, OfHttpIsWholeAndReadable) {
    EXPECT_EQ(
        haproxy_config(a_front(), files, account, "m1"),
        R"(# Application shop (00000000-0000-000a-0000-000000000001). Made by vdc; what is changed here by hand is lost.
global
    description m1
    user haproxy
    group haproxy
    chroot /r/networks/7/fronts/a/root
    nbthread 1
    maxconn 4000
    hard-stop-after 30s
    stats socket /r/networks/7/fronts/a/admin mode 600 level admin expose-fd listeners
    server-state-file /r/networks/7/fronts/a/states

defaults
    mode http
    timeout connect 150ms
    timeout check 1s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
    timeout http-request 10s
    timeout queue 5s
    retries 3
    option redispatch 1
    load-server-state-from-file global

frontend front
    bind 100.96.0.1:80
    option idle-close-on-response
    default_backend replicas

backend replicas
    source 100.96.0.1
    balance roundrobin
    option allbackups
    option http-server-close
    option forwardfor
    retry-on conn-failure empty-response junk-response response-timeout 502 503 504
    http-request disable-l7-retry unless { method GET HEAD OPTIONS }
    option httpchk
    http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host shop
    http-check expect status 200-399
    # shop-1
    server 00000000-0000-0000-0000-000000000001 10.20.0.11:8080 check inter 200ms fall 1 rise 1 observe layer4 error-limit 1 on-error mark-down
    server last-00000000-0000-0000-0000-000000000001 10.20.0.11:8080 backup
    # shop-2
    server 00000000-0000-0000-0000-000000000002 10.20.0.12:8080 check inter 200ms fall 1 rise 1 observe layer4 error-limit 1 on-error mark-down
    server last-00000000-0000-0000-0000-000000000002 10.20.0.12:8080 backup
)");
}

TEST(FrontConfig, OfTcpRepeatsNothingButConnections) {
    FrontSpec front = a_front();
    front.protocol = FrontProtocol::tcp;
    const std::string config = haproxy_config(front, files, account, "m1");
    EXPECT_THAT(config, HasSubstr("mode tcp\n"));
    EXPECT_THAT(config, HasSubstr("retries 3\n    option redispatch 1\n"));
    EXPECT_THAT(config, HasSubstr("timeout client 1h\n"));
    EXPECT_THAT(config, Not(HasSubstr("retry-on")));
    EXPECT_THAT(config, Not(HasSubstr("http-check")));
}

TEST(FrontConfig, WithoutACheckPathAsksForAConnectionOnly) {
    FrontSpec front = a_front();
    front.check_path = "";
    EXPECT_THAT(haproxy_config(front, files, account, "m1"), Not(HasSubstr("http-check")));
}

TEST(FrontConfig, AnAdditionSaysTheSameAsTheConfiguration) {
    const FrontSpec front = a_front();
    const std::string config = haproxy_config(front, files, account, "m1");
    const auto lines = addition(front, front.backends[1]);
    ASSERT_EQ(lines.size(), 5u);
    for (const std::string& line : {lines[0], lines[1]}) {
        ASSERT_TRUE(line.starts_with("add server replicas/"));
        EXPECT_THAT(config, HasSubstr("server " + line.substr(20) + "\n"));
    }
}

TEST(FrontSpecs, RefuseWhatHaproxyCouldMisread) {
    EXPECT_TRUE(check_front(a_front()).ok());
    const std::vector<std::function<void(FrontSpec&)>> spoils = {
        [](FrontSpec& f) { f.name = "shop\nglobal"; },
        [](FrontSpec& f) { f.name = ""; },
        [](FrontSpec& f) { f.port = 0; },
        [](FrontSpec& f) { f.target_port = 0; },
        [](FrontSpec& f) { f.address = {}; },
        [](FrontSpec& f) { f.check_path = "healthz"; },
        [](FrontSpec& f) { f.check_path = "/a b"; },
        [](FrontSpec& f) { f.check_path = "/a\n    server x 1.2.3.4:5"; },
        [](FrontSpec& f) { f.check_path = "/a#b"; },
        [](FrontSpec& f) { f.check_path = "/'"; },
        [](FrontSpec& f) { f.check_path = "/\""; },
        [](FrontSpec& f) { f.check_path = "/\\"; },
        [](FrontSpec& f) { f.check_path = "/$HOME"; },
        [](FrontSpec& f) { f.check_path = "/" + std::string(2000, 'a'); },
        [](FrontSpec& f) { f.backends[0].name = "a\nb"; },
        [](FrontSpec& f) { f.backends[0].address = {}; },
        [](FrontSpec& f) { f.backends[1].instance = f.backends[0].instance; },
    };
    for (std::size_t i = 0; i < spoils.size(); ++i) {
        FrontSpec front = a_front();
        spoils[i](front);
        const auto checked = check_front(front);
        ASSERT_FALSE(checked.ok()) << i;
        EXPECT_EQ(checked.error().code, base::Error::Code::invalid);
    }
}

// ---- what HAProxy says -------------------------------------------------------------------------

std::string stat_of(const std::vector<std::string>& rows) {
    std::string text = "# pxname,svname,scur,status,lastchg,check_status,\n";
    for (const std::string& row : rows) text += "replicas," + row + ",\n";
    return text;
}

TEST(Ready, IsWhoseCheckPassed) {
    const auto ready = [](const std::string& row_one, const std::string& row_two) {
        return ready_backends(
            a_front(), stat_of({one + row_one, "last-" + one + ",0,no check,9,", two + row_two}));
    };
    EXPECT_THAT(ready(",0,UP,9,L7OK", ",0,UP,9,L4OK"),
                ElementsAre(model::InstanceId{{0, 1}}, model::InstanceId{{0, 2}}));
    EXPECT_THAT(ready(",0,DOWN,9,L7OK", ",0,UP,9,* L7OK"), ElementsAre(model::InstanceId{{0, 2}}));
    EXPECT_THAT(ready(",0,UP,9,INI", ",0,UP,9,L7STS"), IsEmpty());
    EXPECT_THAT(ready(",0,MAINT,9,", ",0,no check,9,"), IsEmpty());
}

TEST(Ready, IsNobodyInNonsense) {
    for (const char* text : {"", "\n", "x", "# a,b\n1,2\n", ",,,\n,,,\n"})
        EXPECT_THAT(ready_backends(a_front(), text), IsEmpty());
}

TEST(HopelessSessions, EndOnlyWhereAReplicaIsOutForLong) {
    const auto lines = [](const std::string& row) {
        return hopeless_sessions(a_front(), stat_of({one + row}));
    };
    EXPECT_THAT(lines(",2,DOWN,3,L4TOUT"), ElementsAre("shutdown sessions server replicas/" + one));
    EXPECT_THAT(lines(",2,DOWN,2,L4TOUT"), IsEmpty());
    EXPECT_THAT(lines(",0,DOWN,30,L4TOUT"), IsEmpty());
    EXPECT_THAT(lines(",2,UP,30,L4OK"), IsEmpty());
    EXPECT_THAT(hopeless_sessions(a_front(), stat_of({"stranger,2,DOWN,9,L4TOUT"})), IsEmpty());
}

// ---- the record --------------------------------------------------------------------------------

TEST(FrontRecord, ComesBackAsItWasWritten) {
    const Record record{.whole = true,
                        .applied = fingerprint(a_front()),
                        .shape = shape_of(a_front()),
                        .master = {17, 18},
                        .openings = {{{0x64600001}, 80}, {{0x64600002}, 443}},
                        .backends = a_front().backends};
    const std::string text = write_record(record);
    EXPECT_EQ(read_record(text), record);
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_EQ(read_record(text.substr(0, size)), std::nullopt);
}

}  // namespace
}  // namespace vdc::drivers::fronts
