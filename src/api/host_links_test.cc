#include "api/host_links.h"

#include <gtest/gtest.h>

#include <future>

#include "api/api_test_util.h"
#include "control/host_messages.h"
#include "control/registration.h"
#include "runtime/loop.h"

namespace vdc::api {

using namespace std::chrono_literals;
using base::Error;
using base::Result;
using control::DutiesUpdate;
using control::FromHost;
using control::ToHost;
using model::HostId;

namespace {

/// A controller whose API is nothing but streams of hosts, which say who they are in the path.
class StreamsOfHosts : public ::testing::Test, wire::Handler {
  protected:
    StreamsOfHosts() {
        base::check(engine.start().ok(), "an empty store opens");
        links.emplace(HostLinks::Services{
            engine, links_loop,
            [this](HostId host, model::Epoch epoch, std::function<void(bool)> counted) {
                renewed = {host, epoch};
                counted(epoch == 1);
            },
            "test", [this] { return controllers; }});
        engine_loop.start();
        links_loop.start();
        server = wire::HttpServer::start(*this).value();
        base::check(server->listen_unix(folder / "api").ok(), "a socket for the test");
    }
    ~StreamsOfHosts() override {
        server->stop();
        links_loop.stop();
        engine_loop.stop();
        links_loop.join();
        engine_loop.join();
    }
    void on_request(wire::Request request, wire::Responder responder) override {
        responder.upgrade_websocket(links->stream_of(request.path.substr(1)));
    }

    /// The host's end.
    struct Host {
        std::unique_ptr<wire::Client> client;
        std::unique_ptr<wire::ClientWebSocket> socket;

        void say(const FromHost& message) { say(text(message)); }
        void say(const std::string& words) {
            EXPECT_TRUE(socket->send(words, wire::WebSocket::Kind::text).ok());
        }
        ToHost hear() {
            const auto message = socket->receive(20s);
            base::check(message.ok() && message->has_value(), "something is said in time");
            return control::parse_to_host((*message)->bytes).value();
        }
        /// The code of the other side's goodbye.
        int goodbye() {
            while (socket->receive(20s).ok()) {
            }
            return socket->goodbye();
        }
    };
    Host connect(const std::string& name) {
        Host host;
        host.client = wire::Client::connect({.path = folder / "api"}).value();
        host.socket = host.client->connect_websocket({.path = "/" + name}).value();
        return host;
    }
    static control::Hello hello(const std::string& boot) {
        control::Hello said;
        said.observed.capacity = {{4}, {4096}, {8192}};
        said.observed.boot_id = boot;
        said.observed.lease = model::LeaseProfile::usual;
        return said;
    }
    /// A host that has said hello and was told its duties.
    Host greeted(const std::string& name) {
        Host host = connect(name);
        host.say(hello(name + "-1"));
        const DutiesUpdate told = std::get<DutiesUpdate>(host.hear());
        EXPECT_TRUE(told.whole);
        EXPECT_EQ(told.parts.host_name, name);
        EXPECT_EQ(told.parts.epoch, 1u);
        return host;
    }
    void commit(std::vector<model::Step> steps) {
        std::promise<base::Status> done;
        engine.submit({"test", "", [&](const model::Snapshot&) { return steps; },
                       [&](const Result<model::Revision>& outcome, const auto&) {
                           done.set_value(outcome.ok() ? base::Status{}
                                                       : base::Status(outcome.error()));
                       }});
        const base::Status outcome = done.get_future().get();
        ASSERT_TRUE(outcome.ok()) << text(outcome.error());
    }
    static HostId id(const std::string& name) { return control::host_id("test", name); }
    /// An instance that runs on the host, as far as the records go.
    model::InstanceId claim_instance(const std::string& host) {
        commit(control::beginnings(*engine.snapshot(), {5, 5}));
        const auto snapshot = engine.snapshot();
        model::Image image;
        image.id = {{9, 2}};
        image.project = snapshot->named<model::Project>({}, "default")->id;
        image.name = "tiny";
        commit({{model::Create<model::Image>{std::make_shared<const model::Image>(image)},
                 "make it"}});
        model::Instance instance;
        instance.id = {{9, 1}};
        instance.project = snapshot->named<model::Project>({}, "default")->id;
        instance.name = "web";
        instance.declared.image = image.id;
        instance.declared.vcpus = {1};
        instance.declared.memory = {64};
        commit({{model::Create<model::Instance>{std::make_shared<const model::Instance>(instance)},
                 "make it"}});
        model::InstanceClaimed claimed;
        claimed.host = id(host);
        claimed.generation = 1;
        claimed.epoch = 1;
        commit({{model::Claim<model::Instance>{instance.id, claimed}, "place it"}});
        return instance.id;
    }
    static model::Step seen_running(model::InstanceId instance) {
        model::InstanceObserved seen;
        seen.generation = 1;
        seen.phase = model::InstancePhase::running;
        return {model::Observe<model::Instance>{instance, seen}, "it runs"};
    }

