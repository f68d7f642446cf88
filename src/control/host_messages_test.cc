#include "control/host_messages.h"

#include <gtest/gtest.h>

namespace vdc::control {

using base::Error;

namespace {

FromHost heard(const FromHost& said) {
    const auto parsed = parse_from_host(text(said));
    base::check(parsed.ok(), parsed.ok() ? "" : text(parsed.error()));
    return *parsed;
}
ToHost heard(const ToHost& said) {
    const auto parsed = parse_to_host(text(said));
    base::check(parsed.ok(), parsed.ok() ? "" : text(parsed.error()));
    return *parsed;
}

}  // namespace

TEST(HostMessages, OfAHostComeAsTheyWereSaid) {
    Hello hello;
    hello.observed.boot_id = "a boot";
    hello.observed.lease = model::LeaseProfile::usual;
    hello.fenced_itself = 4;
    EXPECT_EQ(std::get<Hello>(heard(FromHost(hello))), hello);
    EXPECT_EQ(std::get<Renewal>(heard(FromHost(Renewal{7, 3}))), (Renewal{7, 3}));
    model::InstanceObserved seen;
    seen.phase = model::InstancePhase::running;
    const Report report{9, {model::Observe<model::Instance>{{{1, 2}}, seen}, "web runs"}};
    const auto back = std::get<Report>(heard(FromHost(report)));
    EXPECT_EQ(back.number, 9u);
    EXPECT_EQ(back.step.reason, "web runs");
    EXPECT_EQ(dump(change_to_json(back.step.change)), dump(change_to_json(report.step.change)));
    const ConsoleRefused refused{"s1", {Error::Code::conflict, "web does not run", "start it"}};
    const auto why = std::get<ConsoleRefused>(heard(FromHost(refused)));
    EXPECT_EQ(why.session, "s1");
    EXPECT_EQ(why.error, refused.error);
}

TEST(HostMessages, OfAControllerComeAsTheyWereSaid) {
    DutiesUpdate update;
    update.whole = true;
    update.parts.host_name = "h2";
    EXPECT_EQ(std::get<DutiesUpdate>(heard(ToHost(update))), update);
    EXPECT_EQ(std::get<Renewed>(heard(ToHost(Renewed{5, true}))), (Renewed{5, true}));
    EXPECT_TRUE(std::get<Reported>(heard(ToHost(Reported{1, {}}))).outcome.ok());
    const Controllers controllers{{"10.0.0.1:7443", "10.0.0.2:7443"}};
    EXPECT_EQ(std::get<Controllers>(heard(ToHost(controllers))), controllers);
    const OpenConsole console{"s1", {{{7, 1}}}};
    EXPECT_EQ(std::get<OpenConsole>(heard(ToHost(console))), console);
    const OpenConsole log{"s2", {{{7, 1}}, ConsoleWish::Log{65536, true}}};
    EXPECT_EQ(std::get<OpenConsole>(heard(ToHost(log))), log);
    const Error error{Error::Code::conflict, "it is \"elsewhere\"", "look again"};
    EXPECT_EQ(std::get<Reported>(heard(ToHost(Reported{1, error}))).outcome.error(), error);
}

TEST(HostMessages, ThatAreNonsenseAreRefused) {
    for (const char* said :
         {"", "no", "[]", "{}", R"({"say": "duties"})", R"({"say": "renewal"})",
          R"({"say": "renewal", "number": -1, "epoch": 1})", R"({"say": "report", "number": 1})",
          R"({"say": "report", "number": 1, "change": {"verb": "dance"}})",
          R"({"say": "console_refused", "session": "s1"})",
          R"({"say": "console_refused", "error": {"code": "failed"}})",
          R"({"say": "hello", "format": 1, "fenced_itself": 0, "observed": 3})"}) {
        const auto parsed = parse_from_host(said);
        ASSERT_FALSE(parsed.ok()) << said;
        EXPECT_EQ(parsed.error().code, Error::Code::invalid) << said;
    }
    for (const char* said :
         {"", "{}", R"({"say": "hello"})", R"({"say": "reported"})",
          R"({"say": "reported", "number": 1, "error": 1})", R"({"say": "controllers"})",
          R"({"say": "controllers", "addresses": [1]})",
          R"({"say": "open_console", "session": "s1", "instance": "web"})",
          R"({"say": "open_console", "instance": "00000000-0000-0007-0000-000000000001"})",
          R"({"say": "open_console", "session": "s1", "log": 1,
              "instance": "00000000-0000-0007-0000-000000000001"})"})
        EXPECT_FALSE(parse_to_host(said).ok()) << said;
    const auto newer = parse_from_host(R"({"say": "hello", "format": 2})");
    EXPECT_EQ(newer.error().code, Error::Code::unsupported);
}

}  // namespace vdc::control