    /// Wants a console, whose fate `console` hears, of an instance of that host, which hears this.
    control::OpenConsole ask_for_console(Host& host, const control::ConsoleWish& wish) {
        links->open_console(id("h2"), wish,
                            [this](Result<runtime::Fd> got) { console.set_value(std::move(got)); });
        for (;;) {
            const ToHost heard = host.hear();
            if (const auto* asked = std::get_if<control::OpenConsole>(&heard)) return *asked;
        }
    }
    Result<ConsoleCalls::Done> take_console(const std::string& host, const std::string& session) {
        std::promise<Result<ConsoleCalls::Done>> promise;
        links->take_console(host, session, [&](Result<ConsoleCalls::Done> taken) {
            promise.set_value(std::move(taken));
        });
        return promise.get_future().get();
    }

    std::string hash_text() { return text(hash_of(*engine.snapshot())); }

    test::Folder folder;
    std::unique_ptr<store::Store> store = store::make_memory_store();
    runtime::Loop engine_loop{"engine"};
    runtime::Loop links_loop{"links"};
    engine::Engine engine{engine_loop, engine_loop, *store, {}};
    std::optional<HostLinks> links;
    std::unique_ptr<wire::HttpServer> server;
    std::pair<HostId, model::Epoch> renewed;
    std::vector<std::string> controllers;
    std::promise<Result<runtime::Fd>> console;
};

}  // namespace

TEST_F(StreamsOfHosts, AHostThatSaysHelloIsOnRecordAndToldItsDuties) {
    Host host = greeted("h2");
    const auto snapshot = engine.snapshot();
    const auto* record = snapshot->find<model::Host>(id("h2"));
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->name, "h2");
    EXPECT_EQ(record->observed.capacity.vcpus.count, 4);
    EXPECT_EQ(record->claimed.lease, model::LeaseProfile::usual);
}

TEST_F(StreamsOfHosts, WhatChangesIsToldToWhomItConcerns) {
    Host host = greeted("h2");
    Host other = greeted("h3");
    const model::InstanceId instance = claim_instance("h2");
    bool told = false;
    while (!told) {
        const auto update = std::get<DutiesUpdate>(host.hear());
        EXPECT_FALSE(update.whole);
        told = update.parts.instances.contains(instance);
    }
    other.say(control::Renewal{1, 1});
    for (ToHost heard = other.hear(); !std::holds_alternative<control::Renewed>(heard);
         heard = other.hear())
        EXPECT_FALSE(std::get<DutiesUpdate>(heard).parts.instances.contains(instance));
}

TEST_F(StreamsOfHosts, AHostIsToldWhereTheControllersAreAndWhenTheyAreOthers) {
    controllers = {"10.0.0.1:7443"};
    Host h2 = greeted("h2");
    EXPECT_EQ(std::get<control::Controllers>(h2.hear()).addresses, controllers);
    controllers.push_back("10.0.0.2:7443");
    links->tell_controllers();
    EXPECT_EQ(std::get<control::Controllers>(h2.hear()).addresses, controllers);
}

TEST_F(StreamsOfHosts, WhatAHostSeesIsCommittedAndAnswered) {
    Host host = greeted("h2");
    const model::InstanceId instance = claim_instance("h2");
    host.say(control::Report{1, seen_running(instance)});
    for (ToHost heard = host.hear();; heard = host.hear()) {
        const auto* answer = std::get_if<control::Reported>(&heard);
        if (answer == nullptr) continue;
        EXPECT_EQ(answer->number, 1u);
        EXPECT_TRUE(answer->outcome.ok());
        break;
    }
    EXPECT_EQ(engine.snapshot()->get<model::Instance>(instance).observed.phase,
              model::InstancePhase::running);
}

TEST_F(StreamsOfHosts, AHostSpeaksForNobodyElse) {
    Host host = greeted("h2");
    Host rogue = greeted("h3");
    const model::InstanceId instance = claim_instance("h2");
    const std::string before = hash_text();
    model::HostClaimed down = engine.snapshot()->get<model::Host>(id("h2")).claimed;
    down.health = model::HostHealth::down;
    model::NetworkSeen sight;
    sight.host = id("h2");
    const auto network = engine.snapshot()->all<model::Network>().begin()->first;
    const std::vector<model::Step> lies = {
        seen_running(instance),
        {model::Claim<model::Host>{id("h2"), down}, "h2 is down"},
        {model::Observe<model::Host>{id("h2"), {}}, "h2 is small"},
        {model::Delete<model::Instance>{instance}, "nobody needs it"},
        {model::Declare<model::Instance>{instance, {}}, "nobody needs it"},
        {model::Sight<model::Network>{network, sight}, "h2 has it"}};
    for (std::uint64_t number = 1; number <= lies.size(); ++number) {
        rogue.say(control::Report{number, lies[number - 1]});
        for (ToHost heard = rogue.hear();; heard = rogue.hear()) {
            const auto* answer = std::get_if<control::Reported>(&heard);
            if (answer == nullptr) continue;
            ASSERT_FALSE(answer->outcome.ok()) << lies[number - 1].reason;
            EXPECT_EQ(answer->outcome.error().code, Error::Code::forbidden);
            break;
        }
    }
    EXPECT_EQ(hash_text(), before);
}

TEST_F(StreamsOfHosts, ARenewalIsAnswered) {
    Host host = greeted("h2");
    host.say(control::Renewal{7, 1});
    EXPECT_EQ(std::get<control::Renewed>(host.hear()), (control::Renewed{7, false}));
    EXPECT_EQ(renewed.first, id("h2"));
    host.say(control::Renewal{8, 2});
    EXPECT_EQ(std::get<control::Renewed>(host.hear()), (control::Renewed{8, true}));
}

TEST_F(StreamsOfHosts, WhoBreaksTheRulesIsCutOff) {
    constexpr int breaks_rules = 1008;
    Host silent = connect("h2");
    silent.say(control::Renewal{1, 1});
    EXPECT_EQ(silent.goodbye(), breaks_rules) << "no hello";
    Host twice = greeted("h2");
    twice.say(hello("h2-1"));
    EXPECT_EQ(twice.goodbye(), breaks_rules);
    Host mad = greeted("h2");
    mad.say("{\"say\": \"everything\"}");
    EXPECT_EQ(mad.goodbye(), breaks_rules);
    Host newer = connect("h2");
    newer.say(R"({"say": "hello", "format": 2})");
    EXPECT_EQ(newer.goodbye(), breaks_rules);
}

TEST_F(StreamsOfHosts, ANewerStreamEndsTheOneBefore) {
    Host old = greeted("h2");
    Host fresh = connect("h2");
    EXPECT_EQ(old.goodbye(), 1001);
    fresh.say(hello("h2-1"));
    EXPECT_TRUE(std::get<DutiesUpdate>(fresh.hear()).whole);
}

TEST_F(StreamsOfHosts, EndWithTheRecordOfTheHost) {
    Host host = greeted("h2");
    commit({{model::Forget<model::Host>{id("h2")}, "it is sold"}});
    EXPECT_EQ(host.goodbye(), 1008);
}

TEST_F(StreamsOfHosts, EndWithTheController) {
    Host host = greeted("h2");
    links.reset();
    EXPECT_EQ(host.goodbye(), 1001);
}

// ---- consoles

TEST_F(StreamsOfHosts, AHostIsAskedForAConsoleAndTakesItUpOnce) {
    Host host = greeted("h2");
    Host other = greeted("h3");
    const control::ConsoleWish wish{claim_instance("h2"), control::ConsoleWish::Log{100, true}};
    const control::OpenConsole asked = ask_for_console(host, wish);
    EXPECT_EQ(asked.wish, wish);
    EXPECT_FALSE(take_console("h3", asked.session).ok()) << "another host was asked";
    EXPECT_FALSE(take_console("h2", "another").ok());
    const auto taken = take_console("h2", asked.session);
    ASSERT_TRUE(taken.ok());
    (*taken)(runtime::Fd());
    EXPECT_TRUE(console.get_future().get().ok());
    EXPECT_FALSE(take_console("h2", asked.session).ok()) << "a session is taken once";
}

TEST_F(StreamsOfHosts, WhoAsksForAConsoleHearsTheHostsOwnReason) {
    Host host = greeted("h2");
    const control::OpenConsole asked = ask_for_console(host, {claim_instance("h2")});
    const Error off{Error::Code::conflict, "web does not run", "start it"};
    host.say(control::ConsoleRefused{asked.session, off});
    EXPECT_EQ(console.get_future().get().error(), off);
}

TEST_F(StreamsOfHosts, WhoAsksForAConsoleHearsThatTheHostIsNotConnected) {
    std::promise<Error> refused;
    {
        Host host = greeted("h2");
        ask_for_console(host, {claim_instance("h2")});
    }
    EXPECT_EQ(console.get_future().get().error().code, Error::Code::unavailable)
        << "lost meanwhile";
    links->open_console(id("h2"), {},
                        [&](const Result<runtime::Fd>& got) { refused.set_value(got.error()); });
    const Error error = refused.get_future().get();
    EXPECT_EQ(error.code, Error::Code::unavailable);
    EXPECT_NE(error.message.find("host h2"), std::string::npos);
    EXPECT_FALSE(error.hint.empty());
}

TEST_F(StreamsOfHosts, AHostGivesNoConsoleOfAnInstanceThatHasLeftIt) {
    Host host = greeted("h2");
    greeted("h3");
    const model::InstanceId instance = claim_instance("h2");
    const control::OpenConsole asked = ask_for_console(host, {instance});
    model::InstanceObserved seen;
    seen.generation = 1;
    commit({{model::Observe<model::Instance>{instance, seen}, "nothing of it is left there"}});
    model::InstanceClaimed claimed;
    claimed.host = id("h3");
    claimed.generation = 2;
    claimed.epoch = 1;
    claimed.evidence = "its host saw its end";
    commit({{model::Claim<model::Instance>{instance, claimed}, "it moves"}});
    EXPECT_EQ(take_console("h2", asked.session).error().code, Error::Code::conflict);
    EXPECT_EQ(console.get_future().get().error().code, Error::Code::conflict);
}

}  // namespace vdc::api
